"""Where a turn ends that does not end by itself."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cowork_desktop.agent.model import (
    ModelDone,
    ModelError,
    Retrying,
    TextDelta,
    ToolCallBegun,
    ToolCallEnded,
    ToolResult,
)
from cowork_desktop.agent.tools.tool import Tool, ToolContext, ToolFailed
from cowork_desktop.agent.turns import TITLE_SECONDS
from cowork_desktop.http.sse import KEEP_ALIVE_SECONDS
from cowork_desktop.schemas.responses import Usage
from tests.fakes.clock import FakeClock
from tests.fakes.model import USAGE, Script, ScriptedModel, Step, call, done, say
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


# Calls that fail again and again


class Given(BaseModel):
    n: int = 0


class Flaky:
    """A tool that fails, except where it is told to work; it notes with what it was called."""

    def __init__(self) -> None:
        self.called: list[int] = []
        self.works_for: set[int] = set()

    def tools(self) -> dict[str, Tool[Any]]:
        async def run(context: ToolContext, arguments: Given) -> str:
            self.called.append(arguments.n)
            if arguments.n in self.works_for:
                return "Well."
            raise ToolFailed(f"It does not work, for the {len(self.called)}th time.")

        return {"flaky": Tool(name="flaky", description="Fails.", input=Given, run=run)}


def calls(*given: int) -> list[Script]:
    """One call a round."""
    return [call("flaky", {"n": n}, f'{{"n": {n}}}', call_id=f"call_{at}") for at, n in enumerate(given)]


async def outcome(tmp_path: Path, flaky: Flaky, *scripts: Script) -> Any:
    model = ScriptedModel(*scripts)
    async with running_server(tmp_path / "data", model=model, tools=flaky.tools()) as server:
        response = await server.say(await server.conversation(title="T"), "Go")
        return await server.get(f"/responses/{response['id']}")


async def test_a_call_that_failed_three_times_is_refused_and_after_three_refusals_the_turn_ends(
    tmp_path: Path,
) -> None:
    flaky = Flaky()
    response = await outcome(tmp_path, flaky, *calls(*[1] * 6))
    assert flaky.called == [1, 1, 1]
    assert (response["status"], response["error"]["type"]) == ("failed", "stuck")
    assert "flaky" in response["error"]["message"]
    assert [part["status"] for part in response["parts"]] == ["error"] * 6
    assert ["failed three times" in part["output"] for part in response["parts"]] == [False] * 3 + [True] * 3


async def test_other_arguments_are_another_call_and_do_not_begin_the_count_anew(tmp_path: Path) -> None:
    flaky = Flaky()
    response = await outcome(tmp_path, flaky, *calls(1, 1, 2, 1, 3, 1), say("I give up."))
    assert flaky.called == [1, 1, 2, 1, 3]
    assert response["status"] == "completed"
    assert "failed three times" in response["parts"][5]["output"]


async def test_a_call_that_works_once_begins_anew(tmp_path: Path) -> None:
    flaky = Flaky()

    async def works() -> None:
        flaky.works_for = {1}

    async def fails() -> None:
        flaky.works_for = set()

    first, second, third, *rest = calls(*[1] * 6)
    response = await outcome(
        tmp_path, flaky, first, second, [works, *third], *[[fails, *one] for one in rest], say("Well.")
    )
    assert flaky.called == [1] * 6
    assert [part["status"] for part in response["parts"][:6]] == [
        *["error", "error", "success", "error", "error", "error"]
    ]
    assert response["status"] == "completed"


@pytest.mark.parametrize(
    "again",
    [("no_such_tool", {}), ("flaky", {"n": "one"}), ("flaky", None, "it is cut off")],
    ids=["a tool that there is not", "arguments that do not fit", "arguments that cannot be read"],
)
async def test_a_call_that_cannot_be_made_is_not_made_for_ever_either(
    tmp_path: Path, again: tuple[Any, ...]
) -> None:
    flaky = Flaky()
    name = again[0]
    rounds: list[Script] = [
        [ToolCallBegun(str(n), name), ToolCallEnded(str(n), *again), ModelDone("tool_use", USAGE, [])]
        for n in range(6)
    ]
    response = await outcome(tmp_path, flaky, *rounds)
    assert flaky.called == []
    assert response["error"]["type"] == "stuck"
    assert ["failed three times" in part["output"] for part in response["parts"]] == [False] * 3 + [True] * 3


async def test_the_next_turn_tries_again(tmp_path: Path) -> None:
    flaky = Flaky()
    model = ScriptedModel(*calls(*[1] * 6), *calls(1), say("No."))
    async with running_server(tmp_path / "data", model=model, tools=flaky.tools()) as server:
        conversation = await server.conversation(title="T")
        assert (await server.say(conversation, "Go"))["error"]["type"] == "stuck"
        assert (await server.say(conversation, "Again"))["status"] == "completed"
    assert flaky.called == [1] * 4


# What a turn costs


@pytest.mark.parametrize(
    ("model", "cost", "is_over"),
    [
        ("claude-opus-4-8", 0.00035, False),
        ("claude-opus-4-8", 0.00034, True),
        ("other-model", 0.00001, True),
    ],
)
async def test_a_turn_that_has_cost_too_much_ends(
    tmp_path: Path, model: str, cost: float, is_over: bool
) -> None:
    """Each round has 10 tokens in and 5 out, of 5 and 25 dollars a million: 0.000175 dollars."""
    scripts = [*calls(1, 2)[:2], say("Enough.")]
    flaky = Flaky()
    async with running_server(
        tmp_path / "data", model=ScriptedModel(*scripts), tools=flaky.tools()
    ) as server:
        body = {"limits": {"cost_usd": cost}}
        assert (await server.call("PATCH", "/settings", json=body)).status == 200
        response = await server.say(await server.conversation(title="T"), "Go", model=model)
    if is_over:
        assert response["error"]["type"] == "limit_reached"
        assert f"{cost:g} US dollars (settings.limits.cost_usd)" in response["error"]["message"]
    else:
        assert response["status"] == "completed"
    assert len(flaky.called) == (2 if not is_over else 1 if "opus" in model else 0)


async def test_tokens_are_counted_over_the_rounds(tmp_path: Path) -> None:
    flaky = Flaky()
    model = ScriptedModel(*calls(1, 2, 3))
    async with running_server(tmp_path / "data", model=model, tools=flaky.tools()) as server:
        assert (await server.call("PATCH", "/settings", json={"limits": {"tokens": 44}})).status == 200
        response = await server.say(await server.conversation(title="T"), "Go")
    assert response["error"]["type"] == "limit_reached"
    assert flaky.called == [1, 2]
    assert response["usage"]["input_tokens"] + response["usage"]["output_tokens"] == 45


@pytest.mark.parametrize("kind", ["context_too_long", "invalid_request"])
async def test_what_the_provider_refuses_after_a_wait_fails_with_its_name(tmp_path: Path, kind: str) -> None:
    """Nothing can be left out here, so it is not tried again."""
    waits = Retrying(1, 0.5, "overloaded", "The provider is overloaded.")
    model = ScriptedModel([waits, ModelError(kind, "No.")])
    async with running_server(tmp_path / "data", model=model) as server:
        response = await server.say(await server.conversation(title="T"), "Go")
    assert response["error"]["type"] == kind
