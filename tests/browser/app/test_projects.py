"""Projects: made, looked into, changed and deleted, with what belongs to them."""

import pytest
from playwright.async_api import expect

from tests.fakes.app import NARROW, TABLE, App

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABS = ("Tasks", "Files", "Artifacts", "Schedules", "Memories", "Connections", "Skills")


async def test_a_project_is_made_by_the_keyboard_and_a_task_begun_in_it(app: App) -> None:
    await app.page.add_init_script("localStorage.setItem('cowork.started', 'true')")
    await app.open("/projects")
    await expect(app.page.get_by_role("link", name="General")).to_be_visible()
    await app.page.get_by_role("button", name="New project").press("Enter")
    await expect(app.page.get_by_role("textbox", name="Name")).to_be_focused()
    await app.page.keyboard.type("Quarterly numbers")
    await app.page.keyboard.press("Enter")
    await expect(app.page.get_by_role("heading", name="Quarterly numbers")).to_be_visible()

    await app.page.get_by_role("button", name="Edit").click()
    await app.page.get_by_role("textbox", name="Description").fill("What the shop sells.")
    await app.page.get_by_role("button", name="Save").click()
    await expect(app.page.get_by_text("What the shop sells.")).to_be_visible()
    await expect(app.page.get_by_role("button", name="Edit")).to_be_focused()

    await app.page.get_by_role("link", name="Files", exact=True).last.click()
    await app.page.set_input_files("input[type=file]", [TABLE])
    await expect(app.page.get_by_role("list", name="Files")).to_contain_text("sales.csv")
    await app.page.get_by_role("button", name="New task").click()
    await expect(app.page.get_by_role("button", name="Project: Quarterly numbers")).to_be_visible()


async def test_each_part_has_an_address_and_is_accessible(app: App) -> None:
    project = (await app.server.post("/projects", {"name": "Quarterly numbers"}))["id"]
    conversation = await app.server.conversation(title="Compare the quarters", project_id=project)
    await app.server.post("/memories", {"content": "Sums are in euros.", "project_id": project})
    await app.server.post(
        "/schedules", {"project_id": project, "cron": "0 8 * * 1", "timezone": "UTC", "prompt": "Sum up"}
    )
    parts = app.page.get_by_role("navigation", name="Parts of the project")
    for tab in TABS:
        await app.open(f"/projects/{project}?tab={tab.lower()}")
        await expect(parts.get_by_role("link", name=tab)).to_have_attribute("aria-current", "page")
        await expect(app.page.get_by_role("status", name="Loading")).to_have_count(0)
        await app.axe()
        await app.page.set_viewport_size(NARROW)
        await app.fits()
        await app.page.set_viewport_size({"width": 1280, "height": 860})
    await parts.get_by_role("link", name="Tasks").click()
    await app.page.get_by_role("list", name="Tasks").get_by_role("link").click()
    await app.page.wait_for_url(f"**/tasks/{conversation}")
    await app.page.go_back()
    await expect(parts.get_by_role("link", name="Tasks")).to_have_attribute("aria-current", "page")


async def test_what_is_chosen_for_a_project_is_saved_at_once_and_taken_back(app: App) -> None:
    project = (await app.server.post("/projects", {"name": "Quarterly numbers"}))["id"]
    made = [
        await app.server.post("/skills", {"name": name, "description": "Of the house."})
        for name in ("chart-style", "report-style")
    ]
    await app.open(f"/projects/{project}?tab=skills")
    chart, report = (app.page.get_by_role("checkbox", name=skill["name"]) for skill in made)
    await chart.press("Space")
    await report.press("Space")
    await expect(app.page.get_by_text("“report-style” is in this project.")).to_be_visible()
    await app.page.reload()
    await expect(chart).to_be_checked()
    await expect(report).to_be_checked()

    await report.press("Space")
    await app.page.get_by_role("button", name="Undo").click()
    await expect(report).to_be_checked()
    await app.page.reload()
    await expect(report).to_be_checked()
    stored = await app.server.get(f"/projects/{project}")
    assert sorted(stored["skill_ids"]) == sorted(skill["id"] for skill in made)


async def test_deleting_a_project_says_what_goes_with_it(app: App) -> None:
    project = (await app.server.post("/projects", {"name": "Quarterly numbers"}))["id"]
    await app.open(f"/projects/{project}")
    await app.page.get_by_role("button", name="More").click()
    await app.page.get_by_role("menuitem", name="Delete").click()
    dialog = app.page.get_by_role("dialog", name="Delete this project?")
    await expect(dialog).to_contain_text("files, artifacts, schedules and memories")
    await app.axe()
    await dialog.get_by_role("button", name="Delete the project").click()
    await app.page.wait_for_url("**/projects")
    await expect(app.page.get_by_role("link", name="Quarterly numbers")).to_have_count(0)
    await app.open(f"/projects/{project}")
    await expect(app.page.get_by_role("heading", name="This is not here any more")).to_be_visible()

    await app.open("/projects")
    await app.page.get_by_role("link", name="General").click()
    await app.page.get_by_role("button", name="More").click()
    await expect(app.page.get_by_role("menuitem", name="Export as zip")).to_be_visible()
    await expect(app.page.get_by_role("menuitem", name="Delete")).to_have_count(0)
