"""The key of the encrypted file of credentials: in a file apart from the data, or made of a passphrase."""

import base64
import hashlib
import os
import re
import secrets
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Protocol

from cowork_desktop.errors import NotConfigured, StorageFull

PASSPHRASE = "COWORK_SECRETS_PASSPHRASE"
_KEY = re.compile(rb"[A-Za-z0-9_-]{43}=")
"""One of Fernet: 32 bytes in base64."""
_KEY_BYTES = 44


class KeySource(Protocol):
    @property
    def kind(self) -> str:
        """What the encrypted file says of how it is locked."""
        ...

    @property
    def wrong(self) -> str:
        """What to tell the user where the key does not open the file."""
        ...

    def key(self, salt: bytes, *, is_first: bool) -> bytes:
        """For Fernet. `is_first`: nothing is locked with it yet, so one may be made. Raises NotConfigured."""
        ...


class Passphrase:
    kind = "passphrase"
    wrong = (
        f"The passphrase in {PASSPHRASE} is not the one that the credentials are locked with. Start Cowork"
        " with the right one"
    )

    def __init__(self, passphrase: str) -> None:
        self._passphrase = passphrase
        self._known: tuple[bytes, bytes] | None = None
        """The last salt and its key, as making one is slow on purpose."""

    def key(self, salt: bytes, *, is_first: bool) -> bytes:
        """By scrypt (RFC 7914) with what OWASP's Password Storage Cheat Sheet asks for: 128 MB a guess."""
        if self._known is None or self._known[0] != salt:
            made = hashlib.scrypt(
                self._passphrase.encode(), salt=salt, n=2**17, r=8, p=1, maxmem=2**28, dklen=32
            )
            self._known = salt, base64.urlsafe_b64encode(made)
        return self._known[1]


class KeyFile:
    """A key beside what it locks would lock nothing: a copy of the data folder must not have it."""

    kind = "key file"

    def __init__(self, owner: str, data_dir: Path, folder: Path | None = None) -> None:
        """`folder`: where it is, instead of among the user's configuration."""
        self._name, self._data_dir, self._folder = f"secrets-{owner}.key", data_dir, folder

    @property
    def wrong(self) -> str:
        return (
            f"The key in {self._place} is not the one that the credentials are locked with. Put that one back"
        )

    def key(self, salt: bytes, *, is_first: bool) -> bytes:
        place = self._place
        if _is_in(place, self._data_dir):
            raise NotConfigured(
                f"The key of the credentials would lie in the data folder itself ({place}). Give another"
                f" --data-dir, or a passphrase in {PASSPHRASE}."
            )
        try:
            key = self._read()
            if is_first and len(key) < _KEY_BYTES:
                # What a crash left of making it: it is on the disk whole before anything is locked with it.
                place.unlink(missing_ok=True)
                key = self._make()
        except OSError as error:
            raise NotConfigured(
                f"The key of the credentials cannot be read: {place}: {error.strerror or error}."
            ) from error
        if not _KEY.fullmatch(key):
            what = "damaged" if key else "not there"
            raise NotConfigured(
                f"The key of the credentials, {place}, is {what}. Put it back from a copy: without it they"
                " cannot be read."
            )
        return key

    @cached_property
    def _place(self) -> Path:
        """macOS and Windows have the user's configuration where they have the data."""
        if self._folder is not None:
            return self._folder / self._name
        import platformdirs

        folder = platformdirs.user_config_path("Cowork", appauthor=False)
        return (folder.with_name("Cowork Keys") if _is_in(folder, self._data_dir) else folder) / self._name

    def _read(self) -> bytes:
        """Empty where there is none."""
        if self._place.exists():
            if os.name == "posix" and self._place.stat().st_mode & 0o077:
                self._place.chmod(0o600)
            return self._place.read_bytes()
        return b""

    def _make(self) -> bytes:
        key = base64.urlsafe_b64encode(secrets.token_bytes(32))
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            self._place.parent.chmod(0o700)
            write_new(self._place, key)
        except FileExistsError:  # another process was quicker
            return self._read()
        except OSError as error:
            raise StorageFull(
                f"The key of the credentials cannot be stored at {self._place}: {error.strerror or error}."
            ) from error
        sync_folder(self._place.parent)
        return key


def _is_in(place: Path, folder: Path) -> bool:
    return place.resolve().is_relative_to(folder.resolve())


def write_new(place: Path, content: bytes) -> None:
    """Make a file that only the user can read and that is on the disk; raises OSError, for one that is there
    too."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(place, flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


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
