"""Files that come with a message: what the model gets of them, and of those it will not take, over HTTP."""

import asyncio
import base64
import struct
import threading
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cowork_desktop import keys
from cowork_desktop.agent.model import Image, ModelError, ModelRequest, Retrying, Text
from cowork_desktop.agent.tools.tool import Outcome, Tool, ToolContext
from cowork_desktop.api import files as api_files
from cowork_desktop.store import files
from cowork_desktop.workspace.sniff import sniff
from tests.fakes.agent import Agent, running_agent
from tests.fakes.clock import FakeClock
from tests.fakes.files import new_file
from tests.fakes.messages_endpoint import Json, failure, reply, tool_block
from tests.fakes.model import ScriptedModel, say
from tests.fakes.server import Server, fault, running_server

DONE = reply(text="Done.")
REFUSED = failure(400, "invalid_request_error", "messages.0.content.1.image: Could not process image")
CSV = b"bird,count\nheron,3\negret,5\n"


def png() -> bytes:
    """One red pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


PNG = png()


@pytest.fixture
async def agent(data: Path) -> AsyncIterator[Agent]:
    async with running_agent(data) as agent:
        yield agent


@pytest.fixture
async def conversation(agent: Agent) -> str:
    return await agent.server.conversation(title="T")


async def say_it(agent: Agent, conversation: str, input: str = "Look.", **fields: Any) -> Json:
    """What the model gets with a message, which it answers; the message's content."""
    agent.says(DONE)
    response = await agent.say(conversation, input, **fields)
    assert response["status"] == "completed", response["error"]
    return dict(agent.bodies[-1])


def types(message: Json) -> list[str]:
    return [block["type"] for block in message["content"]]


def parts(item: Json) -> list[str]:
    return [part["name"] for part in item["parts"] if part["type"] == "attachment"]


async def inputs(server: Server, conversation: str) -> list[Json]:
    items = (await server.get(f"/conversations/{conversation}/items"))["data"]
    return [item for item in items if item["role"] == "user"]


async def test_a_picture_goes_with_the_next_message_and_stays_in_the_history(
    agent: Agent, conversation: str
) -> None:
    file = await new_file(agent.server, PNG, name="red.png", conversation_id=conversation)
    body = await say_it(agent, conversation)
    _, note, image, _ = body["messages"][0]["content"]
    assert note["text"] == "[attached: red.png]"
    assert image["source"] == {
        "type": "base64",
        "media_type": "image/png",
        "data": base64.b64encode(PNG).decode(),
    }
    [item] = await inputs(agent.server, conversation)
    assert item["parts"] == [
        {"type": "text", "text": "Look."},
        {
            "type": "attachment",
            "file_id": file["id"],
            "name": "red.png",
            "mime_type": "image/png",
            "size": len(PNG),
        },
    ]
    assert item["content"] == "Look."
    body = await say_it(agent, conversation, "And now?")
    first, _, second = body["messages"]
    assert types(first) == ["text", "text", "image"]
    assert types(second) == ["text", "text"]
    assert parts((await inputs(agent.server, conversation))[1]) == []


async def test_of_a_picture_that_the_disk_has_lost_there_is_a_word(agent: Agent, conversation: str) -> None:
    file = await new_file(agent.server, PNG, name="red.png", conversation_id=conversation)
    stored = await agent.server.app[keys.DB].read(files.get, file["id"])
    agent.server.app[keys.CONTENTS].place(stored.sha256).unlink()
    for message in ("Look.", "And now?"):
        body = await say_it(agent, conversation, message)
        assert body["messages"][0]["content"][1]["text"] == "[attached: red.png; the disk has lost it]"


