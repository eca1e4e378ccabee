"""DuckDB files, by DuckDB's own library: https://duckdb.org/docs/operations_manual/securing_duckdb/overview

Field: `path`. Reading is held to by the file's being opened for reading, by what DuckDB itself takes a
statement for, and by the guard of SQL before it; nothing but the file can be reached, with whatever access.
"""

import asyncio
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection, StatementType

from cowork_desktop.connectors.drivers.driver import Column, DriverFailed, Result, Row, Target
from cowork_desktop.connectors.drivers.local_files import (
    FETCHED_ROWS,
    Stopping,
    batches,
    first_rows,
    place_of,
    quoted,
)
from cowork_desktop.connectors.drivers.threads import BlockingResult, read_in_thread
from cowork_desktop.connectors.sql_guard import check_read, is_read
from cowork_desktop.schemas.connectors import Access, Catalog, CatalogColumn, CatalogTable

_MOST_TABLES = 500
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "1GB",
    # Nothing is laid down beside the file. DuckDB would take an empty `temp_directory` now and then.
    "max_temp_directory_size": "0KiB",
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
}
"""Nothing can be loaded, attached, read or written but the file, and none of this can be changed again."""
_READS = frozenset((StatementType.SELECT, StatementType.EXPLAIN, StatementType.RELATION))
_WRITES = frozenset(
    (
        StatementType.INSERT,
        StatementType.UPDATE,
        StatementType.DELETE,
        StatementType.MERGE_INTO,
        StatementType.CREATE,
        StatementType.CREATE_FUNC,
        StatementType.DROP,
        StatementType.ALTER,
        StatementType.ANALYZE,
        StatementType.VACUUM,
    )
)
"""What does neither attach, load, import nor export anything."""
_TABLES = (
    "SELECT schema_name, table_name, 'table', estimated_size, comment FROM duckdb_tables() WHERE NOT internal"
    " UNION ALL SELECT schema_name, view_name, 'view', NULL, comment FROM duckdb_views() WHERE NOT internal"
    " ORDER BY 1, 2"
)
_COLUMNS = (
    "SELECT schema_name, table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns()"
    " WHERE NOT internal ORDER BY schema_name, table_name, column_index"
)
_WORDS = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
_KEYS = (
    "SELECT schema_name, table_name, constraint_type, constraint_column_names, referenced_table,"
    " referenced_column_names FROM duckdb_constraints()"
    " WHERE constraint_type IN ('PRIMARY KEY', 'FOREIGN KEY')"
)


class DuckdbDriver:
    async def probe(self, target: Target) -> str:
        def count() -> int:
            with _opened(target) as db:
                return len(db.execute("SELECT 1 FROM duckdb_tables() WHERE NOT internal").fetchall())

        return f"DuckDB {duckdb.__version__}, {await asyncio.to_thread(count):,} tables"

    async def catalog(self, target: Target) -> Catalog:
        def read() -> Catalog:
            with _opened(target) as db:
                return _catalog(db)

        return await asyncio.to_thread(read)

    def is_read(self, target: Target, query: str) -> bool:
        return is_read(query, "duckdb", target.access)

    def query(self, target: Target, query: str, *, seconds: float) -> AbstractAsyncContextManager[Result]:
        return run(target, query, seconds=seconds, is_checked=target.access == "read")

    def sample(self, target: Target, table: str, rows: int) -> str:
        return first_rows(table, rows)


def run(
    target: Target, query: str, *, seconds: float, is_checked: bool = False
) -> AbstractAsyncContextManager[Result]:
    """Run a statement, held to the target's access by DuckDB alone, or by the guard as well. What it changes
    is committed when its last row was read."""
    opened = list[DuckDBPyConnection]()
    stopping = Stopping(lambda: _interrupt(opened))

    def begin() -> BlockingResult:
        sql = check_read(query, "duckdb").sql if is_checked else query
        with stopping.call(), _told():
            db = _connect(place_of(target), target.access)
            opened.append(db)
            return _begun(db, sql, target.access, stopping)

    def close() -> None:
        for db in opened:
            db.close()

    return read_in_thread(begin, stop=stopping.stop, close=close, seconds=seconds)


def _begun(db: DuckDBPyConnection, sql: str, access: Access, stopping: Stopping) -> BlockingResult:
    statement = _statement(db, sql, access)
    if access == "write":
        db.begin()
    db.execute(statement)
    if statement.type in _READS or _returns_rows(db):
        columns = [Column(name, str(type)) for name, type, *_ in db.description or ()]
        return BlockingResult(columns, _batches(db, access, stopping))
    told = db.fetchone()
    if access == "write":
        db.commit()
    return BlockingResult([], iter(()), told[0] if told and isinstance(told[0], int) else None)


