"""The requests that the provider gets: all that is in them, what must not be, and what stays the same."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.agent.context import HOW, WHO
from cowork_desktop.agent.fence import fence
from cowork_desktop.agent.toolbox import TOOLS
from tests.fakes.agent import KEY, Agent, running_agent, whole
from tests.fakes.clock import START, FakeClock
from tests.fakes.files import new_file, until_read
from tests.fakes.messages_endpoint import Json, reply, text_block, thinking_block, tool_block
from tests.fakes.secrets import MemorySecrets

MARK = {"cache_control": {"type": "ephemeral"}}
SECRET = "canary-of-the-keyring-7731"


@pytest.fixture
async def agent(data: Path, clock: FakeClock) -> AsyncIterator[Agent]:
    async with running_agent(data, clock=clock) as running:
        yield running


@pytest.fixture
async def conversation(agent: Agent) -> str:
    return await agent.server.conversation(title="T")


def text(words: str, **more: Any) -> Json:
    return {"type": "text", "text": words, **more}


def user(*blocks: Json) -> Json:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Json) -> Json:
    return {"role": "assistant", "content": list(blocks)}


def about(*more: str) -> str:
    """What a message has besides the user's words, on the first day of the clock."""
    day = datetime.fromtimestamp(START / 1000, UTC).astimezone()
    told = [
        "For this message, from Cowork and not from the user:",
        f"It is {day:%A, %Y-%m-%d} (UTC{day:%z}).",
    ]
    return "\n\n".join([*told, *more])


FOR_CONNECTIONS = ("describe_connection", "sql_query", "run_query", "http_request", "send_email")


def tools(*without: str) -> list[Json]:
    return [
        {"name": name, "description": tool.description, "input_schema": tool.input.model_json_schema()}
        for name, tool in TOOLS.items()
        if name not in without
    ]


def without_marks(value: Any) -> Any:
    if isinstance(value, list):
        return [without_marks(one) for one in value]
    if isinstance(value, dict):
        return {name: without_marks(one) for name, one in value.items() if name != "cache_control"}
    return value


def in_order(body: Json) -> list[tuple[str, bool]]:
    """The pieces of a request in the order in which the provider caches them, each with its role and whether
    it has the mark."""
    pieces = [("tools", piece) for piece in body["tools"]] + [("system", piece) for piece in body["system"]]
    for message in body["messages"]:
        pieces += [(message["role"], piece) for piece in message["content"]]
    return [
        (f"{role} {json.dumps(without_marks(piece))}", "cache_control" in piece) for role, piece in pieces
    ]


def prefixes(body: Json) -> list[str]:
    """What the provider keeps of a request: all that is before each of its marks."""
    pieces = in_order(body)
    return ["\n".join(told for told, _ in pieces[: n + 1]) for n, (_, ends) in enumerate(pieces) if ends]


# All of it


async def test_the_first_request_is_the_rules_the_message_and_the_day(
    agent: Agent, conversation: str
) -> None:
    agent.says(reply(text="Hello."))
    await agent.say(conversation, "Hi")
    assert agent.bodies == [
        {
            "model": "claude-opus-4-8",
            "max_tokens": 16_000,
            "stream": True,
            "tools": tools("use_skill", "list_memories", "forget", "list_schedules", *FOR_CONNECTIONS),
            "system": [text(WHO), text(HOW, **MARK)],
            "messages": [user(text("Hi"), text(about(), **MARK))],
        }
    ]


async def test_the_second_request_of_a_turn_is_the_first_and_the_round(
    agent: Agent, conversation: str
) -> None:
    agent.says(
        reply(text_block("Looking."), tool_block("a", "search_conversation", {"query": "tea"})),
        reply(text="Done."),
    )
    await agent.say(conversation, "Hi")
    first, second = agent.bodies
    assert second == first | {
        "messages": [
            user(text("Hi"), text(about())),
            assistant(
                text("Looking."),
                {"type": "tool_use", "id": "a", "name": "search_conversation", "input": {"query": "tea"}},
            ),
            user(
                {
                    "type": "tool_result",
                    "tool_use_id": "a",
                    "content": "Nothing found in the earlier messages.",
                    **MARK,
                }
            ),
        ]
    }


