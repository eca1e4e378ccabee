"""Gets, renews and takes back the tokens of OAuth 2.0 at a provider's endpoints."""

import base64
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import aiohttp

from cowork_desktop.clock import Clock, SystemClock
from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.drivers.http_failures import CONNECT_SECONDS, failures_of
from cowork_desktop.connectors.oauth_shapes import Client, Pending, Tokens, provider_url
from cowork_desktop.connectors.specs import ProviderData

SECONDS = 15.0
FRESH_MILLISECONDS = 60_000
"""What expires sooner counts as expired."""
_MOST_BYTES = 64 * 1024
_MOST_SECONDS = 10 * 366 * 24 * 3600
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")
# RFC 6749, 5.2; the rest are what GitHub and Slack say.
_GONE = frozenset(
    (
        "account_inactive",
        "bad_refresh_token",
        "bad_verification_code",
        "code_already_used",
        "expired_token",
        "invalid_auth",
        "invalid_code",
        "invalid_grant",
        "invalid_refresh_token",
        "token_expired",
        "token_revoked",
    )
)
_WRONG_CLIENT = frozenset(
    (
        "bad_client_secret",
        "bad_redirect_uri",
        "incorrect_client_credentials",
        "invalid_client",
        "invalid_client_id",
        "redirect_uri_mismatch",
        "unauthorized_client",
    )
)


def is_fresh(tokens: Tokens, now_ms: int) -> bool:
    return tokens.expires_at is None or now_ms < tokens.expires_at - FRESH_MILLISECONDS


async def exchange(
    provider: ProviderData,
    client: Client,
    pending: Pending,
    code: str,
    *,
    clock: Clock | None = None,
    seconds: float = SECONDS,
) -> Tokens:
    """The tokens for the code that came with the user. Raises DriverFailed."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": pending.redirect_uri,
        "code_verifier": pending.verifier,
    }
    told = await _asked(provider, client, form, seconds)
    return _tokens(provider, _at(told, provider.token_path), clock)


async def refresh(
    provider: ProviderData,
    client: Client,
    tokens: Tokens,
    *,
    clock: Clock | None = None,
    seconds: float = SECONDS,
) -> Tokens:
    """New ones. Raises DriverFailed: `authentication` where the user has to sign in anew, `forbidden` where
    the provider does not know us; anything else may be better when it is tried again."""
    if tokens.refresh_token is None:
        raise _sign_in_anew(provider)
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    told = await _asked(provider, client, form, seconds)
    inner = _at(told, provider.token_path)
    # Slack has them somewhere else when they are renewed.
    renewed = _tokens(provider, inner if "access_token" in inner else told, clock)
    kept = renewed.refresh_token or tokens.refresh_token
    return replace(renewed, refresh_token=kept, scope=renewed.scope or tokens.scope)


async def revoke(provider: ProviderData, client: Client, tokens: Tokens, *, seconds: float = SECONDS) -> None:
    """As well as it can be done: https://www.rfc-editor.org/rfc/rfc7009. Raises nothing."""
    if provider.revoke_url is None:
        return
    kinds = {"refresh_token": tokens.refresh_token, "access_token": tokens.access_token}
    for kind, token in kinds.items():
        if token:
            with suppress(DriverFailed):
                form = {"token": token, "token_type_hint": kind}
                await _posted(provider, client, provider.revoke_url, form, seconds)


async def _asked(
    provider: ProviderData, client: Client, form: Mapping[str, str], seconds: float
) -> Mapping[str, Any]:
    """What the token endpoint tells. Raises DriverFailed."""
    status, content = await _posted(provider, client, provider.token_url, form, seconds)
    told = _parsed(content)
    # GitHub and Slack say with 200 that it went wrong.
    if not 200 <= status < 300 or told.get("error") or told.get("ok") is False:
        raise _refused(provider, status, told.get("error"))
    return told


async def _posted(
    provider: ProviderData, client: Client, url: str, form: Mapping[str, str], seconds: float
) -> tuple[int, bytes]:
    headers, own = _who(provider, client)
    headers |= {"Accept": "application/json", "User-Agent": "cowork-desktop"}
    address, told = provider_url(provider, url), {**form, **own}
    body: dict[str, Any] = {"json": told} if provider.json_body else {"data": told}
    async with (
        failures_of(address.host_port_subcomponent or "", seconds),
        aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
            trust_env=False,
        ) as session,
        session.post(address, headers=headers, allow_redirects=False, **body) as response,
    ):
        return response.status, await _content(provider, response)


async def _content(provider: ProviderData, response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > _MOST_BYTES:
            raise _odd(provider)
    return bytes(content)


def _who(provider: ProviderData, client: Client) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and form fields that say who asks: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1"""
    if client.client_secret is None:
        return {}, {"client_id": client.client_id}
    if provider.client_auth == "post":
        return {}, {"client_id": client.client_id, "client_secret": client.client_secret}
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}


def _parsed(content: bytes) -> dict[str, Any]:
    """JSON, or a form, as some answer who are asked for JSON."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        told = dict(parse_qsl(content.decode("utf-8", "replace")))
    return told if isinstance(told, dict) else {}


def _tokens(provider: ProviderData, told: Mapping[str, Any], clock: Clock | None) -> Tokens:
    kind = told.get("token_type", "bearer")
    # Slack says whose token it is instead.
    kinds = ("bearer", "user", "bot") if provider.token_path else ("bearer",)
    access, refresh = told.get("access_token"), told.get("refresh_token") or None
    is_usable = isinstance(kind, str) and kind.lower() in kinds and _is_token(access)
    if not is_usable or not (refresh is None or _is_token(refresh)):
        raise _odd(provider)
    seconds, scope = _seconds(told.get("expires_in")), told.get("scope")
    expires_at = None if seconds is None else (clock or SystemClock()).now() + seconds * 1000
    return Tokens(str(access), refresh, expires_at, scope if isinstance(scope, str) else "")


def _is_token(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable() and len(value.strip()) > 0


def _seconds(value: Any) -> int | None:
    """As a number or a text; 0 or less, and what is neither: nobody says."""
    try:
        seconds = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return min(seconds, _MOST_SECONDS) if seconds > 0 else None


def _at(told: Mapping[str, Any], path: list[str]) -> Mapping[str, Any]:
    for step in path:
        inner = told.get(step)
        told = inner if isinstance(inner, dict) else {}
    return told


def _refused(provider: ProviderData, status: int, error: Any) -> DriverFailed:
    """Only the code of an error: its description may repeat what was sent."""
    code = error if isinstance(error, str) and _CODE.fullmatch(error) else None
    if code in _GONE:
        return _sign_in_anew(provider, code)
    if code in _WRONG_CLIENT or (status == 401 and code is None):
        return DriverFailed(
            "forbidden",
            f"{provider.name} does not accept the client ID or secret ({code or status})."
            " Look at them in the settings, and at the redirect address there.",
        )
    return DriverFailed("failed", f"{provider.name} gave no token: it answered {code or status}.")


def _sign_in_anew(provider: ProviderData, code: str | None = None) -> DriverFailed:
    said = f" ({code})" if code else ""
    return DriverFailed("authentication", f"The sign-in at {provider.name} has ended{said}. Sign in again.")


def _odd(provider: ProviderData) -> DriverFailed:
    return DriverFailed("failed", f"{provider.name} answered something that is no token.")
