"""A notebook: its cells by keyboard alone, a kernel that can be stopped, files in and out."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.fakes.app import NARROW, App, assert_calm
from tests.fakes.scratchpad import Pad

SLOWLY = 60_000
"""Milliseconds in which a kernel starts on a machine that has other things to do."""

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()"
ENDLESS = "import time\nprint('begun')\nwhile True:\n    time.sleep(0.05)"


async def notebook(app: App, *cells: str) -> Pad:
    """A notebook with these code cells, which is shown."""
    body = {
        "conversation_id": await app.server.conversation(title="Sales"),
        "title": "Second quarter",
        "cells": [{"type": "code", "content": cell} for cell in cells],
    }
    pad = Pad(app.server, (await app.server.post("/scratchpads", body))["id"])
    await app.open(f"/scratchpads/{pad.id}")
    await expect(app.page.get_by_role("heading", name="Second quarter", level=1)).to_be_visible()
    return pad


def cell(app: App, place: int, state: str = "") -> Locator:
    """By what a screen reader says of it: "Code cell 1, executed 2, success"."""
    return app.page.get_by_role("group", name=f"cell {place}{state}").first


async def contents(pad: Pad) -> list[Any]:
    cells = (await pad.server.get(f"/scratchpads/{pad.id}"))["cells"]
    return [one["content"] for one in cells if one["type"] != "output"]


async def test_cells_are_written_run_and_moved_by_keyboard_alone(app: App) -> None:
    pad = await notebook(app)
    keys = app.page.keyboard
    await expect(app.page.get_by_role("heading", name="Nothing in this notebook yet")).to_be_visible()
    await app.axe()
    await app.page.get_by_role("button", name="Python").press("Enter")
    await keys.type("6 * 7")
    await keys.press("Shift+Enter")
    await keys.type(PLOT.replace("\n    ", "\n"))
    await keys.press("Control+Enter")
    await expect(cell(app, 1, ", executed 1, success")).to_contain_text("42", timeout=SLOWLY)
    await expect(cell(app, 2, ", executed 2, success").get_by_role("img")).to_be_visible(timeout=SLOWLY)

    await expect(cell(app, 2)).to_be_focused()
    await keys.press("a")
    await keys.press("m")
    await keys.press("Enter")
    await keys.type("# Sales\n\nOf the *second* quarter.")
    await keys.press("Shift+Enter")
    await expect(cell(app, 2).get_by_role("heading", name="Sales")).to_be_visible()
    await keys.press("k")
    await keys.press("Control+Shift+ArrowUp")
    await expect(cell(app, 1).get_by_role("heading", name="Sales")).to_be_visible()
    await expect(app.page.get_by_text("Saved", exact=True)).to_be_visible()
    assert await contents(pad) == ["# Sales\n\nOf the *second* quarter.", "6 * 7", PLOT]
    await app.axe()

    await keys.press("j")
    await keys.press("d")
    await keys.press("d")
    await expect(cell(app, 2).get_by_role("img")).to_be_visible()
    await app.page.get_by_role("button", name="Undo").click()
    await expect(cell(app, 2)).to_contain_text("42")
    await expect(cell(app, 2)).to_be_focused()
    await app.page.set_viewport_size(NARROW)
    await app.fits()


async def test_tab_completes_and_escape_leads_out_of_the_text(app: App) -> None:
    await notebook(app, "quarters = {'🎉': 1}")
    keys = app.page.keyboard
    await cell(app, 1).focus()
    await keys.press("Shift+Enter")
    await expect(cell(app, 1, ", executed 1, success")).to_be_visible(timeout=SLOWLY)
    await keys.type("'🎉🎉'; quar")
    await keys.press("Tab")
    editor = app.page.get_by_role("textbox", name="Code of cell 2")
    await expect(editor).to_contain_text("'🎉🎉'; quarters")
    await keys.type(".po")
    await keys.press("Tab")
    options = app.page.get_by_role("listbox").get_by_role("option")
    await expect(options).to_contain_text(["pop", "popitem"])
    await keys.press("ArrowDown")
    await keys.press("Enter")
    await expect(editor).to_contain_text("'🎉🎉'; quarters.popitem")
    await keys.press("Escape")
    await expect(cell(app, 2)).to_be_focused()
    await keys.press("?")
    await expect(app.page.get_by_role("dialog", name="Keys in a notebook")).to_be_visible()
    await app.axe()
    await keys.press("Escape")
    await expect(cell(app, 2)).to_be_focused()
    for _ in range(6):
        await keys.press("Tab")
    await expect(editor).not_to_be_focused()


async def test_a_run_is_followed_after_a_reload_and_in_a_second_window_until_it_is_interrupted(
    app: App,
) -> None:
    await notebook(app, ENDLESS, "1 + 1")
    await app.page.get_by_role("button", name="Run all").click()
    await expect(cell(app, 1, ", running")).to_contain_text("begun", timeout=SLOWLY)
    await expect(cell(app, 2, ", queued")).to_contain_text("Queued")
    await app.page.reload()
    await expect(cell(app, 1, ", running")).to_contain_text("begun", timeout=SLOWLY)
    await expect(app.page.get_by_text("Kernel busy")).to_be_visible()
    window = await app.window()
    await window.open(app.page.url.removeprefix(app.url))
    await expect(cell(window, 1, ", running")).to_contain_text("begun", timeout=SLOWLY)
    await app.page.get_by_role("button", name="Interrupt", exact=True).click()
    await expect(cell(app, 1, ", executed 1, error")).to_contain_text("KeyboardInterrupt", timeout=SLOWLY)
    await expect(cell(app, 2, ", error")).to_contain_text(
        "Not run: it was interrupted while it waited.", timeout=SLOWLY
    )
    await expect(cell(window, 1, ", executed 1, error")).to_contain_text("KeyboardInterrupt", timeout=SLOWLY)
    assert_calm(window)


async def test_a_restart_asks_once_and_the_death_of_a_kernel_is_told(app: App) -> None:
    await notebook(app, "x = 1", "x", "import os\nos._exit(1)")
    await cell(app, 1).focus()
    await app.page.keyboard.press("Control+Enter")
    await expect(cell(app, 1, ", executed 1, success")).to_be_visible(timeout=SLOWLY)
    await app.page.get_by_role("button", name="Restart the kernel").click()
    await app.page.get_by_role("dialog").get_by_role("button", name="Restart").click()
    await expect(app.page.get_by_text("The kernel was started anew.")).to_be_visible()
    await cell(app, 2).focus()
    await app.page.keyboard.press("Control+Enter")
    await expect(cell(app, 2, ", executed 1, error")).to_contain_text("NameError", timeout=SLOWLY)
    await app.page.get_by_role("button", name="Run cell 3").click()
    await expect(cell(app, 3, ", error")).to_contain_text("kernel", timeout=SLOWLY)
    await app.page.get_by_role("button", name="Run cell 1").click()
    await expect(cell(app, 1, ", executed 1, success")).to_contain_text(
        "the variables of earlier runs are gone"
    )


async def test_what_the_agent_changes_is_shown_and_what_is_typed_stays(app: App) -> None:
    pad = await notebook(app, "one", "two")
    first, second = (one["id"] for one in (await pad.server.get(f"/scratchpads/{pad.id}"))["cells"])
    await cell(app, 2).focus()
    await app.page.keyboard.press("Enter")
    await expect(app.page.get_by_role("textbox", name="Code of cell 2")).to_be_focused()
    await app.page.keyboard.press("End")
    await app.page.keyboard.type(" and more")
    path = f"/scratchpads/{pad.id}/cells"
    await pad.server.call("PATCH", f"{path}/{first}", json={"content": "one of the agent's"})
    await pad.server.post(path, {"type": "markdown", "content": "A note", "index": 0})
    await expect(cell(app, 1)).to_contain_text("A note")
    await expect(cell(app, 2)).to_contain_text("one of the agent's")
    editor = app.page.get_by_role("textbox", name="Code of cell 3")
    await expect(editor).to_be_focused()
    await app.page.keyboard.type(" yet")
    await expect(editor).to_contain_text("two and more yet")
    await expect(app.page.get_by_text("Saved", exact=True)).to_be_visible()
    assert await contents(pad) == ["A note", "one of the agent's", "two and more yet"]
    # A window that closes at once loses nothing.
    await app.page.keyboard.type("!")
    await app.page.reload()
    await expect(cell(app, 3)).to_contain_text("two and more yet!")
    assert second in {one["id"] for one in (await pad.server.get(f"/scratchpads/{pad.id}"))["cells"]}


async def test_it_becomes_an_artifact_and_goes_out_and_in_as_a_file(app: App, tmp_path: Path) -> None:
    pad = await notebook(app, "1 + 1")
    page = app.page
    await page.get_by_role("button", name="Run all").click()
    await expect(cell(app, 1, ", executed 1, success")).to_be_visible(timeout=SLOWLY)
    await page.get_by_role("button", name="Save as an artifact").click()
    await expect(page.get_by_text("Saved as an artifact.")).to_be_visible()
    link = page.get_by_role("link", name="Open the artifact")
    artifact_id = (await pad.server.get(f"/scratchpads/{pad.id}"))["artifact_id"]
    await expect(link).to_have_attribute("href", f"/artifacts/{artifact_id}")
    await expect(page.get_by_role("button", name="Update the artifact")).to_be_visible()

    await page.get_by_role("button", name="More for the notebook").click()
    async with page.expect_download() as downloading:
        await page.get_by_role("menuitem", name="Export for Jupyter").click()
    exported = tmp_path / "again.ipynb"
    await (await downloading.value).save_as(exported)
    assert json.loads(exported.read_text())["nbformat"] == 4
    await page.get_by_label("Notebook to import").set_input_files(exported)
    await expect(page).not_to_have_url(f"{app.url}/scratchpads/{pad.id}")
    await expect(cell(app, 1)).to_contain_text("1 + 1")
    await page.get_by_role("button", name="Rename the notebook").click()
    await page.keyboard.type("Again")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Again", level=1)).to_be_visible()
    await page.get_by_role("button", name="More for the notebook").click()
    await page.get_by_role("menuitem", name="Delete the notebook").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page).to_have_url(f"{app.url}/tasks/{(await titles(pad))['Second quarter']}")
    assert list(await titles(pad)) == ["Second quarter"]


async def titles(pad: Pad) -> dict[str, str]:
    """Of the notebooks, with the tasks that they are of."""
    pads = (await pad.server.get("/scratchpads"))["data"]
    return {one["title"]: one["conversation_id"] for one in pads}


async def test_one_that_is_not_there_says_so(app: App) -> None:
    await app.open("/scratchpads/sp_00000000000000000000000000")
    await expect(app.page.get_by_role("heading", name="This is not here any more")).to_be_visible()
    await app.axe()
