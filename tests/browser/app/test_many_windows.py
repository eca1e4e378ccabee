"""Many windows of one browser, which has six connections to a server for all of them."""

import pytest
from playwright.async_api import Page, Request, expect

from tests.fakes.app import App, assert_calm

pytestmark = pytest.mark.asyncio(loop_scope="session")

MORE_THAN_CONNECTIONS = 8


class Followers:
    """Which windows follow the server."""

    def __init__(self, app: App) -> None:
        self._open: set[Request] = set()
        app.context.on("request", lambda request: self._open.add(request))
        app.context.on("requestfailed", lambda request: self._open.discard(request))
        app.context.on("requestfinished", lambda request: self._open.discard(request))

    def pages(self) -> list[Page]:
        pages = [one.frame.page for one in self._open if one.url.endswith("/api/v1/events")]
        return [page for page in pages if not page.is_closed()]


async def all_show(windows: list[App], title: str) -> None:
    await windows[0].server.conversation(title=title)
    for window in windows:
        tasks = window.page.get_by_role("region", name="Tasks")
        await expect(tasks.get_by_role("link", name=title)).to_be_visible()


async def test_one_follows_for_all_and_another_goes_on_when_it_is_closed(app: App) -> None:
    followers = Followers(app)
    windows = [app] + [await app.window() for _ in range(MORE_THAN_CONNECTIONS - 1)]
    for window in windows:
        await window.open("/tasks")
        await expect(window.page.get_by_role("status").filter(has_text="Connected")).to_be_visible()
    assert followers.pages() == [app.page]
    await all_show(windows, "Told by the first")

    await app.page.close()
    await all_show(windows[1:], "Told while nobody led")
    [leader] = followers.pages()
    assert leader != app.page

    shown = windows[-1] if windows[-1].page != leader else windows[-2]
    await shown.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await all_show(windows[1:], "Told while the lead was taken")
    assert followers.pages() == [shown.page]
    assert_calm(*windows)
