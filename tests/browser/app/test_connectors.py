"""Connectors: found, connected by a form that the spec makes, mended, looked into, deleted."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.fakes.app import NARROW, App, running_app
from tests.fakes.connections import PASSWORD, database, make_database, until_tested
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET, running_oauth
from tests.fakes.secrets import NoSecrets
from tests.flows.test_oauth_connections import lay_out

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_connection_that_fails_is_mended_and_looked_into(app: App, tmp_path: Path) -> None:
    page = app.page
    place = await asyncio.to_thread(make_database, tmp_path / "shop.db")
    await app.open("/connectors/new/sqlite")
    await page.get_by_role("textbox", name="File").fill(str(tmp_path / "missing.db"))
    await page.get_by_role("textbox", name="Name").fill("Shop")
    await page.get_by_role("button", name="Connect", exact=True).click()
    await expect(page.get_by_role("heading", name="Shop")).to_be_focused()
    await expect(page.get_by_text("Not connected")).to_be_visible()
    await app.axe()
    await page.get_by_role("button", name="Edit").click()
    field = page.get_by_role("textbox", name="File")
    await expect(field).to_be_focused()
    await expect(field).to_have_value(str(tmp_path / "missing.db"))
    await field.fill(str(place))
    await page.get_by_role("button", name="Save and test").click()
    await expect(
        page.get_by_role("region", name="State").get_by_text("Connected", exact=True)
    ).to_be_visible()
    (made,) = (await app.server.get("/connectors/connections"))["data"]
    connection = await until_tested(app.server, made["id"])
    assert (connection["name"], connection["status"], connection["access"]) == ("Shop", "connected", "read")
    await page.get_by_role("link", name="See what is in it").click()
    await page.get_by_role("button", name="Show what is in it").click()
    await page.get_by_role("searchbox", name="Search tables and columns").fill("customer")
    await page.get_by_text("orders").click()
    await expect(page.get_by_text("customer", exact=True)).to_be_visible()
    await app.axe()
    await page.set_viewport_size(NARROW)
    await app.fits()


async def test_a_connector_is_found_and_connected_by_keyboard_alone(app: App, tmp_path: Path) -> None:
    page, keys = app.page, app.page.keyboard
    place = await asyncio.to_thread(make_database, tmp_path / "shop.db")
    await app.open("/connectors")
    await page.get_by_role("searchbox", name="Search connectors").focus()
    await keys.type("sqlite")
    await expect(page.get_by_role("link", name="SQLite")).to_be_visible()
    await expect(page.get_by_role("link", name="Stripe")).to_have_count(0)
    await keys.press("ArrowDown")
    await keys.press("Enter")
    await expect(page.get_by_role("heading", name="Connect SQLite", level=1)).to_be_visible()
    await page.get_by_role("textbox", name="File").focus()
    await keys.type(str(place))
    await keys.press("Enter")
    await expect(
        page.get_by_role("region", name="State").get_by_text("Connected", exact=True)
    ).to_be_visible()


async def test_what_is_wrong_is_told_at_its_field_and_secrets_are_hidden(app: App) -> None:
    page = app.page
    await app.open("/connectors/new/postgres")
    secret = page.get_by_role("textbox", name="Password")
    await expect(secret).to_have_attribute("type", "password")
    await secret.fill(PASSWORD)
    await page.get_by_role("button", name="Show: Password").click()
    await expect(secret).to_have_attribute("type", "text")
    await page.get_by_role("button", name="Connect", exact=True).click()
    host = page.get_by_role("textbox", name="Host")
    await expect(host).to_be_focused()
    await expect(host).to_have_accessible_description(re.compile("Host is required"))
    await app.axe()


async def test_a_connection_that_is_deleted_leaves_its_projects(app: App, tmp_path: Path) -> None:
    page = app.page
    connection = await database(app.server, tmp_path / "shop.db")
    project = {"name": "Quarter", "connector_ids": [connection["id"]]}
    await app.server.post("/projects", project)
    await app.open(f"/connectors/{connection['id']}")
    await expect(page.get_by_role("link", name="Quarter")).to_be_visible()
    await page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("These projects lose it: Quarter.")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("None yet. Choose below")).to_be_visible()
    await app.open(f"/connectors/{connection['id']}")
    await expect(page.get_by_role("heading", name="This is not here any more")).to_be_visible()


async def test_what_others_change_is_shown_at_once(app: App, tmp_path: Path) -> None:
    connection = await database(app.server, tmp_path / "shop.db")
    await app.open("/connectors")
    await expect(app.page.get_by_role("link", name="shop", exact=True)).to_be_visible()
    path = f"/connectors/connections/{connection['id']}"
    await app.server.call("PATCH", path, json={"name": "Till", "access": "write"})
    await expect(app.page.get_by_role("link", name="Till")).to_be_visible()
    await expect(app.page.get_by_text("Read and write", exact=True)).to_be_visible()


async def test_without_a_client_the_way_to_one_is_shown(app: App) -> None:
    page = app.page
    await app.open("/connectors/new/google-sheets")
    await expect(page.get_by_text("/api/v1/connectors/oauth/callback")).to_be_visible()
    await page.get_by_role("textbox", name="Client ID").fill("cowork-client")
    await page.get_by_role("textbox", name="Client secret").fill(PASSWORD)
    await app.axe()
    await page.get_by_role("button", name="Save and go on").click()
    await expect(page.get_by_role("button", name="Sign in with Google")).to_be_visible()


async def test_without_a_keyring_the_way_to_one_is_shown(chromium: Browser, tmp_path: Path) -> None:
    async with running_app(chromium, tmp_path / "data", secrets=NoSecrets()) as app:
        await app.open("/connectors/new/postgres")
        await expect(app.page.get_by_role("note")).to_contain_text("--secrets file")


async def test_signing_in_goes_on_by_itself(chromium: Browser, tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running_oauth() as provider:
        await lay_out(data, provider)
        async with running_app(chromium, data) as app:
            page = app.page
            await app.open("/connectors/new/herons")
            await page.get_by_role("textbox", name="Client ID").fill(CLIENT_ID)
            await page.get_by_role("textbox", name="Client secret").fill(CLIENT_SECRET)
            await page.get_by_role("button", name="Save and go on").click()
            await page.get_by_role("textbox", name="Name").fill("Grey herons")
            async with app.context.expect_page() as opened:
                await page.get_by_role("button", name="Sign in with Fake").click()
            tab = await opened.value
            await expect(tab.get_by_role("heading", name="You are signed in")).to_be_visible()
            await expect(page.get_by_role("heading", name="Grey herons")).to_be_focused()
            await expect(
                page.get_by_role("region", name="State").get_by_text("Connected", exact=True)
            ).to_be_visible()
            assert await tab.evaluate("window.opener") is None
