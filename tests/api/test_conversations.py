"""Conversations and their items, operation by operation."""

import asyncio
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.agent.model import Text, TextDelta
from cowork_desktop.schemas.conversations import Conversation, ItemPage
from tests.fakes.clock import FakeClock
from tests.fakes.model import ScriptedModel, call, done, say
from tests.fakes.server import Server, running_server

CONTENTS = ("conversations", "items", "turns", "turn_events")


async def ids(server: Server, **query: Any) -> list[str]:
    page = await server.get("/conversations", params={name: str(value) for name, value in query.items()})
    return [conversation["id"] for conversation in page["data"]]


async def items(server: Server, conversation: str, **query: Any) -> Any:
    params = {name: str(value) for name, value in query.items()}
    return await server.get(f"/conversations/{conversation}/items", params=params)


async def patch(server: Server, conversation: str, **fields: Any) -> Any:
    answer = await server.call("PATCH", f"/conversations/{conversation}", json=fields)
    assert answer.status == 200, answer.body
    return answer.json()


async def swept() -> None:
    """Wait for what takes away the contents of deleted things."""
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "sweep"))


def rows(data_dir: Path, *tables: str) -> dict[str, int]:
    """How many rows the tables have, once the server has ended."""
    database = sqlite3.connect(f"file:{data_dir / 'cowork.db'}?mode=ro", uri=True)
    try:
        return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    finally:
        database.close()


async def test_a_conversation_needs_nothing(timed: Server) -> None:
    answer = await timed.call("POST", "/conversations", json={})
    assert answer.status == 201
    made = answer.json()
    assert made == {
        "id": made["id"],
        "project_id": None,
        "title": None,
        "goal": None,
        "status": "active",
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
        "branched_from": None,
    }
    assert re.fullmatch(r"conv_[0-9a-z]{26}", made["id"])


async def test_a_conversation_takes_project_title_and_goal(timed: Server) -> None:
    project = (await timed.post("/projects", {"name": "P"}))["id"]
    body = {"project_id": project, "title": "Q2 analysis", "goal": "Analyse Q2 revenue by region"}
    made = await timed.post("/conversations", body)
    assert made == {
        "id": made["id"],
        "project_id": project,
        "title": "Q2 analysis",
        "goal": "Analyse Q2 revenue by region",
        "status": "active",
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
        "branched_from": None,
    }


async def test_null_in_a_new_conversation_means_absent(server: Server) -> None:
    made = await server.post("/conversations", {"project_id": None, "title": None, "goal": None})
    assert (made["project_id"], made["title"], made["goal"]) == (None, None, None)


async def test_ids_sort_by_creation_even_when_the_clock_goes_back(timed: Server, clock: FakeClock) -> None:
    made = []
    for seconds in (0, 5, -3600, 0, 1):
        clock.set_now(clock.now() + seconds * 1000)
        made.append(await timed.conversation())
    assert sorted(made) == made
    assert len(set(made)) == 5


async def test_getting_a_conversation_gives_what_was_created(server: Server) -> None:
    made = await server.post("/conversations", {"title": "T"})
    assert await server.get(f"/conversations/{made['id']}") == made


async def test_a_patch_changes_what_it_names_and_the_time_of_change(timed: Server, clock: FakeClock) -> None:
    made = await timed.post("/conversations", {"title": "T", "goal": "G"})
    for seconds, fields in enumerate(({"title": "U"}, {"goal": "H"}, {"status": "archived"}), start=1):
        clock.advance(1)
        changed = await patch(timed, made["id"], **fields)
        assert changed == {**made, **fields, "updated_at": f"2026-01-01T00:00:0{seconds}.000Z"}
        assert await timed.get(f"/conversations/{made['id']}") == changed
        made = changed


async def test_an_archived_conversation_can_be_active_again(server: Server) -> None:
    conversation = await server.conversation()
    await patch(server, conversation, status="archived")
    assert (await patch(server, conversation, status="active"))["status"] == "active"
    assert (await server.get("/conversations", params={"status": "active"}))["total"] == 1
    assert (await server.get("/conversations", params={"status": "archived"}))["total"] == 0


async def test_the_list_of_no_conversations_is_empty(server: Server) -> None:
    assert await server.get("/conversations") == {"data": [], "total": 0, "has_more": False}


