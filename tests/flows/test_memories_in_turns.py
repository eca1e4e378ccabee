"""What a turn is told of memories and skills, over HTTP."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop import keys
from cowork_desktop.agent.model import Text
from cowork_desktop.schemas.memories import Memory
from cowork_desktop.store import memories
from tests.fakes.clock import FakeClock
from tests.fakes.model import ScriptedModel, say
from tests.fakes.server import Server, running_server

HEADING = "What the user wants you to remember:"


class Talk:
    """A server, and what its model is told of in each turn."""

    def __init__(self, server: Server, clock: FakeClock, model: ScriptedModel) -> None:
        self.server, self.clock, self.model = server, clock, model

    async def remember(self, content: str, **fields: Any) -> str:
        """Each a second after the one before."""
        self.clock.advance(1)
        return str((await self.server.post("/memories", {"content": content, **fields}))["id"])

    async def skill(self, name: str, **fields: Any) -> str:
        made = await self.server.post("/skills", {"name": name, "description": f"About {name}", **fields})
        return str(made["id"])

    async def project(self, **fields: Any) -> str:
        return str((await self.server.post("/projects", {"name": "P", **fields}))["id"])

    async def budget(self, characters: int) -> None:
        body = {"memories": {"characters": characters}}
        assert (await self.server.call("PATCH", "/settings", json=body)).status == 200

    async def used(self, input: str, conversation: str | None = None) -> list[str]:
        """The memories that the response to the input lists."""
        id = conversation or await self.server.conversation()
        return list((await self.server.say(id, input))["memory_ids"])

    @property
    def told(self) -> Sequence[str]:
        """The parts of the system prompt of the last turn, without who the agent is and how it works, and
        then the memories that came with the message."""
        request = self.model.requests[-1]
        [*_, about] = [part.text for part in request.messages[-1].content if isinstance(part, Text)]
        memories = [part for part in about.split("\n\n") if part.startswith(HEADING)]
        return [*request.system[2:], *memories]


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    model, clock = ScriptedModel(*[say("Yes.")] * 10), FakeClock()
    async with running_server(tmp_path / "data", model=model, clock=clock) as server:
        yield Talk(server, clock, model)


async def test_a_turn_without_memories_and_skills_is_told_of_none(talk: Talk) -> None:
    assert await talk.used("Hi") == []
    assert talk.told == []


async def test_a_turn_is_told_the_global_memories_and_its_projects(talk: Talk) -> None:
    mine, other = await talk.project(), await talk.project()
    of_all = await talk.remember("Likes short answers.")
    of_mine = await talk.remember("Sales are in EUR.", project_id=mine)
    await talk.remember("Sales are in USD.", project_id=other)
    inside = await talk.server.conversation(project_id=mine, goal="Report sales")
    assert await talk.used("Hello", inside) == [of_mine, of_all]
    assert talk.told == [
        "The conversation belongs to the project 'P'.",
        "The task of this conversation:\nReport sales",
        f"{HEADING}\n- Likes short answers.\n- Sales are in EUR.",
    ]
    assert await talk.used("Hello") == [of_all]
    assert talk.told == [f"{HEADING}\n- Likes short answers."]


async def test_the_response_lists_the_memories_in_its_events_and_after_a_restart(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data", model=ScriptedModel(say("Yes."))) as server:
        memory = (await server.post("/memories", {"content": "Likes short answers."}))["id"]
        response = await server.say(await server.conversation(), "Hi")
        assert response["memory_ids"] == [memory]
        frames = await server.events(response["id"])
        assert [frame.data["response"]["memory_ids"] for frame in frames if "response" in frame.data] == [
            [memory]
        ] * 3
    async with running_server(tmp_path / "data") as server:
        stored = await server.get(f"/responses/{response['id']}")
        assert {name: stored[name] for name in response} == response


async def test_a_response_keeps_the_ids_of_memories_that_were_deleted_since(talk: Talk) -> None:
    memory = await talk.remember("Likes short answers.")
    conversation = await talk.server.conversation()
    response = await talk.server.say(conversation, "Hi")
    assert (await talk.server.call("DELETE", f"/memories/{memory}")).status == 204
    assert (await talk.server.get(f"/responses/{response['id']}"))["memory_ids"] == [memory]
    assert await talk.used("Again", conversation) == []
    assert talk.told == []


async def test_each_turn_of_a_conversation_sees_what_was_changed_before_it(talk: Talk) -> None:
    memory = await talk.remember("Likes short answers.")
    conversation = await talk.server.conversation()
    await talk.used("Hi", conversation)
    body = {"content": "Likes long answers."}
    assert (await talk.server.call("PATCH", f"/memories/{memory}", json=body)).status == 200
    added = await talk.remember("Speaks French.")
    assert await talk.used("And now?", conversation) == [added, memory]
    assert talk.told == [f"{HEADING}\n- Likes long answers.\n- Speaks French."]


async def test_the_memories_of_a_deleted_project_are_told_to_nobody(talk: Talk) -> None:
    project = await talk.project()
    await talk.remember("The secret is 42.", project_id=project)
    assert (await talk.server.call("DELETE", f"/projects/{project}")).status == 204
    assert await talk.used("What is the secret?") == []


async def test_the_lines_of_a_memory_stay_together(talk: Talk) -> None:
    await talk.remember("\nTwo\n\nlines \n")
    await talk.remember("One")
    await talk.used("Hi")
    assert talk.told == [f"{HEADING}\n- Two\n  \n  lines\n- One"]


async def test_what_matches_the_input_comes_before_what_is_newer(talk: Talk) -> None:
    budget = await talk.remember("The budget is 5 million.")
    newer = [await talk.remember(f"Likes tea no. {n}.") for n in range(3)]
    assert await talk.used("What about the BUDGET?") == [budget, *reversed(newer)]
    assert await talk.used("Anything?") == [*reversed(newer), budget]


async def test_of_those_that_match_the_one_with_the_rarer_words_comes_first(talk: Talk) -> None:
    rare = await talk.remember("The report goes to Zanzibar.")
    common = [await talk.remember(f"The report of office {n}.") for n in range(5)]
    assert await talk.used("Where does the report for Zanzibar go?") == [rare, *reversed(common)]


async def test_a_change_makes_a_memory_the_latest(talk: Talk) -> None:
    first, second = await talk.remember("Likes tea."), await talk.remember("Likes milk.")
    assert await talk.used("Hi") == [second, first]
    talk.clock.advance(1)
    body = {"content": "Likes green tea."}
    assert (await talk.server.call("PATCH", f"/memories/{first}", json=body)).status == 200
    assert await talk.used("Hi") == [first, second]


async def test_a_changed_memory_is_found_by_its_new_words_alone(talk: Talk) -> None:
    changed, other = await talk.remember("Works in Paris."), await talk.remember("Works in Rome.")
    body = {"content": "Works in Oslo."}
    assert (await talk.server.call("PATCH", f"/memories/{changed}", json=body)).status == 200
    await talk.budget(15)
    assert await talk.used("Oslo") == [changed]
    assert await talk.used("Rome") == [other]
    assert await talk.used("Paris") == [other]  # none matches, so it is the latest


@pytest.mark.parametrize(
    ("content", "input"),
    [
        ("Trifft sich im Café.", "CAFE"),
        ("Trifft sich im Cafe.", "cafe\u0301?"),
        ("会議は月曜日です", "月曜日の予定"),
        ("Файл лежит в архиве", "АРХИВЕ"),
        ("Uses snake_case names", "case"),
    ],
)
async def test_words_match_without_regard_to_case_accents_and_spaces(
    content: str, input: str, talk: Talk
) -> None:
    wanted = await talk.remember(content)
    newer = await talk.remember("Nothing of it")
    assert await talk.used(input) == [wanted, newer]


@pytest.mark.parametrize("word", ["Hauptstraße", "weiß", "İzmir", "ﬁnal", "ΟΔΟΣ", "ẹ̀kọ́", "हिन्दी"])
async def test_a_memory_with_the_very_word_of_the_input_comes_first(word: str, talk: Talk) -> None:
    wanted = await talk.remember(f"About {word}: yes")
    newer = await talk.remember("Nothing of it")
    assert await talk.used(f"({word})") == [wanted, newer]


@pytest.mark.parametrize(
    "input",
    [
        '"',
        "'",
        '" OR "x',
        "NEAR(a b)",
        "content:x",
        "a AND NOT b",
        "*",
        "^a",
        "(",
        "a*",
        "!!!",
        "-",
        "\U0001f600",
    ],
)
async def test_an_input_is_never_taken_for_a_query(input: str, talk: Talk) -> None:
    memory = await talk.remember("NOT a word of AND or NEAR")
    assert await talk.used(input) == [memory]


async def test_a_word_in_the_middle_of_many_is_found(talk: Talk) -> None:
    wanted, newer = await talk.remember("Zanzibar is warm."), await talk.remember("Likes tea.")
    words = " ".join(f"w{n}" for n in range(20))
    assert await talk.used(f"{words} Zanzibar {words}") == [wanted, newer]


async def test_the_end_of_a_long_input_is_read_too(talk: Talk) -> None:
    wanted, newer = await talk.remember("Zanzibar is warm."), await talk.remember("Likes tea.")
    assert await talk.used(f"{'lorem ipsum ' * 10_000} What of Zanzibar?") == [wanted, newer]


async def test_memories_fill_the_budget_to_the_last_character(talk: Talk) -> None:
    fits = [await talk.remember("x" * 60), await talk.remember("y" * 40)]
    await talk.budget(100)
    assert await talk.used("Hi") == [fits[1], fits[0]]
    await talk.budget(99)
    assert await talk.used("Hi") == [fits[1]]
    await talk.budget(39)
    assert await talk.used("Hi") == []


async def test_one_that_does_not_fit_leaves_its_place_to_a_smaller_one(talk: Talk) -> None:
    small, _, newest = [
        await talk.remember(letter * size) for letter, size in (("a", 10), ("b", 50), ("c", 30))
    ]
    await talk.budget(40)
    assert await talk.used("Hi") == [newest, small]


async def test_one_that_matches_and_does_not_fit_leaves_its_place_too(talk: Talk) -> None:
    await talk.remember(f"Budget {'x' * 50}")
    small = await talk.remember("Likes tea.")
    await talk.budget(40)
    assert await talk.used("budget") == [small]


async def test_a_budget_counts_characters_and_not_bytes(talk: Talk) -> None:
    memory = await talk.remember("\U0001f600" * 10)
    await talk.budget(10)
    assert await talk.used("Hi") == [memory]


async def test_a_budget_of_nothing_switches_memories_off(talk: Talk) -> None:
    await talk.remember("Likes tea.")
    await talk.budget(0)
    assert await talk.used("tea") == []
    assert talk.told == []


async def test_the_default_budget_is_8_000_characters(talk: Talk) -> None:
    made = [await talk.remember(letter * 4_000) for letter in "abc"]
    assert await talk.used("Hi") == [made[2], made[1]]


async def test_memories_are_told_in_the_same_order_whatever_is_asked(talk: Talk) -> None:
    tea, milk = await talk.remember("Likes tea."), await talk.remember("Likes milk.")
    assert await talk.used("tea") == [tea, milk]
    first = talk.told
    assert await talk.used("milk") == [milk, tea]
    assert talk.told == first


# What the agent remembers


async def agent_remembers(talk: Talk, id: str, content: str, project_id: str | None = None) -> Memory:
    talk.clock.advance(1)
    now = talk.clock.now()
    return await talk.server.app[keys.DB].write(memories.remember, id, now, content, project_id, "agent")


async def test_what_the_agent_remembers_is_told_to_be_its_own(talk: Talk) -> None:
    made = await agent_remembers(talk, "mem_1", "Likes tea.")
    assert made.source == "agent"
    page = await talk.server.get("/memories", params={"source": "agent"})
    assert page["data"] == [made.model_dump()]
    assert await talk.used("Hi") == ["mem_1"]


@pytest.mark.parametrize("again", ["Likes tea.", "likes TEA.", "  Likes \n tea.\t"])
async def test_the_agent_does_not_repeat_a_memory_that_stands(again: str, talk: Talk) -> None:
    before = await talk.server.get(f"/memories/{await talk.remember('Likes tea.')}")
    after = await agent_remembers(talk, "mem_1", again)
    assert after.model_dump() == {**before, "updated_at": "2026-01-01T00:00:02.000Z"}
    assert (await talk.server.get("/memories"))["data"] == [after.model_dump()]


async def test_in_a_project_the_agent_does_not_repeat_a_global_memory(talk: Talk) -> None:
    standing, project = await talk.remember("Likes tea."), await talk.project()
    assert (await agent_remembers(talk, "mem_1", "Likes tea.", project)).id == standing
    assert (await talk.server.get("/memories", params={"project_id": project}))["total"] == 0


async def test_what_stands_in_another_scope_only_is_no_repetition(talk: Talk) -> None:
    mine, other = await talk.project(), await talk.project()
    await talk.remember("Likes tea.", project_id=other)
    assert (await agent_remembers(talk, "mem_1", "Likes tea.", mine)).project_id == mine
    assert (await agent_remembers(talk, "mem_2", "Likes tea.")).project_id is None


async def test_a_changed_memory_no_longer_stands_for_what_it_said(talk: Talk) -> None:
    memory = await talk.remember("Likes tea.")
    body = {"content": "Likes milk."}
    assert (await talk.server.call("PATCH", f"/memories/{memory}", json=body)).status == 200
    assert (await agent_remembers(talk, "mem_1", "Likes tea.")).id == "mem_1"
    assert (await agent_remembers(talk, "mem_2", "Likes milk.")).id == memory


# Among many


async def test_among_10_000_those_that_match_are_found_and_no_more_are_read_than_needed(talk: Talk) -> None:
    def fill(tx: Any) -> None:
        for n in range(10_000):
            memories.remember(tx, f"mem_{n:05}", n, f"the office of city {n} is open", None, "user")

    db = talk.server.app[keys.DB]
    await db.write(fill)
    found = await talk.used("When is the office of city 4711 open?")
    assert found[0] == "mem_04711"
    assert found[1:] == sorted(found[1:], reverse=True)
    assert found[1] == "mem_09999"
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    def ranked(tx: Any) -> list[Memory]:
        tx.set_progress_handler(count, 1000)
        try:
            return memories.ranked(tx, None, "When is the office of city 4711 open?", 8_000)
        finally:
            tx.set_progress_handler(None, 0)

    assert [memory.id for memory in await db.write(ranked)] == found
    assert steps < 200, "130 when this was written; 340 where all that share a common word are ranked"


# Skills


async def test_the_skills_of_the_project_and_of_the_request_are_active(talk: Talk) -> None:
    report = await talk.skill("weekly-report", instructions="Begin with a summary.\nUse 3 charts.")
    kind = await talk.skill("be-kind", instructions="Be kind.")
    await talk.skill("not-active", instructions="Never said.")
    project = await talk.project(skill_ids=[report])
    await talk.remember("Likes tea.")
    conversation = await talk.server.conversation(project_id=project, goal="Report sales")
    await talk.server.say(conversation, "Hi", skill_ids=[kind])
    assert talk.told == [
        "The conversation belongs to the project 'P'.",
        "The task of this conversation:\nReport sales",
        "Skills that use_skill gives you the instructions of:\n- be-kind: About be-kind\n"
        "- not-active: About not-active\n- weekly-report: About weekly-report",
        "Skills that are active. Do as they say.\n\n"
        "# weekly-report\n\nBegin with a summary.\nUse 3 charts.\n\n"
        "# be-kind\n\nBe kind.",
        f"{HEADING}\n- Likes tea.",
    ]
    await talk.server.say(conversation, "Again")
    active = talk.told[3]
    assert "# be-kind" not in active
    assert "# weekly-report" in active


async def test_a_skill_that_is_named_twice_is_told_once(talk: Talk) -> None:
    skill = await talk.skill("be-kind", instructions="Be kind.")
    project = await talk.project(skill_ids=[skill])
    conversation = await talk.server.conversation(project_id=project)
    await talk.server.say(conversation, "Hi", skill_ids=[skill, skill])
    assert talk.told[-1] == "Skills that are active. Do as they say.\n\n# be-kind\n\nBe kind."


async def test_a_skill_without_instructions_is_told_by_its_description(talk: Talk) -> None:
    skill = await talk.skill("be-kind")
    await talk.server.say(await talk.server.conversation(), "Hi", skill_ids=[skill])
    assert talk.told[1:] == ["Skills that are active. Do as they say.\n\n# be-kind\n\nAbout be-kind"]


async def test_a_changed_skill_is_told_as_it_is_now_and_a_deleted_one_not_at_all(talk: Talk) -> None:
    skill = await talk.skill("be-kind", instructions="Be kind.")
    conversation = await talk.server.conversation(project_id=await talk.project(skill_ids=[skill]))
    body = {"instructions": "Be brief."}
    assert (await talk.server.call("PATCH", f"/skills/{skill}", json=body)).status == 200
    await talk.server.say(conversation, "Hi")
    assert talk.told[-1] == "Skills that are active. Do as they say.\n\n# be-kind\n\nBe brief."
    assert (await talk.server.call("DELETE", f"/skills/{skill}")).status == 204
    await talk.server.say(conversation, "Again")
    assert talk.told == ["The conversation belongs to the project 'P'."]


async def test_instructions_of_an_openai_client_come_after_skills_and_before_memories(talk: Talk) -> None:
    await talk.skill("be-kind")
    await talk.remember("Likes tea.")
    body = {"model": "m", "input": "Hi", "instructions": "Be brief."}
    assert (await talk.server.call("POST", "//v1/responses", json=body)).status == 200
    assert talk.told[1:] == ["Be brief.", f"{HEADING}\n- Likes tea."]
