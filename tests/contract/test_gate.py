"""Every route of the live application stands behind the gate; none is walked past."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cowork_desktop import keys
from cowork_desktop.api import ENDPOINTS
from cowork_desktop.settings import ServerSettings
from cowork_desktop.store import memories as stored_memories
from cowork_desktop.store.changes import Change, note
from cowork_desktop.store.database import Tx
from tests.fakes.approvals import page_request
from tests.fakes.artifacts import general, save
from tests.fakes.browser import NotingBrowser
from tests.fakes.files import new_file
from tests.fakes.server import Answer, Server, running_server

TOKEN = "a-token-of-more-than-16-characters"
HOSTILE = {
    "a foreign origin": ({"Origin": "https://evil.example"}, 403),
    "a look-alike origin": ({"Origin": "{own}.evil.example"}, 403),
    "the origin null": ({"Origin": "null"}, 403),
    "another site": ({"Sec-Fetch-Site": "cross-site"}, 403),
    "a sibling site": ({"Sec-Fetch-Site": "same-site"}, 403),
    "a foreign link": (
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        403,
    ),
    "a foreign host": ({"Host": "evil.example"}, 421),
    "a rebound host": ({"Host": "evil.example:{port}"}, 421),
    "an artifact's host": ({"Host": "art-01jz0000000000000000000000.localhost:{port}"}, 421),
}
ENDLESS = {"/api/v1/events", "/api/v1/events/"}
UPLOADS = {re.sub(r"{\w+}", "x", endpoint.path) for endpoint in ENDPOINTS if endpoint.form}
TYPES = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    421: "misdirected_request",
}


def routes(server: Server) -> list[tuple[str, str]]:
    """Method and path of every route, with a word in the place of each parameter, and of what is answered
    where no route is."""
    found = [
        (route.method, re.sub(r"{\w+}", "x", route.resource.canonical))
        for route in server.app.router.routes()
        if route.resource is not None
    ]
    assert len(found) == len(server.app.router.routes()) > 140
    return found + [(method, "/elsewhere") for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")]


async def ask(server: Server, method: str, path: str, headers: dict[str, str]) -> Answer:
    """Ask with a body where one could change something: a form where a file is uploaded, else JSON. What
    has no end is left when it begins."""
    if method == "GET" and path in ENDLESS:
        async with server.session.get(f"{server.url}{path}", headers=headers) as response:
            told = b"" if response.status == 200 else await response.read()
            return Answer(response.status, response.headers, told)
    body: dict[str, Any] = {"json": {}} if method in ("POST", "PUT", "PATCH", "DELETE") else {}
    if method == "POST" and path.rstrip("/") in UPLOADS:
        body = {"data": aiohttp.FormData({"name": "x"}, default_to_multipart=True)}
    return await server.call(method, f"/{path}", headers=headers, **body)


def hostile(name: str, server: Server) -> dict[str, str]:
    headers, _ = HOSTILE[name]
    return {
        key: value.format(own=server.url, port=server.url.rpartition(":")[2])
        for key, value in headers.items()
    }


def status_of(name: str, method: str, path: str) -> int:
    """With what a hostile request is refused: at an artifact's host there are its files, and of the API
    nothing."""
    _, status = HOSTILE[name]
    if name != "an artifact's host" or f"{path.removeprefix('/')}/".startswith(("/api/", "/v1/")):
        return status
    return 404 if method in ("GET", "HEAD") else 405


def is_refusal(answer: Answer, method: str, status: int) -> bool:
    if answer.status != status or "X-Request-Id" not in answer.headers:
        return False
    return method == "HEAD" or answer.json()["error"]["type"] == TYPES[status]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server on a machine with a display."""
    async with running_server(tmp_path / "data", browser=NotingBrowser(has_display=True)) as running:
        yield running


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Server]:
    """A server that asks for a token."""
    async with running_server(tmp_path / "data", settings=ServerSettings(token=TOKEN)) as running:
        yield running


