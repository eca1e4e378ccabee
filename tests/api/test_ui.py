"""The app that people see: its page at every view's address, its files, and their policies."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from cowork_desktop.http.sandbox import SANDBOX
from cowork_desktop.settings import ServerSettings
from tests.fakes.artifacts import host_of, save
from tests.fakes.server import Answer, Server, fault, running_server
from tests.fakes.ui import FILES, PAGE, PUBLIC, built_ui

TOKEN = "a-token-of-more-than-16-characters"
SECRET = b"a secret that lies outside"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
LINK = {
    **BROWSER,
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}
VIEWS = [
    "/start",
    "/tasks",
    "/tasks/conv_01jz0000000000000000000000",
    "/tasks/conv_01jz0000000000000000000000?item=msg_1",
    "/schedules/",
    "/connectors/new/postgres",
    "/settings/usage",
    "/apiary",
    "/nothing/of/the/kind",
    "/a.view/%F0%9F%98%80",
]

pytestmark = pytest.mark.no_spare_kernel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the app is built, with something beside it that is not to be had."""
    (tmp_path / "secret.txt").write_bytes(SECRET)
    return built_ui(tmp_path / "ui")


@pytest.fixture
async def server(tmp_path: Path, folder: Path) -> AsyncIterator[Server]:
    async with running_server(tmp_path / "data", ui_folder=folder) as running:
        yield running


async def ask(server: Server, path: str, method: str = "GET", **headers: str) -> Answer:
    """The answer for a path that goes out as it is written."""
    async with server.session.request(
        method, URL(f"{server.url}{path}", encoded=True), headers=headers, allow_redirects=False
    ) as response:
        return Answer(response.status, response.headers, await response.read())


def policy_of(answer: Answer) -> dict[str, set[str]]:
    parts = answer.headers["Content-Security-Policy"].split(";")
    return {
        name: set(sources.split()) for name, _, sources in (part.strip().partition(" ") for part in parts)
    }


async def test_the_root_is_the_app(server: Server) -> None:
    answer = await ask(server, "/")
    assert (answer.status, answer.body) == (200, PAGE)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", VIEWS)
async def test_to_a_browser_the_address_of_each_view_is_the_app(path: str, server: Server) -> None:
    answer = await ask(server, path, **BROWSER)
    assert (answer.status, answer.body) == (200, PAGE)
    head = await ask(server, path, "HEAD", **BROWSER)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(PAGE)))


@pytest.mark.parametrize("path", [*VIEWS, "/index.php", "/favicon.ico", "/index.html/x"])
@pytest.mark.parametrize("accept", ["*/*", "application/json", "image/avif,image/webp,*/*;q=0.8", ""])
async def test_to_whoever_wants_no_page_there_is_nothing(path: str, accept: str, server: Server) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        assert fault(await ask(server, path, method, Accept=accept)) == (404, "not_found", None)


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/v1/nothing",
        "/api/v2/conversations",
        "/v1",
        "/v1/nothing",
        "/%61pi/v1/nothing",
        "/assets/nothing.js",
        "/assets/index-Cx1.js.map",
        "/assets/a/b.js",
        "/api/v1/docs/nothing.js",
    ],
)
async def test_no_page_is_shown_where_the_api_or_a_file_would_be(path: str, server: Server) -> None:
    assert fault(await ask(server, path, **BROWSER)) == (404, "not_found", None)


@pytest.mark.parametrize("path", VIEWS)
async def test_nothing_can_be_sent_to_a_view(path: str, server: Server) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert fault(await ask(server, path, method, **BROWSER)) == (404, "not_found", None)


@pytest.mark.parametrize("path", ["/", "/icon.svg", "/frame.html", "/assets/index-Cx1.js"])
async def test_what_is_there_can_only_be_read(path: str, server: Server) -> None:
    answer = await ask(server, path, "POST", **BROWSER)
    assert fault(answer) == (405, "method_not_allowed", None)
    assert answer.headers["Allow"] == "GET,HEAD"


