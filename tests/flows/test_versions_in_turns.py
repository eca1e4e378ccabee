"""What the model is told after a message was sent anew, came back, or was taken over by a branch."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cowork_desktop import keys
from cowork_desktop.agent.toolbox import TOOLS
from cowork_desktop.agent.tools.tool import Outcome, Tool, ToolContext
from cowork_desktop.store import compactions
from tests.fakes.agent import Agent, running_agent, whole
from tests.fakes.files import new_file
from tests.fakes.messages_endpoint import Json, reply, tool_block
from tests.fakes.server import fault
from tests.flows.test_attachments import PNG, types


class Nothing(BaseModel):
    pass


async def _page(context: ToolContext, arguments: Nothing) -> Outcome:
    return Outcome("A page of somebody.", source="the page")


PAGE = Tool(name="page", description="Reads a page.", input=Nothing, run=_page)
READ = reply(tool_block("p", "page"))
REMEMBER = reply(tool_block("r", "remember", {"content": "Likes tea."}))
DONE = reply(text="Done.")
SUMMARY = "a summary stands here"


@pytest.fixture
async def agent(data: Path) -> AsyncIterator[Agent]:
    async with running_agent(data, tools={**TOOLS, "page": PAGE}) as agent:
        yield agent


async def items(agent: Agent, conversation: str) -> list[Json]:
    return list((await agent.server.get(f"/conversations/{conversation}/items"))["data"])


async def talk(agent: Agent, *inputs: str) -> tuple[str, list[str]]:
    """A conversation in which each message has an answer of its own, and the ids of the user's."""
    conversation = await agent.server.conversation(title="T")
    for input in inputs:
        await ask(agent, conversation, input)
    return conversation, [item["id"] for item in await items(agent, conversation) if item["role"] == "user"]


async def ask(agent: Agent, conversation: str, input: str, **fields: Any) -> Json:
    """The request that the model gets with a message."""
    agent.says(reply(text=f"Answer to {input}"))
    response = await agent.say(conversation, input, **fields)
    assert response["status"] == "completed", response["error"]
    return dict(agent.bodies[-1])


async def branch(agent: Agent, conversation: str, **body: Any) -> str:
    return str((await agent.server.post(f"/conversations/{conversation}/branch", body))["id"])


async def restore(agent: Agent, conversation: str, id: str) -> None:
    await agent.server.post(f"/conversations/{conversation}/items/{id}/restore")


def told(body: Json) -> list[str]:
    """What was said, without a summary and what Cowork says of the message."""
    texts = [block["text"] for message in body["messages"] for block in message["content"]]
    return [text for text in texts if not text.startswith("For this message") and SUMMARY not in text]


async def test_the_model_is_told_what_is_shown(agent: Agent) -> None:
    conversation, [_, two, _] = await talk(agent, "One", "Two", "Three")
    body = await ask(agent, conversation, "Zwei", replaces=two)
    assert told(body) == ["One", "Answer to One", "Zwei"]
    body = await ask(agent, conversation, "Drei")
    assert told(body) == ["One", "Answer to One", "Zwei", "Answer to Zwei", "Drei"]
    assert "Two" not in whole(body)
    await restore(agent, conversation, two)
    body = await ask(agent, conversation, "Four")
    assert told(body)[::2] == ["One", "Two", "Three", "Four"]
    assert "Zwei" not in whole(body)


async def test_a_first_message_that_is_sent_anew_has_nothing_before_it(agent: Agent) -> None:
    conversation, [one] = await talk(agent, "One")
    assert told(await ask(agent, conversation, "Uno", replaces=one)) == ["Uno"]


async def test_what_has_left_is_not_found_in_the_conversation(agent: Agent) -> None:
    conversation, [one] = await talk(agent, "A zebra")
    await ask(agent, conversation, "An okapi", replaces=one)
    for word, is_found in (("zebra", False), ("okapi", True)):
        called = await agent.call(conversation, "search_conversation", {"query": word}, input="Find it.")
        assert (f"Answer to A{'n' * is_found} {word}" in called.text) is is_found