async def test_earlier_turns_are_told_with_their_calls_and_results(agent: Agent, conversation: str) -> None:
    agent.says(
        reply(
            thinking_block("Hm"),
            text_block("Noting."),
            tool_block("a", "remember", {"content": "Likes tea."}),
            tool_block("b", "remember", {"content": ""}),
        ),
        reply(tool_block("c", "read_artifact", {})),
        reply(text="Noted."),
        reply(text="Bye."),
    )
    await agent.say(conversation, "I like tea")
    await agent.say(conversation, "Thanks")
    [memory] = (await agent.server.get("/memories"))["data"]
    calls = [
        {"type": "tool_use", "id": id, "name": "remember", "input": {"content": content}}
        for id, content in (("a", "Likes tea."), ("b", ""))
    ]
    assert agent.bodies[-1]["messages"] == [
        user(text("I like tea")),
        assistant(text("Noting."), *calls),
        user(
            {"type": "tool_result", "tool_use_id": "a", "content": f"Remembered as {memory['id']}."},
            {
                "type": "tool_result",
                "tool_use_id": "b",
                "is_error": True,
                "content": "The arguments do not fit: content: String should have at least 1 character",
            },
        ),
        assistant({"type": "tool_use", "id": "c", "name": "read_artifact", "input": {}}),
        user(
            {
                "type": "tool_result",
                "tool_use_id": "c",
                "content": "There are no artifacts in this project.",
            }
        ),
        assistant(text("Noted.", **MARK)),
        user(
            text("Thanks"),
            text(about("What the user wants you to remember:\n- Likes tea."), **MARK),
        ),
    ]


async def test_project_goal_skills_memories_and_files_each_have_their_place(agent: Agent) -> None:
    server = agent.server
    active = {"name": "weekly", "description": "Reports\nof a week", "instructions": "Use 3 charts."}
    skill = (await server.post("/skills", active))["id"]
    await server.post("/skills", {"name": "be-kind", "description": "Kindness"})
    about_it = {"name": "Herons", "description": "Birds of the coast.", "skill_ids": [skill]}
    project = (await server.post("/projects", about_it))["id"]
    await server.post("/memories", {"content": "Likes tea.\nGreen."})
    conversation = await server.conversation(title="T", project_id=project, goal="Count them")
    file = await new_file(server, b"grey heron", name="notes.txt", conversation_id=conversation)
    await until_read(server, file["id"])
    agent.says(reply(text="7."))
    await agent.say(conversation, "How many?")
    [body] = agent.bodies
    assert body["tools"] == tools("list_schedules", *FOR_CONNECTIONS)
    assert body["system"] == [
        text(WHO),
        text(HOW),
        text("The conversation belongs to the project 'Herons'. Birds of the coast."),
        text("The task of this conversation:\nCount them"),
        text(
            "Skills that use_skill gives you the instructions of:\n- be-kind: Kindness\n"
            "- weekly: Reports of a week"
        ),
        text("Skills that are active. Do as they say.\n\n# weekly\n\nUse 3 charts.", **MARK),
    ]
    [message] = body["messages"]
    words, attached, rest = message["content"]
    assert words == text("How many?")
    head, fenced = attached["text"].split("\n", 1)
    assert head == "[attached: notes.txt (text/plain, 10 bytes); its text:]"
    assert fenced == fence("grey heron", "the file notes.txt")
    assert rest == text(
        about(
            "What the user wants you to remember:\n- Likes tea.\n  Green.",
            "<files>\n- files/notes.txt (text/plain, 10 bytes)\n</files>",
        ),
        **MARK,
    )


