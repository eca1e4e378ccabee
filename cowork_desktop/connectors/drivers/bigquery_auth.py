"""Access tokens for the key of a Google service account.

https://developers.google.com/identity/protocols/oauth2/service-account#httprest and RFC 7523.
"""

import asyncio
import base64
import json
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from yarl import URL

from cowork_desktop.clock import SystemClock
from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.unreached import reaching

READ = "https://www.googleapis.com/auth/bigquery.readonly"
ALL = "https://www.googleapis.com/auth/bigquery"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_VALID_SECONDS = 3_600
_MOST_BYTES = 100_000


@dataclass(frozen=True)
class ServiceKey:
    email: str
    id: str
    project: str
    token_url: URL
    private_key: str = field(repr=False)


def service_key(target: Target) -> ServiceKey:
    """Of the secret field `key`, the JSON file that Google gives out. Raises DriverFailed."""
    try:
        key: Any = json.loads(target.text("key"))
    except ValueError:
        key = None
    if not isinstance(key, dict) or key.get("type") != "service_account":
        raise _unusable("It should be the whole JSON file of a service account's key.")
    texts = [key.get(name) for name in ("client_email", "private_key", "project_id", "private_key_id")]
    if not all(isinstance(text, str) and text for text in texts):
        raise _unusable("It should have client_email, private_key, private_key_id and project_id.")
    email, private_key, project, id = map(str, texts)
    return ServiceKey(email, id, project, _token_url(target, key), private_key)


async def access_token(session: aiohttp.ClientSession, key: ServiceKey, scope: str) -> str:
    """Raises DriverFailed."""
    assertion = await asyncio.to_thread(_assertion, key, scope, SystemClock().now() // 1_000)
    form = {"grant_type": _GRANT, "assertion": assertion}
    with reaching(key.token_url):
        async with session.post(key.token_url, data=form, allow_redirects=False) as answer:
            body, status = await answer.content.read(_MOST_BYTES), answer.status
    try:
        told = json.loads(body)
        if status == 200:
            return str(told["access_token"])
        reason = str(told.get("error_description") or told.get("error"))
    except (ValueError, KeyError, TypeError, AttributeError):
        reason = f"status {status}"
    raise DriverFailed("authentication", f"Google does not accept the service account's key: {reason[:300]}")


def _token_url(target: Target, key: dict[str, Any]) -> URL:
    """Where the assertion is sent, which is as good as a password: Google's alone, whatever the file says."""
    if given := target.options.get("token_url"):
        return URL(str(given))
    try:
        url = URL(str(key.get("token_uri", "https://oauth2.googleapis.com/token")))
    except ValueError:
        url = URL()
    is_theirs = url.scheme == "https" and (url.host or "").endswith(".googleapis.com") and url.port == 443
    if not is_theirs or url.user is not None:
        raise _unusable("Its token_uri is not one of Google's.")
    return url


def _assertion(key: ServiceKey, scope: str, now: int) -> str:
    """A JWT signed with RS256: RFC 7519, RFC 7515."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    head = {"alg": "RS256", "typ": "JWT", "kid": key.id}
    claims = {
        "iss": key.email,
        "scope": scope,
        "aud": str(key.token_url),
        "iat": now,
        "exp": now + _VALID_SECONDS,
    }
    signed = b".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
    try:
        private = serialization.load_pem_private_key(key.private_key.encode(), password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise _unusable("Its private_key is damaged.")
    signature = private.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return b".".join((signed, _base64url(signature))).decode()


def _base64url(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _unusable(why: str) -> DriverFailed:
    return DriverFailed("authentication", f"The service account's key cannot be used. {why}")
