"""The tools that need nothing but the database and the user: memories, skills, questions, sub-tasks."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cowork_desktop.agent.running import TaskDone
from cowork_desktop.agent.tools import ask_user, forget, list_memories, remember, start_task, use_skill
from cowork_desktop.agent.tools.tool import (
    OUTPUT_LIMIT,
    Demand,
    Outcome,
    Question,
    Situation,
    ToolFailed,
)
from cowork_desktop.schemas.conversations import MemoryLink, ResponseLink, TextPart
from cowork_desktop.schemas.memories import Memory, MemoryCreate, MemoryQuery
from cowork_desktop.schemas.responses import AgentResponse, Usage
from cowork_desktop.schemas.skills import Skill, SkillCreate
from cowork_desktop.store import memories, skills
from cowork_desktop.store.changes import Change
from tests.fakes.clock import FakeClock
from tests.fakes.means import Desk, means

REMEMBER, FORGET, LIST = remember.TOOL, forget.TOOL, list_memories.TOOL


@pytest.fixture
async def desk(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Desk]:
    async with means(tmp_path, clock=clock) as desk:
        yield desk


async def memory(desk: Desk, content: str, project_id: str | None = None) -> Memory:
    """A memory of the user's."""
    body = MemoryCreate(content=content, project_id=project_id)
    return await desk.db.write(memories.create, desk.means.ids.new("mem"), desk.means.clock.now(), body)


async def standing(desk: Desk, project_id: str | None = None) -> list[tuple[str, str]]:
    """Content and source of the memories of a project, or of the global ones, newest first."""
    page = await desk.db.read(memories.list_, MemoryQuery(project_id=project_id))
    found = [Memory.model_validate(each) for each in json.loads(page.json)["data"]]
    return [(memory.content, memory.source) for memory in found]


async def skill(desk: Desk, name: str, instructions: str = "") -> Skill:
    body = SkillCreate(name=name, description=f"About {name}", instructions=instructions)
    return await desk.db.write(skills.create, desk.means.ids.new("skill"), desk.means.clock.now(), body)


# Remember


async def test_what_is_remembered_in_a_project_is_for_the_project(desk: Desk) -> None:
    project = await desk.new_project()
    conversation = await desk.new_conversation(project)
    outcome = await desk.call(
        REMEMBER, {"content": " Sales are in EUR. "}, conversation_id=conversation, project_id=project
    )
    assert await standing(desk, project) == [("Sales are in EUR.", "agent")]
    assert await standing(desk) == []
    [link] = outcome.links
    assert isinstance(link, MemoryLink)
    assert outcome == Outcome(f"Remembered as {link.memory_id}.", links=[link])
    [noted] = await desk.changes()
    assert noted.change == Change(
        kind="memory",
        project_id=project,
        ref=link.memory_id,
        name="Sales are in EUR.",
        before=None,
        after={"content": "Sales are in EUR.", "project_id": project},
    )


async def test_what_holds_everywhere_is_for_all_projects(desk: Desk) -> None:
    project = await desk.new_project()
    conversation = await desk.new_conversation(project)
    arguments = {"content": "Likes tea.", "for_all_projects": True}
    await desk.call(REMEMBER, arguments, conversation_id=conversation, project_id=project)
    assert (await standing(desk), await standing(desk, project)) == ([("Likes tea.", "agent")], [])
    [noted] = await desk.changes()
    assert noted.change.after == {"content": "Likes tea.", "project_id": None}


async def test_without_a_project_it_is_for_all_since_nobody_else_would_read_it(desk: Desk) -> None:
    await desk.call(REMEMBER, {"content": "Likes tea."})
    assert (await standing(desk), await standing(desk, desk.project_id)) == ([("Likes tea.", "agent")], [])


async def test_a_conversation_that_was_put_into_general_remembers_for_general(desk: Desk) -> None:
    conversation = await desk.new_conversation(desk.project_id)
    await desk.call(REMEMBER, {"content": "Likes tea."}, conversation_id=conversation)
    assert (await standing(desk), await standing(desk, desk.project_id)) == ([], [("Likes tea.", "agent")])


async def test_what_stands_already_is_not_noted_twice_and_is_no_change(desk: Desk) -> None:
    project = await desk.new_project()
    conversation = await desk.new_conversation(project)
    stands = await memory(desk, "Likes tea.")
    outcome = await desk.call(
        REMEMBER, {"content": "likes  TEA."}, conversation_id=conversation, project_id=project
    )
    assert outcome == Outcome(f"This stands already as {stands.id}.", links=[MemoryLink(memory_id=stands.id)])
    assert await desk.changes() == []
    assert (await standing(desk), await standing(desk, project)) == ([("Likes tea.", "user")], [])


