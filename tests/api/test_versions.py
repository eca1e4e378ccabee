"""Messages that are sent anew in the place of others: what leaves, what stands there, and what comes back."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_conversations import CONTENTS, rows
from tests.fakes.artifacts import swept
from tests.fakes.clock import FakeClock
from tests.fakes.files import new_file
from tests.fakes.model import ScriptedModel, say
from tests.fakes.server import Server, fault, running_server

UNKNOWN = "msg_01jz0000000000000000000000"


async def items(server: Server, conversation: str) -> list[Any]:
    return list((await server.get(f"/conversations/{conversation}/items"))["data"])


async def said(server: Server, conversation: str) -> list[str]:
    """What the user's messages say that are shown."""
    return [item["content"] for item in await items(server, conversation) if item["role"] == "user"]


async def talk(server: Server, *inputs: str) -> tuple[str, list[str]]:
    """A conversation of so many turns, and the ids of the user's messages."""
    conversation = await server.conversation(title="T")
    for input in inputs:
        await server.say(conversation, input)
    return conversation, [item["id"] for item in await items(server, conversation) if item["role"] == "user"]


async def replace(server: Server, conversation: str, id: str, input: str, **fields: Any) -> str:
    """Send the message anew; the id of the new one."""
    await server.say(conversation, input, replaces=id, **fields)
    return str((await items(server, conversation))[-2]["id"])


async def restore(server: Server, conversation: str, id: str) -> Any:
    return await server.post(f"/conversations/{conversation}/items/{id}/restore")


async def versions(server: Server, conversation: str, id: str, **query: str) -> Any:
    return await server.get(f"/conversations/{conversation}/items/{id}/versions", params=query)


async def test_a_message_that_is_sent_anew_stands_in_the_place_of_it_and_of_all_after(server: Server) -> None:
    conversation, [_, second, _] = await talk(server, "One", "Two", "Three")
    before = await items(server, conversation)
    response = await server.say(conversation, "Two, better", replaces=second)
    after = await items(server, conversation)
    assert after[:2] == before[:2]
    user, assistant = after[2:]
    assert user == {
        "id": user["id"],
        "conversation_id": conversation,
        "response_id": response["id"],
        "role": "user",
        "content": "Two, better",
        "parts": [{"type": "text", "text": "Two, better"}],
        "created_at": user["created_at"],
        "version": {"index": 2, "total": 2},
    }
    assert (assistant["response_id"], assistant["version"]) == (response["id"], None)
    assert [item["version"] for item in before] == [{"index": 1, "total": 1}, None] * 3


async def test_a_retry_is_the_same_message_once_more(server: Server) -> None:
    conversation, [one] = await talk(server, "One")
    for total in (2, 3):
        one = await replace(server, conversation, one, "One")
        assert (await items(server, conversation))[0]["version"] == {"index": total, "total": total}
    assert await said(server, conversation) == ["One"]


async def test_an_earlier_version_comes_back_with_what_had_followed_it(server: Server) -> None:
    conversation, [one, _] = await talk(server, "One", "Two")
    before = await items(server, conversation)
    new = await replace(server, conversation, one, "Uno")
    await server.say(conversation, "Due")
    later = await items(server, conversation)

    back = await restore(server, conversation, one)
    before[0]["version"]["total"] = 2
    assert back == before[0]
    assert await items(server, conversation) == before
    assert await restore(server, conversation, new) == later[0]
    assert await items(server, conversation) == later


async def test_a_version_comes_back_as_it_was_when_it_left(server: Server) -> None:
    """Of its own later messages the version that was shown, and the others stay to be brought back."""
    conversation, [one, two] = await talk(server, "One", "Two")
    better = await replace(server, conversation, two, "Two, better")
    await replace(server, conversation, one, "Uno")
    await restore(server, conversation, one)
    assert await said(server, conversation) == ["One", "Two, better"]
    await restore(server, conversation, two)
    assert await said(server, conversation) == ["One", "Two"]
    await restore(server, conversation, better)
    assert await said(server, conversation) == ["One", "Two, better"]


