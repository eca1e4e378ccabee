"""Turns that waited for the user when the server ended or was cut off, and how they go on in the next one."""

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cowork_desktop import keys
from cowork_desktop.agent.running import TurnStart
from cowork_desktop.agent.tokens import of_text
from cowork_desktop.agent.toolbox import TOOLS
from cowork_desktop.agent.tools.tool import READ, Demand, Outcome, Tool, ToolContext
from cowork_desktop.agent.turns import Turns
from cowork_desktop.app import create_app
from cowork_desktop.settings import ServerSettings
from cowork_desktop.store import approvals, turns
from tests.fakes.agent import Agent, Step, of_type, results, running_agent, whole
from tests.fakes.artifacts import general
from tests.fakes.clock import FakeClock
from tests.fakes.messages_endpoint import Json, Reply, reply, stalled, text_block, tool_block
from tests.fakes.secrets import MemorySecrets
from tests.fakes.server import Frame
from tests.flows.test_attachments import PNG

pytestmark = pytest.mark.slow

DONE = reply(text="Done.")
QUESTION = tool_block("q", "ask_user", {"question": "Which year?"})
CALL = tool_block("q", "reach", {"n": 2024})
SEARCH = tool_block("s", "search_conversation", {"query": "heron"})
UNCERTAIN = "The server ended while this ran, and it is not known whether it had its effect."


class Numbered(BaseModel):
    n: int = 0


@dataclass(eq=False)
class Machine:
    """A data folder, and the tools of servers on it, which note what they do."""

    data: Path
    clock: FakeClock = field(default_factory=FakeClock)
    secrets: MemorySecrets = field(default_factory=MemorySecrets)
    done: list[str] = field(default_factory=list)
    """What was begun, by the names of the tools."""
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    """What the tools of these names wait for."""

    @asynccontextmanager
    async def server(self, *script: Reply) -> AsyncIterator[Agent]:
        async with running_agent(
            self.data, *script, secrets=self.secrets, clock=self.clock, tools=self._tools()
        ) as agent:
            yield agent

    @asynccontextmanager
    async def begun(self, ticks: int) -> AsyncIterator[Turns]:
        """The turns of a server that has begun and had hardly any time yet."""
        settings = ServerSettings(base_url="http://127.0.0.1:9")
        async with create_app(
            settings, self.data, 1, secrets=self.secrets, clock=self.clock, tools=self._tools()
        ) as app:
            for _ in range(ticks):
                await asyncio.sleep(0)
            yield app[keys.TURNS]

    def _tools(self) -> Mapping[str, Tool[Any]]:
        return {
            **TOOLS,
            "reach": self._tool("reach", Demand("outside", summary="Reach out.")),
            "change": self._tool("change", Demand("project", summary="Change it.")),
            "look": self._tool("look", READ),
            "page": self._tool("page", READ, source="the page"),
            "long": self._tool("long", READ, more=" heron" * 3_000),
        }

    def crashed(self) -> "Machine":
        """What this one would find after a power cut at this moment."""
        to = self.data.with_name(f"{self.data.name}-after")
        shutil.copytree(self.data, to, ignore=shutil.ignore_patterns("*-shm"))
        return Machine(to, self.clock, self.secrets, self.done)

    def _tool(self, name: str, demand: Demand, source: str | None = None, more: str = "") -> Tool[Any]:
        async def run(context: ToolContext, arguments: Numbered) -> Outcome:
            self.done.append(name)
            if name in self.gates:
                await self.gates[name].wait()
            return Outcome(f"{name} {arguments.n}{more}", source=source)

        return Tool(
            name=name,
            description=f"Does {name}.",
            input=Numbered,
            run=run,
            demand=lambda context, arguments: demand,
        )


@pytest.fixture
def machine(data: Path) -> Machine:
    return Machine(data)


async def begun(agent: Agent, *rounds: Step, **fields: Any) -> tuple[str, Json]:
    """A turn with these answers, and what it asks."""
    agent.says(*rounds)
    turn = await agent.begin(await agent.server.conversation(title="T"), **fields)
    return turn, await agent.asked(turn)


