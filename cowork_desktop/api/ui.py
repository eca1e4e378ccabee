"""Handlers of the app that people see: its one page, the files that this loads, and the frame of outputs."""

import asyncio
import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from aiohttp import hdrs, web

from cowork_desktop import keys
from cowork_desktop.errors import MethodNotAllowed, NotFound
from cowork_desktop.http.downloads import send_file
from cowork_desktop.http.endpoint import Endpoint, Endpoints
from cowork_desktop.http.sandbox import SANDBOX

pages = Endpoints("", tag="Pages")

_PAGE, _FRAME = "index.html", "frame.html"
_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "md": "text/plain; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml; charset=utf-8",
    "ttf": "font/ttf",
    "txt": "text/plain; charset=utf-8",
    "wasm": "application/wasm",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
}
_FRAME_HEADERS = {
    "Content-Security-Policy": (
        "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:;"
        " style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:; font-src data:;"
        " connect-src 'none'; form-action 'none'; frame-ancestors 'self'; base-uri 'none'"
    ),
    # What the policy above knows nothing of: WebRTC, and where the frame might go.
    "Connection-Allowlist": "()",
    "X-Frame-Options": "SAMEORIGIN",
    "X-DNS-Prefetch-Control": "off",
}
"""What is shown in the frame was put out by a cell: it draws, and reaches nothing."""
_UNBUILT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Cowork: the app is not built</title>
<style>
body { font: 16px/1.6 system-ui, sans-serif; max-width: 36em; margin: 15vh auto; padding: 0 1.5em }
</style>
</head>
<body>
<h1>The app is not built</h1>
<p>The server is well; what is missing is the page that people see. In the folder of the source code,
<code>make ui</code> builds it (and <code>make run</code> does so by itself). Then load this page again.</p>
<p>The REST API works without it: <a href="/api/v1/docs">/api/v1/docs</a>.</p>
</body>
</html>
"""


@pages.get("/", is_listed=False, is_page=True)
async def get_app(request: web.Request) -> web.Response:
    """Show the app."""
    page = await asyncio.to_thread(_read, request.app[keys.UI], _PAGE)
    if page is None:
        return _send(request, _UNBUILT.encode(), _PAGE)
    return _send(request, page, _PAGE)


@pages.get("/assets/{name:.+}", is_listed=False, is_page=True)
async def get_app_asset(request: web.Request, name: str) -> web.FileResponse:
    """Get what the app loads; the name of such a file changes with what it holds."""
    name = name.removesuffix("/")
    place = await asyncio.to_thread(_place, request.app[keys.UI] / "assets", name)
    if place is None:
        raise NotFound.of("file", name)
    headers = {**_page_headers(request), "Cache-Control": "public, max-age=31536000, immutable"}
    return await send_file(request, place, _type(name), headers)


async def get_elsewhere(request: web.Request) -> web.Response:
    """Get a file of the app that keeps its name, or show a view of the app.

    Views have addresses that the page makes out: to a browser that goes to one, each is the same page.
    """
    name = request.path.removeprefix("/").removesuffix("/")
    content = await asyncio.to_thread(_read, request.app[keys.UI], name)
    is_reading = request.method in ("GET", "HEAD")
    if content is not None:
        if not is_reading:
            raise MethodNotAllowed(request.method, "GET,HEAD")
        return _send(request, content, name)
    if is_reading and "text/html" in request.headers.get(hdrs.ACCEPT, ""):
        return await get_app(request)
    raise web.HTTPNotFound


elsewhere = Endpoint("GET", "/*", "Pages", get_elsewhere, 200, is_page=True, is_listed=False)


def _place(folder: Path, name: str) -> Path | None:
    """The file with a name that stands in the folder, so that none leads out of it."""
    with suppress(OSError):
        if name in os.listdir(folder) and not name.startswith("."):
            return folder / name
    return None


def _read(folder: Path, name: str) -> bytes | None:
    with suppress(OSError):
        if place := _place(folder, name):
            return place.read_bytes()
    return None


def _send(request: web.Request, content: bytes, name: str) -> web.Response:
    """A file that is asked for again each time. Its tag is of its bytes: after an update a page can have the
    size and the time of the one before."""
    tag = hashlib.sha256(content).hexdigest()
    headers = {
        **(_FRAME_HEADERS if name == _FRAME else _page_headers(request)),
        "Cache-Control": "no-cache",
        "Content-Type": _type(name),
        "ETag": f'"{tag}"',
        "Vary": hdrs.ACCEPT,
    }
    if any(known.value in (tag, "*") for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(body=content, headers=headers)


def _page_headers(request: web.Request) -> Mapping[str, str]:
    """The page loads, calls and shows what is of this server, and frames artifacts at their own origins."""
    artifacts = request.app[SANDBOX].origins
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
        f" img-src 'self' data: blob: {artifacts}; font-src 'self'; connect-src 'self';"
        f" media-src 'self' blob:; frame-src 'self' {artifacts}; worker-src 'self'; object-src 'none';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, "Cross-Origin-Opener-Policy": "same-origin-allow-popups"}


def _type(name: str) -> str:
    return _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
