"""Takes the text out of files and artifacts, each in a process of its own that can do no harm."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from cowork_desktop.schemas.texts import Place
from cowork_desktop.store import texts
from cowork_desktop.store.database import Database
from cowork_desktop.store.texts import Found, Source
from cowork_desktop.tasks import Tasks, wholly
from cowork_desktop.workspace.contents import Contents
from cowork_desktop.workspace.media_types import media_type
from cowork_desktop.workspace.reader_process import told_by_reader

logger = logging.getLogger(__name__)

_AT_ONCE = 2
_SECONDS = 180
"""Wall time for one document."""
_BATCH_CHARACTERS = 50_000
_BATCH_PASSAGES = 100
_TOO_LONG = f"Reading it took longer than {_SECONDS} seconds."
_GONE = "What was to be read is not there."
_BROKEN = "The file cannot be read: its reader broke off."


class Texts:
    """What is asked for is noted in the database first, so a crash or an end of the server loses no text."""

    def __init__(self, db: Database, contents: Contents, tasks: Tasks) -> None:
        self._db, self._contents, self._tasks = db, contents, tasks
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._running: dict[str, asyncio.Task[None]] = {}

    async def recover(self) -> None:
        """Take up what an earlier process left to do."""
        for owner_id in await self._db.scan(texts.to_do):
            self.start(owner_id)

    def start(self, owner_id: str) -> None:
        """Read the text that was asked for; of what is being read already, anew."""
        before = self._running.get(owner_id)
        if before:
            before.cancel()
        task = self._tasks.start(self._read(owner_id, before), name=f"text of {owner_id}")
        self._running[owner_id] = task

        def ended(_: object) -> None:
            if self._running.get(owner_id) is task:
                del self._running[owner_id]

        task.add_done_callback(ended)

    async def stop(self, owner_ids: Iterable[str]) -> None:
        """End the reading of what is being deleted."""
        stopped = [task for id in owner_ids if (task := self._running.get(id))]
        for task in stopped:
            task.cancel()
        if stopped:
            await asyncio.wait(stopped)

    async def close(self) -> None:
        """End all readings; the next start takes them up."""
        await self.stop(list(self._running))

    async def _read(self, owner_id: str, before: asyncio.Task[None] | None) -> None:
        if before:
            await wholly(asyncio.wait([before]))
        async with self._room:
            if not await self._db.read(texts.is_to_do, owner_id):
                return
            source = await self._db.read(texts.source, owner_id)
            while await self._db.write(texts.begin, owner_id):
                pass
            try:
                ended = await self._extract(owner_id, source) if source else ("failed", _GONE)
            except _Unwanted:
                return
            await self._db.write(texts.end, owner_id, *ended)

    async def _extract(self, owner_id: str, source: Source) -> tuple[str, str | None]:
        reading = _Reading(self._db, owner_id)
        try:
            async with asyncio.timeout(_SECONDS):
                end: Mapping[str, Any] = {}
                path, type = self._contents.place(source.sha256), source.mime_type or media_type(source.name)
                async with aclosing(told_by_reader(path, type, source.name)) as lines:
                    async for told in lines:
                        end = told
                        await reading.take(told)
            if "end" in end:
                await reading.flush()
                return str(end["end"]), end.get("reason")
            reason = _BROKEN
        except TimeoutError:
            reason = _TOO_LONG
        except OSError:
            logger.exception("The reader of %s could not be started", owner_id)
            reason = _BROKEN
        except (ValueError, KeyError, TypeError):
            logger.exception("The reader of %s said what it should not", owner_id)
            reason = _BROKEN
        await reading.flush()
        return "partial" if reading.count else "failed", reason


class _Unwanted(Exception):
    """What is being read was deleted, or is to be read anew."""


@dataclass(eq=False)
class _Reading:
    """The passages of one text on their way into the database, some at a time."""

    db: Database
    owner_id: str
    count: int = 0
    """Passages that are stored."""
    done: int = 0
    total: int | None = None
    waiting: list[Found] = field(default_factory=list)
    characters: int = 0

    async def take(self, told: Mapping[str, Any]) -> None:
        if "total" in told:
            self.total = told["total"]
        if "text" in told:
            place = Place.model_validate(told["place"])
            self.waiting.append(Found(place.model_dump_json(exclude_none=True), told["text"]))
            self.characters += len(told["text"])
            self.done = self.done if told["done"] is None else int(told["done"])
        if self.characters >= _BATCH_CHARACTERS or len(self.waiting) >= _BATCH_PASSAGES:
            await self.flush()

    async def flush(self) -> None:
        if not self.waiting:
            return
        found, self.waiting, self.characters = self.waiting, [], 0
        if not await self.db.write(texts.append, self.owner_id, self.count, found, self.done, self.total):
            raise _Unwanted
        self.count += len(found)
