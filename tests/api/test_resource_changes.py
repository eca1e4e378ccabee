"""Windows are told of each change of what they show, whoever made it, and of nothing that was not kept."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop import keys
from cowork_desktop.api import ENDPOINTS
from cowork_desktop.schemas.memories import MemoryCreate
from cowork_desktop.store import memories, news
from cowork_desktop.store.database import Tx
from tests.fakes.artifacts import save
from tests.fakes.asking import begin, ended
from tests.fakes.connections import a_connection, until_tested
from tests.fakes.files import new_file, until_read, upload
from tests.fakes.model import ScriptedModel, call, say
from tests.fakes.scratchpad import Pad
from tests.fakes.server import Answer, Server, running_server
from tests.fakes.telling import Listener, Told, listening

SKILL = b"---\nname: imported\ndescription: It was imported.\n---\nDo it.\n"
NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@dataclass
class World:
    """A server with one of each resource, and a window that hears what changes from then on."""

    server: Server
    window: Listener
    project: str
    conversation: str
    pad: str
    cell: str
    artifact: str
    file: str
    memory: str
    skill: str

    async def call(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        given = options if json is None else {"json": json, **options}
        return self.answered(await self.server.call(method, path, **given))

    def answered(self, answer: Answer) -> Any:
        assert answer.status < 300, answer.body
        return answer.json() if answer.body else None


@pytest.fixture
async def world(server: Server) -> AsyncIterator[World]:
    await server.call("PATCH", "/settings", json={"kernels": {"spare": False}})
    skill = (await server.post("/skills", {"name": "s", "description": "S"}))["id"]
    project = (await server.post("/projects", {"name": "P", "skill_ids": [skill]}))["id"]
    conversation = await server.conversation(project_id=project)
    body = {"conversation_id": conversation, "cells": [{"type": "code", "content": "1"}]}
    pad = await server.post("/scratchpads", body)
    artifact = await save(server, project_id=project)
    await save(server, project_id=project, artifact_id=artifact["id"])
    file = await new_file(server, b"words", name="a.txt", project_id=project, conversation_id=conversation)
    await until_read(server, file["id"])
    memory = await server.post("/memories", {"content": "M", "project_id": project})
    ids = (pad["id"], pad["cells"][0]["id"], artifact["id"], file["id"], memory["id"])
    async with listening(server) as window:
        yield World(server, window, project, conversation, *ids, skill)


Doing = Callable[[World], Awaitable[set[Told]]]


def once(method: str, path: str, told: str, json: Any = None) -> Doing:
    """An operation on a thing of the world, or one that makes a thing, of which is told as in `told`."""

    async def do(world: World) -> set[Told]:
        known = {name: value for name, value in vars(world).items() if isinstance(value, str)}
        fields = (
            {
                key: known.get(value[1:], value) if isinstance(value, str) else value
                for key, value in json.items()
            }
            if json is not None
            else None
        )
        made = await world.call(method, path.format(**known), fields)
        resource, change, *of = told.split()
        id = known[of[0]] if of else None if resource == "settings" else made["id"]
        return {Told(resource, change, id)}

    return do


async def _respond(world: World) -> set[Told]:
    response = await world.server.say(world.conversation, "Hello")
    assert response["status"] == "completed"
    return {Told("conversation", "updated", world.conversation)}


async def _respond_as_openai(world: World) -> set[Told]:
    made = await world.call("POST", "//v1/responses", {"model": "m", "input": "Hello", "stream": False})
    return {Told("conversation", "created", made["conversation"]["id"])}


async def _delete_conversation(world: World) -> set[Told]:
    await world.call("DELETE", f"/conversations/{world.conversation}")
    return {Told("conversation", "deleted", world.conversation), Told("scratchpad", "deleted", world.pad)}


async def _branch(world: World) -> set[Told]:
    await world.server.say(world.conversation, "Hello")
    made = await world.call("POST", f"/conversations/{world.conversation}/branch", {})
    return {Told("conversation", "created", made["id"])}


async def _restore_item(world: World) -> set[Told]:
    await world.server.say(world.conversation, "One")
    item = (await world.server.get(f"/conversations/{world.conversation}/items"))["data"][0]["id"]
    await world.server.say(world.conversation, "Two", replaces=item)
    await world.window.heard()
    await world.call("POST", f"/conversations/{world.conversation}/items/{item}/restore")
    return {Told("conversation", "updated", world.conversation)}


async def _delete_project(world: World) -> set[Told]:
    await world.call("DELETE", f"/projects/{world.project}")
    return {
        Told("project", "deleted", world.project),
        Told("conversation", "deleted", world.conversation),
        Told("scratchpad", "deleted", world.pad),
        Told("artifact", "deleted", world.artifact),
        Told("file", "deleted", world.file),
        Told("memory", "deleted", world.memory),
    }


async def _delete_artifact(world: World) -> set[Told]:
    saved = await world.call("PATCH", f"/scratchpads/{world.pad}", {"saved": True})
    await world.window.heard()
    await world.call("DELETE", f"/artifacts/{saved['artifact_id']}")
    return {Told("artifact", "deleted", saved["artifact_id"]), Told("scratchpad", "updated", world.pad)}


async def _upload(world: World) -> set[Told]:
    made = world.answered(await upload(world.server, b"words", name="b.txt"))
    await until_read(world.server, made["id"])
    return {Told("file", "created", made["id"]), Told("file", "updated", made["id"])}


async def _import_skill(world: World) -> set[Told]:
    made = await world.call("POST", "/skills/import", data={"file": BytesIO(SKILL)})
    return {Told("skill", "created", made["id"])}


async def _delete_skill(world: World) -> set[Told]:
    await world.call("DELETE", f"/skills/{world.skill}")
    return {Told("skill", "deleted", world.skill), Told("project", "updated", world.project)}


async def _import_scratchpad(world: World) -> set[Told]:
    form = {"file": BytesIO(NOTEBOOK), "conversation_id": world.conversation}
    made = await world.call("POST", "/scratchpads/import", data=form)
    return {Told("scratchpad", "created", made["id"])}


async def _promote(world: World) -> set[Told]:
    saved = await world.call("PATCH", f"/scratchpads/{world.pad}", {"saved": True})
    return {Told("scratchpad", "updated", world.pad), Told("artifact", "created", saved["artifact_id"])}


async def _delete_connection(world: World) -> set[Told]:
    id = await a_connection(world.server)
    await until_tested(world.server, id)
    await world.call("PATCH", f"/projects/{world.project}", {"connector_ids": [id]})
    await world.window.heard()
    await world.call("DELETE", f"/connectors/connections/{id}")
    return {Told("project", "updated", world.project)}


_PAD, _CELLS = "/scratchpads/{pad}", "/scratchpads/{pad}/cells"
_OF_PAD = "scratchpad updated pad"
TOLD: dict[str, Doing] = {
    "create_response": _respond,
    "create_openai_response": _respond_as_openai,
    "create_conversation": once("POST", "/conversations", "conversation created", {}),
    "update_conversation": once(
        "PATCH", "/conversations/{conversation}", "conversation updated conversation", {"title": "New"}
    ),
    "delete_conversation": _delete_conversation,
    "branch_conversation": _branch,
    "restore_item": _restore_item,
    "create_project": once("POST", "/projects", "project created", {"name": "Q"}),
    "update_project": once("PATCH", "/projects/{project}", "project updated project", {"name": "Q"}),
    "delete_project": _delete_project,
    "update_artifact": once("PATCH", "/artifacts/{artifact}", "artifact updated artifact", {"title": "New"}),
    "delete_artifact": _delete_artifact,
    "restore_artifact_version": once(
        "POST", "/artifacts/{artifact}/versions/1/restore", "artifact updated artifact"
    ),
    "create_file": _upload,
    "update_file": once("PATCH", "/files/{file}", "file updated file", {"name": "new.txt"}),
    "delete_file": once("DELETE", "/files/{file}", "file deleted file"),
    "create_memory": once("POST", "/memories", "memory created", {"content": "N"}),
    "update_memory": once("PATCH", "/memories/{memory}", "memory updated memory", {"content": "N"}),
    "delete_memory": once("DELETE", "/memories/{memory}", "memory deleted memory"),
    "create_skill": once("POST", "/skills", "skill created", {"name": "t", "description": "T"}),
    "import_skill": _import_skill,
    "update_skill": once("PATCH", "/skills/{skill}", "skill updated skill", {"description": "T"}),
    "delete_skill": _delete_skill,
    "create_scratchpad": once(
        "POST", "/scratchpads", "scratchpad created", {"conversation_id": "=conversation"}
    ),
    "import_scratchpad": _import_scratchpad,
    "update_scratchpad": _promote,
    "delete_scratchpad": once("DELETE", _PAD, "scratchpad deleted pad"),
    "create_cell": once("POST", _CELLS, _OF_PAD, {"type": "markdown"}),
    "update_cell": once("PATCH", f"{_CELLS}/{{cell}}", _OF_PAD, {"index": 0}),
    "delete_cell": once("DELETE", f"{_CELLS}/{{cell}}", _OF_PAD),
    "run_cell": once("POST", f"{_CELLS}/{{cell}}/run?stream=false", _OF_PAD),
    "run_all_cells": once("POST", f"{_PAD}/run-all", _OF_PAD),
    "delete_connection": _delete_connection,
    "update_settings": once("PATCH", "/settings", "settings updated", {"model": "m"}),
    "put_model_key": once("PUT", "/settings/model-key", "settings updated", {"key": "sk-ant-12345678"}),
}
"""Each operation that changes a resource, done once; what it is to tell at least."""

QUIET = {
    "cancel_response": "ends a turn: turn.ended; what it changed is told as it changes",
    "cancel_openai_response": "as cancel_response",
    "undo_response": "has a test of its own below",
    "answer_approval": "approval.changed",
    "delete_approval_rule": "rules are shown in no other window's list but on demand",
    "open_artifact": "changes nothing",
    "create_schedule": "schedule.changed",
    "update_schedule": "schedule.changed",
    "delete_schedule": "schedule.changed",
    "preview_schedule": "changes nothing",
    "run_schedule": "schedule.run.started",
    "create_connection": "connection.changed",
    "update_connection": "connection.changed",
    "test_connection": "connection.changed",
    "test_model": "changes nothing",
    "accept_connection_tools": "connection.changed",
    "interrupt_kernel": "ends a run, whose end is told",
    "restart_kernel": "ends runs, whose ends are told",
    "complete_code": "changes nothing",
    "delete_model_key": "has a test of its own below",
    "put_oauth_client": "no resource of these",
    "delete_oauth_client": "no resource of these",
    "acknowledge_shell_command": "changes nothing that is stored",
    "note_power_change": "changes nothing that is stored",
    "create_backup": "changes nothing that is stored in the database",
}
"""The others, and why."""


def test_each_operation_that_changes_something_is_here() -> None:
    changing = {endpoint.handler.__name__ for endpoint in ENDPOINTS if endpoint.method != "GET"}
    assert TOLD.keys() | QUIET.keys() == changing
    assert not TOLD.keys() & QUIET.keys()


@pytest.mark.parametrize("operation", TOLD)
async def test_an_operation_tells_what_it_has_changed(operation: str, world: World) -> None:
    wanted = await TOLD[operation](world)
    assert wanted <= set(await world.window.heard())


async def test_a_change_comes_with_its_place_and_without_contents(world: World) -> None:
    await world.call("PATCH", f"/scratchpads/{world.pad}", {"title": "New"})
    [told] = await world.window.whole()
    assert told == {
        "type": "resource.changed",
        "sequence_number": told["sequence_number"],
        "resource": "scratchpad",
        "id": world.pad,
        "project_id": world.project,
        "conversation_id": world.conversation,
        "change": "updated",
    }


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("/conversations/{conversation}", ("project", "conversation")),
        ("/projects/{project}", ("project", None)),
        ("/artifacts/{artifact}", ("project", None)),
        ("/files/{file}", ("project", "conversation")),
        ("/memories/{memory}", ("project", None)),
        ("/skills/{skill}", (None, None)),
        ("/scratchpads/{pad}", ("project", "conversation")),
    ],
)
async def test_what_is_deleted_says_what_it_belonged_to(
    path: str, places: tuple[str | None, str | None], world: World
) -> None:
    path = path.format(**vars(world))
    await world.call("DELETE", path)
    told = {one["id"]: one for one in await world.window.whole()}[path.rpartition("/")[2]]
    wanted = tuple(place and getattr(world, place) for place in places)
    assert (told["change"], told["project_id"], told["conversation_id"]) == ("deleted", *wanted)


async def test_what_is_told_can_be_fetched(world: World) -> None:
    await world.call("PATCH", "/settings", {"model": "told-model"})
    assert await world.window.heard() == [Told("settings", "updated", None)]
    assert (await world.server.get("/settings"))["model"] == "told-model"


async def test_a_key_that_is_removed_is_told(world: World) -> None:
    await world.call("PUT", "/settings/model-key", {"key": "sk-ant-12345678"})
    await world.window.heard()
    await world.call("DELETE", "/settings/model-key")
    assert await world.window.heard() == [Told("settings", "updated", None)]


async def test_what_is_refused_is_not_told(world: World) -> None:
    for method, path, body in (
        ("POST", "/memories", {"content": "x", "project_id": "proj_unknown"}),
        ("PATCH", "/skills/skill_unknown", {"description": "x"}),
        ("POST", "/skills", {"name": "s", "description": "there is one"}),
    ):
        assert (await world.server.call(method, path, json=body)).status >= 400
    for path in (f"/conversations/{world.conversation}", f"/projects/{world.project}", "/settings"):
        await world.call("PATCH", path, {})
    assert await world.window.heard() == []


async def test_what_fails_after_it_was_written_is_not_told_and_what_shares_its_commit_is(
    world: World,
) -> None:
    def write(tx: Tx, id: str, fails: bool) -> None:
        memories.create(tx, id, 0, MemoryCreate(content=id))
        if fails:
            raise LookupError

    db = world.server.app[keys.DB]
    await asyncio.gather(*(db.write(write, f"mem_{n}", n % 2 == 1) for n in range(4)), return_exceptions=True)
    with pytest.raises(LookupError):
        await db.write(write, "mem_alone", True)
    assert await world.window.heard() == [
        Told("memory", "created", "mem_0"),
        Told("memory", "created", "mem_2"),
    ]


async def test_many_of_one_resource_are_told_as_one(world: World) -> None:
    def write(tx: Tx, n: int, prefix: str) -> None:
        for k in range(n):
            body = MemoryCreate(content=f"{prefix} {k}", project_id=world.project)
            memories.create(tx, f"mem_{prefix}{k}", 0, body)

    db = world.server.app[keys.DB]
    await db.write(write, news.MOST, "few")
    assert len(await world.window.heard()) == news.MOST
    await db.write(write, news.MOST + 1, "many")
    [told] = await world.window.whole()
    assert (told["resource"], told["id"], told["change"]) == ("memory", None, "created")
    assert (told["project_id"], told["conversation_id"]) == (world.project, None)


# Files, scratchpads and artifacts


async def test_each_status_of_a_files_text_is_told(world: World) -> None:
    made = world.answered(await upload(world.server, b"%PDF-1.4 broken", name="b.pdf"))
    file = Told("file", "updated", made["id"])
    told = await world.window.until(file)
    assert (await until_read(world.server, made["id"]))["text_status"] == "failed"
    told += await world.window.heard()
    assert told == [Told("file", "created", made["id"]), file, file]  # pending; extracting; failed


async def test_a_version_is_told_when_it_is_stored_and_when_its_folder_shows_it(world: World) -> None:
    await save(world.server, project_id=world.project, artifact_id=world.artifact)
    assert await world.window.heard() == [Told("artifact", "updated", world.artifact)] * 2


async def test_outputs_of_a_run_are_not_told_however_many_come(world: World) -> None:
    code = "import time\nfor n in range(40):\n    print(n, flush=True)\n    time.sleep(0.05)"
    pad = Pad(world.server, world.pad)
    later = await pad.cell("'behind the output'")
    cell = (
        await world.call(
            "POST", f"/scratchpads/{world.pad}/cells", {"type": "code", "content": code, "index": 0}
        )
    )["id"]
    await world.window.heard()
    result = await world.call("POST", f"/scratchpads/{world.pad}/cells/{cell}/run?stream=false")
    assert result["status"] == "success"
    told = await world.window.heard()
    assert set(told) == {Told("scratchpad", "updated", world.pad)}
    assert 2 <= len(told) <= 3  # queued, begun, ended
    assert later


async def test_what_is_swept_after_a_deletion_is_not_told_again(world: World) -> None:
    await world.call("DELETE", f"/projects/{world.project}")
    first = await world.window.heard()
    assert len(first) == len(set(first)) == 6
    await world.server.app[keys.DELETION].recover()
    assert await world.window.heard() == []


# What the agent does


async def test_what_the_agent_makes_and_takes_back_is_told(tmp_path: Path) -> None:
    model = ScriptedModel(
        call("remember", {"content": "Likes tea."}, '{"content": "Likes tea."}'), say("Noted.")
    )
    async with running_server(tmp_path / "data", model=model) as server, listening(server) as window:
        conversation = await server.conversation(title="T")
        turn = await begin(server, conversation)
        await ended(server, turn)
        [memory] = (await server.get("/memories"))["data"]
        assert Told("memory", "created", memory["id"]) in await window.heard()
        await server.post(f"/responses/{turn}/undo")
        assert Told("memory", "deleted", memory["id"]) in await window.heard()


async def test_an_artifact_of_the_agents_is_told(tmp_path: Path) -> None:
    arguments: dict[str, object] = {
        "title": "Note",
        "type": "doc",
        "files": [{"path": "index.html", "content": "<p>Hello"}],
    }
    model = ScriptedModel(call("create_artifact", arguments, "{}"), say("Made."))
    async with running_server(tmp_path / "data", model=model) as server, listening(server) as window:
        await server.say(await server.conversation(title="T"), "Write a note.")
        [artifact] = (await server.get("/artifacts"))["data"]
        assert Told("artifact", "created", artifact["id"]) in await window.heard()


async def test_a_title_by_the_model_is_told(tmp_path: Path) -> None:
    gate = asyncio.Event()
    model = ScriptedModel(say("Hello."), say("A greeting"), title=gate)
    async with running_server(tmp_path / "data", model=model) as server, listening(server) as window:
        conversation = await server.conversation()
        turn = await begin(server, conversation)
        while not (await server.get(f"/responses/{turn}"))["output"]:
            await asyncio.sleep(0.01)
        await window.heard()
        gate.set()
        while (await server.get(f"/conversations/{conversation}"))["title"] != "A greeting":
            await asyncio.sleep(0.01)
        assert Told("conversation", "updated", conversation) in await window.heard()