async def told_so_far(agent: Agent, turn: str, last: str = "response.approval.requested") -> list[Frame]:
    """The events up to the first of this type."""
    frames: list[Frame] = []
    async with agent.server.stream("GET", f"/responses/{turn}/events") as followed:
        async for frame in followed:
            frames.append(frame)
            if frame.type == last:
                return frames
    raise AssertionError(f"The turn ended without {last}.")


async def stored(agent: Agent, turn: str, type: str) -> bool:
    frames = await agent.server.app[keys.DB].scan(turns.frames, turn)
    return any(f"event: {type}\n".encode() in frame for frame in frames)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


ROUNDS = {
    "a question": [reply(QUESTION)],
    "a call": [reply(CALL)],
    "a later round": [reply(SEARCH, text="First I look."), reply(CALL, text="Then I reach.")],
    "calls side by side": [
        reply(tool_block("1", "look", {"n": 1}), tool_block("2", "look", {"n": 2})),
        reply(tool_block("3", "look", {"n": 3}), CALL, tool_block("4", "look", {"n": 4})),
    ],
    "text between calls": [
        reply(tool_block("1", "look"), text_block("And"), tool_block("2", "look")),
        reply(text_block("Now"), tool_block("3", "look"), text_block("or never"), CALL),
    ],
    "text behind the call": [reply(CALL, text_block("I wait."))],
    "text behind an earlier call": [reply(SEARCH, text_block("I look.")), reply(text_block("So"), CALL)],
    "a call that cannot be read": [reply(CALL, tool_block("b", "look", pieces=['{"n": ']))],
    "words of others": [reply(tool_block("p", "page", {"n": 5})), reply(CALL)],
    "a call that fails": [reply(tool_block("1", "remember", {}), tool_block("2", "no_such")), reply(CALL)],
}


async def answered(agent: Agent, asked: Json) -> None:
    given = {"answer": "2024"} if asked["kind"] == "question" else {"decision": "allow"}
    await agent.answer(asked, **given)


@pytest.mark.parametrize("rounds", ROUNDS.values(), ids=ROUNDS)
@pytest.mark.parametrize("is_cut_off", [False, True], ids=["ended", "cut off"])
async def test_a_turn_that_waits_goes_on_in_the_next_server_as_if_nothing_had_been(
    machine: Machine, tmp_path: Path, rounds: list[Reply], is_cut_off: bool
) -> None:
    undisturbed = Machine(tmp_path / "undisturbed")
    async with undisturbed.server() as agent:
        turn, asked = await begun(agent, *rounds, DONE)
        await answered(agent, asked)
        wanted, wanted_response = agent.bodies, await agent.ended(turn)
        wanted_types = [frame.type for frame in await agent.server.events(turn)]

    async with machine.server() as agent:
        turn, asked = await begun(agent, *rounds)
        before = await told_so_far(agent, turn)
        after = machine.crashed() if is_cut_off else machine
        if is_cut_off:
            await agent.server.post(f"/responses/{turn}/cancel")
    for _ in range(2):  # and once more
        async with after.server() as agent:
            response = await agent.server.get(f"/responses/{turn}")
            assert response["status"] == "in_progress"
            assert await agent.waiting() == [asked]
            assert (await told_so_far(agent, turn))[: len(before)] == before
    async with after.server(DONE) as agent:
        await answered(agent, asked)
        response = await agent.ended(turn)
        frames = await agent.server.events(turn)
        assert agent.bodies == wanted[-1:]
    assert frames[: len(before)] == before
    assert [frame.id for frame in frames] == list(range(len(frames)))
    assert sorted(frame.type for frame in frames) == sorted(wanted_types)
    assert frames[-1].type == "response.completed"
    assert response["usage"] == wanted_response["usage"]
    assert response["parts"] == wanted_response["parts"]
    assert after.done.count("reach") == undisturbed.done.count("reach")


