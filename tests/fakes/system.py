"""A system with something of everything in it, and all that its API tells of it."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from cowork_desktop import keys
from cowork_desktop.store import texts
from tests.fakes.scratchpad import no_spare_kernel
from tests.fakes.server import Server

_LISTS = ("conversations", "projects", "files", "artifacts", "scratchpads", "memories", "skills", "schedules")
_OBJECTS = {"conversations": "conversation", "files": "file", "artifacts": "artifact", "projects": "project"}
_WORDS = ("heron", "quarterly", "Notes", "report", "careful")


@dataclass(frozen=True)
class Filled:
    project: str
    conversation: str
    file: str
    artifact: str
    scratchpad: str


async def fill(server: Server) -> Filled:
    await no_spare_kernel(server)
    skill = await server.post(
        "/skills", {"name": "careful-work", "description": "How to work.", "instructions": "Be careful."}
    )
    body = {"name": "Herons", "description": "All about the heron.", "skill_ids": [skill["id"]]}
    project = (await server.post("/projects", body))["id"]
    await server.post("/memories", {"content": "The user counts every heron.", "project_id": project})
    await server.post("/memories", {"content": "The user likes short answers."})
    body = {
        "project_id": project,
        "cron": "0 0 1 1 *",
        "prompt": "Count the herons.",
        "timezone": "Asia/Tokyo",
    }
    await server.post("/schedules", body)
    conversation = await server.conversation(title="Heron counts", goal="Count.", project_id=project)
    for text in ("How many herons?", "And the quarterly figures?"):
        await server.say(conversation, text)
    await server.say(await server.conversation(), "A talk without a project")
    file = await upload(server, b"A heron, two herons.\n", "Notes: \u9dfa.txt", project_id=project)
    cells = [
        {"type": "code", "content": "1 + 1"},
        {"type": "output", "content": "", "outputs": [{"mime": "text/plain", "data": "2"}]},
    ]
    body = {"conversation_id": conversation, "title": "Counting", "cells": cells}
    pad = (await server.post("/scratchpads", body))["id"]
    for title in ("Heron report", "Heron report, the second"):
        answer = await server.call("PATCH", f"/scratchpads/{pad}", json={"title": title, "saved": True})
        assert answer.status == 200, answer.body
    artifact = (await server.get("/artifacts"))["data"][0]["id"]
    await settled(server)
    return Filled(project, conversation, file, artifact, pad)


async def upload(server: Server, content: bytes, name: str, **fields: str) -> str:
    """The id of a new file."""
    form = aiohttp.FormData(fields, quote_fields=False, default_to_multipart=True)
    form.add_field("file", content, filename=name)
    answer = await server.call("POST", "/files", data=form)
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


async def settled(server: Server) -> None:
    """Wait until all texts are read and all artifacts are laid out."""
    while await server.app[keys.DB].scan(texts.to_do):
        await asyncio.sleep(0.01)
    for artifact in (await server.get("/artifacts"))["data"]:
        while (await server.call("GET", served(artifact))).status == 404:
            await asyncio.sleep(0.01)


def served(artifact: Any) -> str:
    return f"/artifacts/serve/{artifact['project_id']}/{artifact['path']}"


def work_folder(data_dir: Path, project: str) -> Path:
    folder = data_dir / "projects" / project / "work"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def everything(server: Server) -> dict[str, Any]:
    """Every list and every object, with the bytes of files and artifacts, and what searches find."""
    found = {name: await server.get(f"/{name}") for name in _LISTS}
    for name in _OBJECTS:
        for one in found[name]["data"]:
            found[one["id"]] = await server.get(f"/{name}/{one['id']}")
    for project in found["projects"]["data"]:
        found[f"memories of {project['id']}"] = await server.get(f"/memories?project_id={project['id']}")
    for conversation in found["conversations"]["data"]:
        items = await server.get(f"/conversations/{conversation['id']}/items")
        found[f"items of {conversation['id']}"] = items
        for id in {item["response_id"] for item in items["data"]}:
            found[id] = await server.get(f"/responses/{id}")
            found[f"events of {id}"] = [event.raw for event in await server.events(id)]
    for file in found["files"]["data"]:
        found[f"content of {file['id']}"] = (await server.call("GET", f"/files/{file['id']}/content")).body
        found[f"text of {file['id']}"] = await server.get(f"/files/{file['id']}/text")
    for artifact in found["artifacts"]["data"]:
        found[served(artifact)] = (await server.call("GET", served(artifact))).body
        versions = await server.get(f"/artifacts/{artifact['id']}/versions")
        found[f"versions of {artifact['id']}"] = versions
        for version in versions["data"]:
            path = f"/artifacts/preview?project_id={artifact['project_id']}&path={artifact['path']}"
            preview = await server.get(f"{path}&version={version['version']}")
            found[f"{artifact['id']}, {version['version']}"] = _without_port(preview)
    for word in _WORDS:
        found[f"search for {word}"] = await server.get(f"/search?q={word}")
    settings = await server.get("/settings")
    places = {name: settings.pop(name) for name in ("data_dir", "backups_dir")}
    assert all(places.values())  # and they are this server's own
    return found | {"settings": settings, "usage": await server.get("/usage")}


def _without_port(preview: dict[str, Any]) -> dict[str, Any]:
    return preview | {"serve_url": re.sub(r":\d+/", "/", preview["serve_url"])}
