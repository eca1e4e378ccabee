"""The messages of an MCP server that is a program of ours: one a line, in JSON."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCMessage
from mcp.types.jsonrpc import jsonrpc_message_adapter
from pydantic import ValidationError

from cowork_desktop.connectors.drivers import mcp_fields
from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.mcp_link import MOST_MESSAGE_BYTES, Incoming, Link, Outgoing, Streams
from cowork_desktop.connectors.drivers.mcp_process import Program

_CHUNK = 64 * 1024
_LONG_LINE = 256 * 1024
"""Bytes that would keep the loop for too long."""
_MOST_GREETING = 100
"""Lines that are no messages, before the first that is one: some launchers print what they do."""


@asynccontextmanager
async def started(target: Target, link: Link) -> AsyncIterator[Streams]:
    """The program runs within, and is gone afterwards. Raises DriverFailed."""
    words, environment = mcp_fields.command(target), mcp_fields.environment(target)
    folder = target.text("folder") or None
    words[0] = await asyncio.to_thread(_found, words[0], environment.get("PATH"), folder)
    program = Program(link)
    link.hasten = program.hurry
    try:
        await _start(program, words, environment, folder)
        yield Incoming(_messages(program, link), link), Outgoing(_Input(program, link), link)
    finally:
        await program.stop()


def _found(program: str, path: str | None, folder: str | None) -> str:
    if folder and not Path(folder).is_dir():
        raise DriverFailed("not_found", f"There is no folder {folder}.")
    is_path = Path(program).name != program
    place = str(Path(folder) / program) if folder and is_path else program
    found = shutil.which(place, path=path)
    if found is None:
        raise DriverFailed(
            "not_found",
            f"There is no program {program}. Is it installed, and found by its name in a terminal?",
        )
    return found if folder is None else str(Path(found).absolute())


async def _start(program: Program, words: list[str], environment: dict[str, str], folder: str | None) -> None:
    try:
        await program.start(words, environment, folder)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its command, folder or environment is not a possible one"
        raise DriverFailed("failed", f"The program {words[0]} cannot be started: {why}.") from None


async def _messages(program: Program, link: Link) -> AsyncIterator[SessionMessage | Exception]:
    greeting = 0
    async for line in _lines(program, link):
        message = await asyncio.to_thread(_parsed, line) if len(line) > _LONG_LINE else _parsed(line)
        if message is not None:
            greeting = _MOST_GREETING
            yield SessionMessage(message)
        elif line.strip() and (greeting := greeting + 1) > _MOST_GREETING:
            link.fail(_no_message(link.said(line)))
            return
    link.fail(DriverFailed("unreachable", await program.end_words()))


async def _lines(program: Program, link: Link) -> AsyncIterator[bytes]:
    rest = bytearray()
    while chunk := await program.output.read(_CHUNK):
        link.hears(0, len(chunk))
        *lines, last = chunk.split(b"\n")
        for line in lines:
            yield bytes(rest) + line
            rest.clear()
        rest += last
        if len(rest) > MOST_MESSAGE_BYTES:
            link.fail(DriverFailed("failed", "The server sent a message that is far too long."))
        if link.over.is_set():
            return


def _parsed(line: bytes) -> JSONRPCMessage | None:
    try:
        return jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError:
        return None


def _no_message(line: str) -> DriverFailed:
    return DriverFailed("failed", f"The server's output has a line that is no MCP message: {line}")


class _Input:
    """Never waits: a server that does not listen cannot keep anybody from leaving."""

    def __init__(self, program: Program, link: Link) -> None:
        self._program, self._link = program, link

    async def send(self, item: SessionMessage, /) -> None:
        line = item.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
        if not self._program.send(line):
            self._link.fail(DriverFailed("failed", "The server does not read what it is sent."))

    async def aclose(self) -> None: ...