@pytest.mark.parametrize("status", ["allowed", "denied"])
async def test_an_answer_that_was_not_acted_on_counts_after_a_crash(machine: Machine, status: Any) -> None:
    async with machine.server() as agent:
        turn, asked = await begun(agent, reply(CALL))
        # On the disk, and nobody in this process has heard of it.
        now = machine.clock.now()
        await agent.server.app[keys.DB].write(approvals.decide, asked["id"], now, status)
        after = machine.crashed()
        await agent.server.post(f"/responses/{turn}/cancel")
    async with after.server(DONE) as agent:
        response = await agent.ended(turn)
        [resolved] = of_type(await agent.server.events(turn), "response.approval.resolved")
    assert resolved["approval"]["status"] == status
    assert response["status"] == "completed"
    assert machine.done == (["reach"] if status == "allowed" else [])


async def test_what_is_allowed_always_before_a_crash_is_told_after_it(machine: Machine) -> None:
    async with machine.server() as agent:
        turn, asked = await begun(agent, reply(CALL))

        def allow_always(tx: Any) -> None:
            decided = approvals.decide(tx, asked["id"], machine.clock.now(), "allowed")
            approvals.remember(tx, "rule_1", machine.clock.now(), decided)

        await agent.server.app[keys.DB].write(allow_always)
        after = machine.crashed()
        await agent.server.post(f"/responses/{turn}/cancel")
    async with after.server(DONE) as agent:
        await agent.ended(turn)
        [resolved] = of_type(await agent.server.events(turn), "response.approval.resolved")
    assert resolved["approval"]["status"] == "allowed"


@pytest.mark.parametrize("is_cut_off", [False, True], ids=["ended", "cut off"])
async def test_what_had_begun_beside_the_call_that_waits_is_not_done_twice(
    machine: Machine, is_cut_off: bool
) -> None:
    machine.gates = {"change": asyncio.Event(), "look": asyncio.Event()}
    round = reply(tool_block("a", "change", {"n": 1}), CALL, SEARCH, tool_block("d", "look", {"n": 4}))
    async with machine.server() as agent:
        turn, asked = await begun(agent, round)
        await until(lambda: {"change", "look"} <= set(machine.done))
        await told_so_far(agent, turn, "response.tool_call.done")
        after = machine.crashed() if is_cut_off else machine
        if is_cut_off:
            await agent.server.post(f"/responses/{turn}/cancel")
    after.gates = {}
    async with after.server(DONE) as agent:
        await answered(agent, asked)
        response = await agent.ended(turn)
        blocks = results(agent.bodies[-1])
    assert response["status"] == "completed"
    assert [block["tool_use_id"] for block in blocks] == ["a", "q", "s", "d"]
    assert blocks[0]["content"].startswith(UNCERTAIN)
    assert [block.get("is_error", False) for block in blocks] == [True, False, False, False]
    assert (blocks[1]["content"], blocks[3]["content"]) == ("reach 2024", "look 4")
    assert sorted(machine.done) == ["change", "look", "look", "reach"]
    assert (response["parts"][0]["arguments"], response["parts"][0]["status"]) == ({"n": 1}, "error")


async def test_a_turn_whose_question_was_answered_long_since_is_interrupted(machine: Machine) -> None:
    async with machine.server() as agent:
        turn, asked = await begun(agent, reply(QUESTION))
        agent.says(stalled(reply(text="Half of it"), after=4))
        await answered(agent, asked)
        await told_so_far(agent, turn, "response.output_text.delta")
        while not await stored(agent, turn, "response.output_text.delta"):
            machine.clock.advance(1)
        after = machine.crashed()
        await agent.server.post(f"/responses/{turn}/cancel")
    async with after.server(DONE) as agent:
        response = await agent.server.get(f"/responses/{turn}")
        assert response["error"]["type"] == "interrupted"
        assert [part["type"] for part in response["parts"]] == ["tool_call", "text"]
        assert (await agent.say(response["conversation_id"]))["status"] == "completed"
        [_, call, told, *_] = agent.bodies[0]["messages"]
        assert (call["content"][0]["id"], told["content"][0]["content"]) == ("q", "2024")


