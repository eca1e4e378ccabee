"""A window whose server is killed and starts again on the same port, as the desktop shell restarts it."""

import socket
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.fakes.app import BUILT, WIDE
from tests.fakes.programs import free_port
from tests.faults.process import running_process

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

KEY = {"ANTHROPIC_API_KEY": "dummy-key"}


async def test_a_window_goes_on_by_itself_when_its_server_was_killed_and_is_back(
    chromium: Browser, tmp_path: Path
) -> None:
    if not (BUILT / "index.html").is_file():
        pytest.skip("NOT RUN: the app is not built (make ui)")
    context = await chromium.new_context(viewport=WIDE, reduced_motion="reduce", locale="en-GB")
    page, data = await context.new_page(), tmp_path / "data"
    silent = socket.create_server(("127.0.0.1", 0))
    flags = ("--port", str(free_port()), "--base-url", f"http://127.0.0.1:{silent.getsockname()[1]}")
    tasks = page.get_by_role("region", name="Tasks")
    banner = page.get_by_text("server does not answer")
    with silent:
        async with running_process(data, *flags, environment=KEY) as server:
            id = (await server.post("/conversations", {"title": "Herons"}))["id"]
            await page.goto(f"{server.ready['url']}/tasks/{id}")
            await page.get_by_role("textbox", name="Message", exact=True).fill("Count them")
            await page.keyboard.press("Enter")
            await page.evaluate("globalThis.isTheSame = true")
            await expect(page.get_by_role("button", name="Stop")).to_be_visible()
            await page.get_by_role("textbox", name="Message", exact=True).fill("A draft")
        await expect(banner).to_be_visible()
        async with running_process(data, *flags, environment=KEY) as server:
            assert str(server.ready["port"]) == flags[1]
            await expect(banner).to_have_count(0)
            await expect(page.get_by_role("group", name="The turn has failed")).to_be_visible()
            await expect(page.get_by_role("button", name="Stop")).to_have_count(0)
            await expect(page.get_by_role("textbox", name="Message", exact=True)).to_have_text("A draft")
            assert await page.evaluate("globalThis.isTheSame"), "it was not loaded again"
            await server.post("/conversations", {"title": "More herons"})
            await expect(tasks.get_by_role("link", name="More herons")).to_be_visible()
    await context.close()
