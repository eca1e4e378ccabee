"""What a sign-in by OAuth 2.0 is made of."""

from dataclasses import dataclass, field

from yarl import URL

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.drivers.http_urls import is_loopback
from cowork_desktop.connectors.specs import ProviderData
from cowork_desktop.schemas.connectors import Access


@dataclass(frozen=True)
class Client:
    """Who Cowork is to a provider."""

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    """None: a public client."""


@dataclass(frozen=True)
class Pending:
    """A sign-in that has begun."""

    state: str = field(repr=False)
    spec_id: str
    method_id: str
    provider: str
    """Its id."""
    verifier: str = field(repr=False)
    redirect_uri: str
    expires_at: int
    """Milliseconds."""
    connection_id: str | None
    """The one that signs in anew; null: one is to be made."""
    name: str | None
    access: Access


@dataclass(frozen=True)
class Tokens:
    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: int | None = None
    """Milliseconds; None: nobody says."""
    scope: str = ""
    """As the provider writes it."""


def provider_url(provider: ProviderData, text: str) -> URL:
    """An endpoint of it. Raises DriverFailed where what goes there could be read on the way."""
    url = URL(text)
    if url.scheme != "https" and not is_loopback(url):
        raise DriverFailed("tls", f"{provider.name} would be asked without encryption, at {text}")
    return url
