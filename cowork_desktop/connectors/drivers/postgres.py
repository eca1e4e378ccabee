"""PostgreSQL, and what speaks its protocol: Redshift and CockroachDB.

Options: `dialect`: `postgres` or `redshift`; `server`: what it is called where the server does not say;
`connect_seconds`: how long it may take to let us in.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import psycopg

from cowork_desktop.connectors.drivers.driver import DriverFailed, Result, Row, Target
from cowork_desktop.connectors.drivers.postgres_catalog import catalog_of
from cowork_desktop.connectors.drivers.postgres_connecting import Connection, connected
from cowork_desktop.connectors.drivers.postgres_effects import calls_others, refuse_effects
from cowork_desktop.connectors.drivers.postgres_failures import READ_ONLY, query_failure
from cowork_desktop.connectors.drivers.postgres_streaming import Statement
from cowork_desktop.connectors.sql_functions import Dialect
from cowork_desktop.connectors.sql_guard import check_read
from cowork_desktop.schemas.connectors import Catalog

_LOOKING_SECONDS = 30.0
"""For a look around."""
_READS = re.compile(
    r"(?:\s|\(|--[^\n]*\n|/\*(?:(?!/\*|\*/).)*\*/)*(?:select|with|values|table|show|explain)\b", re.I | re.S
)
"""What can read begins so. A transaction that only reads still runs COPY TO PROGRAM and DO, so nothing else
gets there, whatever a parser makes of it."""
_NAME = re.compile(r'(?:[A-Za-z_][\w$]*|"(?:[^"\0]|"")+")')
_NAMES = re.compile(rf"{_NAME.pattern}(?:\.{_NAME.pattern}){{0,2}}")


class Postgres:
    async def probe(self, target: Target) -> str:
        async with connected(target) as connection, _limited(_LOOKING_SECONDS):
            row = await (await connection.execute("SELECT version()")).fetchone()
            return _called(target, connection, str(row[0]) if row else "")

    async def catalog(self, target: Target) -> Catalog:
        async with connected(target) as connection, _limited(_LOOKING_SECONDS):
            await connection.execute(_begin(target, _LOOKING_SECONDS, is_read=True))
            return await catalog_of(
                connection, is_plain=_dialect(target) == "redshift" or _is_cockroach(connection)
            )

    @asynccontextmanager
    async def query(self, target: Target, query: str, *, seconds: float) -> AsyncIterator[Result]:
        _whole(query)
        async with _limited(seconds), connected(target) as connection:
            is_read = await _is_read(connection, target, query)
            async with run(connection, target, query, is_read=is_read, seconds=seconds) as result:
                yield result

    def is_read(self, target: Target, query: str) -> bool:
        """Of a connection that writes, what calls a function that is none of the server's own counts as what
        does not: only the server knows."""
        try:
            check_read(_whole(query), _dialect(target))
        except DriverFailed:
            if target.access == "read" or "\0" in query:
                raise
            return False
        return target.access == "read" or not calls_others(query)

    def sample(self, target: Target, table: str, rows: int) -> str:
        name = table if _NAMES.fullmatch(table) else '"' + table.replace('"', '""') + '"'
        return f"SELECT * FROM {name} LIMIT {int(rows)}"


@asynccontextmanager
async def run(
    connection: Connection, target: Target, sql: str, *, is_read: bool, seconds: float
) -> AsyncIterator[Result]:
    """One statement in a transaction of its own. A read one is rolled back, and refused by the server where
    it changes a table. Raises DriverFailed."""
    statement = Statement(connection)
    if is_read and not _READS.match(sql):
        raise DriverFailed("not_allowed", READ_ONLY)
    with _words():
        await connection.execute(_begin(target, seconds, is_read=is_read))
        if is_read:
            # After its first query a transaction cannot be made one that writes.
            await connection.execute("SELECT 1")
        await statement.start(sql)
        if not is_read and statement.is_over and not statement.columns:
            await connection.execute("COMMIT")
    yield Result(statement.columns, _batches(statement), statement.affected)
    if not is_read and statement.columns:
        with _words():
            await statement.leave()
            await connection.execute("COMMIT")


def _whole(query: str) -> str:
    """As libpq would send it. Raises DriverFailed."""
    if "\0" in query:
        raise DriverFailed("bad_query", "A query cannot hold a NUL character.")
    return query


async def _batches(statement: Statement) -> AsyncIterator[Sequence[Row]]:
    with _words():
        async for batch in statement.batches():
            yield batch


async def _is_read(connection: Connection, target: Target, sql: str) -> bool:
    """Whether it can run as what only reads. Raises DriverFailed where it has to."""
    try:
        reading = await asyncio.to_thread(check_read, sql, _dialect(target))
        if _dialect(target) != "redshift":
            with _words():
                await refuse_effects(connection, reading.functions)
    except DriverFailed:
        if target.access == "read":
            raise
        return False
    return True


def _begin(target: Target, seconds: float, *, is_read: bool) -> str:
    limit = max(1, int(seconds * 1_000))
    said = [f"BEGIN {'READ ONLY' if is_read else 'READ WRITE'}", f"SET LOCAL statement_timeout = {limit}"]
    if _dialect(target) != "redshift":
        said += [
            f"SET LOCAL lock_timeout = {limit}",
            f"SET LOCAL idle_in_transaction_session_timeout = {limit + 5_000}",
            "SET LOCAL datestyle = 'ISO'",
        ]
    return "; ".join(said)


@asynccontextmanager
async def _limited(seconds: float) -> AsyncIterator[None]:
    """What psycopg raises within, and what takes longer, is a DriverFailed."""
    try:
        with _words():
            async with asyncio.timeout(seconds) as limit:
                yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise DriverFailed(
            "timeout", f"The query did not end within {seconds:g} s, and was stopped."
        ) from None


@contextmanager
def _words() -> Iterator[None]:
    failed: DriverFailed
    try:
        yield
        return
    except psycopg.Error as error:
        failed = query_failure(error)
    except UnicodeEncodeError:
        failed = DriverFailed("bad_query", "The query holds characters that are no Unicode.")
    raise failed from None


def _called(target: Target, connection: Connection, version: str) -> str:
    if found := re.search(r"Redshift (\S+)", version):
        return f"Amazon Redshift {found[1]}"
    if _is_cockroach(connection):
        found = re.search(r"v\d\S*", _status(connection, "crdb_version"))
        return f"CockroachDB {found[0] if found else ''}".strip()
    name = str(target.options.get("server", "PostgreSQL"))
    return f"{name} {_status(connection, 'server_version').partition(' ')[0]}"


def _is_cockroach(connection: Connection) -> bool:
    return bool(_status(connection, "crdb_version"))


def _status(connection: Connection, name: str) -> str:
    return (connection.pgconn.parameter_status(name.encode()) or b"").decode()


def _dialect(target: Target) -> Dialect:
    return "redshift" if target.options.get("dialect") == "redshift" else "postgres"


DRIVER = Postgres()