async def test_a_file_that_arrives_while_a_message_is_sent_comes_with_the_next(
    agent: Agent, conversation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_begun, may_end = threading.Event(), threading.Event()

    def slow(*given: Any) -> str:
        is_begun.set()
        may_end.wait(20)
        return sniff(*given)

    monkeypatch.setattr(api_files, "sniff", slow)
    upload = asyncio.create_task(new_file(agent.server, PNG, name="red.png", conversation_id=conversation))
    await asyncio.to_thread(is_begun.wait, 20)
    assert types((await say_it(agent, conversation))["messages"][0]) == ["text", "text"]
    may_end.set()
    await upload
    body = await say_it(agent, conversation, "And now?")
    assert types(body["messages"][-1]) == ["text", "text", "image", "text"]
    body = await say_it(agent, conversation, "And then?")
    assert types(body["messages"][-1]) == ["text", "text"]


async def test_a_pdf_goes_as_it_is(agent: Agent, conversation: str) -> None:
    content = (Path(__file__).parents[1] / "documents" / "columns.pdf").read_bytes()
    await new_file(agent.server, content, name="columns.pdf", conversation_id=conversation)
    body = await say_it(agent, conversation)
    [document] = [one for one in body["messages"][0]["content"] if one["type"] == "document"]
    assert document["title"] == "columns.pdf"
    assert base64.b64decode(document["source"]["data"]) == content


async def test_a_table_goes_as_a_profile_which_is_data(agent: Agent, conversation: str) -> None:
    await new_file(agent.server, CSV, name="birds.csv", media_type="text/csv", conversation_id=conversation)
    body = await say_it(agent, conversation)
    told = body["messages"][0]["content"][1]["text"]
    assert told.startswith("[attached: birds.csv (text/csv, 27 bytes); a profile of it:]\n")
    assert '<content from="the file birds.csv"' in told
    assert "heron" in told
    assert "count" in told


async def test_who_gets_a_table_has_read_words_of_others(agent: Agent, conversation: str) -> None:
    await new_file(agent.server, CSV, name="b.csv", media_type="text/csv", conversation_id=conversation)
    agent.says(reply(tool_block("r", "remember", {"content": "Likes tea."})))
    turn = await agent.begin(conversation)
    asked = await agent.asked(turn)
    assert asked["tool"] == "remember"
    agent.says(DONE)
    await agent.answer(asked, decision="deny")
    await agent.ended(turn)


async def test_a_file_of_the_project_comes_when_it_is_named(agent: Agent) -> None:
    server = agent.server
    project = (await server.post("/projects", {"name": "Birds"}))["id"]
    conversation = await server.conversation(title="T", project_id=project)
    file = await new_file(server, PNG, name="red.png", project_id=project)
    assert types((await say_it(agent, conversation))["messages"][0]) == ["text", "text"]
    body = await say_it(agent, conversation, file_ids=[file["id"], file["id"]])
    assert types(body["messages"][-1]) == ["text", "text", "image", "text"]
    assert parts((await inputs(server, conversation))[1]) == ["red.png"]


async def test_a_file_that_is_named_and_was_just_uploaded_comes_once(agent: Agent, conversation: str) -> None:
    file = await new_file(agent.server, PNG, name="red.png", conversation_id=conversation)
    await say_it(agent, conversation, file_ids=[file["id"]])
    assert parts((await inputs(agent.server, conversation))[0]) == ["red.png"]


async def test_a_file_of_nobody_or_of_others_cannot_come(agent: Agent, conversation: str) -> None:
    server = agent.server
    other = await server.conversation(title="Other")
    foreign = await new_file(server, PNG, conversation_id=other)
    gone = await new_file(server, PNG, conversation_id=conversation)
    assert (await server.call("DELETE", f"/files/{gone['id']}")).status == 204
    for id in (foreign["id"], gone["id"], "file_unknown"):
        body = {"conversation_id": conversation, "input": "Look.", "file_ids": [id]}
        answer = await server.call("POST", "/responses", json=body)
        assert fault(answer) == (422, "invalid_request", "body.file_ids")
    assert await inputs(server, conversation) == []


async def test_a_file_that_is_deleted_later_is_named_and_not_shown(agent: Agent, conversation: str) -> None:
    file = await new_file(agent.server, PNG, name="red.png", conversation_id=conversation)
    await say_it(agent, conversation)
    assert (await agent.server.call("DELETE", f"/files/{file['id']}")).status == 204
    body = await say_it(agent, conversation)
    assert [block["text"] for block in body["messages"][0]["content"]] == ["Look.", "[attached: red.png]"]
    assert parts((await inputs(agent.server, conversation))[0]) == ["red.png"]


# What the provider refuses


async def test_a_picture_that_is_refused_is_left_out_for_good(agent: Agent, conversation: str) -> None:
    await new_file(agent.server, PNG, name="red.png", conversation_id=conversation)
    agent.says(REFUSED)
    body = await say_it(agent, conversation)
    assert [types(one["messages"][0]) for one in agent.bodies] == [
        ["text", "text", "image", "text"],
        ["text", "text", "text", "text"],
    ]
    assert "cannot be shown to the model" in body["messages"][0]["content"][2]["text"]
    for _ in range(2):
        body = await say_it(agent, conversation, "And now?")
        assert "image" not in types(body["messages"][0])
    assert len(agent.bodies) == 4, "it is not tried again"


async def test_pictures_that_were_taken_before_stay_when_a_later_one_is_refused(
    agent: Agent, conversation: str
) -> None:
    await new_file(agent.server, PNG, name="good.png", conversation_id=conversation)
    await say_it(agent, conversation)
    await new_file(agent.server, PNG, name="bad.png", conversation_id=conversation)
    agent.says(REFUSED)
    await say_it(agent, conversation)
    body = await say_it(agent, conversation)
    first, _, second, _, _ = body["messages"]
    assert ("image" in types(first), "image" in types(second)) == (True, False)


async def test_a_request_that_is_refused_for_something_else_fails_and_leaves_pictures_alone(
    agent: Agent, conversation: str
) -> None:
    await new_file(agent.server, PNG, name="red.png", conversation_id=conversation)
    agent.says(REFUSED, REFUSED)
    response = await agent.say(conversation)
    assert response["error"]["type"] == "invalid_request"
    body = await say_it(agent, conversation)
    assert "image" in types(body["messages"][0])


async def test_a_picture_that_is_refused_in_a_later_round_is_left_out_too(
    agent: Agent, conversation: str
) -> None:
    await new_file(agent.server, PNG, name="red.png", conversation_id=conversation)
    agent.says(reply(tool_block("s", "search_conversation", {"query": "x"})), REFUSED)
    body = await say_it(agent, conversation)
    assert "image" not in types(body["messages"][0])
    assert [block["type"] for block in body["messages"][-1]["content"]] == ["tool_result"]


async def test_pictures_that_were_taken_stay_when_one_of_a_tool_is_refused(data: Path) -> None:
    tools = {"draw": Tool(name="draw", description="Draws.", input=Nothing, run=_drawn)}
    async with running_agent(data, tools=tools) as agent:
        conversation = await agent.server.conversation(title="T")
        await new_file(agent.server, PNG, name="good.png", conversation_id=conversation)
        agent.says(reply(tool_block("d", "draw")), REFUSED)
        body = await say_it(agent, conversation)
        assert "image" in types(body["messages"][0])
        [result] = body["messages"][-1]["content"]
        assert result["content"] == "Drawn.\n[a picture that cannot be shown to the model]"
        body = await say_it(agent, conversation, "And now?")
        assert "image" in types(body["messages"][0])


async def _drawn(context: ToolContext, arguments: "Nothing") -> Outcome:
    return Outcome("Drawn.", images=[Image("image/png", base64.b64encode(PNG).decode())])


async def test_a_picture_that_is_refused_after_a_wait_is_left_out_as_well(data: Path) -> None:
    waits = Retrying(1, 0.5, "overloaded", "The provider is overloaded.")
    model = ScriptedModel([waits, ModelError("invalid_request", "No image.")], say("I see."))
    async with running_server(data, model=model) as server:
        conversation = await server.conversation(title="T")
        await new_file(server, PNG, name="red.png", conversation_id=conversation)
        assert (await server.say(conversation, "Look."))["status"] == "completed"
    assert [has_image(request) for request in model.requests] == [True, False]


async def test_a_conversation_that_is_made_shorter_after_a_refusal_stays_so(data: Path) -> None:
    """The message that goes without its picture still knows where in the conversation it stands."""
    tools = {"look": Tool(name="look", description="Looks.", input=Nothing, run=_much)}
    async with running_agent(data, tools=tools) as agent:
        limits = {"context_tokens": 12_000, "output_tokens": 1_000}
        assert (await agent.server.call("PATCH", "/settings", json={"limits": limits})).status == 200
        conversation = await agent.server.conversation(title="T")
        await say_it(agent, conversation, "herons " * 2_300)
        await new_file(agent.server, PNG, name="red.png", conversation_id=conversation)
        agent.says(REFUSED, reply(tool_block("l", "look"), usage={"input_tokens": 6_500}))
        await say_it(agent, conversation)
        assert len(agent.summaries) == 1
        body = await say_it(agent, conversation, "And now?")
    assert "a summary stands here" in body["messages"][0]["content"][0]["text"]
    assert "herons herons" not in str(body["messages"])
    assert "Look." in str(body["messages"])


class Nothing(BaseModel):
    pass


async def _much(context: ToolContext, arguments: Nothing) -> str:
    return "a fish " * 1_350


def has_image(request: ModelRequest) -> bool:
    return any(isinstance(part, Image) for message in request.messages for part in message.content)


# What is not read yet


async def test_the_text_of_a_file_is_waited_for_a_little(agent: Agent, conversation: str) -> None:
    await new_file(
        agent.server, b"A heron stood.", name="a.txt", media_type="text/plain", conversation_id=conversation
    )
    body = await say_it(agent, conversation)  # at once, while the text is being read
    assert "A heron stood." in body["messages"][0]["content"][1]["text"]


async def test_texts_that_take_long_hold_a_turn_up_for_ten_seconds_all_together(data: Path) -> None:
    clock, model = FakeClock(), ScriptedModel(say("Yes."))
    async with running_server(data, model=model, clock=clock) as server:
        conversation = await server.conversation(title="T")
        for name in ("a.txt", "b.txt", "c.txt"):
            options = {"name": name, "media_type": "text/plain", "conversation_id": conversation}
            await new_file(server, b"A heron stood.", **options)
        turn = asyncio.create_task(server.say(conversation, "Look."))
        while 0.1 not in clock.slept:
            await asyncio.sleep(0)
        clock.advance(10)
        assert (await turn)["status"] == "completed"
    told = [part.text for part in model.requests[0].messages[0].content if isinstance(part, Text)]
    assert any("its text is not read yet" in text for text in told)
