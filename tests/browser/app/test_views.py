"""Every view, as it is when there is nothing yet: accessible in both themes, and no wider than a phone."""

import pytest
from playwright.async_api import expect

from tests.fakes.app import NARROW, App

pytestmark = pytest.mark.asyncio(loop_scope="session")

VIEWS = {
    "/": "New task",
    "/start": "Welcome",
    "/tasks": "Tasks",
    "/projects": "Projects",
    "/schedules": "Schedules",
    "/artifacts": "Artifacts",
    "/files": "Files",
    "/connectors": "Connectors",
    "/memories": "Memories",
    "/skills": "Skills",
    "/approvals": "Approvals",
    "/settings": "Settings",
    "/settings/usage": "Usage",
}


@pytest.mark.parametrize("path", VIEWS)
async def test_a_view_without_contents_is_accessible_and_fits_a_phone(app: App, path: str) -> None:
    await app.page.add_init_script("localStorage.setItem('cowork.started', 'true')")
    await app.open(path)
    await expect(app.page).to_have_title(f"{VIEWS[path]} · Cowork")
    await expect(app.page.get_by_role("status", name="Loading")).to_have_count(0)
    await app.axe()
    await app.page.set_viewport_size(NARROW)
    await app.fits()
    await app.axe()


async def test_an_unknown_address_says_so(app: App) -> None:
    await app.open("/nowhere")
    await expect(app.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    await app.axe()
