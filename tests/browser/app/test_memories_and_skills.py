"""Memories: written, found, changed, forgotten and brought back. Skills: written, checked, and as files."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.fakes.app import NARROW, App

pytestmark = pytest.mark.asyncio(loop_scope="session")

SKILL = """---
name: clean-table
description: Cleans a table.
license: MIT
---

# Clean a table

1. Look for duplicates.
"""


async def test_a_memory_is_written_changed_and_forgotten_by_keyboard(app: App) -> None:
    page, keys = app.page, app.page.keyboard
    await app.open("/memories")
    await page.get_by_role("textbox", name="Remember").focus()
    await keys.type("The fiscal year begins in June.")
    await keys.press("Tab")
    await keys.press("Enter")
    rows = page.get_by_role("list", name="Memories").get_by_role("listitem")
    await expect(rows).to_have_count(1)
    await expect(page.get_by_role("textbox", name="Remember")).to_be_focused()
    await rows.get_by_role("button", name="Edit").focus()
    await keys.press("Enter")
    await expect(page.get_by_role("textbox", name="Memory", exact=True)).to_be_focused()
    await app.axe()
    await keys.press("ControlOrMeta+a")
    await keys.type("The fiscal year begins in July.")
    await keys.press("ControlOrMeta+Enter")
    await expect(rows.get_by_role("button", name="Edit")).to_be_focused()
    await expect(rows).to_contain_text("July")
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(page.get_by_role("heading", name="Nothing is remembered here")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(rows).to_contain_text("July")
    (memory,) = (await app.server.get("/memories"))["data"]
    assert (memory["content"], memory["project_id"]) == ("The fiscal year begins in July.", None)


async def test_memories_are_found_by_where_they_hold_and_their_words(app: App) -> None:
    page = app.page
    project = (await app.server.post("/projects", {"name": "Quarter"}))["id"]
    await app.server.post("/memories", {"content": "Prefers short summaries."})
    await app.server.post("/memories", {"content": "Figures are in euros.", "project_id": project})
    await app.open("/memories")
    rows = page.get_by_role("list", name="Memories").get_by_role("listitem")
    await expect(rows).to_have_text([re.compile("Prefers short summaries")])
    await page.get_by_role("combobox", name="Where they hold").select_option("In Quarter")
    await expect(rows).to_have_text([re.compile("Figures are in euros")])
    await expect(page.get_by_text("It holds in Quarter.")).to_be_visible()
    await app.server.post("/memories", {"content": "The year begins in July.", "project_id": project})
    await expect(rows).to_have_count(2)
    await page.get_by_role("searchbox", name="Search memories").fill("EUROS")
    await expect(rows).to_have_count(1)
    await page.reload()
    await expect(rows).to_have_text([re.compile("Figures are in euros")])
    await page.get_by_role("combobox", name="Who made them").select_option("By the agent")
    await expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()
    await app.axe()
    await page.set_viewport_size(NARROW)
    await app.fits()


async def test_a_memory_says_where_it_was_used(app: App) -> None:
    page = app.page
    await app.server.post("/memories", {"content": "Herons are grey."})
    task = await app.server.conversation(title="About herons")
    await app.server.say(task, "What do you know of herons?")
    await app.open("/memories")
    await page.get_by_text("Where it was used").click()
    await page.get_by_role("list", name="Memories").get_by_role("link", name="About herons").click()
    await expect(page).to_have_url(re.compile(f"/tasks/{task}"))


async def test_a_skill_is_written_saved_and_not_lost(app: App) -> None:
    page, keys = app.page, app.page.keyboard
    await app.open("/skills")
    await page.get_by_role("link", name="New skill").click()
    name = page.get_by_role("textbox", name="Name")
    await name.fill("Weekly Report")
    await expect(name).to_have_accessible_description(re.compile("single hyphens"))
    await name.fill("weekly-report")
    await page.get_by_role("button", name="Make the skill").click()
    description = page.get_by_role("textbox", name="Description")
    await expect(description).to_be_focused()
    await keys.type("Writes the weekly report.")
    await page.get_by_role("textbox", name="Instructions").fill("# Steps\n\nRead *all* of it.")
    await page.get_by_role("combobox", name="Tools").fill("run_code, read_file")
    await keys.press("Enter")
    await page.get_by_role("button", name="Take out read_file").click()
    await app.axe()
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_role("heading", name="Steps")).to_be_visible()
    await page.get_by_role("button", name="Make the skill").click()
    await expect(page.get_by_role("heading", name="weekly-report", level=1)).to_be_visible()
    (made,) = (await app.server.get("/skills"))["data"]
    assert (made["tools"], made["instructions"]) == (["run_code"], "# Steps\n\nRead *all* of it.")
    await description.fill("Writes it.")
    await page.get_by_role("link", name="Skills").first.click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await description.focus()
    await keys.press("ControlOrMeta+s")
    await expect(page.get_by_text("The skill is saved.")).to_be_visible()
    assert (await app.server.get(f"/skills/{made['id']}"))["description"] == "Writes it."
    await app.server.call("PATCH", f"/skills/{made['id']}", json={"description": "Theirs."})
    await expect(description).to_have_value("Theirs.")
    await app.axe()
    await page.set_viewport_size(NARROW)
    await app.fits()


async def test_a_skill_that_two_change_is_not_written_over_in_silence(app: App) -> None:
    page = app.page
    skill = await app.server.post("/skills", {"name": "report", "description": "Reports."})
    await app.open(f"/skills/{skill['id']}")
    await page.get_by_role("textbox", name="Description").fill("Mine.")
    change = {"description": "Theirs.", "instructions": "Do."}
    await app.server.call("PATCH", f"/skills/{skill['id']}", json=change)
    await expect(page.get_by_text("changed elsewhere meanwhile")).to_be_visible()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("textbox", name="Instructions")).to_have_value("Do.")
    saved = await app.server.get(f"/skills/{skill['id']}")
    assert (saved["description"], saved["instructions"]) == ("Mine.", "Do.")


async def test_a_skill_comes_in_and_goes_out_as_a_file(app: App, tmp_path: Path) -> None:
    page = app.page
    await app.open("/skills")
    file = tmp_path / "SKILL.md"
    file.write_text("No skill.")
    await page.get_by_label("SKILL.md to import").set_input_files(file)
    await expect(page.get_by_text("This is no SKILL.md")).to_be_visible()
    file.write_text(SKILL)
    await page.get_by_label("SKILL.md to import").set_input_files(file)
    await expect(page.get_by_role("heading", name="clean-table", level=1)).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Export SKILL.md").click()
    written = (await (await download.value).path()).read_text()
    assert "license: MIT" in written
    assert "Look for duplicates." in written
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("heading", name="There is no skill yet")).to_be_visible()
