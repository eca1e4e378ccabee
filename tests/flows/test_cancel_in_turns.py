"""A turn that is cancelled, wherever it is: nothing of it goes on, and the conversation does."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cowork_desktop import keys
from cowork_desktop.agent.running import TurnStart
from cowork_desktop.agent.toolbox import TOOLS
from cowork_desktop.agent.tools.tool import Demand, Outcome, Tool, ToolContext
from tests.fakes.agent import Agent, running_agent
from tests.fakes.clock import FakeClock
from tests.fakes.messages_endpoint import (
    Json,
    Reply,
    overloaded,
    reply,
    stalled,
    text_block,
    tool_block,
)

pytestmark = pytest.mark.slow

DONE = reply(text="Done.")
WORDS = "herons stand in the shallow water and wait for fish " * 12


class Nothing(BaseModel):
    n: int = 0


def tool(name: str, run: Any, effect: Any = "read") -> Tool[Any]:
    return Tool(
        name=name,
        description=f"Does {name}.",
        input=Nothing,
        run=run,
        demand=lambda context, arguments: Demand(effect, summary=name),
    )


async def _reach(context: ToolContext, arguments: Nothing) -> str:
    return "reached"


async def _page(context: ToolContext, arguments: Nothing) -> Outcome:
    return Outcome("A page.", source="the page")


async def _change(context: ToolContext, arguments: Nothing) -> str:
    context.tell("changing")
    return "changed"


OTHERS: Mapping[str, Tool[Any]] = {
    **TOOLS,
    "reach": tool("reach", _reach, "outside"),
    "page": tool("page", _page),
    "change": tool("change", _change, "project"),
}


def check(body: Json) -> None:
    """What a provider takes: each call has its result in the next message, and no other."""
    asked: list[str] = []
    for message in body["messages"]:
        given = [block["tool_use_id"] for block in message["content"] if block["type"] == "tool_result"]
        assert given == asked
        asked = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
    assert asked == []


def tasks_of_turns() -> list[str]:
    """What still runs for turns in this process, by the names of the tasks."""
    names = [task.get_name() for task in asyncio.all_tasks() if not task.done()]
    about = ("turn ", "time limit of ", "title of ", "wait for a title", "deadline of an approval")
    return [name for name in names if name.startswith(about)]


async def cancelled(agent: Agent, turn: str) -> Any:
    """The response when it has been cancelled, which it must be, with nothing that goes on; and the
    conversation does."""
    told = await agent.server.post(f"/responses/{turn}/cancel")
    assert (told["status"], told["error"]["type"]) == ("failed", "cancelled")
    await goes_on(agent, told["conversation_id"])
    response = await agent.server.get(f"/responses/{turn}")
    assert {name: response[name] for name in told} == told
    frames = await agent.server.events(turn)
    assert (frames[-1].type, frames[-1].data["response"]) == ("response.failed", told)
    assert [frame.id for frame in frames] == list(range(len(frames)))
    return response


async def goes_on(agent: Agent, conversation: str) -> None:
    await asyncio.sleep(0)  # tasks that were cancelled end
    assert tasks_of_turns() == []
    assert (await agent.server.get("/responses/in-flight-list"))["data"] == []
    assert await agent.waiting() == []
    agent.script.clear()
    agent.says(DONE)
    assert (await agent.say(conversation, "Go on."))["status"] == "completed"
    check(agent.bodies[-1])


async def until(agent: Agent, turn: str, type: str, n: int = 1) -> None:
    """Wait for the nth event of this type."""
    async with agent.server.stream("GET", f"/responses/{turn}/events") as frames:
        async for frame in frames:
            n -= frame.type == type
            if n == 0:
                return
    raise AssertionError(f"The turn ended without {type}.")


# While the model answers


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        (stalled(DONE), []),
        (stalled(DONE, after=1), []),
        (stalled(reply(text_block("So ", "far")), after=4), [{"type": "text", "text": "So "}]),
    ],
    ids=["before the answer", "before the first word", "in the text"],
)
async def test_while_the_model_answers(data: Path, answer: Reply, parts: list[Json]) -> None:
    async with running_agent(data, answer) as agent:
        turn = await agent.begin(await agent.server.conversation(title="T"))
        await agent.endpoint.until_stalled()
        if parts:
            await until(agent, turn, "response.output_text.delta")
        response = await cancelled(agent, turn)
        assert response["parts"] == parts
        async with asyncio.timeout(5):
            await agent.endpoint.requests[0].closed_by_client.wait()


async def test_within_the_arguments_of_a_call_which_is_not_made(data: Path) -> None:
    pieces = ['{"content": "Likes', ' tea."}']
    answer = stalled(reply(tool_block("a", "remember", pieces=pieces)), after=4)
    async with running_agent(data, answer) as agent:
        turn = await agent.begin(await agent.server.conversation(title="T"))
        await until(agent, turn, "response.tool_call.arguments.delta")
        response = await cancelled(agent, turn)
        [part] = response["parts"]
        assert (part["status"], part["arguments"]) == ("running", {})
        assert (await agent.server.get("/memories"))["data"] == []


async def test_while_the_provider_is_waited_for(data: Path) -> None:
    clock = FakeClock()
    async with running_agent(data, overloaded(), clock=clock) as agent:
        turn = await agent.begin(await agent.server.conversation(title="T"))
        await until(agent, turn, "response.retrying")
        await cancelled(agent, turn)
    assert len(agent.bodies) == 2


async def test_while_the_conversation_is_made_shorter(data: Path) -> None:
    limits = {"context_tokens": 12_000, "output_tokens": 1_000}
    few = {"search_conversation": TOOLS["search_conversation"]}
    async with running_agent(data, reply(text="A heron."), tools=few) as agent:
        assert (await agent.server.call("PATCH", "/settings", json={"limits": limits})).status == 200
        conversation = await agent.server.conversation(title="T")
        assert (await agent.say(conversation, WORDS * 40))["status"] == "completed"
        agent.summary = stalled(reply(text="(a summary)"))
        turn = await agent.begin(conversation, WORDS * 30)
        await agent.endpoint.until_stalled()
        agent.summary = reply(text="(a summary)")
        response = await cancelled(agent, turn)
        assert response["parts"] == []
        assert len(agent.summaries) == 2


# While calls run


async def test_while_a_tool_runs_which_ends_first(data: Path) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def hang(context: ToolContext, arguments: Nothing) -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.set()
        return ""

    tools = {**OTHERS, "hang": tool("hang", hang)}
    call = reply(tool_block("a", "hang", {"n": 1}), tool_block("b", "change"))
    async with running_agent(data, call, tools=tools) as agent:
        turn = await agent.begin(await agent.server.conversation(title="T"))
        await begun.wait()
        await until(agent, turn, "response.tool_call.done")
        response = await cancelled(agent, turn)
        assert ended.is_set()
        hung, changed = response["parts"]
        assert (hung["status"], hung["arguments"]) == ("running", {"n": 1})
        assert (changed["status"], changed["output"]) == ("success", "changed")
        results = agent.bodies[-1]["messages"][2]["content"]
        assert "did not end" in results[0]["content"]
        assert results[1]["content"] == "changed"


async def test_while_a_cell_runs_which_is_interrupted(data: Path) -> None:
    code = "import time\nprint('so far', flush=True)\ntime.sleep(600)"
    async with running_agent(data, reply(tool_block("a", "run_code", {"code": code}))) as agent:
        conversation = await agent.server.conversation(title="T")
        turn = await agent.begin(conversation)
        await until(agent, turn, "response.tool_call.output.delta")
        await cancelled(agent, turn)
        [pad] = (await agent.server.get("/scratchpads"))["data"]
        kernel = await agent.server.get(f"/scratchpads/{pad['id']}/kernel")
        assert kernel["state"] == "idle"
        cells = (await agent.server.get(f"/scratchpads/{pad['id']}"))["cells"]
        assert (cells[0]["status"], cells[1]["outputs"][0]["data"]) == ("error", "so far\n")
        called = await agent.call(conversation, "run_code", {"code": "6 * 7"})
        assert called.text.endswith("\n42")


async def test_while_the_user_is_asked(data: Path) -> None:
    call = reply(tool_block("a", "reach"), tool_block("q", "ask_user", {"question": "Which year?"}))
    async with running_agent(data, call, tools=OTHERS) as agent:
        turn = await agent.begin(await agent.server.conversation(title="T"))
        first, second = await agent.asked(turn), await agent.asked(turn, 2)
        await cancelled(agent, turn)
        for asked in (first, second):
            assert (await agent.server.get(f"/approvals/{asked['id']}"))["status"] == "cancelled"


# Sub-tasks


@pytest.mark.parametrize("stage", ["answers", "calls", "asks"])
async def test_a_sub_task_ends_with_its_parent(data: Path, stage: str) -> None:
    of_task = {
        "answers": stalled(reply(text="So far"), after=4),
        "calls": reply(tool_block("h", "hang")),
        "asks": reply(tool_block("r", "reach")),
    }[stage]
    types = {"answers": "output_text.delta", "calls": "tool_call.added", "asks": "approval.requested"}

    async def hang(context: ToolContext, arguments: Nothing) -> str:
        await asyncio.Event().wait()
        return ""

    tools = {**OTHERS, "hang": tool("hang", hang)}
    script = reply(tool_block("t", "start_task", {"task": "Do it all."})), of_task
    async with running_agent(data, *script, tools=tools) as agent:
        turn = await agent.begin(await agent.server.conversation(title="T"))
        child = await child_of(agent, turn)
        await until(agent, child, f"response.{types[stage]}")
        await cancelled(agent, turn)
        ended = await agent.server.get(f"/responses/{child}")
        assert (ended["status"], ended["error"]["type"]) == ("failed", "cancelled")


async def test_a_sub_task_that_is_cancelled_alone_is_told_to_its_parent(data: Path) -> None:
    script = reply(tool_block("t", "start_task", {"task": "Do it."})), stalled(DONE, after=1)
    async with running_agent(data, *script) as agent:
        turn = await agent.begin(await agent.server.conversation(title="T"))
        child = await child_of(agent, turn)
        await agent.endpoint.until_stalled()
        agent.says(DONE)
        await agent.server.post(f"/responses/{child}/cancel")
        response = await agent.ended(turn)
        assert response["status"] == "completed"
        [called] = await agent.told(response)
        assert called.is_error
        assert called.text.startswith("The sub-task failed: The turn was cancelled.")


async def child_of(agent: Agent, turn: str) -> str:
    while True:
        running = (await agent.server.get("/responses/in-flight-list"))["data"]
        if children := [one["id"] for one in running if one["id"] != turn]:
            return str(children[0])


# Anywhere


def a_turn_with_everything() -> list[Reply]:
    return [
        reply(
            text_block("Let ", "me ", "see."),
            tool_block("a", "search_conversation", {"query": "x"}),
            tool_block("b", "change"),
        ),
        reply(tool_block("c", "page"), tool_block("d", "start_task", {"task": "Do it."})),
        reply(text_block("Of the task."), tool_block("e", "change", {"n": 2})),
        reply(text="The task is done."),
        reply(text_block("All ", "is ", "well.")),
    ]


EVENTS = 40
"""More than the turn has."""


async def test_at_any_event(data: Path) -> None:
    async with running_agent(data, tools=OTHERS) as agent:
        stopped_at: list[str] = []
        for n in range(EVENTS):
            agent.script[:] = a_turn_with_everything()
            turn = await agent.begin(await agent.server.conversation(title="T"))
            await nth(agent, turn, n)
            told = await agent.server.post(f"/responses/{turn}/cancel")
            if told["status"] == "completed":
                break
            frames = await agent.server.events(turn)
            stopped_at.append(frames[-2].type)
            await goes_on(agent, told["conversation_id"])
            stored = await agent.server.get(f"/responses/{turn}")
            items = (await agent.server.get(f"/conversations/{told['conversation_id']}/items"))["data"]
            answers = [item["parts"] for item in items if item["response_id"] == turn][1:]
            assert answers == ([stored["parts"]] if stored["parts"] else [])
    assert len(stopped_at) > 10
    agent.script.clear()


async def nth(agent: Agent, turn: str, n: int) -> None:
    """Wait until the turn has told so many events, or has ended."""
    async with agent.server.stream("GET", f"/responses/{turn}/events") as frames:
        async for frame in frames:
            if frame.id >= n:
                return


async def test_at_any_moment(data: Path) -> None:
    """One that comes while something is being written neither loses it nor has it written twice."""
    async with running_agent(data, tools=OTHERS) as agent:
        for n in range(0, 600, 7):
            agent.script[:] = a_turn_with_everything()
            start = TurnStart(await agent.server.conversation(title="T"), "Do it.")
            turn = (await agent.server.app[keys.TURNS].start(start)).id
            for _ in range(n):
                await asyncio.sleep(0)
            told = await agent.server.post(f"/responses/{turn}/cancel")
            assert told["error"] is None or told["error"]["type"] == "cancelled", (n, told)
            frames = await agent.server.events(turn)
            assert [frame.id for frame in frames] == list(range(len(frames)))
            await goes_on(agent, told["conversation_id"])
