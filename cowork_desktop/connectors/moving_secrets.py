"""Which store has the credentials, and how they come from one into another."""

import asyncio
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from cowork_desktop.connectors.secret_file import FILE_NAME, SecretFile
from cowork_desktop.connectors.secret_key import PASSPHRASE, KeyFile, KeySource, Passphrase
from cowork_desktop.connectors.secrets import KeyringSecrets, Secrets, SecretsState
from cowork_desktop.errors import CoworkError, NotConfigured

logger = logging.getLogger(__name__)
SecretsKind = Literal["keyring", "file"]


class MovingSecrets:
    """The credentials of `current`, and those that are still in `previous`.

    What is in `current` counts: it is as new as what is in `previous`, or newer.
    """

    def __init__(self, current: Secrets, previous: Secrets | None) -> None:
        self._current, self._previous = current, previous
        self._one_change = asyncio.Lock()

    @property
    def is_moving(self) -> bool:
        """There may be some to `move`."""
        return self._previous is not None

    def state(self) -> SecretsState:
        return self._current.state()

    async def get(self, name: str) -> str | None:
        if (secret := await self._current.get(name)) is not None or self._previous is None:
            return secret
        if (secret := await self._previous.get(name)) is not None:
            return secret
        return await self._current.get(name)  # it may have been moved between the two

    async def put(self, name: str, secret: str) -> None:
        """Where `previous` does not answer, what it has stays there, and does not count any more."""
        async with self._one_change:
            await self._current.put(name, secret)
            if self._previous is None or self._previous.state() == "unavailable":
                return
            try:
                await self._previous.delete(name)
            except CoworkError as error:
                logger.warning("The old place still has a credential that was replaced: %s", error.message)

    async def delete(self, name: str) -> None:
        """From both. One that does not answer keeps the other from nothing; it is raised in the end."""
        async with self._one_change:
            try:
                if self._previous is not None:
                    await self._previous.delete(name)
            finally:
                await self._current.delete(name)

    async def move(self, names: Iterable[str]) -> bool:
        """Bring what `previous` has under these names into `current`; returns whether it has none of them any
        more. It can be cut off at any point, and done again."""
        if self._previous is None:
            return True
        are_all_moved = True
        for name in names:
            try:
                async with self._one_change:
                    await self._move(name, self._previous)
            except NotConfigured as error:  # a store that does not answer would not for the others
                logger.warning("Credentials cannot be moved yet: %s", error.message)
                return False
            except CoworkError as error:
                logger.warning("A credential cannot be moved yet: %s", error.message)
                are_all_moved = False
        return are_all_moved

    async def _move(self, name: str, previous: Secrets) -> None:
        if (secret := await previous.get(name)) is None:
            return
        if await self._current.get(name) is None:
            await self._current.put(name, secret)
            if await self._current.get(name) != secret:
                raise NotConfigured("What was put there did not come back.")
        await previous.delete(name)


def open_secrets(
    wanted: SecretsKind | None,
    noted: SecretsKind | None,
    owner: str,
    data_dir: Path,
    *,
    is_unfinished: bool = False,
    key_folder: Path | None = None,
) -> MovingSecrets:
    """The store that is `wanted` (None: the one that is noted, else the keyring), which still looks into the
    other one where that may have some: where it is `noted` as the one in use so far (None: none is), or where
    the last move `is_unfinished`.

    Nothing is asked or written yet. `key_folder`: where the key of the encrypted file is, instead of among
    the user's configuration.
    """
    kind = wanted or noted or "keyring"

    def opened(kind: SecretsKind) -> Secrets:
        if kind == "keyring":
            return KeyringSecrets(owner)
        return SecretFile(data_dir, _key_source(owner, data_dir, key_folder))

    other: SecretsKind = "file" if kind == "keyring" else "keyring"
    # The file goes with its last secret: one that is there has some, of a move that was not finished.
    is_left = other == "file" and (data_dir / FILE_NAME).exists()
    return MovingSecrets(opened(kind), opened(other) if noted == other or is_unfinished or is_left else None)


def _key_source(owner: str, data_dir: Path, key_folder: Path | None) -> KeySource:
    if passphrase := os.environ.get(PASSPHRASE):
        return Passphrase(passphrase)
    return KeyFile(owner, data_dir, key_folder)
