"""Sub-tasks: turns of their own that a turn starts, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cowork_desktop import keys
from cowork_desktop.agent.beginning import Beginning, Begun
from cowork_desktop.agent.running import TurnStart
from cowork_desktop.agent.toolbox import TOOLS
from cowork_desktop.agent.tools.tool import Outcome, Tool, ToolContext
from tests.fakes.agent import Agent, Called, Step, names, running_agent
from tests.fakes.messages_endpoint import Json, Reply, failure, reply, stalled, tool_block, unauthorized
from tests.fakes.server import fault

DONE = reply(text="Done.")
_SHOWN = "SELECT id FROM conversations WHERE deleted_at IS NULL"


class Nothing(BaseModel):
    pass


async def _page(context: ToolContext, arguments: Nothing) -> Outcome:
    return Outcome("A page.", source="the page")


PAGE = Tool(name="page", description="Reads a page.", input=Nothing, run=_page)


def task(id: str = "t", task: str = "Count herons.") -> Json:
    return tool_block(id, "start_task", {"task": task})


@dataclass(frozen=True)
class Desk:
    agent: Agent
    conversation: str

    async def say(self, *script: Step, **fields: Any) -> Any:
        """The response to a message, of which the model says this."""
        self.agent.says(*script)
        return await self.agent.say(fields.pop("conversation", self.conversation), **fields)

    async def only(self, *of_task: Step, **fields: Any) -> tuple[Any, Called]:
        """A turn with one sub-task, of which the model says this, and the call."""
        response = await self.say(reply(task()), *of_task, DONE, **fields)
        assert response["status"] == "completed", response["error"]
        [called] = await self.agent.told(response)
        return response, called

    async def child(self, called: Called) -> Any:
        return await self.agent.server.get(f"/responses/{called.links[0]['response_id']}")


@pytest.fixture
async def desk(data: Path) -> AsyncIterator[Desk]:
    async with running_agent(data, tools={**TOOLS, "page": PAGE}) as agent:
        yield Desk(agent, await agent.server.conversation(title="T"))


async def test_the_last_words_of_a_sub_task_are_the_result_of_the_call(desk: Desk) -> None:
    _, called = await desk.only(
        reply(tool_block("s", "search_conversation", {"query": "x"}), text="Let me look."),
        reply(text="There are 42."),
    )
    assert called.text.endswith("There are 42.")
    assert (called.is_error, called.source) == (False, None)
    child = await desk.child(called)
    assert (child["input"], child["status"]) == ("Count herons.", "completed")
    first = desk.agent.bodies[1]["messages"]
    assert first[0]["content"][0]["text"] == "Count herons."
    assert len(first) == 1, "it sees nothing of the conversation"


async def test_a_sub_task_has_a_conversation_of_its_own_that_stands_in_no_list(desk: Desk) -> None:
    server = desk.agent.server
    project = (await server.post("/projects", {"name": "Birds"}))["id"]
    conversation = await server.conversation(title="Herons", project_id=project)
    response, called = await desk.only(reply(text="42"), conversation=conversation)
    [link] = called.links
    assert link["type"] == "response"
    assert link["conversation_id"] != conversation
    for query in ({}, {"project_id": project}, {"status": "active"}):
        page = await server.get("/conversations", params=query)
        ids = [one["id"] for one in page["data"]]
        assert link["conversation_id"] not in ids
        assert page["total"] == len(ids)
    own = await server.get(f"/conversations/{link['conversation_id']}")
    assert (own["project_id"], own["title"]) == (project, "Count herons.")
    items = (await server.get(f"/conversations/{link['conversation_id']}/items"))["data"]
    assert [item["content"] for item in items] == ["Count herons.", "42"]
    child = await desk.child(called)
    assert child["parent_response_id"] == response["id"]
    assert response["parent_response_id"] is None
    assert child["parts"] == [{"type": "text", "text": "42"}]


async def test_sub_tasks_of_one_round_run_side_by_side_and_each_call_has_its_own_result(desk: Desk) -> None:
    both = asyncio.Event()
    seen: list[str] = []

    def of_task(body: Json) -> Reply:
        input = body["messages"][0]["content"][0]["text"]
        seen.append(input)
        if len(seen) == 2:
            both.set()
        return reply(text=f"Of {input}")

    response = await desk.say(reply(task("1", "One"), task("2", "Two")), of_task, of_task, DONE)
    assert both.is_set()
    assert [called.text for called in await desk.agent.told(response)] == ["Of One", "Of Two"]
    assert sorted(seen) == ["One", "Two"]


async def test_a_sub_task_starts_none_itself(desk: Desk) -> None:
    await desk.only(reply(task()), reply(text="I did it myself."))
    assert "start_task" in names(desk.agent.bodies[0])
    assert "start_task" not in names(desk.agent.bodies[1])
    [result] = desk.agent.bodies[2]["messages"][2]["content"]
    assert result["content"] == "There is no tool 'start_task'."


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (unauthorized(), "The sub-task failed:"),
        (failure(400, "invalid_request_error", "No."), "The sub-task failed:"),
        (
            reply(text="Half of", stop_reason="max_tokens"),
            "Half of\n\nThe sub-task failed: The answer was cut",
        ),
        (reply(text="No.", stop_reason="refusal"), "No.\n\nThe sub-task failed: The model declined"),
    ],
)
async def test_a_sub_task_that_fails_is_told_and_the_turn_goes_on(
    desk: Desk, answer: Reply, words: str
) -> None:
    response, called = await desk.only(answer)
    assert called.is_error
    assert called.text.startswith(words)
    assert (await desk.child(called))["status"] == "failed"
    assert response["output"][-1]["text"] == "Done."


async def test_a_sub_task_that_says_nothing_is_told_as_such(desk: Desk) -> None:
    _, called = await desk.only(reply())
    assert (called.text, called.is_error) == ("The sub-task ended without a word.", False)


async def test_what_a_sub_task_uses_counts_for_the_limits_of_its_parent(desk: Desk) -> None:
    body = {"limits": {"tokens": 99}}
    assert (await desk.agent.server.call("PATCH", "/settings", json=body)).status == 200
    response = await desk.say(
        reply(task()),
        reply(text="42", usage={"input_tokens": 60, "output_tokens": 10}),
        reply(tool_block("s", "search_conversation", {"query": "x"})),
    )
    assert response["error"]["type"] == "limit_reached"
    assert response["usage"]["input_tokens"] == 20, "its own, and the sub-task's stands with the sub-task"
    report = await desk.agent.server.get("/usage")
    assert (report["responses"], report["usage"]["input_tokens"]) == (2, 80)


async def test_what_a_sub_task_costs_counts_for_the_limit_of_its_parent(desk: Desk) -> None:
    body = {"limits": {"cost_usd": 0.002}}
    assert (await desk.agent.server.call("PATCH", "/settings", json=body)).status == 200
    response = await desk.say(
        reply(task()),
        reply(text="42", usage={"input_tokens": 500}),
    )
    assert response["error"]["type"] == "limit_reached"
    assert "0.002 US dollars" in response["error"]["message"]


async def test_a_sub_task_that_has_read_words_of_others_passes_that_on(desk: Desk) -> None:
    """And so the parent asks before it remembers."""
    desk.agent.says(
        reply(task()),
        reply(tool_block("p", "page")),
        reply(text="The page says so."),
        reply(tool_block("r", "remember", {"content": "Likes tea."})),
    )
    turn = await desk.agent.begin(desk.conversation)
    asked = await desk.agent.asked(turn)
    assert asked["tool"] == "remember"
    desk.agent.says(DONE)
    await desk.agent.answer(asked, decision="deny")
    response = await desk.agent.ended(turn)
    assert response["parts"][0]["source"] == "a sub-task"


async def test_a_sub_task_of_a_turn_that_has_read_words_of_others_asks_too(desk: Desk) -> None:
    desk.agent.says(
        reply(tool_block("p", "page")),
        reply(task()),
        reply(tool_block("r", "remember", {"content": "Likes tea."})),
    )
    turn = await desk.agent.begin(desk.conversation)
    while not (waiting := await desk.agent.waiting()):
        await asyncio.sleep(0.001)
    [asked] = waiting
    assert asked["tool"] == "remember"
    assert asked["response_id"] != turn
    desk.agent.says(reply(text="I could not."), DONE)
    await desk.agent.answer(asked, decision="deny")
    assert (await desk.agent.ended(turn))["status"] == "completed"


async def test_a_sub_task_has_the_model_and_the_skills_of_its_parent(desk: Desk) -> None:
    skill = {"name": "be-kind", "description": "Kindness", "instructions": "Be kind to herons."}
    id = (await desk.agent.server.post("/skills", skill))["id"]
    await desk.only(reply(text="42"), model="claude-haiku-4-5", skill_ids=[id])
    assert [body["model"] for body in desk.agent.bodies] == ["claude-haiku-4-5"] * 3
    assert all("Be kind to herons." in str(body["system"]) for body in desk.agent.bodies)


async def test_a_sub_task_goes_with_the_conversation_of_its_parent(desk: Desk) -> None:
    server = desk.agent.server
    _, called = await desk.only(reply(text="42"))
    [link] = called.links
    assert (await server.call("DELETE", f"/conversations/{desk.conversation}")).status == 204
    for path in (f"/conversations/{link['conversation_id']}", f"/responses/{link['response_id']}"):
        assert fault(await server.call("GET", path)) == (404, "not_found", None)


async def test_a_sub_task_that_runs_ends_with_the_conversation_of_its_parent(desk: Desk) -> None:
    server = desk.agent.server
    desk.agent.says(reply(task()), stalled(reply(text="42"), after=1))
    turn = await desk.agent.begin(desk.conversation)
    await desk.agent.endpoint.until_stalled()
    assert (await server.call("DELETE", f"/conversations/{desk.conversation}")).status == 204
    assert (await server.get("/responses/in-flight-list"))["data"] == []
    assert fault(await server.call("GET", f"/responses/{turn}")) == (404, "not_found", None)
    async with asyncio.timeout(5):
        await desk.agent.endpoint.requests[-1].closed_by_client.wait()


async def test_a_sub_task_that_begins_as_its_conversation_is_deleted_leaves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, conversation = desk.agent, desk.conversation
    is_due, may_begin = asyncio.Event(), asyncio.Event()
    begin = Beginning.begin

    async def slow(self: Beginning, id: str, start: TurnStart) -> Begun:
        if start.parent:
            is_due.set()
            await may_begin.wait()
        return await begin(self, id, start)

    monkeypatch.setattr(Beginning, "begin", slow)
    agent.says(reply(task()))
    await agent.begin(conversation)
    await is_due.wait()
    deletion = asyncio.create_task(agent.server.call("DELETE", f"/conversations/{conversation}"))
    db = agent.server.app[keys.DB]
    while await db.read(lambda tx: tx.execute(_SHOWN).fetchall()):
        await asyncio.sleep(0.01)
    may_begin.set()
    assert (await deletion).status == 204
    assert await db.read(lambda tx: tx.execute(_SHOWN).fetchall()) == []
