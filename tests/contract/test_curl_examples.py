"""The reference's curl examples, run by the real curl as they are printed, but for ids and port."""

import asyncio
import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.fakes.connections import a_connection, until_tested
from tests.fakes.files import digest, pdf, until_read
from tests.fakes.server import Server

REFERENCE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
SECTIONS = (
    "Responses",
    "Conversations",
    "Projects",
    "Schedules",
    "Files",
    "Connectors",
    "Memories",
    "Skills",
    "Scratchpads",
    "Cells",
)
_OPERATION = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE) /\S+(?= )")
_TITLE = re.compile(r"[A-Z][a-z]+")

pytestmark = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("bash")),
    reason="NOT RUN: the reference's examples need curl and bash, and one of them is not installed",
)


def read_examples(text: str) -> Iterator[tuple[str, str]]:
    """The operation and the commands of each curl example in the sections."""
    section = operation = ""
    lines = text.splitlines()
    for n, line in enumerate(lines):
        if _TITLE.fullmatch(line) and line != "Body":
            section = line
        elif found := _OPERATION.match(line):
            operation = found[0]
        elif line == "curl" and section in SECTIONS:
            end = n + 2
            while lines[end].startswith("curl ") or not is_whole("\n".join(lines[n + 1 : end])):
                end += 1
            yield operation, "\n".join(lines[n + 1 : end])


def is_whole(command: str) -> bool:
    """Whether its quotes are closed and no line of it goes on in the next."""
    try:
        return bool(shlex.split(command, comments=True))
    except ValueError:
        return False


EXAMPLES = dict(read_examples(REFERENCE))


async def run(command: str, server: Server, folder: Path, **ids: str) -> str:
    """What the command prints, with real ids and the real port in it."""
    command = command.replace("localhost:26866", f"localhost:{server.url.rpartition(':')[2]}")
    for shown, real in ids.items():
        assert shown in command
        command = command.replace(shown, real)
    # Neither the developer's proxy nor their .curlrc is part of the example.
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        command,
        env=environment,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return printed.decode()


def events(printed: str) -> list[dict[str, Any]]:
    """The data of each server-sent event."""
    frames = [
        dict(line.split(": ", 1) for line in frame.split("\n"))
        for frame in printed.split("\n\n")
        if frame and not frame.startswith(":")  # a comment, which keeps the line open on a slow machine
    ]
    found: list[dict[str, Any]] = [json.loads(frame["data"]) for frame in frames]
    assert [frame["event"] for frame in frames] == [event["type"] for event in found]
    assert [int(frame["id"]) for frame in frames] == list(range(len(frames)))
    return found


def test_each_of_the_sections_has_its_example() -> None:
    assert list(EXAMPLES) == [
        "POST /responses",
        "POST /conversations",
        "POST /projects",
        "POST /schedules",
        "POST /files",
        "GET /connectors/specs",
        "POST /connectors/connections",
        "GET /memories",
        "POST /memories",
        "GET /skills",
        "POST /skills",
        "GET /scratchpads",
        "POST /scratchpads",
        "PATCH /scratchpads/{scratchpad_id}",
        "POST /scratchpads/{scratchpad_id}/cells",
        "PATCH /scratchpads/{scratchpad_id}/cells/{cell_id}",
        "POST /scratchpads/{scratchpad_id}/cells/{cell_id}/run",
    ]


async def test_the_example_of_responses_streams_a_turn_to_its_end(server: Server, tmp_path: Path) -> None:
    conversation = await server.conversation()
    printed = await run(EXAMPLES["POST /responses"], server, tmp_path, conv_xyz=conversation)
    told = events(printed)
    assert told[0]["type"] == "response.created"
    assert told[-1]["type"] == "response.completed"
    stored = await server.get(f"/responses/{told[0]['response_id']}")
    assert stored == stored | told[-1]["response"]
    assert told[-1]["response"]["input"] == "Summarise last week's sales data"
    assert told[-1]["response"]["conversation_id"] == conversation


async def test_the_example_of_conversations_creates_one(server: Server, tmp_path: Path) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    made = json.loads(await run(EXAMPLES["POST /conversations"], server, tmp_path, proj_xyz=project))
    assert made == {
        "id": made["id"],
        "project_id": project,
        "title": "Q2 analysis",
        "goal": "Analyse Q2 revenue by region",
        "status": "active",
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
        "branched_from": None,
    }
    assert await server.get(f"/conversations/{made['id']}") == made