async def test_a_slash_behind_a_files_name_means_the_same(server: Server) -> None:
    for path in ("/icon.svg", "/assets/index-Cx1.js"):
        answer, same = await ask(server, path), await ask(server, f"{path}/")
        assert (same.body, same.headers["Content-Type"]) == (answer.body, answer.headers["Content-Type"])


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("icon.svg", "image/svg+xml; charset=utf-8"),
        ("licences.md", "text/plain; charset=utf-8"),
        ("assets/index-Cx1.js", "text/javascript; charset=utf-8"),
        ("assets/index-Dy2.css", "text/css; charset=utf-8"),
        ("assets/math-Ez3.woff2", "font/woff2"),
    ],
)
async def test_each_file_comes_with_its_type(name: str, media_type: str, server: Server) -> None:
    answer = await ask(server, f"/{name}")
    assert (answer.status, answer.body) == (200, FILES[name])
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (await ask(server, f"/{name}", "HEAD")).headers["Content-Length"] == str(len(answer.body))


async def test_what_has_its_contents_in_its_name_is_kept_for_a_year(server: Server) -> None:
    answer = await ask(server, "/assets/index-Cx1.js")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["/", "/tasks", "/index.html", "/icon.svg", "/frame.html"])
async def test_what_keeps_its_name_is_asked_for_again_each_time(path: str, server: Server) -> None:
    answer = await ask(server, path, **BROWSER)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
    again = await ask(server, path, **BROWSER, **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    for name in ("ETag", "Cache-Control", "Content-Security-Policy"):
        assert again.headers[name] == answer.headers[name]
    other = await ask(server, path, **BROWSER, **{"If-None-Match": '"other"'})
    assert (other.status, other.body) == (200, answer.body)


async def test_a_page_of_the_same_size_and_time_has_another_tag(server: Server, folder: Path) -> None:
    before, place = (await ask(server, "/")).headers["ETag"], folder / "index.html"
    times = place.stat()
    place.write_bytes(PAGE.replace(b"Cx1", b"Cx2"))
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
    answer = await ask(server, "/", **{"If-None-Match": before})
    assert (answer.status, len(answer.body)) == (200, len(PAGE))


async def test_an_app_that_is_built_anew_is_served_at_once(server: Server, folder: Path) -> None:
    assert (await ask(server, "/assets/index-Cx1.js")).status == 200
    (folder / "assets" / "index-Cx1.js").rename(folder / "assets" / "index-Fw4.js")
    (folder / "index.html").write_bytes(b"newer")
    assert (await ask(server, "/")).body == b"newer"
    assert (await ask(server, "/assets/index-Fw4.js")).body == FILES["assets/index-Cx1.js"]
    assert (await ask(server, "/assets/index-Cx1.js")).status == 404


@pytest.mark.parametrize("base", ["/", "/assets/"])
@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "../../secret.txt",
        "%2e%2e/secret.txt",
        "%2e%2e%2fsecret.txt",
        "..%2f..%2fsecret.txt",
        "..%5csecret.txt",
        "%252e%252e%252fsecret.txt",
        "assets/../../secret.txt",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "icon.svg%00",
        "index-Cx1.js%00.html",
        "ICON.SVG",
        "Index-cx1.js",
        ".sources",
        ".hidden",
        "%2esources",
        "assets",
        ".",
        "..",
        "%ff",
        "x" * 300,
    ],
)
async def test_no_path_leads_out_of_the_folder(base: str, name: str, server: Server) -> None:
    for headers in ({}, BROWSER):
        answer = await ask(server, f"{base}{name}", **headers)
        if answer.body != PAGE or not headers:
            assert fault(answer) == (404, "not_found", None)


async def test_the_page_loads_calls_and_shows_what_is_of_this_server_alone(server: Server) -> None:
    artifacts = f"http://*.localhost:{server.app[SANDBOX].port}"
    none, own = {"'none'"}, {"'self'"}
    expected = {
        "default-src": none,
        "script-src": own,
        "style-src": own | {"'unsafe-inline'"},
        "img-src": own | {"data:", "blob:", artifacts},
        "font-src": own,
        "connect-src": own,
        "media-src": own | {"blob:"},
        "frame-src": own | {artifacts},
        "worker-src": own,
        "object-src": none,
        "base-uri": none,
        "form-action": none,
        "frame-ancestors": none,
    }
    for path in ("/", "/tasks", "/icon.svg", "/assets/index-Cx1.js"):
        answer = await ask(server, path, **BROWSER)
        assert policy_of(answer) == expected
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"


