"""SQLite files, by Python's own library; https://www.sqlite.org/security.html says what is done, and why.

Field: `path`. Reading is held to by the file's being opened for reading, by an authorizer that lets nothing
but reading pass, and by the guard of SQL before it.
"""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from pathlib import Path

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
_HIDDEN = 1
"""A column of a virtual table that only takes arguments."""
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
                return _catalog(db)

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
    is committed when its last row was read."""
    opened = list[sqlite3.Connection]()
    stopping = Stopping(lambda: _interrupt(opened))

    def begin() -> BlockingResult:
        sql = check_read(query, "sqlite").sql if is_checked else query
        with stopping.call(), _told():
            db = _connect(place_of(target), target.access)
            opened.append(db)
            cursor = db.execute(sql)
            columns = [Column(name) for name, *_ in cursor.description or ()]
            if not columns and db.in_transaction:
                db.commit()
        affected = cursor.rowcount if cursor.rowcount >= 0 else None
        return BlockingResult(columns, _batches(db, cursor, stopping) if columns else iter(()), affected)

    def close() -> None:
        for db in opened:
            db.close()

    return read_in_thread(begin, stop=stopping.stop, close=close, seconds=seconds)


def _interrupt(opened: Sequence[sqlite3.Connection]) -> None:
    for db in opened:
        db.interrupt()


def _batches(db: sqlite3.Connection, cursor: sqlite3.Cursor, stopping: Stopping) -> Iterator[Sequence[Row]]:
    def fetch() -> Sequence[Row]:
        with stopping.call(), _told():
            return cursor.fetchmany(FETCHED_ROWS)

    yield from batches(fetch)
    with stopping.call(), _told():
        if db.in_transaction:
            db.commit()


@contextmanager
def _opened(target: Target, access: Access) -> Iterator[sqlite3.Connection]:
    with _told(), closing(_connect(place_of(target), access)) as db:
        yield db


def _connect(place: Path, access: Access) -> sqlite3.Connection:
    mode = "ro" if access == "read" else "rw"
    db = sqlite3.connect(
        f"{place.as_uri()}?mode={mode}", uri=True, timeout=_BUSY_SECONDS, check_same_thread=False
    )
    try:
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        db.text_factory = lambda text: text.decode("utf-8", "replace")
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA cell_size_check = ON")
        if access == "read":
            db.execute("PRAGMA query_only = ON")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        db.set_authorizer(_authorizer(access))
    except BaseException:
        db.close()
        raise
    return db


def _authorizer(access: Access) -> Callable[..., int]:
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
        if access == "read" and action not in _READS:
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    return authorize


def _catalog(db: sqlite3.Connection) -> Catalog:
    rows = db.execute(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%'"
        " ESCAPE '\\' ORDER BY name LIMIT ?",
        (_MOST_TABLES + 1,),
    ).fetchall()
    counts = _counts(db)
    tables = [
        CatalogTable(name=_shown(db, name), kind=kind, columns=_columns(db, name), rows=counts.get(name))
        for name, kind in rows[:_MOST_TABLES]
    ]
    return Catalog(tables=tables, is_complete=len(rows) <= _MOST_TABLES)


def _columns(db: sqlite3.Connection, table: str) -> list[CatalogColumn]:
    """None where SQLite itself cannot tell: a view of a table that is gone, a module that is missing."""
    try:
        columns = _table_info(db, table)
        refers = {
            own: f"{other}.{theirs or _primary_key(db, other)}"
            for _, _, other, own, theirs, *_ in db.execute(f"PRAGMA foreign_key_list({quoted(table)})")
        }
    except sqlite3.Error:
        return []
    return [
        CatalogColumn(
            name=name, type=type, is_nullable=not required, key="primary" if key else refers.get(name)
        )
        for _, name, type, required, _, key, hidden in columns
        if hidden != _HIDDEN
    ]


def _table_info(db: sqlite3.Connection, table: str) -> list[Row]:
    return db.execute(f"PRAGMA table_xinfo({quoted(table)})").fetchall()


def _primary_key(db: sqlite3.Connection, table: str) -> str:
    """What a foreign key that names no column refers to."""
    return next((str(column[1]) for column in _table_info(db, table) if column[5] == 1), "rowid")


def _counts(db: sqlite3.Connection) -> dict[str, int]:
    """By the statistics of ANALYZE, where there are some."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'").fetchone():
        return {}
    rows = db.execute("SELECT tbl, stat FROM sqlite_stat1 WHERE stat IS NOT NULL")
    return {table: int(stat.split()[0]) for table, stat in rows if re.match("[0-9]+( |$)", str(stat))}


def _shown(db: sqlite3.Connection, name: str) -> str:
    """In quotes where SQLite would not take it without them."""
    if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
        return quoted(name)
    try:
        db.execute(f"EXPLAIN SELECT 1 FROM (SELECT 1) AS {name}").close()
    except sqlite3.Error:  # it is a word of the language
        return quoted(name)
    return name


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
