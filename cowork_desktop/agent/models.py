"""Which model answers: the provider's where a key is set, else the built-in one."""

import os
from collections.abc import Callable
from typing import Literal

from cowork_desktop.agent import offline_model
from cowork_desktop.agent.model import Model, ModelError
from cowork_desktop.agent.offline_model import OfflineModel
from cowork_desktop.agent.preferences import Preferences
from cowork_desktop.connectors.secrets import Secrets
from cowork_desktop.errors import CoworkError
from cowork_desktop.store import settings
from cowork_desktop.store.database import Database

SECRET_NAME = "anthropic-api-key"
"""Of the key, where credentials are kept."""
KEY_IS_STORED = "model_key_is_stored"
"""Under which the stored settings say that it is there."""
_NO_KEY = "none"
MakeModel = Callable[[str, str | None], Model]
"""Of a key and a base URL."""


class Models:
    """Keeps one client as long as key and address stay the same. The key's presence is noted in the
    database, so that nobody has to wait for the keyring to know of it."""

    def __init__(self, db: Database, secrets: Secrets, preferences: Preferences, make: MakeModel) -> None:
        self._db, self._secrets, self._preferences, self._make = db, secrets, preferences, make
        self._offline = OfflineModel()
        self._is_stored = False
        self._made: tuple[tuple[str, str | None], Model] | None = None
        self._retired: list[Model] = []

    async def load(self) -> None:
        self._is_stored = bool((await self._db.read(settings.get)).get(KEY_IS_STORED))

    @property
    def key_source(self) -> Literal["keyring", "file", "environment"] | None:
        if self._is_stored:
            return "file" if self._secrets.state() == "file" else "keyring"
        return "environment" if os.environ.get("ANTHROPIC_API_KEY") else None

    @property
    def is_configured(self) -> bool:
        """Whether there is a model to call: a key for it, or a server of the user's own, which may want
        none."""
        return self.key_source is not None or self._preferences.current.base_url is not None

    def provider_of(self, name: str) -> str:
        """Who answers a request for this model."""
        return "anthropic" if self.is_configured and name != offline_model.NAME else self._offline.provider

    async def get(self, provider: str) -> Model:
        """Raises ModelError where the key cannot be had."""
        if provider == self._offline.provider:
            return self._offline
        wanted = (await self._key(), self._preferences.current.base_url)
        if self._made is None or self._made[0] != wanted:
            if self._made:
                self._retired.append(self._made[1])
            self._made = (wanted, self._make(*wanted))
        return self._made[1]

    async def fresh(self, key: str | None, base_url: str | None) -> Model:
        """A client for this address alone, with this key or the one in force; whoever asks for it closes it.
        Raises ModelError where the key cannot be had."""
        return self._make(key or await self._key(), base_url)

    async def put_key(self, key: str) -> None:
        """Raises NotConfigured where there is no keyring."""
        await self._secrets.put(SECRET_NAME, key)
        await self._note(True)

    async def delete_key(self) -> None:
        if self._is_stored:
            await self._secrets.delete(SECRET_NAME)
            await self._note(False)

    async def close(self) -> None:
        for model in [*self._retired, *([self._made[1]] if self._made else [])]:
            await model.close()

    async def _note(self, is_stored: bool) -> None:
        await self._db.write(settings.put, {KEY_IS_STORED: is_stored})
        self._is_stored = is_stored

    async def _key(self) -> str:
        if not self._is_stored:
            return os.environ.get("ANTHROPIC_API_KEY") or _NO_KEY
        try:
            key = await self._secrets.get(SECRET_NAME)
        except CoworkError as error:
            raise ModelError("authentication", error.message) from error
        if key is None:
            raise ModelError(
                "authentication", "The stored API key is gone from the keyring. Set it again in the settings."
            )
        return key
