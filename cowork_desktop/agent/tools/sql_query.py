"""The tool that asks a database in SQL."""

from pydantic import Field

from cowork_desktop.agent.shortening import one_line
from cowork_desktop.agent.tools.connections import CONNECTION, failures_told, opened
from cowork_desktop.agent.tools.query_results import NAME, NAME_DESCRIPTION, answer
from cowork_desktop.agent.tools.tool import READ, Arguments, Demand, Outcome, Tool, ToolContext
from cowork_desktop.connectors.live import Live

_SLACK_SECONDS = 240.0
"""For the scratchpad that loads the result."""


class SqlQuery(Arguments):
    connection: str = Field(min_length=1, max_length=200, description=CONNECTION)
    sql: str = Field(
        min_length=1,
        max_length=100_000,
        description="One statement, in the SQL of that database; names as describe_connection tells them.",
    )
    name: str | None = Field(default=None, pattern=NAME, description=NAME_DESCRIPTION)
    timeout_seconds: int = Field(
        default=60, ge=1, le=3_600, description="After how many seconds the query is stopped."
    )


async def _demand(context: ToolContext, arguments: SqlQuery) -> Demand:
    live = await opened(context, arguments.connection, "sql")
    return demand_of(live, arguments.sql, arguments.name)


def demand_of(live: Live, query: str, kept_as: str | None) -> Demand:
    """Reading changes nothing but the file of a result that is kept. Raises ToolFailed for what this
    connection is not for."""
    name, shown = live.connection.name, one_line(query, 300)
    with failures_told(name):
        if not live.is_read_query(query):
            return Demand("outside", subject=live.connection.id, summary=f"Change {name}: {shown}")
    return READ if kept_as is None else Demand("project", summary=f"Keep as {kept_as} from {name}: {shown}")


async def _run(context: ToolContext, arguments: SqlQuery) -> Outcome:
    live = await opened(context, arguments.connection, "sql")
    return await answer(
        context,
        live.for_query(arguments.sql),
        arguments.sql,
        arguments.name,
        seconds=arguments.timeout_seconds,
    )


TOOL = Tool(
    name="sql_query",
    description=(
        "Run one SQL statement on a database connection. Most connections are for reading: statements that"
        " change something, functions with effects and several statements are refused. On one for writing"
        " the user is asked before anything is changed. Returns how many rows there are, what is in each"
        " column, and the first rows; with `name` all rows are kept for run_code. Aggregate in the database"
        " where you can. Look at the tables with describe_connection first."
    ),
    input=SqlQuery,
    run=_run,
    demand=_demand,
    timeout_seconds=lambda arguments: arguments.timeout_seconds + _SLACK_SECONDS,
    is_offered=lambda situation: "sql" in situation.connections_for,
)
