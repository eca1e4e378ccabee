"""Credentials in the OS keyring; the only import of `keyring`."""

import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from cowork_desktop.connectors import secret_parts
from cowork_desktop.connectors.one_thread import OneThread, Step
from cowork_desktop.errors import NotConfigured

logger = logging.getLogger(__name__)
T = TypeVar("T")

_SERVICE = "cowork-desktop"
_TIMEOUT_SECONDS = 20.0
_ENTRY_BYTES = 2_000 if sys.platform == "win32" else 100_000
"""Of UTF-16. Windows takes 2,560 bytes (CRED_MAX_CREDENTIAL_BLOB_SIZE of wincred.h). Others take more, and
should: GNOME Keyring writes all that it has anew for each entry, which takes a tenth of a second."""
SecretsState = Literal["keyring", "file", "unavailable"]


class Secrets(Protocol):
    def state(self) -> SecretsState: ...

    async def get(self, name: str) -> str | None: ...

    async def put(self, name: str, secret: str) -> None: ...

    async def delete(self, name: str) -> None: ...


class KeyringSecrets:
    """`owner` keeps two data folders of one user apart.

    The keyring can block on a prompt, so it is asked in a thread of its own, and given up where one step
    takes longer than `seconds`; each call raises NotConfigured where there is no keyring that answers.
    """

    def __init__(
        self, owner: str, *, seconds: float = _TIMEOUT_SECONDS, entry_bytes: int = _ENTRY_BYTES
    ) -> None:
        """`entry_bytes`: what is longer is kept in several entries; see `secret_parts.put`."""
        self._owner, self._seconds, self._entry_bytes = owner, seconds, entry_bytes
        self._thread = OneThread("keyring")
        self._state: SecretsState = "keyring" if _is_likely() else "unavailable"

    def state(self) -> SecretsState:
        """What is known without waiting: a good guess before the first use, the truth from then on."""
        return self._state

    async def get(self, name: str) -> str | None:
        return await self._call(lambda entries: secret_parts.get(entries, f"{self._owner}/{name}"))

    async def put(self, name: str, secret: str) -> None:
        """Whatever goes wrong, the old one or the new one is there afterwards, whole."""
        await self._call(
            lambda entries: secret_parts.put(entries, f"{self._owner}/{name}", secret, self._entry_bytes)
        )

    async def delete(self, name: str) -> None:
        """Remove it; one that is not there is no error."""
        await self._call(lambda entries: secret_parts.delete(entries, f"{self._owner}/{name}"))

    async def check(self) -> SecretsState:
        """Ask the keyring, and keep what that shows."""
        with suppress(NotConfigured):
            await self.get("check")
        return self._state

    async def _call(self, work: Callable[[secret_parts.Entries], T]) -> T:
        try:
            result = await self._thread.run(lambda step: work(_KeyringEntries(step)), self._seconds)
        except Exception as error:  # each backend has errors of its own, and nobody knows what they tell
            self._state = "unavailable"
            logger.warning("The keyring failed: %s", type(error).__name__)
            raise NotConfigured(_words(error, self._seconds)) from None
        self._state = "keyring"
        return result


class _KeyringEntries:
    """The entries of the keyring; `step` is called before each call of it."""

    def __init__(self, step: Step) -> None:
        step()
        self._step, self._backend = step, _backend()

    def read(self, name: str) -> str | None:
        self._step()
        text: str | None = self._backend.get_password(_SERVICE, name)
        return text

    def write(self, name: str, text: str) -> None:
        self._step()
        self._backend.set_password(_SERVICE, name, text)

    def remove(self, name: str) -> None:
        self._step()
        self._backend.delete_password(_SERVICE, name)


class _NoKeyring(Exception):
    """There is none, or one that keeps nothing."""


def _backend() -> Any:
    import keyring
    from keyring.backends import fail, null

    backend = keyring.get_keyring()
    if isinstance(backend, fail.Keyring):
        backend = _one_that_came_later() or backend
    if isinstance(backend, fail.Keyring | null.Keyring):
        raise _NoKeyring
    return backend


def backend_name() -> str:
    """Of the keyring that `keyring` has chosen, as `SecretService Keyring`."""
    import keyring

    return str(keyring.get_keyring().name)


def _one_that_came_later() -> Any:
    """`keyring` looks around once; a keyring that starts after this server is to be found too. None where
    there still is none, or where the user has said which to use."""
    import keyring
    from keyring.backend import KeyringBackend
    from keyring.core import load_config, load_env

    if load_env() or load_config():
        return None
    best = max(KeyringBackend.get_viable_backends(), key=lambda backend: float(backend.priority))
    if best.priority <= 0:
        return None
    keyring.set_keyring(best())
    return keyring.get_keyring()


def _words(error: Exception, seconds: float) -> str:
    """What to tell the user of it; by names of `keyring.errors`, whose import may be what failed."""
    if isinstance(error, TimeoutError):
        what = (
            f"The system's keyring did not answer within {seconds:g} s: it may be locked, or ask for its"
            " password in a window. So"
        )
    elif type(error).__name__ == "KeyringLocked":
        what = "The system's keyring is locked, so"
    elif isinstance(error, _NoKeyring):
        what = "This system has no keyring, so"
    else:
        what = "The system's keyring does not answer, so"
    return (
        f"{what} no credential can be kept or read. Unlock it, or install one (GNOME Keyring or KWallet on"
        " Linux), and try again; or start Cowork with `--secrets file`, which keeps credentials in an"
        " encrypted file. A model key can also be given in ANTHROPIC_API_KEY."
    )


def _is_likely() -> bool:
    """Whether a keyring can be expected; asking it means an import and a round trip that a start must not
    wait for."""
    if sys.platform in ("darwin", "win32") or "PYTHON_KEYRING_BACKEND" in os.environ:
        return True
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return "DBUS_SESSION_BUS_ADDRESS" in os.environ or (runtime is not None and Path(runtime, "bus").exists())
