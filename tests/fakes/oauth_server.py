"""A provider of OAuth 2.0 on loopback, as strict as RFC 9700 wants it, with an API behind it and faults."""

import asyncio
import base64
import hashlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import unquote_plus, urlencode

import aiohttp
from aiohttp import web
from yarl import URL

from cowork_desktop.connectors.specs import ProviderData

CLIENT_ID, CLIENT_SECRET = "cowork-client", "client-s3cret:+%/="


class Fault(Enum):
    """Of the token endpoint."""

    ERROR_500 = "500 without words"
    ERROR_IN_200 = "an error with status 200, as GitHub"
    GARBAGE = "a page of HTML"
    HUGE = "more than anybody reads"
    INVALID_GRANT = "the sign-in was revoked"
    NOT_OK = "ok: false with status 200, as Slack"
    REDIRECT = "it sends on"
    STALL = "it says nothing until the client goes away"


@dataclass(eq=False)
class _Grant:
    """What the user allowed once."""

    scope: str
    access: set[str] = field(default_factory=set)
    refresh: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    """Refresh tokens of before."""

    def revoke(self) -> None:
        self.used |= self.refresh
        self.access.clear()
        self.refresh.clear()


@dataclass(frozen=True)
class _Code:
    challenge: str
    redirect_uri: str
    scope: str


