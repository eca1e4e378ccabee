"""Server-sent events: frames that are already bytes, written to one reader as they come."""

import asyncio
import contextlib
from collections.abc import AsyncIterable, Sequence

from aiohttp import web

from cowork_desktop.clock import Clock
from cowork_desktop.errors import InvalidRequest
from cowork_desktop.tasks import Tasks

KEEP_ALIVE_SECONDS = 15.0
_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def send_events(
    request: web.Request, batches: AsyncIterable[Sequence[bytes]], clock: Clock
) -> web.StreamResponse:
    """Write each batch of frames in one go, and a comment in every 15 s of silence; end when the frames
    end, or when a write finds that the reader is gone."""
    response = web.StreamResponse(headers=_HEADERS)
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    writes = 0

    async def keep_alive() -> None:
        while True:
            before = writes
            await clock.sleep(KEEP_ALIVE_SECONDS)
            if writes == before:
                try:
                    await response.write(b": keep-alive\n\n")
                except ConnectionError:
                    until_gone.reschedule(0)
                    return

    tasks = Tasks()
    with contextlib.suppress(ConnectionError, TimeoutError):
        try:
            async with asyncio.timeout(None) as until_gone:
                tasks.start(keep_alive(), name="keep-alive")
                async for batch in batches:
                    writes += 1
                    await response.write(b"".join(batch))
                await response.write_eof()
        finally:
            await tasks.close()
    return response


def last_event_id(request: web.Request) -> int | None:
    """The `Last-Event-ID` header, which a browser sends by itself when it connects again."""
    given = request.headers.get("Last-Event-ID", "").strip()
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise InvalidRequest("Last-Event-ID must be the id of an event.", param="header.Last-Event-ID")
    return int(given)


def wants_events(request: web.Request) -> bool:
    return "text/event-stream" in request.headers.get("Accept", "").lower()


def wants_only_json(request: web.Request) -> bool:
    """Whether the client accepts JSON and nothing else, as the OpenAI SDK does where it does not stream."""
    accepted = [
        part.partition(";")[0].strip() for part in request.headers.get("Accept", "").lower().split(",")
    ]
    return accepted == ["application/json"]