async def test_the_name_of_the_change_is_one_short_line(desk: Desk) -> None:
    await desk.call(REMEMBER, {"content": "One\n two " + "x" * 1_000})
    [noted] = await desk.changes()
    assert noted.change.name == "One two " + "x" * 71 + "…"


async def test_the_user_is_told_the_whole_of_what_is_to_be_remembered(desk: Desk) -> None:
    content = "Likes tea. " + "x" * 1_900
    assert await desk.demand(REMEMBER, {"content": content}) == Demand(
        "lasting", summary=f"Remember: {content}"
    )
    arguments = {"content": content, "for_all_projects": True}
    assert await desk.demand(REMEMBER, arguments) == Demand(
        "lasting", summary=f"Remember for all projects: {content}"
    )


@pytest.mark.parametrize(
    "content",
    [
        "The key is sk-ant-api03-abcdefghijklmnop",
        "GitHub: ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "AWS uses AKIAIOSFODNN7EXAMPLE here",
        "His password: hunter2",
        'Set "api_key": "x" in the file',
        "API-KEY=abc",
        "postgres://me:hunter2@db.example.com/sales",
        "-----BEGIN RSA PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.s5o",
        "Use Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2Rl to log in",
    ],
)
async def test_keys_and_passwords_are_not_remembered(desk: Desk, content: str) -> None:
    with pytest.raises(ToolFailed, match="looks like a password or a key"):
        await desk.demand(REMEMBER, {"content": content})
    with pytest.raises(ToolFailed, match="looks like a password or a key"):
        await REMEMBER.run(desk.context(), REMEMBER.check({"content": content}))
    assert await standing(desk) == []


@pytest.mark.parametrize(
    "content",
    [
        "The password is in the vault that IT keeps.",
        "Basic English, please.",
        "The project's id is 123e4567-e89b-12d3-a456-426614174000 and conv_01kxyzabcdefghjkmnpqrstvwx.",
        "The release has the digest e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.",
        "Reports lie in /srv/Finance/2026/Quarterly-Report-Final-Version-3.xlsx",
        "Contact: anna@example.com, https://example.com/a?b=c",
        "Weekly task-tracking-and-review-of-everything on Mondays.",
    ],
)
async def test_what_only_speaks_of_such_things_is_remembered(desk: Desk, content: str) -> None:
    await desk.call(REMEMBER, {"content": content})
    assert await standing(desk) == [(content, "agent")]


@pytest.mark.parametrize("content", ["", " \n", "x" * 2_001, "a\x00b", "\ud800", 5, None])
def test_what_is_no_fact_is_refused(content: object) -> None:
    with pytest.raises(ToolFailed, match=r"^The arguments do not fit: content: "):
        REMEMBER.check({"content": content})


# List


async def test_the_memories_in_reach_are_listed_newest_first(desk: Desk, clock: FakeClock) -> None:
    mine, other = await desk.new_project(), await desk.new_project("Other")
    conversation = await desk.new_conversation(mine)
    old = await memory(desk, "Likes tea.\nAnd milk.")
    await memory(desk, "Not mine.", other)
    await memory(desk, "Nor this.", desk.project_id)
    clock.advance(86_400)
    new = await memory(desk, "Sales are in EUR.", mine)
    outcome = await desk.call(LIST, {}, conversation_id=conversation, project_id=mine)
    assert outcome == Outcome(
        f"- {new.id} (this project, by the user, 2026-01-02): Sales are in EUR.\n"
        f"- {old.id} (all projects, by the user, 2026-01-01): Likes tea.\n  And milk.\n"
        "[memories 1-2 of 2]",
        links=[MemoryLink(memory_id=new.id), MemoryLink(memory_id=old.id)],
    )


async def test_words_find_memories(desk: Desk) -> None:
    await memory(desk, "Sales are in EUR.")
    tea = await memory(desk, "Likes green tea.")
    outcome = await desk.call(LIST, {"query": "tea, or what?"})
    assert [link.memory_id for link in outcome.links if isinstance(link, MemoryLink)] == [tea.id]
    assert (await desk.call(LIST, {"query": "coffee"})).text == "No memory has these words."
    assert (await desk.call(LIST, {"query": '"*( OR'})).text == "No memory has these words."


async def test_a_long_list_is_read_page_by_page_without_a_gap(desk: Desk) -> None:
    made = [(await memory(desk, f"{n} " + "x" * 700)).id for n in range(130)]
    found = list[str]()
    offset: int | None = 0
    while offset is not None:
        outcome = await desk.call(LIST, {"offset": offset})
        assert len(outcome.text) <= OUTPUT_LIMIT
        found += [link.memory_id for link in outcome.links if isinstance(link, MemoryLink)]
        note = outcome.text.splitlines()[-1]
        offset = int(note.removesuffix("]").partition("offset=")[2]) if "offset=" in note else None
    assert found == made[::-1]
    assert note.endswith("-130 of 130]")


