"""Projects, operation by operation."""

import asyncio
import re
import sqlite3
from pathlib import Path
from typing import Any

from tests.fakes.clock import FakeClock
from tests.fakes.connections import a_connection
from tests.fakes.model import ScriptedModel, done, say
from tests.fakes.server import Server, running_server


async def general(server: Server) -> Any:
    [found] = [p for p in (await server.get("/projects"))["data"] if p["is_general"]]
    return found


async def make(server: Server, name: str = "P", **fields: Any) -> str:
    return str((await server.post("/projects", {"name": name, **fields}))["id"])


async def a_skill(server: Server, name: str) -> str:
    return str((await server.post("/skills", {"name": name, "description": "S"}))["id"])


async def patch(server: Server, project: str, **fields: Any) -> Any:
    answer = await server.call("PATCH", f"/projects/{project}", json=fields)
    assert answer.status == 200, answer.body
    return answer.json()


async def test_a_project_needs_a_name_alone(timed: Server) -> None:
    answer = await timed.call("POST", "/projects", json={"name": "Sales"})
    assert answer.status == 201
    made = answer.json()
    assert made == {
        "id": made["id"],
        "name": "Sales",
        "description": "",
        "connector_ids": [],
        "skill_ids": [],
        "model": None,
        "is_general": False,
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
    }
    assert re.fullmatch(r"proj_[0-9a-z]{26}", made["id"])
    assert await timed.get(f"/projects/{made['id']}") == made


async def test_a_project_takes_description_connectors_skills_and_model(timed: Server) -> None:
    connections = [await a_connection(timed) for _ in range(2)]
    skills = [await a_skill(timed, name) for name in ("one", "two")]
    body = {
        "name": "Sales",
        "description": "Weekly reports",
        "connector_ids": connections,
        "skill_ids": skills,
        "model": "claude-haiku-4-5",
    }
    made = await timed.post("/projects", body)
    assert made == {
        **body,
        "id": made["id"],
        "is_general": False,
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
    }


async def test_two_projects_may_have_the_same_name(server: Server) -> None:
    assert await make(server, "Same") != await make(server, "Same")


async def test_general_exists_from_the_first_start(timed: Server) -> None:
    page = await timed.get("/projects")
    assert page == {
        "data": [
            {
                "id": page["data"][0]["id"],
                "name": "General",
                "description": page["data"][0]["description"],
                "connector_ids": [],
                "skill_ids": [],
                "model": None,
                "is_general": True,
                "created_at": "2026-01-01T00:00:00.000Z",
                "updated_at": "2026-01-01T00:00:00.000Z",
            }
        ],
        "total": 1,
        "has_more": False,
    }


