"""Conversations that go on from another one."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.api.test_versions import items, replace, restore, said, talk
from tests.fakes.artifacts import swept
from tests.fakes.clock import FakeClock
from tests.fakes.files import new_file, until_read
from tests.fakes.model import ScriptedModel, say
from tests.fakes.server import Server, fault, running_server

UNKNOWN = "01jz0000000000000000000000"


async def branch(server: Server, conversation: str, **body: Any) -> Any:
    return await server.post(f"/conversations/{conversation}/branch", body)


async def files(server: Server, conversation: str) -> list[Any]:
    page = await server.get("/files", params={"conversation_id": conversation})
    return list(reversed(page["data"]))


async def attached(server: Server, conversation: str) -> list[list[str]]:
    """The ids of the files that came with each of the user's messages."""
    return [
        [part["file_id"] for part in item["parts"] if part["type"] == "attachment"]
        for item in await items(server, conversation)
        if item["role"] == "user"
    ]


async def test_a_branch_begins_with_all_that_was_said(timed: Server, clock: FakeClock) -> None:
    project = (await timed.post("/projects", {"name": "P"}))["id"]
    origin = await timed.conversation(title="Offers", goal="Compare", project_id=project)
    await timed.say(origin, "One")
    before = await items(timed, origin), await timed.get(f"/conversations/{origin}")
    clock.advance(60)
    made = await branch(timed, origin)
    assert made == {
        "id": made["id"],
        "project_id": project,
        "title": "Offers (branch)",
        "goal": "Compare",
        "status": "active",
        "created_at": "2026-01-01T00:01:00.000Z",
        "updated_at": "2026-01-01T00:01:00.000Z",
        "branched_from": {"conversation_id": origin, "item_id": before[0][-1]["id"]},
    }
    assert await timed.get(f"/conversations/{made['id']}") == made
    assert (await timed.get("/conversations"))["data"][0] == made
    copies = await items(timed, made["id"])
    of_branch = {"conversation_id": made["id"], "response_id": None}
    assert copies == [
        {**item, **of_branch, "id": copy["id"]} for item, copy in zip(before[0], copies, strict=True)
    ]
    assert not {item["id"] for item in copies} & {item["id"] for item in before[0]}
    assert (await items(timed, origin), await timed.get(f"/conversations/{origin}")) == before


async def test_both_go_on_by_themselves(server: Server) -> None:
    origin, _ = await talk(server, "One")
    made = (await branch(server, origin))["id"]
    await server.say(made, "Two, in the branch")
    await server.say(origin, "Two")
    assert await said(server, made) == ["One", "Two, in the branch"]
    assert await said(server, origin) == ["One", "Two"]


async def test_a_branch_ends_with_the_item_that_is_named(server: Server) -> None:
    origin, _ = await talk(server, "One", "Two", "Three")
    every = await items(server, origin)
    for n, item in enumerate(every):
        made = await branch(server, origin, item_id=item["id"])
        assert made["branched_from"]["item_id"] == item["id"]
        copies = await items(server, made["id"])
        assert [copy["content"] for copy in copies] == [one["content"] for one in every[: n + 1]]


async def test_a_branch_can_be_of_an_empty_conversation(server: Server) -> None:
    origin = await server.conversation()
    made = await branch(server, origin, item_id=None, title=None)
    assert made["branched_from"] == {"conversation_id": origin, "item_id": None}
    assert made["title"] is None
    await server.say(made["id"], "Compare the two offers")
    assert (await server.get(f"/conversations/{made['id']}"))["title"] == "Compare the two offers"


@pytest.mark.parametrize(
    ("title", "given", "wanted"),
    [
        ("Offers", "Mine", "Mine"),
        ("Offers", None, "Offers (branch)"),
        ("Offers (branch)", None, "Offers (branch)"),
        ("x" * 200, None, "x" * 191 + " (branch)"),
    ],
)
async def test_a_branch_has_the_title_with_a_mark_or_its_own(
    title: str, given: str | None, wanted: str, server: Server
) -> None:
    origin = await server.conversation(title=title)
    made = await branch(server, origin, title=given)
    assert made["title"] == wanted
    await server.say(made["id"], "Hello")
    assert (await server.get(f"/conversations/{made['id']}"))["title"] == wanted


async def test_a_branch_of_an_archived_conversation_is_active(server: Server) -> None:
    origin, _ = await talk(server, "One")
    await server.call("PATCH", f"/conversations/{origin}", json={"status": "archived"})
    assert (await branch(server, origin))["status"] == "active"
    assert (await server.get("/conversations", params={"status": "active"}))["total"] == 1


async def test_what_a_branch_cannot_begin_with_is_refused(server: Server) -> None:
    origin, _ = await talk(server, "One")
    _, [foreign] = await talk(server, "Elsewhere")
    for id in (foreign, f"msg_{UNKNOWN}", ""):
        answer = await server.call("POST", f"/conversations/{origin}/branch", json={"item_id": id})
        assert fault(answer) == (422, "invalid_request", "body.item_id")
    answer = await server.call("POST", f"/conversations/{origin}/branch", json={"item": "x"})
    assert fault(answer) == (422, "invalid_request", "body.item")
    answer = await server.call("POST", f"/conversations/conv_{UNKNOWN}/branch", json={})
    assert fault(answer) == (404, "not_found", None)
    assert (await server.get("/conversations"))["total"] == 2


