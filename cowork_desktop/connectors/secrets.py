"""Credentials in the OS keyring; the only import of `keyring`."""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Protocol

from cowork_desktop.errors import NotConfigured

_SERVICE = "cowork-desktop"
_TIMEOUT_SECONDS = 20.0
SecretsState = Literal["keyring", "file", "unavailable"]


class Secrets(Protocol):
    def state(self) -> SecretsState: ...

    async def get(self, name: str) -> str | None: ...

    async def put(self, name: str, secret: str) -> None: ...

    async def delete(self, name: str) -> None: ...


class KeyringSecrets:
    """`owner` keeps two data folders of one user apart.

    The keyring can block on a prompt, so each call runs in a thread and is given up after 20 s; each raises
    NotConfigured where there is no keyring that answers.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._state: SecretsState = "keyring" if _is_likely() else "unavailable"

    def state(self) -> SecretsState:
        """What is known without waiting: a good guess before the first use, the truth from then on."""
        return self._state

    async def get(self, name: str) -> str | None:
        secret: str | None = await self._call("get_password", name)
        return secret

    async def put(self, name: str, secret: str) -> None:
        await self._call("set_password", name, secret)

    async def delete(self, name: str) -> None:
        """Remove it; one that is not there is no error."""
        if await self.get(name) is not None:
            await self._call("delete_password", name)

    async def check(self) -> SecretsState:
        """Ask the keyring, and keep what that shows."""
        with suppress(NotConfigured):
            await self.get("check")
        return self._state

    async def _call(self, function: str, name: str, *arguments: str) -> Any:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                result = await asyncio.to_thread(_run, function, f"{self._owner}/{name}", *arguments)
        except Exception as error:
            self._state = "unavailable"
            raise NotConfigured(
                "The system's keyring does not answer, so no credential can be kept. Unlock it, or install"
                " one"
                " (GNOME Keyring or KWallet on Linux); a model key can also be given in ANTHROPIC_API_KEY."
            ) from error
        self._state = "keyring"
        return result


def _run(function: str, *arguments: str) -> Any:
    import keyring
    from keyring.backends.fail import Keyring as NoKeyring

    backend = keyring.get_keyring()
    if isinstance(backend, NoKeyring):
        raise RuntimeError("no keyring backend")
    return getattr(backend, function)(_SERVICE, *arguments)


def _is_likely() -> bool:
    """Whether a keyring can be expected; asking it means an import and a round trip that a start must not
    wait for."""
    if sys.platform in ("darwin", "win32") or "PYTHON_KEYRING_BACKEND" in os.environ:
        return True
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return "DBUS_SESSION_BUS_ADDRESS" in os.environ or (runtime is not None and Path(runtime, "bus").exists())
