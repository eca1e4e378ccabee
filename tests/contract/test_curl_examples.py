"""The reference's curl examples, run by the real curl as they are printed, but for ids and port."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.server import Server

REFERENCE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
SECTIONS = ("Responses", "Conversations", "Projects")
_OPERATION = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE) /\S+(?= )")
_TITLE = re.compile(r"[A-Z][a-z]+")

pytestmark = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("bash")),
    reason="NOT RUN: the reference's examples need curl and bash, and one of them is not installed",
)


def read_examples(text: str) -> Iterator[tuple[str, str]]:
    """The operation and the command of each curl example in the sections."""
    section = operation = ""
    lines = iter(text.splitlines())
    for line in lines:
        if _TITLE.fullmatch(line) and line != "Body":
            section = line
        elif found := _OPERATION.match(line):
            operation = found[0]
        elif line == "curl" and section in SECTIONS:
            command = [next(lines)]
            while command[-1].endswith("\\"):
                command.append(next(lines))
            yield operation, "\n".join(command)


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
        dict(line.split(": ", 1) for line in frame.split("\n")) for frame in printed.split("\n\n") if frame
    ]
    found: list[dict[str, Any]] = [json.loads(frame["data"]) for frame in frames]
    assert [frame["event"] for frame in frames] == [event["type"] for event in found]
    assert [int(frame["id"]) for frame in frames] == list(range(len(frames)))
    return found


def test_each_of_the_sections_has_its_example() -> None:
    assert list(EXAMPLES) == ["POST /responses", "POST /conversations", "POST /projects"]


async def test_the_example_of_responses_streams_a_turn_to_its_end(server: Server, tmp_path: Path) -> None:
    conversation = await server.conversation()
    printed = await run(EXAMPLES["POST /responses"], server, tmp_path, conv_xyz=conversation)
    told = events(printed)
    assert told[0]["type"] == "response.created"
    assert told[-1]["type"] == "response.completed"
    assert told[-1]["response"] == await server.get(f"/responses/{told[0]['response_id']}")
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
    }
    assert await server.get(f"/conversations/{made['id']}") == made


async def test_the_example_of_projects_creates_one(server: Server, tmp_path: Path) -> None:
    # There are no connectors yet, so the id in the example is taken as it stands.
    made = json.loads(await run(EXAMPLES["POST /projects"], server, tmp_path))
    assert made == {
        "id": made["id"],
        "name": "Sales Automation",
        "description": "Weekly reporting flows",
        "connector_ids": ["conn_001"],
        "skill_ids": [],
        "model": None,
        "is_general": False,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
    }
    assert (await server.get("/projects"))["data"][0] == made
