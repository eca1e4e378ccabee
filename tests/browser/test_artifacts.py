"""Artifacts in a real browser: what their pages can do, and what they cannot."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Frame, Page

from tests.browser.conftest import FILES, Outside
from tests.contract.test_gate import everything
from tests.fakes.artifacts import host_of, origin_of, port_of, save
from tests.fakes.server import Server

ATTEMPTS = 27
"""How many ways there are in attempts.js."""
FRAME = """url => {
    const made = Object.assign(document.createElement("iframe"), { src: url });
    return new Promise((resolve) => {
        made.onload = () => resolve(null);
        document.body.append(made);
    });
}"""

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def attempt_all(page: Page, url: str) -> dict[str, str]:
    """What came of each way to reach an address; `{}` in the address is the way's name."""
    told: dict[str, str] = await page.evaluate("url => attemptAll(url)", url)
    await page.wait_for_load_state("networkidle")
    assert len(told) == ATTEMPTS
    return told


async def open_artifact(page: Page, server: Server, artifact: Any, path: str = "") -> None:
    """Open it on its own origin, and see that its script runs."""
    await page.goto(origin_of(server, artifact["id"]) + path)
    assert await page.title() == "The script ran"


async def test_an_artifacts_page_works_on_its_own_origin(page: Page, server: Server, artifact: Any) -> None:
    await open_artifact(page, server, artifact)
    assert await page.evaluate("own()") == {
        "module": 42,
        "later": "imported later",
        "fetched": "of its own",
        "worker": "data of its own",
        "style": "rgb(1, 2, 3)",
        "wasm": 42,
        "evaluated": 42,
        "drawing": 10,
        "opener": None,
        "secure": True,
    }


async def test_what_a_page_without_our_policy_attempts_reaches_the_outside(
    page: Page, outside: Outside
) -> None:
    """That the attempts below are refused is worth something only if they can succeed."""
    await page.goto(f"{outside.url}/page/index.html")
    told = await attempt_all(page, f"{outside.url}/{{}}")
    assert set(outside.reached) >= told.keys()


async def test_an_artifacts_page_cannot_reach_the_outside(
    page: Page, server: Server, artifact: Any, outside: Outside
) -> None:
    await open_artifact(page, server, artifact)
    told = await attempt_all(page, f"{outside.url}/{{}}")
    assert outside.reached == []
    assert set(told.values()) <= {"refused", "no answer"}, told


async def test_an_artifacts_page_cannot_read_or_change_anything_of_the_api(
    page: Page, server: Server, artifact: Any
) -> None:
    before = await everything(server)
    await open_artifact(page, server, artifact)
    for path in ("conversations", "settings", "shell/commands", f"artifacts/{artifact['id']}", "files"):
        told = await attempt_all(page, f"http://localhost:{port_of(server)}/api/v1/{path}")
        assert set(told.values()) <= {"refused", "no answer"}, told
    assert await everything(server) == before


async def test_an_artifacts_page_cannot_see_another_artifact(
    page: Page, server: Server, artifact: Any
) -> None:
    other = await save(server, FILES, title="Another")
    await open_artifact(page, server, other)
    await page.evaluate("remember('a secret')")
    await open_artifact(page, server, artifact)
    told = await attempt_all(page, f"{origin_of(server, other['id'])}attempts.js")
    assert set(told.values()) <= {"refused", "no answer"}, told
    assert await page.evaluate("recall()") == {"localStorage": None, "indexedDB": None, "cookie": ""}


async def test_what_a_page_keeps_is_there_after_a_reload(page: Page, server: Server, artifact: Any) -> None:
    await open_artifact(page, server, artifact)
    await page.evaluate("remember('mine')")
    await page.reload()
    kept = {"localStorage": "mine", "indexedDB": "mine", "cookie": "note=mine"}
    assert await page.evaluate("recall()") == kept
    await open_artifact(page, server, artifact, "index.html?again")
    assert await page.evaluate("recall()") == kept


