"""Files: added with their progress, found by what stands in them, looked at, renamed and deleted."""

import json
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Locator, Route, expect

from tests.fakes.app import NARROW, App

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOCUMENTS = Path(__file__).parents[2] / "documents"
LARGE: FilePayload = {"name": "large.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n" * 150_000}


async def test_a_document_is_added_read_and_found_by_its_page(app: App) -> None:
    await app.open("/files")
    await expect(app.page.get_by_role("heading", name="There is no file yet")).to_be_visible()
    async with app.page.expect_file_chooser() as chosen:
        await app.page.get_by_role("button", name="Add files").click()
    await (await chosen.value).set_files([DOCUMENTS / "columns.pdf", DOCUMENTS / "password.pdf"])
    await expect(row(app, "columns.pdf")).to_contain_text("Searchable")
    await expect(row(app, "password.pdf")).to_contain_text("The file is protected with a password.")
    await app.axe()

    await app.page.get_by_role("searchbox", name="Search in files").fill("finish9")
    hit = app.page.get_by_role("list", name="Hits").get_by_role("listitem")
    await expect(hit).to_contain_text(["Page 1"])
    await expect(hit.locator("mark")).to_have_text("finish9")
    await app.axe()
    await hit.get_by_role("link").click()
    await expect(app.page.get_by_role("heading", name="columns.pdf")).to_be_visible()
    await expect(app.page.get_by_role("heading", name="Page 1")).to_be_visible()
    await expect(app.page.locator("mark[data-current]")).to_have_text("finish9")
    await app.axe()

    await app.open("/files?q=harbour")
    await hit.filter(has_text="Page 3").first.get_by_role("link").click()
    shown = app.page.locator("h2:has-text('Page 3') ~ p mark[data-current]")
    await expect(shown).to_be_in_viewport()


async def test_words_are_stepped_through_by_the_keyboard(app: App) -> None:
    await added(app, "columns.pdf")
    await app.open("/files")
    await app.page.get_by_role("link", name="columns.pdf").press("Enter")
    find = app.page.get_by_role("searchbox", name="Find in this file")
    await find.fill("lantern")
    said = app.page.get_by_role("search").get_by_role("status")
    await expect(said).to_contain_text("1 of ")
    await find.press("Enter")
    await expect(said).to_contain_text("2 of ")
    await find.press("Shift+Enter")
    await find.press("Shift+Enter")
    last, _, all = (await said.inner_text()).partition(" of ")
    assert last == all
    current = app.page.locator("mark[data-current]")
    await expect(current).to_have_count(1)
    await expect(current).to_be_in_viewport()
    await app.page.reload()
    await expect(said).to_contain_text("1 of ")


async def test_rows_are_shown_as_a_table_for_each_sheet(app: App) -> None:
    file = await added(app, "ledger.xlsx")
    await app.open(f"/files/{file}")
    table = app.page.get_by_role("group", name="Sheet “Landings”").get_by_role("table")
    await expect(table.get_by_role("row", name="3 Fulmar 2024-03-05 120 18.5")).to_be_visible()
    await expect(app.page.get_by_role("heading", name="Sheet “Q2”")).to_be_visible()
    await app.page.set_viewport_size(NARROW)
    await app.fits()
    await app.axe()


async def test_a_file_is_renamed_and_deleting_it_asks(app: App) -> None:
    for name in ("columns.pdf", "talk.pptx"):
        await added(app, name)
    await app.open("/files")
    await options(app, "talk.pptx", "Rename")
    await app.page.get_by_role("textbox", name="Name").fill("harbour.pptx")
    await app.page.keyboard.press("Enter")
    await expect(row(app, "harbour.pptx")).to_be_visible()

    await options(app, "harbour.pptx", "Delete")
    await expect(app.page.get_by_role("dialog", name="Delete this file?")).to_contain_text("harbour.pptx")
    await app.page.get_by_role("button", name="Cancel").click()
    await expect(row(app, "harbour.pptx")).to_be_visible()
    await options(app, "harbour.pptx", "Delete")
    await app.page.get_by_role("button", name="Delete", exact=True).click()
    await expect(row(app, "harbour.pptx")).to_have_count(0)
    await expect(app.page.get_by_role("link", name="columns.pdf")).to_be_focused()