async def test_the_list_holds_whole_conversations(timed: Server, clock: FakeClock) -> None:
    first = await timed.post("/conversations", {"title": "First"})
    clock.advance(1)
    second = await timed.post("/conversations", {"title": "Second"})
    assert await timed.get("/conversations") == {"data": [second, first], "total": 2, "has_more": False}


async def test_what_the_database_writes_as_json_is_what_the_models_would(server: Server) -> None:
    text = '"quoted" \\ \u2028 \u0001 \u007f Zoë 🐢 %d</script>'
    conversation = await server.conversation(title=text, goal=text)
    await server.say(conversation, text)
    shown = await server.get(f"/conversations/{conversation}")
    assert shown["title"] == shown["goal"] == text
    assert shown == Conversation.model_validate(shown).model_dump(mode="json")
    page = await server.get("/conversations")
    assert page == {"data": [shown], "total": 1, "has_more": False}
    page = await server.get(f"/conversations/{conversation}/items")
    assert page["data"][0]["content"] == page["data"][0]["parts"][0]["text"] == text
    assert page == ItemPage.model_validate(page).model_dump(mode="json")


async def test_the_list_is_in_the_order_of_last_activity(timed: Server, clock: FakeClock) -> None:
    a, b, c = [await timed.conversation() for _ in range(3)]
    clock.advance(1)
    await timed.say(a, "Hello")
    assert await ids(timed) == [a, c, b]
    clock.advance(1)
    await patch(timed, b, title="Touched")
    assert await ids(timed) == [b, a, c]
    clock.advance(1)
    await patch(timed, c)
    await timed.get(f"/conversations/{c}")
    assert await ids(timed) == [b, a, c]


async def test_each_item_of_a_turn_counts_as_activity(tmp_path: Path, clock: FakeClock) -> None:
    gate = asyncio.Event()
    async with running_server(
        tmp_path / "data", clock=clock, model=ScriptedModel([gate, *say("x")])
    ) as server:
        a, b = await server.conversation(title="A"), await server.conversation(title="B")
        clock.advance(1)
        body = {"conversation_id": a, "input": "Hi"}
        async with server.stream("POST", "/responses", json=body) as followed:
            await anext(followed)
            assert (await server.get(f"/conversations/{a}"))["updated_at"] == "2026-01-01T00:00:01.000Z"
            clock.advance(1)
            await patch(server, b, title="B again")
            clock.advance(1)
            gate.set()
            async for _ in followed:
                pass
        assert (await server.get(f"/conversations/{a}"))["updated_at"] == "2026-01-01T00:00:03.000Z"
        assert await ids(server) == [a, b]


async def test_the_list_can_be_filtered_by_project_and_status(timed: Server, clock: FakeClock) -> None:
    one, two = [(await timed.post("/projects", {"name": name}))["id"] for name in ("One", "Two")]
    made: dict[tuple[str | None, str], str] = {}
    for project in (one, two, None):
        for status in ("active", "archived"):
            clock.advance(1)
            made[project, status] = await timed.conversation(project_id=project)
            await patch(timed, made[project, status], status=status)
    every = list(reversed(made.values()))
    assert await ids(timed) == every
    assert await ids(timed, status="active") == [
        id for id in every if id in (made[one, "active"], made[two, "active"], made[None, "active"])
    ]
    assert await ids(timed, project_id=one) == [made[one, "archived"], made[one, "active"]]
    assert await ids(timed, project_id=two, status="archived") == [made[two, "archived"]]
    for query, total in (({}, 6), ({"status": "archived"}, 3), ({"project_id": one}, 2)):
        assert (await timed.get("/conversations", params=query))["total"] == total


@pytest.mark.parametrize("project", ["proj_01jz0000000000000000000000", "", "x", "\0"])
async def test_a_filter_by_a_project_that_does_not_exist_matches_nothing(
    project: str, server: Server
) -> None:
    await server.conversation()
    page = await server.get("/conversations", params={"project_id": project})
    assert page == {"data": [], "total": 0, "has_more": False}