async def test_no_service_worker_can_answer_in_the_servers_place(
    page: Page, server: Server, artifact: Any
) -> None:
    """It could give out pages without the policy, through which a page reaches the outside."""
    await open_artifact(page, server, artifact)
    register = "navigator.serviceWorker.register('/assets/worker.js').then(() => 'registered', String)"
    assert "bad HTTP response code (403)" in await page.evaluate(register)
    assert await page.evaluate("navigator.serviceWorker.getRegistrations()") == []


@pytest.mark.parametrize("path", ["nothing.html", "api/v1/health", "v1/models", "assets/"])
async def test_a_frame_of_a_refusal_is_no_way_around_the_policy(
    path: str, page: Page, server: Server, artifact: Any, outside: Outside
) -> None:
    await open_artifact(page, server, artifact)
    script = """async ([path, url]) => {
        const made = await frame({ src: path });
        try {
            return await made.contentWindow.fetch(url).then((answer) => answer.text());
        } catch (error) {
            return error.name;
        }
    }"""
    told = await page.evaluate(script, [f"/{path}", f"{outside.url}/reached"])
    assert told in ("TypeError", "SecurityError")
    assert outside.reached == []


async def is_refused(frame: Frame) -> bool:
    """Whether the browser shows its own page of an error in a frame, once it has come to that."""
    async with asyncio.timeout(10):
        while not frame.url.startswith(("chrome-error:", "http:")):
            await asyncio.sleep(0.01)
    return frame.url.startswith("chrome-error:")


async def open_ours(page: Page, server: Server) -> str:
    """Open a document of the API's own origin, as the user interface is one."""
    url = f"http://localhost:{port_of(server)}/api/v1/health"
    await page.goto(url)
    assert await page.evaluate("self.origin") == f"http://localhost:{port_of(server)}"
    return url


async def test_an_artifact_that_is_opened_from_a_page_of_ours_has_no_opener(
    context: BrowserContext, page: Page, server: Server, artifact: Any
) -> None:
    ours = await open_ours(page, server)
    for url, has_opener in ((ours, True), (origin_of(server, artifact["id"]), False)):
        async with context.expect_page() as opened:
            await page.evaluate("url => { window.open(url, '_blank') }", url)
        popup = await opened.value
        await popup.wait_for_load_state()
        assert await popup.evaluate("window.opener !== null") is has_opener


async def test_a_page_of_ours_can_show_an_artifact_in_a_frame(
    page: Page, server: Server, artifact: Any
) -> None:
    await open_ours(page, server)
    await page.evaluate(FRAME, origin_of(server, artifact["id"]))
    [_, frame] = page.frames
    assert await frame.title() == "The script ran"
    assert (await frame.evaluate("own()"))["worker"] == "data of its own"
    read = "() => { try { return parent.document.body.textContent } catch { return 'refused' } }"
    assert await frame.evaluate(read) == "refused"


async def test_no_foreign_page_can_frame_an_artifact(
    context: BrowserContext, server: Server, artifact: Any, outside: Outside
) -> None:
    other = await save(server, FILES, title="Another")
    foreign = await context.new_page()
    for url in (f"{outside.url}/page/index.html", origin_of(server, other["id"])):
        await foreign.goto(url)
        assert await foreign.title() == "The script ran"
        await foreign.evaluate(FRAME, origin_of(server, artifact["id"]))
        [_, frame] = foreign.frames
        assert await is_refused(frame)


async def test_an_artifact_cannot_frame_what_is_not_its_own(
    page: Page, server: Server, artifact: Any, outside: Outside
) -> None:
    await open_artifact(page, server, artifact)
    for url in (f"{outside.url}/page/index.html", f"http://localhost:{port_of(server)}/api/v1/docs"):
        await page.evaluate(FRAME, url)
        assert await is_refused(page.frames[-1])
    assert outside.reached == []
    await page.evaluate(FRAME, "/index.html?framed")
    assert await page.frames[-1].title() == "The script ran"


