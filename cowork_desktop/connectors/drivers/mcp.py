"""The driver of MCP servers, as programs on this machine or over HTTP:
https://modelcontextprotocol.io/specification.

Its option `transport` is `stdio` or `http`. Over stdio the fields are `command`, `folder` and the secret
`environment`; over HTTP `url` and the secret `token` and `headers`. The client offers servers nothing: no
roots, no sampling, no elicitation.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from mcp import types
from mcp.client.session import ClientSession
from mcp.shared.exceptions import MCPError

from cowork_desktop.connectors.drivers import mcp_fields, mcp_http, mcp_stdio
from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.mcp_answers import cut
from cowork_desktop.connectors.drivers.mcp_link import Link, Streams
from cowork_desktop.connectors.drivers.mcp_session import Session, heard
from cowork_desktop.schemas.connectors import Catalog
from cowork_desktop.version import __version__

_START_SECONDS = 14.0
"""Less than a connection's test may take, so that it can tell what this says."""
_MOST_INSTRUCTIONS = 4_000
_TOO_LATE = "The server did not begin to speak MCP within 14 s."
_WHAT_TO_DO = {
    "http": "Is it the URL of an MCP server?",
    "stdio": "One that is fetched when it first starts takes longer then: start it once in a terminal.",
}


class McpDriver:
    async def probe(self, target: Target) -> str:
        async with self.session(target) as session:
            count = len(await session.tools())
            return session.masking.text(f"{session.server} ({count} tool{'s' * (count != 1)})")

    async def catalog(self, target: Target) -> Catalog:
        async with self.session(target) as session:
            notes = session.masking.text(cut(session.instructions, _MOST_INSTRUCTIONS))
        return Catalog(tables=[], is_complete=True, notes=notes or None)

    @asynccontextmanager
    async def session(self, target: Target) -> AsyncIterator[Session]:
        """Raises DriverFailed. Nothing of the server is left afterwards."""
        _silence_the_library()
        opened = _Opened(target)
        work = asyncio.create_task(opened.run(), name="mcp session")
        try:
            yield await asyncio.shield(opened.session)
        except BaseException:
            opened.link.end(hurried=True)
            raise
        finally:
            opened.link.end(hurried=False)
            await _end_of(work, opened.link)


class _Opened:
    """Runs in a task of its own that nobody cancels: the SDK's contexts must be left by the task that entered
    them, and the server must end whatever becomes of its users."""

    def __init__(self, target: Target) -> None:
        self.link = Link(mcp_fields.masking(target))
        self.session: asyncio.Future[Session] = asyncio.get_running_loop().create_future()
        self._target = target
        self._way = "http" if target.options.get("transport") == "http" else "stdio"

    async def run(self) -> None:
        try:
            async with (
                self._transport() as (incoming, outgoing),
                ClientSession(incoming, outgoing, client_info=_US) as client,
            ):
                await self._begin(client)
                await self._until_over()
        except DriverFailed as error:
            self.link.fail(error)
        except Exception:
            # Words of the library can hold anything; what is known better has been noted before.
            self.link.fail(DriverFailed("failed", "The connection with the server broke."))
        finally:
            self.link.end(hurried=False)
            if not self.session.done():
                self.session.set_exception(self.link.ended)
                self.session.exception()

    async def _until_over(self) -> None:
        try:
            await self.link.over.wait()
        except asyncio.CancelledError:
            # The loop itself ends, or the SDK gives up.
            self.link.end(hurried=True)
            raise

    async def _begin(self, client: ClientSession) -> None:
        """Shake hands, unless it is over before."""
        hello = asyncio.create_task(client.initialize())
        hello.add_done_callback(heard)
        over = asyncio.create_task(self.link.over.wait())
        try:
            await asyncio.wait([hello, over], timeout=_START_SECONDS, return_when="FIRST_COMPLETED")
            if self.link.over.is_set():
                return
            if not hello.done():
                self.link.fail(DriverFailed("timeout", f"{_TOO_LATE} {_WHAT_TO_DO[self._way]}"))
            elif error := hello.exception():
                self.link.fail(self._no_handshake(error))
            else:
                self.session.set_result(Session(client, self.link))
        finally:
            over.cancel()
            hello.cancel()

    def _no_handshake(self, error: BaseException) -> DriverFailed:
        match error:
            case MCPError():
                words = self.link.said(error.message)
                return DriverFailed("failed", f"The server did not take up the session: {words}")
            case RuntimeError():
                return DriverFailed("failed", "The server speaks a version of MCP that we do not.")
        return DriverFailed("failed", "What answers there does not speak MCP as it should.")

    def _transport(self) -> AbstractAsyncContextManager[Streams]:
        if self._way == "http":
            return mcp_http.reached(self._target, self.link)
        return mcp_stdio.started(self._target, self.link)


async def _end_of(work: asyncio.Task[None], link: Link) -> None:
    """Who is cancelled meanwhile is in a hurry, but waits."""
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        link.end(hurried=True)
        await asyncio.wait([work])
        raise


def _silence_the_library() -> None:
    """What it logs has messages, addresses and the names of sessions in it."""
    for name in ("client", "mcp"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


_US = types.Implementation(name="cowork-desktop", version=__version__)
DRIVER = McpDriver()
