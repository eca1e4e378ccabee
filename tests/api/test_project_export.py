"""A project as an archive that can be read without Cowork."""

import asyncio
import io
import json
import re
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop import keys
from cowork_desktop.http.downloads import MADE_AT_ONCE
from cowork_desktop.schemas.conversations import TextPart
from cowork_desktop.store import items
from cowork_desktop.store.database import Tx
from cowork_desktop.workspace.project_export import write_project
from tests.fakes.server import Server
from tests.fakes.system import Filled, fill, served, upload
from tests.fakes.waiting import until

NAMES = ("../x", "CON", "n" * 300 + ".csv", "🐦.txt", "a/b.txt", "twice.txt", "Twice.txt", "con.tar.gz", "..")


@pytest.fixture
async def filled(server: Server) -> Filled:
    return await fill(server)


async def exported(server: Server, project: str) -> zipfile.ZipFile:
    answer = await server.call("GET", f"/projects/{project}/export")
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.body))
    assert archive.testzip() is None
    return archive


def told(archive: zipfile.ZipFile) -> Any:
    return json.loads(archive.read("project.json"))


async def test_an_export_has_all_of_the_project_in_the_shapes_of_the_api(
    server: Server, filled: Filled
) -> None:
    archive = await exported(server, filled.project)
    conversation = await server.get(f"/conversations/{filled.conversation}")
    tail = filled.artifact[-8:]
    assert told(archive) == {
        "project": await server.get(f"/projects/{filled.project}"),
        "memories": (await server.get(f"/memories?project_id={filled.project}"))["data"],
        "files": (await server.get("/files"))["data"],
        "artifacts": (await server.get("/artifacts"))["data"],
        "schedules": [one | {"runs": []} for one in (await server.get("/schedules"))["data"]],
        "conversations": [
            conversation
            | {"items": (await server.get(f"/conversations/{filled.conversation}/items"))["data"]}
        ],
        "places": {
            filled.conversation: f"conversations/Heron counts-{filled.conversation[-8:]}.md",
            filled.scratchpad: "scratchpads/Heron report, the second.ipynb",
            filled.file: "files/Notes_ \u9dfa.txt",
            filled.artifact: f"artifacts/heron_report_{tail}",
        },
    }


async def test_an_export_can_be_read_by_people(server: Server, filled: Filled) -> None:
    archive = await exported(server, filled.project)
    places = told(archive)["places"]
    transcript = archive.read(places[filled.conversation]).decode()
    when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
    head = rf"# Heron counts\n\nGoal: Count\.\n\n## User, {when}\n\nHow many herons\?\n\n"
    assert re.match(rf"{head}## Assistant, {when}\n\n", transcript)
    assert archive.read(places[filled.file]) == b"A heron, two herons.\n"
    notebook = await server.call("GET", f"/scratchpads/{filled.scratchpad}/export?format=ipynb")
    assert json.loads(archive.read(places[filled.scratchpad])) == notebook.json()
    artifact = await server.get(f"/artifacts/{filled.artifact}")
    page = (await server.call("GET", served(artifact))).body
    assert archive.read(f"artifacts/{artifact['path']}") == page


async def test_an_export_has_the_versions_of_messages_that_are_shown(server: Server) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    conversation = await server.conversation(title="T", project_id=project)
    await server.say(conversation, "A zebra")
    items = (await server.get(f"/conversations/{conversation}/items"))["data"]
    await server.say(conversation, "An okapi", replaces=items[0]["id"])
    archive = await exported(server, project)
    shown = (await server.get(f"/conversations/{conversation}/items"))["data"]
    assert told(archive)["conversations"][0]["items"] == shown
    transcript = archive.read(told(archive)["places"][conversation]).decode()
    assert ("An okapi" in transcript, "A zebra" in transcript) == (True, False)


async def test_an_export_has_the_runs_of_each_schedule(server: Server) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    body = {"project_id": project, "cron": "@yearly", "prompt": "help"}
    schedule = (await server.post("/schedules", body))["id"]
    await server.post("/schedules", body)
    await server.call("POST", f"/schedules/{schedule}/run")

    async def ended() -> Any:
        return (await server.get(f"/schedules/{schedule}/runs?status=success"))["data"]

    runs = await until(ended)
    _, exported_one = told(await exported(server, project))["schedules"]
    assert exported_one["id"] == schedule
    assert exported_one["runs"] == [runs[0] | {"cost_usd": None}]