@pytest.mark.parametrize(
    ("file", "ran"),
    [
        ("index.html", "document.title === 'The script ran'"),
        ("drawing.svg", "document.documentElement.dataset.ran === 'yes'"),
    ],
)
async def test_a_document_runs_at_its_own_origin_and_not_at_the_apis(
    file: str, ran: str, page: Page, server: Server, artifact: Any
) -> None:
    await page.goto(f"{origin_of(server, artifact['id'])}{file}")
    assert await page.evaluate(ran) is True
    before = await everything(server)
    folder = artifact["path"].partition("/")[0]
    api = f"http://localhost:{port_of(server)}/api/v1"
    answer = await page.goto(f"{api}/artifacts/serve/{artifact['project_id']}/{folder}/{file}")
    assert answer
    assert (answer.status, await page.evaluate(ran)) == (200, False)
    assert await page.evaluate("self.origin") == "null"
    assert await everything(server) == before


async def test_a_foreign_page_cannot_read_or_change_anything_of_the_api(
    page: Page, server: Server, artifact: Any, outside: Outside
) -> None:
    [pad] = (await server.get("/scratchpads"))["data"]
    before = await everything(server)
    await page.goto(f"{outside.url}/page/index.html")
    assert await page.title() == "The script ran"
    for host in ("localhost", "127.0.0.1"):
        for path in (
            "conversations",
            "files",
            "settings",
            f"scratchpads/{pad['id']}/run-all",
            f"scratchpads/{pad['id']}/cells/{pad['cells'][0]['id']}/run",
            f"artifacts/serve/{artifact['project_id']}/index.html",
        ):
            told = await attempt_all(page, f"http://{host}:{port_of(server)}/api/v1/{path}")
            assert set(told.values()) <= {"refused", "no answer"}, (path, told)
    assert await everything(server) == before


async def test_a_foreign_page_cannot_read_a_file_of_an_artifact(
    page: Page, server: Server, artifact: Any, outside: Outside
) -> None:
    await page.goto(f"{outside.url}/page/index.html")
    for path in ("data.json", "attempts.js", "assets/style.css", "drawing.svg", "index.html"):
        told = await attempt_all(page, f"{origin_of(server, artifact['id'])}{path}")
        assert set(told.values()) <= {"refused", "no answer"}, (path, told)


async def test_a_rebound_name_gets_only_refusals(page: Page, server: Server, artifact: Any) -> None:
    """To the browser evil.example is one origin, wherever its name leads: here, by now."""
    [pad] = (await server.get("/scratchpads"))["data"]
    before = await everything(server)
    evil = f"http://evil.example:{port_of(server)}"
    answer = await page.goto(f"{evil}/")
    assert answer
    assert (answer.status, await page.evaluate("self.origin")) == (421, evil)
    send = """async ([method, path, body]) => {
        const options = body ? { body, headers: { "Content-Type": "application/json" } } : {};
        const answer = await fetch(path, { method, ...options });
        return [answer.status, (await answer.json()).error.type];
    }"""
    run = f"/api/v1/scratchpads/{pad['id']}/cells/{pad['cells'][0]['id']}/run"
    for method, path, body in (
        ("GET", "/api/v1/conversations", None),
        ("GET", "/api/v1/settings", None),
        ("POST", "/api/v1/conversations", '{"title": "Forged"}'),
        ("POST", run, None),
        ("DELETE", f"/api/v1/artifacts/{artifact['id']}", None),
        ("GET", f"/api/v1/artifacts/serve/{artifact['project_id']}/index.html", None),
        ("GET", "/", None),
    ):
        assert await page.evaluate(send, [method, path, body]) == [421, "misdirected_request"], path
    assert await everything(server) == before


async def test_an_artifacts_page_gets_only_refusals_of_the_api_at_its_own_host(
    page: Page, server: Server, artifact: Any
) -> None:
    before = await everything(server)
    await open_artifact(page, server, artifact)
    ask = "async ([method, path]) => (await fetch(path, { method })).status"
    for method, path, status in (
        ("GET", "/api/v1/conversations", 421),
        ("POST", "/api/v1/conversations", 421),
        ("GET", "/v1/models", 421),
        ("POST", "/index.html", 405),
        ("DELETE", "/index.html", 405),
        ("GET", "/index.html", 200),
    ):
        assert await page.evaluate(ask, [method, path]) == status, (method, path)
    assert await everything(server) == before
    assert host_of(server, artifact["id"]) in page.url
