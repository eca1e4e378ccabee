"""The files of artifacts: by the reference's path, and at origins of their own."""

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.artifacts import (
    APP,
    at_origin,
    folder_of,
    host_of,
    save,
    served,
)
from tests.fakes.clock import FakeClock
from tests.fakes.server import Answer, Server, fault

INERT = "sandbox; connect-src 'none'; form-action 'none'"
UNKNOWN = "art_01jz0000000000000000000000"


pytestmark = pytest.mark.no_spare_kernel


# By the reference's path, and at the origin

TYPES = {
    "index.html": ("text/html; charset=utf-8", True),
    "old.HTM": ("text/html; charset=utf-8", True),
    "page.xhtml": ("application/xhtml+xml", True),
    "picture.svg": ("image/svg+xml", True),
    "feed.xml": ("text/xml; charset=utf-8", True),
    "paper.pdf": ("application/pdf", True),
    "a.js": ("text/javascript; charset=utf-8", False),
    "a.mjs": ("text/javascript; charset=utf-8", False),
    "a.css": ("text/css; charset=utf-8", False),
    "a.csv": ("text/csv; charset=utf-8", False),
    "a.txt": ("text/plain; charset=utf-8", False),
    "a.md": ("text/markdown; charset=utf-8", False),
    "a.json": ("application/json", False),
    "a.wasm": ("application/wasm", False),
    "a.woff2": ("font/woff2", False),
    "a.png": ("image/png", False),
    "a.jpg": ("image/jpeg", False),
    "a.unknown-kind": ("application/octet-stream", False),
    "Makefile": ("application/octet-stream", False),
    "a.tar.gz": ("application/octet-stream", False),
}


async def test_each_kind_of_file_is_served_with_its_type_and_only_documents_that_could_act_are_held(
    server: Server,
) -> None:
    made = await save(server, {name: name.encode() for name in TYPES})
    told = {}
    for name in TYPES:
        answer = await served(server, made, name)
        assert (answer.status, answer.body) == (200, name.encode())
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers.get("Content-Security-Policy") in (INERT, None)
        told[name] = (answer.headers["Content-Type"], "Content-Security-Policy" in answer.headers)
    assert told == TYPES


async def test_each_kind_of_file_has_its_type_at_its_own_origin_too_and_all_have_the_policy(
    server: Server,
) -> None:
    made = await save(server, {name: name.encode() for name in TYPES})
    told = {}
    for name in TYPES:
        answer = await at_origin(server, made["id"], name)
        assert (answer.status, answer.body) == (200, name.encode())
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        told[name] = (answer.headers["Content-Type"], TYPES[name][1])
        assert_has_policy(answer, server)
    assert told == TYPES


