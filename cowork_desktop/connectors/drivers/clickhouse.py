"""ClickHouse over its HTTP interface: https://clickhouse.com/docs/interfaces/http.

Fields: `host`, `port` (8443 with TLS, 8123 without), `database`, `user`, `password`, `tls`. No options.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from cowork_desktop.connectors.drivers.clickhouse_http import running
from cowork_desktop.connectors.drivers.driver import DriverFailed, Result, Row, Target
from cowork_desktop.connectors.sql_guard import check_read, is_read
from cowork_desktop.schemas.connectors import Catalog, CatalogColumn, CatalogTable

_ASK_SECONDS = 15.0
_MOST_TABLES = 1_000
_MOST_COLUMNS = 30_000
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = "database NOT IN ('system', 'information_schema', 'INFORMATION_SCHEMA')"
_ORDER = "ORDER BY database != currentDatabase(), database"

_TABLES = f"""SELECT database = currentDatabase(), database, name, engine FROM system.tables WHERE {_OURS}
{_ORDER}, name LIMIT {_MOST_TABLES + 1}"""
_COLUMNS = f"""SELECT database, table, name, type, is_in_primary_key, comment FROM system.columns
WHERE {_OURS} {_ORDER}, table LIMIT {_MOST_COLUMNS + 1}"""
_ROWS = (
    f"SELECT database, table, sum(rows) FROM system.parts WHERE active AND {_OURS} GROUP BY database, table"
)


class ClickHouse:
    async def probe(self, target: Target) -> str:
        [[version]] = await _ask(target, "SELECT version()")
        return f"ClickHouse {version}"

    async def catalog(self, target: Target) -> Catalog:
        tables, columns = await _ask(target, _TABLES), await _ask(target, _COLUMNS)
        counted: Sequence[Row] = []
        with suppress(DriverFailed):  # Not everybody may see the parts; without them no rows are told.
            counted = await _ask(target, _ROWS)
        return _catalog(tables, columns, counted)

    @asynccontextmanager
    async def query(self, target: Target, query: str, *, seconds: float) -> AsyncIterator[Result]:
        sql = check_read(query, "clickhouse").sql if target.access == "read" else query
        _check_clauses(sql)
        try:
            async with asyncio.timeout(seconds) as limit, running(target, sql, seconds) as table:
                yield Result(table.columns, table.batches(), table.affected)
        except TimeoutError:
            if not limit.expired():
                raise
            raise DriverFailed(
                "timeout", f"The query did not end within {seconds:g} s, and was stopped."
            ) from None

    def is_read(self, target: Target, query: str) -> bool:
        return is_read(query, "clickhouse", target.access)

    def sample(self, target: Target, table: str, rows: int) -> str:
        return f"SELECT * FROM {table} LIMIT {rows}"


def _check_clauses(sql: str) -> None:
    """What would undo how the result is read, or the limits. Raises DriverFailed."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        statements = sqlglot.parse(sql, dialect="clickhouse")
    except (SqlglotError, RecursionError):
        return  # Of a reader the guard has understood it; of others the server's answer tells its format.
    clauses = [
        node.args for statement in statements if statement for node in statement.find_all(sqlglot.exp.Query)
    ]
    for name in ("format", "settings"):
        if any(clause.get(name) for clause in clauses):
            raise DriverFailed(
                "not_allowed", f"Leave the clause {name.upper()} out of the query: it is set here."
            )


async def _ask(target: Target, sql: str) -> list[Row]:
    """Of what the guard need not look at. Raises DriverFailed."""
    try:
        async with asyncio.timeout(_ASK_SECONDS), running(target, sql, _ASK_SECONDS) as table:
            return [row async for batch in table.batches() for row in batch]
    except TimeoutError:
        raise DriverFailed("timeout", f"ClickHouse did not answer within {_ASK_SECONDS:g} s.") from None


def _catalog(tables: Sequence[Row], columns: Sequence[Row], counted: Sequence[Row]) -> Catalog:
    rows = {(database, name): count for database, name, count in counted}
    of_table: dict[tuple[str, str], list[CatalogColumn]] = defaultdict(list)
    for database, table, *column in columns[:_MOST_COLUMNS]:
        of_table[database, table].append(_column(column))
    return Catalog(
        tables=[
            CatalogTable(
                name=_quoted(name) if is_here else f"{_quoted(database)}.{_quoted(name)}",
                kind="view" if "View" in engine else "table",
                columns=of_table[database, name],
                rows=rows.get((database, name)),
            )
            for is_here, database, name, engine in tables[:_MOST_TABLES]
        ],
        is_complete=len(tables) <= _MOST_TABLES and len(columns) <= _MOST_COLUMNS,
        notes="ClickHouse's SQL. Rows are those of MergeTree tables, about.",
    )


def _column(row: Row) -> CatalogColumn:
    name, type, is_primary, comment = row
    return CatalogColumn(
        name=name,
        type=type,
        is_nullable=type.startswith(("Nullable(", "LowCardinality(Nullable(")),
        key="primary" if is_primary else None,
        comment=comment or None,
    )


def _quoted(name: str) -> str:
    if _PLAIN.fullmatch(name):
        return name
    return "`{}`".format(name.replace("\\", "\\\\").replace("`", "\\`"))


DRIVER = ClickHouse()
