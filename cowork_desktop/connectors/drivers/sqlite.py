"""SQLite files, by Python's own library; https://www.sqlite.org/security.html says what is done, and why.

Field: `path`. Reading is held to by the file's being opened for reading, by an authorizer that lets nothing
but reading pass, and by the guard of SQL before it.
"""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from functools import partial
from pathlib import Path

from cowork_desktop.connectors.drivers.driver import Column, DriverFailed, Result, Row, Target
from cowork_desktop.connectors.drivers.local_files import (
    FETCHED_ROWS,
    Stopping,
    batches,
    first_rows,
    in_batches,
    place_of,
)
from cowork_desktop.connectors.drivers.sqlite_catalog import catalog_of, open_virtual_tables
from cowork_desktop.connectors.drivers.threads import BlockingResult, read_in_thread
from cowork_desktop.connectors.sql_guard import check_read, is_read
from cowork_desktop.schemas.connectors import Access, Catalog

_BUSY_SECONDS = 5.0
_LONGEST_VALUE = 100_000_000
"""Bytes of one value, which a query could otherwise make ten times as large."""
_READS = frozenset(
    (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
)
_READING_PRAGMAS = re.compile(
    "table_x?info|table_list|index_x?info|index_list|foreign_key_list|user_version|schema_version|encoding"
    "|page_count|page_size|freelist_count|application_id|database_list|collation_list|compile_options"
    "|function_list|module_list|pragma_list|data_version"
)
_REACHING_FUNCTIONS = frozenset(
    ("load_extension", "readfile", "writefile", "edit", "fts3_tokenizer", "lsdir", "fsdir", "zipfile")
)
_HALF_DONE = (
    sqlite3.SQLITE_READONLY_RECOVERY,
    sqlite3.SQLITE_READONLY_ROLLBACK,
    sqlite3.SQLITE_READONLY_CANTINIT,
)
_NEVER = frozenset((sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH))


class SqliteDriver:
    async def probe(self, target: Target) -> str:
        def count() -> int:
            with _opened(target, "read") as db:
                return int(
                    db.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]
                )

        return f"SQLite {sqlite3.sqlite_version}, {await asyncio.to_thread(count):,} tables"

    async def catalog(self, target: Target) -> Catalog:
        def read() -> Catalog:
            with _opened(target, "read") as db:
                return catalog_of(lambda sql: _all(db, sql))

        return await asyncio.to_thread(read)

    def is_read(self, target: Target, query: str) -> bool:
        return is_read(query, "sqlite", target.access)

    def query(self, target: Target, query: str, *, seconds: float) -> AbstractAsyncContextManager[Result]:
        return run(target, query, seconds=seconds, is_checked=target.access == "read")

    def sample(self, target: Target, table: str, rows: int) -> str:
        return first_rows(table, rows)


def run(
    target: Target, query: str, *, seconds: float, is_checked: bool = False
) -> AbstractAsyncContextManager[Result]:
    """Run a statement, held to the target's access by SQLite alone, or by the guard as well. What it changes
    is committed when the context is entered."""
    opened = list[sqlite3.Connection]()
    stopping = Stopping(lambda: _interrupt(opened))

    def begin() -> BlockingResult:
        sql = check_read(query, "sqlite").sql if is_checked else query
        with stopping.call(), _told():
            db = _connect(place_of(target), target.access)
            opened.append(db)
            return _begun(db, sql, target.access, stopping)

    def close() -> None:
        for db in opened:
            db.close()

    return read_in_thread(begin, stop=stopping.stop, close=close, seconds=seconds)


def _interrupt(opened: Sequence[sqlite3.Connection]) -> None:
    for db in opened:
        db.interrupt()