async def test_a_call_that_was_denied_while_another_ran_waits_no_more(machine: Machine) -> None:
    machine.gates = {"change": asyncio.Event()}
    async with machine.server() as agent:
        turn, asked = await begun(agent, reply(CALL, tool_block("a", "change")))
        await agent.answer(asked, decision="deny")
        await told_so_far(agent, turn, "response.tool_call.done")
    async with machine.server() as agent:
        response = await agent.server.get(f"/responses/{turn}")
    assert response["error"]["type"] == "interrupted"
    assert [part["status"] for part in response["parts"]] == ["error", "running"]
    assert machine.done == ["change"]


async def test_what_was_used_before_the_restart_counts_for_the_limits(machine: Machine) -> None:
    async with machine.server() as agent:
        limits = {"limits": {"tokens": 40}}
        assert (await agent.server.call("PATCH", "/settings", json=limits)).status == 200
        turn, asked = await begun(agent, reply(SEARCH), reply(CALL))
    async with machine.server(reply(SEARCH)) as agent:
        await answered(agent, asked)
        response = await agent.ended(turn)
    assert response["error"]["type"] == "limit_reached"
    assert (response["usage"]["input_tokens"], response["usage"]["output_tokens"]) == (30, 15)


async def test_a_turn_that_has_read_words_of_others_still_has_after_a_restart(machine: Machine) -> None:
    async with machine.server() as agent:
        turn, asked = await begun(agent, reply(tool_block("p", "page")), reply(QUESTION))
    async with machine.server(reply(tool_block("r", "remember", {"content": "Likes tea."}))) as agent:
        await answered(agent, asked)
        second = await agent.asked(turn, 2)
        assert second["tool"] == "remember"
        agent.says(DONE)
        await agent.answer(second, decision="deny")
        await agent.ended(turn)


CAREFUL = {"name": "careful", "description": "Looks only.", "instructions": "Look.", "tools": ["look"]}
USE = tool_block("u", "use_skill", {"name": "careful"})


async def test_the_tools_that_a_skill_allows_are_the_only_ones_after_a_restart_too(machine: Machine) -> None:
    async with machine.server() as agent:
        await agent.server.post("/skills", CAREFUL)
        turn, asked = await begun(agent, reply(USE), reply(QUESTION))
    async with machine.server(reply(tool_block("c", "change")), DONE) as agent:
        await answered(agent, asked)
        await agent.ended(turn)
        [refused] = results(agent.bodies[-1])
    assert refused["content"].startswith("The skill careful allows these tools alone")
    assert machine.done == []


async def test_a_skill_that_was_loaded_beside_a_call_that_waits_binds_the_rounds_after_it(
    machine: Machine,
) -> None:
    async with machine.server() as agent:
        await agent.server.post("/skills", CAREFUL)
        turn, asked = await begun(agent, reply(CALL, USE))
        await told_so_far(agent, turn, "response.tool_call.done")
    async with machine.server(reply(tool_block("c", "change")), DONE) as agent:
        await answered(agent, asked)
        response = await agent.ended(turn)
    assert [part["status"] for part in response["parts"][:3]] == ["success", "success", "error"]
    assert machine.done == ["reach"]


async def test_of_pictures_that_a_tool_gave_before_a_restart_there_is_a_word(machine: Machine) -> None:
    async with machine.server() as agent:
        folder = machine.data / "projects" / await general(agent.server) / "work"
        await asyncio.to_thread(write, folder / "red.png", PNG)
        show = "import base64\nfrom IPython.display import Image, display\n"
        show += f"display(Image(base64.b64decode({base64.b64encode(PNG).decode()!r})))"
        look = [
            tool_block("f", "read_file", {"file": "red.png"}),
            tool_block("r", "run_code", {"code": show}),
        ]
        turn, asked = await begun(agent, reply(*look), reply(QUESTION))
        assert [block["content"][-1]["type"] for block in results(agent.bodies[-1])] == ["image", "image"]
    async with machine.server(DONE) as agent:
        await answered(agent, asked)
        await agent.ended(turn)
        told = [block["content"] for block in agent.bodies[-1]["messages"][2]["content"]]
    assert len(told) == 2
    assert all("\n[The pictures of this result are not shown any more" in text for text in told), told


