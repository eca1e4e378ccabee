"""Keeps a session with each MCP server that is used, and sees to it that only tools are called that are still
what the user has accepted."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from cowork_desktop.clock import Clock
from cowork_desktop.connectors.drivers.driver import (
    DriverFailed,
    Target,
    ToolAnswer,
    ToolDefinition,
    ToolSession,
)

_IDLE_SECONDS = 300.0
_MOST_LISTINGS = 5
"""For a server whose tools change each time that it is asked for them."""


class ChangingSession(ToolSession, Protocol):
    @property
    def changes(self) -> int:
        """How often the server has said that its tools are others now."""

    @property
    def server(self) -> str:
        """Its name and version."""


class McpSessions:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._ending: set[_Held] = set()
        self._is_closed = False

    async def tools(
        self, connection_id: str, revision: int, driver: Any, target: Target
    ) -> Sequence[ToolDefinition]:
        """What the server offers now. Raises DriverFailed."""
        return await self._get(connection_id, revision, driver, target).tools()

    async def server(self, connection_id: str, revision: int, driver: Any, target: Target) -> str:
        """What the server calls itself. Raises DriverFailed."""
        return await self._get(connection_id, revision, driver, target).server()

    async def call(
        self,
        connection_id: str,
        revision: int,
        driver: Any,
        target: Target,
        name: str,
        arguments: Mapping[str, Any],
        accepted: Mapping[str, str],
        *,
        seconds: float,
    ) -> ToolAnswer:
        """`accepted`: digests by the names of tools. Raises DriverFailed, also where the tool is another one
        by now."""
        held = self._get(connection_id, revision, driver, target)
        return await held.call(name, arguments, accepted.get(name), seconds)

    async def drop(self, connection_id: str) -> None:
        """Of a connection that is changed or deleted. Returns when its server is gone."""
        held = self._held.pop(connection_id, None)
        if held:
            self._retire(held)
        await _ended([one for one in self._ending if one.connection_id == connection_id])

    async def close(self) -> None:
        self._is_closed = True
        for id in list(self._held):
            self._retire(self._held.pop(id))
        await _ended(self._ending)

    def _get(self, connection_id: str, revision: int, driver: Any, target: Target) -> "_Held":
        if self._is_closed:
            raise DriverFailed("unreachable", "Cowork is being closed.")
        held = self._held.get(connection_id)
        if held and held.revision == revision and held.is_usable:
            return held
        if held:
            self._retire(held)
        before = [one.work for one in self._ending if one.connection_id == connection_id]
        found = _Held(self._clock, connection_id, revision, driver.session(target), before)
        self._held[connection_id] = found
        return found

    def _retire(self, held: "_Held") -> None:
        self._ending.add(held)
        held.work.add_done_callback(lambda _: self._ending.discard(held))
        held.retire()


async def _ended(sessions: Any) -> None:
    if running := [held.work for held in sessions]:
        await asyncio.wait(running)


class _Held:
    """One session, and the task that enters and leaves it."""

    def __init__(
        self,
        clock: Clock,
        connection_id: str,
        revision: int,
        context: Any,
        before: Sequence[asyncio.Task[None]],
    ) -> None:
        self.connection_id, self.revision = connection_id, revision
        self._clock, self._before = clock, before
        self._session: asyncio.Future[ChangingSession] = asyncio.get_running_loop().create_future()
        self._is_retired = False
        self._used_at, self._calls = clock.monotonic(), 0
        self._listing = asyncio.Lock()
        self._listed: tuple[int, Mapping[str, str]] | None = None
        """Digests by names, and of which of the server's changes they are."""
        self.work: asyncio.Task[None] = asyncio.create_task(
            self._run(context), name=f"mcp session of {connection_id}"
        )
        self.work.add_done_callback(self._over)

    @property
    def is_usable(self) -> bool:
        if self._is_retired or self.work.done():
            return False
        return not self._session.done() or self._session.result().is_alive

    def retire(self) -> None:
        """End it now, whoever uses it."""
        self._is_retired = True
        self.work.cancel()

    async def tools(self) -> Sequence[ToolDefinition]:
        async with self._used() as session, self._listing:
            return await self._list(session)

    async def server(self) -> str:
        async with self._used() as session:
            return session.server

    async def call(
        self, name: str, arguments: Mapping[str, Any], accepted: str | None, seconds: float
    ) -> ToolAnswer:
        async with self._used() as session:
            _check(name, accepted, await self._digests(session))
            return await session.call(name, arguments, seconds=seconds)

    async def _run(self, context: Any) -> None:
        if self._before:
            # Two programs at a time could be in each other's way.
            await asyncio.wait(self._before)
            self._before = ()
        async with context as session:
            self._session.set_result(session)
            await self._until_idle()
            self._is_retired = True

    async def _until_idle(self) -> None:
        while (left := _IDLE_SECONDS - self._idle_seconds) > 0:
            await self._clock.sleep(left)

    @property
    def _idle_seconds(self) -> float:
        return 0.0 if self._calls else self._clock.monotonic() - self._used_at

    @asynccontextmanager
    async def _used(self) -> AsyncIterator[ChangingSession]:
        self._calls += 1
        try:
            yield await asyncio.shield(self._session)
        finally:
            self._calls -= 1
            self._used_at = self._clock.monotonic()

    async def _digests(self, session: ChangingSession) -> Mapping[str, str]:
        """Of what the server offers, as of its last word that this has changed."""
        async with self._listing:
            for _ in range(_MOST_LISTINGS):
                if self._listed and self._listed[0] == session.changes:
                    return self._listed[1]
                await self._list(session)
        raise DriverFailed("failed", "The server's tools change all the time, so that none can be called.")

    async def _list(self, session: ChangingSession) -> Sequence[ToolDefinition]:
        changes, offered = session.changes, await session.tools()
        self._listed = changes, {tool.name: tool.digest for tool in offered}
        return offered

    def _over(self, work: asyncio.Task[None]) -> None:
        error = None if work.cancelled() else work.exception()
        if self._session.done():
            return
        known = isinstance(error, DriverFailed)
        self._session.set_exception(error if error and known else _not_started(error))
        self._session.exception()


def _not_started(error: BaseException | None) -> DriverFailed:
    if error is None:
        return DriverFailed("unreachable", "The connection was changed or closed meanwhile. Try again.")
    return DriverFailed("failed", f"The server could not be started: {type(error).__name__}.")


def _check(name: str, accepted: str | None, offered: Mapping[str, str]) -> None:
    """Raises DriverFailed."""
    if accepted is None:
        raise DriverFailed(
            "not_allowed", f"The tool {name} has not been accepted. Look at the connection's tools first."
        )
    if offered.get(name) != accepted:
        how = "has changed this tool" if name in offered else "does not offer this tool any more"
        raise DriverFailed(
            "not_allowed",
            f"The server {how} since you accepted it: {name}. Look at it again in the connection's tools.",
        )
