"""Outputs that are HTML, in a real browser: what they draw in their frame, and what they reach from there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Error, Frame, Page

from tests.browser.conftest import FILES, Outside
from tests.contract.test_gate import everything
from tests.fakes.artifacts import origin_of, port_of, save
from tests.fakes.scratchpad import no_spare_kernel
from tests.fakes.server import Server, running_server
from tests.fakes.ui import built_ui

SHOW = """async ([html, theme]) => {
    const frame = Object.assign(document.createElement("iframe"), { src: "/frame.html" });
    frame.sandbox = "allow-scripts";
    frame.heights = [];
    addEventListener("message", ({ source, data }) => {
        if (source === frame.contentWindow && data.type === "height") frame.heights.push(data.height);
    });
    const loaded = new Promise((resolve) => (frame.onload = resolve));
    document.body.append(frame);
    await loaded;
    frame.contentWindow.postMessage({ type: "show", html, theme }, "*");
    window.frame = frame;
}"""
HAS_HEIGHT = "height => frame.heights.at(-1) === height"
ATTEMPTS = f"<script>{FILES['attempts.js'].decode()}</script>"
ELSEWHERE = """
<a id="above" target="_top" href="{url}/above">x</a>
<a id="beside" target="_blank" href="{url}/beside" ping="{url}/ping">x</a>
<form id="sent" target="_top" action="{url}/sent"></form>
<script>
    const attempt = (go) => { try { go(); } catch {} };
    attempt(() => (top.location = "{url}/top"));
    attempt(() => (parent.location.href = "{url}/parent"));
    attempt(() => top.location.replace("{url}/replaced"));
    attempt(() => open("{url}/named", "_top"));
    attempt(() => open("{url}/opened"));
    for (const id of ["above", "beside"]) attempt(() => document.getElementById(id).click());
    attempt(() => document.getElementById("sent").submit());
    document.body.dataset.ran = "yes";
</script>
"""
CALL = """
    const peer = new RTCPeerConnection({{ iceServers: [{{ urls: "stun:127.0.0.1:{port}" }}] }});
    peer.createDataChannel("a secret");
    peer.createOffer().then((offer) => peer.setLocalDescription(offer));
"""
READS = {
    "document": "parent.document.body.textContent",
    "title": "top.document.title",
    "address": "top.location.href",
    "frame": "frameElement.src",
    "variable": "parent.frame.src",
    "localStorage": "localStorage.length",
    "sessionStorage": "sessionStorage.length",
    "cookie": "document.cookie",
    "databases": "indexedDB.open('x') && 'opened'",
    "caches": "caches.open('x').then(() => 'opened')",
    "worker": "navigator.serviceWorker.register('/assets/index-Cx1.js').then(() => 'registered')",
}

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server with the app, and with something on it that no output is to read or change."""
    async with running_server(tmp_path / "data", ui_folder=built_ui(tmp_path / "ui")) as running:
        await no_spare_kernel(running)
        conversation = await running.conversation(title="A secret title")
        cells = [{"type": "code", "content": "6 * 7"}]
        await running.post("/scratchpads", {"conversation_id": conversation, "cells": cells})
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def app(page: Page, server: Server) -> Page:
    """The app, with something stored that no output is to read."""
    await page.goto(f"http://localhost:{port_of(server)}/")
    assert await page.title() == "The script ran"
    await page.evaluate("localStorage.note = document.cookie = 'a=secret'")
    return page


async def show(app: Page, html: str, theme: dict[str, str] | None = None) -> Frame:
    """Show what a cell has put out, and wait until it is there."""
    await app.evaluate(SHOW, [f"{html}<i hidden id=shown></i>", theme])
    frame = app.frames[-1]
    await frame.wait_for_selector("#shown", state="attached")
    return frame


