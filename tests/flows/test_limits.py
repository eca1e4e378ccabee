"""Where a turn ends that does not end by itself."""

import asyncio
from pathlib import Path

import pytest

from cowork_desktop.agent.model import (
    ModelDone,
    Retrying,
    TextDelta,
    ToolCallBegun,
    ToolCallEnded,
    ToolResult,
)
from cowork_desktop.agent.turns import TITLE_SECONDS
from cowork_desktop.http.sse import KEEP_ALIVE_SECONDS
from cowork_desktop.schemas.responses import Usage
from tests.fakes.clock import FakeClock
from tests.fakes.model import USAGE, ScriptedModel, Step, call, done, say
from tests.fakes.server import running_server

SEARCH = call("search_conversation", {"query": "x"}, '{"query": "x"}')


@pytest.mark.parametrize(
    ("limits", "script", "words"),
    [
        ({"rounds": 1}, SEARCH, "1 rounds"),
        ({"tokens": 14}, SEARCH, "14 tokens"),
        ({"output_tokens": 7}, [TextDelta("x"), done("x", stop_reason="max_tokens")], "cut at 7 tokens"),
    ],
)
async def test_a_turn_that_reaches_a_limit_fails_with_its_name(
    tmp_path: Path, limits: dict[str, int], script: list[object], words: str
) -> None:
    async with running_server(tmp_path / "data", model=ScriptedModel(script)) as server:  # type: ignore[arg-type]
        assert (await server.call("PATCH", "/settings", json={"limits": limits})).status == 200
        response = await server.say(await server.conversation(), "Go")
    assert response["status"] == "failed"
    assert response["error"]["type"] == "limit_reached"
    assert words in response["error"]["message"]
    assert response["usage"]["output_tokens"] == USAGE.output_tokens


async def test_a_turn_that_runs_too_long_is_ended_and_keeps_its_text(tmp_path: Path) -> None:
    clock = FakeClock()
    model = ScriptedModel([TextDelta("So far"), asyncio.Event()])
    async with running_server(tmp_path / "data", model=model, clock=clock) as server:
        await server.call("PATCH", "/settings", json={"limits": {"seconds": 90}})
        body = {"conversation_id": await server.conversation(), "input": "Go"}
        async with server.stream("POST", "/responses", json=body) as followed:
            async for frame in followed:
                if frame.type == "response.output_text.delta":
                    clock.advance(91)
            response = frame.data["response"]
    assert response["error"]["type"] == "limit_reached"
    assert "90 s" in response["error"]["message"]
    assert response["output"] == [{"type": "text", "text": "So far"}]


async def test_a_title_that_does_not_come_holds_the_end_up_for_two_seconds_at_most(tmp_path: Path) -> None:
    clock = FakeClock()
    model = ScriptedModel(say("Sure"), title=asyncio.Event())
    async with running_server(tmp_path / "data", model=model, clock=clock) as server:
        conversation = await server.conversation()
        turn = asyncio.create_task(server.say(conversation, "Please help me"))
        while TITLE_SECONDS not in clock.slept:
            await asyncio.sleep(0)
        assert not turn.done()
        clock.advance(TITLE_SECONDS)
        assert (await turn)["status"] == "completed"
        assert (await server.get(f"/conversations/{conversation}"))["title"] == "Please help me"


async def test_silence_is_filled_with_comments(tmp_path: Path) -> None:
    clock, gate = FakeClock(), asyncio.Event()
    model = ScriptedModel([gate, done("x")])
    async with running_server(tmp_path / "data", model=model, clock=clock) as server:
        body = {"conversation_id": await server.conversation(title="T"), "input": "Go"}
        async with server.session.post(f"{server.url}/api/v1/responses", json=body) as response:
            await response.content.readuntil(b"event: response.in_progress\n")
            await response.content.readuntil(b"\n\n")
            while KEEP_ALIVE_SECONDS not in clock.slept:
                await asyncio.sleep(0)
            for _ in range(2):
                clock.advance(KEEP_ALIVE_SECONDS)
                assert await response.content.readuntil(b"\n\n") == b": keep-alive\n\n"
            gate.set()
            assert b"response.completed" in await response.read()


async def test_a_wait_for_the_provider_is_told(tmp_path: Path) -> None:
    script = [Retrying(1, 0.5, "overloaded", "The provider is overloaded."), *say("Hello")]
    async with running_server(tmp_path / "data", model=ScriptedModel(script)) as server:
        response = await server.say(await server.conversation(), "Go")
        [told] = [frame for frame in await server.events(response["id"]) if frame.type == "response.retrying"]
    assert told.data["attempt"] == 1
    assert told.data["wait_seconds"] == 0.5
    assert told.data["error"] == {"type": "overloaded", "message": "The provider is overloaded."}


async def test_calls_that_cannot_be_made_are_told_to_the_model_and_the_turn_goes_on(tmp_path: Path) -> None:
    script: list[Step] = [
        ToolCallBegun("a", "no_such_tool"),
        ToolCallEnded("a", "no_such_tool", {}),
        ToolCallBegun("b", "search_conversation"),
        ToolCallEnded("b", "search_conversation", None, "it is cut off"),
        ToolCallBegun("c", "search_conversation"),
        ToolCallEnded("c", "search_conversation", {"query": 5}),
        ModelDone("tool_use", Usage(), []),
    ]
    model = ScriptedModel(script, say("I could not."))
    async with running_server(tmp_path / "data", model=model) as server:
        conversation = await server.conversation()
        assert (await server.say(conversation, "Go"))["status"] == "completed"
        [_, answer] = (await server.get(f"/conversations/{conversation}/items"))["data"]
    calls = answer["parts"][:3]
    assert [part["status"] for part in calls] == ["error"] * 3
    for words, part in zip(["no tool", "cut off", "query"], calls, strict=True):
        assert words in part["output"]
    results = model.requests[1].messages[-1].content
    assert [isinstance(result, ToolResult) and result.is_error for result in results] == [True] * 3
