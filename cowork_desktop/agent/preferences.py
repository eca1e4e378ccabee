"""The user's settings in force: what is stored, under what flags and variables set over it."""

from typing import Any

from pydantic import ValidationError

from cowork_desktop.schemas.settings import SettingsPatch, UserSettings
from cowork_desktop.store import settings
from cowork_desktop.store.database import Database, Tx


class Preferences:
    def __init__(self, stored: UserSettings, overrides: dict[str, str]) -> None:
        self.overrides = overrides
        self._stored = stored

    @classmethod
    async def load(cls, db: Database, overrides: dict[str, str]) -> "Preferences":
        return cls(await db.read(_load), overrides)

    @property
    def current(self) -> UserSettings:
        return self._stored.model_copy(update=self.overrides)

    async def patch(self, db: Database, body: SettingsPatch) -> None:
        self._stored = await db.write(_patch, body.model_dump())


def _load(tx: Tx) -> UserSettings:
    """A value that an older or a hand-made file has and that cannot be used counts as not set."""
    stored = {name: value for name, value in settings.get(tx).items() if name in UserSettings.model_fields}
    try:
        return UserSettings.model_validate(stored)
    except ValidationError as error:
        faulty = {str(fault["loc"][0]) for fault in error.errors()}
        return UserSettings.model_validate(
            {name: value for name, value in stored.items() if name not in faulty}
        )


def _patch(tx: Tx, changes: dict[str, Any]) -> UserSettings:
    stored = _load(tx).model_dump()
    for group in ("limits", "kernels", "memories", "files", "approvals", "web", "schedules"):
        if group in changes:
            changes[group] = stored[group] | changes[group]
    settings.put(tx, changes)
    return _load(tx)
