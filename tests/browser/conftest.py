"""A real Chromium, a page of somebody else, and an artifact of several files."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from cowork_desktop.serve import listen, serving
from tests.fakes.artifacts import save
from tests.fakes.scratchpad import no_spare_kernel
from tests.fakes.server import Server, running_server

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # In the place of Playwright's list, with which frames of other sites can store nothing.
    "--disable-features=Translate,HttpsUpgrades,MediaRouter",
    # A name of somebody else that leads to this machine, as after a rebinding.
    "--host-resolver-rules=MAP evil.example 127.0.0.1",
)
ARTIFACT = Path(__file__).parent / "artifact"
FILES = {
    place.relative_to(ARTIFACT).as_posix(): place.read_bytes()
    for place in sorted(ARTIFACT.rglob("*"))
    if place.is_file()
}


def _chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    return next((found for name in (named, *_NAMES) if name and (found := shutil.which(name))), None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    program = _chromium()
    if program is None:
        pytest.skip("NOT RUN: the tests in a browser need Chromium, and none is installed")
    flags = [*_QUIET, *(["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that knows nothing yet."""
    context = await chromium.new_context()
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server with something on it that nobody else is to read or change."""
    async with running_server(tmp_path / "data") as running:
        await no_spare_kernel(running)
        conversation = await running.conversation(title="A secret title")
        cells = [{"type": "code", "content": "6 * 7"}]
        await running.post("/scratchpads", {"conversation_id": conversation, "cells": cells})
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def artifact(server: Server) -> Any:
    return await save(server, FILES)


class Outside:
    """A server of somebody else, which notes what reaches it and lets everybody read it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.reached: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
        if file := FILES.get(request.path.removeprefix("/page/")):
            kind = {".js": "text/javascript", ".html": "text/html"}
            return web.Response(body=file, content_type=kind.get(Path(request.path).suffix, "text/css"))
        if request.method != "OPTIONS":
            self.reached.append(request.path.removeprefix("/"))
        return web.Response(text="outside", content_type="text/html", headers=headers)


@pytest_asyncio.fixture(loop_scope="session")
async def outside() -> AsyncIterator[Outside]:
    sockets = listen("127.0.0.1", 0)
    there = Outside(f"http://127.0.0.1:{sockets[0].getsockname()[1]}")
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", there.answer)
    async with serving(app, sockets):
        yield there
