"""A result of ClickHouse as it comes, line by line, and the failure that may end it."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import aiohttp

from cowork_desktop.connectors.drivers.clickhouse_failures import failure, parsed
from cowork_desktop.connectors.drivers.clickhouse_values import Convert, converter, unescaped
from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, Column, DriverFailed, Row
from cowork_desktop.connectors.drivers.unreached import reaching

FORMAT = "TabSeparatedWithNamesAndTypes"
_MEDIA_TYPE = "text/tab-separated-values"
_MOST_LINE_BYTES = 16 * 1024 * 1024
_MARK = "__exception__"
_MOST_LINES = 20
"""Of an exception."""


class Table:
    """Of one answer: its columns, then its rows. Raises DriverFailed.

    A server that fails midway, long after it has said 200, writes its exception where the next row would be.
    Newer ones mark it, with a tag that they give in a header before; and all since some time end the
    connection unduly: https://clickhouse.com/docs/interfaces/http#http_response_codes_caveats
    """

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.columns: Sequence[Column] = []
        self.has_ended = False
        self._url, self._lines = answer.url, _Lines(answer.content)
        named = answer.headers.get("X-ClickHouse-Format", FORMAT)
        self._is_ours = named == FORMAT and answer.headers.get("Content-Type", "").startswith(_MEDIA_TYPE)
        self._tag = answer.headers.get("X-ClickHouse-Exception-Tag")
        self._summary = answer.headers.get("X-ClickHouse-Summary", "{}")
        self._converters: list[Convert] = []

    @classmethod
    async def read(cls, answer: aiohttp.ClientResponse) -> "Table":
        """Reads as far as the names and types of the columns."""
        table = cls(answer)
        with reaching(answer.url):
            await table._head()
        return table

    @property
    def affected(self) -> int | None:
        """As far as the server tells how many rows it has written, and where it gives none."""
        try:
            written = int(json.loads(self._summary).get("written_rows", 0))
        except (ValueError, AttributeError):
            return None
        return written if written and not self.columns else None

    async def batches(self) -> AsyncIterator[Sequence[Row]]:
        while not self.has_ended:
            with reaching(self._url):
                lines = await self._some()
            if lines:
                yield await asyncio.to_thread(self._rows, lines)

    async def _head(self) -> None:
        names, types = await self._lines.next(), await self._lines.next()
        if names is None:
            self.has_ended = True
            return
        if types is None or not self._is_ours:
            raise DriverFailed(
                "bad_query",
                "The query asks for a format of its own. Leave its clause FORMAT out: rows are read.",
            )
        kinds = [unescaped(kind) for kind in types.split("\t")]
        self.columns = [
            Column(unescaped(name), kind) for name, kind in zip(names.split("\t"), kinds, strict=True)
        ]
        # Time zones are read from files.
        self._converters = await asyncio.to_thread(lambda: [converter(kind) for kind in kinds])

    async def _some(self) -> list[str]:
        lines: list[str] = []
        while len(lines) < BATCH_ROWS:
            line = await self._lines.next()
            if line is None:
                self.has_ended = True
                break
            if await self._is_exception(line):
                raise await self._exception(line)
            lines.append(line)
        return lines

    async def _is_exception(self, line: str) -> bool:
        """A row may read like one; where its place does not tell, nothing comes after an exception."""
        if self._tag is not None:
            return line == f"{_MARK}\r" and await self._lines.peek() == f"{self._tag}\r"
        if "Code: " not in line or "Exception" not in line:
            return False
        if line.count("\t") != len(self._converters) - 1:
            return True
        return line.startswith("Code: ") and await self._lines.peek() is None

    async def _exception(self, line: str) -> DriverFailed:
        """With what is left of it, which may be cut off."""
        lines = [line]
        while len(lines) < _MOST_LINES and (more := await self._lines.peek()) is not None:
            lines.append(more)
            await self._lines.next()
        return failure(parsed("\n".join(lines)[-100_000:]))

    def _rows(self, lines: list[str]) -> list[Row]:
        try:
            return [
                [convert(text) for convert, text in zip(self._converters, line.split("\t"), strict=True)]
                for line in lines
            ]
        except (ValueError, ArithmeticError, TypeError):
            raise DriverFailed("failed", "ClickHouse has sent a row that does not fit its columns.") from None


class _Lines:
    """Of a body, without their ends; bytes that are no text are escaped as Python does it for file names."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._parts, self._rest = content.iter_any(), bytearray()
        self._ready: list[str] = []
        """The next is the last."""
        self._has_ended = False

    async def next(self) -> str | None:
        """None: there are no more. Raises what aiohttp does, and DriverFailed."""
        while not self._ready and not self._has_ended:
            await self._read()
        return self._ready.pop() if self._ready else None

    async def peek(self) -> str | None:
        """The one that `next` will give; also None where the connection breaks."""
        try:
            line = await self.next()
        except aiohttp.ClientError:
            return None
        if line is not None:
            self._ready.append(line)
        return line

    async def _read(self) -> None:
        part = await anext(self._parts, None)
        if part is None:
            self._has_ended = True
            self._ready = [self._rest.decode("utf-8", "surrogateescape")] if self._rest else []
            return
        self._rest += part
        if b"\n" not in part:
            if len(self._rest) > _MOST_LINE_BYTES:
                raise DriverFailed("failed", "A row is larger than 16 MB. Select fewer of its columns.")
            return
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        self._ready = [line.decode("utf-8", "surrogateescape") for line in reversed(lines)]
