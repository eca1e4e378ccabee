"""One SQLite file: a single writer that commits in groups, and read-only connections beside it."""

import asyncio
import logging
import os
import re
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import aiosqlite

from cowork_desktop.errors import StorageFull
from cowork_desktop.store.search_words import words

P = ParamSpec("P")
T = TypeVar("T")
Tx = sqlite3.Connection
"""The connection that a store function is given: inside a transaction to write, read-only to read."""

logger = logging.getLogger(__name__)

MIGRATIONS = files("cowork_desktop.store") / "migrations"
_MIGRATION_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_LARGEST_GROUP = 256
_BUSY_MS = 5_000
_SLOW_READ_SECONDS = 0.02
_SLOW_READS_OF_A_SLOW_DISK = 3
_SLOW_READS_WITHIN_SECONDS = 10.0
_THREADED_SECONDS = 3.0


class DatabaseTooNew(Exception):
    """The file was written by a later release than this one."""


class DatabaseUnreadable(Exception):
    """The file is damaged, or something else than a database."""


class _Connection(aiosqlite.Connection):
    """A connection on which whole functions run, one hop to its thread each, instead of one hop a
    statement."""

    async def run(self, work: Callable[[Tx], T]) -> T:
        return await self._execute(lambda: work(self._conn))  # type: ignore[no-any-return, no-untyped-call]


