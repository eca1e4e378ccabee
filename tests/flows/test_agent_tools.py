"""Every tool of the agent, called through the provider's own SDK: what it does, what the model gets of it,
and what becomes of calls that cannot work."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from cowork_desktop import keys
from cowork_desktop.agent.toolbox import TOOLS
from cowork_desktop.agent.tools.tool import OUTPUT_LIMIT, Demand, Outcome, Tool, ToolContext, ToolFailed
from tests.fakes.agent import Agent, Called, Step, names, of_type, results, running_agent
from tests.fakes.artifacts import general, preview_of
from tests.fakes.clock import FakeClock
from tests.fakes.connections import one_of_each
from tests.fakes.files import new_file, pdf, until_read
from tests.fakes.messages_endpoint import (
    Json,
    Reply,
    cut,
    error_event,
    failure,
    in_pieces,
    overloaded,
    rate_limited,
    reply,
    server_error,
    stalled,
    text_block,
    thinking_block,
    tool_block,
)
from tests.fakes.site import page, running_site

PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Herons</title></head>'
    "<body><h1>Herons</h1></body></html>\n"
)
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture
async def agent(data: Path) -> AsyncIterator[Agent]:
    async with running_agent(data) as running:
        yield running


@pytest.fixture
async def conversation(agent: Agent) -> str:
    return await agent.server.conversation(title="T")


async def memories(agent: Agent) -> list[str]:
    return [memory["content"] for memory in (await agent.server.get("/memories"))["data"]]


async def artifact_text(agent: Agent, id: str) -> str:
    artifact = await agent.server.get(f"/artifacts/{id}")
    page = artifact["path"].partition("/")[2]
    return str((await preview_of(agent.server, artifact, page))["content"])


def id_in(text: str, prefix: str) -> str:
    """The first id of a kind in a text that the model got."""
    return next(word.strip(".,:;[]()") for word in text.split() if word.strip("[(").startswith(prefix))


# What is offered


def test_every_tool_is_offered_under_a_name_and_with_words_that_can_be_understood() -> None:
    for name, tool in TOOLS.items():
        assert tool.name == name
        assert name.replace("_", "").isalpha()
        assert name.islower()
        assert 80 < len(tool.description) < 2_000, name
        assert tool.description.endswith(".")


FOR_CONNECTIONS = ("describe_connection", "sql_query", "run_query", "http_request", "send_email")


def test_every_schema_is_one_closed_object_whose_fields_say_what_they_are() -> None:
    for name, tool in TOOLS.items():
        schema = tool.spec.input_schema
        assert schema["type"] == "object", name
        for closed in [schema, *schema.get("$defs", {}).values()]:
            assert closed["additionalProperties"] is False, name
            assert closed["properties"], name
            for field, told in closed["properties"].items():
                assert told.get("description"), f"{name}.{field}"
                assert "allOf" not in told, f"{name}.{field}"
                assert "format" not in told, f"{name}.{field}"


def test_a_schema_can_be_sent_as_it_is() -> None:
    for tool in TOOLS.values():
        assert json.loads(json.dumps(tool.spec.input_schema)) == tool.spec.input_schema


def test_the_order_of_the_tools_is_one_that_stays() -> None:
    wanted = [
        "list_files",
        "read_file",
        "search_files",
        "write_file",
        "run_code",
        "read_output",
        "create_artifact",
        "read_artifact",
        "update_artifact",
        "publish_scratchpad",
        "remember",
        "list_memories",
        "forget",
        "use_skill",
        "fetch_page",
        "search_conversation",
        "list_schedules",
        "save_schedule",
        "describe_connection",
        "sql_query",
        "run_query",
        "http_request",
        "send_email",
        "start_task",
        "ask_user",
    ]
    assert list(TOOLS) == wanted


async def test_a_tool_that_cannot_work_is_not_offered(agent: Agent, conversation: str) -> None:
    agent.says(reply(text="Hi"))
    await agent.say(conversation)
    cannot_work = {"use_skill", "list_memories", "forget", "list_schedules", *FOR_CONNECTIONS}
    assert names(agent.bodies[0]) == [name for name in TOOLS if name not in cannot_work]


async def test_a_tool_is_offered_once_there_is_something_for_it(agent: Agent, conversation: str) -> None:
    await agent.server.post("/memories", {"content": "Likes tea."})
    await agent.server.post("/skills", {"name": "be-kind", "description": "Kindness"})
    project = await general(agent.server)
    await agent.server.post("/schedules", {"project_id": project, "cron": "@yearly", "prompt": "Greet."})
    await one_of_each(agent.server)
    agent.says(reply(text="Hi"))
    await agent.say(conversation)
    assert names(agent.bodies[0]) == list(TOOLS)


async def test_pages_are_not_offered_where_the_settings_forbid_them(agent: Agent, conversation: str) -> None:
    await agent.server.call("PATCH", "/settings", json={"web": {"fetch": False}})
    called = await agent.call(conversation, "fetch_page", {"url": "https://heron.example/"})
    assert "fetch_page" not in names(agent.bodies[0])
    assert (called.is_error, called.text) == (True, "There is no tool 'fetch_page'.")


# Files


async def test_files_are_listed_those_of_the_user_and_those_of_the_folder(
    agent: Agent, conversation: str
) -> None:
    file = await new_file(agent.server, b"heron,7", name="birds.csv", conversation_id=conversation)
    await agent.call(conversation, "write_file", {"path": "notes/a.md", "content": "Grey heron"})
    called = await agent.call(conversation, "list_files", {})
    assert f"- files/birds.csv: text/csv, 7 bytes, uploaded {file['created_at'][:16]}" in called.text
    assert "\n- notes/a.md: 10 bytes" in called.text
    assert called.text.count("birds.csv") == 2, "the copy of the file is not told again"
    assert called.source == "the list of files"


async def test_a_file_is_read_with_its_places(agent: Agent, conversation: str) -> None:
    content = pdf("Grey heron", "White gull")
    file = await new_file(agent.server, content, name="birds.pdf", conversation_id=conversation)
    await until_read(agent.server, file["id"])
    called = await agent.call(conversation, "read_file", {"file": "files/birds.pdf"})
    assert called.text == "[passages 1-2 of 2]\n[page 1]\nGrey heron\n[page 2]\nWhite gull"
    assert called.source == "the file birds.pdf"
    [link] = called.links
    assert (link["type"], link["file_id"], link["place"]["page"]) == ("file", file["id"], 1)


async def test_a_picture_is_shown_to_the_model(agent: Agent, conversation: str) -> None:
    content = base64.b64decode(_PIXEL)
    await new_file(agent.server, content, name="heron.png", conversation_id=conversation)
    called = await agent.call(conversation, "read_file", {"file": "heron.png"})
    assert [image["source"]["data"] for image in called.images] == [_PIXEL]
    assert called.source == "the file heron.png"


async def test_words_are_found_in_the_users_files_and_in_those_of_the_folder(
    agent: Agent, conversation: str
) -> None:
    content = b"Herons\nThe grey heron has 7 young.\n"
    file = await new_file(agent.server, content, name="birds.txt", conversation_id=conversation)
    await until_read(agent.server, file["id"])
    written = {"path": "notes/a.md", "content": "# Birds\n\nA grey heron, too\n"}
    await agent.call(conversation, "write_file", written)
    called = await agent.call(conversation, "search_files", {"query": "grey heron"})
    first, second = called.text.splitlines()
    assert first.startswith("- birds.txt, line ")
    assert "The grey heron has 7 young." in first
    assert second == "- notes/a.md, line 3: A grey heron, too"
    assert [(link["file_id"], link["path"]) for link in called.links] == [
        (file["id"], None),
        (None, "notes/a.md"),
    ]


async def test_what_is_written_is_there_for_code_and_can_be_taken_back(
    agent: Agent, conversation: str
) -> None:
    agent.says(
        reply(tool_block("a", "write_file", {"path": "data/a.csv", "content": "n\n20\n22\n"})),
        reply(
            tool_block("b", "run_code", {"code": "import pandas as pd\npd.read_csv('data/a.csv').n.sum()"})
        ),
        reply(text="42."),
    )
    response = await agent.say(conversation)
    [called] = await agent.told(response)
    assert called.text.endswith("\nnp.int64(42)")
    undone = await agent.server.post(f"/responses/{response['id']}/undo")
    assert "data/a.csv" in str(undone)
    listed = await agent.call(conversation, "list_files", {"query": "a.csv"})
    assert listed.text == "No file has such a name."


@pytest.mark.parametrize("path", ["../a.txt", "/tmp/a.txt", "a/../../b", "C:\\a.txt", "..\\a.txt"])
async def test_no_file_is_written_outside_of_the_folder(agent: Agent, conversation: str, path: str) -> None:
    project = await general(agent.server)
    folder = await asyncio.to_thread(agent.server.app[keys.FOLDERS].work, project)
    before = await asyncio.to_thread(lambda: sorted(folder.parents[2].rglob("*a.txt")))
    called = await agent.call(conversation, "write_file", {"path": path, "content": "x"})
    assert called.is_error
    assert await asyncio.to_thread(lambda: sorted(folder.parents[2].rglob("*a.txt"))) == before == []


# Code


async def test_code_runs_in_a_cell_that_the_user_sees(agent: Agent, conversation: str) -> None:
    called = await agent.call(conversation, "run_code", {"code": "a = 20\nprint('so')\na + 1"})
    [link] = called.links
    assert link["type"] == "cell"
    assert called.text == f"[cell {link['cell_id']}: done]\nso\n21"
    assert called.source == "the output of the code"
    pad = await agent.server.get(f"/scratchpads/{link['scratchpad_id']}")
    cell, output = pad["cells"]
    assert (cell["id"], cell["content"]) == (link["cell_id"], "a = 20\nprint('so')\na + 1")
    assert [one["data"] for one in output["outputs"]] == ["so\n", "21"]


async def test_variables_stay_from_one_turn_to_the_next(agent: Agent, conversation: str) -> None:
    await agent.call(conversation, "run_code", {"code": "herons = 7"})
    called = await agent.call(conversation, "run_code", {"code": "herons * 6"})
    assert called.text.endswith("\n42")


async def test_what_code_draws_is_shown_to_the_model(agent: Agent, conversation: str) -> None:
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    called = await agent.call(conversation, "run_code", {"code": code})
    [image] = called.images
    assert image["source"]["media_type"] == "image/png"
    assert image["source"]["data"].startswith("iVBOR")


async def test_code_that_fails_is_an_error_with_its_line(agent: Agent, conversation: str) -> None:
    called = await agent.call(conversation, "run_code", {"code": "x = 1\nx / 0"})
    assert called.is_error
    assert "ZeroDivisionError: division by zero" in called.text
    assert called.links


async def test_what_code_puts_out_is_told_while_it_runs(agent: Agent, conversation: str) -> None:
    agent.says(reply(tool_block("c", "run_code", {"code": "print('now')"})), reply(text="Done."))
    response = await agent.say(conversation)
    told = of_type(await agent.server.events(response["id"]), "response.tool_call.output.delta")
    assert "".join(one["delta"] for one in told) == "now\n"


async def test_a_long_output_can_be_read_on(agent: Agent, conversation: str) -> None:
    code = "for n in range(9_000): print(f'line {n}')"
    first = await agent.call(conversation, "run_code", {"code": code})
    assert len(first.text) < OUTPUT_LIMIT
    assert "line 4500\n" not in first.text
    cell = first.links[0]["cell_id"]
    assert f"read on with read_output, cell_id={cell}, offset=12000" in first.text
    read = await agent.call(conversation, "read_output", {"cell_id": cell, "offset": 41_000})
    assert "line 4500\n" in read.text
    assert read.links[0]["cell_id"] == cell
    assert read.source == "the output of the code"


# Artifacts


async def test_an_artifact_that_the_agent_makes_is_there_and_stands_in_the_answer(
    agent: Agent, conversation: str
) -> None:
    given = {"title": "Herons", "type": "app", "files": [{"path": "index.html", "content": PAGE}]}
    called = await agent.call(conversation, "create_artifact", given)
    [link] = called.links
    assert not called.is_error
    assert (link["type"], link["version"], link["title"]) == ("artifact", 1, "Herons")
    assert await artifact_text(agent, link["artifact_id"]) == PAGE
    [item] = (await agent.server.get(f"/conversations/{conversation}/items"))["data"][1:]
    assert [part["type"] for part in item["parts"]] == ["tool_call", "artifact", "text"]
    [created] = of_type(await agent.server.events(item["response_id"]), "response.artifact.created")
    assert created["artifact"] == item["parts"][1]


async def test_an_artifact_is_read_and_changed(agent: Agent, conversation: str) -> None:
    given = {"title": "Herons", "type": "app", "files": [{"path": "index.html", "content": PAGE}]}
    id = (await agent.call(conversation, "create_artifact", given)).links[0]["artifact_id"]
    listed = await agent.call(conversation, "read_artifact", {})
    assert id in listed.text
    read = await agent.call(conversation, "read_artifact", {"artifact_id": id})
    assert PAGE.splitlines()[1] in read.text
    assert read.source == "the artifact Herons"
    change = {"path": "index.html", "old": "<h1>Herons</h1>", "new": "<h1>Gulls</h1>"}
    called = await agent.call(conversation, "update_artifact", {"artifact_id": id, "replace": [change]})
    assert called.links == [{"type": "artifact", "artifact_id": id, "version": 2, "title": "Herons"}]
    assert await artifact_text(agent, id) == PAGE.replace("<h1>Herons", "<h1>Gulls")


async def test_an_artifact_with_faults_is_not_made_and_the_model_is_told_them(
    agent: Agent, conversation: str
) -> None:
    files = [{"path": "index.html", "content": PAGE.replace("<h1>", "<script src='no.js'></script><h1>")}]
    given = {"title": "Herons", "type": "app", "files": files}
    called = await agent.call(conversation, "create_artifact", given)
    assert called.is_error
    assert called.text.startswith("Nothing was saved.")
    assert "no.js" in called.text
    assert (await agent.server.get("/artifacts"))["data"] == []


async def test_a_report_is_made_of_the_scratchpad(agent: Agent, conversation: str) -> None:
    await agent.call(conversation, "run_code", {"code": "6 * 7"})
    called = await agent.call(conversation, "publish_scratchpad", {"title": "The sum"})
    [link] = called.links
    artifact = await agent.server.get(f"/artifacts/{link['artifact_id']}")
    assert (artifact["title"], artifact["type"]) == ("The sum", "report")
    assert "42" in await artifact_text(agent, link["artifact_id"])


# Memories, skills, pages, the conversation


async def test_what_is_remembered_is_told_to_the_next_conversation(agent: Agent, conversation: str) -> None:
    called = await agent.call(conversation, "remember", {"content": "Likes tea.", "for_all_projects": True})
    [memory] = (await agent.server.get("/memories"))["data"]
    assert (memory["content"], memory["source"]) == ("Likes tea.", "agent")
    assert called.links == [{"type": "memory", "memory_id": memory["id"]}]
    agent.says(reply(text="Hi"))
    await agent.say(await agent.server.conversation(title="T"))
    assert "- Likes tea." in agent.bodies[-1]["messages"][0]["content"][-1]["text"]


async def test_memories_are_listed_and_forgotten(agent: Agent, conversation: str) -> None:
    kept = (await agent.server.post("/memories", {"content": "Likes tea."}))["id"]
    gone = (await agent.server.post("/memories", {"content": "Likes milk."}))["id"]
    listed = await agent.call(conversation, "list_memories", {"query": "milk"})
    assert listed.links[0]["memory_id"] == gone
    called = await agent.call(conversation, "forget", {"memory_id": gone})
    assert called.text == "Forgotten: Likes milk."
    assert [memory["id"] for memory in (await agent.server.get("/memories"))["data"]] == [kept]


async def test_a_skill_is_loaded(agent: Agent, conversation: str) -> None:
    skill = {"name": "be-kind", "description": "Kindness", "instructions": "Be kind to herons."}
    await agent.server.post("/skills", skill)
    called = await agent.call(conversation, "use_skill", {"name": "be-kind"})
    assert (called.text, called.source) == ("Be kind to herons.", None)
    missing = await agent.call(conversation, "use_skill", {"name": "be-kin"})
    assert missing.is_error
    assert "Near ones: be-kind." in missing.text


async def test_a_skill_that_names_tools_leaves_no_others_but_the_basic_ones(
    agent: Agent, conversation: str
) -> None:
    skill = {"name": "tea", "description": "Tea", "instructions": "Note.", "tools": ["search_conversation"]}
    await agent.server.post("/skills", skill)
    agent.says(
        reply(tool_block("a", "use_skill", {"name": "tea"})),
        reply(
            tool_block("b", "remember", {"content": "Likes tea."}),
            tool_block("c", "search_conversation", {"query": "tea"}),
        ),
        reply(text="Done."),
    )
    remembered, searched = await agent.told(await agent.say(conversation))
    assert (remembered.is_error, searched.is_error) == (True, False)
    assert "The skill tea allows these tools alone" in remembered.text
    assert await memories(agent) == []


async def test_a_page_that_the_user_typed_is_read_without_asking(data: Path, tmp_path: Path) -> None:
    answers = {"/birds": page("<title>Birds</title><p>Grey heron</p>")}
    async with (
        running_site(tmp_path, answers) as site,
        running_agent(data, pages=site.pages()) as agent,
    ):
        conversation = await agent.server.conversation(title="T")
        url = site.url("/birds")
        called = await agent.call(conversation, "fetch_page", {"url": url}, input=f"Read {url}.")
    assert "Grey heron" in called.text
    assert called.source == f"the web page {url}"
    assert called.links == [{"type": "page", "url": url}]
    assert site.paths == ["/birds"]


async def test_a_page_that_the_user_did_not_type_is_asked_for(data: Path, tmp_path: Path) -> None:
    async with (
        running_site(tmp_path, {"/birds": page("<p>Grey heron</p>")}) as site,
        running_agent(data, pages=site.pages()) as agent,
    ):
        url = site.url("/birds")
        agent.says(reply(tool_block("c", "fetch_page", {"url": url})), reply(text="Done."))
        turn = await agent.begin(await agent.server.conversation(title="T"))
        asked = await agent.asked(turn)
        assert site.connections == 0
        assert (asked["tool"], asked["effect"]) == ("fetch_page", "outside")
        assert asked["arguments"] == {"url": url}
        await agent.answer(asked, decision="allow")
        [called] = await agent.told(await agent.ended(turn))
    assert "Grey heron" in called.text


async def test_what_was_said_before_is_found(agent: Agent, conversation: str) -> None:
    agent.says(reply(text="Noted."))
    await agent.say(conversation, "The budget is 5 million.")
    called = await agent.call(conversation, "search_conversation", {"query": "budget"})
    assert "user: The budget is 5 million." in called.text


async def test_a_part_of_the_work_is_done_in_a_turn_of_its_own(agent: Agent, conversation: str) -> None:
    agent.says(
        reply(tool_block("c", "start_task", {"task": "Count the herons."})),
        reply(text="There are 7 herons."),
        reply(text="Done."),
    )
    response = await agent.say(conversation)
    [called] = await agent.told(response)
    assert called.text == "There are 7 herons."
    [link] = called.links
    part = await agent.server.get(f"/responses/{link['response_id']}")
    assert (part["input"], part["parent_response_id"]) == ("Count the herons.", response["id"])
    assert "start_task" not in names(agent.bodies[1])
    assert agent.bodies[1]["messages"][0]["content"][0]["text"] == "Count the herons."


async def test_a_question_waits_for_the_users_answer(agent: Agent, conversation: str) -> None:
    agent.says(
        reply(tool_block("c", "ask_user", {"question": "Which year?", "options": ["2024", "2025"]})),
        reply(text="Done."),
    )
    turn = await agent.begin(conversation)
    asked = await agent.asked(turn)
    assert (asked["kind"], asked["summary"], asked["options"]) == (
        "question",
        "Which year?",
        ["2024", "2025"],
    )
    await agent.answer(asked, answer="2019")
    [called] = await agent.told(await agent.ended(turn))
    assert (called.text, called.source) == ("2019", None)


# Several calls


async def test_a_call_can_depend_on_the_one_before(agent: Agent, conversation: str) -> None:
    def change(body: Json) -> Reply:
        [made] = results(body)
        id = id_in(made["content"], "art_")
        return reply(tool_block("b", "update_artifact", {"artifact_id": id, "title": "Gulls"}))

    given = {"title": "Herons", "type": "doc", "markdown": "# Herons"}
    agent.says(reply(tool_block("a", "create_artifact", given)), change, reply(text="Done."))
    [called] = await agent.told(await agent.say(conversation))
    assert called.links[0]["version"] == 2
    [artifact] = (await agent.server.get("/artifacts"))["data"]
    assert artifact["title"] == "Gulls"


async def test_calls_of_one_round_have_their_results_in_one_message_in_their_order(
    agent: Agent, conversation: str
) -> None:
    called = await agent.calls(
        conversation,
        *[("remember", {"content": f"Fact no. {n}."}) for n in range(5)],
        ("search_conversation", {"query": "none"}),
        ("no_such_tool", {}),
    )
    assert [one.part["call_id"] for one in called] == [f"call_{n}" for n in range(7)]
    assert [one.is_error for one in called] == [False] * 6 + [True]
    assert sorted(await memories(agent)) == [f"Fact no. {n}." for n in range(5)]
    assert {one.part["round"] for one in called} == {0}


async def test_text_and_calls_go_back_as_they_came(agent: Agent, conversation: str) -> None:
    given = {"query": "x"}
    agent.says(
        reply(
            thinking_block("Hm", signature="c2ln"),
            text_block("Let me look."),
            tool_block("a", "search_conversation", given),
        ),
        reply(text="Done."),
    )
    await agent.say(conversation)
    _, answer, told = agent.bodies[1]["messages"]
    assert answer == {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Hm", "signature": "c2ln"},
            {"type": "text", "text": "Let me look."},
            {"type": "tool_use", "id": "a", "name": "search_conversation", "input": given},
        ],
    }
    assert [block["type"] for block in told["content"]] == ["tool_result"]


# Calls that cannot work


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        (['{"content": "Likes'], "The arguments cannot be read: The arguments are not valid JSON"),
        (["[1]"], "The arguments cannot be read: The arguments must be a JSON object, not list."),
        (['{"content": NaN}'], "The arguments cannot be read: The arguments are not valid JSON"),
        (["[" * 2_000], "The arguments cannot be read:"),
        (["{" + '"a":{' * 150 + "}" * 151], "The arguments cannot be read: The arguments are nested deeper"),
        (["{}"], "The arguments do not fit: content: Field required"),
        (['{"content": 5}'], "The arguments do not fit: content: Input should be a valid string"),
        (['{"content": null}'], "The arguments do not fit: content: Input should be a valid string"),
        (['{"content": "Likes tea.", "for_all_projects": "yes"}'], "The arguments do not fit: for_all_p"),
        (['{"content": "Likes tea.", "of": "me"}'], "The arguments do not fit: of: Extra inputs are not"),
        (['{"content": "Likes tea.", "context": {}}'], "The arguments do not fit: context: Extra inputs"),
        (['{"content": "a\\u0000b"}'], "The arguments do not fit: content:"),
        (['{"content": "\\ud800"}'], "The arguments cannot be read:"),
        (['{"content": "', *["x" * 10_000] * 40, '"}'], "The arguments do not fit: content: String should"),
    ],
)
async def test_arguments_that_do_not_fit_are_told_to_the_model_and_nothing_is_done(
    agent: Agent, conversation: str, pieces: list[str], words: str
) -> None:
    agent.says(reply(tool_block("a", "remember", pieces=pieces)), reply(text="Done."))
    response = await agent.say(conversation)
    [called] = await agent.told(response)
    assert called.is_error
    assert called.text.startswith(words)
    assert len(called.text) < 2_000
    assert response["output"][-1]["text"] == "Done."
    assert await memories(agent) == []


@pytest.mark.parametrize(
    "name", ["no_such_tool", "REMEMBER", "remember ", "../remember", "__class__", "x" * 200]
)
async def test_a_tool_that_there_is_not_is_told_to_the_model(
    agent: Agent, conversation: str, name: str
) -> None:
    called = await agent.call(conversation, name, {"content": "Likes tea."})
    assert (called.is_error, called.text) == (True, f"There is no tool {name!r}.")
    assert await memories(agent) == []


@pytest.mark.parametrize(("call_id", "name"), [("a", "look\ud800"), ("a\ud800", "look")])
async def test_a_call_whose_name_or_id_cannot_be_written_does_not_hold_up_the_turn(
    agent: Agent, conversation: str, call_id: str, name: str
) -> None:
    agent.says(reply(tool_block(call_id, name)), reply(text="Done."))
    async with asyncio.timeout(20):
        response = await agent.say(conversation)
    assert (response["status"], response["output"][-1]["text"]) == ("completed", "Done.")


@pytest.mark.parametrize("name", list(TOOLS))
async def test_no_tool_takes_a_field_that_it_does_not_know(
    agent: Agent, conversation: str, name: str
) -> None:
    await agent.server.post("/memories", {"content": "Likes tea."})
    await agent.server.post("/skills", {"name": "be-kind", "description": "Kindness"})
    project = await general(agent.server)
    await agent.server.post("/schedules", {"project_id": project, "cron": "@yearly", "prompt": "Greet."})
    await one_of_each(agent.server)
    called = await agent.call(conversation, name, {"no_such_field": 1})
    assert called.is_error
    assert "no_such_field: Extra inputs are not permitted" in called.text


async def test_what_fails_in_the_same_way_again_and_again_ends_the_turn(
    agent: Agent, conversation: str
) -> None:
    again = [reply(tool_block(f"c{n}", "use_skil", {})) for n in range(3)]
    agent.says(*again, reply(text="Done."))
    response = await agent.say(conversation)
    assert response["status"] == "completed", "an unknown tool costs a round, as the limit of rounds knows"
    failing = [reply(tool_block(f"c{n}", "remember", {"content": ""})) for n in range(6)]
    agent.says(*failing)
    stuck = await agent.say(conversation)
    assert (stuck["status"], stuck["error"]["type"]) == ("failed", "stuck")
    outputs = [part["output"] for part in stuck["parts"] if part["type"] == "tool_call"]
    assert outputs[0] == outputs[2] != outputs[3]
    assert outputs[3].startswith("This call has failed three times in the same way")


# Tools that misbehave


class Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    n: int = 0


def tool(name: str, run: Any, **fields: Any) -> Tool[Any]:
    return Tool(name=name, description=f"Does {name}.", input=Nothing, run=run, **fields)


async def with_tool(data: Path, given: Tool[Any], *script: Step) -> tuple[Any, list[Called]]:
    """The response to a turn that has one more tool, and its calls."""
    async with running_agent(data, *script, tools={**TOOLS, given.name: given}) as agent:
        conversation = await agent.server.conversation(title="T")
        response = await agent.say(conversation)
        return response, await agent.told(response)


async def test_a_tool_that_raises_is_told_without_what_it_raised(data: Path) -> None:
    async def run(context: ToolContext, arguments: Nothing) -> str:
        raise RuntimeError("secret /home/me sk-ant-canary")

    script = reply(tool_block("a", "crash", {})), reply(text="Done.")
    response, [called] = await with_tool(data, tool("crash", run), *script)
    assert response["status"] == "completed"
    assert (called.is_error, called.text) == (
        True,
        "crash failed for a reason of its own; the server's log has it.",
    )


async def test_a_tool_that_cannot_say_what_it_would_do_is_not_run(data: Path) -> None:
    ran = []

    async def run(context: ToolContext, arguments: Nothing) -> str:
        ran.append(arguments)
        return "ran"

    def demand(context: ToolContext, arguments: Nothing) -> Demand:
        raise ToolFailed("There is no such thing.") if arguments.n else RuntimeError("bug")

    for n, words in ((1, "There is no such thing."), (0, "odd failed for a reason of its own")):
        script = reply(tool_block("a", "odd", {"n": n})), reply(text="Done.")
        _, [called] = await with_tool(data, tool("odd", run, demand=demand), *script)
        assert called.is_error
        assert called.text.startswith(words)
    assert ran == []


async def test_a_tool_that_takes_too_long_is_ended_and_the_turn_goes_on(data: Path) -> None:
    ended = asyncio.Event()

    async def run(context: ToolContext, arguments: Nothing) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return ""

    script = reply(tool_block("a", "sleep", {})), reply(text="Done.")
    response, [called] = await with_tool(data, tool("sleep", run, timeout_seconds=0.05), *script)
    assert ended.is_set()
    assert (called.is_error, called.text) == (True, "sleep did not end within 0.05 s.")
    assert response["output"][-1]["text"] == "Done."


async def test_a_tool_that_floods_is_cut_and_says_so(data: Path) -> None:
    async def run(context: ToolContext, arguments: Nothing) -> Outcome:
        for _ in range(100):
            context.tell("x" * 1_000)
        return Outcome("y" * 5_000_000, source="a flood")

    script = reply(tool_block("a", "flood", {})), reply(text="Done.")
    response, [called] = await with_tool(data, tool("flood", run), *script)
    assert response["status"] == "completed"
    assert called.text == "y" * OUTPUT_LIMIT + f"\n[cut: {5_000_000 - OUTPUT_LIMIT:,} more characters]"


async def test_a_tool_whose_words_cannot_be_written_does_not_end_the_turn(data: Path) -> None:
    async def run(context: ToolContext, arguments: Nothing) -> Outcome:
        context.tell("half \ud800")
        return Outcome("half \ud800, nul \0", source="\ud800")

    script = reply(tool_block("a", "odd", {})), reply(text="Done.")
    async with running_agent(data, *script, tools={"odd": tool("odd", run)}) as agent:
        response = await agent.say(await agent.server.conversation(title="T"))
        assert response["status"] == "completed", response["error"]
        assert response["output"][-1]["text"] == "Done."


async def test_a_call_of_one_round_that_fails_leaves_the_others_alone(data: Path) -> None:
    async def run(context: ToolContext, arguments: Nothing) -> str:
        if arguments.n == 1:
            raise RuntimeError
        return f"ran {arguments.n}"

    blocks = [tool_block(f"c{n}", "some", {"n": n}) for n in range(3)]
    _, called = await with_tool(data, tool("some", run), reply(*blocks), reply(text="Done."))
    assert [one.text for one in called] == [
        "ran 0",
        "some failed for a reason of its own; the server's log has it.",
        "ran 2",
    ]


async def test_calls_of_one_round_run_side_by_side(data: Path) -> None:
    both = asyncio.Barrier(2)

    async def run(context: ToolContext, arguments: Nothing) -> str:
        await both.wait()
        return "met"

    blocks = [tool_block(f"c{n}", "meet", {"n": n}) for n in range(2)]
    _, called = await with_tool(data, tool("meet", run), reply(*blocks), reply(text="Done."))
    assert [one.text for one in called] == ["met", "met"]


# Faults of the provider in the middle of a turn

_ROUND = reply(text_block("Noting."), tool_block("a", "count", {}))
_LAST = reply(text="All is noted.")


class Counting:
    """A tool that counts how often it is run."""

    def __init__(self) -> None:
        self.times = 0

    @property
    def tools(self) -> dict[str, Tool[Any]]:
        def demand(context: ToolContext, arguments: Nothing) -> Demand:
            return Demand("project")

        return {"count": tool("count", self._run, demand=demand)}

    async def _run(self, context: ToolContext, arguments: Nothing) -> str:
        self.times += 1
        return f"run {self.times}"


async def second_request(data: Path, *replies: Step) -> tuple[Any, list[Json], Counting, list[str]]:
    """What becomes of a turn whose second request gets these replies; waits between them are over at once."""
    counting, clock = Counting(), FakeClock()
    async with running_agent(data, _ROUND, *replies, tools=counting.tools, clock=clock) as agent:
        response = await in_haste(agent, clock)
        frames = await agent.server.events(response["id"])
        return response, agent.bodies, counting, [frame.type for frame in frames]


async def in_haste(agent: Agent, clock: FakeClock, conversation: str | None = None) -> Any:
    """The response to a turn, in which time moves on where the provider is waited for."""
    turn = await agent.begin(conversation or await agent.server.conversation(title="T"))
    async with agent.server.stream("GET", f"/responses/{turn}/events") as frames:
        async for frame in frames:
            if frame.type == "response.retrying":
                while (wait := frame.data["wait_seconds"]) not in clock.slept:
                    await asyncio.sleep(0)
                clock.slept.remove(wait)
                clock.advance(wait)
    return await agent.ended(turn)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (rate_limited("2"), "rate_limited"),
        (overloaded(), "overloaded"),
        (server_error(), "provider_error"),
        (cut(_LAST, 0), "network"),
        (cut(_LAST, 2), "network"),
        (error_event("overloaded_error", "Overloaded", after=1, of=_LAST), "overloaded"),
    ],
)
async def test_a_fault_before_the_second_answer_is_tried_again_and_no_tool_is(
    data: Path, fault: Reply, kind: str
) -> None:
    response, bodies, counting, types = await second_request(data, fault, fault, _LAST)
    assert response["status"] == "completed"
    assert [part["text"] for part in response["output"]] == ["Noting.", "All is noted."]
    assert counting.times == 1
    assert bodies[1] == bodies[2] == bodies[3]
    assert types.count("response.retrying") == 2
    assert types.count("response.tool_call.done") == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (cut(_LAST, 4), "network"),
        (error_event("overloaded_error", "Overloaded", after=4, of=_LAST), "overloaded"),
        (error_event("api_error", "Internal", after=4, of=_LAST), "provider_error"),
    ],
)
async def test_a_fault_within_the_second_answer_keeps_what_was_said_and_done(
    data: Path, fault: Reply, kind: str
) -> None:
    response, bodies, counting, types = await second_request(data, fault)
    assert (response["status"], response["error"]["type"]) == ("failed", kind)
    assert [part["text"] for part in response["output"]] == ["Noting.", "All is noted."]
    assert counting.times == 1
    assert len(bodies) == 2
    assert types[-1] == "response.failed"


@pytest.mark.parametrize("after", [3, 4, 5])
async def test_a_call_that_is_cut_off_is_not_run(data: Path, after: int) -> None:
    again = reply(tool_block("b", "count", pieces=['{"n"', ": 1}"]))
    response, _, counting, _ = await second_request(data, cut(again, after))
    assert (response["status"], response["error"]["type"]) == ("failed", "network")
    assert counting.times == 1
    calls = [part for part in response["parts"] if part["type"] == "tool_call"]
    assert [call["status"] for call in calls] == ["success", "running"]


async def test_after_a_turn_that_was_cut_off_in_a_call_the_conversation_goes_on(data: Path) -> None:
    counting = Counting()
    half = cut(reply(tool_block("b", "count", pieces=['{"n"', ": 1}"])), 4)
    async with running_agent(data, _ROUND, half, _LAST, tools=counting.tools) as agent:
        conversation = await agent.server.conversation(title="T")
        await agent.say(conversation)
        response = await agent.say(conversation, "Go on.")
        assert response["status"] == "completed"
        answers = [message["content"] for message in agent.bodies[-1]["messages"]]
    called = [block["id"] for content in answers for block in content if block["type"] == "tool_use"]
    told = [block for content in answers for block in content if block["type"] == "tool_result"]
    assert called == [block["tool_use_id"] for block in told] == ["a", "b"]
    assert told[1]["is_error"]
    assert "did not end" in told[1]["content"]
    assert counting.times == 1


async def test_an_answer_in_splinters_is_the_same_answer(data: Path) -> None:
    again = reply(text_block("Möwen 🐦"), tool_block("b", "count", pieces=['{"n"', ":", " 1}"]))
    response, bodies, counting, _ = await second_request(data, in_pieces(again, 1), in_pieces(_LAST, 3))
    assert [part["text"] for part in response["output"]] == ["Noting.", "Möwen 🐦", "All is noted."]
    assert counting.times == 2
    assert results(bodies[-1]) == [
        {
            "type": "tool_result",
            "tool_use_id": "b",
            "content": "run 2",
            "cache_control": {"type": "ephemeral"},
        }
    ]


async def test_a_provider_that_falls_silent_in_the_second_answer_can_be_left(data: Path) -> None:
    counting = Counting()
    async with running_agent(data, _ROUND, stalled(_LAST, 4), tools=counting.tools) as agent:
        turn = await agent.begin(await agent.server.conversation(title="T"))
        await agent.endpoint.until_stalled()
        answer = await agent.server.call("POST", f"/responses/{turn}/cancel")
        assert answer.json()["error"]["type"] == "cancelled"
        response = await agent.ended(turn)
        await asyncio.wait_for(agent.endpoint.requests[-1].closed_by_client.wait(), 5)
    assert [part["text"] for part in response["output"]] == ["Noting.", "All is noted."]
    assert counting.times == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (failure(401, "authentication_error", "invalid x-api-key"), "authentication"),
        (failure(400, "invalid_request_error", "messages: no"), "invalid_request"),
    ],
)
async def test_what_is_refused_for_good_in_the_second_request_is_not_tried_again(
    data: Path, fault: Reply, kind: str
) -> None:
    response, bodies, counting, types = await second_request(data, fault)
    assert (response["status"], response["error"]["type"]) == ("failed", kind)
    assert [part["text"] for part in response["output"]] == ["Noting."]
    assert (counting.times, len(bodies)) == (1, 2)
    assert "response.retrying" not in types
