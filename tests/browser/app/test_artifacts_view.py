"""Artifacts in the app: found in the gallery, run in its frame with what they keep, versions told apart."""

from typing import Any

import pytest
from playwright.async_api import FrameLocator, expect

from tests.browser.conftest import Outside
from tests.fakes.app import NARROW, App, assert_calm
from tests.fakes.artifacts import save

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNTER = """<!doctype html><title>Counter</title><h1>{title}</h1><button>Count <output></output></button>
<script>
const show = () => (document.querySelector("output").textContent = localStorage.count ?? 0);
document.querySelector("button").onclick = () => {{
    localStorage.count = +(localStorage.count ?? 0) + 1;
    show();
}};
show();
</script>"""
HOSTILE = """<!doctype html><h1>Hostile</h1>
<a id="above" target="_top" href="{url}/above">x</a><a id="beside" target="_blank" href="{url}/beside">x</a>
<form target="_top" action="{url}/sent"></form><img src="{url}/picture">
<script>
const attempt = (go) => { try { go(); } catch {} };
attempt(() => (top.location = "{url}/top"));
attempt(() => top.history.back());
attempt(() => parent.document.body.replaceChildren());
attempt(() => parent.postMessage({ type: "height", height: 1 }, "*"));
attempt(() => open("{url}/opened"));
attempt(() => document.querySelector("form").submit());
for (const id of ["above", "beside"]) document.getElementById(id).click();
fetch("{app}/api/v1/artifacts").then(
    () => document.body.append("has read"), () => document.body.append("refused"));
</script>"""


def page(title: str) -> dict[str, bytes]:
    return {"index.html": COUNTER.format(title=title).encode()}


def inside(app: App, title: str) -> FrameLocator:
    return app.page.frame_locator(f"iframe[title='{title}']")


async def shown(app: App, artifact: Any) -> None:
    await app.open(f"/artifacts/{artifact['id']}")
    await expect(app.page.get_by_role("heading", name=artifact["title"], level=1)).to_be_visible()


async def test_the_gallery_shows_how_they_look_and_finds_them(app: App) -> None:
    north = (await app.server.post("/projects", {"name": "North"}))["id"]
    await save(app.server, page("Sales"), title="Sales Dashboard", type="dashboard", project_id=north)
    await save(app.server, page("Études"), title="Études of 2026", type="report")
    await save(app.server, page("Planner"), title="Night planner")
    await app.open("/artifacts")
    view = app.page
    cards = view.get_by_role("list", name="Artifacts").get_by_role("link")
    await expect(cards).to_have_text(["Night planner", "Études of 2026", "Sales Dashboard"])
    small = view.frame_locator("li:has-text('Études') iframe")
    await expect(small.get_by_role("heading", name="Études")).to_be_attached()
    await app.axe()

    await view.get_by_role("combobox", name="Order").select_option("By title")
    await expect(cards).to_have_text(["Études of 2026", "Night planner", "Sales Dashboard"])
    await view.get_by_role("searchbox", name="Search in titles").fill("etudes")
    await expect(cards).to_have_text(["Études of 2026"])
    await view.get_by_role("combobox", name="Project").select_option("North")
    await expect(view.get_by_role("heading", name="Nothing fits")).to_be_visible()
    await view.reload()
    await expect(view.get_by_role("heading", name="Nothing fits")).to_be_visible()
    await app.axe()
    await view.get_by_role("button", name="Show all").press("Enter")
    await expect(view.get_by_role("searchbox")).to_be_focused()
    await expect(cards).to_have_count(3)
    await view.get_by_role("combobox", name="Kind").select_option("Dashboard")
    await expect(cards).to_have_text(["Sales Dashboard"])
    assert "type=dashboard" in view.url
    await view.set_viewport_size(NARROW)
    await app.fits()
    # The pages in the cards are out of reach of the keyboard.
    await view.get_by_role("combobox", name="Order").focus()
    await view.keyboard.press("Tab")
    await expect(cards).to_be_focused()
    await view.keyboard.press("Enter")
    await expect(view.get_by_role("heading", name="Sales Dashboard", level=1)).to_be_visible()


async def test_it_keeps_what_it_stores_from_version_to_version(app: App) -> None:
    artifact = await save(app.server, page("First"), title="Counter")
    await shown(app, artifact)
    frame = inside(app, "Counter")
    await frame.get_by_role("button").click()
    await frame.get_by_role("button").click()
    await expect(frame.get_by_role("button")).to_have_text("Count 2")
    await save(app.server, page("Second"), title="Counter", artifact_id=artifact["id"])
    await expect(frame.get_by_role("heading", name="Second")).to_be_visible()
    await expect(frame.get_by_role("button")).to_have_text("Count 2")
    await expect(app.page.get_by_text("Version 2")).to_be_visible()
    window = await app.window()
    await shown(window, artifact)
    await expect(inside(window, "Counter").get_by_role("button")).to_have_text("Count 2")
    assert_calm(window)