async def test_a_conversation_goes_on_behind_the_version_that_came_back(server: Server) -> None:
    conversation, [one] = await talk(server, "One")
    new = await replace(server, conversation, one, "Uno")
    await restore(server, conversation, one)
    await server.say(conversation, "Two")
    assert await said(server, conversation) == ["One", "Two"]
    await restore(server, conversation, new)
    assert await said(server, conversation) == ["Uno"]
    await restore(server, conversation, one)
    assert await said(server, conversation) == ["One", "Two"]


async def test_a_version_that_came_back_can_be_sent_anew_too(server: Server) -> None:
    conversation, [one] = await talk(server, "One")
    await replace(server, conversation, one, "Uno")
    await restore(server, conversation, one)
    await replace(server, conversation, one, "Eins")
    page = await versions(server, conversation, one)
    assert [item["content"] for item in page["data"]] == ["One", "Uno", "Eins"]
    assert await said(server, conversation) == ["Eins"]


async def test_what_is_shown_stays_when_it_is_brought_back(timed: Server, clock: FakeClock) -> None:
    conversation, [one, two] = await talk(timed, "One", "Two")
    before = await items(timed, conversation), await timed.get(f"/conversations/{conversation}")
    clock.advance(1)
    for id in (one, two):
        assert (await restore(timed, conversation, id))["id"] == id
    assert before == (await items(timed, conversation), await timed.get(f"/conversations/{conversation}"))


async def test_bringing_back_counts_as_activity(timed: Server, clock: FakeClock) -> None:
    conversation, [one] = await talk(timed, "One")
    await replace(timed, conversation, one, "Uno")
    clock.advance(1)
    await restore(timed, conversation, one)
    shown = await timed.get(f"/conversations/{conversation}")
    assert shown["updated_at"] == "2026-01-01T00:00:01.000Z"


async def test_the_versions_of_a_message_are_listed_oldest_first(server: Server) -> None:
    conversation, [one, two] = await talk(server, "One", "Two")
    made = [two]
    for input in ("Zwei", "Deux"):
        made.append(await replace(server, conversation, made[-1], input))
    for id in made:
        page = await versions(server, conversation, id)
        assert [item["id"] for item in page["data"]] == made
        assert [item["content"] for item in page["data"]] == ["Two", "Zwei", "Deux"]
        assert [item["version"] for item in page["data"]] == [{"index": n, "total": 3} for n in (1, 2, 3)]
        assert (page["total"], page["has_more"]) == (3, False)
    page = await versions(server, conversation, two, limit="1", offset="1")
    assert ([item["id"] for item in page["data"]], page["total"], page["has_more"]) == ([made[1]], 3, True)
    page = await versions(server, conversation, one)
    assert page == {"data": [(await items(server, conversation))[0]], "total": 1, "has_more": False}


async def test_pages_have_each_item_that_is_shown_once(server: Server) -> None:
    conversation, made = await talk(server, *(f"Message {n}" for n in range(6)))
    await replace(server, conversation, made[4], "A")
    await restore(server, conversation, made[4])
    await replace(server, conversation, made[2], "B")
    await server.say(conversation, "C")
    shown, before = list[str](), None
    while True:
        query = {"limit": "3"} | ({"before": before} if before else {})
        page = await server.get(f"/conversations/{conversation}/items", params=query)
        shown = [item["id"] for item in page["data"]] + shown
        assert len(page["data"]) <= 3
        if not (before := page["next_before"]):
            break
    assert shown == [item["id"] for item in await items(server, conversation)]
    assert await said(server, conversation) == ["Message 0", "Message 1", "B", "C"]


async def test_a_page_before_an_item_that_has_left_meanwhile_is_what_stands_before_it(server: Server) -> None:
    conversation, made = await talk(server, "One", "Two", "Three")
    await replace(server, conversation, made[1], "Zwei")
    page = await server.get(f"/conversations/{conversation}/items", params={"before": made[2], "limit": "1"})
    assert page["data"] == [(await items(server, conversation))[1]]