@asynccontextmanager
async def datagrams() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A port of somebody else, and what arrives there."""
    arrived: list[bytes] = []

    class Noting(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, _: Any) -> None:
            arrived.append(data)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Noting, local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1], arrived
    finally:
        transport.close()
        await asyncio.sleep(0)  # it closes its socket in the loop's next round


async def test_an_output_draws_and_tells_its_height(app: Page) -> None:
    html = """<style>#drawn { height: 123px; background: rgb(1, 2, 3) }</style><div id="drawn"></div>
        <script>document.getElementById("drawn").append(eval("6 * 7"))</script>"""
    frame = await show(app, html)
    assert await frame.inner_text("#drawn") == "42"
    colour = "getComputedStyle(document.getElementById('drawn')).backgroundColor"
    assert await frame.evaluate(colour) == "rgb(1, 2, 3)"
    await app.wait_for_function(HAS_HEIGHT, arg=123)
    for height in (456, 78):
        await frame.evaluate(
            "height => { document.getElementById('drawn').style.height = height }", f"{height}px"
        )
        await app.wait_for_function(HAS_HEIGHT, arg=height)


async def test_an_outputs_scripts_run_in_their_order_and_find_themselves(app: Page) -> None:
    html = """<p>0</p><script>window.told =
        [document.currentScript.previousElementSibling.textContent]</script>
        <script type="application/json" id="table">{"rows": 7}</script>
        <script>told.push(JSON.parse(document.getElementById("table").textContent).rows)</script>"""
    frame = await show(app, html)
    assert await frame.evaluate("told") == ["0", 7]


async def test_an_output_is_replaced_by_the_next_one(app: Page) -> None:
    frame = await show(app, "<p>Before</p>")
    await app.evaluate("frame.contentWindow.postMessage({ type: 'show', html: '<p>After</p>' }, '*')")
    await frame.wait_for_selector("text=After")
    assert await frame.locator("p:visible").all_inner_texts() == ["After"]


async def test_an_output_has_the_colours_of_the_app(app: Page) -> None:
    frame = await show(
        app, "<p>Text</p>", {"colorScheme": "dark", "--text": "rgb(9, 8, 7)", "position": "fixed"}
    )
    style = "(({ color, colorScheme, position }) => [color, colorScheme, position])"
    assert await frame.evaluate(f"{style}(getComputedStyle(document.documentElement))") == [
        "rgb(9, 8, 7)",
        "dark",
        "static",
    ]


async def test_an_output_says_what_it_cannot_load(app: Page) -> None:
    frame = await show(app, '<script src="https://cdn.example/plot.js"></script>')
    await frame.wait_for_selector("#blocked:visible")
    assert "cdn.example" in await frame.inner_text("#blocked")


async def test_an_output_cannot_read_or_change_anything_of_the_api(app: Page, server: Server) -> None:
    [pad] = (await server.get("/scratchpads"))["data"]
    before = await everything(server)
    frame = await show(app, ATTEMPTS)
    run = f"scratchpads/{pad['id']}/cells/{pad['cells'][0]['id']}/run"
    for host in ("localhost", "127.0.0.1"):
        for path in ("conversations", "settings", "shell/commands", "files", run):
            url = f"http://{host}:{port_of(server)}/api/v1/{path}"
            told = await frame.evaluate("url => attemptAll(url)", url)
            assert set(told.values()) <= {"refused", "no answer"}, (path, told)
    assert await everything(server) == before


async def test_an_output_cannot_reach_the_outside(app: Page, server: Server, outside: Outside) -> None:
    artifact: Any = await save(server, FILES)
    frame = await show(app, ATTEMPTS)
    for url in (f"{outside.url}/{{}}", f"{origin_of(server, artifact['id'])}{{}}"):
        told = await frame.evaluate("url => attemptAll(url)", url)
        assert set(told.values()) <= {"refused", "no answer"}, told
    assert outside.reached == []


@pytest.mark.parametrize("html", ["{call}", "<iframe srcdoc='{call}'></iframe>"])
async def test_an_output_cannot_call_anybody(
    html: str, app: Page, context: BrowserContext, outside: Outside
) -> None:
    """By WebRTC, of which content security policies know nothing."""
    async with datagrams() as (port, arrived):
        call = f"<script>{CALL.format(port=port)}</script>"
        with suppress(Error):  # Chromium 156 ends a page whose frame calls from a frame within
            await app.evaluate(SHOW, [html.replace("{call}", call), None])
        await asyncio.sleep(1)  # nothing tells that nothing comes
        assert arrived == []
        other = await context.new_page()
        await other.goto(f"{outside.url}/page/index.html")
        await other.evaluate(CALL.format(port=port))
        async with asyncio.timeout(10):
            while not arrived:
                await asyncio.sleep(0.01)


async def test_an_output_cannot_lead_the_window_elsewhere(
    app: Page, context: BrowserContext, outside: Outside
) -> None:
    address = app.url
    frame = await show(app, ELSEWHERE.replace("{url}", outside.url))
    assert await frame.get_attribute("body", "data-ran") == "yes"
    await app.wait_for_load_state("networkidle")
    assert (app.url, await app.title(), len(context.pages)) == (address, "The script ran", 1)
    assert outside.reached == []


@pytest.mark.parametrize(
    "html",
    [
        "<script>location.href = '{url}'</script>",
        "<meta http-equiv=refresh content='0;url={url}'>",
        "<a href='{url}'>x</a><script>document.querySelector('a').click()</script>",
        "<a download href='{url}'>x</a><script>document.querySelector('a').click()</script>",
        "<iframe srcdoc='<meta http-equiv=refresh content=0;url={url}>'></iframe>",
    ],
)
@pytest.mark.parametrize("place", ["outside", "/", "/tasks", "/api/v1/conversations", "/api/v1/docs"])
async def test_an_outputs_frame_leads_nowhere(
    html: str, place: str, app: Page, server: Server, outside: Outside
) -> None:
    """Where the frame has gone is nobody's page: else it could carry something there, or pass for the app."""
    own = f"http://localhost:{port_of(server)}{place}"
    url = f"{outside.url}/reached" if place == "outside" else own
    await app.evaluate(SHOW, [html.replace("{url}", url), None])
    async with asyncio.timeout(10):
        while not app.frames[-1].url.startswith("chrome-error:"):
            await asyncio.sleep(0.01)
    assert outside.reached == []