async def test_the_frame_of_outputs_reaches_nothing_and_is_framed_by_the_app_alone(server: Server) -> None:
    answer = await ask(server, "/frame.html")
    assert answer.body == (PUBLIC / "frame.html").read_bytes()
    none, inline = {"'none'"}, {"'unsafe-inline'"}
    assert policy_of(answer) == {
        "sandbox": {"allow-scripts"},
        "default-src": none,
        "script-src": inline | {"'unsafe-eval'", "blob:"},
        "style-src": inline,
        "img-src": {"data:", "blob:"},
        "media-src": {"data:", "blob:"},
        "font-src": {"data:"},
        "connect-src": none,
        "form-action": none,
        "frame-ancestors": {"'self'"},
        "base-uri": none,
    }
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Connection-Allowlist"] == "()"


async def test_only_the_app_can_show_the_frame(server: Server) -> None:
    in_a_frame = {**LINK, "Sec-Fetch-Dest": "iframe"}
    for site, status in (("same-origin", 200), ("same-site", 403), ("cross-site", 403)):
        assert (await ask(server, "/frame.html", **{**in_a_frame, "Sec-Fetch-Site": site})).status == status


@pytest.mark.parametrize("path", ["/", "/tasks/conv_1", "/icon.svg", "/assets/index-Cx1.js"])
async def test_a_link_on_a_foreign_page_may_lead_to_the_app_but_load_nothing_of_it(
    path: str, server: Server
) -> None:
    assert (await ask(server, path, **LINK)).status == 200
    for mode, dest in (
        ("no-cors", "script"),
        ("cors", "empty"),
        ("navigate", "iframe"),
        ("no-cors", "image"),
    ):
        loading = {**LINK, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
        assert fault(await ask(server, path, **loading)) == (403, "forbidden", None)
    assert fault(await ask(server, path, **BROWSER, Origin="http://evil.example"))[0] == 403
    assert fault(await ask(server, path, **BROWSER, Host="evil.example"))[0] == 421


async def test_the_apps_own_page_loads_its_files(server: Server) -> None:
    for mode, dest in (("cors", "script"), ("no-cors", "style"), ("cors", "font")):
        loading = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
        assert (await ask(server, "/assets/index-Cx1.js", **loading, Accept="*/*")).status == 200


@pytest.mark.parametrize("path", ["/", "/tasks", "/icon.svg", "/frame.html", "/assets/index-Cx1.js", "/x"])
async def test_with_a_token_the_app_wants_it_too(path: str, tmp_path: Path, folder: Path) -> None:
    async with running_server(
        tmp_path / "data", settings=ServerSettings(token=TOKEN), ui_folder=folder
    ) as server:
        assert fault(await ask(server, path, **LINK)) == (401, "unauthorized", None)
        assert (await ask(server, path, **LINK, Authorization=f"Bearer {TOKEN}")).status == 200


async def test_at_an_artifacts_origin_there_is_nothing_of_the_app(server: Server) -> None:
    artifact: Any = await save(server, {"index.html": b"Its own"})
    there = {**BROWSER, "Host": host_of(server, artifact["id"])}
    assert (await ask(server, "/", **there)).body == b"Its own"
    for path in ("/tasks", "/icon.svg", "/frame.html", "/assets/index-Cx1.js"):
        assert fault(await ask(server, path, **there)) == (404, "not_found", None)


@pytest.mark.parametrize("path", ["/", "/tasks/conv_1"])
async def test_where_the_app_is_not_built_a_page_says_so_and_how(path: str, tmp_path: Path) -> None:
    async with running_server(tmp_path / "data", ui_folder=tmp_path / "nothing") as server:
        answer = await ask(server, path, **BROWSER)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        page = answer.body.decode()
        assert "The app is not built" in page
        assert "make ui" in page
        assert 'href="/api/v1/docs"' in page
        assert policy_of(answer)["default-src"] == {"'none'"}
        for missing in ("/icon.svg", "/frame.html", "/assets/index-Cx1.js", "/nothing"):
            assert fault(await ask(server, missing)) == (404, "not_found", None)
        built_ui(tmp_path / "nothing")
        assert (await ask(server, path, **BROWSER)).body == PAGE
