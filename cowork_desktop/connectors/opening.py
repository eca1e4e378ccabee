"""Makes connections ready for use: the spec, the driver, and the credentials."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.registry import DRIVERS, driver
from cowork_desktop.connectors.fields import with_defaults
from cowork_desktop.connectors.fresh_tokens import FreshTokens
from cowork_desktop.connectors.live import Live
from cowork_desktop.connectors.masking import Masking
from cowork_desktop.connectors.specs import MethodData, SpecData, Specs
from cowork_desktop.connectors.vault import Vault
from cowork_desktop.errors import CoworkError
from cowork_desktop.store.connections import Stored

_NOT_SECRET = frozenset(("expires_at", "scope"))
"""What is kept beside tokens, and stands in answers for other reasons."""
_ENTER_AGAIN = "Its credentials are not in the keyring any more. Enter them again."


@dataclass(frozen=True)
class Opening:
    specs: Specs
    vault: Vault
    tokens: FreshTokens

    async def open(self, stored: Stored, refused: str | None = None) -> Live:
        """`refused`: an access token that the service has refused. Raises DriverFailed."""
        spec, method = await asyncio.to_thread(self._kind, stored)
        entry = DRIVERS[spec.driver]
        if entry.missing:
            raise DriverFailed("missing_library", entry.missing)
        try:
            stored, secrets = await self._now(stored, method, refused)
        except CoworkError as error:
            raise DriverFailed("authentication", error.message) from error
        target = Target(
            settings=with_defaults(method, stored.fields),
            secrets=secrets,
            access=stored.connection.access,
            options={"name": spec.name, **spec.options},
            method=method.model_dump(include={"id", "auth"}),
        )
        found = await asyncio.to_thread(driver, spec.driver)
        masking = Masking(value for key, value in secrets.items() if key not in _NOT_SECRET)
        live = Live(stored.connection, stored.revision, spec, entry.use, found, target, masking)
        if method.oauth is None or refused is not None:
            return live
        return replace(live, renew=lambda: self.open(stored, secrets.get("access_token")))

    def _kind(self, stored: Stored) -> tuple[SpecData, MethodData]:
        """Blocks at the first time."""
        spec = self.specs.all.get(stored.connection.spec_id)
        method = spec.method(stored.connection.method) if spec else None
        if spec is None or method is None:
            raise DriverFailed(
                "failed",
                f"There is no connector {stored.connection.spec_id!r} any more. Delete this connection.",
            )
        return spec, method

    async def _now(
        self, stored: Stored, method: MethodData, refused: str | None
    ) -> tuple[Stored, Mapping[str, str]]:
        """The connection with its secrets, both of one moment."""
        if method.oauth:
            return stored, await self.tokens.of(stored.connection.id, method, refused)
        secrets: Mapping[str, str] = await self.vault.get(stored.secret_name)
        if not secrets and stored.secret_keys:
            stored, secrets = await self.tokens.now(stored.connection.id)
            if not secrets:
                raise DriverFailed("authentication", _ENTER_AGAIN)
        return stored, secrets
