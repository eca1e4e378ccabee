"""What can be asked of an MCP server while a session with it is open."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypeVar

from mcp import types
from mcp.client.session import ClientSession
from mcp.shared.exceptions import MCPError
from mcp.types import CONNECTION_CLOSED
from pydantic import BaseModel

from cowork_desktop.connectors.drivers import mcp_answers
from cowork_desktop.connectors.drivers.driver import DriverFailed, ToolAnswer, ToolDefinition
from cowork_desktop.connectors.drivers.mcp_link import Link

R = TypeVar("R", bound=BaseModel)
_LIST_SECONDS = 20.0
_PARTING_SECONDS = 0.5
_MOST_PAGES = 50


class Session:
    """All of it raises DriverFailed, and after one that is not the server's plain refusal it is not alive."""

    def __init__(self, client: ClientSession, link: Link) -> None:
        self.masking = link.masking
        self._client, self._link = client, link
        self._leaving: set[asyncio.Task[Any]] = set()

    @property
    def is_alive(self) -> bool:
        return not self._link.over.is_set()

    @property
    def changes(self) -> int:
        """How often the server has said that its tools are others now."""
        return self._link.changes

    @property
    def server(self) -> str:
        """Its name and version, as it says."""
        found = self._client.server_info
        return self._link.said(f"{found.name} {found.version}") if found else "MCP server"

    @property
    def instructions(self) -> str:
        return self._client.instructions or ""

    async def tools(self) -> Sequence[ToolDefinition]:
        found = mcp_answers.Definitions(self.masking)
        async for page in self._pages():
            await asyncio.to_thread(found.add, page)
            if found.is_full:
                break
        return list(found.found.values())

    async def call(self, name: str, arguments: Mapping[str, Any], *, seconds: float) -> ToolAnswer:
        asked = types.CallToolRequest(
            params=types.CallToolRequestParams(name=name, arguments=dict(arguments))
        )
        result = await self._asked(asked, types.CallToolResult, seconds)
        return await asyncio.to_thread(mcp_answers.answer, result, self.masking)

    async def _pages(self) -> AsyncIterator[Sequence[types.Tool]]:
        """Of servers that have tools."""
        if self._client.server_capabilities is None or self._client.server_capabilities.tools is None:
            return
        loop, cursor = asyncio.get_running_loop(), None
        end = loop.time() + _LIST_SECONDS
        for _ in range(_MOST_PAGES):
            asked = types.ListToolsRequest(params=types.PaginatedRequestParams(cursor=cursor))
            page = await self._asked(asked, types.ListToolsResult, max(0.0, end - loop.time()))
            yield page.tools
            if not page.next_cursor or page.next_cursor == cursor:
                return
            cursor = page.next_cursor

    async def _asked(self, request: types.ClientRequest, shape: type[R], seconds: float) -> R:
        if not self.is_alive:
            raise self._link.ended
        # A task of its own: who is cancelled leaves at once, and it still tells the server.
        task = asyncio.create_task(self._client.send_request(request, shape), name="mcp request")
        task.add_done_callback(heard)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(task)
        except TimeoutError:
            await self._give_up(task)
            self._link.fail(DriverFailed("timeout", f"The server did not answer within {seconds:.3g} s."))
        except asyncio.CancelledError:
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
            task.cancel()
            raise
        except MCPError as error:
            if self.is_alive and error.code != CONNECTION_CLOSED:
                raise DriverFailed(
                    "bad_query", f"The server refused it: {self._link.said(error.message)}"
                ) from None
            self._link.fail(DriverFailed("unreachable", "The server ended the connection."))
        except Exception:
            self._link.fail(DriverFailed("failed", "The server's answer is not what MCP asks for."))
        raise self._link.ended from None

    async def _give_up(self, task: asyncio.Task[Any]) -> None:
        task.cancel()
        await asyncio.wait([task], timeout=_PARTING_SECONDS)


def heard(task: asyncio.Task[Any]) -> None:
    """Nobody may be left to look at it."""
    if not task.cancelled():
        task.exception()
