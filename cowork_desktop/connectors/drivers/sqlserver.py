"""SQL Server and Azure SQL by python-tds: https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/.

Fields: `host`, `port`, `database`, `user`, `password`, `encrypt` (`verify-full`, `require`, which takes any
certificate, or `disable`). Options: `connect_seconds`.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, Column, Result, Row, Target
from cowork_desktop.connectors.drivers.sqlserver_connecting import Session, failures
from cowork_desktop.connectors.drivers.threads import BlockingResult, read_in_thread
from cowork_desktop.connectors.sql_guard import check_read, is_read
from cowork_desktop.schemas.connectors import Catalog, CatalogColumn, CatalogTable

_ASK_SECONDS = 30.0
_MOST_TABLES = 1_000
_MOST_COLUMNS = 30_000
_VERSION = """SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)),
CAST(SERVERPROPERTY('Edition') AS nvarchar(128))"""
_TABLES = f"""SELECT TOP {_MOST_TABLES + 1} s.name, o.name, o.type, SCHEMA_NAME(),
(SELECT SUM(p.rows) FROM sys.partitions p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1))
FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 ORDER BY s.name, o.name"""
_COLUMNS = f"""SELECT TOP {_MOST_COLUMNS + 1} s.name, o.name, c.name, t.name, c.is_nullable,
CASE WHEN EXISTS (SELECT 1 FROM sys.index_columns ic JOIN sys.indexes i ON i.object_id = ic.object_id
AND i.index_id = ic.index_id WHERE i.is_primary_key = 1 AND ic.object_id = c.object_id
AND ic.column_id = c.column_id) THEN 1 ELSE 0 END
FROM sys.columns c JOIN sys.objects o ON o.object_id = c.object_id
JOIN sys.schemas s ON s.schema_id = o.schema_id JOIN sys.types t ON t.user_type_id = c.user_type_id
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 ORDER BY s.name, o.name, c.column_id"""
_TYPES = {
    34: "image", 35: "text", 36: "uniqueidentifier", 38: "int", 40: "date", 41: "time", 42: "datetime2",
    43: "datetimeoffset", 48: "tinyint", 50: "bit", 52: "smallint", 56: "int", 58: "smalldatetime",
    59: "real", 60: "money", 61: "datetime", 62: "float", 98: "sql_variant", 99: "ntext", 104: "bit",
    106: "decimal", 108: "numeric", 109: "float", 110: "money", 111: "datetime", 122: "smallmoney",
    127: "bigint", 165: "varbinary", 167: "varchar", 173: "binary", 175: "char", 231: "nvarchar",
    239: "nchar", 240: "udt", 241: "xml",
}  # fmt: skip
"""https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/cbe9c510-eae6-4b1f-9893-a098944d430a."""


class SQLServer:
    async def probe(self, target: Target) -> str:
        [[version, edition]] = await _ask(target, _VERSION)
        return f"SQL Server {version}, {edition}"

    async def catalog(self, target: Target) -> Catalog:
        return _catalog(await _ask(target, _TABLES), await _ask(target, _COLUMNS))

    @asynccontextmanager
    async def query(self, target: Target, query: str, *, seconds: float) -> AsyncIterator[Result]:
        sql = check_read(query, "tsql").sql if target.access == "read" else query
        async with _running(target, sql, seconds) as result:
            yield result

    def is_read(self, target: Target, query: str) -> bool:
        return is_read(query, "tsql", target.access)

    def sample(self, target: Target, table: str, rows: int) -> str:
        return f"SELECT TOP {rows} * FROM {table}"


def _running(target: Target, sql: str, seconds: float) -> AbstractAsyncContextManager[Result]:
    """Of a read-only connection within a transaction that is rolled back."""
    session = Session(target)

    def run() -> BlockingResult:
        cursor = session.cursor()
        with failures(session.wire):
            cursor.execute(sql)
            while cursor.description is None and cursor.nextset():
                pass
            described = cursor.description or []
        session.has_all = not described
        columns = [Column(str(one[0] or ""), _TYPES.get(one[1], "")) for one in described]
        affected = cursor.rowcount if not columns and cursor.rowcount >= 0 else None
        return BlockingResult(columns, _batches(session, cursor) if columns else iter(()), affected)

    return read_in_thread(run, stop=session.abort, close=session.close, seconds=seconds)


def _batches(session: Session, cursor: Any) -> Iterator[Sequence[Row]]:
    while True:
        with failures(session.wire):
            rows = cursor.fetchmany(BATCH_ROWS)
        if not rows:
            session.has_all = True
            return
        yield [list(row) for row in rows]


async def _ask(target: Target, sql: str) -> list[Row]:
    """Of what the guard need not look at. Raises DriverFailed."""
    reader = Target(target.settings, target.secrets, "read", target.options, target.method)
    async with _running(reader, sql, _ASK_SECONDS) as result:
        return [row async for batch in result.batches for row in batch]


def _catalog(tables: Sequence[Row], columns: Sequence[Row]) -> Catalog:
    of_table: dict[tuple[str, str], list[CatalogColumn]] = defaultdict(list)
    for schema, table, name, type, is_nullable, is_primary in columns[:_MOST_COLUMNS]:
        of_table[schema, table].append(
            CatalogColumn(
                name=name, type=type, is_nullable=bool(is_nullable), key="primary" if is_primary else None
            )
        )
    return Catalog(
        tables=[
            CatalogTable(
                name=_quoted(name) if schema == own else f"{_quoted(schema)}.{_quoted(name)}",
                kind="view" if kind.strip() == "V" else "table",
                columns=of_table[schema, name],
                rows=None if rows is None else int(rows),
            )
            for schema, name, kind, own, rows in tables[:_MOST_TABLES]
        ],
        is_complete=len(tables) <= _MOST_TABLES and len(columns) <= _MOST_COLUMNS,
        notes="T-SQL: SELECT TOP 10, not LIMIT.",
    )


def _quoted(name: str) -> str:
    return "[{}]".format(name.replace("]", "]]"))


DRIVER = SQLServer()
