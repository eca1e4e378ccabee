"""The driver of HTTP APIs against an API on loopback."""

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from cowork_desktop.clock import SystemClock
from cowork_desktop.connectors.drivers.driver import ApiAnswer, ApiRequest, DriverFailed, Target
from cowork_desktop.connectors.drivers.http import DRIVER, HttpDriver
from cowork_desktop.connectors.drivers.http_answers import MOST_BYTES
from tests.fakes.api_server import (
    AWS_KEY_ID,
    AWS_SECRET,
    TOKEN,
    ApiServer,
    aws,
    running_api,
    stall,
    tls_pair,
)
from tests.fakes.waiting import until

BEARER = {"type": "bearer", "field": "token"}


@pytest.fixture
async def api() -> AsyncIterator[ApiServer]:
    async with running_api() as running:
        yield running


def target(api: ApiServer, auth: dict[str, Any] | None = None, **changes: Any) -> Target:
    """Of a connection for writing, with the token, and what the test says of its options."""
    settings, secrets = changes.pop("settings", {}), changes.pop("secrets", {"token": TOKEN})
    access, options = changes.pop("access", "write"), {"base_url": f"{api.url}/v1", **changes}
    return Target(settings, secrets, access, options, {"auth": auth or BEARER})


async def ask(
    target: Target, method: str, path: str, *, driver: HttpDriver = DRIVER, seconds: float = 20, **more: Any
) -> ApiAnswer:
    return await driver.request(target, ApiRequest(method, path, **more), seconds=seconds)


PROBE = {"path": "/user", "name": ["login"]}


# Who asks


@pytest.mark.parametrize(
    ("auth", "settings", "secrets"),
    [
        (BEARER, {}, {"token": TOKEN}),
        ({"type": "basic", "user": "user", "password": "token"}, {"user": "ada"}, {"token": TOKEN}),
        ({"type": "header", "header": "X-API-Key", "field": "key"}, {}, {"key": TOKEN}),
        (
            {"type": "header", "header": "Authorization", "field": "key", "prefix": "Bearer "},
            {},
            {"key": TOKEN},
        ),
        (
            {"type": "header", "header": "X-Other", "header_field": "header", "field": "key"},
            {"header": "x-api-key"},
            {"key": TOKEN},
        ),
        ({"type": "query", "parameter": "api_key", "field": "key"}, {}, {"key": TOKEN}),
        ({"type": "oauth2"}, {}, {"access_token": TOKEN, "refresh_token": "other"}),
        ({"id": "oauth"}, {}, {"access_token": TOKEN}),
    ],
)
async def test_a_probe_signs_in_and_says_who_answers_as_whom(
    api: ApiServer, auth: dict[str, Any], settings: dict[str, Any], secrets: dict[str, str]
) -> None:
    found = target(api, auth, settings=settings, secrets=secrets, probe=PROBE, name="Cats API")

    assert await DRIVER.probe(found) == "Cats API as octocat"


async def test_a_probe_with_a_wrong_token_fails_with_what_the_api_says(api: ApiServer) -> None:
    with pytest.raises(DriverFailed) as failed:
        await DRIVER.probe(target(api, secrets={"token": "wrong-t0ken"}, probe=PROBE))

    assert failed.value.kind == "authentication"
    assert "401 Unauthorized: Bad credentials" in failed.value.message
    assert "wrong-t0ken" not in failed.value.message


async def test_a_probe_sees_a_no_that_comes_with_200(api: ApiServer) -> None:
    probe = {
        "method": "POST",
        "path": "/auth.test",
        "name": ["user"],
        "ok": {"path": ["ok"], "equals": True},
    }

    assert (await DRIVER.probe(target(api, probe=probe))).endswith(" as octocat")
    with pytest.raises(DriverFailed, match="invalid_auth") as failed:
        await DRIVER.probe(target(api, secrets={"token": "wrong"}, probe=probe))
    assert failed.value.kind == "authentication"