async def test_many_short_memories_are_at_most_a_hundred_at_once(desk: Desk) -> None:
    for n in range(101):
        await memory(desk, f"Fact {n}.")
    outcome = await desk.call(LIST, {})
    assert outcome.text.endswith("[memories 1-100 of 101; go on with offset=100]")
    assert (await desk.call(LIST, {"offset": 100})).text.endswith("[memories 101-101 of 101]")


async def test_a_huge_memory_is_cut_and_says_so(desk: Desk) -> None:
    await memory(desk, "Ω" * 150_000)
    text = (await desk.call(LIST, {})).text
    assert text.count("Ω") == 6_000
    assert text.endswith("\n  [cut: 144,000 more characters]\n[memories 1-1 of 1]")


async def test_an_empty_list_says_why(desk: Desk) -> None:
    assert (await desk.call(LIST, {})).text == "Nothing is remembered."
    await memory(desk, "Likes tea.")
    assert (await desk.call(LIST, {"offset": 7})).text == "There are no more: 1 in all."


# Forget


async def test_what_is_forgotten_can_be_brought_back_from_what_is_noted(desk: Desk) -> None:
    tea = await memory(desk, "Likes tea.")
    arguments = {"memory_id": tea.id}
    assert await desk.demand(FORGET, arguments) == Demand("lasting", summary="Forget: Likes tea.")
    assert await desk.call(FORGET, arguments, content_index=3) == Outcome("Forgotten: Likes tea.")
    assert await standing(desk) == []
    [noted] = await desk.changes()
    assert noted.change == Change(
        kind="memory",
        project_id=desk.project_id,
        ref=tea.id,
        name="Likes tea.",
        before={"content": "Likes tea.", "project_id": None, "source": "user"},
        after=None,
    )


async def test_what_is_out_of_reach_is_not_forgotten_nor_shown(desk: Desk) -> None:
    other = await desk.new_project()
    secret = await memory(desk, "Of another project.", other)
    for id in (secret.id, "mem_none"):
        with pytest.raises(ToolFailed) as caught:
            await desk.demand(FORGET, {"memory_id": id})
        assert str(caught.value) == f"There is no memory {id} here; list_memories has those that there are."
        with pytest.raises(ToolFailed, match="no memory"):
            await FORGET.run(desk.context(), FORGET.check({"memory_id": id}))
    assert await standing(desk, other) == [("Of another project.", "user")]
    assert await desk.changes() == []


async def test_the_memory_of_a_project_is_forgotten_in_it(desk: Desk) -> None:
    project = await desk.new_project()
    conversation = await desk.new_conversation(project)
    fact = await memory(desk, "Sales are in EUR.", project)
    await desk.call(FORGET, {"memory_id": fact.id}, conversation_id=conversation, project_id=project)
    assert await standing(desk, project) == []
    [noted] = await desk.changes()
    assert noted.change.before == {"content": fact.content, "project_id": project, "source": "user"}


async def test_a_huge_memory_makes_no_huge_question(desk: Desk) -> None:
    huge = await memory(desk, "x" * 100_000)
    assert len((await desk.demand(FORGET, {"memory_id": huge.id})).summary) < 2_100
    assert len((await desk.call(FORGET, {"memory_id": huge.id})).text) < 2_100
    [noted] = await desk.changes()
    assert len(noted.change.before["content"]) == 100_000


# Skills


async def test_a_skill_is_loaded_with_its_instructions_and_is_no_foreign_text(desk: Desk) -> None:
    report = await skill(desk, "weekly-report", "Begin with a summary.\nUse 3 charts.")
    outcome = await desk.call(use_skill.TOOL, {"name": " weekly-report "})
    assert outcome == Outcome("Begin with a summary.\nUse 3 charts.", source=None, skill=report)


async def test_a_skill_without_instructions_is_told_by_its_description(desk: Desk) -> None:
    await skill(desk, "be-kind")
    assert (await desk.call(use_skill.TOOL, {"name": "be-kind"})).text == "About be-kind"


@pytest.mark.parametrize(
    "instructions", ["x" * 50_000, "\n".join(["a line of words"] * 4_000), "\n" * 40_000]
)
async def test_long_instructions_are_read_page_by_page_without_a_gap(desk: Desk, instructions: str) -> None:
    await skill(desk, "long", instructions)
    read = ""
    offset: int | None = 0
    while offset is not None:
        text = (await desk.call(use_skill.TOOL, {"name": "long", "offset": offset})).text
        assert len(text) <= OUTPUT_LIMIT
        page, _, note = text.partition("\n[characters ")
        read += page
        offset = int(note.removesuffix("]").partition("offset=")[2]) if note else None
    assert read == instructions
    with pytest.raises(ToolFailed, match=f"have {len(instructions):,} characters"):
        await desk.call(use_skill.TOOL, {"name": "long", "offset": len(instructions)})


