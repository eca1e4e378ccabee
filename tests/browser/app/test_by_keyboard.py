"""The main job by keyboard alone, from the first start to a report: no mouse, no focus set by the test."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.fakes.app import TABLE, App

pytestmark = pytest.mark.asyncio(loop_scope="session")

_MOST_STOPS = 80
_IS_SEEN = """element => {
    const { top, bottom } = (element.closest("label") ?? element).getBoundingClientRect();
    return element.matches(":focus-visible") && bottom > 0 && top < innerHeight;
}"""


async def reached(app: App, wanted: Locator, key: str = "Tab") -> None:
    """Pressing the key leads there, and who looks sees that it has."""
    await expect(wanted).to_be_attached()
    passed = []
    for _ in range(_MOST_STOPS):
        if await wanted.evaluate("element => element === document.activeElement"):
            assert await wanted.evaluate(_IS_SEEN), f"{wanted} has the focus, and does not show it."
            return
        await app.page.keyboard.press(key)
        passed.append(await app.page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
    raise AssertionError(f"{wanted} is not reached by {key}; passed were:\n" + "\n".join(passed))


async def test_from_the_first_start_to_a_report_and_its_code(app: App) -> None:
    page, keys = app.page, app.page.keyboard
    await app.open("/")
    await reached(app, page.get_by_role("radio", name="Anthropic"))
    await keys.press("ArrowUp")
    await expect(page.get_by_role("radio", name="No language model")).to_be_checked()
    await reached(app, page.get_by_role("button", name="Begin with a task of your own"))
    await keys.press("Enter")

    box = page.get_by_role("textbox", name="What is to be done")
    await expect(box).to_be_focused()
    await keys.type("Summarise this data")
    await reached(app, page.get_by_role("button", name="Attach files"))
    async with page.expect_file_chooser() as chosen:
        await keys.press("Enter")
    await (await chosen.value).set_files([TABLE])
    await expect(page.get_by_role("button", name="Remove sales.csv")).to_be_visible()
    await reached(app, box, "Shift+Tab")
    await keys.press("Enter")

    message = page.get_by_role("textbox", name="Message", exact=True)
    await expect(message).to_be_focused()
    await expect(page.get_by_role("status").filter(has_text="Finished")).to_be_attached(timeout=60_000)
    await keys.type("What can you do?")
    await keys.press("Enter")
    answers = page.get_by_role("feed", name="Messages").get_by_role("article", name="Cowork", exact=True)
    await expect(answers).to_have_count(2)
    await expect(message).to_be_focused()

    steps = answers.first.get_by_role("button", name="Ran 11 cells, made a report")
    await reached(app, steps, "Shift+Tab")
    await keys.press("Enter")
    step = answers.first.get_by_role("button", name="Libraries, and how tables and charts are shown")
    await reached(app, step)
    await keys.press("Enter")
    await expect(answers.first.get_by_text("import pandas")).to_be_visible()

    await reached(app, answers.first.get_by_role("link", name="Overview of sales.csv"))
    await keys.press("Enter")
    await expect(page).to_have_url(re.compile("/artifacts/art_"))
    report = page.frame_locator("iframe[title='Overview of sales.csv']")
    await expect(report.get_by_role("heading", name="Overview of sales.csv", level=1)).to_be_visible()

    await keys.press("Control+k")
    await expect(page.get_by_role("combobox", name="Search and commands")).to_be_focused()
    await keys.type("what can you do")
    await expect(page.get_by_role("option").filter(has_text="What can you do?").first).to_be_visible()
    await keys.press("Enter")
    await expect(page).to_have_url(re.compile("/tasks/conv_"))
    await expect(answers.last).to_be_visible()
    await reached(app, page.get_by_role("link", name="Skip to the view"), "Shift+Tab")
    await keys.press("Enter")
    await expect(page.locator("main#view")).to_be_focused()