async def test_a_probe_may_have_a_body_and_name_fields_in_its_path(api: ApiServer) -> None:
    probe = {"method": "POST", "path": "/orgs/{org}/me", "body": {"query": "{ me }"}, "name": ["path"]}

    assert (await DRIVER.probe(target(api, settings={"org": "a/b"}, probe=probe))).endswith(
        "/v1/orgs/a%2Fb/me"
    )
    assert (api.seen[0].body, api.seen[0].headers["content-type"]) == (
        b'{"query": "{ me }"}',
        "application/json",
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, "failed"),
        (401, "authentication"),
        (403, "forbidden"),
        (404, "not_found"),
        (429, "failed"),
        (503, "failed"),
    ],
)
async def test_what_a_probe_is_answered_has_a_kind(api: ApiServer, status: int, kind: str) -> None:
    api.say("/v1/user", {"errors": [{"detail": "so\nit is"}]}, status)

    with pytest.raises(DriverFailed, match=f"{status} .*: so it is") as failed:
        await DRIVER.probe(target(api, probe=PROBE))

    assert failed.value.kind == kind


async def test_an_api_without_a_probe_is_there_when_it_answers(api: ApiServer) -> None:
    api.say("/v1/", {}, 404)
    assert await DRIVER.probe(target(api)) == api.url.removeprefix("http://")

    api.say("/v1/", {}, 401)
    with pytest.raises(DriverFailed) as failed:
        await DRIVER.probe(target(api))
    assert failed.value.kind == "authentication"


async def test_an_empty_or_damaged_token_is_said_to_be_so_and_not_sent(api: ApiServer) -> None:
    for token, words in (
        ("", "is empty"),
        ("abc\r\nX-Evil: 1", "has characters"),
        ("töken", "has characters"),
    ):
        with pytest.raises(DriverFailed, match=words) as failed:
            await ask(target(api, secrets={"token": token}), "GET", "/user")
        assert failed.value.kind == "authentication"
        assert not token or token not in failed.value.message

    assert api.seen == []


async def test_a_catalog_has_the_notes_of_the_spec(api: ApiServer) -> None:
    catalog = await DRIVER.catalog(target(api, notes="Ask politely."))

    assert (catalog.tables, catalog.is_complete, catalog.notes) == ([], True, "Ask politely.")


async def test_requests_to_s3_arrive_as_they_were_signed(api: ApiServer) -> None:
    path = "/a%20b/%C3%A4%2B%28x%29~.txt"
    api.answers[f"/v1{path}"] = aws
    secrets = {"access_key_id": AWS_KEY_ID, "secret_access_key": AWS_SECRET, "session_token": "T0ken/+="}
    found = target(api, {"type": "sigv4", "service": "s3"}, settings={"region": "eu-west-1"}, secrets=secrets)

    answer = await ask(
        found,
        "PUT",
        "/a b/ä+(x)~.txt?list-type=2",
        query={"prefix": "a/b c+&", "empty": ""},
        body=b"hello",
        headers={"Content-Type": "text/plain", "If-None-Match": "*"},
    )
    wrong = await ask(
        replace(found, secrets={**secrets, "secret_access_key": "wrong"}), "GET", "/a b/ä+(x)~.txt"
    )

    assert (answer.status, wrong.status) == (200, 403)
    assert "/eu-west-1/s3/aws4_request" in api.seen[0].headers["authorization"]
    assert "wrong" not in str(api.seen[1].headers)


# What is asked


async def test_a_request_comes_as_it_was_asked(api: ApiServer) -> None:
    answer = await ask(
        target(api, headers={"Notion-Version": "2022-06-28", "Accept": "application/x"}),
        "PATCH",
        "/things/a%2Fb?x=1",
        query={"y": ["2", "3"], "z": "a&b"},
        body=b'{"a": 1}',
        headers={"If-Match": "tag"},
    )

    assert answer.status == 200
    assert json.loads(answer.body) == {
        "method": "PATCH",
        "path": "/v1/things/a%2Fb",
        "query": [["x", "1"], ["y", "2"], ["y", "3"], ["z", "a&b"]],
        "body": '{"a": 1}',
    }
    seen = {
        name: api.seen[0].headers.get(name)
        for name in ("notion-version", "accept", "if-match", "content-type")
    }
    assert seen == {
        "notion-version": "2022-06-28",
        "accept": "application/x",
        "if-match": "tag",
        "content-type": "application/json",
    }


