"""The tool that asks a database in SQL."""

import asyncio
import re

from pydantic import Field

from cowork_desktop.agent.shortening import one_line
from cowork_desktop.agent.tools.connections import CONNECTION, failures_told, opened
from cowork_desktop.agent.tools.query_results import NAME, NAME_DESCRIPTION, answer, check_name
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
    return await demand_of(live, arguments.sql, arguments.name)


async def demand_of(live: Live, query: str, kept_as: str | None) -> Demand:
    """Reading changes nothing but the file of a result that is kept. Raises ToolFailed for what this
    connection is not for."""
    name, shown = live.connection.name, one_line(query, 1_000)
    check_name(kept_as)
    with failures_told(name):
        # In a thread: a parser takes its time over what is long.
        if not await asyncio.to_thread(live.is_read_query, query):
            # To allow one statement always is to allow those of its kind.
            subject = f"{live.connection.id} {_first_word(query)}"
            return Demand("outside", subject, f"Change {name}: {shown}", live.identity)
    return READ if kept_as is None else Demand("project", summary=f"Keep as {kept_as} from {name}: {shown}")


def _first_word(query: str) -> str:
    found = re.match(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*(\w+)", query, re.S)
    return found[1].upper()[:30] if found else "?"


async def answered(context: ToolContext, live: Live, query: str, name: str | None, seconds: float) -> Outcome:
    """Run a query as what it is. Raises ToolFailed."""
    with failures_told(live.connection.name):
        live = await asyncio.to_thread(live.for_query, query)
    return await answer(context, live, query, name, seconds=seconds)


async def _run(context: ToolContext, arguments: SqlQuery) -> Outcome:
    live = await opened(context, arguments.connection, "sql")
    return await answered(context, live, arguments.sql, arguments.name, arguments.timeout_seconds)


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
