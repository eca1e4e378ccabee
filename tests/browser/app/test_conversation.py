"""A task in the window: its turns as they run, what they ask, and what can be done with its messages."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from cowork_desktop.agent.model import ModelError, TextDelta
from tests.fakes.app import NARROW, TABLE, App, assert_calm, running_app
from tests.fakes.model import Script, ScriptedModel, call, done, say

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCROLLING = """area => new Promise(scrolls => {
    let times = 0;
    area.addEventListener("scroll", () => ++times === 5 && scrolls());
    setInterval(() => { area.scrollTop += area.scrollTop % 2 ? 1 : -1 }, 20);
})"""
"""Resolved while it scrolls on."""


def gated(gate: asyncio.Event, before: str, after: str) -> Script:
    return [TextDelta(before), gate, TextDelta(after), done(before + after)]


async def send(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Message", exact=True).fill(text)
    await page.keyboard.press("Enter")


def messages(page: Page, of: str) -> Locator:
    return page.get_by_role("feed", name="Messages").get_by_role("article", name=of, exact=True)


async def pressed(page: Page, name: str) -> None:
    """By keyboard, once nothing runs that it would have to wait for."""
    button = page.get_by_role("button", name=name)
    await expect(button).to_be_enabled()
    await button.press("Enter")


async def stands(page: Page, words: str, *, seconds: float | None = None) -> None:
    """Screen readers have heard so, in the time that all has, or in so many seconds."""
    told = page.get_by_role("status").filter(has_text=words)
    await expect(told).to_be_attached(timeout=seconds and seconds * 1000)


async def test_a_table_is_worked_on_in_cells_that_can_be_looked_at(app: App) -> None:
    conversation = await app.server.conversation(title="Sales")
    with TABLE.open("rb") as file:
        form = {"file": file, "conversation_id": conversation}
        assert (await app.server.call("POST", "/files", data=form)).status == 201
    page = app.page
    await app.open(f"/tasks/{conversation}")
    await expect(page.get_by_role("heading", name="Nothing has been said yet")).to_be_visible()
    await send(page, "Summarise this data")
    await stands(page, "Finished", seconds=60)
    await expect(messages(page, "You").get_by_role("link", name="sales.csv")).to_be_visible()
    answer = messages(page, "Cowork")
    await expect(answer.get_by_role("link", name="Overview of sales.csv")).to_be_visible()
    await expect(answer.get_by_role("link", name="Add a key")).to_be_visible()

    await answer.get_by_role("button", name="Ran 11 cells, made a report").click()
    step = answer.get_by_role("button", name="Libraries, and how tables and charts are shown")
    await step.click()
    await expect(answer.get_by_text("import pandas")).to_be_visible()
    await expect(answer.get_by_role("link", name="Show in the notebook")).to_be_visible()
    await app.axe()
    await page.set_viewport_size(NARROW)
    await app.fits()
    await page.reload()
    await expect(answer).to_have_count(1)
    await expect(answer.get_by_role("button", name="Undo what this turn changed")).to_be_visible()


async def test_a_turn_goes_on_through_a_reload_and_in_a_second_window(
    chromium: Browser, tmp_path: Path
) -> None:
    gate = asyncio.Event()
    model = ScriptedModel(gated(gate, "I begin with **this**", " and end with that."))
    async with running_app(chromium, tmp_path / "data", model=model) as app:
        page, conversation = app.page, await app.server.conversation(title="Two windows")
        await app.open(f"/tasks/{conversation}")
        await send(page, "Do it")
        await expect(messages(page, "Cowork")).to_contain_text("I begin with this")
        await stands(page, "Working")
        await page.reload()
        other = await app.window()
        await other.open(f"/tasks/{conversation}")
        for window in (page, other.page):
            await expect(messages(window, "Cowork")).to_contain_text("I begin with this")
        gate.set()
        for window in (page, other.page):
            await expect(messages(window, "Cowork")).to_contain_text("I begin with this and end with that.")
            await stands(window, "Finished")
            await expect(messages(window, "You")).to_have_count(1)
            await expect(messages(window, "Cowork")).to_have_count(1)
            await expect(window.get_by_role("button", name="Try again")).to_be_visible()
        assert_calm(other)


async def test_a_turn_that_was_begun_elsewhere_is_seen_and_can_be_stopped(
    chromium: Browser, tmp_path: Path
) -> None:
    model = ScriptedModel(gated(asyncio.Event(), "It takes long", ""))
    async with running_app(chromium, tmp_path / "data", model=model) as app:
        page, conversation = app.page, await app.server.conversation(title="Elsewhere")
        await app.open(f"/tasks/{conversation}")
        await expect(page.get_by_role("heading", name="Nothing has been said yet")).to_be_visible()
        elsewhere = asyncio.ensure_future(app.server.say(conversation, "From a schedule"))
        await expect(messages(page, "You")).to_contain_text("From a schedule")
        await expect(messages(page, "Cowork")).to_contain_text("It takes long")
        await page.keyboard.press("ControlOrMeta+.")
        await expect(
            messages(page, "Cowork").get_by_role("paragraph").filter(has_text="Stopped")
        ).to_be_visible()
        await expect(messages(page, "Cowork")).to_contain_text("It takes long")
        assert (await elsewhere)["error"]["type"] == "cancelled"


async def test_a_click_is_heard_while_the_thread_scrolls(chromium: Browser, tmp_path: Path) -> None:
    model = ScriptedModel(say("\n\n".join(f"Line {n}" for n in range(60))), say("Ten herons."))
    async with running_app(chromium, tmp_path / "data", model=model) as app:
        page, conversation = app.page, await app.server.conversation(title="Long")
        await app.server.say(conversation, "Count to 60.")
        await app.server.say(conversation, "How many herons?")
        await app.open(f"/tasks/{conversation}")
        await expect(messages(page, "Cowork").last).to_contain_text("Ten herons.")
        edit = messages(page, "You").last.get_by_role("button", name="Edit and send again")
        await expect(edit).to_be_visible()
        box = await edit.bounding_box()
        assert box
        await page.get_by_role("feed", name="Messages").evaluate(SCROLLING)
        await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await expect(page.get_by_role("textbox", name="Edit the message")).to_be_focused()


async def test_what_is_asked_is_answered_in_its_place_by_keyboard(chromium: Browser, tmp_path: Path) -> None:
    address: dict[str, object] = {"url": "http://heron.example/birds"}
    question: dict[str, object] = {"question": "Which year?", "options": ["2025", "2026"]}
    model = ScriptedModel(
        call("fetch_page", address, '{"url": "http://heron.example/birds"}'),
        call(
            "ask_user", question, '{"question": "Which year?", "options": ["2025", "2026"]}', call_id="call_2"
        ),
        say("As you wish."),
    )
    async with running_app(chromium, tmp_path / "data", model=model) as app:
        page, conversation = app.page, await app.server.conversation(title="Asking")
        await app.open(f"/tasks/{conversation}")
        await send(page, "Look at the birds")
        card = page.get_by_role("region", name="Fetch http://heron.example/birds")
        await stands(page, "Waiting for your answer: Fetch http://heron.example/birds")
        await app.axe()
        await card.get_by_role("button", name="Deny").press("Enter")
        await expect(card).to_have_count(0)
        year = page.get_by_role("region", name="Which year?")
        await year.get_by_label("Your answer").fill("All of them")
        await page.keyboard.press("Enter")
        await expect(messages(page, "Cowork")).to_contain_text("As you wish.")
        await page.get_by_role("button", name="Fetched 1 page, asked you 1 question").press("Enter")
        await expect(page.get_by_role("button", name="Fetching heron.example/birds Denied")).to_be_visible()
        await expect(page.get_by_role("button", name="Asked you “Which year?” – All of them")).to_be_visible()


async def test_a_failed_turn_says_what_to_press(chromium: Browser, tmp_path: Path) -> None:
    model = ScriptedModel([ModelError("authentication", "The key was refused.")], say("Here I am."))
    async with running_app(chromium, tmp_path / "data", model=model) as app:
        page, conversation = app.page, await app.server.conversation(title="Failing")
        await app.open(f"/tasks/{conversation}")
        await send(page, "Hello")
        failed = page.get_by_role("group", name="The turn has failed")
        await expect(failed).to_contain_text("The key was refused.")
        await expect(failed.get_by_role("link", name="Check the key")).to_have_attribute("href", "/settings")
        await app.axe()
        await page.reload()
        await failed.get_by_role("button", name="Try again").click()
        await expect(messages(page, "Cowork")).to_contain_text("Here I am.")
        await expect(failed).to_have_count(0)
        await expect(messages(page, "You")).to_have_count(1)


async def test_a_message_is_edited_and_its_versions_come_back(chromium: Browser, tmp_path: Path) -> None:
    model = ScriptedModel(say("Ten herons."), say("Two egrets."), say("More of them."))
    async with running_app(chromium, tmp_path / "data", model=model) as app:
        page, conversation = app.page, await app.server.conversation(title="Birds")
        await app.open(f"/tasks/{conversation}")
        await send(page, "How many herons?")
        await expect(messages(page, "Cowork")).to_contain_text("Ten herons.")
        await pressed(page, "Edit and send again")
        field = page.get_by_role("textbox", name="Edit the message")
        await expect(field).to_be_focused()
        await field.fill("How many egrets?")
        await page.keyboard.press("Enter")
        await expect(messages(page, "Cowork")).to_contain_text("Two egrets.")
        await expect(messages(page, "You")).to_be_focused()
        await expect(messages(page, "You")).to_contain_text("How many egrets?")

        await pressed(page, "Previous version")
        await expect(messages(page, "Cowork")).to_contain_text("Ten herons.")
        await expect(page.get_by_label("Version 1 of 2")).to_be_visible()
        await pressed(page, "Next version")
        await expect(messages(page, "Cowork")).to_contain_text("Two egrets.")

        await messages(page, "Cowork").get_by_role("button", name="Branch from here").click()
        await expect(page.get_by_role("heading", name="Birds (branch)", level=1)).to_be_visible()
        await expect(page.get_by_role("main").get_by_role("link", name="Birds", exact=True)).to_be_visible()
        await expect(messages(page, "Cowork")).to_contain_text("Two egrets.")


async def test_a_long_task_goes_to_the_message_of_the_address_and_back_to_its_end(
    chromium: Browser, tmp_path: Path
) -> None:
    turns = 80
    model = ScriptedModel(*(say(f"This is answer {n}.") for n in range(turns)), say("And one more."))
    async with running_app(chromium, tmp_path / "data", model=model) as app:
        page, conversation = app.page, await app.server.conversation(title="Long")
        for n in range(turns):
            await app.server.say(conversation, f"This is question {n}.")
        items = (await app.server.get(f"/conversations/{conversation}/items?limit=1000"))["data"]
        await app.open(f"/tasks/{conversation}")
        await expect(page.get_by_text(f"This is answer {turns - 1}.")).to_be_in_viewport()
        assert await page.get_by_role("article").count() < 30

        await app.open(f"/tasks/{conversation}?item={items[5]['id']}")
        second = page.get_by_role("article").filter(has_text="This is answer 2.")
        await expect(second).to_be_in_viewport()
        await expect(second).to_be_focused()
        await app.axe()
        await page.get_by_role("button", name="Jump to the end").click()
        await expect(page.get_by_text(f"This is answer {turns - 1}.")).to_be_in_viewport()
        await send(page, "Go on")
        await expect(page.get_by_text("And one more.")).to_be_in_viewport()


async def test_the_title_is_edited_in_its_place(app: App) -> None:
    conversation = await app.server.conversation(title="Untidy")
    await app.open(f"/tasks/{conversation}")
    await app.page.get_by_role("heading", level=1).get_by_role("button", name="Untidy").press("Enter")
    field = app.page.get_by_role("textbox", name="Title of the task")
    await field.fill("Tidy")
    await field.press("Enter")
    await expect(app.page.get_by_role("heading", name="Tidy", level=1)).to_be_visible()
    await expect(app.page).to_have_title("Tidy · Cowork")
    assert (await app.server.get(f"/conversations/{conversation}"))["title"] == "Tidy"


async def test_a_task_that_was_deleted_says_so(app: App) -> None:
    await app.open("/tasks/conv_gone")
    await expect(app.page.get_by_role("heading", name="This task is not here any more")).to_be_visible()
    await app.axe()
