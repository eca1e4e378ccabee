"""Asks Redis, Valkey and what else speaks their protocol."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager

from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, DriverFailed, Result, Row, Target
from cowork_desktop.connectors.drivers.network import said
from cowork_desktop.connectors.drivers.redis_catalog import catalog
from cowork_desktop.connectors.drivers.redis_commands import Command, check, command_of, quoted_word
from cowork_desktop.connectors.drivers.redis_reading import pieces
from cowork_desktop.connectors.drivers.redis_session import RedisSession, failing, redis_session
from cowork_desktop.connectors.drivers.redis_values import columns_of, rows_of
from cowork_desktop.schemas.connectors import Catalog

_LOOK_SECONDS = 60.0


class RedisDriver:
    async def probe(self, target: Target) -> str:
        async with redis_session(target, _LOOK_SECONDS) as session:
            await session.ask(b"PING")
            return await _server(session)

    async def catalog(self, target: Target) -> Catalog:
        async with redis_session(target, _LOOK_SECONDS) as session:
            with failing(session):
                return await catalog(session)

    def query(self, target: Target, query: str, *, seconds: float) -> AbstractAsyncContextManager[Result]:
        return _query(target, query, seconds)

    def is_read(self, target: Target, query: str) -> bool:
        command = command_of(query)
        check(command, target.access)
        return command.reads

    def sample(self, target: Target, table: str, rows: int) -> str:
        return f"SCAN 0 MATCH {quoted_word(table.encode())} COUNT {max(1, rows)}"


@asynccontextmanager
async def _query(target: Target, query: str, seconds: float) -> AsyncIterator[Result]:
    command = command_of(query)
    check(command, target.access)
    async with redis_session(target, seconds) as session:
        with failing(session):
            await session.allow(command, target)
            batches = await pieces(session, command) or await _asked(session, command)
        async with aclosing(_told(batches, session)) as told:
            yield Result(columns_of(command), told)


async def _asked(session: RedisSession, command: Command) -> AsyncIterator[Sequence[Row]]:
    """Carried out at once, whether anybody reads the answer or not."""
    session.is_writing = not command.reads
    answer = await session.ask(*command.words)
    session.is_writing = False
    return _batches(rows_of(command, answer))


async def _batches(rows: Sequence[Row]) -> AsyncIterator[Sequence[Row]]:
    for begin in range(0, len(rows), BATCH_ROWS):
        yield rows[begin : begin + BATCH_ROWS]


async def _told(
    batches: AsyncIterator[Sequence[Row]], session: RedisSession
) -> AsyncGenerator[Sequence[Row], None]:
    while True:
        with failing(session):
            batch = await anext(batches, None)
        if batch is None:
            return
        yield batch


async def _server(session: RedisSession) -> str:
    """Such as `Redis 7.2.4`; without a version where the user may not ask."""
    try:
        answer = await session.ask(b"INFO", b"server")
    except DriverFailed as error:
        if error.kind == "forbidden":
            return "Redis"
        raise
    told = {str(name): str(value) for name, value in rows_of(Command([b"INFO"]), answer)}
    if version := told.get("valkey_version"):
        return f"Valkey {said(version)}"
    return f"Redis {said(told.get('redis_version', ''))}".strip()


DRIVER = RedisDriver()
