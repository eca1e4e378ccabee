"""Artifacts across kills, full disks and saves at the same time."""

import asyncio
import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cowork_desktop import keys
from cowork_desktop.errors import NotFound, StorageFull
from cowork_desktop.workspace import artifacts as workspace_artifacts
from cowork_desktop.workspace.artifact_folder import write
from cowork_desktop.workspace.artifacts import Draft
from tests.fakes.artifacts import APP, files_below, folder_of, preview_of, save, served, stored, swept
from tests.fakes.scratchpad import no_spare_kernel
from tests.fakes.server import Server, fault, running_server
from tests.faults.process import ServerProcess, running_process

pytestmark = pytest.mark.slow

SECOND = {"index.html": b"the second version", "new.txt": b"new"}


async def two_versions(data: Path) -> Any:
    """An artifact whose folder showed both, in a data folder that no server uses any more."""
    async with running_server(data) as server:
        await no_spare_kernel(server)
        made = await save(server)
        return await save(server, SECOND, artifact_id=made["id"])


def forget_that_it_was_laid_out(data: Path, artifact: Any) -> None:
    """As after a kill between the commit of the second version and the last of its files."""
    with sqlite3.connect(data / "cowork.db") as database:
        database.execute("UPDATE artifacts SET laid_out = 1 WHERE id = ?", (artifact["id"],))
    database.close()


async def until_laid_out(server: Server, artifact: Any, files: dict[str, bytes]) -> None:
    """Wait for what the start does in the background."""
    async with asyncio.timeout(10):
        for path, content in files.items():
            while (await served(server, artifact, path)).body != content:
                await asyncio.sleep(0.01)


def _as_it_was(folder: Path) -> None:
    shutil.rmtree(folder)
    for path, content in APP.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def _half(folder: Path) -> None:
    _as_it_was(folder)
    (folder / "index.html").write_bytes(SECOND["index.html"])
    (folder / ".part_0123456789abcdef0123").write_bytes(b"cut off")


