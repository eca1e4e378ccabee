"""Signing in with OAuth: where the browser is sent, and what comes back from there."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from cowork_desktop.clock import Clock
from cowork_desktop.connectors import oauth
from cowork_desktop.connectors.connections import Connections
from cowork_desktop.connectors.fields import Parted
from cowork_desktop.connectors.fresh_tokens import FreshTokens, told
from cowork_desktop.connectors.live import told_as_errors
from cowork_desktop.connectors.oauth import Client, Pending, SignIns
from cowork_desktop.connectors.specs import MethodData, ProviderData, SpecData, Specs
from cowork_desktop.connectors.vault import Vault
from cowork_desktop.errors import InvalidRequest, NotConfigured, NotFound
from cowork_desktop.schemas.base import rfc3339
from cowork_desktop.schemas.connectors import Connection, OAuthClient, OAuthClientPut, OAuthQuery, OAuthStart
from cowork_desktop.store import connections, oauth_clients
from cowork_desktop.store.database import Database
from cowork_desktop.store.oauth_clients import StoredClient

CALLBACK = "/api/v1/connectors/oauth/callback"


@dataclass(frozen=True)
class SigningIn:
    db: Database
    specs: Specs
    vault: Vault
    tokens: FreshTokens
    connections: Connections
    pending: SignIns
    clock: Clock
    redirect_uri: str

    async def start(self, spec_id: str, query: OAuthQuery) -> OAuthStart:
        """Raises NotFound, InvalidRequest, and NotConfigured where Cowork is no client of the provider."""
        spec, method, provider = await asyncio.to_thread(self._kind, spec_id)
        await self._check(query.connection_id, spec, method)
        client = await self.tokens.client(provider.id)
        if client is None:
            raise NotConfigured(
                f"Cowork is not registered with {provider.name} yet. Register an app at {provider.docs_url}"
                f" with the redirect URI {self.redirect_uri}, and enter its client id in the settings (PUT"
                f" /api/v1/settings/oauth-clients/{provider.id})."
            )
        with told_as_errors():
            redirect_url, pending = self.pending.start(
                spec,
                provider,
                client,
                self.redirect_uri,
                connection_id=query.connection_id,
                name=query.name,
                access=query.access,
            )
        return OAuthStart(
            redirect_url=redirect_url, state=pending.state, expires_at=rfc3339(pending.expires_at)
        )

    async def finish(self, state: str, code: str | None, error: str | None) -> Connection:
        """The connection that the user has signed in for. Raises InvalidRequest where the state is none that
        waits or the user was refused, and ConnectorFailed."""
        pending = self.pending.take(state)
        if pending is None:
            raise InvalidRequest(
                "This sign-in is not known, was used, or is older than 10 minutes. Start it again."
            )
        if code is None:
            raise InvalidRequest(f"The provider refused to sign in: {_shown(error)}.")
        spec, method, provider = await asyncio.to_thread(self._kind, pending.spec_id)
        client = await self.tokens.client(provider.id)
        if client is None:
            raise NotConfigured(f"The OAuth client of {provider.name} was removed meanwhile.")
        return await self._signed_in(pending, spec, method, provider, client, code)

    async def _signed_in(
        self,
        pending: Pending,
        spec: SpecData,
        method: MethodData,
        provider: ProviderData,
        client: Client,
        code: str,
    ) -> Connection:
        with told_as_errors():
            secrets = told(await oauth.exchange(provider, client, pending, code, clock=self.clock))
        if pending.connection_id is not None:
            return await self.connections.sign_in(pending.connection_id, method, secrets)
        given = Parted({}, secrets)
        return await self.connections.add(spec, method, pending.name or spec.name, pending.access, given)

    async def clients(self) -> list[OAuthClient]:
        """Of every provider that there is, by name."""
        known = await self.db.read(oauth_clients.all_)
        providers = await asyncio.to_thread(lambda: self.specs.providers)
        return [
            self._told(provider, known.get(provider.id))
            for provider in sorted(providers.values(), key=lambda one: one.name.lower())
        ]

    async def put_client(self, provider_id: str, body: OAuthClientPut) -> OAuthClient:
        """Raises NotFound, and NotConfigured where there is nowhere to keep the secret."""
        provider = await self._provider(provider_id)
        secrets = {"client_secret": body.client_secret} if body.client_secret else {}
        async with self.vault.new(f"oauth-client/{provider.id}", secrets) as name:
            stored = StoredClient(provider.id, body.client_id, name)
            await self.db.write(oauth_clients.put, stored)
        await self.vault.clear()
        return self._told(provider, stored)

    async def delete_client(self, provider_id: str) -> None:
        """Raises NotFound where there is no such provider."""
        await self._provider(provider_id)
        await self.db.write(oauth_clients.delete, provider_id)
        await self.vault.clear()

    async def _provider(self, id: str) -> ProviderData:
        provider = (await asyncio.to_thread(lambda: self.specs.providers)).get(id)
        if provider is None:
            raise NotFound.of("OAuth provider", id)
        return provider

    def _kind(self, spec_id: str) -> tuple[SpecData, MethodData, ProviderData]:
        """Blocks at the first time."""
        spec = self.specs.all.get(spec_id)
        if spec is None:
            raise NotFound.of("connector spec", spec_id)
        method = spec.oauth_method
        provider = self.specs.providers.get(method.oauth.provider) if method and method.oauth else None
        if method is None or provider is None:
            raise InvalidRequest(
                f"{spec.name} has no sign-in with OAuth: create a connection with its credentials."
            )
        return spec, method, provider

    async def _check(self, connection_id: str | None, spec: SpecData, method: MethodData) -> None:
        """There must be what a sign-in does not bring: fields that somebody has to fill in."""
        known: Mapping[str, object] = {}
        if connection_id is not None:
            stored = await self.db.read(connections.stored, connection_id)
            known = stored.fields
            if stored.connection.spec_id != spec.id:
                words = f"This is no connection of {spec.name}."
                raise InvalidRequest.at("query.connection_id", words, "other_spec")
        wanted = [one.label for one in method.fields if one.required and one.default is None]
        if wanted and not all(one.key in known for one in method.fields if one.required):
            raise InvalidRequest.at(
                "query.connection_id",
                f"{spec.name} needs {', '.join(wanted)} besides. Create a connection with the method"
                f" {method.id!r} first, then sign in for it.",
                "missing",
            )

    def _told(self, provider: ProviderData, stored: StoredClient | None) -> OAuthClient:
        return OAuthClient(
            provider=provider.id,
            name=provider.name,
            client_id=stored.client_id if stored else None,
            has_secret=bool(stored and stored.secret_name),
            redirect_uri=self.redirect_uri,
            docs_url=provider.docs_url,
        )


def _shown(error: str | None) -> str:
    """The provider's word for it, which anybody could have put into the address."""
    word = error or "no code came back"
    return (
        word if word.isascii() and word.replace("_", "").replace(" ", "").isalnum() else "an unknown reason"
    )