@pytest.mark.parametrize("what", ["unknown", "the agent's", "of another conversation", "empty"])
async def test_only_a_message_of_the_user_in_the_conversation_can_be_sent_anew(
    what: str, server: Server
) -> None:
    conversation, _ = await talk(server, "One")
    _, [foreign] = await talk(server, "Elsewhere")
    answer_id = (await items(server, conversation))[1]["id"]
    id = {"unknown": UNKNOWN, "the agent's": answer_id, "of another conversation": foreign, "empty": ""}[what]
    body = {"conversation_id": conversation, "input": "Uno", "replaces": id}
    answer = await server.call("POST", "/responses", json=body)
    assert fault(answer) == (422, "invalid_request", "body.replaces")
    assert await said(server, conversation) == ["One"]
    if id:
        for method, what in (("GET", "versions"), ("POST", "restore")):
            answer = await server.call(method, f"/conversations/{conversation}/items/{id}/{what}")
            assert fault(answer) == (404, "not_found", None)


@pytest.mark.parametrize(("method", "what"), [("GET", "versions"), ("POST", "restore")])
async def test_an_unknown_conversation_has_no_versions(method: str, what: str, server: Server) -> None:
    _, [one] = await talk(server, "One")
    path = f"/conversations/conv_01jz0000000000000000000000/items/{one}/{what}"
    assert fault(await server.call(method, path)) == (404, "not_found", None)


async def test_null_replaces_nothing(server: Server) -> None:
    conversation, _ = await talk(server, "One")
    await server.say(conversation, "Two", replaces=None)
    assert await said(server, conversation) == ["One", "Two"]


async def test_a_message_that_has_left_is_not_replaced_again(server: Server) -> None:
    conversation, [one] = await talk(server, "One")
    await replace(server, conversation, one, "Uno")
    body = {"conversation_id": conversation, "input": "Eins", "replaces": one}
    answer = await server.call("POST", "/responses", json=body)
    assert fault(answer) == (409, "conflict", None)
    assert await said(server, conversation) == ["Uno"]


async def test_a_message_below_another_version_cannot_come_back_before_that(server: Server) -> None:
    conversation, [one, two] = await talk(server, "One", "Two")
    await replace(server, conversation, two, "Zwei")
    await replace(server, conversation, one, "Uno")
    answer = await server.call("POST", f"/conversations/{conversation}/items/{two}/restore")
    assert fault(answer) == (409, "conflict", None)
    assert await said(server, conversation) == ["Uno"]


async def test_nothing_leaves_and_nothing_comes_back_while_a_turn_runs(tmp_path: Path) -> None:
    gate = asyncio.Event()
    model = ScriptedModel(say("a"), say("b"), [gate, *say("c")])
    async with running_server(tmp_path / "data", model=model) as server:
        conversation, [one] = await talk(server, "One")
        new = await replace(server, conversation, one, "Uno")
        body = {"conversation_id": conversation, "input": "Due"}
        async with server.stream("POST", "/responses", json=body) as followed:
            running = (await anext(followed)).data["response_id"]
            before = await items(server, conversation)
            body = {"conversation_id": conversation, "input": "Eins", "replaces": new}
            refused = [
                await server.call("POST", "/responses", json=body),
                await server.call("POST", f"/conversations/{conversation}/items/{one}/restore"),
            ]
            for answer in refused:
                assert fault(answer) == (409, "conflict", None)
                assert answer.json()["error"]["details"] == [{"response_id": running}]
            assert await items(server, conversation) == before
            gate.set()
            async for _ in followed:
                pass
        assert await said(server, conversation) == ["Uno", "Due"]


