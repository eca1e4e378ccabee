"""The command palette: everything by typing."""

import re

import pytest
from playwright.async_api import expect

from tests.fakes.app import App

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_message_is_found_by_its_words_and_shown(app: App) -> None:
    conversation = await app.server.conversation(title="Quarterly figures")
    await app.server.say(conversation, "The margin of Lisbon is odd.")
    await app.open("/schedules")
    await app.page.keyboard.press("Control+k")
    field = app.page.get_by_role("combobox", name="Search and commands")
    await expect(field).to_be_focused()
    await field.fill("lisbon")
    hit = app.page.get_by_role("option").filter(has_text="The margin of").first
    await expect(hit).to_be_visible()
    await app.axe()
    await hit.click()
    await expect(app.page).to_have_url(re.compile(rf"/tasks/{conversation}\?item=msg_"))


async def test_a_command_runs_by_keyboard_alone_and_comes_first_next_time(app: App) -> None:
    await app.open("/schedules")
    await app.page.keyboard.press("Control+k")
    await expect(app.page.get_by_role("combobox", name="Search and commands")).to_be_focused()
    await app.page.keyboard.type("dark theme")
    await app.page.keyboard.press("Enter")
    await expect(app.page.locator("html[data-theme=dark]")).to_be_attached()
    await expect(app.page.get_by_role("dialog")).to_have_count(0)
    await app.page.keyboard.press("Control+k")
    await expect(
        app.page.get_by_role("group", name="Actions and views").get_by_role("option").first
    ).to_have_text("Use the light theme")
    await app.page.keyboard.press("Escape")
    await expect(app.page.get_by_role("dialog")).to_have_count(0)
