"""One connection with a Redis server, and what its errors mean."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from redis import exceptions
from redis._parsers import _AsyncRESP2Parser
from redis.asyncio.connection import Connection, SSLConnection

from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.network import lost, said, trusting
from cowork_desktop.connectors.drivers.redis_commands import Command, check, check_marks

CONNECT_SECONDS = 10.0
_LARGEST = 64_000_000
"""Bytes of one answer."""
_MOST_ITEMS = 2_000_000
"""Of one answer, on whatever level."""
_DOUBT = " It is not known whether the command was carried out; look before you send it again."


class AnswerTooLarge(exceptions.RedisError):
    """Of one answer."""


class _BoundedParser(_AsyncRESP2Parser):
    """Takes no answer that would fill the memory."""

    async def read_response(self, disable_decoding: bool = False) -> Any:
        self._bytes = self._items = 0
        return await super().read_response(disable_decoding=disable_decoding)

    async def _read(self, length: int) -> bytes:
        self._bytes += length
        if self._bytes > _LARGEST:
            raise AnswerTooLarge
        content: bytes = await super()._read(length)
        return content

    async def _readline(self) -> bytes:
        self._items += 1
        if self._items > _MOST_ITEMS:
            raise AnswerTooLarge
        line: bytes = await super()._readline()
        return line


@dataclass
class RedisSession:
    connection: Connection
    place: str
    is_writing: bool = False
    """A command that writes is on its way, and has no answer yet."""

    @property
    def doubt(self) -> str:
        """What is to be said where the answer does not come any more."""
        return _DOUBT if self.is_writing else ""

    async def ask(self, *words: bytes) -> Any:
        """Bytes, int, None, or a list of these. Raises DriverFailed."""
        with failing(self):
            await self.connection.send_command(*words)
            return await self.connection.read_response()

    async def allow(self, command: Command, target: Target) -> None:
        """Raises DriverFailed where the command may not be carried out there."""
        check(command, target.access)
        names = [command.name, *([f"{command.name}|{command.part}"] if command.part else [])]
        try:
            told = await self.ask(b"COMMAND", b"INFO", *(name.lower().encode() for name in names))
        except DriverFailed as error:
            if error.kind != "forbidden":
                raise
            raise DriverFailed(
                "forbidden",
                "This user may not ask the server what a command does, without which none is sent. Let it:"
                " ACL SETUSER with +command|info, or +command before Redis 7.",
            ) from None
        check_marks(command, target.access, told if isinstance(told, list) else [])


@asynccontextmanager
async def redis_session(target: Target, seconds: float) -> AsyncIterator[RedisSession]:
    """Signed in, for at most so long. Raises DriverFailed."""
    place = f"{target.text('host')}:{target.number('port', 6379)}"
    session = RedisSession(await _connection(target), place)
    try:
        async with asyncio.timeout(seconds) as limit:
            with failing(session):
                async with asyncio.timeout(CONNECT_SECONDS):
                    await session.connection.connect()  # type: ignore[no-untyped-call]
            yield session
    except TimeoutError:
        if not limit.expired():
            raise
        raise DriverFailed(
            "timeout", f"{place} did not answer within {seconds:g} s, and was left.{session.doubt}"
        ) from None
    finally:
        with suppress(exceptions.RedisError, OSError):
            await session.connection.disconnect(nowait=True)


async def _connection(target: Target) -> Connection:
    context = await asyncio.to_thread(trusting, target) if target.flag("tls") else None
    settings: dict[str, Any] = {
        "host": target.text("host"),
        "port": target.number("port", 6379),
        "db": target.number("database", 0),
        "username": target.text("user") or None,
        "password": target.text("password") or None,
        "protocol": 2,
        "parser_class": _BoundedParser,
        "driver_info": None,
        "socket_timeout": None,
        "socket_connect_timeout": CONNECT_SECONDS,
    }
    if context is None:
        return Connection(**settings)
    connection = SSLConnection(**settings)
    connection.ssl_context.context = context
    return connection


@contextmanager
def failing(session: RedisSession) -> Iterator[None]:
    """What the library or an answer that is none raises within is DriverFailed."""
    try:
        yield
        return
    except exceptions.ResponseError as error:
        # The server has spoken: it was not carried out.
        session.is_writing = False
        failed = _failed(error, session.place)
    except (exceptions.RedisError, OSError, TimeoutError, ValueError, TypeError, RecursionError) as error:
        failed = _failed(error, session.place)
    # Outside the handler: the library's errors hang together, down to what was sent.
    raise DriverFailed(failed.kind, failed.message + session.doubt) from None


def _failed(error: BaseException, place: str) -> DriverFailed:
    words = said(str(error))
    match error:
        case AnswerTooLarge():
            return DriverFailed(
                "failed",
                f"The answer has more than {_LARGEST // 1_000_000} MB. Ask for a part of it: GETRANGE, HSCAN,"
                " LRANGE, XRANGE with COUNT.",
            )
        case exceptions.AuthenticationError() | exceptions.AuthenticationWrongNumberOfArgsError():
            return DriverFailed(
                "authentication",
                f"{place} does not let this user in. Look at the user and the password, which may have to be"
                f" left out. It says: {words}",
            )
        case exceptions.NoPermissionError() | exceptions.AuthorizationError():
            return DriverFailed("forbidden", f"This user may not do that at {place}: {words}")
        case exceptions.BusyLoadingError():
            return DriverFailed("failed", f"{place} is still loading its data. Try again in a moment.")
        case exceptions.MovedError() | exceptions.AskError():
            return DriverFailed(
                "failed",
                f"{place} is one node of a cluster, and that key is at another, {words}.",
            )
        case exceptions.ResponseError() if "DB index" in words:
            return DriverFailed("not_found", f"{place} has no database of that number: {words}")
        case exceptions.ResponseError():
            return DriverFailed("bad_query", f"{place} says: {words}")
        case exceptions.TimeoutError():
            return lost(TimeoutError(), place)
        case exceptions.ConnectionError():
            return _lost(error, place)
        case OSError() | TimeoutError():
            return lost(error, place)
    return DriverFailed(
        "failed", f"What answers at {place} does not speak Redis. Look at the port and at TLS."
    )


def _lost(error: exceptions.ConnectionError, place: str) -> DriverFailed:
    """The library tells the system's error in words, and has it as the cause or the context."""
    cause = error.__cause__ or error.__context__
    if isinstance(cause, UnicodeError | OSError):
        return lost(cause, place)
    if isinstance(cause, asyncio.IncompleteReadError) or "closed" in str(error):
        return lost(ConnectionResetError(), place)
    return DriverFailed("failed", f"{place} takes no connection now: {said(str(error))}")
