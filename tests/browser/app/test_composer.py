"""Messages: nothing that is written or attached is lost, and what waits is sent in its order."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, FilePayload, Locator, expect

from tests.fakes.app import TABLE, App, running_app
from tests.fakes.model import ScriptedModel, say

pytestmark = pytest.mark.asyncio(loop_scope="session")

LARGE: FilePayload = {"name": "large.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n" * 100_000}
BYTES_A_SECOND = 300_000
"""So slow that an upload can be seen."""


async def test_an_upload_shows_its_progress_and_survives_a_reload_with_the_text(app: App) -> None:
    box = await new_task(app)
    await box.fill("Summarise this data")
    await slowed(app, BYTES_A_SECOND)
    await app.page.set_input_files("input[type=file]", [LARGE])
    progress = app.page.get_by_role("progressbar", name="Upload of large.csv")
    await expect(progress).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]\d?$"))
    await app.axe()
    await slowed(app, -1)
    await expect(progress).to_have_count(0)
    await app.page.set_input_files("input[type=file]", [TABLE])
    await expect(app.page.get_by_role("button", name="Remove sales.csv")).to_be_visible()

    await app.page.reload()
    await expect(box).to_have_value("Summarise this data")
    await expect(attached(app)).to_contain_text(["large.csv", "sales.csv"])
    await app.page.get_by_role("button", name="Remove large.csv").click()
    await expect(box).to_be_focused()
    await app.page.keyboard.press("Enter")

    first = (await sent_items(app))[0]
    assert [part["name"] for part in first["parts"] if part["type"] == "attachment"] == ["sales.csv"]
    await app.open("/")
    await expect(box).to_have_value("")
    await expect(attached(app)).to_have_count(0)


async def test_an_upload_that_was_cancelled_does_not_come(app: App) -> None:
    box = await new_task(app)
    await slowed(app, BYTES_A_SECOND)
    await app.page.set_input_files("input[type=file]", [LARGE])
    await app.page.get_by_role("button", name="Cancel the upload of large.csv").click()
    await expect(attached(app)).to_have_count(0)
    await slowed(app, -1)
    await box.fill("What can you do?")
    await box.press("Enter")
    assert [part["type"] for part in (await sent_items(app))[0]["parts"]] == ["text"]


async def test_files_are_dropped_anywhere_and_pasted(app: App) -> None:
    box = await new_task(app)
    await app.page.evaluate(
        """() => {
            const files = (name) => {
              const data = new DataTransfer();
              data.items.add(new File(["a,b"], name, { type: "text/csv" }));
              return data;
            };
            const drop = (type) =>
              document.body.dispatchEvent(
                new DragEvent(type, { dataTransfer: files("dropped.csv"), bubbles: true, cancelable: true }),
              );
            ["dragenter", "dragover", "drop"].forEach(drop);
            const paste = { clipboardData: files("pasted.csv"), bubbles: true, cancelable: true };
            document.querySelector("textarea").dispatchEvent(new ClipboardEvent("paste", paste));
        }"""
    )
    await expect(attached(app).filter(has_text="dropped.csv")).to_be_visible()
    await expect(attached(app).filter(has_text="pasted.csv")).to_be_visible()
    await expect(box).to_have_value("")


async def test_what_the_server_refuses_is_kept_and_can_be_mended(app: App) -> None:
    box = await new_task(app)
    await app.page.set_input_files("input[type=file]", [TABLE])
    await expect(app.page.get_by_role("button", name="Remove sales.csv")).to_be_visible()
    [file] = (await app.server.get("/files"))["data"]
    await app.server.call("DELETE", f"/files/{file['id']}")
    await box.fill("Summarise this data")
    await box.press("Enter")
    await expect(app.page.get_by_role("alert")).to_contain_text("press Send to try again")
    await expect(box).to_have_value("Summarise this data")
    await app.axe()
    await app.page.get_by_role("button", name="Remove sales.csv").click()
    await box.press("Enter")
    assert (await sent_items(app))[0]["content"] == "Summarise this data"


async def test_another_project_takes_the_files_along(app: App) -> None:
    project = await app.server.post("/projects", {"name": "Quarterly numbers"})
    box = await new_task(app)
    await app.page.set_input_files("input[type=file]", [TABLE])
    await expect(attached(app)).to_have_count(1)
    await app.page.get_by_role("button", name="Project: No project").click()
    await app.page.get_by_role("menuitemradio", name="Quarterly numbers").click()
    await box.fill("Find the kettles")
    await box.press("Enter")
    await sent_items(app)
    [conversation] = (await app.server.get("/conversations"))["data"]
    assert conversation["project_id"] == project["id"]
    [file] = (await app.server.get("/files"))["data"]
    assert file["conversation_id"] == conversation["id"]


async def test_what_is_written_during_a_turn_waits_and_is_sent_in_order(
    chromium: Browser, tmp_path: Path
) -> None:
    go_on = asyncio.Event()
    model = ScriptedModel([go_on, *say("One.")], say("Two."), say("Three."))
    async with running_app(chromium, tmp_path / "data", model=model) as app:
        conversation = await app.server.conversation(title="A long one")
        await app.open(f"/tasks/{conversation}")
        box = app.page.get_by_role("textbox", name="Message")
        await box.fill("first")
        await box.press("Enter")
        await expect(app.page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
        for text in ("second", "not this one", "third"):
            await box.fill(text)
            await box.press("Enter")
        pills = app.page.get_by_role("region", name="Waiting messages").get_by_role("listitem")
        await expect(pills).to_contain_text(["second", "not this one", "third"])
        await app.axe()
        await app.page.get_by_role("button", name="Remove “not this one”").click()

        await app.page.reload()
        await expect(pills).to_contain_text(["second", "third"])
        # What waits is sent whatever is shown, and by one window alone.
        other = await app.window()
        await other.open(f"/tasks/{conversation}")
        await app.open("/files")
        go_on.set()
        others = other.page.get_by_role("region", name="Waiting messages").get_by_role("listitem")
        await expect(others).to_have_count(0)
        items = (await app.server.get(f"/conversations/{conversation}/items"))["data"]
        said = [item["content"] for item in items if item["role"] == "user"]
        assert said == ["first", "second", "third"]


async def test_a_turn_is_stopped_by_the_keyboard(chromium: Browser, tmp_path: Path) -> None:
    model = ScriptedModel([asyncio.Event()], say("Two."))
    async with running_app(chromium, tmp_path / "data", model=model) as app:
        conversation = await app.server.conversation(title="A long one")
        await app.open(f"/tasks/{conversation}")
        box = app.page.get_by_role("textbox", name="Message")
        await box.fill("first")
        await box.press("Enter")
        stop = app.page.get_by_role("button", name="Stop", exact=True)
        await expect(stop).to_be_visible()
        await box.press("Control+.")
        await expect(stop).to_have_count(0)
        await expect(box).to_be_focused()


async def new_task(app: App) -> Locator:
    await app.page.add_init_script("localStorage.setItem('cowork.started', 'true')")
    await app.open("/")
    box = app.page.get_by_role("textbox", name="What is to be done")
    await expect(box).to_be_focused()
    return box


def attached(app: App) -> Locator:
    return app.page.get_by_role("list", name="Comes with the message").get_by_role("listitem")


async def sent_items(app: App) -> list[dict[str, Any]]:
    """The task's messages, when its view is shown and its turn has ended."""
    await app.page.wait_for_url("**/tasks/conv_*")
    path = f"/conversations/{app.page.url.rpartition('/')[2]}/items"
    items: list[dict[str, Any]] = (await app.server.get(path))["data"]
    await app.server.events(items[0]["response_id"])
    return items


async def slowed(app: App, bytes_a_second: int) -> None:
    """How fast the page can upload; -1: as fast as it goes."""
    session = await app.context.new_cdp_session(app.page)
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1}
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", {**conditions, "uploadThroughput": bytes_a_second})
