"""Schedules: made while their times are shown, run, paused, changed, and accounted for slot by slot."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from cowork_desktop.agent.model import ModelError
from tests.fakes.app import NARROW, App, running_app
from tests.fakes.clock import FakeClock
from tests.fakes.schedules import Timetable, WorkingModel, timetable_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def scheduled(app: App, prompt: str = "Say what is new") -> str:
    """The id of a schedule of every day."""
    projects = await app.server.get("/projects")
    body = {"project_id": projects["data"][0]["id"], "cron": "0 9 * * *", "prompt": prompt}
    return str((await app.server.post("/schedules", body))["id"])


async def test_a_schedule_is_made_by_keyboard_alone(app: App) -> None:
    page, keys = app.page, app.page.keyboard
    await app.open("/schedules")
    await page.get_by_role("link", name="New schedule").focus()
    await keys.press("Enter")
    await expect(page.get_by_role("textbox", name="What to do")).to_be_focused()
    await keys.type("Say what is new")
    cron = page.get_by_role("textbox", name="Cron expression")
    await cron.focus()
    await keys.press("ControlOrMeta+a")
    await keys.type("30 2 * *")
    await expect(cron).to_have_accessible_description(re.compile("this one has 4"))
    await expect(page.get_by_text("At 09:00 every day")).to_be_visible()
    await app.axe()
    await keys.type(" sun")
    await expect(page.get_by_text("At 02:30 on Sunday")).to_be_visible()
    await expect(cron).not_to_have_accessible_description(re.compile("this one has 4"))
    await keys.press("Tab")
    await keys.type("berlin")
    await expect(page.get_by_role("option", name="Europe/Berlin")).to_be_visible()
    await app.axe()
    await keys.press("Enter")
    await expect(page.get_by_role("combobox", name="Time zone")).to_have_value("Europe/Berlin")
    await expect(page.get_by_role("region", name="What this means").get_by_role("listitem")).to_have_count(5)
    await cron.focus()
    await keys.press("Enter")
    await expect(page.get_by_role("heading", name="Say what is new", level=1)).to_be_visible()
    (made,) = (await app.server.get("/schedules"))["data"]
    told = [made[key] for key in ("cron", "timezone", "prompt", "status", "conversation_id")]
    assert told == ["30 2 * * sun", "Europe/Berlin", "Say what is new", "active", None]


async def test_changes_of_the_clocks_are_told(app: App) -> None:
    page = app.page
    await app.open("/schedules/new?cron=30+2+*+3+sun")
    zone = page.get_by_role("combobox", name="Time zone")
    await zone.click()
    await zone.fill("berlin")
    await page.get_by_role("option", name="Europe/Berlin").click()
    await expect(page.get_by_text("the clocks go forward").first).to_be_visible()


async def test_a_run_that_is_asked_for_is_in_the_strip_and_leads_to_its_task(app: App) -> None:
    page, keys = app.page, app.page.keyboard
    id = await scheduled(app)
    await app.open(f"/schedules/{id}")
    await expect(page.get_by_text("None of its times has come yet.")).to_be_visible()
    await page.get_by_role("button", name="Run now").focus()
    await keys.press("Enter")
    slot = page.get_by_role("tab", name=re.compile("Ran, asked for"))
    await expect(slot).to_be_visible()
    panel = page.get_by_role("tabpanel")
    await expect(panel).to_contain_text("It was asked for by hand.")
    await app.axe()
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_text("None while it is paused")).to_be_visible()
    assert (await app.server.get(f"/schedules/{id}"))["status"] == "paused"
    await page.get_by_role("button", name="Resume").click()
    await expect(page.get_by_text("Active", exact=True)).to_be_visible()
    await panel.get_by_role("link", name="Open the task").click()
    await expect(page).to_have_url(re.compile("/tasks/conv_"))
    await expect(page.get_by_text("Say what is new").first).to_be_visible()


async def test_a_schedule_is_changed_and_deleted(app: App) -> None:
    page = app.page
    id = await scheduled(app)
    await app.open(f"/schedules/{id}")
    await page.get_by_role("link", name="Edit").click()
    await page.get_by_role("button", name="Every Monday at 9").click()
    await page.get_by_role("link", name="Cancel").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Leave without saving?")
    await dialog.get_by_role("button", name="Cancel").click()
    await page.get_by_text("Budget (optional)").click()
    limit = page.get_by_role("textbox", name="Tokens of one run")
    await limit.fill("many")
    await page.get_by_role("button", name="Save").click()
    await expect(limit).to_be_focused()
    await limit.fill("50,000")
    await app.axe()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("50k tokens a run")).to_be_visible()
    await expect(page.get_by_text("At 09:00 on Monday")).to_be_visible()
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("heading", name="Nothing is scheduled yet")).to_be_visible()
    await app.axe()
    await page.get_by_role("link", name="Weekly report").click()
    await expect(page.get_by_role("textbox", name="What to do")).to_have_value(re.compile("one-page report"))
    await app.open(f"/schedules/{id}")
    await expect(page.get_by_role("heading", name="This is not here any more")).to_be_visible()


async def test_the_list_is_filtered_and_follows_what_others_do(app: App) -> None:
    page = app.page
    await scheduled(app, "The first")
    second = await scheduled(app, "The second")
    await app.open("/schedules")
    await page.get_by_role("combobox", name="Status").select_option("Paused")
    await expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()
    await app.server.call("PATCH", f"/schedules/{second}", json={"status": "paused"})
    await expect(page.get_by_role("link", name="The second")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("link", name="The second")).to_be_visible()
    await expect(page.get_by_role("link", name="The first")).to_have_count(0)
    await app.axe()
    await page.set_viewport_size(NARROW)
    await app.fits()


async def test_each_slot_tells_why(chromium: Browser, tmp_path: Path) -> None:
    clock, model = FakeClock(), WorkingModel()
    async with running_app(chromium, tmp_path / "data", clock=clock, model=model) as app:
        times = await timetable_of(app.server, clock, model)
        id = await _of_all_kinds(times)
        page, keys = app.page, app.page.keyboard
        await app.open(f"/schedules/{id}")
        tabs = page.get_by_role("tab")
        kinds = ("Skipped", "Running", "Failed", "Ran late", "Missed", "Missed", "Ran")
        for n, kind in enumerate(kinds):
            await expect(tabs.nth(n)).to_have_accessible_name(re.compile(f": {kind}$"))
        await tabs.first.focus()
        panel = page.get_by_role("tabpanel")
        await expect(panel).to_contain_text("still")
        await keys.press("ArrowRight")
        await keys.press("ArrowRight")
        await expect(tabs.nth(2)).to_be_focused()
        await expect(panel).to_contain_text("Out of credit.")
        await app.axe()
        for _ in range(2):
            await keys.press("ArrowRight")
        await expect(panel).to_contain_text("was not running")
        await panel.get_by_role("button", name="The run that stands for it").click()
        await expect(tabs.nth(3)).to_be_focused()
        await expect(panel).to_contain_text("ran late")
        await keys.press("End")
        await expect(tabs.last).to_be_focused()
        await panel.get_by_role("link", name="Open the task").click()
        await expect(page).to_have_url(re.compile("/tasks/conv_"))
        model.gate.set()
        await times.ended(id)
        await app.open(f"/schedules/{id}")
        await page.set_viewport_size(NARROW)
        await app.fits()


async def _of_all_kinds(times: Timetable) -> str:
    """The id of a schedule with a slot of each kind, one an hour from 01:00 on."""
    id = await times.new("0 * * * *")
    await times.awake_until("2026-01-01T01:00:00Z", step=3600)
    await times.asleep_until("2026-01-01T04:30:00Z")
    await times.ended(id)
    times.model.failure = ModelError("billing", "Out of credit.")
    await times.awake_until("2026-01-01T05:00:00Z", step=1800)
    await times.ended(id)
    times.model.failure = None
    times.model.gate.clear()
    await times.awake_until("2026-01-01T06:00:00Z", step=3600)
    await times.begun(id)
    await times.awake_until("2026-01-01T07:00:00Z", step=3600)
    return id