async def test_pages_of_the_list_hold_each_conversation_once(timed: Server, clock: FakeClock) -> None:
    made = []
    for _ in range(7):
        clock.advance(1)
        made.append(await timed.conversation())
    seen: list[str] = []
    for offset in (0, 3, 6, 9):
        page = await timed.get("/conversations", params={"limit": "3", "offset": str(offset)})
        assert (page["total"], page["has_more"]) == (7, offset + 3 < 7)
        seen += [conversation["id"] for conversation in page["data"]]
    assert seen == list(reversed(made))


async def test_a_page_that_ends_with_the_list_has_no_more(server: Server) -> None:
    for _ in range(3):
        await server.conversation()
    assert (await server.get("/conversations", params={"limit": "3"}))["has_more"] is False
    assert (await server.get("/conversations", params={"limit": "2"}))["has_more"] is True


async def test_a_page_has_50_conversations_unless_told_otherwise(server: Server) -> None:
    for _ in range(51):
        await server.conversation()
    page = await server.get("/conversations")
    assert (len(page["data"]), page["total"], page["has_more"]) == (50, 51, True)


async def test_the_total_follows_every_change(server: Server) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    made = [await server.conversation(project_id=project) for _ in range(3)]
    await patch(server, made[0], status="archived")
    await server.call("DELETE", f"/conversations/{made[1]}")

    async def total(**query: str) -> int:
        return int((await server.get("/conversations", params=query))["total"])

    assert await total() == 2
    assert await total(status="active") == 1
    assert await total(status="archived", project_id=project) == 1
    await server.call("DELETE", f"/conversations/{made[0]}")
    assert await total(status="archived") == 0
    assert await total(project_id=project) == 1


async def test_the_first_message_gives_a_title_and_the_second_does_not(server: Server) -> None:
    conversation = await server.conversation()
    await server.say(conversation, "Compare the two offers")
    await server.say(conversation, "Something else")
    assert (await server.get(f"/conversations/{conversation}"))["title"] == "Compare the two offers"


async def test_a_title_that_was_cleared_is_made_of_the_next_message(server: Server) -> None:
    conversation = await server.conversation(title="Mine")
    await server.say(conversation, "First")
    assert (await server.get(f"/conversations/{conversation}"))["title"] == "Mine"
    await patch(server, conversation, title=None)
    await server.say(conversation, "Second")
    assert (await server.get(f"/conversations/{conversation}"))["title"] == "Second"


async def test_the_goal_is_told_to_the_model(tmp_path: Path) -> None:
    model = ScriptedModel(say("Yes."), say("Yes."))
    async with running_server(tmp_path / "data", model=model) as server:
        conversation = await server.conversation(goal="Analyse Q2 revenue by region")
        await server.say(conversation, "Go")
        await patch(server, conversation, goal=None)
        await server.say(conversation, "Go")
    with_goal, without = ["\n".join(request.system) for request in model.requests]
    assert "Analyse Q2 revenue by region" in with_goal
    assert "Analyse Q2 revenue by region" not in without


async def test_a_new_conversation_has_no_items(server: Server) -> None:
    page = await items(server, await server.conversation())
    assert page == {"data": [], "has_more": False, "next_before": None}


async def test_items_are_the_whole_of_what_was_said_in_its_order(tmp_path: Path, clock: FakeClock) -> None:
    async with running_server(
        tmp_path / "data", clock=clock, model=ScriptedModel(say("Hel", "lo"))
    ) as server:
        conversation = await server.conversation()
        clock.advance(2)
        response = await server.say(conversation, "Hi there")
        page = await items(server, conversation)
    user, assistant = page["data"]
    assert page == {"data": [user, assistant], "has_more": False, "next_before": None}
    assert user == {
        "id": user["id"],
        "conversation_id": conversation,
        "response_id": response["id"],
        "role": "user",
        "content": "Hi there",
        "parts": [{"type": "text", "text": "Hi there"}],
        "created_at": "2026-01-01T00:00:02.000Z",
        "version": {"index": 1, "total": 1},
    }
    assert assistant == {
        "id": assistant["id"],
        "conversation_id": conversation,
        "response_id": response["id"],
        "role": "assistant",
        "content": "Hello",
        "parts": [{"type": "text", "text": "Hello"}],
        "created_at": "2026-01-01T00:00:02.000Z",
        "version": None,
    }
    assert re.fullmatch(r"msg_[0-9a-z]{26}", user["id"])
    assert user["id"] < assistant["id"]


