"""Signs the user in at a provider of OAuth 2.0, by authorization code with PKCE.

https://www.rfc-editor.org/rfc/rfc6749, 7636 and 9700. The tokens come by `oauth_tokens.py`.
"""

import base64
import hashlib
import secrets

from cowork_desktop.clock import Clock
from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.oauth_shapes import Client, Pending, Tokens, provider_url
from cowork_desktop.connectors.oauth_tokens import exchange, is_fresh, refresh, revoke
from cowork_desktop.connectors.specs import ProviderData, SpecData
from cowork_desktop.schemas.connectors import Access

__all__ = ["Client", "Pending", "SignIns", "Tokens", "exchange", "is_fresh", "refresh", "revoke"]

LIFE_SECONDS = 600
MOST_PENDING = 100


class SignIns:
    """Those that have begun, in memory: a restart forgets them. At most MOST_PENDING, the oldest go first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pending: dict[str, Pending] = {}

    def start(
        self,
        spec: SpecData,
        provider: ProviderData,
        client: Client,
        redirect_uri: str,
        *,
        connection_id: str | None = None,
        name: str | None = None,
        access: Access = "read",
    ) -> tuple[str, Pending]:
        """Where the user's browser is to be sent, and what waits for its return. Raises DriverFailed."""
        method = spec.oauth_method
        if method is None or method.oauth is None:
            raise DriverFailed("failed", f"{spec.name} has no sign-in by OAuth.")
        pending = Pending(
            state=secrets.token_urlsafe(32),
            spec_id=spec.id,
            method_id=method.id,
            provider=provider.id,
            verifier=secrets.token_urlsafe(64),
            redirect_uri=redirect_uri,
            expires_at=self._clock.now() + LIFE_SECONDS * 1000,
            connection_id=connection_id,
            name=name,
            access=access,
        )
        further = {**provider.parameters, **method.oauth.parameters}
        scope = provider.scope_separator.join(method.oauth.scopes)
        url = _redirect_url(provider, client, pending, scope, further)
        self._keep(pending)
        return url, pending

    def take(self, state: str) -> Pending | None:
        """It can be taken once. None: it is not known, was taken, or is too old."""
        pending = self._pending.pop(_hashed(state), None)
        return pending if pending and self._clock.now() < pending.expires_at else None

    def connection_of(self, state: str) -> str | None:
        """The connection that a sign-in which waits is for; None: it is for a new one, or is not known."""
        pending = self._pending.get(_hashed(state))
        return pending.connection_id if pending else None

    def _keep(self, pending: Pending) -> None:
        now = self._clock.now()
        alive = {key: one for key, one in self._pending.items() if now < one.expires_at}
        alive[_hashed(pending.state)] = pending
        self._pending = dict(list(alive.items())[-MOST_PENDING:])


def _redirect_url(
    provider: ProviderData, client: Client, pending: Pending, scope: str, further: dict[str, str]
) -> str:
    own = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": pending.redirect_uri,
        "state": pending.state,
        "code_challenge": _challenge(pending.verifier),
        "code_challenge_method": "S256",
    }
    url = provider_url(provider, provider.authorize_url)
    return str(url.update_query(further | own | ({"scope": scope} if scope else {})))


def _challenge(verifier: str) -> str:
    """https://www.rfc-editor.org/rfc/rfc7636#section-4.2"""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _hashed(state: str) -> str:
    """How long a look-up takes says nothing of what is kept."""
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()
