"""Handlers of the server itself: its health, its description, and the page that shows the description."""

import asyncio
import os
from pathlib import Path

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.errors import NotFound
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.schemas.health import Health

endpoints = Endpoints("/api/v1", tag="System")
pages = Endpoints("", tag="Pages")

_VIEWER = Path(__file__).parent.parent / "viewer"
_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_FILES = frozenset(os.listdir(_VIEWER))
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


@endpoints.get("/health", is_open=True)
async def get_health(request: web.Request) -> Health:
    """Tell whether the server is well, and which one it is."""
    app = request.app
    instance = app[keys.INSTANCE]
    return Health(
        version=instance.version,
        instance_id=instance.id,
        uptime_s=round(app[keys.CLOCK].monotonic() - instance.started_at, 3),
        model_configured=app[keys.MODELS].is_configured,
        secrets=app[keys.SECRETS].state(),
        schema_version=app[keys.DB].schema_version,
    )


@endpoints.get("/openapi.json", is_listed=False)
async def get_openapi(request: web.Request) -> web.Response:
    """Get this description."""
    description = request.app[keys.DESCRIPTION]
    return web.Response(
        body=await asyncio.to_thread(lambda: description.json), content_type="application/json"
    )


@pages.get("/api/v1/docs", is_listed=False, is_page=True)
async def get_docs(request: web.Request) -> web.FileResponse:
    """Show the API in the browser."""
    return _file("index.html")


@pages.get("/api/v1/docs/{name}", is_listed=False, is_page=True)
async def get_docs_file(request: web.Request, name: str) -> web.FileResponse:
    """Get a file of that page."""
    return _file(name)


def _file(name: str) -> web.FileResponse:
    kind = _TYPES.get(name.rpartition(".")[2])
    if kind is None or name not in _FILES:
        raise NotFound.of("page", name)
    headers = {
        "Content-Type": f"{kind}; charset=utf-8",
        "Content-Security-Policy": _PAGE_POLICY,
        "Cache-Control": "no-cache",
    }
    return web.FileResponse(_VIEWER / name, headers=headers)