async def test_a_picture_comes_again_with_the_message_that_replaces_its_own(agent: Agent) -> None:
    conversation = await agent.server.conversation(title="T")
    await new_file(agent.server, PNG, name="red.png", conversation_id=conversation)
    await ask(agent, conversation, "Look")
    [one, _] = await items(agent, conversation)
    body = await ask(agent, conversation, "Look again", replaces=one["id"])
    assert [types(message) for message in body["messages"]] == [["text", "text", "image", "text"]]
    body = await ask(
        agent, conversation, "And without?", replaces=(await items(agent, conversation))[0]["id"]
    )
    assert [types(message) for message in body["messages"]] == [["text", "text", "image", "text"]]
    last = (await items(agent, conversation))[0]["id"]
    body = await ask(agent, conversation, "Do not look", replaces=last, file_ids=[])
    assert [types(message) for message in body["messages"]] == [["text", "text"]]


async def test_a_branch_tells_the_model_what_was_said_before(agent: Agent) -> None:
    origin, [_, two] = await talk(agent, "One", "Two")
    before = await ask(agent, origin, "Three")
    made = await branch(agent, origin, item_id=(await items(agent, origin))[3]["id"])
    body = await ask(agent, made, "Drei")
    assert told(body) == ["One", "Answer to One", "Two", "Answer to Two", "Drei"]
    word = "This conversation goes on from another one."
    assert word in whole(body["system"])
    assert word not in whole(before["system"])
    made = await branch(agent, origin, item_id=two)
    body = await ask(agent, made, "And")
    assert told(body)[:3] == ["One", "Answer to One", "Two"]
    assert body["messages"][-1]["role"] == "user"


async def test_a_branch_has_the_calls_and_pictures_of_what_was_said(agent: Agent) -> None:
    origin = await agent.server.conversation(title="T")
    await new_file(agent.server, PNG, name="red.png", conversation_id=origin)
    agent.says(reply(tool_block("s", "search_conversation", {"query": "x"})), DONE)
    await agent.say(origin, "Look")
    made = await branch(agent, origin)
    assert (await agent.server.call("DELETE", f"/conversations/{origin}")).status == 204
    body = await ask(agent, made, "And now?")
    assert [types(message) for message in body["messages"]] == [
        ["text", "text", "image"],
        ["tool_use"],
        ["tool_result"],
        ["text"],
        ["text", "text"],
    ]
    assert "red.png" in body["messages"][-1]["content"][-1]["text"], "it is within reach"


async def test_what_an_answer_links_to_in_a_file_is_in_the_branchs_own(agent: Agent) -> None:
    origin = await agent.server.conversation(title="T")
    options = {"name": "a.txt", "media_type": "text/plain", "conversation_id": origin}
    await new_file(agent.server, b"A heron stood.", **options)
    await ask(agent, origin, "Look")
    await agent.call(origin, "read_file", {"file": "a.txt"})
    made = await branch(agent, origin)
    [copy] = (await agent.server.get("/files", params={"conversation_id": made}))["data"]
    named = [
        link["file_id"]
        for item in await items(agent, made)
        for part in item["parts"]
        for link in part.get("links", [])
    ]
    assert named == [copy["id"]]


async def test_what_the_agent_has_called_a_file_is_the_branchs_own(agent: Agent) -> None:
    origin = await agent.server.conversation(title="T")
    file = await new_file(agent.server, b"A heron stood.", name="a.txt", conversation_id=origin)
    called = await agent.call(origin, "list_files", {})
    assert file["id"] in called.text
    made = await branch(agent, origin)
    body = await ask(agent, made, "And now?")
    [copy] = (await agent.server.get("/files", params={"conversation_id": made}))["data"]
    assert file["id"] not in whole(body)
    assert copy["id"] in whole(body)


async def test_a_branch_of_what_has_words_of_others_asks_as_its_origin_does(agent: Agent) -> None:
    origin, _ = await talk(agent, "One")
    untainted = (await items(agent, origin))[-1]["id"]
    agent.says(READ, DONE)
    await agent.say(origin, "Read the page.")
    tainted = await branch(agent, await branch(agent, origin))
    agent.says(REMEMBER, DONE)
    turn = await agent.begin(tainted)
    await agent.answer(await agent.asked(turn), decision="deny")
    await agent.ended(turn)
    agent.says(REMEMBER, DONE)
    await agent.say(await branch(agent, origin, item_id=untainted))
    assert [one["content"] for one in (await agent.server.get("/memories"))["data"]] == ["Likes tea."]


async def test_a_conversation_is_tainted_by_what_has_left_it_too(agent: Agent) -> None:
    conversation = await agent.server.conversation(title="T")
    agent.says(READ, DONE)
    await agent.say(conversation, "Read the page.")
    one = (await items(agent, conversation))[0]["id"]
    agent.says(REMEMBER, DONE)
    turn = await agent.begin(conversation, "Remember.", replaces=one)
    await agent.answer(await agent.asked(turn), decision="deny")
    await agent.ended(turn)


