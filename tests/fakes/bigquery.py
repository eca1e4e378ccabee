"""An endpoint on loopback that answers as BigQuery's REST API and Google's token endpoint do.

It understands no SQL: what a query gives is set. It holds what it is asked to the reference: who signs in,
with what scope each method can be called, and how pages and jobs follow each other.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from cowork_desktop.connectors.drivers.driver import Target
from cowork_desktop.schemas.connectors import Access

EMAIL = "reader@heron-project.iam.gserviceaccount.com"
ALL = "https://www.googleapis.com/auth/bigquery"
READ = "https://www.googleapis.com/auth/bigquery.readonly"
OAUTH_TOKEN = "oauth-token-of-a-reader"


@dataclass
class BigQuery:
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    url: str = ""
    statement: str = "SELECT"
    bytes: int = 1_000
    schema: dict[str, Any] = field(default_factory=lambda: {"fields": [{"name": "n", "type": "INTEGER"}]})
    pages: list[list[Any]] = field(default_factory=lambda: [[{"f": [{"v": "1"}]}]])
    waits: int = 0
    """How often the query is not complete yet."""
    holds: bool = False
    """Nothing is answered to a query until the test goes on."""
    error: tuple[int, dict[str, Any]] | None = None
    """Of the query."""
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """The method and path below the project, the scope of the token, and the body or the query."""
    cancelled: list[str] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    _scopes: dict[str, str] = field(default_factory=lambda: {OAUTH_TOKEN: READ})

    def key_file(self, **other: str) -> str:
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        told = {
            "type": "service_account",
            "project_id": "heron-project",
            "private_key_id": "4711",
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "token_uri": "https://oauth2.googleapis.com/token",
        }
        return json.dumps(told | other)

    def target(self, access: Access = "read", **settings: str | int | bool) -> Target:
        options = {"base_url": self.url, "token_url": f"{self.url}/token"}
        return Target(settings, {"key": self.key_file()}, access, options)

    def oauth_target(self, access: Access = "read") -> Target:
        return Target(
            {"project": "heron-project"}, {"access_token": OAUTH_TOKEN}, access, {"base_url": self.url}
        )

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        head, claims, signature = str(form["assertion"]).split(".")
        try:
            self.key.public_key().verify(
                _decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            body = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
            return web.json_response(body, status=400)
        told, about = json.loads(_decoded(claims)), json.loads(_decoded(head))
        assert (about["alg"], about["kid"]) == ("RS256", "4711")
        assert (told["iss"], told["aud"]) == (EMAIL, f"{self.url}/token")
        assert told["exp"] - told["iat"] == 3600
        token = f"token-{len(self._scopes)}"
        self._scopes[token] = told["scope"]
        return web.json_response({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    async def answer(self, request: web.Request) -> web.Response:
        scope = self._scopes.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if scope is None:
            return _error(401, "Invalid credentials", reason="authError")
        body = dict(request.query) if request.method == "GET" else await _body(request)
        path = request.match_info["path"]
        self.asked.append((f"{request.method} {path}", scope, body))
        needs_all = request.method == "POST" and path != "queries"
        if needs_all and scope != ALL:
            return _error(403, "Insufficient scopes", reason="insufficientPermissions")
        return await self._answer(request.method, path, body)

    async def _answer(self, method: str, path: str, body: dict[str, Any]) -> web.Response:
        match method, path.split("/"):
            case "POST", ["jobs"]:
                assert body["configuration"]["dryRun"] is True
                query = {"statementType": self.statement}
                return web.json_response(
                    {"statistics": {"totalBytesProcessed": str(self.bytes), "query": query}}
                )
            case "POST", ["jobs", id, "cancel"]:
                self.cancelled.append(id)
                return web.json_response({})
            case "POST", ["queries"] if body.get("dryRun"):
                return web.json_response({"totalBytesProcessed": str(self.bytes), "jobComplete": True})
            case "POST", ["queries"]:
                return await self._begin()
            case "GET", ["queries", "job-1"]:
                return self._page(body)
            case "GET", ["datasets"]:
                return web.json_response({"datasets": [{"datasetReference": {"datasetId": "shop"}}]})
            case "GET", ["datasets", "shop", "tables"]:
                return web.json_response({"tables": [{"tableReference": {"tableId": "orders-2026"}}]})
            case "GET", ["datasets", "shop", "tables", "orders-2026"]:
                told = {"type": "TABLE", "numRows": "42", "description": "All orders", "schema": self.schema}
                return web.json_response(told)
        return _error(404, f"Not found: {path}", reason="notFound")

    async def _begin(self) -> web.Response:
        if self.error:
            return web.json_response({"error": self.error[1]}, status=self.error[0])
        if self.holds:
            self.held.set()
            await self.go_on.wait()
        return self._page({})

    def _page(self, query: dict[str, Any]) -> web.Response:
        reference = {"projectId": "heron-project", "jobId": "job-1", "location": "EU"}
        if self.waits:
            self.waits -= 1
            return web.json_response({"jobReference": reference, "jobComplete": False})
        number = int(query.get("pageToken", "0"))
        page = {
            "jobReference": reference,
            "jobComplete": True,
            "schema": self.schema,
            "rows": self.pages[number],
        }
        more = {"pageToken": str(number + 1)} if number + 1 < len(self.pages) else {}
        return web.json_response(page | more)


@asynccontextmanager
async def running_bigquery() -> AsyncIterator[BigQuery]:
    fake = BigQuery()
    app = web.Application(client_max_size=1_000_000)
    app.router.add_post("/token", fake.token)
    app.router.add_route("*", "/bigquery/v2/projects/heron-project/{path:.*}", fake.answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield fake
    finally:
        fake.go_on.set()
        await runner.cleanup()


async def _body(request: web.Request) -> dict[str, Any]:
    return dict(json.loads(await request.read() or b"{}"))


def _error(status: int, message: str, *, reason: str) -> web.Response:
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return web.json_response({"error": error}, status=status)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
