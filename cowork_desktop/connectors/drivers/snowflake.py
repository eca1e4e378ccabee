"""Snowflake by its connector: https://docs.snowflake.com/developer-guide/python-connector/python-connector-api.

Fields: `account`, `user`, `password` or `private_key` with `passphrase`, `warehouse`, `database`, `schema`,
`role`. Options: `host`, `port`, `protocol`, for tests.
"""

import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, Column, DriverFailed, Result, Row, Target
from cowork_desktop.connectors.drivers.snowflake_connecting import Session, failures
from cowork_desktop.connectors.drivers.threads import BlockingResult, read_in_thread
from cowork_desktop.connectors.sql_guard import check_read, is_read
from cowork_desktop.schemas.connectors import Catalog, CatalogColumn, CatalogTable

_ASK_SECONDS = 60.0
_MOST_TABLES = 1_000
_MOST_COLUMNS = 30_000
_PLAIN = re.compile(r"[A-Z_][A-Z0-9_$]*")
_TYPES = (
    "NUMBER",
    "FLOAT",
    "TEXT",
    "DATE",
    "TIMESTAMP",
    "VARIANT",
    "TIMESTAMP_LTZ",
    "TIMESTAMP_TZ",
    "TIMESTAMP_NTZ",
    "OBJECT",
    "ARRAY",
    "BINARY",
    "TIME",
    "BOOLEAN",
    "GEOGRAPHY",
    "GEOMETRY",
    "VECTOR",
    "MAP",
    "FILE",
)
"""By their codes: https://docs.snowflake.com/developer-guide/python-connector/python-connector-api#type-codes."""
_CHANGED = "number of rows "
"""Inserted, updated, deleted: what the one row that a change gives is called."""
_OF_JSON = ("VARIANT", "OBJECT", "ARRAY", "MAP")
_TABLES = f"""SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ROW_COUNT, COMMENT, CURRENT_SCHEMA()
FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA <> 'INFORMATION_SCHEMA' ORDER BY 1, 2
LIMIT {_MOST_TABLES + 1}"""
_COLUMNS = f"""SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, IS_NULLABLE, COMMENT
FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA <> 'INFORMATION_SCHEMA'
ORDER BY 1, 2, ORDINAL_POSITION LIMIT {_MOST_COLUMNS + 1}"""


class Snowflake:
    async def probe(self, target: Target) -> str:
        [[version]] = await _ask(target, "SELECT CURRENT_VERSION()")
        return f"Snowflake {version}"

    async def catalog(self, target: Target) -> Catalog:
        return _catalog(await _ask(target, _TABLES), await _ask(target, _COLUMNS))

    @asynccontextmanager
    async def query(self, target: Target, query: str, *, seconds: float) -> AsyncIterator[Result]:
        sql = check_read(query, "snowflake").sql if target.access == "read" else query
        _check_no_files(sql)
        async with _running(target, sql, seconds) as result:
            yield result

    def is_read(self, target: Target, query: str) -> bool:
        return is_read(query, "snowflake", target.access)

    def sample(self, target: Target, table: str, rows: int) -> str:
        return f"SELECT * FROM {table} LIMIT {rows}"


def _check_no_files(sql: str) -> None:
    """The connector carries PUT and GET out on the files of this machine. Raises DriverFailed."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        words = [token.text.upper() for token in sqlglot.tokenize(sql, read="snowflake")]
    except SqlglotError:
        raise DriverFailed("bad_query", "The query has a quote or a comment that does not end.") from None
    begins = [word for word, before in zip(words, [";", *words], strict=False) if before == ";"]
    if "PUT" in begins or "GET" in begins:
        raise DriverFailed("not_allowed", "PUT and GET are not allowed: they move files of this machine.")


def _running(target: Target, sql: str, seconds: float) -> AbstractAsyncContextManager[Result]:
    """Of a read-only connection within a transaction that is rolled back."""
    session = Session(target, seconds)

    def run() -> BlockingResult:
        cursor = session.cursor()
        with failures():
            cursor.execute(sql)
            columns = [Column(str(one[0]), _type(one[1])) for one in cursor.description or []]
            affected = cursor.rowcount
        if columns and all(column.name.startswith(_CHANGED) for column in columns):
            return BlockingResult([], iter(()), affected)
        return BlockingResult(columns, _batches(cursor, columns))

    return read_in_thread(run, stop=session.cancel, close=session.close, seconds=seconds)


def _type(code: int) -> str:
    return _TYPES[code] if 0 <= code < len(_TYPES) else ""


def _batches(cursor: Any, columns: Sequence[Column]) -> Iterator[Sequence[Row]]:
    while True:
        with failures():
            rows = cursor.fetchmany(BATCH_ROWS)
        if not rows:
            return
        yield [
            [_value(column.type, value) for column, value in zip(columns, row, strict=True)] for row in rows
        ]


def _value(type: str, value: Any) -> Any:
    if isinstance(value, bytearray):
        return bytes(value)
    if type in _OF_JSON and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:  # It may hold `undefined`.
            return value
    return value


async def _ask(target: Target, sql: str) -> list[Row]:
    """Of what the guard need not look at. Raises DriverFailed."""
    reader = Target(target.settings, target.secrets, "read", target.options, target.method)
    async with _running(reader, sql, _ASK_SECONDS) as result:
        return [row async for batch in result.batches for row in batch]


def _catalog(tables: Sequence[Row], columns: Sequence[Row]) -> Catalog:
    of_table: dict[tuple[str, str], list[CatalogColumn]] = defaultdict(list)
    for schema, table, name, type, is_nullable, comment in columns[:_MOST_COLUMNS]:
        of_table[schema, table].append(
            CatalogColumn(name=name, type=type, is_nullable=is_nullable == "YES", comment=comment or None)
        )
    return Catalog(
        tables=[
            CatalogTable(
                name=_quoted(name) if schema == own else f"{_quoted(schema)}.{_quoted(name)}",
                kind="view" if "VIEW" in kind else "table",
                columns=of_table[schema, name],
                rows=None if rows is None else int(rows),
                comment=comment or None,
            )
            for schema, name, kind, rows, comment, own in tables[:_MOST_TABLES]
        ],
        is_complete=len(tables) <= _MOST_TABLES and len(columns) <= _MOST_COLUMNS,
        notes="Snowflake's SQL. Names without quotes are taken in capitals.",
    )


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else '"{}"'.format(name.replace('"', '""'))


DRIVER = Snowflake()