async def test_general_is_the_same_after_another_start(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        before = await server.get("/projects")
    async with running_server(tmp_path / "data") as server:
        assert await server.get("/projects") == before


async def test_general_cannot_be_deleted(server: Server) -> None:
    project = await general(server)
    conversation = await server.conversation(project_id=project["id"])
    answer = await server.call("DELETE", f"/projects/{project['id']}")
    assert answer.status == 409
    assert answer.json()["error"]["type"] == "conflict"
    assert "General" in answer.json()["error"]["message"]
    assert await general(server) == project
    assert (await server.get(f"/conversations/{conversation}"))["project_id"] == project["id"]


async def test_general_stays_general_under_another_name(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        renamed = await patch(server, (await general(server))["id"], name="Everything else")
        assert (renamed["name"], renamed["is_general"]) == ("Everything else", True)
    async with running_server(tmp_path / "data") as server:
        assert await general(server) == renamed
        assert (await server.get("/projects"))["total"] == 1


async def test_a_project_named_general_is_a_project_like_any_other(server: Server) -> None:
    project = await make(server, "General")
    assert (await server.get(f"/projects/{project}"))["is_general"] is False
    assert (await server.call("DELETE", f"/projects/{project}")).status == 204


async def test_the_list_is_newest_first(timed: Server, clock: FakeClock) -> None:
    made = []
    for name in ("A", "B", "C"):
        clock.advance(1)
        made.append(await timed.post("/projects", {"name": name}))
    clock.advance(1)
    made[0] = await patch(timed, made[0]["id"], description="changed")
    page = await timed.get("/projects")
    assert page == {"data": [made[2], made[1], made[0], await general(timed)], "total": 4, "has_more": False}


async def test_pages_of_the_list_hold_each_project_once(server: Server) -> None:
    made = [(await general(server))["id"], *[await make(server, f"P{n}") for n in range(6)]]
    seen: list[str] = []
    for offset in (0, 3, 6, 9):
        page = await server.get("/projects", params={"limit": "3", "offset": str(offset)})
        assert (page["total"], page["has_more"]) == (7, offset + 3 < 7)
        seen += [project["id"] for project in page["data"]]
    assert seen == list(reversed(made))


async def test_a_page_has_50_projects_unless_told_otherwise(server: Server) -> None:
    for n in range(50):
        await make(server, f"P{n}")
    page = await server.get("/projects")
    assert (len(page["data"]), page["total"], page["has_more"]) == (50, 51, True)


async def test_a_patch_changes_what_it_names_and_the_time_of_change(timed: Server, clock: FakeClock) -> None:
    one, two, three = [await a_connection(timed) for _ in range(3)]
    project = await timed.post("/projects", {"name": "P", "description": "D", "connector_ids": [one]})
    changes: list[dict[str, Any]] = [
        {"name": "Q"},
        {"description": "E"},
        {"connector_ids": [two, three]},
        {"model": "claude-haiku-4-5"},
        {"skill_ids": [await a_skill(timed, "one"), await a_skill(timed, "two")]},
        {"description": "", "connector_ids": [], "skill_ids": []},
    ]
    for seconds, fields in enumerate(changes, start=1):
        clock.advance(1)
        changed = await patch(timed, project["id"], **fields)
        assert changed == {**project, **fields, "updated_at": f"2026-01-01T00:00:0{seconds}.000Z"}
        assert await timed.get(f"/projects/{project['id']}") == changed
        project = changed


async def test_a_patch_with_a_skill_that_does_not_exist_changes_nothing(server: Server) -> None:
    project = await server.post("/projects", {"name": "P"})
    body = {"name": "Q", "skill_ids": [await a_skill(server, "one"), "skill_1"]}
    answer = await server.call("PATCH", f"/projects/{project['id']}", json=body)
    assert (answer.status, answer.json()["error"]["param"]) == (422, "body.skill_ids")
    assert await server.get(f"/projects/{project['id']}") == project


async def test_the_model_of_a_turn_is_the_requests_else_the_projects_else_the_settings(
    tmp_path: Path,
) -> None:
    model = ScriptedModel(say("1"), say("2"), say("3"))
    async with running_server(tmp_path / "data", model=model) as server:
        project = await make(server, model="of-the-project")
        inside, outside = await server.conversation(project_id=project), await server.conversation()
        told = [
            (await server.say(inside, "Hi", model="of-the-request"))["model"],
            (await server.say(inside, "Hi"))["model"],
            (await server.say(outside, "Hi"))["model"],
        ]
    assert told == ["of-the-request", "of-the-project", "claude-opus-4-8"]
    assert [request.model for request in model.requests] == told


async def test_a_turn_is_told_of_its_project(tmp_path: Path) -> None:
    model = ScriptedModel(say("Yes."))
    async with running_server(tmp_path / "data", model=model) as server:
        project = await make(server, "Sales Automation", description="Weekly reporting flows")
        await server.say(await server.conversation(project_id=project), "Hi")
    system = "\n".join(model.requests[0].system)
    assert "Sales Automation" in system
    assert "Weekly reporting flows" in system


async def test_deleting_a_project_hides_it_and_its_conversations(server: Server) -> None:
    gone, kept = await make(server, "Gone"), await make(server, "Kept")
    inside = [await server.conversation(project_id=gone) for _ in range(3)]
    outside = await server.conversation(project_id=kept), await server.conversation()
    response = await server.say(inside[0], "Hi")
    answer = await server.call("DELETE", f"/projects/{gone}")
    assert (answer.status, answer.body) == (204, b"")
    assert (await server.call("GET", f"/projects/{gone}")).status == 404
    assert [p["name"] for p in (await server.get("/projects"))["data"]] == ["Kept", "General"]
    assert {c["id"] for c in (await server.get("/conversations"))["data"]} == set(outside)
    assert (await server.get("/conversations", params={"project_id": gone}))["total"] == 0
    assert (await server.get("/conversations"))["total"] == 2
    for conversation in inside:
        assert (await server.call("GET", f"/conversations/{conversation}")).status == 404
    assert (await server.call("GET", f"/responses/{response['id']}")).status == 404


async def test_deleting_a_project_cancels_all_its_turns_and_no_others(tmp_path: Path) -> None:
    gate = asyncio.Event()
    model = ScriptedModel([asyncio.Event()], [asyncio.Event()], [gate, done("x")])
    async with running_server(tmp_path / "data", model=model) as server:
        project = await make(server)
        inside = [await server.conversation(project_id=project) for _ in range(2)]
        outside = await server.conversation()
        ends: list[asyncio.Task[Any]] = []
        for n, conversation in enumerate([*inside, outside], start=1):
            ends.append(asyncio.create_task(server.say(conversation, "Hi")))
            while len(model.requests) < n:
                await asyncio.sleep(0)
        assert (await server.call("DELETE", f"/projects/{project}")).status == 204
        running = (await server.get("/responses/in-flight-list"))["data"]
        assert [response["conversation_id"] for response in running] == [outside]
        gate.set()
        assert (await ends[2])["status"] == "completed"
        for end in ends[:2]:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)


async def test_nothing_of_a_deleted_project_stays_in_the_database(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        project = await make(server, "Zanzibar-canary")
        await server.post("/memories", {"content": "Zanzibar-canary", "project_id": project})
        for _ in range(3):
            await server.say(await server.conversation(project_id=project), "Zanzibar-canary")
        kept = await server.conversation()
        await server.say(kept, "Hello")
        assert (await server.call("DELETE", f"/projects/{project}")).status == 204
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "sweep"))
    database = sqlite3.connect(f"file:{tmp_path / 'data' / 'cowork.db'}?mode=ro", uri=True)
    tables = ("projects", "conversations", "turns", "items", "memories")
    counts = {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    assert counts == {"projects": 1, "conversations": 1, "turns": 1, "items": 2, "memories": 0}
    assert not [
        row
        for table in tables
        for row in database.execute(f"SELECT * FROM {table}")
        if "Zanzibar" in str(row)
    ]
    strays = "SELECT count(*) FROM turn_events WHERE turn_id NOT IN (SELECT id FROM turns)"
    assert database.execute(strays).fetchone() == (0,)
    database.close()