async def test_what_a_turn_changed_can_be_taken_back_after_it_has_left(agent: Agent) -> None:
    conversation = await agent.server.conversation(title="T")
    agent.says(REMEMBER, DONE)
    response = await agent.say(conversation)
    one = (await items(agent, conversation))[0]["id"]
    await ask(agent, conversation, "Something else", replaces=one)
    assert (await agent.server.get("/memories"))["total"] == 1
    undone = await agent.server.post(f"/responses/{response['id']}/undo")
    assert [change["what"] for change in undone["undone"]] == ["created"]
    assert (await agent.server.get("/memories"))["total"] == 0


async def test_the_conversation_of_a_sub_task_has_no_branches(agent: Agent) -> None:
    """Else what the agent wrote there would count as typed by the user."""
    conversation = await agent.server.conversation(title="T")
    agent.says(reply(tool_block("t", "start_task", {"task": "Count."})), DONE, DONE)
    [called] = await agent.told(await agent.say(conversation))
    child = called.links[0]["conversation_id"]
    answer = await agent.server.call("POST", f"/conversations/{child}/branch", json={})
    assert fault(answer) == (409, "conflict", None)


# Summaries


async def compact(agent: Agent, conversation: str, first: int, summary: str) -> None:
    """Let a summary stand for what is before the place `first`, as the compactor would."""
    turn = (await items(agent, conversation))[-1]["response_id"]
    await agent.server.app[keys.DB].write(
        compactions.add, conversation, turn, first, 0, summary, 2, 1, 1_765_000_000_000
    )


def summary(body: Json) -> str | None:
    """What stands for the older part, without the fence around it."""
    first = str(body["messages"][0]["content"][0]["text"])
    return first.split(">\n", 1)[1].rsplit("\n</content", 1)[0] if SUMMARY in first else None


async def test_a_summary_of_what_is_still_there_stays(agent: Agent) -> None:
    conversation, made = await talk(agent, "One", "Two", "Three")
    await compact(agent, conversation, 5, "Of one and two.")
    body = await ask(agent, conversation, "Drei", replaces=made[2])
    assert (summary(body), told(body)) == ("Of one and two.", ["Drei"])
    await restore(agent, conversation, made[2])
    body = await ask(agent, conversation, "Four")
    assert (summary(body), told(body)) == ("Of one and two.", ["Three", "Answer to Three", "Four"])


async def test_a_summary_of_what_has_left_goes_and_comes_back_with_it(agent: Agent) -> None:
    conversation, made = await talk(agent, "One", "Two", "Three")
    await compact(agent, conversation, 3, "Of one.")
    await compact(agent, conversation, 5, "Of one and two.")
    body = await ask(agent, conversation, "Zwei", replaces=made[1])
    assert (summary(body), told(body)) == ("Of one.", ["Zwei"])
    zwei = (await items(agent, conversation))[2]["id"]
    body = await ask(agent, conversation, "Uno", replaces=made[0])
    assert (summary(body), told(body)) == (None, ["Uno"])
    await restore(agent, conversation, made[0])
    body = await ask(agent, conversation, "Drei")
    assert (summary(body), told(body)) == ("Of one.", ["Zwei", "Answer to Zwei", "Drei"])
    await restore(agent, conversation, made[1])
    body = await ask(agent, conversation, "Four")
    assert (summary(body), told(body)) == ("Of one and two.", ["Three", "Answer to Three", "Four"])
    await restore(agent, conversation, zwei)
    body = await ask(agent, conversation, "Vier")
    assert summary(body) == "Of one."


async def test_a_branch_begins_with_the_summaries_of_what_it_has(agent: Agent) -> None:
    origin, _ = await talk(agent, "One", "Two", "Three")
    await compact(agent, origin, 3, "Of one.")
    await compact(agent, origin, 5, "Of one and two.")
    every = await items(agent, origin)
    body = await ask(agent, await branch(agent, origin), "Four")
    assert (summary(body), told(body)) == ("Of one and two.", ["Three", "Answer to Three", "Four"])
    body = await ask(agent, await branch(agent, origin, item_id=every[3]["id"]), "Drei")
    assert (summary(body), told(body)) == ("Of one.", ["Two", "Answer to Two", "Drei"])
    body = await ask(agent, await branch(agent, origin, item_id=every[1]["id"]), "Zwei")
    assert (summary(body), told(body)) == (None, ["One", "Answer to One", "Zwei"])
