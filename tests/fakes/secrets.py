"""Secrets in memory; or none at all, as on a machine without a keyring; or some that fail now and then."""

from cowork_desktop.connectors.secrets import SecretsState
from cowork_desktop.errors import NotConfigured


class MemorySecrets:
    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def state(self) -> SecretsState:
        return "keyring"

    async def get(self, name: str) -> str | None:
        return self.kept.get(name)

    async def put(self, name: str, secret: str) -> None:
        self.kept[name] = secret

    async def delete(self, name: str) -> None:
        self.kept.pop(name, None)


class NoSecrets(MemorySecrets):
    def state(self) -> SecretsState:
        return "unavailable"

    async def get(self, name: str) -> str | None:
        raise NotConfigured("There is no keyring.")

    async def put(self, name: str, secret: str) -> None:
        raise NotConfigured("There is no keyring.")


class Failing:
    """Counts the calls of all stores that share it, and fails one and all after it."""

    def __init__(self, at: int | None = None) -> None:
        self.at, self.calls = at, 0

    def count(self) -> None:
        self.calls += 1
        if self.at is not None and self.calls >= self.at:
            raise NotConfigured("There is no keyring any more.")


class FailingSecrets(MemorySecrets):
    """Fails before its calls have an effect, or with `is_late` after it."""

    def __init__(self, failing: Failing, *, is_late: bool = False) -> None:
        super().__init__()
        self._failing, self._is_late = failing, is_late

    async def get(self, name: str) -> str | None:
        self._failing.count()
        return await super().get(name)

    async def put(self, name: str, secret: str) -> None:
        if self._is_late:
            await super().put(name, secret)
        self._failing.count()
        await super().put(name, secret)

    async def delete(self, name: str) -> None:
        if self._is_late:
            await super().delete(name)
        self._failing.count()
        await super().delete(name)