def write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


async def test_what_nobody_attends_is_over_when_its_time_passed_while_the_server_was_down(
    machine: Machine,
) -> None:
    async with machine.server(reply(CALL)) as agent:
        start = TurnStart(await agent.server.conversation(title="T"), "Do it.", is_unattended=True)
        turn = (await agent.server.app[keys.TURNS].start(start)).id
        await agent.asked(turn)
    machine.clock.advance(100_000)
    async with machine.server(reply(CALL)) as agent:
        second = await agent.asked(turn, 2)
        assert second["expires_at"] == "2026-01-03T03:46:40.000Z"
        agent.says(DONE)
        await agent.answer(second, decision="allow")
        response = await agent.ended(turn)
    assert response["status"] == "completed"
    assert [part["status"] for part in response["parts"][:2]] == ["error", "success"]


async def test_a_turn_that_waits_can_be_cancelled_after_a_restart(machine: Machine) -> None:
    async with machine.server() as agent:
        turn, _ = await begun(agent, reply(CALL))
    async with machine.server() as agent:
        response = await agent.server.post(f"/responses/{turn}/cancel")
        assert response["error"]["type"] == "cancelled"
        assert await agent.waiting() == []
        agent.says(DONE)
        assert (await agent.say(response["conversation_id"]))["status"] == "completed"


async def test_a_turn_that_was_made_shorter_goes_on_with_the_summary(
    machine: Machine, tmp_path: Path
) -> None:
    """As without a restart, but for the first message: there the request stands whole."""
    limits = {"limits": {"context_tokens": 40_000, "output_tokens": 1_000}}
    rounds = [*(counted(tool_block(f"l{n}", "long", {"n": n})) for n in range(9)), counted(CALL)]
    undisturbed = Machine(tmp_path / "undisturbed")
    async with undisturbed.server() as agent:
        await agent.server.call("PATCH", "/settings", json=limits)
        turn, asked = await begun(agent, *rounds, DONE)
        await answered(agent, asked)
        await agent.ended(turn)
        wanted = agent.bodies[-1]["messages"]
    async with machine.server() as agent:
        await agent.server.call("PATCH", "/settings", json=limits)
        turn, asked = await begun(agent, *rounds)
        assert agent.summaries
    async with machine.server(DONE) as agent:
        await answered(agent, asked)
        assert (await agent.ended(turn))["status"] == "completed"
        messages = agent.bodies[-1]["messages"]
    assert "a summary stands here" in messages[0]["content"][0]["text"]
    assert [block["text"] for block in messages[0]["content"]][1] == "Do it."
    assert without_marks(messages[1:]) == without_marks(wanted[1:])
    assert 2 < len(messages) < 20


def counted(block: Json) -> Step:
    """A reply that tells how much the request was, as a provider does."""
    return lambda body: reply(block, usage={"input_tokens": of_text(whole(body))})


def without_marks(messages: list[Json]) -> list[Json]:
    """Without what tells the provider to keep the prefix."""
    return [
        {
            "role": message["role"],
            "content": [{**block, "cache_control": None} for block in message["content"]],
        }
        for message in messages
    ]


# Sub-tasks


def task(id: str = "t") -> Json:
    return tool_block(id, "start_task", {"task": f"Do {id}."})


async def until_asked(agent: Agent) -> Json:
    """What a turn of any conversation asks first."""
    while not (waiting := await agent.waiting()):
        await asyncio.sleep(0.001)
    return await agent.asked(waiting[0]["response_id"])


