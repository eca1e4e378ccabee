"""A real Chromium, a page of somebody else, and an artifact of several files."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page

from cowork_desktop.serve import listen, serving
from tests.fakes import chromium as installed
from tests.fakes.artifacts import save
from tests.fakes.scratchpad import no_spare_kernel
from tests.fakes.server import Server, running_server

# A name of somebody else that leads to this machine, as after a rebinding.
_REBOUND = "--host-resolver-rules=MAP evil.example 127.0.0.1"
ARTIFACT = Path(__file__).parent / "artifact"
FILES = {
    place.relative_to(ARTIFACT).as_posix(): place.read_bytes()
    for place in sorted(ARTIFACT.rglob("*"))
    if place.is_file()
}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    program = installed.program()
    if program is None:
        pytest.skip("NOT RUN: the tests in a browser need Chromium, and none is installed")
    async with installed.launched(program, _REBOUND) as browser:
        yield browser


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
