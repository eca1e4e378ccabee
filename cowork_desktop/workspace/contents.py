"""The bytes of files and of artifacts' versions, stored once under their SHA-256."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from cowork_desktop.errors import StorageFull
from cowork_desktop.ids import random_id
from cowork_desktop.store import contents
from cowork_desktop.store.database import Database
from cowork_desktop.tasks import wholly
from cowork_desktop.workspace.copying import Readable, is_regular, pour

logger = logging.getLogger(__name__)
T = TypeVar("T")
_SWEPT_AT_ONCE = 500


class Contents:
    """Bytes are on the disk before a row names them, and go after the last row that does.

    What a crash leaves between the two is bytes without a row, which the next start's sweep takes away.
    """

    def __init__(self, db: Database, root: Path) -> None:
        self._db, self._root = db, root
        self.incoming = root / "incoming"
        """Where bytes gather that have no name yet."""
        self._arriving_or_leaving = asyncio.Lock()

    def place(self, digest: str) -> Path:
        return place_below(self._root, digest)

    async def adopt(self, arrived: dict[str, Path], record: Callable[[], Awaitable[T]]) -> T:
        """Take in files from `incoming`, by digest, then let `record` write the rows that name them."""
        return await wholly(self._adopt(arrived, record))

    async def _adopt(self, arrived: dict[str, Path], record: Callable[[], Awaitable[T]]) -> T:
        try:
            async with self._arriving_or_leaving:
                with storing():
                    await asyncio.to_thread(self._move_in, arrived)
                return await record()
        except BaseException:
            await self.release(arrived)
            raise

    async def release(self, digests: Iterable[str]) -> None:
        """Take away those bytes that nothing refers to any more."""
        async with self._arriving_or_leaving:
            if unused := await self._db.read(contents.unused, list(digests)):
                await asyncio.to_thread(self._unlink, unused)

    async def sweep(self) -> None:
        """Take away what an earlier process left: bytes that nothing refers to."""
        stored = await asyncio.to_thread(lambda: list(self._stored()))
        for start in range(0, len(stored), _SWEPT_AT_ONCE):
            await self.release(stored[start : start + _SWEPT_AT_ONCE])

    def clear_incoming(self) -> None:
        """Take away what was never finished; before anything comes in."""
        self.incoming.mkdir(parents=True, exist_ok=True)
        for left in self.incoming.iterdir():
            if left.is_file():
                left.unlink(missing_ok=True)

    @asynccontextmanager
    async def arrivals(self) -> AsyncIterator["Arrivals"]:
        """Bytes on their way in; what was not adopted in the end is taken away."""
        arrivals = Arrivals(self.incoming)
        try:
            yield arrivals
        finally:
            await asyncio.to_thread(arrivals.clear)

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Those of which the disk has no bytes."""
        return [digest for digest in digests if not is_regular(self.place(digest))]

    def _move_in(self, arrived: dict[str, Path]) -> None:
        for digest, source in arrived.items():
            target = self.place(digest)
            if not target.parent.is_dir():
                target.parent.mkdir(parents=True, exist_ok=True)
                sync_folder(self._root)
            try:
                source.replace(target)
            except PermissionError:  # Windows replaces nothing that is being read
                if not target.is_file():
                    raise
                source.unlink()
        for folder in {self.place(digest).parent for digest in arrived}:
            sync_folder(folder)

    def _unlink(self, digests: Iterable[str]) -> None:
        for digest in digests:
            try:
                self.place(digest).unlink(missing_ok=True)
            except OSError:  # Windows keeps what is being read; the next start's sweep takes it
                logger.warning("The bytes %s cannot be taken away", digest, exc_info=True)

    def _stored(self) -> Iterator[str]:
        for folder in self._root.iterdir():
            if len(folder.name) == 2 and folder.is_dir():
                yield from (file.name for file in folder.iterdir())


class Arrivals:
    """Files in `incoming`, on the disk for good, by the digests of their bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.parts: dict[str, Path] = {}

    def add(self, source: Readable) -> tuple[int, str]:
        """Copy what can be read; how many bytes there were, and their SHA-256."""
        place = self._folder / random_id("part")
        try:
            with making_for_good(place) as sink:
                size, digest = pour(source, sink)
        except BaseException:
            place.unlink(missing_ok=True)
            raise
        if self.parts.setdefault(digest, place) is not place:
            place.unlink()
        return size, digest

    def clear(self) -> None:
        for place in self.parts.values():
            place.unlink(missing_ok=True)


@contextmanager
def making_for_good(place: Path) -> Iterator[BinaryIO]:
    """Make a file that is there after a power cut too, once `sync_folder` was called for its folder."""
    with place.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def storing() -> Iterator[None]:
    """Says in words what the disk does not take."""
    try:
        yield
    except OSError as error:
        raise StorageFull(f"This cannot be stored: {error.strerror or error}.") from error


def place_below(root: Path, digest: str) -> Path:
    """Where the bytes of a digest lie below the root of a store of contents."""
    return root / digest[:2] / digest


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    if os.name != "posix":
        return
    with suppress(OSError):  # some file systems have no such thing
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