async def test_an_unknown_skill_names_the_near_ones_or_all(desk: Desk) -> None:
    async def answer(name: str) -> str:
        with pytest.raises(ToolFailed) as caught:
            await desk.call(use_skill.TOOL, {"name": name})
        return str(caught.value)

    assert await answer("x") == "There is no skill 'x'. There are none."
    await skill(desk, "weekly-report")
    await skill(desk, "be-kind")
    assert await answer("Weekly_Report") == "There is no skill 'Weekly_Report'. Near ones: weekly-report."
    assert await answer("zzz") == "There is no skill 'zzz'. There are: be-kind, weekly-report."
    for n in range(60):
        await skill(desk, f"s{n}")
    assert (await answer("#")).endswith(" and 12 more.")


# Questions


async def test_the_users_answer_is_the_result(desk: Desk) -> None:
    asked = []

    async def ask(question: Question) -> str:
        asked.append(question)
        return "Euro"

    arguments = {"question": " Which currency? ", "options": ["EUR", "USD"]}
    assert await desk.call(ask_user.TOOL, arguments, ask=ask) == Outcome("Euro")
    assert asked == [Question("Which currency?", ["EUR", "USD"])]
    assert await desk.demand(ask_user.TOOL, arguments) == Demand("read")


async def test_where_nobody_can_be_asked_the_model_is_told(desk: Desk) -> None:
    with pytest.raises(ToolFailed, match="Nobody can be asked here"):
        await desk.call(ask_user.TOOL, {"question": "Which?"})


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"question": " "}, "question"),
        ({"question": "x" * 2_001}, "question"),
        ({"question": "Q", "options": ["a"] * 7}, "options"),
        ({"question": "Q", "options": [""]}, "options.0"),
        ({"question": "Q", "options": ["a", "x" * 201]}, "options.1"),
        ({"question": "Q", "choices": ["a"]}, "choices"),
    ],
)
def test_a_question_has_its_limits(arguments: dict[str, object], fault: str) -> None:
    with pytest.raises(ToolFailed, match=f"^The arguments do not fit: {fault}: "):
        ask_user.TOOL.check(arguments)


# Sub-tasks


def answered(text: str) -> AgentResponse:
    return AgentResponse(
        id="resp_2",
        conversation_id="conv_2",
        input="",
        output=[TextPart(type="text", text=text)],
        status="completed",
        model="offline",
        provider="offline",
        usage=Usage(),
        error=None,
        memory_ids=[],
        created_at="2026-11-26T12:00:00.000Z",
        finished_at="2026-11-26T12:00:00.000Z",
    )


async def test_a_sub_task_gives_what_it_answered(desk: Desk) -> None:
    briefs = []

    async def start(task: str) -> TaskDone:
        briefs.append(task)
        return TaskDone(answered("42"), is_tainted=True)

    arguments = {"task": "Count the herons in herons.csv.", "title": "Count herons"}
    link = ResponseLink(response_id="resp_2", conversation_id="conv_2")
    expected = Outcome("42", source="a sub-task", links=[link])
    assert await desk.call(start_task.TOOL, arguments, start_task=start) == expected
    assert briefs == ["Count the herons in herons.csv."]
    assert await desk.demand(start_task.TOOL, arguments) == Demand("read")


async def test_a_sub_task_starts_no_other(desk: Desk) -> None:
    with pytest.raises(ToolFailed, match="cannot start others"):
        await desk.call(start_task.TOOL, {"task": "More."})
    assert not start_task.TOOL.is_offered(Situation(is_subtask=True))
    assert start_task.TOOL.is_offered(Situation())


@pytest.mark.parametrize("task", ["", "x" * 20_001])
def test_a_brief_has_its_limits(task: str) -> None:
    with pytest.raises(ToolFailed, match=r"^The arguments do not fit: task: "):
        start_task.TOOL.check({"task": task})


def test_what_cannot_work_is_not_offered() -> None:
    nothing = Situation()
    assert not LIST.is_offered(nothing)
    assert not FORGET.is_offered(nothing)
    assert not use_skill.TOOL.is_offered(nothing)
    assert LIST.is_offered(Situation(has_memories=True))
    assert FORGET.is_offered(Situation(has_memories=True))
    assert use_skill.TOOL.is_offered(Situation(has_skills=True))
    assert REMEMBER.is_offered(nothing)
    assert ask_user.TOOL.is_offered(nothing)