async def test_of_two_that_replace_a_message_at_once_one_does(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running_server(tmp_path / "data", model=ScriptedModel(say("a"), [gate, *say("b")])) as server:
        conversation, [one] = await talk(server, "One")
        bodies = [
            {"conversation_id": conversation, "input": input, "replaces": one, "stream": False}
            for input in ("Uno", "Eins")
        ]
        calls = [asyncio.create_task(server.call("POST", "/responses", json=body)) for body in bodies]
        done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        gate.set()
        answers = await asyncio.gather(*calls)
        assert len(done) == 1
        assert sorted(answer.status for answer in answers) == [200, 409]
        [shown] = await said(server, conversation)
        assert shown in ("Uno", "Eins")
        assert (await versions(server, conversation, one))["total"] == 2


async def test_a_turn_that_cannot_start_lets_nothing_leave(server: Server) -> None:
    conversation, [one, _] = await talk(server, "One", "Two")
    before = await items(server, conversation)
    for fields in ({"skill_ids": ["skill_unknown"]}, {"file_ids": ["file_unknown"]}):
        body = {"conversation_id": conversation, "input": "Uno", "replaces": one, **fields}
        assert (await server.call("POST", "/responses", json=body)).status == 422
        assert await items(server, conversation) == before


async def test_the_files_of_a_message_come_again_unless_others_are_named(server: Server) -> None:
    conversation = await server.conversation(title="T")
    first = await new_file(server, name="first.bin", conversation_id=conversation)
    await server.say(conversation, "Look")
    one = (await items(server, conversation))[0]["id"]

    async def attached() -> list[str]:
        parts = (await items(server, conversation))[0]["parts"]
        return [part["name"] for part in parts if part["type"] == "attachment"]

    one = await replace(server, conversation, one, "Look again")
    assert await attached() == ["first.bin"]
    await new_file(server, name="second.bin", conversation_id=conversation)
    one = await replace(server, conversation, one, "Look at both")
    assert await attached() == ["first.bin", "second.bin"]
    one = await replace(server, conversation, one, "Look at one", file_ids=[first["id"]])
    assert await attached() == ["first.bin"]
    one = await replace(server, conversation, one, "Look at none", file_ids=[])
    assert await attached() == []


async def test_a_turn_that_has_left_is_still_there_and_was_paid_for(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data", model=ScriptedModel(say("a"), say("b"))) as server:
        conversation = await server.conversation(title="T")
        response = await server.say(conversation, "One")
        [one, _] = await items(server, conversation)
        await replace(server, conversation, one["id"], "Uno")
        detail = await server.get(f"/responses/{response['id']}")
        assert (detail["input"], detail["parts"]) == ("One", [{"type": "text", "text": "a"}])
        usage = await server.get("/usage")
        assert (usage["responses"], usage["usage"]["input_tokens"]) == (2, 20)


async def test_search_finds_what_is_shown(server: Server) -> None:
    conversation, [one, _] = await talk(server, "A zebra", "And a giraffe")
    new = await replace(server, conversation, one, "An okapi")

    async def found(word: str) -> list[str]:
        query = {"q": word, "kind": "item", "conversation_id": conversation}
        hits = (await server.get("/search", params=query))["data"]
        return [hit["id"] for hit in hits]

    shown = [item["id"] for item in await items(server, conversation)]
    assert (await found("zebra"), await found("giraffe")) == ([], [])
    assert new in await found("okapi")
    await restore(server, conversation, one)
    assert one in await found("zebra")
    assert await found("giraffe") != []
    assert not set(await found("okapi")) & set(shown)


async def test_what_has_left_goes_with_its_conversation(data: Path) -> None:
    async with running_server(data) as server:
        conversation, [one, _] = await talk(server, "One", "Two")
        await replace(server, conversation, one, "Uno")
        assert (await server.call("DELETE", f"/conversations/{conversation}")).status == 204
        assert (await server.call("POST", f"/conversations/{conversation}/items/{one}/restore")).status == 404
        await swept()
    assert rows(data, *CONTENTS, "left_items") == dict.fromkeys((*CONTENTS, "left_items"), 0)


async def test_versions_outlive_a_restart(data: Path) -> None:
    async with running_server(data) as server:
        conversation, [one] = await talk(server, "One")
        await replace(server, conversation, one, "Uno")
    async with running_server(data) as server:
        assert await said(server, conversation) == ["Uno"]
        new = (await items(server, conversation))[0]
        assert re.fullmatch(r"msg_[0-9a-z]{26}", new["id"])
        assert new["version"] == {"index": 2, "total": 2}
        await restore(server, conversation, one)
        assert await said(server, conversation) == ["One"]