async def test_a_caller_can_say_what_it_wants_back_but_not_change_what_is_constant(api: ApiServer) -> None:
    found = target(api, headers={"Notion-Version": "1", "Accept": "application/x"})

    await ask(found, "GET", "/x", headers={"accept": "text/csv", "Notion-Version": "1"})
    with pytest.raises(DriverFailed, match="notion-version cannot be set"):
        await ask(found, "GET", "/x", headers={"Notion-Version": "2"})

    assert api.seen[0].headers["accept"] == "text/csv"


@pytest.mark.parametrize(
    "header",
    [
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "X-HTTP-Method-Override",
        "X-Forwarded-For",
        "X-API-Key",
        "Bad name",
        "Accept\r\nX",
    ],
)
async def test_headers_that_are_not_the_callers_are_refused(api: ApiServer, header: str) -> None:
    with pytest.raises(DriverFailed) as failed:
        await ask(target(api, allowed_headers=["Cookie", "Host"]), "GET", "/x", headers={header: "1"})

    assert failed.value.kind == "not_allowed"
    assert api.seen == []


async def test_a_spec_can_let_callers_set_further_headers(api: ApiServer) -> None:
    await ask(target(api, allowed_headers=["Api-Arg"]), "GET", "/x", headers={"api-arg": '{"a": 1}'})

    assert api.seen[0].headers["api-arg"] == '{"a": 1}'


async def test_a_header_cannot_bring_others_with_it(api: ApiServer) -> None:
    with pytest.raises(DriverFailed, match="line end"):
        await ask(target(api), "GET", "/x", headers={"Accept": "a\r\nX-Evil: 1"})

    assert api.seen == []


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "GET /x HTTP/1.1\r\n", ""])
async def test_methods_that_are_none_of_an_api_are_refused(api: ApiServer, method: str) -> None:
    with pytest.raises(DriverFailed, match="method should be"):
        await ask(target(api), method, "/x")


async def test_a_connection_for_reading_only_reads(api: ApiServer) -> None:
    found = target(api, access="read")

    assert (await ask(found, "GET", "/user")).status == 200
    with pytest.raises(DriverFailed) as failed:
        await ask(found, "DELETE", "/user")
    assert failed.value.kind == "not_allowed"
    assert len(api.seen) == 1


async def test_the_credential_in_a_url_replaces_one_of_the_caller(api: ApiServer) -> None:
    auth = {"type": "query", "parameter": "api_key", "field": "token"}

    assert (
        await ask(target(api, auth), "GET", "/user?api_key=mine", query={"api_key": "other"})
    ).status == 200


async def test_a_further_base_is_asked_with_the_credentials_too(api: ApiServer) -> None:
    async with running_api() as content:
        found = target(api, also=[f"{content.url}/v1"])

        assert (await ask(found, "GET", f"{content.url}/v1/user")).status == 200
        assert api.seen == []


# What is answered


async def test_any_status_is_an_answer(api: ApiServer) -> None:
    for status in (204, 304, 400, 401, 404, 409, 500):
        api.say("/v1/x", {} if status not in (204, 304) else None, status)
        assert (await ask(target(api), "GET", "/x")).status == status


async def test_only_headers_about_content_pages_and_limits_come_back(api: ApiServer) -> None:
    named: dict[str, Any] = {
        "ETag": '"1"',
        "Link": '<https://api.example.com/x?page=2>; rel="next"',
        "Retry_After": "3",
        "X_RateLimit_Remaining": "59",
        "RateLimit_Limit": "60",
        "X_Total_Count": "7",
        "Set_Cookie": "session=1",
        "Server": "cats",
        "X_Internal": "1",
    }
    api.say("/v1/x", {}, **named)

    assert (await ask(target(api), "GET", "/x")).headers == {
        "content-type": "application/json; charset=utf-8",
        "etag": '"1"',
        "link": '<https://api.example.com/x?page=2>; rel="next"',
        "retry-after": "3",
        "x-ratelimit-remaining": "59",
        "ratelimit-limit": "60",
        "x-total-count": "7",
    }


