"""The tool that tells what there is in a connection."""

from collections.abc import Sequence

from pydantic import Field

from cowork_desktop.agent.shortening import one_line
from cowork_desktop.agent.tools.connections import CONNECTION, as_table, failures_told, opened, source_of
from cowork_desktop.agent.tools.query_results import profile
from cowork_desktop.agent.tools.tool import Arguments, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.connectors.live import Live
from cowork_desktop.schemas.connectors import Catalog, CatalogColumn, CatalogTable

_ROOM = 14_000
_SAMPLE_ROWS = 200
_SHOWN_ROWS = 5
_SAMPLE_SECONDS = 30.0


class DescribeConnection(Arguments):
    connection: str = Field(min_length=1, max_length=200, description=CONNECTION)
    table: str | None = Field(
        default=None,
        max_length=500,
        description="One table, collection or folder, as the list of all names it: all of its columns, and"
        " what is in its first rows.",
    )
    search: str = Field(default="", max_length=200, description="Only tables with this in a name.")


async def _run(context: ToolContext, arguments: DescribeConnection) -> Outcome:
    live = await opened(context, arguments.connection, "sql", "query", "http", "email", "mcp")
    with failures_told(live.connection.name):
        catalog = await live.catalog()
    if arguments.table is None:
        text = _told(live, catalog, arguments.search)
    else:
        text = await _one(live, _table(catalog, arguments.table))
    return Outcome(text, source=source_of(live.connection.name))


def _told(live: Live, catalog: Catalog, search: str) -> str:
    lines = [f"{live.connection.name}: {live.spec.name}, access: {live.connection.access}."]
    if catalog.notes:
        lines.append(catalog.notes)
    tables = [table for table in catalog.tables if _has(table, search)]
    room, told = _ROOM, 0
    for table in tables:
        line = _short(table)
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
        told += 1
    if told < len(tables) or not catalog.is_complete:
        lines.append("[There are more; give `search`, or `table` for one.]")
    if not tables and catalog.tables:
        lines.append(f"[None of {len(catalog.tables):,} has {search!r} in a name.]")
    return "\n".join(lines)


def _has(table: CatalogTable, search: str) -> bool:
    wanted = search.strip().lower()
    return any(wanted in name.lower() for name in (table.name, *(column.name for column in table.columns)))


def _short(table: CatalogTable) -> str:
    columns = ", ".join(f"{column.name} {column.type}".strip() for column in table.columns[:40])
    more = f", and {len(table.columns) - 40} more" if len(table.columns) > 40 else ""
    return one_line(f"- {_heading(table)}: {columns}{more}" if columns else f"- {_heading(table)}", 2_000)


def _heading(table: CatalogTable) -> str:
    about = [table.kind, *([] if table.rows is None else [f"about {table.rows:,} rows"])]
    comment = f" – {one_line(table.comment, 200)}" if table.comment else ""
    return f"{table.name} ({', '.join(about)}){comment}"


def _table(catalog: Catalog, name: str) -> CatalogTable:
    plain = name.replace('"', "").replace("`", "").lower()
    for table in catalog.tables:
        if table.name == name or table.name.replace('"', "").replace("`", "").lower() == plain:
            return table
    raise ToolFailed("There is no such table here. Call without `table` for the list.")


async def _one(live: Live, table: CatalogTable) -> str:
    lines = [_heading(table), *(_column(column) for column in table.columns[:300])]
    if live.use not in ("sql", "query"):
        return "\n".join(lines)
    with failures_told(live.connection.name):
        query = live.sample_query(table.name, _SAMPLE_ROWS)
        names, rows = await _first_rows(live, query)
    told, _ = as_table(names, rows[:_SHOWN_ROWS], 4_000)
    lines += [f"By its first {len(rows):,} rows:", *(f"- {line}" for line in profile(names, rows)), told]
    return "\n".join(lines)


async def _first_rows(live: Live, query: str) -> tuple[Sequence[str], list[Sequence[object]]]:
    rows: list[Sequence[object]] = []
    async with live.reading().query(query, seconds=_SAMPLE_SECONDS) as result:
        async for batch in result.batches:
            rows += batch
            if len(rows) >= _SAMPLE_ROWS:
                break
    return [column.name for column in result.columns], rows[:_SAMPLE_ROWS]


def _column(column: CatalogColumn) -> str:
    about = [column.type, *([f"key: {column.key}"] if column.key else [])]
    about += ["not null"] if column.is_nullable is False else []
    comment = f" – {one_line(column.comment, 200)}" if column.comment else ""
    return f"- {column.name} ({', '.join(about)}){comment}"


TOOL = Tool(
    name="describe_connection",
    description=(
        "Tell what there is in a connection: the tables of a database with their columns, keys and sizes, the"
        " collections, key patterns or mail folders, or how an API is asked. With `table`: one of them with"
        " all of its columns and what is in its first rows. Call it before you query what you do not know."
    ),
    input=DescribeConnection,
    run=_run,
    timeout_seconds=120.0,
    is_offered=lambda situation: bool(situation.connections_for - {"email", "mcp"}),
)
