"""The tool that asks a connection whose queries are not SQL."""

from pydantic import Field

from cowork_desktop.agent.tools.connections import CONNECTION, opened
from cowork_desktop.agent.tools.query_results import NAME, NAME_DESCRIPTION
from cowork_desktop.agent.tools.sql_query import answered, demand_of
from cowork_desktop.agent.tools.tool import Arguments, Demand, Outcome, Tool, ToolContext

_SLACK_SECONDS = 240.0


class RunQuery(Arguments):
    connection: str = Field(min_length=1, max_length=200, description=CONNECTION)
    query: str = Field(
        min_length=1,
        max_length=100_000,
        description="Redis: a command line, such as HGETALL user:1, or SCAN 0 MATCH order:*. MongoDB: JSON,"
        ' such as {"collection": "orders", "filter": {"paid": true}, "sort": {"at": -1}, "limit": 20}, or'
        ' {"collection": "orders", "pipeline": [...]}. Mail (IMAP): JSON, such as {"folder": "INBOX",'
        ' "search": {"from": "anna@example.com", "since": "2026-11-01"}, "limit": 20}. describe_connection'
        " tells the rest.",
    )
    name: str | None = Field(default=None, pattern=NAME, description=NAME_DESCRIPTION)
    timeout_seconds: int = Field(
        default=60, ge=1, le=3_600, description="After how many seconds the query is stopped."
    )


async def _demand(context: ToolContext, arguments: RunQuery) -> Demand:
    live = await opened(context, arguments.connection, "query")
    return await demand_of(live, arguments.query, arguments.name)


async def _run(context: ToolContext, arguments: RunQuery) -> Outcome:
    live = await opened(context, arguments.connection, "query")
    return await answered(context, live, arguments.query, arguments.name, arguments.timeout_seconds)


TOOL = Tool(
    name="run_query",
    description=(
        "Ask a connection that is not asked in SQL: Redis, MongoDB, a mailbox. What would change something"
        " is refused, or, on a connection for writing, asked of the user. Returns rows as sql_query does."
    ),
    input=RunQuery,
    run=_run,
    demand=_demand,
    timeout_seconds=lambda arguments: arguments.timeout_seconds + _SLACK_SECONDS,
    is_offered=lambda situation: "query" in situation.connections_for,
)