def assert_has_policy(answer: Answer, server: Server) -> None:
    """The answer lets a page reach its own origin alone, and only our page frame it."""
    port = server.url.rpartition(":")[2]
    directives = dict(
        part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert directives == {
        "default-src": "'self' data: blob: 'unsafe-inline' 'unsafe-eval'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": f"'self' http://localhost:{port} http://127.0.0.1:{port}",
        "webrtc": "'block'",
    }
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Origin-Agent-Cluster"] == "?1"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_an_origin_shows_its_page_at_the_root_and_the_index_of_a_folder(server: Server) -> None:
    made = await save(server, {"start.html": b"start", "docs/index.html": b"docs"}, page="start.html")
    for path, body in (("", b"start"), ("start.html", b"start"), ("docs/", b"docs"), ("?a=1", b"start")):
        answer = await at_origin(server, made["id"], path)
        assert (answer.status, answer.body) == (200, body), path
    for path in ("docs", "index.html", "docs/no.html", "docs/index.html/"):
        assert fault(await at_origin(server, made["id"], path)) == (404, "not_found", None), path


async def test_what_an_origin_refuses_carries_the_policy_as_well(server: Server) -> None:
    """A frame of it is of the same origin, and through it a page could do what its own policy forbids."""
    made = await save(server)
    for path in ("no.html", "api/v1/health", "v1/models", "%2e%2e/x"):
        answer = await at_origin(server, made["id"], path)
        assert answer.status in (404, 421)
        assert_has_policy(answer, server)
    for answer in (
        await at_origin(server, made["id"], method="POST"),
        await at_origin(server, made["id"], Origin="http://evil.example"),
        await at_origin(server, UNKNOWN),
    ):
        assert answer.status in (403, 404, 405)
        assert_has_policy(answer, server)


async def test_the_referenced_path_may_be_within_the_artifact(server: Server) -> None:
    made = await save(server)
    for path in ("index.html", "assets/chart.js"):
        answer = await server.call("GET", f"/artifacts/serve/{made['project_id']}/{path}")
        assert (answer.status, answer.body) == (200, APP[path])
        query = {"project_id": made["project_id"], "path": path}
        found = await server.get("/artifacts/preview", params=query)
        assert (found["artifact"], found["content"]) == (made, APP[path].decode())


async def test_a_path_within_is_of_the_artifact_that_was_saved_last_of_those_that_have_it(
    timed: Server, clock: FakeClock
) -> None:
    one = await save(timed, {"index.html": b"one", "only.txt": b"only"})
    clock.advance(1)
    await save(timed, {"index.html": b"two"})

    async def body(path: str) -> bytes:
        return (await timed.call("GET", f"/artifacts/serve/{one['project_id']}/{path}")).body

    assert (await body("index.html"), await body("only.txt")) == (b"two", b"only")
    clock.advance(1)
    await save(timed, {"index.html": b"one again", "new.txt": b""}, artifact_id=one["id"])
    assert await body("index.html") == b"one again"
    assert b"not_found" in await body("only.txt")


async def test_a_folders_name_comes_before_a_path_within(server: Server) -> None:
    one = await save(server, {"index.html": b"one"})
    folder = one["path"].partition("/")[0]
    await save(server, {"index.html": b"two", f"{folder}/index.html": b"shadow"})
    assert (await served(server, one, "index.html")).body == b"one"


async def test_a_file_is_validated_by_its_etag(server: Server) -> None:
    made = await save(server, {"a.txt": b"first"}, page="a.txt")
    for ask in (served, at_origin_of):
        first = await ask(server, made, "a.txt")
        etag = first.headers["ETag"]
        again = await ask(server, made, "a.txt", If_None_Match=etag)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
        other = await ask(server, made, "a.txt", If_None_Match='"another"')
        assert (other.status, other.body) == (200, b"first")
        assert (await ask(server, made, "a.txt", If_Match='"another"')).status == 412
    await save(server, {"a.txt": b"second"}, artifact_id=made["id"], page="a.txt")
    changed = await served(server, made, "a.txt", If_None_Match=etag)
    assert (changed.status, changed.body) == (200, b"second")
    assert changed.headers["ETag"] != etag


async def at_origin_of(server: Server, artifact: Any, path: str, **headers: str) -> Answer:
    return await at_origin(server, artifact["id"], path, **headers)


@pytest.mark.parametrize(
    ("asked", "status", "body", "told"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=8-", 206, b"89", "bytes 8-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=5-100", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("lines=0-1", 200, b"0123456789", None),
        ("bytes=x", 200, b"0123456789", None),
    ],
)
async def test_a_range_of_a_file_can_be_had(
    asked: str, status: int, body: bytes | None, told: str | None, server: Server
) -> None:
    made = await save(server, {"a.txt": b"0123456789"}, page="a.txt")
    for ask in (served, at_origin_of):
        for header in ("Range", "range"):
            answer = await ask(server, made, "a.txt", **{header: asked})
            assert (answer.status, answer.headers.get("Content-Range")) == (status, told)
            assert body is None or answer.body == body


async def test_head_tells_what_get_would_send(server: Server) -> None:
    made = await save(server, {"index.html": b"0123456789"})
    folder = made["path"].partition("/")[0]
    got = await served(server, made, "index.html")
    asked = await server.call("HEAD", f"/artifacts/serve/{made['project_id']}/{folder}/index.html")
    names = ("Content-Type", "Content-Length", "ETag", "Content-Security-Policy")
    assert (asked.status, asked.body) == (200, b"")
    assert [asked.headers[name] for name in names] == [got.headers[name] for name in names]
    got, asked = [await at_origin(server, made["id"], method=method) for method in ("GET", "HEAD")]
    assert (asked.status, asked.body, got.body) == (200, b"", b"0123456789")
    assert [asked.headers[name] for name in names] == [got.headers[name] for name in names]


async def test_a_compressed_file_beside_another_is_not_given_in_its_place(server: Server) -> None:
    made = await save(server, {"data.csv": b"a,b", "data.csv.gz": b"another file", "data.csv.br": b"third"})
    for ask in (served, at_origin_of):
        answer = await ask(server, made, "data.csv", Accept_Encoding="gzip, br")
        assert (answer.body, answer.headers.get("Content-Encoding")) == (b"a,b", None)


async def test_a_file_that_changes_by_hand_is_served_as_it_is_now(server: Server, data: Path) -> None:
    made = await save(server, {"index.html": b"saved"})
    (folder_of(data, made) / "index.html").write_bytes(b"by hand")
    (folder_of(data, made) / "new.txt").write_bytes(b"new")
    assert (await served(server, made, "index.html")).body == b"by hand"
    assert (await at_origin(server, made["id"], "new.txt")).body == b"new"


# Who may ask an origin


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_an_origin_can_only_be_read(method: str, server: Server) -> None:
    made = await save(server)
    answer = await at_origin(server, made["id"], method=method)
    assert fault(answer) == (405, "method_not_allowed", None)
    assert answer.headers["Allow"] == "GET,HEAD"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:{port}"},
        {"Origin": "http://{other}"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "no-cors"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "cors"},
        {"Service_Worker": "script"},
        {"Service_Worker": "script", "Sec_Fetch_Site": "same-origin", "Sec_Fetch_Dest": "serviceworker"},
    ],
)
async def test_a_page_of_another_origin_reads_no_artifact(headers: dict[str, str], server: Server) -> None:
    made, other = await save(server), await save(server)
    port = server.url.rpartition(":")[2]
    given = {n: v.format(port=port, other=host_of(server, other["id"])) for n, v in headers.items()}
    assert fault(await at_origin(server, made["id"], "index.html", **given)) == (403, "forbidden", None)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://{own}"},
        {"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors"},
        {"Sec_Fetch_Site": "none", "Sec_Fetch_Mode": "navigate"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
    ],
)
async def test_an_artifacts_own_page_and_a_window_on_it_read_it(
    headers: dict[str, str], server: Server
) -> None:
    made = await save(server)
    given = {name: value.format(own=host_of(server, made["id"])) for name, value in headers.items()}
    answer = await at_origin(server, made["id"], "index.html", **given)
    assert (answer.status, answer.body) == (200, APP["index.html"])


