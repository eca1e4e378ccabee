"""What cells put out, in the app: each type drawn, HTML in a frame that reaches nothing."""

from typing import Any

import pytest
from playwright.async_api import FrameLocator, Locator, expect

from tests.browser.conftest import Outside
from tests.fakes.app import NARROW, App

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRAWN = """<style>#box { height: 123px }</style><div id=box><b>Drawn</b></div>
<script>document.querySelector("b").append(" by a script")</script>"""
HOSTILE = """<p id=told>Hostile</p><img src="{url}/picture"><iframe src="{url}/frame"></iframe>
<a id=above target=_top href="{url}/above">x</a><form target=_top action="{url}/sent"></form>
<script>
const attempt = (go) => { try { go(); } catch {} };
attempt(() => parent.document.body.replaceChildren());
attempt(() => (top.location = "{url}/top"));
attempt(() => open("{url}/opened"));
attempt(() => document.querySelector("form").submit());
attempt(() => document.getElementById("above").click());
attempt(() => parent.postMessage({ type: "height", height: 1e9 }, "*"));
attempt(() => parent.postMessage({ type: "show", html: "<b>Forged</b>" }, "*"));
attempt(() => (localStorage.note = "kept"));
Promise.allSettled([fetch("/api/v1/settings"), fetch("{url}/fetched")]).then((all) =>
    document.getElementById("told").append(" ", all.map(({ status }) => status).join(" and ")));
</script>"""
FRAME = (
    '<div><style scoped>.dataframe { color: red }</style><table border="1" class="dataframe"><thead><tr>'
    "<th></th><th>bird</th></tr></thead><tbody><tr><th>0</th><td>heron</td></tr></tbody></table></div>"
)
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" onload="top.hacked = 1">
<script>top.hacked = 1</script><image href="{url}/image"/><rect width="40" height="40"/></svg>"""
PROSE = """# Findings

A [link](https://example.com) and $e^{i\\pi} = -1$, not $5.

![remote]({url}/remote.png) <img src="{url}/raw.png" onerror="top.hacked = 1">

| a | b |
|---|---|
| 1 | 2 |

```python
def f(): return 1
```
"""


def shown(mime: str, data: Any, **given: Any) -> dict[str, Any]:
    return {"mime": mime, "data": data, "kind": "display"} | given


async def notebook(app: App, *outputs: dict[str, Any]) -> None:
    """A notebook with one cell, which has put these out."""
    cells = [{"type": "code", "content": "x"}, {"type": "output", "outputs": list(outputs)}]
    body = {"conversation_id": await app.server.conversation(), "title": "Outputs", "cells": cells}
    pad = await app.server.post("/scratchpads", body)
    await app.open(f"/scratchpads/{pad['id']}")
    await expect(app.page.get_by_role("heading", name="Outputs", level=1)).to_be_visible()


def inside(app: App, n: int) -> FrameLocator:
    return app.page.frame_locator(f"iframe[title='Output {n}']")


async def height(shown: Locator) -> float:
    box = await shown.bounding_box()
    assert box
    return box["height"]


async def test_html_is_drawn_as_high_as_it_is_and_in_the_colours_of_the_app(app: App) -> None:
    await notebook(app, shown("text/html", DRAWN))
    await expect(inside(app, 1).get_by_text("Drawn by a script")).to_be_visible()
    await expect(app.page.get_by_title("Output 1")).to_have_css("height", "123px")
    root = inside(app, 1).locator("html")
    ink = "getComputedStyle(document.body).color"
    for theme in ("light", "dark"):
        await app.page.emulate_media(color_scheme=theme)
        await expect(app.page.locator(f"html[data-theme={theme}]")).to_be_attached()
        await expect(root).to_have_css("color", await app.page.evaluate(ink))


async def test_hostile_outputs_reach_nothing(app: App, outside: Outside) -> None:
    html, svg, prose = (text.replace("{url}", outside.url) for text in (HOSTILE, SVG, PROSE))
    await notebook(
        app,
        shown("text/html", html),
        shown("image/svg+xml", svg),
        shown("text/markdown", prose),
        shown("text/plain", f"\x1b[31m<img src='{outside.url}/text'>\x1b[0m"),
    )
    address = app.page.url
    await expect(inside(app, 1).get_by_text("rejected and rejected")).to_be_visible()
    await expect(app.page.get_by_role("img", name="A figure that the cell has drawn")).to_be_visible()
    await expect(app.page.get_by_text(f"<img src='{outside.url}/text'>")).to_be_visible()
    assert (app.page.url, len(app.context.pages), outside.reached) == (address, 1, [])
    assert await app.page.evaluate("[window.hacked, localStorage.note, innerHeight > 100]") == [
        None,
        None,
        True,
    ]
    assert await height(app.page.get_by_title("Output 1")) <= 1_200
    refusals = ("Content Security Policy", "Unsafe attempt", "sandboxed", "Blocked", "frame", "localStorage")
    app.faults[:] = [fault for fault in app.faults if not any(words in fault for words in refusals)]


async def test_every_other_type_is_accessible_and_fits_a_phone(app: App) -> None:
    lines = "\n".join(f"line {n}" for n in range(1, 301))
    await notebook(
        app,
        shown("text/html", FRAME),
        shown("text/markdown", PROSE.replace("{url}", "https://example.com")),
        shown("application/json", {"deep": {"leaf": [1, None]}}),
        shown("text/latex", "\\frac{1}{2}"),
        shown("text/plain", lines, kind="stream", name="stdout"),
        shown("text/plain", "\x1b[38;5;28;01mbold\x1b[0m \x1b[31mred", kind="error", metadata={}),
        shown("text/plain", "The output was cut here.", kind="notice"),
        shown("application/vnd.x+json", {}, alternatives={"text/plain": "A plot"}),
    )
    view = app.page
    await expect(view.get_by_role("columnheader", name="bird")).to_be_visible()
    await expect(view.locator(".katex").nth(1)).to_be_visible()
    await expect(view.get_by_role("link", name="https://example.com/remote.png")).to_be_visible()
    await expect(view.locator(".tok-keyword")).to_have_text(["def", "return"])
    await view.locator("summary", has_text="deep:").press("Enter")
    await expect(view.get_by_text("leaf:")).to_be_visible()
    output = view.get_by_role("group", name="Output 5")
    clamped = await height(output)
    await view.get_by_role("button", name="Show all 300 lines").press("Enter")
    await expect(view.get_by_role("button", name="Show less")).to_be_focused()
    assert await height(output) > 3 * clamped
    await app.axe()
    await view.set_viewport_size(NARROW)
    await app.fits()