@dataclass(eq=False)
class OAuthServer:
    url: str = ""
    client_id: str = CLIENT_ID
    client_secret: str | None = CLIENT_SECRET
    """None: it takes public clients."""
    redirect_uri: str | None = None
    """The registered one; None: any."""
    denies: bool = False
    """The user says no."""
    fault: Fault | None = None
    expires_in: int | str | None = 3600
    token_type: str | None = "Bearer"
    rotates: bool = True
    """A refresh gives a new refresh token, and the old one is void."""
    is_form: bool = False
    """Answers are forms, not JSON."""
    nested: str | None = None
    """Where in the answer the tokens are."""
    seen: Counter[str] = field(default_factory=Counter)
    """authorize, authorization_code, refresh_token, revoke, me; refused, for what had an error."""
    forms: list[Mapping[str, str]] = field(default_factory=list)
    """What came to the token endpoint and to that for revoking."""
    headers: list[Mapping[str, str]] = field(default_factory=list)
    """With them, by small names."""
    left: int = 0
    """Clients that went away unanswered."""
    _codes: dict[str, _Code] = field(default_factory=dict)
    _spent: dict[str, _Grant] = field(default_factory=dict)
    _grants: list[_Grant] = field(default_factory=list)

    def provider(self, **changes: Any) -> ProviderData:
        """How a file of `providers` describes it."""
        told = {
            "id": "fake",
            "name": "Fake",
            "docs_url": f"{self.url}/apps",
            "authorize_url": f"{self.url}/authorize",
            "token_url": f"{self.url}/token",
            "revoke_url": f"{self.url}/revoke",
        }
        return ProviderData.model_validate(told | changes)

    @property
    def access_tokens(self) -> set[str]:
        """Those that are good now."""
        return {token for grant in self._grants for token in grant.access}

    @property
    def refresh_tokens(self) -> set[str]:
        return {token for grant in self._grants for token in grant.refresh}

    def expire_access(self) -> None:
        """All access tokens are too old from now on."""
        for grant in self._grants:
            grant.access.clear()

    def revoke_all(self) -> None:
        """The user takes back everything, on the provider's page."""
        for grant in self._grants:
            grant.revoke()

    async def visit(self, redirect_url: str) -> dict[str, str]:
        """What a browser does whose user agrees: the parameters that it brings back."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(redirect_url, allow_redirects=False) as answer,
        ):
            assert answer.status == 302, await answer.text()
            return dict(URL(answer.headers["Location"]).query)

    async def authorize(self, request: web.Request) -> web.Response:
        self.seen["authorize"] += 1
        asked = request.query
        # With a wrong client or address nobody is sent anywhere: RFC 6749, 4.1.2.1.
        redirect_uri = asked.get("redirect_uri", "")
        if asked.get("client_id") != self.client_id or not self._is_registered(redirect_uri):
            return web.Response(status=400, text="unknown client or redirect_uri")
        is_good = (
            asked.get("response_type") == "code"
            and asked.get("code_challenge_method") == "S256"
            and len(asked.get("code_challenge", "")) == 43
        )
        if not is_good:
            return self._back(redirect_uri, error="invalid_request", state=asked.get("state", ""))
        if self.denies:
            return self._back(redirect_uri, error="access_denied", state=asked.get("state", ""))
        code = secrets.token_urlsafe(16)
        self._codes[code] = _Code(asked["code_challenge"], redirect_uri, asked.get("scope", ""))
        return self._back(redirect_uri, code=code, state=asked.get("state", ""))

    async def token(self, request: web.Request) -> web.StreamResponse:
        form = await self._form(request)
        self.seen[form.get("grant_type", "")] += 1
        if self.fault:
            return await self._faulty(self.fault)
        if not self._is_client(request, form):
            return self._refuse("invalid_client", 401)
        match form.get("grant_type"):
            case "authorization_code":
                return self._exchanged(form)
            case "refresh_token":
                return self._refreshed(form.get("refresh_token", ""))
        return self._refuse("unsupported_grant_type")

    async def revoke(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        self.seen["revoke"] += 1
        if not self._is_client(request, form):
            return self._refuse("invalid_client", 401)
        for grant in self._grants:
            if form.get("token") in grant.access | grant.refresh:
                grant.revoke()
        return web.Response()

    async def me(self, request: web.Request) -> web.Response:
        """The API behind it."""
        self.seen["me"] += 1
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.access_tokens:
            return web.json_response({"error": "invalid_token"}, status=401)
        return web.json_response({"login": "octocat"})

    async def elsewhere(self, request: web.Request) -> web.Response:
        """Where Fault.REDIRECT leads; nobody should bring anything there."""
        await self._form(request)
        return web.json_response({"access_token": "stolen"})

    async def _form(self, request: web.Request) -> dict[str, str]:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        return form

    def _is_registered(self, redirect_uri: str) -> bool:
        return bool(redirect_uri) and self.redirect_uri in (None, redirect_uri)

    def _is_client(self, request: web.Request, form: Mapping[str, str]) -> bool:
        given = form.get("client_id"), form.get("client_secret")
        basic = request.headers.get("Authorization", "")
        if basic.startswith("Basic "):
            user, _, password = base64.b64decode(basic[6:]).decode().partition(":")
            given = unquote_plus(user), unquote_plus(password)
        return given == (self.client_id, self.client_secret)

    def _exchanged(self, form: Mapping[str, str]) -> web.Response:
        code = form.get("code", "")
        if code in self._spent:
            # Somebody has it who should not: RFC 6749, 4.1.2.
            self._spent[code].revoke()
            return self._refuse("invalid_grant")
        kept = self._codes.pop(code, None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if kept is None or (kept.challenge, kept.redirect_uri) != (challenge, form.get("redirect_uri")):
            return self._refuse("invalid_grant")
        grant = _Grant(kept.scope)
        self._spent[code] = grant
        self._grants.append(grant)
        return self._issued(grant, is_first=True)

    def _refreshed(self, token: str) -> web.Response:
        for grant in self._grants:
            if token in grant.refresh:
                return self._issued(grant, is_first=False)
            if token in grant.used:
                # A refresh token that comes again is in two hands: RFC 9700, 4.14.2.
                grant.revoke()
        return self._refuse("invalid_grant")

    def _issued(self, grant: _Grant, *, is_first: bool) -> web.Response:
        access = f"access-{secrets.token_urlsafe(24)}"
        grant.access.add(access)
        told: dict[str, Any] = {"access_token": access, "scope": grant.scope}
        if is_first or self.rotates:
            grant.used |= grant.refresh
            grant.refresh = {f"refresh-{secrets.token_urlsafe(24)}"}
            told["refresh_token"] = next(iter(grant.refresh))
        told |= {"expires_in": self.expires_in} if self.expires_in is not None else {}
        told |= {"token_type": self.token_type} if self.token_type is not None else {}
        return self._told({self.nested: told, "ok": True} if self.nested else told)

    def _told(self, told: Mapping[str, Any], status: int = 200) -> web.Response:
        if self.is_form:
            return web.Response(text=urlencode(told), content_type="application/x-www-form-urlencoded")
        return web.json_response(told, status=status, headers={"Cache-Control": "no-store"})

    def _refuse(self, error: str, status: int = 400) -> web.Response:
        self.seen["refused"] += 1
        return self._told({"error": error, "error_description": "No."}, status)

    def _back(self, redirect_uri: str, **parameters: str) -> web.Response:
        return web.Response(status=302, headers={"Location": str(URL(redirect_uri).update_query(parameters))})

    async def _faulty(self, fault: Fault) -> web.StreamResponse:
        match fault:
            case Fault.ERROR_500:
                return web.Response(status=500)
            case Fault.ERROR_IN_200:
                return web.json_response({"error": "bad_verification_code", "error_description": "No."})
            case Fault.GARBAGE:
                return web.Response(text="<html>Welcome</html>", content_type="text/html")
            case Fault.HUGE:
                return web.Response(text='{"access_token": "' + "a" * 100_000 + '"}')
            case Fault.INVALID_GRANT:
                return self._refuse("invalid_grant")
            case Fault.NOT_OK:
                return web.json_response({"ok": False, "error": "invalid_refresh_token"})
            case Fault.REDIRECT:
                return web.Response(status=307, headers={"Location": f"{self.url}/elsewhere"})
            case Fault.STALL:
                return await self._stall()

    async def _stall(self) -> web.Response:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.left += 1
            raise
        raise AssertionError


@asynccontextmanager
async def running_oauth(**settings: Any) -> AsyncIterator[OAuthServer]:
    """On a free port of loopback."""
    server = OAuthServer(**settings)
    app = web.Application()
    app.router.add_get("/authorize", server.authorize)
    app.router.add_post("/token", server.token)
    app.router.add_post("/revoke", server.revoke)
    app.router.add_get("/me", server.me)
    app.router.add_post("/elsewhere", server.elsewhere)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()
