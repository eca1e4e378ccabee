"""The members of zip files that documents are, unpacked no further than is sensible."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Self

from cowork_desktop.workspace.extraction.passages import Unreadable

MOST_UNPACKED = 400 * 1024**2
_MOST_MEMBERS = 20_000
_CHUNK = 65_536
_DAMAGED = "It is damaged."


class Archive:
    """A document's zip file; in all, no more than `MOST_UNPACKED` bytes come out of it."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            raise Unreadable(_DAMAGED) from None
        self.names = set(self._zip.namelist())
        self._room = MOST_UNPACKED
        if len(self.names) > _MOST_MEMBERS:
            raise Unreadable("It has too many parts.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member."""
        try:
            with self._zip.open(name) as file:
                yield from self._bounded(file)
        except RuntimeError:  # how zipfile says that a password is needed
            raise Unreadable("The file is protected with a password.") from None
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError):
            raise Unreadable(_DAMAGED) from None

    def _bounded(self, file: IO[bytes]) -> Iterator[bytes]:
        while chunk := file.read(_CHUNK):
            self._room -= len(chunk)
            if self._room < 0:
                raise Unreadable("Unpacked, it is larger than is read.")
            yield chunk