@pytest.mark.parametrize("what", READS)
async def test_an_output_can_read_nothing_of_the_app_and_keep_nothing(what: str, app: Page) -> None:
    frame = await show(app, "<p>Hostile</p>")
    told = await frame.evaluate(f"(async () => {READS[what]})().catch((error) => error.name)")
    assert told in ("SecurityError", "TypeError", "NotSupportedError"), told
    assert await frame.evaluate("[self.origin, crossOriginIsolated]") == ["null", False]


async def test_the_frame_listens_to_the_app_alone(app: Page, context: BrowserContext, server: Server) -> None:
    forged = '{ type: "show", html: "<b>Forged</b>" }'
    victim = await show(app, "<p>Honest</p>")
    await show(
        app, f"<script>parent.frames[0].postMessage({forged}, '*'); postMessage({forged}, '*')</script>"
    )
    alone = await context.new_page()
    await alone.goto(f"http://localhost:{port_of(server)}/frame.html")
    await alone.evaluate(f"postMessage({forged}, '*')")
    async with context.expect_page() as opened:
        await app.evaluate("window.other = open('/frame.html')")
    other = await opened.value
    await other.wait_for_load_state()
    await app.evaluate(f"other.postMessage({forged}, '*')")
    for shown in (victim, app.frames[-1], alone.main_frame, other.main_frame):
        assert (
            await shown.evaluate("new Promise((resolve) => setTimeout(resolve, 50, self.origin))") == "null"
        )
        assert await shown.locator("b").count() == 0


async def test_nobody_else_can_show_the_frame(
    context: BrowserContext, server: Server, outside: Outside
) -> None:
    artifact: Any = await save(server, FILES)
    foreign = await context.new_page()
    for url in (f"{outside.url}/page/index.html", origin_of(server, artifact["id"])):
        await foreign.goto(url)
        frame = f"http://localhost:{port_of(server)}/frame.html"
        await foreign.evaluate(
            "url => { document.body.append(Object.assign(document.createElement('iframe'), { src: url })) }",
            frame,
        )
        async with asyncio.timeout(10):
            while "chrome-error:" not in foreign.frames[-1].url:
                await asyncio.sleep(0.01)


async def test_the_app_shows_artifacts_and_styles_and_nothing_from_outside(
    app: Page, server: Server, outside: Outside
) -> None:
    artifact: Any = await save(server, FILES)
    load = """([tag, url]) => new Promise((resolve) => {
        const made = document.createElement(tag);
        document.addEventListener("securitypolicyviolation", () => resolve("refused"), { once: true });
        made.onload = () => resolve("loaded");
        made.src = url;
        document.body.append(made);
    })"""
    assert await app.evaluate(load, ["iframe", origin_of(server, artifact["id"])]) == "loaded"
    assert await app.frames[-1].title() == "The script ran"
    for tag in ("iframe", "img", "script"):
        assert await app.evaluate(load, [tag, f"{outside.url}/{tag}"]) == "refused"
    styled = """() => {
        const style = document.createElement("style");
        style.textContent = "#app { color: rgb(1, 2, 3) }";
        document.head.append(style);
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.head.append(script);
        return [getComputedStyle(document.getElementById("app")).color, window.ran ?? "refused"];
    }"""
    assert await app.evaluate(styled) == ["rgb(1, 2, 3)", "refused"]
    ask = "url => fetch(url).then((answer) => answer.status, () => 'refused')"
    assert await app.evaluate(ask, "/api/v1/health") == 200
    assert await app.evaluate(ask, f"{outside.url}/fetched") == "refused"
    assert outside.reached == []