def _begun(db: sqlite3.Connection, sql: str, access: Access, stopping: Stopping) -> BlockingResult:
    changes = set[int]()
    db.set_authorizer(_authorizer(access, changes))
    cursor = db.execute(sql)
    columns = [Column(name) for name, *_ in cursor.description or ()]
    if columns and not changes:
        return BlockingResult(columns, _batches(cursor, stopping))
    rows = cursor.fetchall()  # SQLite has made them all before it gives the first
    affected = cursor.rowcount if cursor.rowcount >= 0 else None
    if db.in_transaction:
        db.commit()
    return BlockingResult(columns, in_batches(rows), affected)


def _batches(cursor: sqlite3.Cursor, stopping: Stopping) -> Iterator[Sequence[Row]]:
    def fetch() -> Sequence[Row]:
        with stopping.call(), _told():
            return cursor.fetchmany(FETCHED_ROWS)

    return batches(fetch)


@contextmanager
def _opened(target: Target, access: Access) -> Iterator[sqlite3.Connection]:
    with _told(), closing(_connect(place_of(target), access)) as db:
        yield db


def _connect(place: Path, access: Access) -> sqlite3.Connection:
    mode = "ro" if access == "read" else "rw"
    db = sqlite3.connect(
        f"{place.as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        check_same_thread=False,
        isolation_level=None,
    )
    try:
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        db.text_factory = partial(str, encoding="utf-8", errors="replace")
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA cell_size_check = ON")
        if access == "read":
            db.execute("PRAGMA query_only = ON")
        db.set_authorizer(_authorizer("write"))
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        open_virtual_tables(lambda sql: _all(db, sql))
        if access == "write":
            db.execute("BEGIN")
        db.set_authorizer(_authorizer(access))
    except BaseException:
        db.close()
        raise
    return db


def _all(db: sqlite3.Connection, sql: str) -> list[Row]:
    with _told():
        return db.execute(sql).fetchall()


def _authorizer(access: Access, changes: set[int] | None = None) -> Callable[..., int]:
    """`changes`: where it notes what is more than reading."""

    def authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action in _NEVER:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _REACHING_FUNCTIONS:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_PRAGMA:
            # Those that take an argument tell of what it names; a value to set is none of these.
            named = _READING_PRAGMAS.fullmatch((first or "").lower())
            takes = second is None or (first or "").lower().startswith(("table_", "index_", "foreign"))
            return sqlite3.SQLITE_OK if named and takes else sqlite3.SQLITE_DENY
        if action in _READS:
            return sqlite3.SQLITE_OK
        if changes is not None:
            changes.add(action)
        return sqlite3.SQLITE_OK if access == "write" else sqlite3.SQLITE_DENY

    return authorize


@contextmanager
def _told() -> Iterator[None]:
    """SQLite's failures as those of a driver."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise _failed(error) from None
    except (ValueError, OverflowError):  # of text that is none, which SQLite does not look at
        raise DriverFailed("bad_query", "There is a character in it that SQLite does not take.") from None


def _failed(error: Exception) -> DriverFailed:
    words, code = str(error).rstrip("."), getattr(error, "sqlite_errorcode", 0)
    if code in _HALF_DONE:
        return DriverFailed("failed", "A change was cut off there. Open it once with what writes to it.")
    if words.startswith("not authorized"):
        return DriverFailed("not_allowed", f"This connection does not allow that ({words}).")
    match code & 0xFF:
        case sqlite3.SQLITE_AUTH:
            return DriverFailed("not_allowed", f"This connection does not allow that ({words}).")
        case sqlite3.SQLITE_READONLY:
            return DriverFailed("not_allowed", "This connection is for reading.")
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return DriverFailed("failed", f"The file is no SQLite database, or it is damaged ({words}).")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return DriverFailed("failed", "Another program is writing to the database; try again later.")
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return DriverFailed("forbidden", "The file cannot be opened; may Cowork read it?")
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return DriverFailed("failed", f"The disk does not do it: {words}.")
    return DriverFailed("bad_query", f"SQLite says: {words}.")


DRIVER = SqliteDriver()
