"""The built app in a real Chromium, on a real server with the offline model."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.fakes.app import App, running_app


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest_asyncio.fixture(loop_scope="session")
async def app(chromium: Browser, tmp_path: Path) -> AsyncIterator[App]:
    async with running_app(chromium, tmp_path / "data") as running:
        yield running
