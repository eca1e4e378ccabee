"""The page that a browser shows when somebody has signed in, or was refused: text alone."""

import hashlib
from base64 import b64encode
from html import escape

from aiohttp import web

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1rem;"
    "color:#1f2328;background:#fff}a{color:inherit}"
    "@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#1b1b1d}}"
)
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_SCHEME = "cowork"
"""Of addresses that the desktop shell opens; it registers itself for them."""


def place_in_app(connection_id: str | None) -> str:
    """Where the shell shows the connection; None: all of them."""
    return f"{_SCHEME}://connection/{connection_id}" if connection_id else f"{_SCHEME}://connectors"


def ended_page(status: int, title: str, words: str, back: str | None = None) -> web.Response:
    """`back`: where a link leads to from here; None: there is none."""
    link = f'<p><a href="{escape(back)}">Back to Cowork</a></p>' if back else ""
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)} – Cowork</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<style>{_STYLE}</style><main><h1>{escape(title)}</h1><p>{escape(words)}</p>{link}</main></html>"
    )
    return web.Response(
        status=status,
        body=page.encode(),
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": _POLICY},
    )
