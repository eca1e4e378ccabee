"""Secrets in memory; or none at all, as on a machine without a keyring."""

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
