"""The tokens of connections that somebody has signed in for: fresh when they are used, refreshed once."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from cowork_desktop.clock import Clock
from cowork_desktop.connectors import oauth
from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.oauth import Client, Tokens
from cowork_desktop.connectors.specs import MethodData, ProviderData, Specs
from cowork_desktop.connectors.vault import Vault
from cowork_desktop.notifications import Notifications
from cowork_desktop.schemas.notifications import ConnectionChanged
from cowork_desktop.store import connections, oauth_clients
from cowork_desktop.store.connections import Stored, Tested
from cowork_desktop.store.database import Database
from cowork_desktop.tasks import wholly

logger = logging.getLogger(__name__)
Secrets = Mapping[str, str]

_SIGN_IN = "Nobody is signed in for it. Sign in: GET /connectors/oauth/{}/start?connection_id={}."


@dataclass(eq=False)
class FreshTokens:
    db: Database
    specs: Specs
    vault: Vault
    notifications: Notifications
    clock: Clock
    _changing: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def of(self, connection_id: str, method: MethodData, refused: str | None = None) -> Secrets:
        """A connection's secrets with an access token that is fresh, and not the one that the service has
        refused. Raises DriverFailed, and NotConfigured where the keyring does not answer."""
        stored, secrets = await self._signed_in(connection_id)
        if self._is_good(secrets, refused):
            return secrets
        # One at a time: providers take a refresh token once. Who waited finds the fresh one.
        async with self.changing(connection_id):
            stored, secrets = await self._signed_in(connection_id)
            if self._is_good(secrets, refused):
                return secrets
            return await wholly(self._refreshed(stored, method, secrets))

    async def client(self, provider: str) -> Client | None:
        """Who Cowork is to a provider; None where nobody has said."""
        found = (await self.db.read(oauth_clients.all_)).get(provider)
        if found is None:
            return None
        return Client(found.client_id, (await self.vault.get(found.secret_name)).get("client_secret"))

    async def revoke(self, method: MethodData, secrets: Secrets) -> None:
        """Tell the provider that they are not used any more, as far as it can be told."""
        with suppress(DriverFailed):
            provider, client = await self._provider(method)
            await oauth.revoke(provider, client, tokens_in(secrets))

    def changing(self, connection_id: str) -> asyncio.Lock:
        """Held by what replaces a connection's secrets with others that are made of them."""
        return self._changing.setdefault(connection_id, asyncio.Lock())

    async def now(self, connection_id: str) -> tuple[Stored, Secrets]:
        """A connection with its secrets, of one and the same moment. Raises NotFound, and NotConfigured."""
        while True:
            stored = await self.db.read(connections.stored, connection_id)
            secrets = await self.vault.get(stored.secret_name)
            if secrets or stored.secret_name is None:
                return stored, secrets
            # They were replaced, and cleared away, between the two.
            again = await self.db.read(connections.stored, connection_id)
            if again.secret_name == stored.secret_name:
                return stored, secrets

    async def _signed_in(self, connection_id: str) -> tuple[Stored, Secrets]:
        stored, secrets = await self.now(connection_id)
        if "access_token" not in secrets:
            words = _SIGN_IN.format(stored.connection.spec_id, connection_id)
            raise DriverFailed("authentication", words)
        return stored, secrets

    def _is_good(self, secrets: Secrets, refused: str | None) -> bool:
        tokens = tokens_in(secrets)
        return tokens.access_token != refused and oauth.is_fresh(tokens, self.clock.now())

    async def _refreshed(self, stored: Stored, method: MethodData, secrets: Secrets) -> Secrets:
        provider, client = await self._provider(method)
        try:
            tokens = await oauth.refresh(provider, client, tokens_in(secrets), clock=self.clock)
        except DriverFailed as error:
            if error.kind == "authentication":
                await self._note_revoked(stored, error.message)
            raise
        fresh = {**secrets, **told(tokens)}
        id = stored.connection.id
        async with self.vault.new(f"connection/{id}", fresh) as name:
            assert name
            is_kept = await self.db.write(connections.replace_secret, id, stored.secret_name, name)
        if not is_kept:  # the connection is gone
            await oauth.revoke(provider, client, tokens)
        await self.vault.clear()
        return fresh

    async def _provider(self, method: MethodData) -> tuple[ProviderData, Client]:
        assert method.oauth
        provider = self.specs.providers.get(method.oauth.provider)
        client = await self.client(method.oauth.provider)
        if provider is None or client is None:
            raise DriverFailed(
                "authentication",
                f"The OAuth client of {method.oauth.provider} is not set any more. Set it in the settings.",
            )
        return provider, client

    async def _note_revoked(self, stored: Stored, words: str) -> None:
        tested = Tested("error", error=words)
        connection = await self.db.write(
            connections.note_test, stored.connection.id, self.clock.now(), stored.revision, tested
        )
        if connection:
            self.notifications.tell(ConnectionChanged, connection=connection)


def tokens_in(secrets: Secrets) -> Tokens:
    expires_at = secrets.get("expires_at")
    return Tokens(
        access_token=secrets.get("access_token", ""),
        refresh_token=secrets.get("refresh_token"),
        expires_at=int(expires_at) if expires_at else None,
        scope=secrets.get("scope", ""),
    )


def told(tokens: Tokens) -> dict[str, str]:
    """The tokens as secrets of a connection."""
    values = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "expires_at": None if tokens.expires_at is None else str(tokens.expires_at),
        "scope": tokens.scope,
    }
    return {name: value for name, value in values.items() if value}