async def test_the_example_of_projects_creates_one(server: Server, tmp_path: Path) -> None:
    connection = await a_connection(server)
    made = json.loads(await run(EXAMPLES["POST /projects"], server, tmp_path, conn_001=connection))
    assert made == {
        "id": made["id"],
        "name": "Sales Automation",
        "description": "Weekly reporting flows",
        "connector_ids": [connection],
        "skill_ids": [],
        "model": None,
        "is_general": False,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert (await server.get("/projects"))["data"][0] == made


async def test_the_example_of_schedules_creates_one(server: Server, tmp_path: Path) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    made = json.loads(await run(EXAMPLES["POST /schedules"], server, tmp_path, proj_xyz=project))
    limits = dict.fromkeys(("run_tokens", "run_cost_usd", "month_tokens", "month_cost_usd"))
    assert made == {
        "id": made["id"],
        "project_id": project,
        "cron": "0 9 * * 1",
        "timezone": "America/New_York",
        "prompt": "Generate weekly sales digest",
        "conversation_id": None,
        "status": "active",
        "last_run_at": None,
        "next_run_at": made["next_run_at"],
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
        "pause_reason": None,
        "budget": limits,
    }
    next_run = datetime.fromisoformat(made["next_run_at"]).astimezone(ZoneInfo("America/New_York"))
    assert (next_run.isoweekday(), next_run.hour, next_run.minute) == (1, 9, 0)


async def test_the_example_of_files_uploads_one(server: Server, tmp_path: Path) -> None:
    written = pdf("Revenue of Q2")
    await asyncio.to_thread((tmp_path / "Q2-report.pdf").write_bytes, written)
    project = (await server.post("/projects", {"name": "P"}))["id"]
    made = json.loads(await run(EXAMPLES["POST /files"], server, tmp_path, proj_xyz=project))
    assert made == {
        "id": made["id"],
        "name": "Q2-report.pdf",
        "mime_type": "application/pdf",
        "size": len(written),
        "sha256": digest(written),
        "project_id": project,
        "conversation_id": None,
        "created_at": made["created_at"],
        "text_status": "pending",
        "text_error": None,
        "text_progress": None,
    }
    assert (await until_read(server, made["id"])) == {**made, "text_status": "ready"}
    assert (await server.call("GET", f"/files/{made['id']}/content")).body == written


async def test_the_example_lists_the_connector_specs(server: Server, tmp_path: Path) -> None:
    listed = json.loads(await run(EXAMPLES["GET /connectors/specs"], server, tmp_path))
    assert listed == await server.get("/connectors/specs")
    [postgres] = [spec for spec in listed["data"] if spec["id"] == "postgres"]
    assert postgres["auth_type"] == "credentials"
    shown = [(field["key"], field["label"], field["secret"]) for field in postgres["fields"]]
    assert shown == [
        ("host", "Host", False),
        ("port", "Port", False),
        ("database", "Database", False),
        ("user", "User", False),
        ("password", "Password", True),
    ]


async def test_the_example_of_connections_creates_one(server: Server, tmp_path: Path) -> None:
    # Nobody answers under the name of the example, here or anywhere: this machine itself is asked instead.
    made = json.loads(
        await run(
            EXAMPLES["POST /connectors/connections"], server, tmp_path, **{"db.example.com": "127.0.0.1"}
        )
    )
    assert made == {
        "id": made["id"],
        "spec_id": "postgres",
        "name": "prod-db",
        "status": "pending",
        "method": "password",
        "access": "read",
        "error": None,
        "server": None,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
        "tested_at": None,
    }
    assert (await until_tested(server, made["id"]))["status"] == "error"


async def test_the_examples_list_the_global_memories_and_those_of_a_project(
    server: Server, tmp_path: Path
) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    mine = await server.post("/memories", {"content": "Mine", "project_id": project})
    of_all = await server.post("/memories", {"content": "Of all"})
    printed = await run(EXAMPLES["GET /memories"], server, tmp_path, **{"...": project})
    first, end = json.JSONDecoder().raw_decode(printed)
    assert first == {"data": [of_all], "total": 1, "has_more": False}
    assert json.loads(printed[end:]) == {"data": [mine], "total": 1, "has_more": False}


async def test_the_example_of_memories_creates_one(server: Server, tmp_path: Path) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    made = json.loads(await run(EXAMPLES["POST /memories"], server, tmp_path, proj_xyz=project))
    assert made == {
        "id": made["id"],
        "content": "Always use Q3 targets as the baseline.",
        "project_id": project,
        "source": "user",
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert (await server.get("/memories", params={"project_id": project}))["data"] == [made]


async def test_the_example_lists_all_skills(server: Server, tmp_path: Path) -> None:
    skill = await server.post("/skills", {"name": "s", "description": "S"})
    printed = await run(EXAMPLES["GET /skills"], server, tmp_path)
    assert json.loads(printed) == {"data": [skill], "total": 1, "has_more": False}


async def test_the_example_of_skills_registers_one(server: Server, tmp_path: Path) -> None:
    made = json.loads(await run(EXAMPLES["POST /skills"], server, tmp_path))
    assert made == {
        "id": made["id"],
        "name": "weekly-report",
        "description": "Generates a weekly performance report.",
        "instructions": "Always start with an executive summary. Limit to 3 charts.",
        "tools": ["sql_query", "send_email"],
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert (await server.get("/skills"))["data"] == [made]


async def a_scratchpad(server: Server, *sources: str) -> Any:
    """With a Python cell of each source."""
    cells = [{"type": "code", "content": source} for source in sources]
    body = {"conversation_id": await server.conversation(), "title": "Draft", "cells": cells}
    return await server.post("/scratchpads", body)


async def test_the_example_lists_the_scratchpads_of_a_conversation(server: Server, tmp_path: Path) -> None:
    mine, _ = await a_scratchpad(server, "1"), await a_scratchpad(server, "2")
    printed = await run(EXAMPLES["GET /scratchpads"], server, tmp_path, **{"...": mine["conversation_id"]})
    assert json.loads(printed) == {"data": [mine], "total": 1, "has_more": False}


async def test_the_example_of_scratchpads_creates_one(server: Server, tmp_path: Path) -> None:
    conversation = await server.conversation()
    made = json.loads(await run(EXAMPLES["POST /scratchpads"], server, tmp_path, **{"...": conversation}))
    assert made == {
        "id": made["id"],
        "conversation_id": conversation,
        "title": "Sales analysis draft",
        "cells": [],
        "saved": False,
        "artifact_id": None,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert await server.get(f"/scratchpads/{made['id']}") == made


async def test_the_example_saves_a_scratchpad_under_another_title(server: Server, tmp_path: Path) -> None:
    pad = await a_scratchpad(server, "1")
    example = EXAMPLES["PATCH /scratchpads/{scratchpad_id}"]
    saved = json.loads(await run(example, server, tmp_path, **{"{scratchpad_id}": pad["id"]}))
    assert saved == {
        **pad,
        "title": "Final analysis",
        "saved": True,
        "artifact_id": saved["artifact_id"],
        "updated_at": saved["updated_at"],
    }
    assert saved["artifact_id"].startswith("art_")
    assert await server.get(f"/scratchpads/{pad['id']}") == saved


async def test_the_example_of_cells_appends_one(server: Server, tmp_path: Path) -> None:
    pad = await a_scratchpad(server, "1")
    example = EXAMPLES["POST /scratchpads/{scratchpad_id}/cells"]
    made = json.loads(await run(example, server, tmp_path, **{"{scratchpad_id}": pad["id"]}))
    assert made == pad["cells"][0] | {"id": made["id"], "content": "df.head()", "index": 1}
    assert (await server.get(f"/scratchpads/{pad['id']}"))["cells"] == [*pad["cells"], made]


async def test_the_example_edits_a_cell_where_there_are_fewer_than_it_names(
    server: Server, tmp_path: Path
) -> None:
    pad = await a_scratchpad(server, "1", "2")
    first, second = pad["cells"]
    example = EXAMPLES["PATCH /scratchpads/{scratchpad_id}/cells/{cell_id}"]
    ids = {"{scratchpad_id}": pad["id"], "{cell_id}": first["id"]}
    edited = json.loads(await run(example, server, tmp_path, **ids))
    assert edited == first | {"content": "df.tail(10)", "index": 1}
    assert (await server.get(f"/scratchpads/{pad['id']}"))["cells"] == [second | {"index": 0}, edited]


async def test_the_example_runs_a_cell_to_its_end(server: Server, tmp_path: Path) -> None:
    pad = await a_scratchpad(server, "print('Hello')")
    cell = pad["cells"][0]["id"]
    example = EXAMPLES["POST /scratchpads/{scratchpad_id}/cells/{cell_id}/run"]
    printed = await run(example, server, tmp_path, **{"{scratchpad_id}": pad["id"], "{cell_id}": cell})
    output, done = events(printed)
    assert (output["mime"], output["data"]) == ("text/plain", "Hello\n")
    assert done["status"] == "success"
    assert done["cell"] == await server.get(f"/scratchpads/{pad['id']}/cells/{cell}")
