"""Credentials in an encrypted file of the data folder, for machines without a keyring."""

import asyncio
import base64
import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cowork_desktop.connectors.secret_key import PASSPHRASE, KeySource, sync_folder, write_new
from cowork_desktop.connectors.secrets import SecretsState
from cowork_desktop.errors import NotConfigured, StorageFull
from cowork_desktop.tasks import wholly

T = TypeVar("T")
FILE_NAME = "secrets.enc"
_VERSION = 1
_WAY_OUT = "Or end Cowork, move that file away, and enter the credentials again."
_OTHER_LOCK = {
    "passphrase": f"are not locked with a passphrase: start Cowork without {PASSPHRASE}.",
    "key file": f"are locked with a passphrase: start Cowork with it in {PASSPHRASE}.",
}
"""What to say where it is not the lock that was expected."""


class SecretFile:
    """One JSON object: how it is locked, a salt, and a token of Fernet (https://github.com/fernet/spec) that
    holds all secrets by name. It is replaced as a whole, and gone with its last secret.

    Each call raises NotConfigured where the file cannot be opened; then nothing is written either.
    """

    def __init__(self, data_dir: Path, key: KeySource) -> None:
        self._place, self._key = data_dir / FILE_NAME, key
        self._arriving = data_dir / f"{FILE_NAME}.new"
        self._guard = threading.Lock()
        self._state: SecretsState = "file"

    def state(self) -> SecretsState:
        """`unavailable` where the file could not be opened when it was last tried."""
        return self._state

    async def get(self, name: str) -> str | None:
        return await asyncio.to_thread(self._in_turn, lambda: self._load().kept.get(name))

    async def put(self, name: str, secret: str) -> None:
        """On the disk when this returns. Raises StorageFull where the disk does not take it; then the old one
        is still there."""
        await wholly(asyncio.to_thread(self._in_turn, lambda: self._change(name, secret)))

    async def delete(self, name: str) -> None:
        """Remove it; one that is not there is no error."""
        await wholly(asyncio.to_thread(self._in_turn, lambda: self._change(name, None)))

    async def check(self) -> SecretsState:
        """Try to open the file, and keep what that shows."""
        with suppress(NotConfigured):
            await self.get("check")
        return self._state

    def _in_turn(self, work: Callable[[], T]) -> T:
        with self._guard:
            try:
                result = work()
            except NotConfigured:
                self._state = "unavailable"
                raise
            self._state = "file"
            return result

    def _change(self, name: str, secret: str | None) -> None:
        opened = self._load()
        if opened.kept.get(name) == secret:
            return
        kept = {one: text for one, text in opened.kept.items() if one != name}
        if secret is not None:
            kept[name] = secret
        try:
            self._replace(_seal(kept, opened, self._key) if kept else None)
        except OSError as error:
            raise StorageFull(f"Credentials cannot be stored: {error.strerror or error}.") from error

    def _load(self) -> "_Opened":
        try:
            if self._arriving.exists():  # a process was killed before it was done
                self._arriving.unlink(missing_ok=True)
            if not self._place.exists():
                return _Opened({}, os.urandom(16), is_first=True)
            if os.name == "posix" and self._place.stat().st_mode & 0o077:
                self._place.chmod(0o600)
            content = self._place.read_bytes()
        except OSError as error:
            raise NotConfigured(
                f"The stored credentials cannot be read: {self._place}: {error.strerror or error}."
            ) from error
        return _open(content, self._place, self._key)

    def _replace(self, sealed: bytes | None) -> None:
        """The file is the old or the new one at any time, after a power cut too."""
        if sealed is None:
            self._place.unlink(missing_ok=True)
        else:
            try:
                write_new(self._arriving, sealed)
                self._arriving.replace(self._place)
            except OSError:
                with suppress(OSError):
                    self._arriving.unlink(missing_ok=True)
                raise
        sync_folder(self._place.parent)


@dataclass(frozen=True)
class _Opened:
    kept: dict[str, str]
    salt: bytes
    is_first: bool = False
    """There is no file yet."""


def _seal(kept: dict[str, str], opened: _Opened, key: KeySource) -> bytes:
    from cryptography.fernet import Fernet

    text = json.dumps(kept, ensure_ascii=False).encode()
    token = Fernet(key.key(opened.salt, is_first=opened.is_first)).encrypt(text)
    told = {
        "version": _VERSION,
        "locked_by": key.kind,
        "salt": base64.b64encode(opened.salt).decode(),
        "secrets": token.decode(),
    }
    return json.dumps(told).encode()


def _open(content: bytes, place: Path, key: KeySource) -> _Opened:
    """Raises NotConfigured, and says what to do."""
    from cryptography.fernet import Fernet, InvalidToken

    try:
        told = json.loads(content)
        version, locked_by, token = told["version"], told["locked_by"], told["secrets"].encode()
        salt = base64.b64decode(told["salt"], validate=True)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotConfigured(
            f"{place}, which has the credentials, is damaged. Put it back from a copy. {_WAY_OUT}"
        ) from None
    if version != _VERSION:
        raise NotConfigured(f"{place}, which has the credentials, is of a newer Cowork. Start that one.")
    if locked_by != key.kind:
        raise NotConfigured(f"The credentials in {place} {_OTHER_LOCK[key.kind]} {_WAY_OUT}")
    try:
        text = Fernet(key.key(salt, is_first=False)).decrypt(token)
    except InvalidToken:
        raise NotConfigured(f"{key.wrong}; where it is, {place} is damaged. {_WAY_OUT}") from None
    return _Opened(json.loads(text), salt)