@pytest.mark.parametrize("name", HOSTILE)
async def test_every_route_refuses(name: str, server: Server) -> None:
    headers = hostile(name, server)
    let_through = [
        f"{method} {path}: {answer.status}"
        for method, path in routes(server)
        if not is_refusal(
            answer := await ask(server, method, path, headers), method, status_of(name, method, f"/{path}")
        )
    ]
    assert let_through == []


@pytest.mark.parametrize("name", HOSTILE)
async def test_every_route_refuses_with_the_token_too(name: str, guarded: Server) -> None:
    headers = hostile(name, guarded) | {"Authorization": f"Bearer {TOKEN}"}
    let_through = [
        f"{method} {path}: {answer.status}"
        for method, path in routes(guarded)
        if not is_refusal(
            answer := await ask(guarded, method, path, headers), method, status_of(name, method, f"/{path}")
        )
    ]
    assert let_through == []


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("path", ["//", "//nothing", "//api/v1/nothing", "//api/v1/responses/x/y/z"])
async def test_what_is_no_route_refuses_as_well(name: str, path: str, server: Server) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = await server.call(method, path, headers=hostile(name, server))
        assert is_refusal(answer, method, status_of(name, method, path))


@pytest.mark.parametrize(
    "shown", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}]
)
async def test_every_route_but_health_and_the_way_back_from_a_sign_in_wants_the_token(
    shown: dict[str, str], guarded: Server
) -> None:
    without = {
        (method, path)
        for method, path in routes(guarded)
        if not is_refusal(await ask(guarded, method, path, shown), method, 401)
    }
    # A browser comes back from a provider without it; the `state` that it brings says whether it may.
    free = {"/api/v1/health", "/api/v1/connectors/oauth/callback"}
    assert without == {
        (method, path + end) for method in ("GET", "HEAD") for path in free for end in ("", "/")
    }


async def test_with_the_token_every_route_lets_an_honest_caller_through(guarded: Server) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    refused = [
        f"{method} {path}: {answer.status}"
        for method, path in routes(guarded)
        if (answer := await ask(guarded, method, path, headers)).status in (401, 403, 415, 421)
    ]
    assert refused == []


@pytest.mark.slow
async def test_no_answer_ever_allows_another_origin(server: Server) -> None:
    preflight = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    told: list[str] = []
    for method, path in routes(server):
        for headers in ({}, {"Origin": server.url}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
            answer = await ask(server, method, path, headers)
            told += [
                f"{method} {path}: {name}"
                for name in answer.headers
                if name.lower().startswith("access-control")
            ]
        answer = await server.call("OPTIONS", f"/{path}", headers=preflight)
        assert answer.status == 403
        told += [
            f"OPTIONS {path}: {name}" for name in answer.headers if name.lower().startswith("access-control")
        ]
    assert told == []


async def test_every_answer_says_that_it_is_not_to_be_framed_sniffed_or_kept(server: Server) -> None:
    for method, path in routes(server):
        headers = (await ask(server, method, path, {})).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] in ("no-store", "no-cache")


async def test_only_the_pages_may_be_reached_by_a_link_on_a_foreign_page(server: Server) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    reached = {
        path.rstrip("/")
        for method, path in routes(server)
        if not is_refusal(await ask(server, method, path, link), method, 403)
    }
    assert reached == {
        "",
        "/assets/x",
        "/elsewhere",
        "/api/v1/docs",
        "/api/v1/docs/x",
        "/api/v1/connectors/oauth/callback",
    }


@pytest.mark.parametrize(
    "head",
    [
        "Host: {host}\r\nHost: {host}\r\n",
        "Host: {host}\r\nHost: evil.example\r\n",
        "Host: evil.example\r\nHost: {host}\r\n",
        "",
    ],
)
async def test_a_request_needs_exactly_one_host(head: str, server: Server) -> None:
    host = server.url.removeprefix("http://")
    address, _, port = host.rpartition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    writer.write(
        f"GET /api/v1/settings HTTP/1.1\r\n{head.format(host=host)}Connection: close\r\n\r\n".encode()
    )
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.split(b" ", 2)[1] in (b"400", b"421")
    assert b"claude" not in answer