async def test_cookies_are_not_kept(api: ApiServer) -> None:
    api.say("/v1/x", {}, Set_Cookie="session=1; Path=/")
    api.redirect("/v1/y", "/v1/x")

    await ask(target(api), "GET", "/x")
    await ask(target(api), "GET", "/y")

    assert [seen.headers.get("cookie") for seen in api.seen] == [None, None, None]


async def test_a_long_body_is_cut(api: ApiServer) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"a" * 100_000)

    api.answers["/v1/x"] = answer

    found = await ask(target(api), "GET", "/x")

    assert (len(found.body), found.is_cut) == (MOST_BYTES, True)


async def test_a_packed_body_is_unpacked_and_counted_as_it_is_then(api: ApiServer) -> None:
    bomb = gzip.compress(b"\0" * 300_000_000, compresslevel=1)

    async def answer(request: web.Request) -> web.StreamResponse:
        content = gzip.compress(b"hello") if request.query else bomb
        return web.Response(body=content, headers={"Content-Encoding": "gzip"})

    api.answers["/v1/x"] = answer

    small, large = await ask(target(api), "GET", "/x?small=1"), await ask(target(api), "GET", "/x")

    assert (small.body, small.is_cut) == (b"hello", False)
    assert (len(large.body), large.is_cut) == (MOST_BYTES, True)


async def test_a_head_has_no_body(api: ApiServer) -> None:
    answer = await ask(target(api), "HEAD", "/user")

    assert (answer.status, answer.body) == (200, b"")


# Where answers lead


async def test_a_redirect_within_the_base_is_followed_with_the_credentials(api: ApiServer) -> None:
    api.redirect("/v1/old", f"{api.url}/v1/older?x=1", 301)
    api.redirect("/v1/older", "user")

    assert json.loads((await ask(target(api), "GET", "/old")).body)["login"] == "octocat"


@pytest.mark.parametrize(
    ("status", "arrives"),
    [(307, ("POST", b"{}")), (308, ("POST", b"{}")), (303, ("GET", b"")), (301, None), (302, None)],
)
async def test_a_redirected_post_is_repeated_or_becomes_a_get_only_as_the_status_says(
    api: ApiServer, status: int, arrives: tuple[str, bytes] | None
) -> None:
    api.redirect("/v1/old", "/v1/now", status)

    answer = await ask(target(api), "POST", "/old", body=b"{}")

    assert [(seen.method, seen.body) for seen in api.seen[1:]] == ([arrives] if arrives else [])
    assert answer.status == (200 if arrives else status)


@pytest.mark.parametrize("place", ["/v2/user", "/v1/../user", "//127.0.0.1:1/v1/user", "/v1/%2e%2e/user"])
async def test_a_redirect_out_of_the_base_over_http_is_the_answer(api: ApiServer, place: str) -> None:
    api.redirect("/v1/x", place)

    answer = await ask(target(api), "GET", "/x")

    assert (answer.status, len(api.seen)) == (302, 1)
    assert "location" in answer.headers


async def test_a_redirect_elsewhere_over_https_is_followed_without_any_credentials(api: ApiServer) -> None:
    ours, theirs = tls_pair()
    async with running_api(ours) as elsewhere:
        place = f"{elsewhere.url}/v1/file?api_key={TOKEN}&X-Amz-Signature=abc"
        api.redirect("/v1/x", place)
        found = target(
            api,
            {"type": "query", "parameter": "api_key", "field": "token"},
            headers={"X-Constant": "mine"},
        )

        answer = await ask(
            found,
            "GET",
            "/x",
            driver=HttpDriver(SystemClock(), theirs),
            headers={"Range": "bytes=0-9", "If-Match": "tag"},
        )

        assert answer.status == 200
        assert elsewhere.seen[0].target == "/v1/file?X-Amz-Signature=abc"
        assert TOKEN not in str(elsewhere.seen)
        sent = set(elsewhere.seen[0].headers) - {"host", "accept", "accept-encoding", "user-agent"}
        assert sent == {"range"}


