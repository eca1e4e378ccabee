"""An MCP server as a program of ours: started in a process group of its own, spoken to by lines, and ended
for sure, with all that it has started in that group.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#stdio, and how it ends:
https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle#shutdown
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from typing import cast

from cowork_desktop.connectors.drivers.mcp_link import Link

_GRACE_SECONDS = 2.0
_BRIEF_SECONDS = 0.4
"""Instead, for who is in a hurry."""
_KEPT_ERROR_BYTES = 4_096
_TOLD_CHARACTERS = 400
_READ_AHEAD = 256 * 1024
_KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
_MOST_UNREAD = 40_000_000
"""Bytes that the server has not taken yet."""


class Program(asyncio.SubprocessProtocol):
    """What a server does and says. Its `stop` must be awaited."""

    def __init__(self, link: Link) -> None:
        self.output = asyncio.StreamReader(limit=_READ_AHEAD)
        self._link = link
        self._errors = bytearray()
        self._exited, self._gone = asyncio.Event(), asyncio.Event()
        """Itself; and whoever else has its pipes."""
        self._transport: asyncio.SubprocessTransport | None = None
        self._is_over = False
        self._limit: asyncio.Timeout | None = None

    async def start(self, words: list[str], environment: dict[str, str], folder: str | None) -> None:
        """Raises OSError."""
        await asyncio.get_running_loop().subprocess_exec(
            lambda: self, *words, env=environment, cwd=folder, start_new_session=True
        )

    def send(self, line: bytes) -> bool:
        """False: it does not read. One that is gone is told nothing: its output says so."""
        pipe = self._stdin
        if pipe is None or pipe.is_closing():
            return True
        if pipe.get_write_buffer_size() > _MOST_UNREAD:
            return False
        pipe.write(line)
        return True

    async def end_words(self) -> str:
        """How it has ended, once its output has."""
        await self._within(self._exited, _BRIEF_SECONDS)
        await self._within(self._gone, _BRIEF_SECONDS / 2)
        code = self._transport.get_returncode() if self._transport else None
        said = " ".join(self._link.masking.text(self._errors.decode("utf-8", "replace")).split())
        words = (
            f": …{said[-_TOLD_CHARACTERS:]}" if len(said) > _TOLD_CHARACTERS else f": {said}" if said else "."
        )
        if code is None:
            return f"The server closed its output{words}"
        return f"The server ended with {f'code {code}' if code >= 0 else f'signal {-code}'}{words}"

    def hurry(self) -> None:
        """Be done with `stop` within about a second."""
        if self._limit and not self._limit.expired():
            soon = asyncio.get_running_loop().time() + _BRIEF_SECONDS
            self._limit.reschedule(min(soon, self._limit.when() or soon))

    async def stop(self) -> None:
        """Ask it to end, then tell it, then make it."""
        try:
            self._discard_output()
            if self._stdin:
                self._stdin.close()
            await self._within(self._exited)
            for number in (signal.SIGTERM, _KILL):
                self._signal(number)
                await self._within(self._gone)
        finally:
            # Those in its group that had closed its pipes; and all of it, where we are cancelled ourselves.
            self._signal(_KILL)
            if self._transport:
                with suppress(PermissionError):
                    self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self.output.set_transport(cast(asyncio.Transport, self._transport.get_pipe_transport(1)))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self._errors += data
            del self._errors[:-_KEPT_ERROR_BYTES]
        elif not self._is_over:
            self.output.feed_data(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self.output.feed_eof()

    def process_exited(self) -> None:
        self._exited.set()
        # What it has started may hold its output open for ever.
        asyncio.get_running_loop().call_later(_BRIEF_SECONDS, self._discard_output)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()

    @property
    def _stdin(self) -> asyncio.WriteTransport | None:
        pipe = self._transport.get_pipe_transport(0) if self._transport else None
        return cast(asyncio.WriteTransport | None, pipe)

    def _discard_output(self) -> None:
        """A program that cannot write does not end."""
        self._is_over = True
        self.output.feed_eof()
        pipe = self._transport.get_pipe_transport(1) if self._transport else None
        if pipe and not pipe.is_closing():
            cast(asyncio.ReadTransport, pipe).resume_reading()

    async def _within(self, event: asyncio.Event, seconds: float | None = None) -> None:
        usual = _BRIEF_SECONDS if self._link.is_hurried else _GRACE_SECONDS
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds or usual) as self._limit:
                await event.wait()
        self._limit = None

    def _signal(self, number: int) -> None:
        if self._transport is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._transport.kill()
            else:
                os.killpg(self._transport.get_pid(), number)