async def test_what_has_left_is_not_taken_over(server: Server) -> None:
    origin, [_, two] = await talk(server, "One", "Two")
    await replace(server, origin, two, "Zwei")
    answer = await server.call("POST", f"/conversations/{origin}/branch", json={"item_id": two})
    assert fault(answer) == (422, "invalid_request", "body.item_id")
    made = (await branch(server, origin))["id"]
    copies = await items(server, made)
    assert await said(server, made) == ["One", "Zwei"]
    assert [copy["version"] for copy in copies] == [{"index": 1, "total": 1}, None] * 2

    new = await replace(server, made, copies[0]["id"], "Uno")
    await restore(server, made, copies[0]["id"])
    assert await said(server, made) == ["One", "Zwei"]
    await restore(server, made, new)
    assert await said(server, origin) == ["One", "Zwei"]


async def test_what_a_turn_that_runs_has_said_is_not_taken_over(tmp_path: Path) -> None:
    gate = asyncio.Event()
    model = ScriptedModel(say("a"), [gate, *say("b")], say("c"))
    async with running_server(tmp_path / "data", model=model) as server:
        origin, _ = await talk(server, "One")
        body = {"conversation_id": origin, "input": "Two"}
        async with server.stream("POST", "/responses", json=body) as followed:
            running = (await anext(followed)).data["response_id"]
            *before, input = await items(server, origin)
            made = await branch(server, origin)
            assert made["branched_from"]["item_id"] == before[-1]["id"]
            answer = await server.call(
                "POST", f"/conversations/{origin}/branch", json={"item_id": input["id"]}
            )
            assert fault(answer) == (409, "conflict", None)
            assert answer.json()["error"]["details"] == [{"response_id": running}]
            gate.set()
            async for _ in followed:
                pass
        assert await said(server, made["id"]) == ["One"]
        assert (await server.say(made["id"], "Zwei"))["status"] == "completed"


async def test_a_branch_of_a_branch_knows_where_it_comes_from(server: Server) -> None:
    origin, _ = await talk(server, "One")
    first = (await branch(server, origin))["id"]
    last = (await items(server, first))[-1]["id"]
    second = await branch(server, first)
    assert second["branched_from"] == {"conversation_id": first, "item_id": last}
    assert await said(server, second["id"]) == ["One"]


async def test_what_came_with_the_messages_is_the_branchs_too(server: Server) -> None:
    origin = await server.conversation(title="T")
    options = {"name": "a.txt", "media_type": "text/plain", "conversation_id": origin}
    first = await new_file(server, b"A heron stood.", **options)
    await until_read(server, first["id"])
    await server.say(origin, "Look")
    await new_file(server, name="later.bin", conversation_id=origin)
    await server.say(origin, "Look at that")
    waiting = await new_file(server, name="waiting.bin", conversation_id=origin)
    until = (await items(server, origin))[1]["id"]

    made = (await branch(server, origin, item_id=until))["id"]
    [copy] = await files(server, made)
    assert copy["id"] != first["id"]
    assert (copy["name"], copy["sha256"], copy["size"]) == ("a.txt", first["sha256"], first["size"])
    assert await attached(server, made) == [[copy["id"]]]
    await until_read(server, copy["id"])
    text = await server.get(f"/files/{copy['id']}/text")
    assert [passage["text"] for passage in text["data"]] == ["A heron stood."]
    await server.say(made, "And now?")
    assert await attached(server, made) == [[copy["id"]], []]
    assert (await attached(server, origin))[0] == [first["id"]]
    await server.say(origin, "And that")
    assert (await attached(server, origin))[-1] == [waiting["id"]]


async def test_files_of_the_project_are_not_copied(server: Server) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    origin = await server.conversation(title="T", project_id=project)
    file = await new_file(server, project_id=project)
    both = await new_file(server, project_id=project, conversation_id=origin)
    await server.say(origin, "Look", file_ids=[file["id"]])
    made = (await branch(server, origin))["id"]
    assert await attached(server, made) == [[file["id"], both["id"]]]
    assert (await server.get("/files"))["total"] == 2
    assert (await server.call("DELETE", f"/conversations/{origin}")).status == 204
    for id in (file["id"], both["id"]):
        assert (await server.call("GET", f"/files/{id}/content")).status == 200


async def test_a_file_that_was_deleted_stays_named(server: Server) -> None:
    origin = await server.conversation(title="T")
    file = await new_file(server, conversation_id=origin)
    await server.say(origin, "Look")
    assert (await server.call("DELETE", f"/files/{file['id']}")).status == 204
    made = (await branch(server, origin))["id"]
    assert await attached(server, made) == [[file["id"]]]
    assert await files(server, made) == []


async def test_a_branch_outlives_what_it_comes_from(data: Path) -> None:
    async with running_server(data) as server:
        origin = await server.conversation(title="T")
        await new_file(server, b"bytes of a file", conversation_id=origin)
        await server.say(origin, "A zebra")
        made = await branch(server, origin)
        before = await items(server, made["id"])
        assert (await server.call("DELETE", f"/conversations/{origin}")).status == 204
        await swept()
    async with running_server(data) as server:
        assert await server.get(f"/conversations/{made['id']}") == made
        assert await items(server, made["id"]) == before
        [file] = await files(server, made["id"])
        answer = await server.call("GET", f"/files/{file['id']}/content")
        assert (answer.status, answer.body) == (200, b"bytes of a file")
        hits = (await server.get("/search", params={"q": "zebra", "kind": "item"}))["data"]
        assert {hit["conversation_id"] for hit in hits} == {made["id"]}
        assert (await server.say(made["id"], "And now?"))["status"] == "completed"
        assert (await server.call("DELETE", f"/conversations/{made['id']}")).status == 204
        await swept()
        assert (await server.get("/files"))["total"] == 0


async def test_a_turn_counts_once_whatever_branches_there_are(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data", model=ScriptedModel(say("a"))) as server:
        origin, _ = await talk(server, "One")
        before = await server.get("/usage")
        await branch(server, origin)
        assert await server.get("/usage") == before