@dataclass(eq=False, slots=True)
class _Write:
    work: Callable[[Tx], Any]
    done: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class Database:
    """Store functions come here to run: `await db.write(function, *arguments)`, and `read` and `scan` alike.

    Each is called with the connection first. A write is a transaction of its own: all of it is committed and
    on the disk when `write` returns, or none of it. Writes that wait at the same time share one commit, each
    in a savepoint.
    """

    def __init__(self, writer: _Connection, scanner: _Connection, reader: Tx, version: int) -> None:
        self.schema_version = version
        self._writer, self._scanner, self._reader = writer, scanner, reader
        self._waiting: list[_Write] = []
        self._committing: asyncio.Task[None] | None = None
        self.changed = asyncio.Event()
        """Set whenever something was written; who waits for that clears it."""
        self._take: Callable[[Tx], Sequence[Any]] = _nothing
        self._tell: Callable[[Sequence[Any]], None] | None = None
        self._slow_reads: deque[float] = deque(maxlen=_SLOW_READS_OF_A_SLOW_DISK)
        self._threaded_until = 0.0

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, migrations: Traversable = MIGRATIONS, backups: Path | None = None
    ) -> AsyncIterator["Database"]:
        """Open or create the file and migrate it, with a copy in `backups` first where it holds something.

        Raises DatabaseTooNew and DatabaseUnreadable.
        """
        version = await asyncio.to_thread(_prepare, path, migrations, backups)
        async with _connect(path) as writer, _connect(path, read_only=True) as scanner:
            reader = _open(path, read_only=True, busy_ms=0)
            db = cls(writer, scanner, reader, version)
            try:
                yield db
            finally:
                reader.close()
                await db._drain()
                with suppress(sqlite3.Error):  # a full disk takes no new statistics; nothing else is lost
                    await writer.run(lambda tx: tx.execute("PRAGMA optimize").close())

    async def write(self, function: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` in a transaction. A caller that is cancelled after it began does not undo it."""
        write = _Write(lambda tx: function(tx, *args, **kwargs), asyncio.get_running_loop().create_future())
        self._waiting.append(write)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_groups(), name="database writer")
        try:
            return await write.done  # type: ignore[no-any-return]
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise StorageFull("The disk is full: nothing more can be stored.") from error
            raise

    async def read(self, function: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a small, indexed read where it is cheapest: here and now.

        A hop to a thread costs more than such a read does. Where the file is locked, or several reads in a
        few seconds show that the disk is slow, reads go through the thread for a while.
        """
        started = time.monotonic()
        if started < self._threaded_until:
            return await self.scan(function, *args, **kwargs)
        try:
            result = function(self._reader, *args, **kwargs)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            return await self.scan(function, *args, **kwargs)
        if (ended := time.monotonic()) - started > _SLOW_READ_SECONDS:
            self._note_slow_read(ended)
        return result

    async def scan(self, function: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a read of any size in its own thread."""
        return await self._scanner.run(lambda tx: function(tx, *args, **kwargs))

    async def watch(
        self,
        begin: Callable[[Tx], None],
        take: Callable[[Tx], Sequence[T]],
        tell: Callable[[Sequence[T]], None],
    ) -> None:
        """Tell of what is written, when it is on the disk: `begin` has the writer's connection note it,
        `take` is the last of each transaction."""
        await self._writer.run(begin)
        self._take, self._tell = take, tell

    def _note_slow_read(self, now: float) -> None:
        """One slow read may be the machine's; several are the disk's, and then each further one counts."""
        self._slow_reads.append(now)
        few = len(self._slow_reads) < _SLOW_READS_OF_A_SLOW_DISK
        if few or now - self._slow_reads[0] > _SLOW_READS_WITHIN_SECONDS:
            return
        self._threaded_until = now + _THREADED_SECONDS

    async def _commit_groups(self) -> None:
        try:
            while self._waiting:
                group = [w for w in self._waiting[:_LARGEST_GROUP] if not w.done.cancelled()]
                del self._waiting[:_LARGEST_GROUP]
                news = await self._writer.run(
                    lambda tx, group=group: _commit(tx, group, self._take)  # type: ignore[misc]
                )
                self.changed.set()
                for write in group:
                    if write.done.cancelled():
                        continue
                    if write.error is not None:
                        write.done.set_exception(write.error)
                    else:
                        write.done.set_result(write.result)
                self._tell_of(news)
        finally:
            self._committing = None

    def _tell_of(self, news: Sequence[Any]) -> None:
        try:
            if news and self._tell:
                self._tell(news)
        except Exception:  # who waits for the next group must not wait for ever
            logger.exception("What was written could not be told")

    async def _drain(self) -> None:
        while self._committing is not None:
            await asyncio.wait([self._committing])


def _nothing(tx: Tx) -> Sequence[Any]:
    return ()


def _commit(tx: Tx, group: list[_Write], take: Callable[[Tx], Sequence[Any]]) -> Sequence[Any]:
    """Run the group in one transaction; what fails alone is undone alone, what fails the transaction fails
    all. Returns what was taken of the group as it is committed."""
    if not group:
        return ()
    try:
        tx.execute("BEGIN IMMEDIATE")
        if len(group) == 1:
            group[0].result = group[0].work(tx)
        else:
            for write in group:
                _run_in_savepoint(tx, write)
        news = take(tx)
        tx.execute("COMMIT")
        return news
    except BaseException as error:
        if tx.in_transaction:
            tx.execute("ROLLBACK")
        for write in group:
            write.error = write.error or error
        return ()


def _run_in_savepoint(tx: Tx, write: _Write) -> None:
    tx.execute("SAVEPOINT one")
    try:
        write.result = write.work(tx)
    except BaseException as error:
        if not tx.in_transaction:  # a full disk or an I/O error has ended the whole of it
            raise
        write.error = error
        tx.execute("ROLLBACK TO one")
    tx.execute("RELEASE one")


@asynccontextmanager
async def _connect(path: Path, *, read_only: bool = False) -> AsyncIterator[_Connection]:
    connection = _Connection(lambda: _open(path, read_only=read_only, busy_ms=_BUSY_MS), iter_chunk_size=64)
    async with connection:
        yield connection


def _open(path: Path, *, read_only: bool, busy_ms: int) -> Tx:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        connection.execute(f"PRAGMA busy_timeout = {busy_ms}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -16384")
        connection.execute(f"PRAGMA query_only = {int(read_only)}")
        connection.create_function("words", 1, words, deterministic=True)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(path: Path, migrations: Traversable, backups: Path | None) -> int:
    """Check and migrate the file; returns its schema's version."""
    try:
        with closing(_open(path, read_only=False, busy_ms=_BUSY_MS)) as tx:
            return _upgrade(tx, path, migrations, backups)
    except sqlite3.DatabaseError as error:
        raise DatabaseUnreadable(f"{path} cannot be used: {error}.") from error


def _upgrade(tx: Tx, path: Path, migrations: Traversable, backups: Path | None) -> int:
    found = sorted(migrations.iterdir(), key=lambda file: file.name)
    scripts = [file for file in found if _MIGRATION_NAME.fullmatch(file.name)]
    [version] = tx.execute("PRAGMA user_version").fetchone()
    if version > len(scripts):
        raise DatabaseTooNew(
            f"{path} was written by a newer Cowork (schema {version}; this one knows {len(scripts)})."
            " Install the newer one."
        )
    tx.execute("PRAGMA journal_mode = WAL")
    if version < len(scripts):
        if version and backups:
            _back_up(tx, backups / f"{path.stem}-schema{version}-{time.strftime('%Y%m%dT%H%M%S')}.db")
        _migrate(tx, scripts, version)
        logger.info("Migrated the database from schema %d to %d", version, len(scripts))
    return len(scripts)


def _back_up(tx: Tx, target: Path) -> None:
    """Copy the open database with SQLite's online backup, check the copy, and only then give it its name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    copy = sqlite3.connect(unfinished)
    try:
        tx.backup(copy)
        if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError(f"The backup {target} is damaged; nothing was migrated.")
    finally:
        copy.close()
    with unfinished.open("rb+") as file:
        os.fsync(file.fileno())
    unfinished.replace(target)
    logger.info("Backed the database up to %s", target)


def _migrate(tx: Tx, scripts: list[Traversable], version: int) -> None:
    tx.execute("BEGIN IMMEDIATE")
    try:
        for script in scripts[version:]:
            for statement in _statements(script.read_text("utf-8")):
                tx.execute(statement)
        tx.execute(f"PRAGMA user_version = {len(scripts)}")
        tx.execute("COMMIT")
    except BaseException:
        tx.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    """Split a script where SQLite itself says that a statement ends; `executescript` would commit first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