async def test_a_file_that_is_too_large_is_not_even_tried(app: App) -> None:
    await app.server.call("PATCH", "/settings", json={"files": {"largest_bytes": 1_000_000}})
    asked: list[str] = []
    app.page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    await app.open("/files")
    await expect(app.page.get_by_text("up to 1.0 MB each")).to_be_visible()
    await app.page.set_input_files("input[type=file]", [LARGE])
    uploads = app.page.get_by_role("list", name="Uploads")
    await expect(uploads.get_by_role("alert")).to_have_text("It has 1.2 MB; files may have 1.0 MB at most.")
    await app.axe()
    await uploads.get_by_role("button", name="Remove large.csv from the uploads").click()
    await expect(uploads.get_by_role("listitem")).to_have_count(0)
    assert not [one for one in asked if one.startswith("POST")]


async def test_an_upload_that_failed_is_tried_again(app: App) -> None:
    await app.open("/files")

    async def refuse(route: Route) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        told = {"error": {"type": "internal", "message": "The disk is full."}}
        await route.fulfill(status=500, content_type="application/json", body=json.dumps(told))

    await app.page.route("**/api/v1/files", refuse)
    await app.page.set_input_files("input[type=file]", [DOCUMENTS / "talk.pptx"])
    uploads = app.page.get_by_role("list", name="Uploads")
    await expect(uploads.get_by_role("alert")).to_have_text("The disk is full.")
    await app.page.unroute("**/api/v1/files")
    await uploads.get_by_role("button", name="Upload talk.pptx again").press("Enter")
    await expect(row(app, "talk.pptx")).to_contain_text("Searchable")
    await expect(uploads.get_by_role("listitem")).to_have_count(0)


async def test_files_are_dropped_anywhere_and_asked_about(app: App) -> None:
    await app.page.add_init_script("localStorage.setItem('cowork.started', 'true')")
    project = (await app.server.post("/projects", {"name": "Quarterly numbers"}))["id"]
    await app.open(f"/files?project={project}")
    await expect(app.page.get_by_role("heading", name="This project has no files")).to_be_visible()
    for type in ("dragenter", "dragover", "drop"):
        await app.page.evaluate(
            """(type) => {
              const dataTransfer = new DataTransfer();
              dataTransfer.items.add(new File(["a,b\\n1,2"], "dropped.csv", { type: "text/csv" }));
              const more = { dataTransfer, bubbles: true, cancelable: true };
              document.body.dispatchEvent(new DragEvent(type, more));
            }""",
            type,
        )
        if type == "dragover":
            await expect(app.page.get_by_text("Drop files to add them to Quarterly numbers")).to_be_visible()
    await expect(row(app, "dropped.csv")).to_be_visible()
    [file] = (await app.server.get("/files"))["data"]
    assert file["project_id"] == project

    await options(app, "dropped.csv", "Ask about this file")
    await expect(app.page.get_by_role("button", name="Remove dropped.csv")).to_be_visible()
    await expect(app.page.get_by_role("button", name="Project: Quarterly numbers")).to_be_visible()


async def test_a_deleted_file_says_so(app: App) -> None:
    await app.open("/files/file_00000000000000000000000000")
    await expect(app.page.get_by_role("heading", name="This is not here any more")).to_be_visible()
    await app.axe()


def row(app: App, name: str) -> Locator:
    return app.page.get_by_role("list", name="Files").get_by_role("listitem").filter(has_text=name)


async def options(app: App, name: str, deed: str) -> None:
    await app.page.get_by_role("button", name=f"Options of {name}").press("Enter")
    await app.page.get_by_role("menuitem", name=deed).press("Enter")


async def added(app: App, name: str) -> str:
    """The id of a document that is stored, and read."""
    document = await app.server.call("POST", "/files", data={"file": (DOCUMENTS / name).open("rb")})
    id = str(document.json()["id"])
    await app.open(f"/files/{id}")
    await expect(app.page.get_by_text("Searchable")).to_be_visible()
    return id