async def test_the_names_of_an_export_do_no_harm_on_any_system(server: Server) -> None:
    project = (await server.post("/projects", {"name": '../"Evil"'}))["id"]
    for n, name in enumerate(NAMES):
        await upload(server, f"{n}".encode(), name, project_id=project)
    for title in ("../x", "../x", "C:\\x"):
        await server.conversation(title=title, project_id=project)
    archive = await exported(server, project)
    names = archive.namelist()
    assert len({name.casefold() for name in names}) == len(names) == 1 + len(NAMES) + 3
    for name in names:
        assert re.fullmatch(r'(project\.json|(files|conversations)/[^\x00-\x1f<>:"/\\|?*]{1,150}[^ .])', name)
        assert len(name.encode()) < 200
        assert not re.fullmatch(r"(con|nul)(\..*)?", name.rpartition("/")[2], re.I)
    given = {file["id"]: file["name"] for file in told(archive)["files"]}
    contents = {
        given[id]: archive.read(place) for id, place in told(archive)["places"].items() if id in given
    }
    assert contents == {name: f"{n}".encode() for n, name in enumerate(NAMES)}


async def test_what_belongs_to_others_is_not_in_an_export(server: Server, filled: Filled) -> None:
    other = (await server.post("/projects", {"name": "Other"}))["id"]
    await server.post("/memories", {"content": "Secret of others", "project_id": other})
    theirs = await server.conversation(title="Theirs", project_id=other)
    await server.say(theirs, "Secret of others")
    await upload(server, b"Secret of others", "theirs.txt", project_id=other)
    await upload(
        server, b"Secret of others", "both.txt", project_id=other, conversation_id=filled.conversation
    )
    await upload(server, b"Secret of others", "free.txt")
    mine = await upload(server, b"Mine", "mine.txt", conversation_id=filled.conversation)
    archive = await exported(server, filled.project)
    assert [name for name in archive.namelist() if b"Secret of others" in archive.read(name)] == []
    assert archive.read(told(archive)["places"][mine]) == b"Mine"


async def test_what_has_no_project_is_not_in_the_export_of_general(server: Server) -> None:
    await server.conversation(title="Without a project")
    [general] = (await server.get("/projects"))["data"]
    archive = await exported(server, general["id"])
    assert archive.namelist() == ["project.json"]
    assert told(archive)["conversations"] == []


async def test_an_export_is_an_attachment_and_leaves_nothing_behind(server: Server, tmp_path: Path) -> None:
    project = (await server.post("/projects", {"name": "Vögel"}))["id"]
    answer = await server.call("GET", f"/projects/{project}/export")
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"Vgel.zip\"; filename*=UTF-8''V%C3%B6gel.zip"
    )
    while list((tmp_path / "data" / "contents" / "incoming").iterdir()):
        await asyncio.sleep(0.01)


async def test_a_project_that_is_not_there_has_no_export(server: Server) -> None:
    answer = await server.call("GET", "/projects/proj_01jz0000000000000000000000/export")
    assert (answer.status, answer.json()["error"]["type"]) == (404, "not_found")


def _add_items(tx: Tx, conversation: str, first: int, count: int) -> None:
    part = TextPart(text="All that was said. " * 50)
    for n in range(first, first + count):
        id = f"msg_{n:026}"
        items.append(tx, id=id, conversation_id=conversation, turn_id=None, role="user", parts=[part], now=n)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to tell the memory")
async def test_a_project_of_a_hundred_thousand_items_is_exported_in_little_memory(
    server: Server,
) -> None:
    project = (await server.post("/projects", {"name": "Large"}))["id"]
    conversation = await server.conversation(title="Long", project_id=project)
    for first in range(0, 100_000, 10_000):
        await server.app[keys.DB].write(_add_items, conversation, first, 10_000)
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak of all before
    before, size = _peak(), 0
    async with server.session.get(f"{server.url}/api/v1/projects/{project}/export") as answer:
        async for chunk in answer.content.iter_chunked(2**16):
            size += len(chunk)
    assert size > 300_000
    assert _peak() - before < 60_000


def _peak() -> int:
    """KiB of memory, at the most so far."""
    return int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0])


async def test_some_are_made_at_a_time_and_the_rest_wait(
    server: Server, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way, at_once = 0, list[int]()
    guard = threading.Lock()

    def slow(target: Path, **rest: Any) -> None:
        nonlocal under_way
        with guard:
            under_way += 1
            at_once.append(under_way)
        time.sleep(0.05)
        write_project(target, **rest)
        with guard:
            under_way -= 1

    monkeypatch.setattr("cowork_desktop.workspace.project_export.write_project", slow)
    await asyncio.gather(*(exported(server, filled.project) for _ in range(6)))
    assert max(at_once) == MADE_AT_ONCE
