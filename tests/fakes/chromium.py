"""A real Chromium without a screen, which calls nobody by itself."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # In the place of Playwright's list, with which frames of other sites can store nothing.
    "--disable-features=Translate,HttpsUpgrades,MediaRouter",
)


def program() -> str | None:
    """Where it is, or Chrome; `CHROMIUM` in the environment says another."""
    named = os.environ.get("CHROMIUM")
    return next((found for name in (named, *_NAMES) if name and (found := shutil.which(name))), None)


def flags(*more: str) -> list[str]:
    """Of its command line; as root it runs without its sandbox, or not at all."""
    as_root = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
    return [*_QUIET, *more, *as_root]


@asynccontextmanager
async def launched(program: str, *more: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=flags(*more))
        try:
            yield browser
        finally:
            await browser.close()