def _statement(db: DuckDBPyConnection, sql: str, access: Access) -> duckdb.Statement:
    """Raises DriverFailed where DuckDB takes it for what this access does not allow."""
    statements = db.extract_statements(sql)
    if len(statements) != 1:
        raise DriverFailed("bad_query", "Give one statement at a time.")
    try:
        kind = statements[0].type
    except ValueError:  # one that the library has no name for
        kind = StatementType.INVALID
    if kind not in (_READS if access == "read" else _READS | _WRITES):
        raise DriverFailed("not_allowed", f"This connection does not allow that ({kind.name}).")
    return statements[0]


def _returns_rows(db: DuckDBPyConnection) -> bool:
    """Whether a statement that changes something has RETURNING."""
    return [name for name, *_ in db.description or ()] not in ([], ["Count"], ["Success"])


def _interrupt(opened: Sequence[DuckDBPyConnection]) -> None:
    for db in opened:
        db.interrupt()


def _batches(db: DuckDBPyConnection, access: Access, stopping: Stopping) -> Iterator[Sequence[Row]]:
    def fetch() -> Sequence[Row]:
        with stopping.call(), _told():
            return db.fetchmany(FETCHED_ROWS)

    yield from batches(fetch)
    if access == "write":
        with stopping.call(), _told():
            db.commit()


@contextmanager
def _opened(target: Target) -> Iterator[DuckDBPyConnection]:
    with _told(), closing(_connect(place_of(target), "read")) as db:
        yield db


def _connect(place: Path, access: Access) -> DuckDBPyConnection:
    return duckdb.connect(str(place), read_only=access == "read", config=_CONFIG)


def _catalog(db: DuckDBPyConnection) -> Catalog:
    rows = db.execute(_TABLES).fetchall()
    keys = _keys(db)
    words = {word for (word,) in db.execute(_WORDS).fetchall()}
    columns: dict[tuple[str, str], list[CatalogColumn]] = {}
    for schema, table, name, type, nullable, comment in db.execute(_COLUMNS).fetchall():
        key = keys.get((schema, table, name))
        column = CatalogColumn(name=name, type=type, is_nullable=nullable, key=key, comment=comment)
        columns.setdefault((schema, table), []).append(column)
    tables = [
        CatalogTable(
            name=_shown(schema, table, words),
            kind=kind,
            columns=columns.get((schema, table), []),
            rows=size,
            comment=comment,
        )
        for schema, table, kind, size, comment in rows[:_MOST_TABLES]
    ]
    return Catalog(tables=tables, is_complete=len(rows) <= _MOST_TABLES)


def _keys(db: DuckDBPyConnection) -> dict[tuple[str, str, str], str]:
    found: dict[tuple[str, str, str], str] = {}
    for schema, table, kind, names, other, others in db.execute(_KEYS).fetchall():
        for n, name in enumerate(names):
            refers = f"{other}.{others[n]}" if kind == "FOREIGN KEY" and others else "primary"
            found.setdefault((schema, table, name), refers)
    return found


def _shown(schema: str, table: str, words: Collection[str]) -> str:
    """In quotes where DuckDB would not take it without them; `words`: those of the language."""
    parts = [table] if schema == "main" else [schema, table]
    return ".".join(
        part if re.fullmatch("[a-z_][a-z0-9_]*", part) and part not in words else quoted(part)
        for part in parts
    )


@contextmanager
def _told() -> Iterator[None]:
    """DuckDB's failures as those of a driver."""
    try:
        yield
    except duckdb.Error as error:
        raise _failed(error) from None
    except (ValueError, OverflowError, ImportError) as error:  # of values that Python has none for
        raise DriverFailed(
            "failed", f"There is a value that cannot be read ({str(error)[:200]}). Cast it to VARCHAR."
        ) from None


def _failed(error: duckdb.Error) -> DriverFailed:
    words = str(error).split("\n")[0][:500]
    match error:
        case duckdb.PermissionException():
            return DriverFailed("not_allowed", f"This connection does not allow that ({words}).")
        case duckdb.IOException() if "Could not set lock" in words:
            return DriverFailed(
                "failed", "Another program has the database open for writing; close it there first."
            )
        case duckdb.ConnectionException() if "different configuration" in words:
            return DriverFailed(
                "failed", "Another query has the database open, to read or to write; wait until it ended."
            )
        case duckdb.IOException() | duckdb.SerializationException() | duckdb.InternalException():
            return DriverFailed("failed", f"The file is no DuckDB database that can be read ({words}).")
        case duckdb.OutOfMemoryException() | duckdb.IOException() if (
            isinstance(error, duckdb.OutOfMemoryException) or "create directory" in words
        ):
            return DriverFailed(
                "failed", "The query needs more than 1 GB of memory. Aggregate more, or ask for less."
            )
        case duckdb.InvalidInputException() if "read-only" in words:
            return DriverFailed("not_allowed", "This connection is for reading.")
    return DriverFailed("bad_query", f"DuckDB says: {words}")


DRIVER = DuckdbDriver()
