"""The Anthropic model with the real SDK, against a Messages endpoint on loopback."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from email.utils import formatdate
from typing import Any

import anthropic
import httpx2
import pytest

from cowork_desktop.agent.anthropic_model import AnthropicModel
from cowork_desktop.agent.model import (
    Message,
    Model,
    ModelDone,
    ModelError,
    ModelEvent,
    ModelRequest,
    ProviderBlock,
    ReasoningDelta,
    Retrying,
    Text,
    TextDelta,
    ToolCall,
    ToolCallArguments,
    ToolCallBegun,
    ToolCallEnded,
    ToolResult,
    ToolSpec,
)
from cowork_desktop.schemas.responses import Usage
from tests.fakes.clock import START, FakeClock
from tests.fakes.messages_endpoint import (
    MessagesEndpoint,
    Reply,
    cut,
    ended,
    error_event,
    failure,
    in_pieces,
    overloaded,
    rate_limited,
    raw,
    reply,
    server_error,
    sse,
    stalled,
    text_block,
    thinking_block,
    token_count,
    tool_block,
    unauthorized,
    whole_block,
)

KEY = "sk-ant-test-0123456789"
ASK = ModelRequest(model="claude-opus-4-8", system=["You help."], messages=[Message("user", [Text("Hi")])])
HELLO = reply(text="Hello")
HELLO_DONE = ModelDone("end_turn", Usage(input_tokens=10, output_tokens=5), [Text("Hello")])


@asynccontextmanager
async def talking(
    *script: Reply, clock: FakeClock | None = None, count: Reply | None = None
) -> AsyncIterator[tuple[AnthropicModel, MessagesEndpoint]]:
    async with MessagesEndpoint(script, count=count) as endpoint:
        clock = clock or FakeClock(auto_advance=True)
        model = AnthropicModel(api_key=KEY, base_url=endpoint.url, clock=clock)
        yield model, endpoint
        await model.close()


async def heard(model: Model, request: ModelRequest = ASK) -> list[ModelEvent]:
    return [event async for event in model.stream(request)]


async def failed(model: Model, request: ModelRequest = ASK) -> tuple[list[ModelEvent], ModelError]:
    events: list[ModelEvent] = []

    async def listen() -> None:
        async for event in model.stream(request):
            events.append(event)

    with pytest.raises(ModelError) as caught:
        await listen()
    return events, caught.value


def without_retries(request: ModelRequest = ASK) -> ModelRequest:
    return ModelRequest(request.model, request.system, request.messages, max_retries=0)


# Counting


async def test_the_provider_counts_the_tokens_of_what_would_be_sent() -> None:
    async with talking(HELLO, count=token_count(1_234)) as (model, endpoint):
        assert await model.count_tokens(ASK) == 1_234
        await heard(model)
    [counted], [sent] = endpoint.counted, endpoint.requests
    assert counted.body == {k: v for k, v in sent.body.items() if k not in ("max_tokens", "stream")}
    assert counted.connection == sent.connection


@pytest.mark.parametrize(
    "answer",
    [
        None,
        overloaded(),
        rate_limited("3"),
        unauthorized(),
        raw(b"<html>", content_type="text/html"),
        raw(b"{", content_type="application/json"),
        raw(b'{"input_tokens": "many"}', content_type="application/json"),
        raw(b'{"input_tokens": 0}', content_type="application/json"),
        cut(HELLO, after=0),
    ],
)
async def test_where_the_provider_does_not_count_nothing_is_told_and_nothing_asked_again(
    answer: Reply | None,
) -> None:
    async with talking(count=answer) as (model, endpoint):
        assert await model.count_tokens(ASK) is None
    assert len(endpoint.counted) == 1


async def test_a_key_that_cannot_be_one_counts_nothing() -> None:
    async with MessagesEndpoint(count=token_count(7)) as endpoint:
        model = AnthropicModel(api_key="schlüssel", base_url=endpoint.url, clock=FakeClock())
        assert await model.count_tokens(ASK) is None
        assert endpoint.counted == []
        await model.close()


async def test_a_count_that_is_cancelled_closes_the_socket() -> None:
    async with talking(count=stalled(token_count(7))) as (model, endpoint):
        task = asyncio.create_task(model.count_tokens(ASK))
        await endpoint.until_stalled()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await endpoint.counted[0].closed_by_client.wait()


# A call that ends in order


async def test_a_request_reaches_the_provider_whole_and_its_answer_streams_back() -> None:
    request = ModelRequest(
        model="claude-opus-4-8",
        system=["You help.", "Be brief."],
        messages=[
            Message("user", [Text("Hi")]),
            Message("assistant", [ToolCall("call_0", "read", {"path": "ä"})]),
            Message("user", [ToolResult("call_0", "no such file", is_error=True)]),
        ],
        tools=[ToolSpec("read", "Reads a file.", {"type": "object", "properties": {}})],
        max_output_tokens=900,
    )
    answer = reply(
        thinking_block("Let me ", "see.", signature="c2ln"),
        whole_block({"type": "redacted_thinking", "data": "xyz"}),
        text_block("I ", "look."),
        tool_block("call_1", "read", pieces=["", '{"path":', ' "b"}']),
        tool_block("call_2", "list", pieces=[""]),
        usage={"input_tokens": 20, "cache_read_input_tokens": 300, "output_tokens": 40},
    )
    async with talking(answer) as (model, endpoint):
        events = await heard(model, request)
    cached = {"cache_control": {"type": "ephemeral"}}
    assert [received.body for received in endpoint.requests] == [
        {
            "model": "claude-opus-4-8",
            "max_tokens": 900,
            "stream": True,
            "system": [
                {"type": "text", "text": "You help."},
                {"type": "text", "text": "Be brief.", **cached},
            ],
            "tools": [
                {
                    "name": "read",
                    "description": "Reads a file.",
                    "input_schema": {"type": "object", "properties": {}},
                }
            ],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "call_0", "name": "read", "input": {"path": "ä"}}],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "call_0",
                            "is_error": True,
                            "content": "no such file",
                            **cached,
                        }
                    ],
                },
            ],
        }
    ]
    assert events == [
        ReasoningDelta("Let me "),
        ReasoningDelta("see."),
        TextDelta("I "),
        TextDelta("look."),
        ToolCallBegun("call_1", "read"),
        ToolCallArguments("call_1", '{"path":'),
        ToolCallArguments("call_1", ' "b"}'),
        ToolCallEnded("call_1", "read", {"path": "b"}),
        ToolCallBegun("call_2", "list"),
        ToolCallEnded("call_2", "list", {}),
        ModelDone(
            stop_reason="tool_use",
            usage=Usage(input_tokens=20, output_tokens=40, cache_read_input_tokens=300),
            content=[
                ProviderBlock(
                    "anthropic", {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"}
                ),
                ProviderBlock("anthropic", {"type": "redacted_thinking", "data": "xyz"}),
                Text("I look."),
                ToolCall("call_1", "read", {"path": "b"}),
                ToolCall("call_2", "list", {}),
            ],
        ),
    ]


async def test_what_an_answer_held_goes_back_to_the_provider_as_it_came() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    async with talking(
        reply(thinking_block("H", "m.", signature="c2ln"), tool_block("a", "read", pieces=['{"pa'])), HELLO
    ) as (model, endpoint):
        done = (await heard(model))[-1]
        assert isinstance(done, ModelDone)
        follow_up = [
            *ASK.messages,
            Message("assistant", done.content),
            Message("user", [ToolResult("a", "x")]),
        ]
        await heard(model, ModelRequest("claude-opus-4-8", [], follow_up))
    assert endpoint.requests[1].body["messages"][1] == {
        "role": "assistant",
        "content": [thought, {"type": "tool_use", "id": "a", "name": "read", "input": {}}],
    }


@pytest.mark.parametrize("size", [1, 3, 17, 100, 4096])
async def test_an_answer_is_the_same_however_its_bytes_are_cut(size: int) -> None:
    whole = reply(
        thinking_block("Grüße, ", "世界 ", signature="c2ln"),
        text_block("😀", "\u2028 and \r\n\n more", "ä"),
        tool_block("a", "read", {"path": "…/é"}),
    )
    async with talking(whole, in_pieces(whole, size)) as (model, _):
        assert await heard(model) == await heard(model)


async def test_a_stream_with_raw_utf8_split_within_a_character_arrives_whole() -> None:
    steps = b"".join(step for step in HELLO.steps if isinstance(step, bytes))
    pieces = in_pieces(raw(steps.replace(b"Hello", "Grüße 世界 😀".encode())), 1)
    async with talking(pieces) as (model, _):
        assert (await heard(model))[0] == TextDelta("Grüße 世界 😀")


async def test_a_malformed_call_is_told_with_its_problem_and_fails_nothing() -> None:
    async with talking(reply(tool_block("a", "read", pieces=['{"path"', ": "]))) as (model, _):
        assert await heard(model) == [
            ToolCallBegun("a", "read"),
            ToolCallArguments("a", '{"path"'),
            ToolCallArguments("a", ": "),
            ToolCallEnded(
                "a", "read", None, "The arguments are not valid JSON: Expecting value at character 9 of 9."
            ),
            ModelDone("tool_use", HELLO_DONE.usage, [ToolCall("a", "read", {})]),
        ]


@pytest.mark.parametrize(
    "stop_reason", ["refusal", "max_tokens", "pause_turn", "model_context_window_exceeded"]
)
async def test_every_stop_reason_is_passed_on(stop_reason: str) -> None:
    async with talking(reply(text="Hello", stop_reason=stop_reason)) as (model, _):
        assert (await heard(model))[-1] == ModelDone(stop_reason, HELLO_DONE.usage, [Text("Hello")])


async def test_a_long_tool_call_takes_time_in_proportion_to_its_length() -> None:
    async def cpu_seconds(model: Model, endpoint: MessagesEndpoint, pieces: int) -> float:
        call = tool_block("a", "write", pieces=['{"text": "', *["word "] * pieces, '"}'])
        endpoint.add(in_pieces(reply(call), 65_536))
        began = time.process_time()
        events = await heard(model)
        assert len(events) == pieces + 5
        return time.process_time() - began

    async with talking(HELLO) as (model, endpoint):
        await heard(model)
        short = min([await cpu_seconds(model, endpoint, 2_000) for _ in range(3)])
        long = min([await cpu_seconds(model, endpoint, 32_000) for _ in range(2)])
    # In proportion it is 16, by the square 256; the rest is for a busy machine.
    assert long / short < 64


# The client


async def test_calls_in_a_row_use_one_connection() -> None:
    async with talking(HELLO, HELLO, unauthorized(), HELLO) as (model, endpoint):
        assert (await heard(model))[-1] == HELLO_DONE
        assert (await heard(model))[-1] == HELLO_DONE
        await failed(model)
        assert (await heard(model))[-1] == HELLO_DONE
    assert {received.connection for received in endpoint.requests} == {0}


async def test_concurrent_first_calls_make_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    construct = anthropic.AsyncAnthropic.__init__

    def counted(self: anthropic.AsyncAnthropic, **options: Any) -> None:
        made.append(self)
        construct(self, **options)

    monkeypatch.setattr(anthropic.AsyncAnthropic, "__init__", counted)
    async with talking(HELLO, HELLO, HELLO) as (model, _):
        await asyncio.gather(heard(model), heard(model), heard(model))
    assert len(made) == 1


async def test_a_closed_model_can_be_used_again() -> None:
    async with talking(HELLO, HELLO) as (model, _):
        await model.close()
        await heard(model)
        await model.close()
        assert (await heard(model))[-1] == HELLO_DONE


async def test_nothing_of_the_environment_changes_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = "http://127.0.0.1:1"
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, nowhere)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", nowhere)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-from-the-environment")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token-from-the-environment")
    monkeypatch.setenv(
        "ANTHROPIC_CUSTOM_HEADERS", "Authorization: Bearer other\nX-Other: from-the-environment"
    )
    async with talking(HELLO) as (model, endpoint):
        assert (await heard(model))[-1] == HELLO_DONE
    headers = endpoint.requests[0].headers
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert "x-api-key" not in headers
    assert "environment" not in str(headers)


async def test_without_a_base_url_the_providers_own_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
    sent: list[httpx2.Request] = []

    async def no_network(_: httpx2.AsyncClient, request: httpx2.Request, **options: Any) -> httpx2.Response:
        sent.append(request)
        raise httpx2.ConnectError("no network in tests", request=request)

    monkeypatch.setattr(httpx2.AsyncClient, "send", no_network)
    model = AnthropicModel(api_key=KEY, base_url=None, clock=FakeClock())
    await failed(model, without_retries())
    await model.close()
    assert [str(request.url) for request in sent] == ["https://api.anthropic.com/v1/messages"]


@pytest.mark.parametrize("key", ["", " ", "sk-ant-a\n", "sk-ant-ключ"])
async def test_a_key_that_cannot_be_one_is_refused_without_a_request(key: str) -> None:
    async with MessagesEndpoint() as endpoint:
        model = AnthropicModel(api_key=key, base_url=endpoint.url, clock=FakeClock())
        _, error = await failed(model)
    assert (error.kind, error.message) == (
        "authentication",
        "The provider refused the API key (it is empty, or has characters that no key has). "
        "Check the key in the settings.",
    )
    assert endpoint.requests == []


async def test_nothing_that_is_logged_holds_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with talking(overloaded(), HELLO) as (model, _):
        await heard(model)
    assert KEY not in caplog.text


# Failures


def refused(status: int, error_type: str, message: str = "Words") -> Reply:
    return failure(status, error_type, message)


TOO_LONG = "prompt is too long: 210000 tokens > 200000 maximum"
OVER_THE_LIMIT = "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"
NO_CREDIT = "Your credit balance is too low to access the Anthropic API."


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (
            unauthorized(),
            "authentication",
            "The provider refused the API key (invalid x-api-key). Check the key in the settings.",
        ),
        (
            refused(401, "invalid_request_error"),
            "authentication",
            "The provider refused the API key (Words). Check the key in the settings.",
        ),
        (
            refused(403, "permission_error"),
            "permission",
            "The API key may not do this (Words). "
            "Choose another model, or ask whoever manages the account with the provider.",
        ),
        (
            refused(400, "invalid_request_error", NO_CREDIT),
            "billing",
            "The account with the provider cannot pay for this (Your credit balance is too low to access the "
            "Anthropic API). Check its credit and billing with the provider, then try again.",
        ),
        (
            refused(404, "not_found_error", "model: claude-x"),
            "model_not_found",
            "The provider does not know this model or address (model: claude-x). "
            "Choose another model, or check the base URL, in the settings.",
        ),
        (
            refused(400, "invalid_request_error", TOO_LONG),
            "context_too_long",
            f"The conversation is too long for the model ({TOO_LONG}). "
            "Start a new conversation, or send less text and fewer files.",
        ),
        (
            refused(400, "invalid_request_error"),
            "invalid_request",
            "The provider refused the request (Words). "
            "Change the message or its attachments, then try again.",
        ),
        (
            rate_limited(),
            "rate_limited",
            "The provider's rate limit is reached (Number of requests has exceeded your rate limit). "
            "Try again in a few minutes.",
        ),
        (overloaded(), "overloaded", "The provider is overloaded (Overloaded). Try again in a few minutes."),
        (
            server_error(),
            "provider_error",
            "The provider failed (Internal server error). Try again in a few minutes.",
        ),
        (
            refused(504, "timeout_error"),
            "timeout",
            "The provider did not answer in time (Words). Try again; check the network if it happens often.",
        ),
        (
            raw(b"<html>Bad gateway</html>", status=502, content_type="text/html"),
            "provider_error",
            "The provider failed (status 502). Try again in a few minutes.",
        ),
        (
            raw(b"<html>Welcome</html>", content_type="text/html"),
            "provider_error",
            "The provider failed (what answered is no Messages API). Check the base URL in the settings.",
        ),
    ],
)
async def test_a_failure_says_what_happened_and_what_can_be_done(
    answer: Reply, kind: str, message: str
) -> None:
    async with talking(answer) as (model, _):
        events, error = await failed(model, without_retries())
    assert (events, error.kind, error.message, error.usage) == ([], kind, message, Usage())


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refused(402, "billing_error"), "billing"),
        (refused(403, "billing_error"), "billing"),
        (failure(429, "rate_limit_error", "Limit", error_code="enforced_spend_limit_reached"), "billing"),
        (refused(429, "rate_limit_error", "Limit; see the billing page"), "rate_limited"),
        (refused(400, "invalid_request_error", OVER_THE_LIMIT), "context_too_long"),
        (refused(413, "request_too_large", "Prompt is too long"), "context_too_long"),
        (refused(413, "request_too_large", "Request exceeds the maximum size"), "invalid_request"),
        (refused(422, "invalid_request_error"), "invalid_request"),
        (refused(408, "timeout_error"), "timeout"),
        (refused(409, "conflict_error"), "provider_error"),
        (refused(503, "api_error"), "provider_error"),
        (refused(503, "overloaded_error"), "overloaded"),
        (refused(529, "overloaded_error"), "overloaded"),
        (refused(418, "teapot_error"), "provider_error"),
        (raw(b"", status=302), "provider_error"),
        (raw(b"Too many", status=429, content_type="text/plain"), "rate_limited"),
        (raw(b'{"error": {"type": [1], "message": {}}}', status=400), "invalid_request"),
    ],
)
async def test_each_refusal_has_its_kind(answer: Reply, kind: str) -> None:
    async with talking(answer) as (model, _):
        _, error = await failed(model, without_retries())
    assert error.kind == kind


@pytest.mark.parametrize(
    ("error_type", "kind"),
    [
        ("overloaded_error", "overloaded"),
        ("rate_limit_error", "rate_limited"),
        ("api_error", "provider_error"),
        ("timeout_error", "timeout"),
        ("invalid_request_error", "invalid_request"),
        ("authentication_error", "authentication"),
        ("permission_error", "permission"),
        ("billing_error", "billing"),
        ("not_found_error", "model_not_found"),
        ("a_new_error", "provider_error"),
    ],
)
async def test_an_error_event_after_the_first_delta_fails_at_once_with_what_was_counted(
    error_type: str, kind: str
) -> None:
    async with talking(error_event(error_type, "Words", after=4, of=HELLO)) as (model, endpoint):
        events, error = await failed(model)
    assert (events, error.kind, error.usage) == (
        [TextDelta("Hello")],
        kind,
        Usage(input_tokens=10, output_tokens=1),
    )
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (cut(HELLO, after=4), "peer closed connection"),
        (cut(HELLO, after=6), "peer closed connection"),
        (ended(HELLO), "the answer was cut off"),
        (ended(HELLO, after=4), "the answer was cut off"),
    ],
)
async def test_an_answer_that_breaks_off_after_the_first_delta_is_a_network_failure(
    answer: Reply, words: str
) -> None:
    async with talking(answer) as (model, endpoint):
        events, error = await failed(model)
    assert (events, error.kind) == ([TextDelta("Hello")], "network")
    assert error.message.startswith(f"The connection to the provider failed ({words}")
    assert error.usage.input_tokens == 10
    assert len(endpoint.requests) == 1


HELLO_BEGUN = [step for step in HELLO.steps if isinstance(step, bytes)][:4]


@pytest.mark.parametrize(
    ("garbage", "error_name"),
    [
        (b"event: content_block_delta\ndata: {no json\n\n", "JSONDecodeError"),
        (b"event: content_block_delta\ndata: \xff\xfe\n\n", "UnicodeDecodeError"),
        (b"event: content_block_delta\ndata: null\n\n", "TypeError"),
        (b"event: content_block_delta\ndata: [1]\n\n", "TypeError"),
        (b"event: content_block_delta\ndata: {}\n\n", "KeyError"),
        (sse("content_block_delta", index=9, delta={"type": "text_delta", "text": "x"}), "KeyError"),
        (sse("content_block_delta", index=0, delta={"type": "text_delta"}), "KeyError"),
        (sse("content_block_start", index=1, content_block={"type": "tool_use"}), "KeyError"),
    ],
)
async def test_garbage_in_the_stream_is_a_failure_of_the_provider(garbage: bytes, error_name: str) -> None:
    async with talking(raw(*HELLO_BEGUN, garbage, sse("message_stop"))) as (model, _):
        events, error = await failed(model)
    assert (events, error.kind) == ([TextDelta("Hello")], "provider_error")
    assert error.message.startswith("The provider failed (its answer cannot be read: ")
    assert type(error.__cause__).__name__ == error_name


async def test_a_body_that_does_not_decompress_is_a_failure_of_the_provider() -> None:
    answer = Reply([b"no gzip"], headers={"Content-Type": "text/event-stream", "Content-Encoding": "gzip"})
    async with talking(answer) as (model, _):
        _, error = await failed(model)
    assert error.kind == "provider_error"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://[::1", "nonsense"])
async def test_a_base_url_that_cannot_be_used_is_named(url: str) -> None:
    _, error = await failed(AnthropicModel(api_key=KEY, base_url=url, clock=FakeClock(auto_advance=True)))
    assert (error.kind, error.message) == (
        "invalid_request",
        "The provider refused the request (the base URL cannot be used). Check the base URL in the settings.",
    )


@pytest.mark.parametrize("begun", [0, 4])
async def test_silence_ends_with_a_timeout_and_no_retry(begun: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anthropic, "Timeout", lambda **_: httpx2.Timeout(5, read=0.05))
    async with talking(stalled(HELLO, after=begun)) as (model, endpoint):
        _, error = await failed(model)
    assert (error.kind, error.message) == (
        "timeout",
        "The provider did not answer in time. Try again; check the network if it happens often.",
    )
    assert len(endpoint.requests) == 1


async def test_no_message_holds_a_key_or_more_of_the_providers_words_than_needed() -> None:
    words = f"Bad key {KEY}, also sk-ant-api03-AAAA_bbbb and Bearer abc.def " + "ü " * 400
    async with talking(refused(400, "invalid_request_error", words)) as (model, _):
        _, error = await failed(model)
    shown = "Bad key [key], also [key] and [key] " + "ü " * 400
    assert error.message == (
        f"The provider refused the request ({shown[:299]}…). "
        "Change the message or its attachments, then try again."
    )


# Retries


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (rate_limited(), "rate_limited"),
        (overloaded(), "overloaded"),
        (server_error(), "provider_error"),
        (refused(408, "timeout_error"), "timeout"),
        (refused(409, "conflict_error"), "provider_error"),
        (refused(503, "api_error"), "provider_error"),
        (error_event("overloaded_error", "Overloaded"), "overloaded"),
        (error_event("overloaded_error", "Overloaded", after=3, of=HELLO), "overloaded"),
        (error_event("api_error", "Internal server error", after=1, of=HELLO), "provider_error"),
        (cut(HELLO, after=0), "network"),
        (cut(HELLO, after=3), "network"),
        (ended(HELLO, after=0), "network"),
        (ended(HELLO, after=3), "network"),
    ],
)
async def test_a_passing_failure_before_the_first_delta_is_retried(answer: Reply, kind: str) -> None:
    clock = FakeClock(auto_advance=True)
    async with talking(answer, HELLO, clock=clock) as (model, endpoint):
        retrying, *rest = await heard(model)
    assert isinstance(retrying, Retrying)
    assert (retrying.attempt, retrying.kind) == (1, kind)
    assert 0 <= retrying.wait_seconds <= 0.5
    assert clock.slept == [retrying.wait_seconds]
    assert rest == [TextDelta("Hello"), HELLO_DONE]
    assert endpoint.requests[0].body == endpoint.requests[1].body


@pytest.mark.parametrize(
    "answer",
    [
        unauthorized(),
        refused(400, "invalid_request_error"),
        refused(402, "billing_error"),
        refused(403, "permission_error"),
        refused(404, "not_found_error"),
        failure(429, "rate_limit_error", "Limit", error_code="enforced_spend_limit_reached"),
        failure(529, "overloaded_error", "Overloaded", x_should_retry="false"),
        error_event("invalid_request_error", "Words"),
        raw(b"event: message_start\ndata: {\n\n"),
        raw(b"{}", content_type="application/json"),
    ],
)
async def test_a_failure_that_would_come_again_is_not_retried(answer: Reply) -> None:
    async with talking(answer) as (model, endpoint):
        events, _ = await failed(model)
    assert events == []
    assert len(endpoint.requests) == 1


async def test_waits_grow_up_to_their_cap_and_end_with_the_last_failure() -> None:
    clock = FakeClock(auto_advance=True)
    request = ModelRequest(ASK.model, ASK.system, ASK.messages, max_retries=9)
    async with talking(*[overloaded()] * 9, server_error(), clock=clock) as (model, endpoint):
        events, error = await failed(model, request)
    assert [event.attempt for event in events if isinstance(event, Retrying)] == list(range(1, 10))
    assert all(
        0 <= wait <= cap for wait, cap in zip(clock.slept, [0.5, 1, 2, 4, 8, 16, 30, 30, 30], strict=True)
    )
    assert len(set(clock.slept)) == 9
    assert error.kind == "provider_error"
    assert len(endpoint.requests) == 10


async def test_a_call_is_retried_four_times_unless_told_otherwise() -> None:
    async with talking(*[overloaded()] * 5) as (model, endpoint):
        events, error = await failed(model)
    assert (len(events), error.kind, len(endpoint.requests)) == (4, "overloaded", 5)


async def test_the_wait_is_told_before_it_begins_and_the_next_request_comes_after_it() -> None:
    clock = FakeClock()
    async with (
        talking(rate_limited("7"), HELLO, clock=clock) as (model, endpoint),
        aclosing(model.stream(ASK)) as events,
    ):
        assert await anext(events) == Retrying(
            1,
            7.0,
            "rate_limited",
            "The provider's rate limit is reached (Number of requests has exceeded your rate limit).",
        )
        assert clock.slept == []
        following = asyncio.ensure_future(anext(events))
        await clock.until_sleeping()
        clock.advance(6.9)
        await asyncio.sleep(0)
        assert (clock.sleeping, len(endpoint.requests)) == (1, 1)
        clock.advance(0.1)
        assert await following == TextDelta("Hello")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("1.5", 1.5),
        ("60", 60.0),
        ("-3", 0.0),
        (formatdate(START / 1000 + 30, usegmt=True), 30.0),
        (formatdate(START / 1000 - 30, usegmt=True), 0.0),
    ],
)
async def test_the_providers_own_wait_is_kept(header: str, seconds: float) -> None:
    clock = FakeClock(auto_advance=True)
    async with talking(rate_limited(header), HELLO, clock=clock) as (model, _):
        assert (await heard(model))[-1] == HELLO_DONE
    assert clock.slept == [seconds]


@pytest.mark.parametrize("header", ["soon", "nan", "inf", ""])
async def test_a_wait_that_is_no_time_is_replaced_by_our_own(header: str) -> None:
    clock = FakeClock(auto_advance=True)
    async with talking(rate_limited(header), HELLO, clock=clock) as (model, _):
        assert (await heard(model))[-1] == HELLO_DONE
    assert 0 <= clock.slept[0] <= 0.5


@pytest.mark.parametrize(
    ("header", "words"), [("61", "61 seconds"), ("290", "5 minutes"), ("20000", "6 hours")]
)
async def test_a_wait_that_is_too_long_fails_at_once_and_says_how_long(header: str, words: str) -> None:
    clock = FakeClock(auto_advance=True)
    async with talking(rate_limited(header), clock=clock) as (model, _):
        events, error = await failed(model)
    assert (events, clock.slept, error.kind) == ([], [], "rate_limited")
    assert error.message == (
        "The provider's rate limit is reached (Number of requests has exceeded your rate limit). "
        f"Wait {words}, then try again."
    )


async def test_a_provider_that_cannot_be_reached_is_retried_and_then_a_network_failure() -> None:
    async with MessagesEndpoint() as endpoint:
        url = endpoint.url
    clock = FakeClock(auto_advance=True)
    model = AnthropicModel(api_key=KEY, base_url=url, clock=clock)
    events, error = await failed(model)
    await model.close()
    assert [event.kind for event in events if isinstance(event, Retrying)] == ["network"] * 4
    assert (error.kind, error.message) == (
        "network",
        "The connection to the provider failed (All connection attempts failed). "
        "Check the network, then try again.",
    )


@pytest.mark.parametrize(
    ("failures", "kind"),
    [
        (httpx2.ConnectTimeout("slow"), "timeout"),
        (httpx2.PoolTimeout("busy"), "timeout"),
        (httpx2.RemoteProtocolError("gone"), "network"),
        (OSError("no route"), "network"),
    ],
)
async def test_what_fails_before_the_request_is_out_is_retried(
    failures: Exception, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = httpx2.AsyncClient.send
    to_raise = [failures]

    async def failing(client: httpx2.AsyncClient, request: httpx2.Request, **options: Any) -> httpx2.Response:
        if to_raise:
            raise to_raise.pop()
        return await send(client, request, **options)

    monkeypatch.setattr(httpx2.AsyncClient, "send", failing)
    async with talking(HELLO) as (model, _):
        retrying, *rest = await heard(model)
    assert isinstance(retrying, Retrying)
    assert retrying.kind == kind
    assert rest == [TextDelta("Hello"), HELLO_DONE]


# Ending a call early


@pytest.mark.parametrize("begun", [0, 4])
async def test_cancelling_the_task_closes_the_socket(begun: int) -> None:
    async with talking(stalled(HELLO, after=begun)) as (model, endpoint):
        task = asyncio.create_task(heard(model))
        await endpoint.until_stalled()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(endpoint.requests[0].closed_by_client.wait(), 5)


async def test_closing_the_iterator_closes_the_socket() -> None:
    async with talking(stalled(HELLO, after=4), HELLO) as (model, endpoint):
        events = model.stream(ASK)
        assert await anext(events) == TextDelta("Hello")
        await events.aclose()
        await asyncio.wait_for(endpoint.requests[0].closed_by_client.wait(), 5)
        assert (await heard(model))[-1] == HELLO_DONE


async def test_a_call_that_is_cancelled_while_it_waits_asks_no_more() -> None:
    clock = FakeClock()
    async with talking(overloaded(), HELLO, clock=clock) as (model, endpoint):
        task = asyncio.create_task(heard(model))
        await clock.until_sleeping()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (clock.sleeping, len(endpoint.requests), endpoint.remaining) == (0, 1, 1)


async def test_an_endpoint_that_stays_on_the_line_after_its_answer_holds_nobody_up() -> None:
    answer = stalled(HELLO, after=len(HELLO.steps))
    async with talking(answer) as (model, endpoint):
        assert await asyncio.wait_for(heard(model), 5) == [TextDelta("Hello"), HELLO_DONE]
        await asyncio.wait_for(endpoint.requests[0].closed_by_client.wait(), 5)


# The endpoint itself


async def test_a_request_that_the_script_does_not_know_fails_the_test() -> None:
    with pytest.raises(AssertionError, match=r"POST /v1/messages .*claude-opus-4-8"):
        async with talking() as (model, _):
            await failed(model)


async def test_a_route_answers_its_requests_beside_the_script() -> None:
    def titles(body: dict[str, Any]) -> Reply | None:
        return reply(text="A title") if body["max_tokens"] == 50 else None

    title = ModelRequest(ASK.model, [], ASK.messages, max_output_tokens=50)
    async with MessagesEndpoint([HELLO], route=titles) as endpoint:
        model = AnthropicModel(api_key=KEY, base_url=endpoint.url, clock=FakeClock())
        texts: Sequence[ModelEvent] = [(await heard(model, request))[0] for request in (title, ASK, title)]
        await model.close()
    assert texts == [TextDelta("A title"), TextDelta("Hello"), TextDelta("A title")]
