"""A site on loopback that passes for a public one: each path has its answer, faults among them."""

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from itertools import repeat
from pathlib import Path
from typing import Any

from cowork_desktop.web.addresses import Address
from cowork_desktop.web.fetch import Fetcher
from cowork_desktop.web.pages import Pages
from cowork_desktop.workspace.page_texts import PageTexts

HOST = "heron.example"
LOOPBACK = "127.0.0.1"
OK = "200 OK"
_CERTIFICATE = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZ+b4YbVai48AkrVX
hcOTa0QEMPmhssowPH9XDK9iWD+hRANCAARbr/Yo98H0wRvO50rSznZhWt/kHPZI
3GWWcW+6GxdrllZtMFnKe9UsseiF2rDO8WCasWE0ymyYQberZtartFyA
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIUCjbq7ivHN+G/G9QWlfmNIliTb64wCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNaGVyb24uZXhhbXBsZTAgFw0yNjExMjUyMDMzNTJaGA8yMTI2
MTEwMTIwMzM1MlowGDEWMBQGA1UEAwwNaGVyb24uZXhhbXBsZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABFuv9ij3wfTBG87nStLOdmFa3+Qc9kjcZZZxb7obF2uW
Vm0wWcp71Syx6IXasM7xYJqxYTTKbJhBt6tm1qu0XICjbTBrMB0GA1UdDgQWBBSi
o5ncibiztQEccXJro/oQmWOd/TAfBgNVHSMEGDAWgBSio5ncibiztQEccXJro/oQ
mWOd/TAPBgNVHRMBAf8EBTADAQH/MBgGA1UdEQQRMA+CDWhlcm9uLmV4YW1wbGUw
CgYIKoZIzj0EAwIDSAAwRQIhAIAF0AaJKgU64REwl+bs4PXtwfAhBg//iH93BqVc
PnfsAiBi0mTCwVoLnGRetXKENhCZWW5uBC1qF1r3OL6SBH6C/w==
-----END CERTIFICATE-----
"""
"""For HOST, and of nobody's trust. The key of nothing else."""


class Fault(Enum):
    STALL = "say nothing until the client goes away"


Step = bytes | Fault


@dataclass(frozen=True)
class Answer:
    """What a path answers. Each step is one write; without a length, the connection's end is the body's."""

    steps: Iterable[Step]
    type: str | None = "text/html; charset=utf-8"
    status: str = OK
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def head(self) -> bytes:
        named = ({"Content-Type": self.type} if self.type else {}) | dict(self.headers)
        lines = [f"HTTP/1.1 {self.status}", *(f"{name}: {value}" for name, value in named.items())]
        return ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode()


def page(text: str | bytes, type: str | None = "text/html; charset=utf-8", **headers: str) -> Answer:
    content = text.encode() if isinstance(text, str) else text
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer([content], type, headers={"Content-Length": str(len(content)), **names})


def redirect(place: str, status: str = "302 Found", **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer([], status=status, headers={"Location": place, "Content-Length": "0", **names})


def endless(piece: bytes, **headers: str) -> Answer:
    """Chunks of this piece, for as long as anybody reads them."""
    chunk = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    return Answer(repeat(chunk), headers={"Transfer-Encoding": "chunked", **headers})


@dataclass(eq=False)
class Site:
    answers: dict[str, Answer]
    """By path and query."""
    folder: Path
    port: int = 0
    requests: list[str] = field(default_factory=list)
    """Their heads as they came."""
    connections: int = 0
    open: int = 0
    lookups: list[str] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def paths(self) -> list[str]:
        return [request.split(" ")[1] for request in self.requests]

    def url(self, path: str = "/", *, host: str = HOST, scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Every name is a name of this site."""
        self.lookups.append(host)
        return [LOOPBACK]

    def pages(self, *, kept_bytes: int = 1_000_000, **fetching: Any) -> Pages:
        """Pages that reach this site and nothing else; `fetching` in the place of what lets them."""
        allowed: dict[str, Any] = {"resolve": self.resolve, "may_reach": is_loopback}
        return Pages(PageTexts(self.folder).read, Fetcher(**(allowed | fetching)), kept_bytes=kept_bytes)

    async def until_left(self) -> None:
        """Wait until no connection is open."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self.open)

    async def until_asked(self, n: int = 1) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.requests) >= n)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections, self.open = self.connections + 1, self.open + 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._play(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self.open -= 1
            await self._tell()

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(head)
        await self._tell()
        answer = self.answers[head.split(" ")[1]]
        writer.write(answer.head)
        for step in answer.steps:
            if step is Fault.STALL:
                await reader.read()
            else:
                writer.write(step)
                await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def is_loopback(peer: Address, own: Address | None) -> bool:
    return str(peer) == LOOPBACK


@asynccontextmanager
async def running_site(
    folder: Path, answers: Mapping[str, Answer] | None = None, *, has_tls: bool = False
) -> AsyncIterator[Site]:
    """`folder` is where pages lie while they are read. In the end the client has closed all connections."""
    site = Site(dict(answers or {}), folder)
    server = await asyncio.start_server(site.answer, LOOPBACK, 0, ssl=_tls() if has_tls else None)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
        async with asyncio.timeout(5):
            await site.until_left()
    finally:
        server.close()
        await server.wait_closed()


def _tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "certificate.pem")
        file.write_text(_CERTIFICATE)
        context.load_cert_chain(file)
    return context
