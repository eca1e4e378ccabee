"""A window that notes of which resources it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from cowork_desktop import keys
from cowork_desktop.schemas.notifications import ScheduleChanged
from tests.fakes.server import Frame, Server

_END = "sched_end_of_what_is_asked_for"


class Told(NamedTuple):
    resource: str
    change: str
    id: str | None


class Listener:
    def __init__(self, server: Server, frames: AsyncIterator[Frame]) -> None:
        self._server, self._frames = server, frames

    async def heard(self) -> list[Told]:
        """What has been told so far and was not heard yet, in order."""
        return [Told(one["resource"], one["change"], one["id"]) for one in await self.whole()]

    async def whole(self) -> list[dict[str, Any]]:
        notifications = self._server.app[keys.NOTIFICATIONS]
        notifications.tell(ScheduleChanged, schedule_id=_END, project_id="")
        found = list[dict[str, Any]]()
        async with asyncio.timeout(10):
            async for frame in self._frames:
                if frame.data.get("schedule_id") == _END:
                    return found
                if frame.type == "resource.changed":
                    found.append(frame.data)
        raise AssertionError("The events have ended.")

    async def until(self, *wanted: Told) -> list[Told]:
        """What is told up to the time when all of these were told."""
        found = list[Told]()
        async with asyncio.timeout(30):
            while not set(wanted) <= set(found):
                found += await self.heard()
                await asyncio.sleep(0.01)
        return found


@asynccontextmanager
async def listening(server: Server) -> AsyncIterator[Listener]:
    async with server.stream("GET", "/events") as frames:
        yield Listener(server, frames)
