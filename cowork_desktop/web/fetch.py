"""Fetches one page of the web, from a public host and from the very address that was checked.

Nothing of the user's goes with the request: no cookies, no credentials, no proxy that the environment names.
"""

import asyncio
import codecs
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from cowork_desktop.web.addresses import NOT_PUBLIC, Address, PageFailed, literal, may_reach, page_url
from cowork_desktop.web.pinned import PinnedConnector

MOST_BYTES = 5 * 1024 * 1024
"""Of a page, as it is when it is unpacked."""
SECONDS = 20.0
"""For all of it, redirects included."""
_TOO_LARGE = f"It is larger than {MOST_BYTES // 1024**2} MB."
_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_HEADERS = {
    "User-Agent": "cowork-desktop",
    "Accept": "text/html, application/xhtml+xml, text/*, application/pdf, application/json;q=0.9, */*;q=0.5",
    "Accept-Encoding": "gzip, deflate",
}
_UNPACKED = ("", "identity", "gzip", "deflate")
_TEXTS = ("json", "jsonl", "x-ndjson", "javascript", "pdf", "xml", "yaml", "x-yaml", "toml", "sql")
_KINDS = {"audio": "a sound", "font": "a font", "image": "a picture", "video": "a video"}
# Encoding Standard, 4.2: what pages are written in. Python has codecs of other kinds under names, too.
_ENCODINGS = re.compile(
    "utf-8|utf-16(-[bl]e)?|iso8859-\\d+|cp125\\d|cp(866|874|932|949)|koi8-[ru]|mac-(roman|cyrillic)"
    "|shift_jis|euc_(jp|kr)|iso2022_jp|gb(18030|2312|k)|big5(hkscs)?"
)
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, for a port; raises OSError."""
MayReach = Callable[[Address, Address | None], bool]


@dataclass(frozen=True)
class Fetched:
    url: str
    """Where it was found in the end."""
    media_type: str
    """Without parameters."""
    content: bytes
    """In UTF-8 with a byte order mark where the server told its encoding; else as it came."""


async def resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Fetcher:
    """`resolve` and `may_reach` are others in tests only, which serve pages on this machine."""

    def __init__(
        self, *, resolve: Resolve = resolve, may_reach: MayReach = may_reach, seconds: float = SECONDS
    ) -> None:
        self._resolve, self._may_reach, self._seconds = resolve, may_reach, seconds

    async def fetch(self, url: URL) -> Fetched:
        """`url`: of `page_url`. Raises PageFailed."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(url)
        except TimeoutError as error:
            raise PageFailed(f"It did not come within {self._seconds:g} seconds.") from error
        except aiohttp.ClientSSLError as error:
            raise PageFailed("Its host cannot show that it is the host it is asked for.") from error
        except aiohttp.ClientConnectionError as error:
            raise PageFailed("Its server cannot be reached, or broke off.") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise PageFailed("Its server's answer is damaged, or none at all.") from error

    async def _follow(self, url: URL) -> Fetched:
        for _ in range(_MOST_REDIRECTS + 1):
            found = await self._get(url)
            if isinstance(found, Fetched):
                return found
            try:
                url = page_url(urljoin(str(url), found))
            except PageFailed as error:
                raise PageFailed(f"It sends on to another address. {error}") from error
        raise PageFailed(f"It sends on more than {_MOST_REDIRECTS} times.")

    async def _get(self, url: URL) -> Fetched | str:
        """The page, or where it sends on to."""
        addresses = await self._addresses(url)
        async with (
            aiohttp.ClientSession(
                connector=PinnedConnector(str(url.raw_host), addresses, self._may_reach),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                headers=_HEADERS,
                trust_env=False,
            ) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            if answer.status in _REDIRECTS and (place := answer.headers.get("Location")):
                return place
            _check(answer)
            content = await _content(answer)
            if answer.content_type != "application/pdf":
                content = await asyncio.to_thread(_in_utf8, content, answer.charset)
            return Fetched(str(url), answer.content_type, content)

    async def _addresses(self, url: URL) -> list[Address]:
        """Where the host is. It is asked for once: what is checked here is what is connected to."""
        host = str(url.raw_host)
        address = literal(host)
        try:
            found = (
                [address]
                if address
                else [ip_address(each) for each in await self._resolve(host, url.port or 0)]
            )
        except OSError as error:
            raise PageFailed("There is no such host, or its name cannot be looked up now.") from error
        if not found or not all(self._may_reach(each, None) for each in found):
            raise PageFailed(NOT_PUBLIC)
        return found


def _check(answer: aiohttp.ClientResponse) -> None:
    """Raises PageFailed where there is no text to come."""
    if not 200 <= answer.status < 300:
        raise PageFailed(f"Its server answered {_status(answer.status)}.")
    kind, _, subtype = answer.content_type.partition("/")
    is_text = kind == "text" or (kind == "application" and subtype.rpartition("+")[2] in _TEXTS)
    if not is_text:
        raise PageFailed(f"It is {_KINDS.get(kind, 'a file of a kind')} that cannot be read as text.")
    if answer.headers.get("Content-Encoding", "").strip().lower() not in _UNPACKED:
        raise PageFailed("It is packed in a way that cannot be unpacked.")
    if (answer.content_length or 0) > MOST_BYTES:
        raise PageFailed(_TOO_LARGE)


def _status(status: int) -> str:
    """The server's own words for it may be anything."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


async def _content(answer: aiohttp.ClientResponse) -> bytes:
    """All of it. aiohttp unpacks as much at a time as it buffers, so that counting here bounds it."""
    content = bytearray()
    async for chunk in answer.content.iter_any():
        content += chunk
        if len(content) > MOST_BYTES:
            raise PageFailed(_TOO_LARGE)
    return bytes(content)


def _in_utf8(content: bytes, charset: str | None) -> bytes:
    """A byte order mark tells more than the server does (HTML Living Standard, 13.2.3.2)."""
    if not charset or content.startswith(_BOMS):
        return content
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return content
    # On the web, Latin 1 is Windows' superset of it.
    name = "cp1252" if name in ("iso8859-1", "ascii") else name
    if not _ENCODINGS.fullmatch(name):
        return content
    return codecs.BOM_UTF8 + content.decode(name, "replace").encode()
