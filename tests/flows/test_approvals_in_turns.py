"""What a turn asks the user, and how it goes on with the answer, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop import keys
from cowork_desktop.agent.running import TurnStart
from cowork_desktop.agent.toolbox import TOOLS
from cowork_desktop.agent.tools.tool import ToolContext
from tests.fakes.agent import Agent, of_type, running_agent
from tests.fakes.clock import FakeClock
from tests.fakes.messages_endpoint import Json, Reply, reply, stalled, tool_block
from tests.fakes.secrets import MemorySecrets
from tests.fakes.server import Frame, fault
from tests.fakes.site import Site, page, running_site

LOOKS_AGAIN = 60.0
"""After so many seconds, at the latest, a wait for the user looks at the clock again."""
DENIED = "The user does not want this. Do not try it in another way; go on without it, or ask."
EXPIRED = "Nobody answered in time whether this may be done, so it was not done. Go on without it."
DENIED_ANSWER = "The user does not want to answer this. Decide by what you know, and say what you assumed."
NO_ANSWER = "Nobody answered in time. Decide by what you know, and say in the answer what you assumed."
DONE = reply(text="Done.")
SEARCH = tool_block("b", "search_conversation", {"query": "heron"})


@dataclass(frozen=True)
class Desk:
    """An agent, a site for it, and a conversation whose time stands still."""

    agent: Agent
    site: Site
    clock: FakeClock
    conversation: str

    def fetch(self, path: str = "/birds", call_id: str = "a") -> Json:
        return tool_block(call_id, "fetch_page", {"url": self.site.url(path)})

    async def waits(self, *blocks: Json, **fields: Any) -> tuple[str, Json]:
        """A turn whose first answer has these calls, or one for a page, and what it asks."""
        self.agent.says(reply(*(blocks or [self.fetch()])))
        turn = await self.agent.begin(fields.pop("conversation", self.conversation), **fields)
        return turn, await self.agent.asked(turn)

    async def goes_on(self, turn: str, *then: Reply) -> Any:
        """The turn at its end, when the model has said what it says then."""
        self.agent.says(*(then or [DONE]))
        return await self.agent.ended(turn)

    async def unattended(self, *blocks: Json) -> tuple[str, Json]:
        """The same of a turn that nobody attends."""
        self.agent.says(reply(*blocks))
        start = TurnStart(self.conversation, "Do it.", is_unattended=True)
        turn = (await self.agent.server.app[keys.TURNS].start(start)).id
        asked = await self.agent.asked(turn)
        await self.until_slept(LOOKS_AGAIN)
        return turn, asked

    async def until_slept(self, seconds: float) -> None:
        """Wait until somebody sleeps for so long: before that, time that passes wakes nobody."""
        while seconds not in self.clock.slept:
            await asyncio.sleep(0)

    async def until(self, turn: str, type: str) -> Frame:
        """The first event of this type, once it is told."""
        async with self.agent.server.stream("GET", f"/responses/{turn}/events") as frames:
            async for frame in frames:
                if frame.type == type:
                    return frame
        raise AssertionError(f"The turn ended without {type}.")

    async def set(self, **settings: Any) -> None:
        assert (await self.agent.server.call("PATCH", "/settings", json=settings)).status == 200

    async def approval(self, id: str) -> Any:
        return await self.agent.server.get(f"/approvals/{id}")

    async def project(self) -> str:
        return str((await self.agent.server.post("/projects", {"name": "Birds"}))["id"])


@pytest.fixture
async def desk(data: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    clock = FakeClock()
    answers = {"/birds": page("<p>Grey heron</p>"), "/trees": page("<p>Alder</p>")}
    async with (
        running_site(tmp_path, answers) as site,
        running_agent(data, pages=site.pages(), clock=clock) as agent,
    ):
        yield Desk(agent, site, clock, await agent.server.conversation(title="T"))


# A call that is to be allowed


async def test_a_call_that_reaches_outside_waits_for_the_user_and_the_turn_with_it(desk: Desk) -> None:
    turn, asked = await desk.waits()
    assert await desk.agent.waiting() == [asked]
    assert asked["status"] == "pending"
    assert (asked["kind"], asked["tool"], asked["effect"]) == ("approval", "fetch_page", "outside")
    assert (asked["response_id"], asked["conversation_id"]) == (turn, desk.conversation)
    assert (asked["subject"], asked["expires_at"]) == ("heron.example", None)
    response = await desk.agent.server.get(f"/responses/{turn}")
    assert response["status"] == "in_progress"
    [part] = response["parts"]
    assert (part["status"], part["arguments"]) == ("running", asked["arguments"])
    assert [one["id"] for one in (await desk.agent.server.get("/responses/in-flight-list"))["data"]] == [turn]
    assert desk.site.connections == 0
    await desk.agent.answer(asked, decision="allow")
    [called] = await desk.agent.told(await desk.goes_on(turn))
    assert "Grey heron" in called.text
    assert desk.site.paths == ["/birds"]
    assert await desk.agent.waiting() == []
    frames = await desk.agent.server.events(turn)
    [resolved] = of_type(frames, "response.approval.resolved")
    assert resolved["approval"] == await desk.approval(asked["id"])
    assert resolved["approval"]["status"] == "allowed"
    types = [frame.type for frame in frames if "approval" in frame.type or "tool_call." in frame.type]
    assert [type for type in types if "delta" not in type] == [
        "response.tool_call.added",
        "response.approval.requested",
        "response.approval.resolved",
        "response.tool_call.done",
    ]


async def test_what_the_user_denies_is_not_done_and_the_model_goes_on(desk: Desk) -> None:
    turn, asked = await desk.waits()
    await desk.agent.answer(asked, decision="deny")
    response = await desk.goes_on(turn, reply(text="Then not."))
    [called] = await desk.agent.told(response)
    assert (called.text, called.is_error, called.source) == (DENIED, True, None)
    assert (response["status"], response["output"][-1]["text"]) == ("completed", "Then not.")
    assert desk.site.connections == 0
    assert (await desk.approval(asked["id"]))["status"] == "denied"


async def test_what_is_allowed_always_is_remembered_for_the_project_and_the_host(desk: Desk) -> None:
    mine, other = await desk.project(), await desk.project()
    new = desk.agent.server.conversation
    turn, asked = await desk.waits(conversation=await new(title="T", project_id=mine))
    await desk.agent.answer(asked, decision="allow_always")
    await desk.goes_on(turn)
    [rule] = (await desk.agent.server.get("/approvals/rules"))["data"]
    assert (rule["project_id"], rule["tool"], rule["subject"]) == (mine, "fetch_page", "heron.example")
    assert rule["effect"] == "outside"

    desk.agent.says(reply(desk.fetch("/trees")), DONE)
    again = await desk.agent.say(await new(title="T", project_id=mine))
    [called] = await desk.agent.told(again)
    assert "Alder" in called.text
    assert of_type(await desk.agent.server.events(again["id"]), "response.approval.requested") == []

    other_host = tool_block("a", "fetch_page", {"url": desk.site.url("/birds", host="other.example")})
    for blocks, project in (([other_host], mine), ([desk.fetch()], other)):
        turn, asked = await desk.waits(*blocks, conversation=await new(title="T", project_id=project))
        await desk.agent.answer(asked, decision="deny")
        await desk.goes_on(turn)


async def test_a_turn_that_has_read_words_of_others_asks_again_for_what_is_allowed_always(
    desk: Desk,
) -> None:
    turn, asked = await desk.waits()
    await desk.agent.answer(asked, decision="allow_always")
    # The page is read in this round, so the next one is of a turn that has read it.
    desk.agent.says(reply(desk.fetch("/trees", "b")), DONE)
    second = await desk.agent.asked(turn, 2)
    assert second["arguments"] == {"url": desk.site.url("/trees")}
    assert "somebody else may have written" in second["reason"]
    await desk.agent.answer(second, decision="deny")
    await desk.agent.ended(turn)
    turn, asked = await desk.waits()  # and so does the next turn, which is told of it
    await desk.agent.answer(asked, decision="deny")
    await desk.goes_on(turn)
    assert desk.site.paths == ["/birds"]


async def test_where_the_settings_forbid_it_nobody_is_asked(desk: Desk) -> None:
    await desk.set(approvals={"outside": "deny"})
    desk.agent.says(reply(desk.fetch()), DONE)
    [called] = await desk.agent.told(await desk.agent.say(desk.conversation))
    assert called.is_error
    assert called.text.startswith("The settings forbid what reaches beyond the project")
    assert (await desk.agent.server.get("/approvals"))["data"] == []
    assert desk.site.connections == 0


async def test_changes_of_the_project_are_asked_for_where_the_settings_say_so(desk: Desk) -> None:
    await desk.set(approvals={"project": "ask"})
    artifact = {"title": "Herons", "type": "doc", "markdown": "# Herons"}
    turn, asked = await desk.waits(tool_block("a", "create_artifact", artifact))
    assert (asked["effect"], asked["tool"]) == ("project", "create_artifact")
    assert (await desk.agent.server.get("/artifacts"))["data"] == []
    await desk.agent.answer(asked, decision="allow")
    await desk.goes_on(turn)
    assert [one["title"] for one in (await desk.agent.server.get("/artifacts"))["data"]] == ["Herons"]


async def test_where_nobody_attends_a_call_fails_after_a_while_and_the_turn_goes_on(desk: Desk) -> None:
    await desk.set(approvals={"wait_seconds": 600})
    turn, asked = await desk.unattended(desk.fetch())
    assert asked["expires_at"] == "2026-01-01T00:10:00.000Z"
    desk.clock.advance(599)
    assert (await desk.approval(asked["id"]))["status"] == "pending"
    await desk.until_slept(1.0)
    desk.clock.advance(1)
    response = await desk.goes_on(turn)
    assert response["status"] == "completed"
    [called] = await desk.agent.told(response)
    assert (called.text, called.is_error) == (EXPIRED, True)
    assert (await desk.approval(asked["id"]))["status"] == "expired"
    assert desk.site.connections == 0


async def test_a_sub_task_of_a_turn_that_nobody_attends_is_not_attended_either(desk: Desk) -> None:
    desk.agent.says(reply(tool_block("t", "start_task", {"task": "Read it."})), reply(desk.fetch()))
    start = TurnStart(desk.conversation, "Do it.", is_unattended=True)
    turn = (await desk.agent.server.app[keys.TURNS].start(start)).id
    while not (waiting := await desk.agent.waiting()):
        pass
    asked = await desk.agent.asked(waiting[0]["response_id"])
    assert asked["expires_at"] == "2026-01-02T00:00:00.000Z"
    desk.agent.says(reply(text="I could not."), DONE)
    await desk.until_slept(LOOKS_AGAIN)
    desk.clock.advance(86_400)
    [called] = await desk.agent.told(await desk.agent.ended(turn))
    assert called.text == "I could not."


@pytest.mark.parametrize("ends", ["done", "cancelled"])
async def test_an_answer_after_the_end_comes_too_late(desk: Desk, ends: str) -> None:
    turn, asked = await desk.waits()
    if ends == "done":
        await desk.agent.answer(asked, decision="deny")
        await desk.goes_on(turn)
    else:
        await desk.agent.server.post(f"/responses/{turn}/cancel")
    path = f"/responses/{turn}/approvals/{asked['id']}"
    late = await desk.agent.server.call("POST", path, json={"decision": "allow"})
    assert fault(late) == (409, "conflict", None)
    status = "denied" if ends == "done" else "cancelled"
    assert late.json()["error"]["details"] == [{"status": status}]
    assert desk.site.connections == 0


async def test_a_turn_that_is_cancelled_gives_up_what_it_asks_and_says_so(desk: Desk) -> None:
    turn, asked = await desk.waits()
    response = await desk.agent.server.post(f"/responses/{turn}/cancel")
    assert (response["status"], response["error"]["type"]) == ("failed", "cancelled")
    assert await desk.agent.waiting() == []
    assert (await desk.approval(asked["id"]))["status"] == "cancelled"
    *_, resolved, last = await desk.agent.server.events(turn)
    assert (resolved.type, last.type) == ("response.approval.resolved", "response.failed")
    assert resolved.data["approval"] == await desk.approval(asked["id"])
    desk.agent.says(DONE)
    assert (await desk.agent.say(desk.conversation))["status"] == "completed"
    [*_, called, told] = desk.agent.bodies[-1]["messages"]
    assert called["content"][-1]["input"] == asked["arguments"]
    assert told["content"][0]["is_error"]


async def test_one_call_of_a_round_waits_and_the_others_do_not(desk: Desk) -> None:
    turn, asked = await desk.waits(desk.fetch(call_id="a"), SEARCH)
    ended = await desk.until(turn, "response.tool_call.done")
    assert ended.data["call_id"] == "b"
    desk.clock.advance(50)
    await desk.agent.answer(asked, decision="allow")
    fetched, searched = await desk.agent.told(await desk.goes_on(turn))
    assert (fetched.name, searched.name) == ("fetch_page", "search_conversation")
    assert (fetched.is_error, searched.is_error) == (False, False)


async def test_two_calls_of_a_round_are_answered_each_for_itself(desk: Desk) -> None:
    turn, first = await desk.waits(desk.fetch("/birds", "a"), desk.fetch("/trees", "b"))
    second = await desk.agent.asked(turn, 2)
    by_url = {one["arguments"]["url"][-6:]: one for one in (first, second)}
    await desk.agent.answer(by_url["/trees"], decision="allow")
    await desk.agent.answer(by_url["/birds"], decision="deny")
    birds, trees = await desk.agent.told(await desk.goes_on(turn))
    assert (birds.text, birds.is_error) == (DENIED, True)
    assert "Alder" in trees.text


async def test_who_comes_late_or_after_a_restart_gets_the_same_bytes(data: Path, tmp_path: Path) -> None:
    secrets = MemorySecrets()
    async with (
        running_site(tmp_path, {"/birds": page("<p>Grey heron</p>")}) as site,
        running_agent(data, pages=site.pages(), secrets=secrets) as agent,
    ):
        desk = Desk(agent, site, FakeClock(), await agent.server.conversation(title="T"))
        agent.says(reply(desk.fetch(), SEARCH, text="Let me look."), DONE)
        body = {"conversation_id": desk.conversation, "input": "Do it."}
        live: list[Frame] = []
        async with agent.server.stream("POST", "/responses", json=body) as frames:
            async for frame in frames:
                live.append(frame)
                if frame.type == "response.approval.requested":
                    await agent.answer(frame.data["approval"], decision="allow")
        turn = live[0].data["response_id"]
        assert await agent.server.events(turn) == live
        assert [frame.id for frame in live] == list(range(len(live)))
    async with running_agent(data, secrets=secrets) as agent:
        assert await agent.server.events(turn) == live


# Time


async def test_the_time_of_the_user_is_not_the_turns(desk: Desk) -> None:
    await desk.set(limits={"seconds": 60})
    desk.agent.says(reply(desk.fetch()), stalled(DONE, after=1))
    turn = await desk.agent.begin(desk.conversation)
    asked = await desk.agent.asked(turn)
    desk.clock.advance(30)
    desk.clock.advance(10_000)
    await desk.agent.answer(asked, decision="allow")
    await desk.agent.endpoint.until_stalled()
    desk.clock.advance(59)
    response = await desk.agent.server.get(f"/responses/{turn}")
    assert (response["status"], response["parts"][0]["seconds"]) == ("in_progress", 0.0)
    desk.clock.advance(1)
    response = await desk.agent.ended(turn)
    assert response["error"]["type"] == "limit_reached"
    assert "60 s" in response["error"]["message"]


async def test_the_time_of_a_call_is_its_own_while_another_waits(data: Path, tmp_path: Path) -> None:
    clock, gate = FakeClock(), asyncio.Event()

    async def run(context: ToolContext, arguments: Any) -> str:
        await gate.wait()
        return "Slow."

    slow = replace(TOOLS["search_conversation"], run=run)
    async with (
        running_site(tmp_path, {}) as site,
        running_agent(data, pages=site.pages(), clock=clock, tools={**TOOLS, slow.name: slow}) as agent,
    ):
        desk = Desk(agent, site, clock, await agent.server.conversation(title="T"))
        turn, asked = await desk.waits(desk.fetch(), SEARCH)
        clock.advance(40)
        gate.set()
        await desk.until(turn, "response.tool_call.done")
        await agent.answer(asked, decision="deny")
        response = await desk.goes_on(turn)
    assert {part["name"]: part["seconds"] for part in response["parts"][:2]} == {
        "fetch_page": 0.0,
        "search_conversation": 40.0,
    }


# A question


def question(**fields: Any) -> Json:
    return tool_block("q", "ask_user", {"question": "Which year?", **fields})


async def test_a_question_shows_its_options_and_the_answer_reaches_the_model(desk: Desk) -> None:
    turn, asked = await desk.waits(question(options=["2024", "2025"]))
    assert (asked["kind"], asked["summary"], asked["options"]) == (
        "question",
        "Which year?",
        ["2024", "2025"],
    )
    assert await desk.agent.waiting() == [asked]
    await desk.agent.answer(asked, answer="The year before that: 2023")
    response = await desk.goes_on(turn, reply(text="2023 it is."))
    [called] = await desk.agent.told(response)
    # The user's own words, so no fence.
    assert (called.text, called.is_error, called.source) == ("The year before that: 2023", False, None)
    stored = await desk.approval(asked["id"])
    assert (stored["status"], stored["answer"]) == ("answered", "The year before that: 2023")


async def test_a_question_that_stays_without_an_answer_is_told_to_the_model(desk: Desk) -> None:
    turn, asked = await desk.waits(question())
    await desk.agent.answer(asked, decision="deny")
    response = await desk.goes_on(turn)
    [called] = await desk.agent.told(response)
    assert (called.text, called.is_error, response["status"]) == (DENIED_ANSWER, True, "completed")


async def test_a_question_that_nobody_is_there_for_is_over_after_a_while(desk: Desk) -> None:
    turn, asked = await desk.unattended(question())
    assert asked["expires_at"] == "2026-01-02T00:00:00.000Z"
    desk.clock.advance(86_400)
    response = await desk.goes_on(turn)
    [called] = await desk.agent.told(response)
    assert (called.text, called.is_error, response["status"]) == (NO_ANSWER, True, "completed")


async def test_a_question_waits_as_long_as_somebody_attends(desk: Desk) -> None:
    turn, asked = await desk.waits(question())
    for _ in range(3):
        desk.clock.advance(86_400)
    assert await desk.agent.waiting() == [asked]
    await desk.agent.answer(asked, answer="2024")
    [called] = await desk.agent.told(await desk.goes_on(turn))
    assert called.text == "2024"
