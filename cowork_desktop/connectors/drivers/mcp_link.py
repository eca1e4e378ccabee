"""What is known of one connection with an MCP server, and which of its messages are let through."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCNotification, JSONRPCRequest, JSONRPCResponse, Tool
from pydantic import ValidationError

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.drivers.network import said
from cowork_desktop.connectors.masking import Masking

MOST_MESSAGE_BYTES = 40_000_000
"""Of one message; five images of 5 MB fit into it."""
_MOST_MESSAGES = 20_000
_MOST_BYTES = 60_000_000
"""Of what comes between two of our own requests."""
_CHANGED = "notifications/tools/list_changed"
_MOST_LOOKED_AT = 1_000
"""Of the tools of one page."""
Streams = tuple[Any, Any]
"""From a server and to it, as the SDK wants them; it has no public name for their shape."""


class Link:
    def __init__(self, masking: Masking) -> None:
        self.masking = masking
        self.over = asyncio.Event()
        """The connection has ended, or is to end."""
        self.failure: DriverFailed | None = None
        """Why it has ended, where that was not our wish."""
        self.is_hurried = False
        self.hasten: Callable[[], None] = lambda: None
        """Is called where somebody begins to be in a hurry."""
        self.changes = 0
        """How often the server has said that its tools are others now."""
        self._messages = self._bytes = 0

    def fail(self, failure: DriverFailed) -> None:
        """The first one counts. A server that fails is not waited for."""
        if not self.over.is_set():
            self.failure = failure
        self.end(hurried=True)

    def end(self, *, hurried: bool) -> None:
        self.over.set()
        if hurried and not self.is_hurried:
            self.is_hurried = True
            self.hasten()

    @property
    def ended(self) -> DriverFailed:
        """Why nothing can be asked any more; a new one each time, as it is raised."""
        if self.failure:
            return DriverFailed(self.failure.kind, self.masking.text(self.failure.message))
        return DriverFailed("unreachable", "The session with the server has ended. Try again.")

    def said(self, words: str | bytes) -> str:
        """What a server says, as one short line. Masked first: half a secret is not known for one."""
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        return said(self.masking.text(text))

    def asks(self) -> None:
        self._messages = self._bytes = 0

    def hears(self, messages: int, size: int) -> None:
        """Fails where that is a flood."""
        self._messages += messages
        self._bytes += size
        if self._messages > _MOST_MESSAGES or self._bytes > _MOST_BYTES:
            self.fail(
                DriverFailed("failed", "The server sent far more than it was asked for, and was ended.")
            )


class Incoming:
    """The messages of a server, but for its notifications: of what it notifies us only the change of its
    tools matters, and that is noted at once, in the order of the wire. A stream as the SDK wants it."""

    def __init__(self, messages: AsyncIterator[SessionMessage | Exception], link: Link) -> None:
        self._messages, self._link = messages, link

    def __aiter__(self) -> "Incoming":
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        async for item in self._messages:
            if isinstance(item, Exception) or not self._is_notification(item):
                return item if isinstance(item, Exception) else _without_odd_tools(item)
            self._link.hears(1, 0)
            if self._link.over.is_set():
                break
        raise StopAsyncIteration

    def _is_notification(self, item: SessionMessage) -> bool:
        if not isinstance(item.message, JSONRPCNotification):
            return False
        self._link.changes += item.message.method == _CHANGED
        return True

    async def receive(self) -> SessionMessage | Exception:
        return await anext(self)

    async def aclose(self) -> None:
        if close := getattr(self._messages, "aclose", None):
            await close()

    async def __aenter__(self) -> "Incoming":
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.aclose()


class Outgoing:
    """What we send; each request of our own gives the server room for its answer. Our answers to its requests
    do not: it could ask for ever."""

    def __init__(self, messages: Any, link: Link) -> None:
        self._messages, self._link = messages, link

    async def send(self, item: SessionMessage, /) -> None:
        if isinstance(item.message, JSONRPCRequest):
            self._link.asks()
        await self._messages.send(item)

    async def aclose(self) -> None:
        await self._messages.aclose()

    async def __aenter__(self) -> "Outgoing":
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.aclose()


def _without_odd_tools(item: SessionMessage) -> SessionMessage:
    """The SDK refuses a list for one tool in it that is not as it should be."""
    if isinstance(item.message, JSONRPCResponse) and isinstance(
        found := item.message.result.get("tools"), list
    ):
        item.message.result["tools"] = [tool for tool in found[:_MOST_LOOKED_AT] if _is_tool(tool)]
    return item


def _is_tool(tool: Any) -> bool:
    try:
        return Tool.model_validate(tool, by_name=False).input_schema.get("type") == "object"
    except ValidationError:
        return False
