"""Origins of their own: which hosts are one, and who may read there."""

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from cowork_desktop.errors import CoworkError, Forbidden, MethodNotAllowed
from cowork_desktop.http.sandbox import Sandbox, refusal

ID = "art_01jz0000000000000000000000"
NAME = "art-01jz0000000000000000000000"
HOST = f"{NAME}.localhost:26866"


async def serve(request: web.Request, id: str, path: str) -> web.StreamResponse:
    raise AssertionError("nothing is served here")


SANDBOX = Sandbox(26866, serve)


def test_a_document_is_at_a_host_of_its_own() -> None:
    assert SANDBOX.url(ID) == f"http://{HOST}/"
    assert SANDBOX.url(ID, "assets/chart.js") == f"http://{HOST}/assets/chart.js"


@given(st.from_regex(r"[a-z]{2,8}_[0-9a-z]{26}", fullmatch=True), st.integers(1, 65_535))
def test_the_id_at_a_url_is_the_one_that_it_was_made_of(id: str, port: int) -> None:
    sandbox = Sandbox(port, serve)
    host = sandbox.url(id).removeprefix("http://").removesuffix("/")
    assert sandbox.id_at(host, "/") == sandbox.id_at(host.upper(), "/index.html") == id
    assert sandbox.is_at(host)


@pytest.mark.parametrize(
    "path",
    ["", "/", "/index.html", "/apiary", "/api.html", "/v1.html", "/v10/", "/a/api/v1/", "//api/v1/", "/API/"],
)
def test_every_path_but_the_apis_is_a_documents(path: str) -> None:
    assert SANDBOX.id_at(HOST, path) == ID


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1/health", "/v1", "/v1/", "/v1/models"])
def test_the_paths_of_the_api_are_no_documents_but_are_answered_at_its_origin(path: str) -> None:
    assert SANDBOX.id_at(HOST, path) is None
    assert SANDBOX.is_at(HOST)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ":",
        "localhost:26866",
        "127.0.0.1:26866",
        f"{NAME}.localhost",
        f"{NAME}.localhost:",
        f"{NAME}.localhost:80",
        f"{NAME}.localhost:26867",
        f"{NAME}.localhost:026866",
        f"{NAME}.localhost:26866 ",
        f" {NAME}.localhost:26866",
        f"{NAME}.localhost:26866:26866",
        f"{NAME}.localhost:26866\n",
        f"{NAME}.localhost\n:26866",
        f"{NAME}.localhost.:26866",
        f"{NAME}.localhost.evil.example:26866",
        f"{NAME}.evil.example:26866",
        f"{NAME}.127.0.0.1:26866",
        f"{NAME}localhost:26866",
        f"{NAME}:26866",
        f"evil.{NAME}.localhost:26866",
        f"evil@{NAME}.localhost:26866",
        f"{NAME}.localhost:26866/",
        f"{NAME}.localhost:26866, {NAME}.localhost:26866",
        f"{ID}.localhost:26866",
        f"{NAME}0.localhost:26866",
        f"{NAME[:-1]}.localhost:26866",
        f"-{NAME[4:]}.localhost:26866",
        f"{NAME[4:]}.localhost:26866",
        f"art--{NAME[4:]}.localhost:26866",
        f"art1-{NAME[4:]}.localhost:26866",
        f"art-{NAME[4:-1]}é.localhost:26866",
        f"art-{NAME[4:-1]}٣.localhost:26866",
        f"[{NAME}.localhost]:26866",
    ],
)
def test_a_host_that_only_looks_like_one_is_none(host: str) -> None:
    assert SANDBOX.id_at(host, "/") is None
    assert not SANDBOX.is_at(host)


def test_at_port_80_a_host_may_leave_the_port_out() -> None:
    sandbox = Sandbox(80, serve)
    assert sandbox.id_at(f"{NAME}.localhost", "/") == sandbox.id_at(f"{NAME}.localhost:80", "/") == ID


def refused(*headers: tuple[str, str], method: str = "GET") -> type[CoworkError] | None:
    error = refusal(method, CIMultiDictProxy(CIMultiDict(headers)), HOST)
    return None if error is None else type(error)


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", ""]
)
def test_nothing_but_reading_is_possible(method: str) -> None:
    assert refused(method=method) is MethodNotAllowed


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Origin", f"http://{HOST}")],
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "script")],
        [("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")],
        [("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")],
        [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")],
    ],
)
def test_its_own_page_and_a_window_on_it_may_read(headers: list[tuple[str, str]], method: str) -> None:
    assert refused(*headers, method=method) is None


@pytest.mark.parametrize(
    "headers",
    [
        [("Origin", "null")],
        [("Origin", "http://localhost:26866")],
        [("Origin", f"https://{HOST}")],
        [("Origin", f"http://{HOST}.evil.example")],
        [("Origin", f"http://{NAME}.localhost")],
        [("Origin", f"http://{HOST}"), ("Origin", "http://evil.example")],
        [("Origin", "http://evil.example"), ("Sec-Fetch-Mode", "navigate")],
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
        [("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image")],
        [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")],
        [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "websocket")],
        [("Sec-Fetch-Site", "unheard-of")],
        [("Service-Worker", "script")],
        [("Service-Worker", "script"), ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "same-origin")],
    ],
)
def test_whoever_else_asks_is_refused(headers: list[tuple[str, str]]) -> None:
    assert refused(*headers) is Forbidden