async def test_after_a_compaction_the_summary_stands_first_and_the_newest_stay(
    agent: Agent, conversation: str
) -> None:
    limits = {"context_tokens": 12_000, "output_tokens": 1_000}
    await agent.server.call("PATCH", "/settings", json={"limits": limits})
    agent.summary = reply(text="Much was said about herons.")
    for n in range(30):
        agent.says(reply(text=f"Answer {n}. " + "grey heron " * 60))
        await agent.say(conversation, f"Question {n}")
        if agent.summaries:
            break
    [summary] = agent.summaries
    assert set(summary) == {"model", "max_tokens", "stream", "system", "messages"}
    messages = agent.bodies[-1]["messages"]
    assert messages[0]["role"] == "user"
    assert (
        fence("Much was said about herons.", "a summary of the conversation so far")
        in messages[0]["content"][0]["text"]
    )
    assert messages[-1] == user(text(f"Question {n}"), text(about(), **MARK))
    assert [message["role"] for message in messages] == ["user", "assistant"] * (len(messages) // 2) + [
        "user"
    ]
    told = whole(agent.bodies[-1])
    assert "Question 0" not in told
    assert f"Answer {n - 1}." in told


async def test_settings_of_the_limits_are_those_of_the_request(agent: Agent, conversation: str) -> None:
    body = {"limits": {"output_tokens": 777}, "model": "claude-test"}
    await agent.server.call("PATCH", "/settings", json=body)
    agent.says(reply(text="Hello."))
    await agent.say(conversation, "Hi")
    assert (agent.bodies[0]["max_tokens"], agent.bodies[0]["model"]) == (777, "claude-test")


async def test_instructions_of_an_openai_client_are_of_one_request(agent: Agent) -> None:
    agent.says(reply(text="Hello."), reply(text="Hello again."))
    body = {"model": "m", "input": "Hi", "instructions": "Be brief."}
    answer = await agent.server.call("POST", "//v1/responses", json=body)
    assert answer.status == 200
    await agent.say(answer.json()["conversation"]["id"], "Again")
    assert agent.bodies[0]["system"][-1] == text("Be brief.", **MARK)
    assert agent.bodies[1]["system"] == [text(WHO), text(HOW, **MARK)]


# What the provider can keep


async def test_each_request_of_a_turn_begins_with_the_one_before(agent: Agent, conversation: str) -> None:
    rounds = [
        reply(thinking_block("Hm"), tool_block(f"c{n}", "search_conversation", {"query": f"q{n}"}))
        for n in range(4)
    ]
    agent.says(*rounds, reply(text="Done."))
    await agent.say(conversation, "Hi")
    kept = [prefixes(body) for body in agent.bodies]
    assert [len(marks) for marks in kept] == [2] * 5
    for before, after in pairwise(kept):
        assert after[0] == before[0]
        assert after[-1].startswith(before[-1] + "\n")


async def test_each_turn_begins_with_what_the_one_before_had_marked(agent: Agent, conversation: str) -> None:
    await agent.server.post("/memories", {"content": "Likes tea."})
    for n in range(4):
        agent.says(
            reply(tool_block(f"c{n}", "search_conversation", {"query": "heron"})),
            reply(text=f"Answer {n} about herons"),
        )
        await agent.say(conversation, f"Question {n} about herons and tea")
    kept = [prefixes(body) for body in agent.bodies[::2]]
    assert [len(marks) for marks in kept] == [2, 3, 3, 3]
    for before, after in pairwise(kept):
        assert after[0] == before[0], "the rules and the tools"
        assert all(marked.startswith(before[-2] + "\n") for marked in after[1:])
    assert all(sum(ends for _, ends in in_order(body)) <= 4 for body in agent.bodies)


async def test_a_new_day_and_new_memories_leave_the_prefix_as_it_was(
    agent: Agent, conversation: str, clock: FakeClock
) -> None:
    await agent.server.post("/memories", {"content": "Likes tea."})
    agent.says(*(reply(text=f"Answer {n}") for n in range(3)))
    await agent.say(conversation, "One")
    await agent.say(conversation, "Two")
    clock.set_now(START + 3 * 86_400_000)
    await agent.server.post("/memories", {"content": "Likes milk."})
    await agent.say(conversation, "Three")
    second, third = prefixes(agent.bodies[1]), prefixes(agent.bodies[2])
    assert third[0] == second[0]
    assert third[1].startswith(second[1] + "\n")


