"""Memories, operation by operation."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.server import Server, running_server

NOW = "2026-01-01T00:00:00.000Z"
TEXTS = [
    "Prefers executive summaries.",
    "x" * 200_000,
    "\U0001f600" * 1000,
    "Ünïcödé 名前 שלום",
    "  two\n\n  lines \r\n",
    "<b>\"'--; DROP TABLE memories",
]


async def make(server: Server, content: str = "M", **fields: Any) -> Any:
    return await server.post("/memories", {"content": content, **fields})


async def project(server: Server) -> str:
    return str((await server.post("/projects", {"name": "P"}))["id"])


async def patch(server: Server, id: str, **fields: Any) -> Any:
    answer = await server.call("PATCH", f"/memories/{id}", json=fields)
    assert answer.status == 200, answer.body
    return answer.json()


async def contents(server: Server, **params: str) -> list[str]:
    return [memory["content"] for memory in (await server.get("/memories", params=params))["data"]]


async def test_a_memory_without_a_project_is_global_and_the_users(timed: Server) -> None:
    answer = await timed.call("POST", "/memories", json={"content": "Prefers executive summaries."})
    assert answer.status == 201
    made = answer.json()
    assert made == {
        "id": made["id"],
        "content": "Prefers executive summaries.",
        "project_id": None,
        "source": "user",
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert re.fullmatch(r"mem_[0-9a-z]{26}", made["id"])
    assert await timed.get(f"/memories/{made['id']}") == made


async def test_a_memory_may_be_of_a_project(timed: Server) -> None:
    id = await project(timed)
    made = await make(timed, "Q3 is the baseline.", project_id=id)
    assert made == {
        "id": made["id"],
        "content": "Q3 is the baseline.",
        "project_id": id,
        "source": "user",
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert await timed.get(f"/memories/{made['id']}") == made


async def test_a_null_project_is_none(server: Server) -> None:
    assert (await make(server, project_id=None))["project_id"] is None


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:10]))
async def test_a_content_of_1_to_200_000_characters_is_kept_as_it_is(text: str, server: Server) -> None:
    made = await make(server, text)
    assert made["content"] == text
    assert (await patch(server, made["id"], content=f"{text[:-1]}!"))["content"] == f"{text[:-1]}!"
    assert await contents(server) == [f"{text[:-1]}!"]


@pytest.mark.parametrize("text", ["", " ", "\n\t", "x" * 200_001], ids=lambda text: repr(text[:10]))
async def test_a_content_that_is_empty_or_too_long_is_invalid(text: str, server: Server) -> None:
    memory = await make(server)
    for method, path in (("POST", "/memories"), ("PATCH", f"/memories/{memory['id']}")):
        answer = await server.call(method, path, json={"content": text})
        assert (answer.status, answer.json()["error"]["param"]) == (422, "body.content")
    assert await contents(server) == ["M"]


async def test_the_api_makes_a_memory_that_stands_once_more(server: Server) -> None:
    assert (await make(server, "Same"))["id"] != (await make(server, "Same"))["id"]
    assert await contents(server) == ["Same", "Same"]


async def test_without_a_project_the_list_has_the_global_ones_alone(server: Server) -> None:
    first, second = await project(server), await project(server)
    for name, id in (("first", first), ("second", second), ("global", None)):
        await make(server, name, project_id=id)
    assert await contents(server) == ["global"]
    assert await contents(server, project_id=first) == ["first"]
    assert await contents(server, project_id=second) == ["second"]
    for nothing in ("", "...", "proj_01jz0000000000000000000000", "' OR 1=1 --"):
        page = await server.get("/memories", params={"project_id": nothing})
        assert page == {"data": [], "total": 0, "has_more": False}


async def test_the_list_is_newest_first_whatever_changed_since(timed: Server, clock: FakeClock) -> None:
    made = []
    for name in ("A", "B", "C"):
        clock.advance(1)
        made.append(await make(timed, name))
    clock.advance(1)
    made[0] = await patch(timed, made[0]["id"], content="changed")
    assert await timed.get("/memories") == {
        "data": [made[2], made[1], made[0]],
        "total": 3,
        "has_more": False,
    }


async def test_a_source_filters_the_list(server: Server) -> None:
    id = await project(server)
    await make(server, "global")
    await make(server, "of the project", project_id=id)
    assert await contents(server, source="user") == ["global"]
    assert await contents(server, source="user", project_id=id) == ["of the project"]
    for of_project in ({}, {"project_id": id}):
        page = await server.get("/memories", params={"source": "agent", **of_project})
        assert page == {"data": [], "total": 0, "has_more": False}


async def test_pages_of_the_list_hold_each_memory_once(server: Server) -> None:
    made = [(await make(server, f"M{n}"))["id"] for n in range(7)]
    seen: list[str] = []
    for offset in (0, 3, 6, 9):
        page = await server.get("/memories", params={"limit": "3", "offset": str(offset)})
        assert (page["total"], page["has_more"]) == (7, offset + 3 < 7)
        seen += [memory["id"] for memory in page["data"]]
    assert seen == list(reversed(made))


async def test_a_client_that_pages_nothing_gets_all(server: Server) -> None:
    for n in range(201):
        await make(server, f"M{n}")
    page = await server.get("/memories")
    assert (len(page["data"]), page["total"], page["has_more"]) == (201, 201, False)


async def test_a_patch_changes_the_content_and_the_time_of_change(timed: Server, clock: FakeClock) -> None:
    made = await make(timed, "Before", project_id=await project(timed))
    clock.advance(1)
    changed = await patch(timed, made["id"], content="After")
    assert changed == {**made, "content": "After", "updated_at": "2026-01-01T00:00:01.000Z"}
    assert await timed.get(f"/memories/{made['id']}") == changed
    clock.advance(1)
    assert await patch(timed, made["id"]) == changed


async def test_a_deleted_memory_is_gone(server: Server) -> None:
    gone, kept = await make(server, "Gone"), await make(server, "Kept")
    answer = await server.call("DELETE", f"/memories/{gone['id']}")
    assert (answer.status, answer.body) == (204, b"")
    for method in ("GET", "DELETE"):
        assert (await server.call(method, f"/memories/{gone['id']}")).status == 404
    answer = await server.call("PATCH", f"/memories/{gone['id']}", json={"content": "Back"})
    assert (answer.status, answer.json()["error"]["type"]) == (404, "not_found")
    assert (await server.get("/memories"))["data"] == [kept]


async def test_deleting_a_project_deletes_its_memories_and_no_others(server: Server) -> None:
    gone, kept = await project(server), await project(server)
    inside = [await make(server, f"M{n}", project_id=gone) for n in range(3)]
    others = [await make(server, "Kept", project_id=kept), await make(server, "Global")]
    assert (await server.call("DELETE", f"/projects/{gone}")).status == 204
    for memory in inside:
        assert (await server.call("GET", f"/memories/{memory['id']}")).status == 404
        answer = await server.call("PATCH", f"/memories/{memory['id']}", json={"content": "x"})
        assert answer.status == 404
    assert await contents(server, project_id=gone) == []
    assert [await server.get(f"/memories/{memory['id']}") for memory in others] == others


async def test_memories_outlive_the_server_and_newer_ones_have_greater_ids(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        before = await make(server, "Before")
    past = FakeClock(now=946_684_800_000)
    async with running_server(tmp_path / "data", clock=past) as server:
        after = await make(server, "After")
        assert after["id"] > before["id"]
        assert (await server.get("/memories"))["data"] == [after, before]


async def test_many_at_once_are_all_made(server: Server) -> None:
    made = await asyncio.gather(*(make(server, f"M{n}") for n in range(50)))
    page = await server.get("/memories")
    assert page["total"] == 50
    assert sorted(memory["id"] for memory in made) == sorted(memory["id"] for memory in page["data"])