def _gone(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize("left", [_as_it_was, _half, _gone])
async def test_a_version_that_was_saved_and_not_laid_out_is_laid_out_by_the_next_start(
    left: Any, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    made = await two_versions(data)
    left(folder_of(data, made))
    forget_that_it_was_laid_out(data, made)
    async with running_server(data) as server:
        await until_laid_out(server, made, SECOND)
        while "assets/chart.js" in files_below(folder_of(data, made)):
            await asyncio.sleep(0.01)
        assert await server.get(f"/artifacts/{made['id']}") == made
    assert files_below(folder_of(data, made)) == SECOND


async def test_a_save_before_the_start_has_laid_the_last_one_out_loses_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    made = await two_versions(data)
    _half(folder_of(data, made))
    forget_that_it_was_laid_out(data, made)
    async with running_server(data) as server:
        made = await save(server, {"index.html": b"third"}, artifact_id=made["id"])
        assert (await served(server, made, "index.html")).body == b"third"
        assert (await preview_of(server, made, "index.html", version=2))["content"] == "the second version"
        assert (await preview_of(server, made, "assets/chart.js", version=1))["content"]


async def test_an_artifact_that_is_deleted_while_its_folder_is_laid_out_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, begun, may_go_on = tmp_path / "data", asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(root: Path, files: Iterable[tuple[str, bytes]]) -> None:
        read = list(files)
        loop.call_soon_threadsafe(begun.set)
        may_go_on.wait(10)
        write(root, read)

    async with running_server(data) as server:
        made = await save(server)
        monkeypatch.setattr(workspace_artifacts, "write", slow)
        draft = Draft("T", "app", SECOND)
        artifacts = server.app[keys.ARTIFACTS]
        saving = asyncio.ensure_future(artifacts.save(made["project_id"], draft, artifact_id=made["id"]))
        await begun.wait()
        assert (await server.call("DELETE", f"/artifacts/{made['id']}")).status == 204
        await asyncio.sleep(0.1)  # for the sweep, if it would not wait
        may_go_on.set()
        assert (await saving).version == 2
        await swept()
        with pytest.raises(NotFound):
            await artifacts.save(made["project_id"], draft, artifact_id=made["id"])
        assert files_below(folder_of(data, made)) == {}
        assert stored(data) == 0


async def a_saved_pad(server: ServerProcess, n: int) -> str:
    """A scratchpad that became a report; its id."""
    conversation = (await server.post("/conversations", {"title": "T"}))["id"]
    cells = [{"type": "markdown", "content": f"word {n} " * 20_000}]
    body = {"conversation_id": conversation, "title": "Report", "cells": cells}
    return str((await server.post("/scratchpads", body))["id"])


async def save_again(server: ServerProcess, pad: str, number: int, acknowledged: list[int]) -> None:
    """Save the pad as fast as it goes, each time with another title, until the server is gone."""
    while True:
        body = {"saved": True, "title": f"Report {number}"}
        async with server.session.patch(f"{server.api}/scratchpads/{pad}", json=body) as response:
            assert response.status == 200, await response.text()
        acknowledged.append(number)
        number += 1


async def test_after_a_kill_at_any_point_of_a_save_the_folder_shows_the_newest_version_whole(
    tmp_path: Path,
) -> None:
    async with running_process(tmp_path) as server:
        settings = {"kernels": {"spare": False}}
        async with server.session.patch(f"{server.api}/settings", json=settings) as answer:
            assert answer.status == 200
        pad = await a_saved_pad(server, 0)
    number = 0
    for round_ in range(8):
        acknowledged: list[int] = []
        async with running_process(tmp_path) as server:
            saving = asyncio.create_task(save_again(server, pad, number, acknowledged))
            while len(acknowledged) < 2 + round_ % 3:
                await asyncio.wait([saving], timeout=0.001 * (round_ + 1))
            server.process.kill()
            with pytest.raises(aiohttp.ClientError):
                await saving
        number = acknowledged[-1] + 2
        async with running_process(tmp_path) as server:
            [artifact] = (await server.get("/artifacts"))["data"]
            versions = (await server.get(f"/artifacts/{artifact['id']}/versions?limit=1"))["data"]
            assert artifact["title"] == versions[0]["title"]
            newest = int(artifact["title"].removeprefix("Report "))
            assert newest in (acknowledged[-1], acknowledged[-1] + 1)
            folder, _, page = artifact["path"].partition("/")
            path = f"/artifacts/serve/{artifact['project_id']}/{folder}/{page}"
            async with asyncio.timeout(10):
                while True:
                    async with server.session.get(server.api + path) as response:
                        shown = await response.text()
                    assert shown.rstrip().endswith("</html>")
                    if f"Report {newest}<" in shown:
                        break
                    await asyncio.sleep(0.01)


class FullDisk:
    """Takes so many more files, and then none until the test makes room."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._sync, self.left = os.fsync, 1_000_000
        monkeypatch.setattr(os, "fsync", self)

    def __call__(self, descriptor: int) -> None:
        if self.left <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.left -= 1
        self._sync(descriptor)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    return FullDisk(monkeypatch)


async def test_a_disk_that_is_full_before_a_version_is_kept_leaves_the_one_before(
    tmp_path: Path, disk: FullDisk
) -> None:
    data = tmp_path / "data"
    async with running_server(data) as server:
        await no_spare_kernel(server)
        made = await save(server)
        for room in range(2):
            disk.left = room
            with pytest.raises(StorageFull, match="No space left"):
                await save(server, SECOND, artifact_id=made["id"])
            disk.left = 1_000_000
            assert await server.get(f"/artifacts/{made['id']}") == made
            assert files_below(folder_of(data, made)) == APP
            assert stored(data) == len(APP)
        again = await save(server, SECOND, artifact_id=made["id"])
        assert again["version"] == 2
        assert files_below(folder_of(data, made)) == SECOND


async def test_a_disk_that_is_full_before_the_folder_shows_a_version_leaves_the_old_one_shown_whole(
    tmp_path: Path, disk: FullDisk
) -> None:
    data = tmp_path / "data"
    async with running_server(data) as server:
        await no_spare_kernel(server)
        made = await save(server)
        # Room for the two contents and the folders that they are in, and for one file of the folder.
        disk.left = 5
        kept = await save(server, SECOND, artifact_id=made["id"])
        assert kept["version"] == 2
        assert files_below(folder_of(data, made)) == APP
        for path, content in APP.items():
            assert (await served(server, made, path)).body == content
        disk.left = 1_000_000
        await until_laid_out(server, made, SECOND)


async def test_a_first_save_on_a_full_disk_makes_no_artifact(tmp_path: Path, disk: FullDisk) -> None:
    data = tmp_path / "data"
    async with running_server(data) as server:
        await no_spare_kernel(server)
        disk.left = 1
        with pytest.raises(StorageFull, match="No space left"):
            await save(server)
        assert await server.get("/artifacts") == {"data": [], "total": 0, "has_more": False}
        assert stored(data) == 0


async def test_a_scratchpad_that_is_saved_on_a_full_disk_is_told_so(tmp_path: Path, disk: FullDisk) -> None:
    async with running_server(tmp_path / "data") as server:
        await no_spare_kernel(server)
        body = {"conversation_id": await server.conversation(), "title": "T"}
        pad = await server.post("/scratchpads", body)
        disk.left = 0
        answer = await server.call("PATCH", f"/scratchpads/{pad['id']}", json={"saved": True})
        assert await server.get(f"/scratchpads/{pad['id']}") == pad
        assert fault(answer) == (507, "storage_full", None)


async def test_saves_and_restores_at_the_same_time_follow_one_another(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running_server(data) as server:
        await no_spare_kernel(server)
        made = await save(server, {"index.html": b"0"})
        await asyncio.gather(
            *(save(server, {"index.html": str(n).encode()}, artifact_id=made["id"]) for n in range(1, 5)),
            *(server.post(f"/artifacts/{made['id']}/versions/1/restore") for _ in range(3)),
        )
        kept = (await server.get(f"/artifacts/{made['id']}/versions"))["data"]
        assert [version["version"] for version in kept] == list(range(8, 0, -1))
        assert sorted(version["source"] for version in kept) == ["restore"] * 3 + ["save"] * 5
        newest = (await preview_of(server, made, "index.html", version=8))["content"]
        assert files_below(folder_of(data, made)) == {"index.html": newest.encode()}


async def test_a_delete_in_the_middle_of_saves_leaves_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running_server(data) as server:
        await no_spare_kernel(server)
        made = await save(server, {"index.html": b"0"})
        saves = [
            asyncio.create_task(save(server, {"index.html": str(n).encode()}, artifact_id=made["id"]))
            for n in range(1, 4)
        ]
        deleted = await server.call("DELETE", f"/artifacts/{made['id']}")
        assert deleted.status == 204
        await asyncio.wait(saves)
    async with running_server(data) as server:
        assert (await server.get("/artifacts"))["total"] == 0
        async with asyncio.timeout(10):
            while stored(data) or folder_of(data, made).exists():
                await asyncio.sleep(0.01)
    for task in saves:  # those that came after it found nothing to save to
        assert task.exception() is None or "There is no artifact" in str(task.exception())
