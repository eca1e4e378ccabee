"""Whether the model answers, tried before or after its key and address are stored."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.agent import trying
from cowork_desktop.settings import ServerSettings
from tests.fakes.clock import FakeClock
from tests.fakes.messages_endpoint import (
    MessagesEndpoint,
    Reply,
    cut,
    error_event,
    failure,
    overloaded,
    rate_limited,
    raw,
    reply,
    server_error,
    stalled,
    unauthorized,
)
from tests.fakes.secrets import MemorySecrets
from tests.fakes.server import Server, fault, running_server

KEY = "sk-ant-canary-9f8e7d6c5b4a39281706"
OTHER = "sk-ant-other-0123456789abcdef0123"


async def tried(server: Server, **body: Any) -> Any:
    return await server.post("/settings/model-test", body)


async def test_what_is_in_force_is_tried_with_the_smallest_call(data: Path) -> None:
    async with MessagesEndpoint([reply(text="H", stop_reason="max_tokens")]) as endpoint:
        settings = ServerSettings(base_url=endpoint.url)
        async with running_server(data, settings=settings, clock=FakeClock()) as server:
            await server.call("PUT", "/settings/model-key", json={"key": KEY})
            assert await tried(server) == {
                "ok": True,
                "model": "claude-opus-4-8",
                "latency_ms": 0,
                "error": None,
            }
            assert (await server.get("/usage"))["responses"] == 0
    [request] = endpoint.requests
    assert KEY in str(dict(request.headers))
    assert request.body["max_tokens"] == 1
    assert request.body["messages"][0]["content"][0]["text"] == "Hi"
    assert request.body.keys() == {"model", "max_tokens", "messages", "stream"}


async def test_a_key_an_address_and_a_model_are_tried_before_they_are_stored(data: Path) -> None:
    async with (
        MessagesEndpoint([reply(text="H"), reply(text="H")]) as endpoint,
        running_server(data) as server,
    ):
        told = await tried(server, key=KEY, base_url=endpoint.url, model="claude-test")
        assert (told["ok"], told["model"]) == (True, "claude-test")
        await server.call("PUT", "/settings/model-key", json={"key": OTHER})
        assert (await tried(server, base_url=endpoint.url))["ok"] is True
        stored = await server.get("/settings")
        assert (stored["base_url"], stored["model"]) == (None, "claude-opus-4-8")
    sent = [str(dict(request.headers)) for request in endpoint.requests]
    assert [KEY in headers for headers in sent] == [True, False]
    assert [OTHER in headers for headers in sent] == [False, True]
    assert [request.body["model"] for request in endpoint.requests] == ["claude-test", "claude-opus-4-8"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (unauthorized(), "authentication"),
        (failure(403, "permission_error", "No"), "permission"),
        (failure(400, "invalid_request_error", "Your credit balance is too low"), "billing"),
        (failure(404, "not_found_error", "model: x"), "model_not_found"),
        (rate_limited("3"), "rate_limited"),
        (overloaded(), "overloaded"),
        (server_error(), "provider_error"),
        (error_event("overloaded_error", "Overloaded"), "overloaded"),
        (cut(reply(text="H"), 2), "network"),
        (raw(b"<html>", content_type="text/html"), "provider_error"),
    ],
)
async def test_a_failure_is_of_the_kind_that_a_turn_has_and_is_not_tried_again(
    answer: Reply, kind: str, server: Server
) -> None:
    async with MessagesEndpoint([answer]) as endpoint:
        told = await tried(server, key=KEY, base_url=endpoint.url)
    assert (told["ok"], told["error"]["type"]) == (False, kind)
    assert told["error"]["message"]
    assert len(endpoint.requests) == 1


async def test_an_address_where_nobody_is_is_a_failure_of_the_network(server: Server) -> None:
    told = await tried(server, key=KEY, base_url="http://127.0.0.1:9")
    assert (told["ok"], told["error"]["type"]) == (False, "network")


async def test_a_model_that_says_nothing_is_waited_for_a_limited_time(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trying._SECONDS == 15
    monkeypatch.setattr(trying, "_SECONDS", 3.0)
    async with MessagesEndpoint([stalled(reply(text="H"))]) as endpoint:
        told = await asyncio.wait_for(tried(server, key=KEY, base_url=endpoint.url), 12)
        assert (told["ok"], told["error"]["type"]) == (False, "timeout")


async def test_without_a_key_and_an_address_it_says_what_is_missing(server: Server) -> None:
    told = await tried(server)
    assert (told["ok"], told["error"]["type"]) == (False, "not_configured")
    assert "Set a key" in told["error"]["message"]
    assert (await tried(server, base_url=None))["error"]["type"] == "not_configured"


async def test_a_stored_key_that_is_gone_says_so(data: Path) -> None:
    secrets = MemorySecrets()
    async with running_server(data, secrets=secrets) as server:
        await server.call("PUT", "/settings/model-key", json={"key": KEY})
        secrets.kept.clear()
        told = await tried(server)
        assert told["error"]["type"] == "authentication"
        assert "gone from the keyring" in told["error"]["message"]


async def test_the_built_in_model_always_answers(server: Server) -> None:
    from cowork_desktop.agent import offline_model

    told = await tried(server, model=offline_model.NAME)
    assert (told["ok"], told["model"], told["error"]) == (True, offline_model.NAME, None)


async def test_nothing_of_a_key_is_in_answer_log_or_file(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    refusal = failure(401, "authentication_error", f"invalid x-api-key {KEY}")
    async with MessagesEndpoint([refusal]) as endpoint, running_server(data) as server:
        told = await tried(server, key=KEY, base_url=endpoint.url)
        assert told["error"]["type"] == "authentication"
        assert KEY not in str(told)
        for body in ({"key": f"{KEY} x"}, {"key": [KEY]}, {"kee": KEY}):
            answer = await server.call("POST", "/settings/model-test", json=body)
            assert answer.status == 422
            assert KEY.encode() not in answer.body
    assert KEY not in caplog.text
    for file in data.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"base_url": "ftp://x"}, "body.base_url"),
        ({"model": "no spaces"}, "body.model"),
        ({"key": "short"}, "body.key"),
        ({"other": 1}, "body.other"),
    ],
)
async def test_what_cannot_be_tried_is_refused(body: Any, param: str, server: Server) -> None:
    answer = await server.call("POST", "/settings/model-test", json=body)
    assert fault(answer) == (422, "invalid_request", param)