async def test_a_request_for_a_whole_url_is_told_by_its_host_header(server: Server) -> None:
    host = server.url.removeprefix("http://")
    address, _, port = host.rpartition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    line = f"GET http://{host}/api/v1/settings HTTP/1.1\r\n"
    writer.write(f"{line}Host: evil.example\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.split(b" ", 2)[1] == b"421"


def shown_by(server: Server) -> list[str]:
    """What the browser was told to show."""
    browser = server.app[keys.BROWSER]
    assert isinstance(browser, NotingBrowser)
    return browser.shown


async def everything(server: Server) -> dict[str, Any]:
    """What a caller can see of the server's state."""
    conversations = await server.get("/conversations")
    return {
        "conversations": conversations,
        "items": [await server.get(f"/conversations/{c['id']}/items") for c in conversations["data"]],
        "projects": await server.get("/projects"),
        "artifacts": (artifacts := await server.get("/artifacts")),
        "versions": [await server.get(f"/artifacts/{a['id']}/versions") for a in artifacts["data"]],
        "shown": list(shown_by(server)),
        "files": [file["name"] for file in (await server.get("/files"))["data"]],
        "memories": await server.get("/memories"),
        "skills": await server.get("/skills"),
        "scratchpads": (pads := await server.get("/scratchpads")),
        "kernels": [await server.get(f"/scratchpads/{pad['id']}/kernel") for pad in pads["data"]],
        "approvals": await server.get("/approvals"),
        "rules": await server.get("/approvals/rules"),
        "settings": await server.get("/settings"),
        "usage": await server.get("/usage"),
    }


async def an_ended_turn(server: Server) -> str:
    """The id of a response that has made a memory."""
    id: str = (await server.say(await server.conversation(), "Hello"))["id"]
    project, memory = await general(server), server.app[keys.IDS].new("mem")

    def remember(tx: Tx) -> None:
        stored_memories.remember(tx, memory, 1, "Made by a turn", None, "agent")
        after = {"content": "Made by a turn", "project_id": None}
        note(tx, id, 0, Change("memory", project, memory, "Made by a turn", None, after))

    await server.app[keys.DB].write(remember)
    return id


async def request_approval(server: Server, response_id: str, content_index: int) -> str:
    """The id of an approval that the response asks for."""
    conversation = (await server.get(f"/responses/{response_id}"))["conversation_id"]
    asked = await server.app[keys.APPROVALS].ask(
        page_request(
            turn_id=response_id,
            conversation_id=conversation,
            project_id=await general(server),
            content_index=content_index,
            reason="Kept",
        )
    )
    return asked.id


async def changes(server: Server) -> list[tuple[str, str, dict[str, Any] | None]]:
    """Requests that each change something, in an order in which all of them can."""
    conversation = await server.conversation(title="Kept")
    project = (await server.post("/projects", {"name": "Kept"}))["id"]
    memory = (await server.post("/memories", {"content": "Kept"}))["id"]
    skill = (await server.post("/skills", {"name": "kept", "description": "Kept"}))["id"]
    artifact = (await save(server, title="Kept"))["id"]
    file = (await new_file(server, b"Kept"))["id"]
    message = {"conversation_id": conversation, "input": "Hello", "stream": False}
    response = await an_ended_turn(server)
    asked = f"/responses/{response}/approvals/{await request_approval(server, response, 1)}"
    allowed = f"/responses/{response}/approvals/{await request_approval(server, response, 2)}"
    await server.post(allowed, {"decision": "allow_always"})
    rule = (await server.get("/approvals/rules"))["data"][0]["id"]
    await server.call("PATCH", "/settings", json={"kernels": {"spare": False}})
    cells = [{"type": "code", "content": "6 * 7"}, {"type": "markdown", "content": "Kept"}]
    body = {"conversation_id": conversation, "title": "Kept", "cells": cells}
    pad = await server.post("/scratchpads", body)
    scratchpad = f"/scratchpads/{pad['id']}"
    code, prose = [f"{scratchpad}/cells/{cell['id']}" for cell in pad["cells"]]
    return [
        ("POST", "/scratchpads", {"conversation_id": conversation, "title": "Forged"}),
        ("PATCH", scratchpad, {"title": "Forged"}),
        ("PATCH", scratchpad, {"saved": True}),
        ("POST", f"{scratchpad}/cells", {"type": "markdown", "content": "Forged"}),
        ("PATCH", prose, {"content": "Forged"}),
        ("POST", f"{scratchpad}/restart", None),
        ("POST", f"{code}/run", None),
        ("POST", f"{scratchpad}/run-all", None),
        ("DELETE", prose, None),
        ("DELETE", scratchpad, None),
        ("POST", "/conversations", {"title": "Forged"}),
        ("POST", "/projects", {"name": "Forged"}),
        ("POST", "/artifacts/open", {"artifact_id": artifact}),
        ("POST", f"/artifacts/{artifact}/versions/1/restore", None),
        ("DELETE", f"/artifacts/{artifact}", None),
        ("DELETE", f"/files/{file}", None),
        ("POST", asked, {"decision": "allow"}),
        ("DELETE", f"/approvals/rules/{rule}", None),
        ("POST", f"/responses/{response}/undo", None),
        ("POST", "/memories", {"content": "Forged"}),
        ("PATCH", f"/memories/{memory}", {"content": "Forged"}),
        ("DELETE", f"/memories/{memory}", None),
        ("POST", "/skills", {"name": "forged", "description": "Forged"}),
        ("PATCH", f"/skills/{skill}", {"description": "Forged"}),
        ("DELETE", f"/skills/{skill}", None),
        ("POST", "/responses", message),
        ("PATCH", f"/conversations/{conversation}", {"title": "Forged"}),
        ("PATCH", f"/projects/{project}", {"name": "Forged"}),
        ("PATCH", "/settings", {"base_url": "http://evil.example"}),
        ("PUT", "/settings/model-key", {"key": "sk-forged-forged"}),
        ("DELETE", "/settings/model-key", None),
        ("DELETE", f"/conversations/{conversation}", None),
        ("DELETE", f"/projects/{project}", None),
    ]


async def test_a_hostile_request_changes_nothing(server: Server) -> None:
    requests = await changes(server)
    before = await everything(server)
    for name, (_, status) in HOSTILE.items():
        for method, path, body in requests:
            options = {} if body is None else {"json": body}
            answer = await server.call(method, path, headers=hostile(name, server), **options)
            assert answer.status == status
    assert await everything(server) == before


async def test_a_hostile_upload_changes_nothing(server: Server) -> None:
    conversation = await server.conversation()
    for name, (_, status) in HOSTILE.items():
        form = aiohttp.FormData({"conversation_id": conversation})
        form.add_field(
            "file", b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}', filename="n"
        )
        answer = await server.call("POST", "/scratchpads/import", headers=hostile(name, server), data=form)
        assert answer.status == status
        form = aiohttp.FormData()
        form.add_field("file", b"---\nname: forged\ndescription: Forged\n---\n", filename="SKILL.md")
        answer = await server.call("POST", "/skills/import", headers=hostile(name, server), data=form)
        assert answer.status == status
        form = aiohttp.FormData()
        form.add_field("file", b"Forged", filename="forged.txt")
        answer = await server.call("POST", "/files", headers=hostile(name, server), data=form)
        assert answer.status == status
    assert (await server.get("/scratchpads"))["total"] == 0
    assert (await server.get("/skills"))["total"] == 0
    assert (await server.get("/files"))["total"] == 0


async def test_a_form_that_looks_like_json_changes_nothing(server: Server) -> None:
    requests = await changes(server)
    before = await everything(server)
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp"):
        for method, path, _ in requests:
            answer = await server.call(
                method, path, data=b'{"name": "Forged"}', headers={"Content-Type": content_type}
            )
            assert answer.status == 415
    assert await everything(server) == before


async def test_the_same_requests_of_an_honest_caller_change_something_each(server: Server) -> None:
    requests = await changes(server)
    before = await everything(server)
    for method, path, body in requests:
        answer = await server.call(method, path, **({} if body is None else {"json": body}))
        assert answer.status in (200, 201, 204), (method, path, answer.body)
        after = await everything(server)
        assert after != before, (method, path)
        before = after
