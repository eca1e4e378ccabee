"""Reads mail over IMAP; changes nothing, not even what is marked as seen.

Where the method's `auth` is `{"type": "xoauth2"}`, an access token signs in, not a password.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from json import dumps
from typing import TypeVar

from cowork_desktop.connectors.drivers.driver import Column, Result, Row, Target
from cowork_desktop.connectors.drivers.imap_asked import HOW, Asked, asked
from cowork_desktop.connectors.drivers.imap_folders import folders
from cowork_desktop.connectors.drivers.imap_session import ImapSession, Line, sign_in, told
from cowork_desktop.connectors.drivers.mail_text import mail_of
from cowork_desktop.connectors.drivers.threads import BlockingResult, read_in_thread
from cowork_desktop.schemas.connectors import Catalog, CatalogColumn

T = TypeVar("T")

_LOOK_SECONDS = 60.0
_HEADERS = "BODY.PEEK[HEADER]<0.100000>"
_WHOLE = "BODY.PEEK[]<0.2000000>"
"""Of a mail its first 2 MB are read."""
_AT_ONCE = 50
_COLUMNS = (
    Column("uid", "number"),
    Column("date", "time"),
    Column("from", "text"),
    Column("to", "text"),
    Column("subject", "text"),
    Column("flags", "list"),
    Column("size", "bytes"),
)
_TEXT_COLUMNS = (Column("attachments", "list"), Column("text", "text"))


class ImapDriver:
    async def probe(self, target: Target) -> str:
        await _seen(target, lambda session: session.examine("INBOX"))
        return f"{target.text('host')} (IMAP, signed in as {target.text('user')})"

    async def catalog(self, target: Target) -> Catalog:
        tables, is_complete = await _seen(target, folders)
        columns = [
            CatalogColumn(name=column.name, type=column.type) for column in (*_COLUMNS, *_TEXT_COLUMNS)
        ]
        tables = [table.model_copy(update={"columns": columns}) for table in tables]
        return Catalog(tables=tables, is_complete=is_complete, notes=HOW)

    def query(self, target: Target, query: str, *, seconds: float) -> AbstractAsyncContextManager[Result]:
        return _query(target, query, seconds)

    def is_read(self, target: Target, query: str) -> bool:
        asked(query)
        return True

    def sample(self, target: Target, table: str, rows: int) -> str:
        return dumps({"folder": table, "limit": max(1, min(rows, 500))}, ensure_ascii=False)


@asynccontextmanager
async def _query(target: Target, query: str, seconds: float) -> AsyncIterator[Result]:
    wanted = asked(query)
    reading = _Reading(target, lambda session: _found(session, wanted))
    async with read_in_thread(
        reading.run, stop=reading.line.cut, close=reading.close, seconds=seconds
    ) as result:
        yield result


async def _seen(target: Target, look: Callable[[ImapSession], T]) -> T:
    """What `look` returns, which works in a thread."""
    seen: list[T] = []

    def run(session: ImapSession) -> BlockingResult:
        seen.append(look(session))
        return BlockingResult((), iter(()))

    reading = _Reading(target, run)
    async with read_in_thread(reading.run, stop=reading.line.cut, close=reading.close, seconds=_LOOK_SECONDS):
        return seen[0]


@dataclass
class _Reading:
    """A session that lives in one thread and can be ended from another one."""

    target: Target
    work: Callable[[ImapSession], BlockingResult]
    line: Line = field(default_factory=Line)
    session: ImapSession | None = None

    def run(self) -> BlockingResult:
        with told(self.target):
            self.session = sign_in(self.target, self.line)
            result = self.work(self.session)
        return BlockingResult(result.columns, self._batches(result.batches))

    def close(self) -> None:
        try:
            if self.session and not self.line.is_cut:
                with suppress(Exception):
                    self.session.imap.sock.settimeout(2.0)
                    self.session.imap.logout()
        finally:
            self.line.cut()
            self.line.drop()
            if self.session:
                with suppress(Exception):
                    self.session.imap.shutdown()

    def _batches(self, batches: Iterator[Sequence[Row]]) -> Iterator[Sequence[Row]]:
        with told(self.target):
            yield from batches


def _found(session: ImapSession, wanted: Asked) -> BlockingResult:
    uids = session.uids(wanted, session.examine(wanted.folder))
    columns = (*_COLUMNS, *_TEXT_COLUMNS) if wanted.has_text else _COLUMNS
    return BlockingResult(columns, _rows(session, uids, wanted.has_text))


def _rows(session: ImapSession, uids: Sequence[int], has_text: bool) -> Iterator[Sequence[Row]]:
    at_once = 1 if has_text else _AT_ONCE
    for begin in range(0, len(uids), at_once):
        some = uids[begin : begin + at_once]
        found = session.fetch(some, _WHOLE if has_text else _HEADERS)
        rows = {
            uid: row
            for about, content in found
            if (uid := _uid(about)) in some
            for row in [_row(uid, about, content, has_text)]
        }
        # One that was deleted meanwhile is missing.
        if kept := [rows[uid] for uid in some if uid in rows]:
            yield kept


def _row(uid: int, about: bytes, content: bytes, has_text: bool) -> Row:
    mail = mail_of(content, headers_only=not has_text)
    size = re.search(rb"RFC822\.SIZE (\d{1,18})", about)
    row = (
        uid,
        mail.at or _arrived(about),
        mail.sender,
        mail.to,
        mail.subject,
        _flags(about),
        int(size[1]) if size else None,
    )
    return (*row, mail.attachments, mail.text) if has_text else row


def _flags(about: bytes) -> list[str]:
    found = re.search(rb"FLAGS \(([^)]*)\)", about)
    flags = found[1].decode("ascii", "replace").split() if found else []
    # That one is of the session, not of the mail.
    return [flag for flag in flags if flag != "\\Recent"]


def _uid(about: bytes) -> int:
    found = re.search(rb"\bUID (\d{1,10})", about)
    return int(found[1]) if found else 0


def _arrived(about: bytes) -> datetime | None:
    found = re.search(rb'INTERNALDATE "([^"]{1,40})"', about)
    try:
        return parsedate_to_datetime(found[1].decode("ascii", "replace")).astimezone(UTC) if found else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


DRIVER = ImapDriver()