async def test_the_api_does_not_answer_at_an_artifacts_origin(server: Server) -> None:
    made = await save(server, {"index.html": b"x", "api/v1/health": b"mine", "v1/models": b"mine"})
    for path in ("api", "api/", "api/v1/health", "api/v1/artifacts", "v1/models", "v1", "%61pi/v1/health"):
        assert fault(await at_origin(server, made["id"], path)) == (421, "misdirected_request", None), path
    for path in ("API/v1/health", "/api/v1/health", "x/api/v1/health", "apiary"):
        assert fault(await at_origin(server, made["id"], path)) == (404, "not_found", None), path


@pytest.mark.parametrize(
    "host",
    [
        "{id}.localhost",
        "{id}.localhost:1",
        "{id}.localhost.:{port}",
        "{id}.localhost.evil.example:{port}",
        "x.{id}.localhost:{port}",
        "{id}.127.0.0.1:{port}",
        "{id}x.localhost:{port}",
        "{id}:{port}",
        "{under}.localhost:{port}",
        "user@{id}.localhost:{port}",
        "{id}.localhost:{port}, {id}.localhost:{port}",
    ],
)
async def test_a_host_that_looks_like_an_artifacts_is_misdirected(host: str, server: Server) -> None:
    made = await save(server)
    port = server.url.rpartition(":")[2]
    given = host.format(id=made["id"].replace("_", "-"), port=port, under=made["id"])
    answer = await at_origin(server, made["id"], "index.html", Host=given)
    assert fault(answer) == (421, "misdirected_request", None)


async def test_a_host_in_capital_letters_is_the_same(server: Server) -> None:
    made = await save(server)
    host = host_of(server, made["id"])
    assert (await at_origin(server, made["id"], Host=host.upper())).body == APP["index.html"]


async def test_an_origin_of_what_is_no_artifact_has_nothing(server: Server) -> None:
    conversation = await server.conversation()
    for id in (UNKNOWN, conversation):
        for path in ("", "index.html"):
            assert fault(await at_origin(server, id, path)) == (404, "not_found", None)
