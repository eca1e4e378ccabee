"""What a conversation made and used, and where a memory was used."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop import keys
from cowork_desktop.agent.conversation_contents import MOST
from cowork_desktop.schemas.memories import MemoryCreate
from cowork_desktop.schemas.responses import Usage
from cowork_desktop.store import memories, turns
from cowork_desktop.store.database import Tx
from tests.fakes.files import new_file, until_read
from tests.fakes.model import ScriptedModel, call, say
from tests.fakes.server import Server, fault, running_server

NOTE: dict[str, object] = {
    "title": "Note",
    "type": "doc",
    "files": [{"path": "index.html", "content": "<p>Hello"}],
}
NOTHING: dict[str, Any] = {
    "scratchpads": [],
    "artifacts": [],
    "files": [],
    "memories": [],
    "skills": [],
    "usage": Usage().model_dump(),
    "cost_usd": 0.0,
    "is_complete": True,
}


@asynccontextmanager
async def working(data: Path, *scripts: Any) -> AsyncIterator[Server]:
    async with running_server(data, model=ScriptedModel(*scripts)) as server:
        await server.call("PATCH", "/settings", json={"kernels": {"spare": False}})
        yield server


async def contents(server: Server, conversation: str) -> Any:
    return await server.get(f"/conversations/{conversation}/contents")


def ids(found: list[Any]) -> list[str]:
    return [one["id"] for one in found]


async def test_a_new_conversation_has_nothing(server: Server) -> None:
    assert await contents(server, await server.conversation()) == NOTHING


async def test_an_unknown_conversation_has_no_contents(server: Server) -> None:
    answer = await server.call("GET", "/conversations/conv_unknown/contents")
    assert fault(answer) == (404, "not_found", None)
    conversation = await server.conversation()
    await server.call("DELETE", f"/conversations/{conversation}")
    assert (await server.call("GET", f"/conversations/{conversation}/contents")).status == 404


async def test_scratchpads_and_the_reports_of_them_are_there_newest_first(server: Server) -> None:
    conversation = await server.conversation()
    cells = [{"type": "code", "content": "1"}, {"type": "output", "outputs": []}, {"type": "markdown"}]
    body = {"conversation_id": conversation, "title": "One", "cells": cells}
    one = await server.post("/scratchpads", body)
    two = await server.post("/scratchpads", {"conversation_id": conversation, "title": "Two"})
    await server.post("/scratchpads", {"conversation_id": await server.conversation()})
    answer = await server.call("PATCH", f"/scratchpads/{one['id']}", json={"saved": True})
    saved = answer.json()
    found = await contents(server, conversation)
    assert found["scratchpads"][1] == {
        "id": one["id"],
        "title": "One",
        "saved": True,
        "artifact_id": saved["artifact_id"],
        "cells": 2,
        "updated_at": saved["updated_at"],
    }
    assert ids(found["scratchpads"]) == [two["id"], one["id"]]
    assert found["artifacts"] == [await server.get(f"/artifacts/{saved['artifact_id']}")]


async def test_files_are_those_of_the_conversation(server: Server) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    conversation = await server.conversation(project_id=project)
    await new_file(server, b"of the project", project_id=project)
    one = await new_file(server, b"one", conversation_id=conversation)
    two = await new_file(server, b"two", conversation_id=conversation, project_id=project)
    gone = await new_file(server, b"gone", conversation_id=conversation)
    await server.call("DELETE", f"/files/{gone['id']}")
    read = [await until_read(server, file["id"]) for file in (two, one)]
    assert (await contents(server, conversation))["files"] == read


async def test_what_the_agent_made_is_there_until_it_is_undone(data: Path) -> None:
    scripts = (
        call("create_artifact", NOTE, "{}"),
        call("remember", {"content": "Likes tea."}, "{}"),
        say("Done."),
    )
    async with working(data, *scripts) as server:
        conversation = await server.conversation(title="T")
        response = await server.say(conversation, "Do it.")
        found = await contents(server, conversation)
        assert found["artifacts"] == (await server.get("/artifacts"))["data"]
        assert found["memories"] == (await server.get("/memories"))["data"]
        assert (len(found["artifacts"]), len(found["memories"])) == (1, 1)
        await server.post(f"/responses/{response['id']}/undo")
        found = await contents(server, conversation)
        assert (found["artifacts"], found["memories"]) == ([], [])


async def test_skills_are_those_of_the_project_the_request_and_the_agents_own_choice(data: Path) -> None:
    use = call("use_skill", {"name": "loaded"}, "{}")
    missed = call("use_skill", {"name": "unknown"}, "{}")
    async with working(data, use, missed, say("Done.")) as server:
        made = [
            (await server.post("/skills", {"name": name, "description": "About it"}))["id"]
            for name in ("of-project", "of-request", "loaded", "unused")
        ]
        project = (await server.post("/projects", {"name": "P", "skill_ids": made[:1]}))["id"]
        conversation = await server.conversation(project_id=project, title="T")
        assert ids((await contents(server, conversation))["skills"]) == made[:1]
        await server.say(conversation, "Do it.", skill_ids=[made[1]])
        assert ids((await contents(server, conversation))["skills"]) == [made[2], made[1], made[0]]
        await server.call("DELETE", f"/skills/{made[2]}")
        assert ids((await contents(server, conversation))["skills"]) == [made[1], made[0]]


async def test_sub_tasks_count_with_the_turn_that_began_them(data: Path) -> None:
    usage = Usage(input_tokens=1_000_000)
    scripts = (
        call("start_task", {"task": "Write a note."}, "{}"),
        call("create_artifact", NOTE, "{}"),
        say("Written.", usage=usage),
        say("Done.", usage=usage),
    )
    async with working(data, *scripts) as server:
        conversation = await server.conversation(title="T")
        await server.say(conversation, "Do it.")
        found = await contents(server, conversation)
        assert len(found["artifacts"]) == 1
        whole = (await server.get("/usage"))["usage"]
        assert found["usage"] == whole
        assert whole["input_tokens"] > 2_000_000
        assert found["cost_usd"] == pytest.approx((await server.get("/usage"))["cost_usd"])
        assert found["cost_usd"] > 10


async def test_of_many_the_newest_are_there(server: Server) -> None:
    conversation = await server.conversation()
    made = []
    for n in range(MOST + 1):
        body = {"conversation_id": conversation, "title": str(n)}
        made.append((await server.post("/scratchpads", body))["id"])
        if n == MOST - 1:
            assert (await contents(server, conversation))["is_complete"] is True
    found = await contents(server, conversation)
    assert ids(found["scratchpads"]) == list(reversed(made))[:MOST]
    assert found["is_complete"] is False


# Where a memory was used


async def test_a_memory_tells_in_which_responses_it_was_used(data: Path) -> None:
    async with working(data, *[say("Yes.")] * 4) as server:
        conversation = await server.conversation(title="Before")
        await server.say(conversation, "Hi")
        memory = (await server.post("/memories", {"content": "Likes tea."}))["id"]
        other = await server.conversation(title="After")
        said = [await server.say(id, "Hi") for id in (conversation, other)]
        assert [one["memory_ids"] for one in said] == [[memory]] * 2
        uses = [
            {
                "response_id": response["id"],
                "conversation_id": response["conversation_id"],
                "title": title,
                "created_at": response["created_at"],
            }
            for response, title in zip(said, ("Before", "After"), strict=True)
        ]
        page = await server.get(f"/memories/{memory}/uses")
        assert page == {"data": [uses[1], uses[0]], "total": 2, "has_more": False}
        page = await server.get(f"/memories/{memory}/uses", params={"limit": 1, "offset": 0})
        assert page == {"data": uses[1:], "total": 2, "has_more": True}
        page = await server.get(f"/memories/{memory}/uses", params={"offset": 2})
        assert page == {"data": [], "total": 2, "has_more": False}
        assert ids((await contents(server, other))["memories"]) == [memory]
        await server.call("DELETE", f"/conversations/{other}")
        assert (await server.get(f"/memories/{memory}/uses"))["data"] == uses[:1]


async def test_a_memory_that_nobody_was_told_has_no_uses(server: Server) -> None:
    memory = (await server.post("/memories", {"content": "M"}))["id"]
    assert await server.get(f"/memories/{memory}/uses") == {"data": [], "total": 0, "has_more": False}
    assert fault(await server.call("GET", "/memories/mem_unknown/uses")) == (404, "not_found", None)


async def test_the_uses_of_a_memory_are_found_among_very_many_responses(server: Server) -> None:
    conversation = await server.conversation()
    new = server.app[keys.IDS].new
    memory = new("mem")

    def fill(tx: Tx) -> None:
        memories.create(tx, memory, 0, MemoryCreate(content="M"))
        about: dict[str, Any] = {"input": "Hello" * 400, "model": "m", "provider": "offline"}
        for n in range(5_000):
            id = new("resp")
            used = [memory] if n % 1_000 == 0 else ["mem_other"] * 20
            turns.create(tx, id=id, conversation_id=conversation, now=n, memory_ids=used, **about)
            turns.finish(tx, id, output=[], usage=Usage(), error=None, now=n)

    await server.app[keys.DB].write(fill)
    async with asyncio.timeout(5):
        page = await server.get(f"/memories/{memory}/uses", params={"limit": 2})
    assert (page["total"], page["has_more"], len(page["data"])) == (5, True, 2)