async def test_versions_are_compared_and_restored(app: App) -> None:
    artifact = await save(app.server, page("First"), title="Counter")
    await save(app.server, page("Second"), title="Counter", artifact_id=artifact["id"])
    await shown(app, artifact)
    view = app.page
    await view.get_by_role("button", name="Versions", exact=True).press("Enter")
    versions = view.get_by_role("complementary", name="Versions")
    await expect(versions.get_by_role("heading", level=3)).to_have_text(["Version 2 Current", "Version 1"])
    await app.axe()
    await versions.get_by_role("link", name="Compare version 1 with the current").press("Enter")
    differences = view.get_by_role("group", name="Differences")
    await expect(differences).to_contain_text("Removed: <!doctype html><title>Counter</title><h1>First</h1>")
    await expect(differences).to_contain_text("Added: <!doctype html><title>Counter</title><h1>Second</h1>")
    await expect(view.get_by_role("region", name="Comparison")).to_be_focused()
    await app.axe()
    await view.set_viewport_size(NARROW)
    await app.fits()
    await view.get_by_role("combobox", name="From").select_option("Version 2 (current)")
    await expect(view.get_by_role("heading", name="index.html is the same in both")).to_be_visible()
    await view.get_by_role("link", name="Back to the page").press("Enter")
    await expect(view.get_by_role("button", name="Versions", exact=True)).to_be_focused()

    await versions.get_by_role("button", name="Restore version 1").click()
    await expect(inside(app, "Counter").get_by_role("heading", name="First")).to_be_visible()
    await expect(versions).to_contain_text("Restored")
    await view.get_by_role("button", name="Undo").click()
    await expect(inside(app, "Counter").get_by_role("heading", name="Second")).to_be_visible()
    await expect(versions.get_by_role("heading", level=3)).to_have_count(4)
    await view.get_by_role("button", name="Close the versions").press("Enter")
    await expect(view.get_by_role("button", name="Versions", exact=True)).to_be_focused()
    await expect(versions).to_have_count(0)


async def test_it_is_renamed_and_deleted_and_then_said_to_be_gone(app: App) -> None:
    artifact = await save(app.server, page("First"), title="Counter")
    await shown(app, artifact)
    view = app.page
    await view.get_by_role("button", name="Open in a window").click()
    await expect(view.get_by_role("button", name="Open in a tab")).to_be_visible()
    await view.get_by_role("button", name="More").press("Enter")
    await view.get_by_role("menuitem", name="Rename").press("Enter")
    await view.get_by_role("textbox", name="Title").fill("Tally")
    await view.keyboard.press("Enter")
    await expect(view.get_by_role("heading", name="Tally", level=1)).to_be_visible()
    await expect(view).to_have_title("Tally · Cowork")
    async with view.expect_download() as download:
        await view.get_by_role("button", name="More").press("Enter")
        await view.get_by_role("menuitem", name="Export as zip").press("Enter")
    assert (await download.value).suggested_filename == "Tally.zip"
    window = await app.window()
    await window.open(f"/artifacts/{artifact['id']}")
    await view.get_by_role("button", name="More").press("Enter")
    await view.get_by_role("menuitem", name="Delete").press("Enter")
    await view.get_by_role("dialog").get_by_role("button", name="Delete").press("Enter")
    await expect(view.get_by_role("heading", name="Nothing has been made yet")).to_be_visible()
    await expect(window.page.get_by_role("heading", name="This is not here any more")).to_be_visible()
    await window.axe()
    assert_calm(window)


async def test_a_hostile_one_leads_the_app_nowhere(app: App, outside: Outside) -> None:
    html = HOSTILE.replace("{url}", outside.url).replace("{app}", app.url)
    artifact = await save(app.server, {"index.html": html.encode()}, title="Hostile")
    await shown(app, artifact)
    address = app.page.url
    await expect(inside(app, "Hostile").get_by_text("refused")).to_be_attached()
    assert (app.page.url, len(app.context.pages), outside.reached) == (address, 1, [])
    await expect(app.page.get_by_role("heading", name="Hostile", level=1)).to_be_visible()
    refusals = ("Content Security Policy", "Unsafe attempt", "sandboxed", "CORS policy")
    app.faults[:] = [fault for fault in app.faults if not any(words in fault for words in refusals)]
