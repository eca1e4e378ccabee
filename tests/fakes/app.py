"""The app that people see, in a real browser on a real server: what a test does with it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from cowork_desktop.app import UI_FOLDER
from tests.fakes.scratchpad import no_spare_kernel
from tests.fakes.server import Server, running_server

ROOT = Path(__file__).parents[2]
BUILT = Path(os.environ.get("UI_FOLDER", UI_FOLDER))
"""Another build to test than the one that is served."""
AXE = ROOT / "electron" / "node_modules" / "axe-core" / "axe.min.js"
TABLE = ROOT / "assets" / "demo" / "sales.csv"
expect.set_options(timeout=20_000)
"""Something that comes late on a busy machine has come."""
WIDE, NARROW = ViewportSize(width=1280, height=860), ViewportSize(width=360, height=740)


@dataclass
class App:
    """One window, and what went on in it behind the scenes."""

    server: Server
    context: BrowserContext
    page: Page
    foreign: list[str] = field(default_factory=list)
    """Requests that left this machine."""
    faults: list[str] = field(default_factory=list)
    """What the page threw or complained of."""

    @property
    def url(self) -> str:
        return self.server.url.replace("127.0.0.1", "localhost")

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.url + path)
        await expect(self.page.locator("main#view")).to_be_attached()

    async def window(self) -> "App":
        """A second window of the same browser."""
        return watched(self.server, self.context, await self.context.new_page())

    async def axe(self) -> None:
        """No rule of accessibility is violated, in either theme."""
        for theme in ("light", "dark"):
            await self.page.emulate_media(color_scheme=theme)
            await expect(self.page.locator(f"html[data-theme={theme}]")).to_be_attached()
            found = await violations(self.page)
            assert not found, f"{theme}: {found}"
        await self.page.emulate_media(color_scheme="light")

    async def fits(self) -> None:
        """Nothing has to be scrolled to the side."""
        width = "[document.documentElement.scrollWidth, innerWidth]"
        needed, there = await self.page.evaluate(width)
        assert needed <= there, f"The page is {needed} wide in a window of {there}."


async def violations(page: Page) -> list[Any]:
    """What axe finds; frames of artifacts and outputs are somebody else's pages."""
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(AXE.read_text())
    told: list[dict[str, Any]] = await page.evaluate(
        "axe.run({ exclude: [['iframe']] }).then(({ violations }) => violations)"
    )
    return [(one["id"], one["help"], [node["html"][:200] for node in one["nodes"][:5]]) for one in told]


def watched(server: Server, context: BrowserContext, page: Page) -> App:
    app = App(server, context, page)

    def note(url: str) -> None:
        host = urlsplit(url).hostname or ""
        is_here = host in ("localhost", "127.0.0.1") or host.endswith(".localhost")
        if not is_here and urlsplit(url).scheme not in ("data", "blob"):
            app.foreign.append(url)

    page.on("request", lambda request: note(request.url))
    page.on("websocket", lambda socket: app.foreign.append(socket.url))
    page.on("pageerror", lambda error: app.faults.append(str(error)))
    page.on("console", lambda message: _heed(app, message.type, message.text))
    # Playwright asks the browser for choosers when the first listener comes, and does not wait until it is
    # heard: a chooser that opens at once would be lost.
    page.on("filechooser", lambda _: None)
    return app


def _heed(app: App, type: str, text: str) -> None:
    # A refusal that the test asked for is told there too, and what of the headers this browser does not know.
    expected = (
        "Failed to load resource",
        "Error with Permissions-Policy header",
        "Unrecognized Content-Security-Policy directive 'webrtc'",
    )
    if type == "error" and not text.startswith(expected):
        app.faults.append(text)


def assert_calm(*windows: App) -> None:
    """No request left this machine, and no page has thrown."""
    for app in windows:
        assert not app.foreign, app.foreign
        assert not app.faults, app.faults


@asynccontextmanager
async def running_app(chromium: Browser, data: Path, **server: Any) -> AsyncIterator[App]:
    """A window on a server of its own; `server` as `running_server` takes it."""
    if not (BUILT / "index.html").is_file():
        pytest.skip("NOT RUN: the app is not built (make ui)")
    async with running_server(data, ui_folder=BUILT, **server) as running:
        await no_spare_kernel(running)
        context = await chromium.new_context(viewport=WIDE, reduced_motion="reduce", locale="en-GB")
        context.set_default_timeout(20_000)
        app = watched(running, context, await context.new_page())
        try:
            yield app
            assert_calm(app)
        finally:
            await context.close()