async def test_what_has_been_elsewhere_comes_back_without_the_credentials(api: ApiServer) -> None:
    ours, theirs = tls_pair()
    async with running_api(ours) as first, running_api(ours) as other:
        first.redirect("/v1/x", f"{other.url}/y")
        other.redirect("/y", f"{first.url}/v1/user")

        answer = await ask(target(first), "GET", "/x", driver=HttpDriver(SystemClock(), theirs))

        assert answer.status == 401
        assert "authorization" in first.seen[0].headers
        assert "authorization" not in first.seen[1].headers


async def test_a_redirect_elsewhere_is_the_answer_for_what_is_more_than_a_look(api: ApiServer) -> None:
    for status in (301, 302, 307, 308):
        api.redirect("/v1/x", "https://127.0.0.1:1/upload?X-Amz-Signature=abc&part=1", status)

        answer = await ask(target(api), "POST", "/x", body=b"secret")

        assert (answer.status, answer.headers["location"]) == (status, "https://127.0.0.1:1/upload?part=1")


async def test_a_read_is_not_led_to_what_is_none(api: ApiServer) -> None:
    api.redirect("/v1/a.list", "/v1/delete")

    answer = await ask(target(api, access="read", reads=["GET *.list"]), "GET", "/a.list")

    assert (answer.status, len(api.seen)) == (302, 1)


async def test_an_endless_redirect_ends(api: ApiServer) -> None:
    api.redirect("/v1/x", "/v1/x")

    with pytest.raises(DriverFailed, match="more than 5 times"):
        await ask(target(api), "GET", "/x")

    assert len(api.seen) == 6


# What goes wrong


async def _raw(answer: Callable[[asyncio.StreamWriter], None]) -> tuple[asyncio.Server, str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        answer(writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _failure_of(url: str, **more: Any) -> DriverFailed:
    with pytest.raises(DriverFailed) as failed:
        await ask(target(ApiServer(url)), "GET", "/x", **more)
    assert TOKEN not in failed.value.message
    assert failed.value.__cause__ is None
    return failed.value


async def test_nobody_listening_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        failed = await _failure_of(f"http://127.0.0.1:{taken.getsockname()[1]}")

    assert failed.kind == "refused"


async def test_a_host_that_is_not_there_is_unknown() -> None:
    assert (await _failure_of("https://nobody.invalid")).kind == "unknown_host"


async def test_a_certificate_that_nobody_trusts_is_refused() -> None:
    ours, _ = tls_pair()
    async with running_api(ours) as api:
        failed = await _failure_of(api.url)

        assert (failed.kind, api.seen) == ("tls", [])


async def test_an_answer_that_breaks_off_or_is_damaged_is_a_failure() -> None:
    answers = {
        b"": "unreachable",
        b"SSH-2.0-OpenSSH_9.6\r\n": "failed",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc": "failed",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc": "failed",
    }
    for content, kind in answers.items():
        server, url = await _raw(lambda writer, content=content: writer.write(content))  # type: ignore[misc]
        async with server:
            assert (await _failure_of(url)).kind == kind, content


async def test_an_api_that_does_not_answer_in_time_is_left(api: ApiServer) -> None:
    api.answers["/v1/x"] = stall

    with pytest.raises(DriverFailed, match=r"within 0\.2 s") as failed:
        await ask(target(api), "GET", "/x", seconds=0.2)

    assert failed.value.kind == "timeout"

    async def has_left() -> bool:
        return api.left == 1

    await until(has_left)


async def test_a_request_that_is_cancelled_leaves_nothing_open(api: ApiServer) -> None:
    api.answers["/v1/x"] = stall
    asking = asyncio.create_task(ask(target(api), "GET", "/x"))

    async def is_seen() -> bool:
        return len(api.seen) == 1

    async def has_left() -> bool:
        return api.left == 1

    await until(is_seen)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(has_left)


async def test_a_proxy_or_netrc_of_the_environment_is_not_used(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login eve password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    await ask(target(api, {"type": "none"}), "GET", "/x")

    assert "authorization" not in api.seen[0].headers
