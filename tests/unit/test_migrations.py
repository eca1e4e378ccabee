"""Data folders of earlier releases, opened by this one."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.store.database import MIGRATIONS
from tests.fakes.files import at_rest
from tests.fakes.index import assert_index_is_of_what_exists
from tests.fakes.scratchpad import no_spare_kernel
from tests.fakes.server import Server, running_server

HOME, LEFT, GONE = (f"proj_01jz00000000000000000000{n:02}" for n in range(3))
TALK, QUIET, BARE, LOST = (f"conv_01jz00000000000000000000{n:02}" for n in range(3, 7))
REPORT, OLD_REPORT = (f"art_01jz00000000000000000000{n:02}" for n in range(7, 9))
PAD = "sp_01jz0000000000000000000009"
PAGE = "zebra_report_00000000/index.html"


def rows() -> dict[str, list[dict[str, Any]]]:
    """What a release with schema 2 has left: a project, a deleted one that was not swept yet, and their
    contents."""
    times = {"created_at": 1_765_000_000_000, "updated_at": 1_765_000_000_000}
    project = {"description": "", "connector_ids": "[]", "skill_ids": "[]", **times}
    talk = {"title_source": "user", "status": "active", **times}
    item = {"role": "user", "parts": "[]", "created_at": times["created_at"]}
    return {
        "projects": [
            {"id": HOME, "name": "General", "is_general": 1, **project},
            {"id": LEFT, "name": "Zebra project", **project, "description": "Of stripes"},
            {"id": GONE, "name": "Zebra canary", "deleted_at": 1_765_000_000_001, **project},
        ],
        "conversations": [
            {"id": TALK, "project_id": LEFT, "title": "Zebra talk", "goal": "東京の大阪", **talk},
            {"id": QUIET, "title": None, "goal": "Zoë's zebra", **talk},
            {"id": BARE, "title": None, "goal": None, **talk},
            {
                "id": LOST,
                "project_id": GONE,
                "title": "Zebra canary",
                "deleted_at": 1_765_000_000_001,
                **talk,
            },
        ],
        "items": [
            {"id": "msg_1", "conversation_id": TALK, "n": 1, "content": "A zebra, please", **item},
            {"id": "msg_2", "conversation_id": BARE, "n": 1, "content": "And a zebra here", **item},
            {"id": "msg_3", "conversation_id": LOST, "n": 1, "content": "zebra canary", **item},
        ],
        "artifacts": [
            {
                "id": REPORT,
                "project_id": LEFT,
                "title": "Zebra report",
                "type": "report",
                "path": PAGE,
                **times,
            },
            {
                "id": OLD_REPORT,
                "project_id": GONE,
                "title": "zebra canary",
                "type": "doc",
                "path": "a/b",
                **times,
            },
        ],
        "scratchpads": [
            {
                "id": PAD,
                "conversation_id": TALK,
                "title": "Zebra report",
                "saved": 1,
                "artifact_id": REPORT,
                **times,
            }
        ],
        "cells": [
            {
                "id": "cell_1",
                "scratchpad_id": PAD,
                "n": 0,
                "type": "markdown",
                "content": "Of giraffes",
                "status": "success",
            }
        ],
    }


def make_schema_2(data_dir: Path) -> None:
    data_dir.mkdir()
    with closing(sqlite3.connect(data_dir / "cowork.db")) as db, db:
        for script in sorted(MIGRATIONS.iterdir(), key=lambda file: file.name)[:2]:
            db.executescript(script.read_text("utf-8"))
        for table, of_table in rows().items():
            for row in of_table:
                columns, marks = ", ".join(row), ", ".join("?" * len(row))
                db.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(row.values()))
        db.execute("PRAGMA user_version = 2")
    page = data_dir / "projects" / LEFT / "artifacts" / PAGE
    page.parent.mkdir(parents=True)
    page.write_text("<p>Of giraffes")
    (data_dir / "projects" / GONE / "artifacts" / "a").mkdir(parents=True)


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    await asyncio.to_thread(make_schema_2, tmp_path / "data")
    return tmp_path / "data"


async def found(server: Server, q: str) -> set[tuple[str, str]]:
    hits = (await server.get("/search", params={"q": q, "limit": "200"}))["data"]
    return {(hit["kind"], hit["id"]) for hit in hits}


async def test_everything_of_schema_2_is_found_but_for_what_was_deleted(data: Path) -> None:
    async with running_server(data) as server:
        version = (await server.get("/health"))["schema_version"]
        assert version == len([file for file in MIGRATIONS.iterdir() if file.name.endswith(".sql")])
        everything = {
            ("project", LEFT),
            ("conversation", TALK),
            ("conversation", QUIET),
            ("item", "msg_1"),
            ("item", "msg_2"),
            ("artifact", REPORT),
        }
        assert await found(server, "zebra") == everything
        assert await found(server, "zoe") == {("conversation", QUIET)}
        assert await found(server, "大阪") == {("conversation", TALK)}
        assert await found(server, "canary") == set()
        assert await found(server, "stripes") == {("project", LEFT)}
        page = await server.get("/search", params={"q": "zebra", "project_id": LEFT})
        assert {hit["id"] for hit in page["data"]} == {LEFT, TALK, "msg_1", REPORT}
        await at_rest()
        assert await found(server, "zebra") == everything
        existing = await assert_index_is_of_what_exists(data)
        assert existing == everything | {("project", HOME)}
        assert not (data / "projects" / GONE).exists()


async def test_what_schema_2_held_can_be_changed_and_deleted(data: Path) -> None:
    async with running_server(data) as server:
        await no_spare_kernel(server)
        for path, body in (
            (f"/projects/{LEFT}", {"name": "Lion project"}),
            (f"/conversations/{TALK}", {"title": "Lion talk"}),
            (f"/conversations/{BARE}", {"title": "Lion"}),
            (f"/scratchpads/{PAD}", {"saved": True, "title": "Lion report"}),
        ):
            answer = await server.call("PATCH", path, json=body)
            assert answer.status == 200, answer.body
        await at_rest()
        assert await found(server, "lion") == {
            ("project", LEFT),
            ("conversation", TALK),
            ("conversation", BARE),
            ("artifact", REPORT),
        }
        assert await found(server, "giraffes") == {("artifact", REPORT)}
        await assert_index_is_of_what_exists(data)
        for path in (f"/projects/{LEFT}", f"/conversations/{QUIET}", f"/conversations/{BARE}"):
            assert (await server.call("DELETE", path)).status == 204
        await at_rest()
        assert await found(server, "zebra") | await found(server, "lion") == set()
        assert await assert_index_is_of_what_exists(data) == {("project", HOME)}


async def test_a_copy_of_schema_2_is_kept(data: Path) -> None:
    async with running_server(data):
        pass
    [backup] = (data / "backups").iterdir()
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (2,)
        assert copy.execute("SELECT count(*) FROM items").fetchone() == (3,)
