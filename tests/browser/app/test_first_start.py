"""The first start: what it is, a model that is tried before it is stored, and a sample that runs."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from cowork_desktop.settings import ServerSettings
from tests.fakes.app import App, running_app
from tests.fakes.messages_endpoint import MessagesEndpoint, reply, unauthorized
from tests.fakes.secrets import NoSecrets

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "sk-ant-a-key-of-the-test"


async def test_a_key_is_tried_at_once_and_kept_in_the_keyring(chromium: Browser, tmp_path: Path) -> None:
    async with MessagesEndpoint([reply(text="Hi")]) as endpoint:
        settings = ServerSettings(base_url=endpoint.url)
        async with running_app(chromium, tmp_path / "data", settings=settings) as app:
            await app.open("/start")
            await app.page.get_by_label("API key", exact=True).fill(KEY)
            await app.page.keyboard.press("Enter")
            await expect(app.page.get_by_text("has answered")).to_be_visible()
            [request] = endpoint.requests
            assert request.headers["authorization"] == f"Bearer {KEY}"
            assert (await app.server.get("/settings"))["model_key"] == "keyring"
            await app.axe()


async def test_a_wrong_key_is_said_at_its_field_and_not_kept(chromium: Browser, tmp_path: Path) -> None:
    async with MessagesEndpoint([unauthorized()]) as endpoint:
        settings = ServerSettings(base_url=endpoint.url)
        async with running_app(chromium, tmp_path / "data", settings=settings) as app:
            await app.open("/start")
            field = app.page.get_by_label("API key", exact=True)
            await field.fill(KEY)
            await app.page.get_by_role("button", name="Test and save the key").click()
            await expect(app.page.get_by_role("alert")).to_contain_text("API key")
            await expect(field).to_have_attribute("aria-invalid", "true")
            await expect(field).to_have_value(KEY)
            assert (await app.server.get("/settings"))["model_key"] is None
            await app.axe()


async def test_a_server_of_ones_own_needs_no_key(app: App) -> None:
    async with MessagesEndpoint([reply(text="Hi")]) as endpoint:
        await app.open("/start")
        await app.page.get_by_role("radio", name="Another server").focus()
        await app.page.keyboard.press("Space")
        await app.page.get_by_label("Base URL").fill(endpoint.url)
        await app.page.get_by_label("Model (optional)").fill("llama-of-the-house")
        await app.page.get_by_role("button", name="Test and save").click()
        await expect(app.page.get_by_text("llama-of-the-house has answered")).to_be_visible()
        settings = await app.server.get("/settings")
        assert (settings["base_url"], settings["model"]) == (endpoint.url, "llama-of-the-house")


async def test_a_server_that_does_not_answer_is_said_at_its_address(app: App) -> None:
    await app.open("/start")
    await app.page.get_by_text("Another server").click()
    address = app.page.get_by_label("Base URL")
    await address.fill("http://127.0.0.1:9")
    await app.page.get_by_role("button", name="Test and save").click()
    await expect(address).to_have_attribute("aria-invalid", "true")
    assert (await app.server.get("/settings"))["base_url"] is None


async def test_without_a_keyring_the_other_ways_are_told(chromium: Browser, tmp_path: Path) -> None:
    async with running_app(chromium, tmp_path / "data", secrets=NoSecrets()) as app:
        await app.open("/start")
        await expect(app.page.get_by_text("ANTHROPIC_API_KEY=")).to_be_visible()
        await expect(app.page.get_by_label("API key", exact=True)).to_have_count(0)
        await app.axe()


async def test_without_a_key_a_sample_task_runs_at_one_press(app: App) -> None:
    await app.open("/")
    await app.page.wait_for_url("**/start")
    await app.page.get_by_text("No language model").click()
    await expect(app.page.get_by_text("understand language")).to_be_visible()
    await app.page.get_by_role("button", name="Run the sample task").focus()
    await app.page.keyboard.press("Enter")
    await app.page.wait_for_url("**/tasks/conv_*")

    conversation = app.page.url.rpartition("/")[2]
    items = (await app.server.get(f"/conversations/{conversation}/items"))["data"]
    await app.server.events(items[0]["response_id"])
    contents = await app.server.get(f"/conversations/{conversation}/contents")
    assert [file["name"] for file in contents["files"]] == ["sales.csv"]
    assert len(contents["artifacts"]) == len(contents["scratchpads"]) == 1

    # Who has begun needs no first steps any more.
    await app.open("/")
    await expect(app.page.get_by_role("textbox", name="What is to be done")).to_be_focused()
    await expect(app.page.get_by_role("main").get_by_role("link", name="Sample: sales")).to_be_visible()
    await app.axe()