async def test_a_turn_that_goes_on_after_a_restart_makes_the_same_request(data: Path) -> None:
    secrets = MemorySecrets()
    question = tool_block("b", "ask_user", {"question": "Which?"})
    first = reply(text_block("Looking."), tool_block("a", "search_conversation", {"query": "x"}))
    async with running_agent(data, first, reply(question), secrets=secrets) as agent:
        conversation = await agent.server.conversation(title="T")
        asked = await agent.asked(await agent.begin(conversation, "Hi"))
        before = agent.bodies[-1]
    async with running_agent(data, reply(text="Done."), secrets=secrets) as agent:
        await agent.answer(asked, answer="This")
        await agent.ended(asked["response_id"])
        [after] = agent.bodies
    assert prefixes(after)[0] == prefixes(before)[0]
    assert prefixes(after)[-1].startswith(prefixes(before)[-1] + "\n")
    assert without_marks(after["messages"][-1]) == user(
        {"type": "tool_result", "tool_use_id": "b", "content": "This"}
    )


# What must not be in them


async def test_no_key_no_secret_and_no_place_of_this_machine_is_ever_sent(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SERVICE_TOKEN", SECRET)
    secrets = MemorySecrets()
    await secrets.put("another", SECRET)
    codes = [
        "import pandas as pd\npd.read_csv('no-such-file.csv')",
        "import os\nprint(os.getcwd(), os.path.abspath('x.csv'), os.path.abspath('..'), os.environ)",
        "import sys\nprint(sys.path, sys.executable, sys.prefix, sys.argv)",
        "import tempfile\nprint(tempfile.gettempdir(), tempfile.mkdtemp())",
        "import pathlib\nprint(pathlib.Path.home(), pathlib.Path.cwd().parents[1:3], [pathlib.Path.cwd()])",
        "import pandas\nprint(pandas.__file__)\nraise RuntimeError(pandas.__file__)",
        "import warnings, os\nwarnings.warn(os.getcwd())\nopen('no/such')",
        "def f():\n    return f()\nf()",
        "print('one'\n",
    ]
    async with running_agent(data, secrets=secrets) as agent:
        conversation = await agent.server.conversation(title="T")
        calls: list[tuple[str, Json]] = [("run_code", {"code": code}) for code in codes]
        calls += [
            ("run_code", {"code": "SELECT * FROM 'no-such.csv'", "language": "sql"}),
            ("create_artifact", artifact_of("../../etc/passwd")),
            ("create_artifact", artifact_of("no-such-file.html")),
        ]
        blocks = [tool_block(f"c{n}", name, given) for n, (name, given) in enumerate(calls)]
        agent.says(reply(*blocks), reply(text="Done."), reply(text="Bye."))
        await agent.say(conversation)
        await agent.say(conversation)
        sent = [without_calls(request.body) for request in agent.endpoint.requests]
        assert "MY_SERVICE_TOKEN" not in whole(sent[-1])
        assert len(agent.bodies[1]["messages"][-1]["content"]) == len(calls)
    for body in sent:
        told = whole(body)
        for place in (KEY, SECRET, str(data), str(tmp_path), str(Path.home())):
            assert place not in told, told[max(0, told.find(place) - 300) : told.find(place) + 300]


def artifact_of(path: str) -> Json:
    return {"title": "A", "type": "app", "files": [{"path": "index.html", "from_file": path}]}


def without_calls(body: Json) -> Json:
    """Without what the model itself has said."""
    return body | {"messages": [message for message in body["messages"] if message["role"] == "user"]}


async def test_a_server_without_a_key_of_its_own_gets_none_of_the_environment(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    async with running_agent(data, reply(text="Hi")) as agent:
        await agent.say(await agent.server.conversation(title="T"))
        [request] = agent.endpoint.requests
    assert SECRET not in str(dict(request.headers)) + whole(request.body)
