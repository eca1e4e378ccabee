"""An API over HTTP on loopback: it looks at credentials as real ones do, echoes, and answers as tests say."""

import asyncio
import base64
import hashlib
import hmac
import re
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

TOKEN = "tok-R4nd0m+/=secret"
"""What it accepts: as Bearer, as a password of `ada`, in X-API-Key, as ?api_key=."""
AWS_KEY_ID, AWS_SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    target: str
    """Path and query, raw."""
    headers: Mapping[str, str]
    """By small names."""
    body: bytes


@dataclass(eq=False)
class ApiServer:
    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    """By raw paths; what is not there echoes."""
    seen: list[Seen] = field(default_factory=list)
    left: int = 0
    """Requests whose client went away before they were answered."""

    def redirect(self, path: str, place: str, status: int = 302) -> None:
        async def answer(request: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": place})

        self.answers[path] = answer

    def say(self, path: str, body: object, status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        async def answer(request: web.Request) -> web.Response:
            return web.json_response(body, status=status, headers=named)

        self.answers[path] = answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Seen(request.method, request.raw_path, headers, await request.read())
        self.seen.append(seen)
        try:
            if answer := self.answers.get(request.rel_url.raw_path):
                return await answer(request)
        except asyncio.CancelledError:
            self.left += 1
            raise
        return web.json_response(_echo(seen, request))


def _echo(seen: Seen, request: web.Request) -> dict[str, object]:
    return {
        "method": seen.method,
        "path": request.rel_url.raw_path,
        "query": list(map(list, request.query.items())),
        "body": seen.body.decode(),
    }


async def who(request: web.Request) -> web.Response:
    """Who asks, where the credentials are right."""
    if not is_known(request):
        return web.json_response({"message": "Bad credentials"}, status=401)
    return web.json_response({"login": "octocat", "teams": [{"name": "cats"}]})


async def who_or_no(request: web.Request) -> web.Response:
    """As Slack does it: always with 200."""
    told = {"ok": True, "user": "octocat"} if is_known(request) else {"ok": False, "error": "invalid_auth"}
    return web.json_response(told)


async def aws(request: web.Request) -> web.Response:
    """Whether the signature is that of the request as it came."""
    right = is_signed(
        request.method, request.raw_path, dict(request.headers.items()), await request.read(), AWS_SECRET
    )
    return web.Response(status=200 if right else 403, text="<ok/>" if right else "<Error>no</Error>")


async def stall(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


def is_known(request: web.Request) -> bool:
    basic = base64.b64encode(f"ada:{TOKEN}".encode()).decode()
    given = request.headers.get("Authorization")
    in_header = given in (f"Bearer {TOKEN}", f"Basic {basic}") or request.headers.get("X-API-Key") == TOKEN
    return in_header or request.query.getall("api_key", []) == [TOKEN]


def is_signed(method: str, raw_path: str, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """As S3 checks Signature Version 4, by the bytes on the wire."""
    given = {name.lower(): value for name, value in headers.items()}
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=[^/]+/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})",
        given.get("authorization", ""),
    )
    if found is None or given["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
        return False
    scope, names, signature = found.groups()
    path, _, query = raw_path.partition("?")
    lines = "".join(f"{name}:{given[name]}\n" for name in names.split(";"))
    query = "&".join(sorted(query.split("&")))
    request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{given['x-amz-content-sha256']}"
    to_sign = (
        f"AWS4-HMAC-SHA256\n{given['x-amz-date']}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    )
    key = f"AWS4{secret}".encode()
    for part in [*scope.split("/"), to_sign]:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(key.hex(), signature) and "host" in names.split(";")


@asynccontextmanager
async def running_api(tls: ssl.SSLContext | None = None) -> AsyncIterator[ApiServer]:
    """On a free port. `tls`: its own side of it."""
    api = ApiServer(answers={"/v1/user": who, "/v1/auth.test": who_or_no})
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        scheme, port = "https" if tls else "http", runner.addresses[0][1]
        api.url = f"{scheme}://127.0.0.1:{port}"
        yield api
    finally:
        await runner.cleanup()


def tls_pair() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side for 127.0.0.1, and that of a client who trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "certificate.pem")
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem)
        server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=pem.decode())