async def test_the_parts_of_an_item_hold_its_tool_calls(tmp_path: Path, clock: FakeClock) -> None:
    model = ScriptedModel(
        call("search_conversation", {"query": "gold"}, '{"query": "gold"}'), say("Nothing.")
    )
    async with running_server(tmp_path / "data", clock=clock, model=model) as server:
        conversation = await server.conversation()
        await server.say(conversation, "Anything about silver?")
        item = (await items(server, conversation))["data"][-1]
    tool_call, text = item["parts"]
    assert tool_call == {
        "type": "tool_call",
        "call_id": "call_1",
        "name": "search_conversation",
        "arguments": {"query": "gold"},
        "output": tool_call["output"],
        "status": "success",
        "seconds": 0.0,
        "round": 0,
        "source": None,
        "links": [],
    }
    assert text == {"type": "text", "text": "Nothing."}
    assert item["content"] == "Nothing."


async def test_the_users_item_is_there_while_the_turn_runs(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running_server(tmp_path / "data", model=ScriptedModel([gate, done("x")])) as server:
        conversation = await server.conversation()
        body = {"conversation_id": conversation, "input": "Hi"}
        async with server.stream("POST", "/responses", json=body) as followed:
            await anext(followed)
            assert [item["content"] for item in (await items(server, conversation))["data"]] == ["Hi"]
            gate.set()


async def test_pages_of_items_go_backwards_without_gap_or_duplicate_while_new_ones_arrive(
    server: Server,
) -> None:
    conversation = await server.conversation()
    for n in range(5):
        await server.say(conversation, f"Message {n}")
    before = (await items(server, conversation))["data"]
    assert len(before) == 10
    seen: list[Any] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = await items(server, conversation, **query)
        seen = page["data"] + seen
        await server.say(conversation, "One more in between")
        if not page["has_more"]:
            assert page["next_before"] is None
            break
        assert len(page["data"]) == 3
        query["before"] = page["next_before"]
        assert page["next_before"] == page["data"][0]["id"]
    assert seen == before


async def test_items_before_the_first_one_are_none(server: Server) -> None:
    conversation = await server.conversation()
    await server.say(conversation, "Hi")
    first = (await items(server, conversation))["data"][0]["id"]
    assert await items(server, conversation, before=first) == {
        "data": [],
        "has_more": False,
        "next_before": None,
    }


async def test_a_page_that_ends_with_the_first_item_has_no_more(server: Server) -> None:
    conversation = await server.conversation()
    await server.say(conversation, "Hi")
    await server.say(conversation, "Hi again")
    page = await items(server, conversation, limit=4)
    assert (len(page["data"]), page["has_more"], page["next_before"]) == (4, False, None)


async def test_a_page_has_the_newest_100_items_unless_told_otherwise(server: Server) -> None:
    conversation = await server.conversation()
    for n in range(51):
        await server.say(conversation, f"Message {n}")
    page = await items(server, conversation)
    assert (len(page["data"]), page["has_more"]) == (100, True)
    assert page["data"][0]["content"] == "Message 1"
    rest = await items(server, conversation, before=page["next_before"])
    assert rest["data"][0]["content"] == "Message 0"
    assert (len(rest["data"]), rest["has_more"]) == (2, False)


async def test_the_order_of_items_does_not_depend_on_the_clock(timed: Server, clock: FakeClock) -> None:
    conversation = await timed.conversation()
    said = []
    for n, step in enumerate((0, 3600, -7200, 1, -86_400)):
        clock.set_now(clock.now() + step * 1000)
        await timed.say(conversation, f"Message {n}")
        said.append(f"Message {n}")
    page = (await items(timed, conversation))["data"]
    assert [item["content"] for item in page if item["role"] == "user"] == said
    assert [item["id"] for item in page] == sorted(item["id"] for item in page)


async def test_a_conversation_goes_on_after_the_server_has_ended(tmp_path: Path) -> None:
    model = ScriptedModel(say("Noted."), say("Blue."))
    async with running_server(tmp_path / "data", model=model) as server:
        conversation = await server.conversation()
        await server.say(conversation, "My favourite colour is blue.")
        before = (await server.get(f"/conversations/{conversation}"), await items(server, conversation))
    async with running_server(tmp_path / "data", model=model) as server:
        assert (
            await server.get(f"/conversations/{conversation}"),
            await items(server, conversation),
        ) == before
        await server.say(conversation, "Which is it?")
    told = [part.text for m in model.requests[-1].messages for part in m.content if isinstance(part, Text)]
    assert told[:3] == ["My favourite colour is blue.", "Noted.", "Which is it?"]


async def test_deleting_a_conversation_takes_it_out_of_every_answer(server: Server) -> None:
    kept, gone = await server.conversation(title="Kept"), await server.conversation(title="Gone")
    response = await server.say(gone, "Hi")
    answer = await server.call("DELETE", f"/conversations/{gone}")
    assert (answer.status, answer.body) == (204, b"")
    assert await ids(server) == [kept]
    for method, path in (
        ("GET", f"/conversations/{gone}"),
        ("PATCH", f"/conversations/{gone}"),
        ("DELETE", f"/conversations/{gone}"),
        ("GET", f"/conversations/{gone}/items"),
        ("GET", f"/responses/{response['id']}"),
        ("GET", f"/responses/{response['id']}/events"),
        ("POST", f"/responses/{response['id']}/cancel"),
    ):
        options: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
        assert (await server.call(method, path, **options)).status == 404, path


async def test_deleting_a_conversation_cancels_its_turn(tmp_path: Path) -> None:
    model = ScriptedModel([TextDelta("So far"), asyncio.Event()])
    async with running_server(tmp_path / "data", model=model) as server:
        conversation = await server.conversation()
        body = {"conversation_id": conversation, "input": "Hi"}
        async with server.stream("POST", "/responses", json=body) as followed:
            async for frame in followed:
                if frame.type == "response.output_text.delta":
                    break
            assert (await server.call("DELETE", f"/conversations/{conversation}")).status == 204
            last = [frame async for frame in followed][-1]
        assert last.type == "response.failed"
        assert last.data["response"]["error"]["type"] == "cancelled"
        assert (await server.get("/responses/in-flight-list"))["data"] == []
        await swept()
    assert rows(tmp_path / "data", *CONTENTS) == dict.fromkeys(CONTENTS, 0)


async def test_deleting_a_conversation_leaves_the_turns_of_others_running(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running_server(tmp_path / "data", model=ScriptedModel([gate, *say("Done.")])) as server:
        kept, gone = await server.conversation(), await server.conversation()
        body = {"conversation_id": kept, "input": "Hi"}
        async with server.stream("POST", "/responses", json=body) as followed:
            await anext(followed)
            await server.call("DELETE", f"/conversations/{gone}")
            gate.set()
            assert [frame async for frame in followed][-1].type == "response.completed"


async def test_nothing_of_a_deleted_conversation_stays_in_the_database(tmp_path: Path) -> None:
    canary = "Zanzibar-canary-in-a-message"
    async with running_server(tmp_path / "data") as server:
        gone = await server.conversation(title=f"{canary} title", goal=f"{canary} goal")
        for _ in range(3):
            await server.say(gone, canary)
        kept = await server.conversation()
        await server.say(kept, "Hello")
        events = len(await server.events((await items(server, kept))["data"][0]["response_id"]))
        await server.call("DELETE", f"/conversations/{gone}")
        await swept()
        assert events > 5
    assert rows(tmp_path / "data", *CONTENTS[:3]) == {"conversations": 1, "items": 2, "turns": 1}
    database = sqlite3.connect(f"file:{tmp_path / 'data' / 'cowork.db'}?mode=ro", uri=True)
    strays = "SELECT count(*) FROM turn_events WHERE turn_id NOT IN (SELECT id FROM turns)"
    assert database.execute(strays).fetchone() == (0,)
    assert not [
        row for table in CONTENTS for row in database.execute(f"SELECT * FROM {table}") if canary in str(row)
    ]
    database.close()


async def test_what_was_not_swept_is_swept_at_the_next_start(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        gone = await server.conversation()
        await server.say(gone, "Hi")
    database = sqlite3.connect(tmp_path / "data" / "cowork.db")
    database.execute("UPDATE conversations SET deleted_at = 1")
    database.commit()
    database.close()
    async with running_server(tmp_path / "data") as server:
        assert await ids(server) == []
        await swept()
    assert rows(tmp_path / "data", *CONTENTS) == dict.fromkeys(CONTENTS, 0)
