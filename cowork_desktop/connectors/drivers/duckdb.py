"""DuckDB files, by DuckDB's own library: https://duckdb.org/docs/operations_manual/securing_duckdb/overview

Field: `path`. Reading is held to by the file's being opened for reading, by what DuckDB itself takes a
statement for, and by the guard of SQL before it; nothing but the file can be reached, with whatever access.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, closing, contextmanager, suppress
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection, StatementType

from cowork_desktop.connectors.drivers.driver import Column, DriverFailed, Result, Row, Target
from cowork_desktop.connectors.drivers.duckdb_catalog import catalog_of
from cowork_desktop.connectors.drivers.local_files import (
    FETCHED_ROWS,
    Stopping,
    batches,
    first_rows,
    in_batches,
    place_of,
)
from cowork_desktop.connectors.drivers.threads import BlockingResult, read_in_thread
from cowork_desktop.connectors.sql_guard import check_read, is_read
from cowork_desktop.schemas.connectors import Access, Catalog

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
}
"""Nothing can be loaded, attached, read or written but the file."""
_SILENT = "SET enable_progress_bar = false"
"""A bar would stand on the standard output, where Python runs without a file."""
_LOCKED = "SET lock_configuration = true"
"""None of this can be changed again. Without it a SELECT of `enable_logging(...)` ends the whole process."""
_IS_LOCKED = "SELECT current_setting('lock_configuration')"
_READS = frozenset((StatementType.SELECT, StatementType.EXPLAIN, StatementType.RELATION, StatementType.MULTI))
"""MULTI is what PIVOT is to DuckDB, which looks for its columns first."""
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


class DuckdbDriver:
    async def probe(self, target: Target) -> str:
        def count() -> int:
            with _opened(target) as db:
                return len(db.execute("SELECT 1 FROM duckdb_tables() WHERE NOT internal").fetchall())

        return f"DuckDB {duckdb.__version__}, {await asyncio.to_thread(count):,} tables"

    async def catalog(self, target: Target) -> Catalog:
        def read() -> Catalog:
            with _opened(target) as db:
                return catalog_of(lambda sql: db.execute(sql).fetchall())

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
    is committed when the context is entered."""
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
    columns = [Column(name, str(type)) for name, type, *_ in db.description or ()]
    if statement.type in _READS:
        return BlockingResult(columns, _batches(db, access, stopping))
    rows, returns_rows = db.fetchall(), _returns_rows(db)
    db.commit()
    if returns_rows:
        return BlockingResult(columns, in_batches(rows), len(rows))
    affected = rows[0][0] if rows else None
    return BlockingResult([], iter(()), affected if isinstance(affected, int) else None)


def _statement(db: DuckDBPyConnection, sql: str, access: Access) -> duckdb.Statement:
    """Raises DriverFailed where DuckDB takes it for what this access does not allow."""
    try:
        statements = db.extract_statements(sql)
    except TypeError:  # half of a character, which no text can have
        raise DriverFailed("bad_query", "There is a character in it that DuckDB does not take.") from None
    if len(statements) != 1:
        raise DriverFailed("bad_query", "Give one statement at a time.")
    try:
        kind = statements[0].type
    except ValueError:  # one that the library has no name for
        kind = StatementType.INVALID
    if kind not in (_READS if access == "read" else _READS - {StatementType.MULTI} | _WRITES):
        raise DriverFailed("not_allowed", f"This connection does not allow that ({kind.name}).")
    return statements[0]


def _returns_rows(db: DuckDBPyConnection) -> bool:
    """Whether a statement that changes something has RETURNING: DuckDB does not count its rows then."""
    return db.rowcount < 0 and [name for name, *_ in db.description or ()] not in (["Count"], ["Success"])


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
    if "?" in str(place):  # DuckDB would look for what belongs to it beside another name
        raise DriverFailed("failed", "DuckDB opens no file with a question mark in its path; rename it.")
    try:
        db = duckdb.connect(str(place), read_only=access == "read", config=_CONFIG)
    except duckdb.PermissionException as error:  # it seems to be of a kind that an extension is for
        raise _no_database(_first_line(error)) from None
    try:
        _lock(db)
    except BaseException:
        db.close()
        raise
    return db


def _lock(db: DuckDBPyConnection) -> None:
    """All connections to a file share a configuration, and so one that is there already has locked it."""
    with suppress(duckdb.InvalidInputException):
        db.execute(_SILENT)
        db.execute(_LOCKED)
    if db.execute(_IS_LOCKED).fetchall() != [(True,)]:
        raise DriverFailed("failed", "DuckDB does not lock its settings, and so nothing is run.")


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


def _first_line(error: duckdb.Error) -> str:
    return str(error).split("\n")[0][:500]


def _no_database(words: str) -> DriverFailed:
    return DriverFailed("failed", f"The file is no DuckDB database that can be read ({words}).")


def _failed(error: duckdb.Error) -> DriverFailed:
    words = _first_line(error)
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
        case duckdb.OutOfMemoryException():
            return DriverFailed(
                "failed", "The query needs more than 1 GB of memory. Aggregate more, or ask for less."
            )
        case duckdb.IOException() | duckdb.SerializationException() | duckdb.InternalException():
            return _no_database(words)
        case duckdb.InvalidInputException() if "read-only" in words:
            return DriverFailed("not_allowed", "This connection is for reading.")
    return DriverFailed("bad_query", f"DuckDB says: {words}")


DRIVER = DuckdbDriver()