@pytest.mark.parametrize("is_cut_off", [False, True], ids=["ended", "cut off"])
async def test_a_sub_task_that_waits_goes_on_after_a_restart_and_so_does_its_parent(
    machine: Machine, is_cut_off: bool
) -> None:
    async with machine.server(reply(SEARCH, task()), reply(CALL)) as agent:
        turn = await agent.begin(await agent.server.conversation(title="T"))
        asked = await until_asked(agent)
        child = asked["response_id"]
        after = machine.crashed() if is_cut_off else machine
        if is_cut_off:
            await agent.server.post(f"/responses/{turn}/cancel")
    async with after.server(reply(text="Reached."), DONE) as agent:
        assert [
            (one["id"], one["status"])
            for one in (await agent.server.get("/responses/in-flight-list"))["data"]
        ] == [(child, "in_progress"), (turn, "in_progress")]
        await answered(agent, asked)
        response = await agent.ended(turn)
        _, done = await agent.told(response)
        assert (done.text, done.is_error) == ("Reached.", False)
        assert done.links[0]["response_id"] == child
        assert response["status"] == "completed"
        assert (await agent.server.get(f"/responses/{child}"))["status"] == "completed"
        assert (await agent.server.get("/usage"))["responses"] == 2
    assert machine.done == ["reach"]


async def test_the_time_that_a_sub_task_waits_after_a_restart_is_not_its_parents(machine: Machine) -> None:
    machine.gates = {"look": asyncio.Event()}
    async with machine.server(reply(task()), reply(CALL, tool_block("l", "look"))) as agent:
        turn = await agent.begin(await agent.server.conversation(title="T"))
        asked = await until_asked(agent)
        await until(lambda: "look" in machine.done)
    machine.gates = {}
    async with machine.server(reply(text="Reached."), DONE) as agent:
        await told_so_far(agent, asked["response_id"], "response.tool_call.done")
        machine.clock.advance(1_000_000)
        await answered(agent, asked)
        assert (await agent.ended(turn))["status"] == "completed"


async def test_a_sub_task_that_ran_beside_one_that_waits_is_interrupted_and_its_parent_told(
    machine: Machine,
) -> None:
    machine.gates = {"change": asyncio.Event()}

    def of_task(body: Json) -> Reply:
        return reply(CALL if "Do 1." in str(body["messages"]) else tool_block("c", "change"))

    async with machine.server(reply(task("1"), task("2"))) as agent:
        agent.says(of_task, of_task)
        turn = await agent.begin(await agent.server.conversation(title="T"))
        asked = await until_asked(agent)
        await until(lambda: "change" in machine.done)
    async with machine.server(reply(text="Reached."), DONE) as agent:
        await answered(agent, asked)
        first, second = await agent.told(await agent.ended(turn))
    assert (first.text, first.is_error) == ("Reached.", False)
    assert second.is_error
    assert second.text.startswith("The sub-task failed: The server ended while this turn ran.")
    assert machine.done == ["change", "reach"]


HARDLY = [0, 10, 20, 30, 50, 70, 100, 150, 200]
"""Ticks of the event loop, of which a turn needs some before it waits again."""


async def test_a_server_that_ends_as_soon_as_it_has_begun_leaves_what_waits(machine: Machine) -> None:
    async with machine.server(reply(task(), tool_block("c", "change")), reply(CALL)) as agent:
        turn = await agent.begin(await agent.server.conversation(title="T"))
        asked = await until_asked(agent)
    for ticks in HARDLY:
        async with machine.begun(ticks):
            pass
    async with machine.server(reply(text="Reached."), DONE) as agent:
        assert await agent.waiting() == [asked]
        await answered(agent, asked)
        assert (await agent.ended(turn))["status"] == "completed"
    assert sorted(machine.done) == ["change", "reach"]


@pytest.mark.parametrize("ticks", HARDLY)
async def test_a_turn_that_is_cancelled_as_soon_as_the_server_has_begun_ends_with_its_sub_task(
    machine: Machine, ticks: int
) -> None:
    async with machine.server(reply(task()), reply(CALL)) as agent:
        turn = await agent.begin(await agent.server.conversation(title="T"))
        child = (await until_asked(agent))["response_id"]
    async with machine.begun(ticks) as turns:
        assert (await turns.cancel(turn)).status == "failed"
        ended = await turns.get(child)
        assert ended.error is not None
        assert ended.error.type == "cancelled"
    async with machine.server() as agent:
        assert await agent.waiting() == []
