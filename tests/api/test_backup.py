"""Backups of a system that is used meanwhile, and the system that is made of one."""

import os
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from cowork_desktop.tasks import Stop
from cowork_desktop.workspace.restore import restore
from tests.fakes.server import Server, running_server
from tests.fakes.system import Filled, everything, fill, served, settled, upload, work_folder

SECRET = "sk-ant-canary-of-a-test-0123456789"


@pytest.fixture
async def filled(server: Server) -> Filled:
    return await fill(server)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """The folder of the fixture `server`."""
    return tmp_path / "data"


async def refusal(server: Server, path: str) -> tuple[int, str, str | None]:
    answer = await server.call("POST", "/backup", json={"path": path})
    error = answer.json()["error"]
    return answer.status, error["type"], error["param"]


def names(made: Any) -> list[str]:
    with zipfile.ZipFile(made["path"]) as archive:
        return archive.namelist()


def restored(made: Any, folder: Path) -> Path:
    restore(Path(made["path"]), folder, Stop())
    return folder


async def test_a_backup_is_one_verified_archive_in_the_data_folder(
    server: Server, filled: Filled, data_dir: Path
) -> None:
    (work_folder(data_dir, filled.project) / "table.csv").write_text("a,b\n")
    made = await server.post("/backup", {})
    place = Path(made["path"])
    with zipfile.ZipFile(place) as archive:
        infos = [info for info in archive.infolist() if info.filename != "manifest.json"]
    assert made == {
        "path": str(data_dir / "backups" / place.name),
        "size": place.stat().st_size,
        "created_at": made["created_at"],
        "schema_version": (await server.get("/health"))["schema_version"],
        "files": len(infos) - 1,
        "bytes": sum(info.file_size for info in infos),
        "verified": True,
        "damaged": [],
        "left_out": 0,
    }
    assert os.listdir(place.parent) == [place.name]
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    stored = {name for name in names(made) if name.startswith("contents/")}
    assert set(names(made)) - stored == {
        "manifest.json",
        "cowork.db",
        f"projects/{filled.project}/work/table.csv",
    }
    assert {name.rpartition("/")[2] for name in stored} == {
        place.name for place in (data_dir / "contents").glob("??/*")
    }


async def test_a_restored_system_is_the_old_one(
    server: Server, filled: Filled, data_dir: Path, tmp_path: Path
) -> None:
    work = work_folder(data_dir, filled.project)
    (work / "deep" / "er").mkdir(parents=True)
    (work / "deep" / "er" / 'a "b": c?.csv').write_text("1")
    (work / "run.sh").write_text("#!/bin/sh\n")
    (work / "run.sh").chmod(0o755)
    made = await server.post("/backup", {})
    before = await everything(server)
    new = restored(made, tmp_path / "new")
    async with running_server(new) as other:
        await settled(other)
        assert await everything(other) == before
        version = await other.call("POST", f"/artifacts/{filled.artifact}/versions/1/restore")
        assert version.json()["version"] == 3
    again = work_folder(new, filled.project)
    assert (again / "deep" / "er" / 'a "b": c?.csv').read_text() == "1"
    assert stat.S_IMODE((again / "run.sh").stat().st_mode) == 0o755


async def test_a_backup_goes_where_it_is_told_to(server: Server, tmp_path: Path) -> None:
    folder, archive = tmp_path / "safe", tmp_path / "safe" / "of today.zip"
    folder.mkdir()
    first, second = [await server.post("/backup", {"path": str(folder)}) for _ in range(2)]
    named = await server.post("/backup", {"path": str(archive)})
    assert named["path"] == str(archive)
    assert sorted(os.listdir(folder)) == sorted(
        [Path(first["path"]).name, Path(second["path"]).name, archive.name]
    )


async def test_a_target_that_cannot_be_is_refused(server: Server, tmp_path: Path) -> None:
    (tmp_path / "there.zip").touch()
    (tmp_path / "there.txt").touch()
    assert await refusal(server, "backups") == (422, "invalid_request", "body.path")
    assert await refusal(server, str(tmp_path / "missing")) == (422, "invalid_request", "body.path")
    assert await refusal(server, str(tmp_path / "missing" / "a.zip")) == (422, "invalid_request", "body.path")
    assert await refusal(server, str(tmp_path / "there.zip")) == (409, "conflict", None)
    assert await refusal(server, str(tmp_path / "there.txt")) == (409, "conflict", None)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that takes no file")
async def test_a_folder_that_takes_no_file_is_told(server: Server) -> None:
    for path in ("/proc", "/proc/a.zip", f"/tmp/{'a' * 300}.zip"):
        assert await refusal(server, path) == (422, "invalid_request", "body.path")
    assert (await server.post("/backup", {}))["verified"]


async def test_there_is_one_backup_at_a_time(server: Server, data_dir: Path) -> None:
    with FileLock(data_dir / "backup.lock"):
        answer = await server.call("POST", "/backup", json={})
    assert (answer.status, answer.json()["error"]["type"]) == (409, "conflict")
    assert (await server.post("/backup", {}))["verified"]


async def test_no_secret_is_in_a_backup(server: Server, filled: Filled) -> None:
    assert (await server.call("PUT", "/settings/model-key", json={"key": SECRET})).status == 204
    made = await server.post("/backup", {})
    with zipfile.ZipFile(made["path"]) as archive:
        assert [name for name in archive.namelist() if SECRET.encode() in archive.read(name)] == []


async def test_links_and_what_is_no_file_are_left_out_and_counted(
    server: Server, filled: Filled, data_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "private.txt").write_text("private")
    work = work_folder(data_dir, filled.project)
    (work / "folder").symlink_to(tmp_path / "elsewhere")
    (work / "file.txt").symlink_to(tmp_path / "elsewhere" / "private.txt")
    (work / "back\\slash").touch()
    (work / "plain").touch()
    os.mkfifo(work / "pipe")
    made = await server.post("/backup", {})
    assert made["left_out"] == 4
    assert [name for name in names(made) if "/work/" in name] == [f"projects/{filled.project}/work/plain"]


async def test_bytes_that_the_disk_has_changed_are_told_and_kept_as_they_are(
    server: Server, filled: Filled, data_dir: Path, tmp_path: Path
) -> None:
    file = await server.get(f"/files/{filled.file}")
    place = data_dir / "contents" / file["sha256"][:2] / file["sha256"]
    place.write_bytes(b"A herom, two herons.\n")
    made = await server.post("/backup", {})
    assert not made["verified"]
    assert made["damaged"] == [{"sha256": file["sha256"], "name": file["name"], "fault": "changed"}]
    async with running_server(restored(made, tmp_path / "new")) as other:
        content = await other.call("GET", f"/files/{filled.file}/content")
        assert content.body == b"A herom, two herons.\n"


async def test_bytes_that_the_disk_has_lost_are_told(
    server: Server, filled: Filled, data_dir: Path, tmp_path: Path
) -> None:
    file = await server.get(f"/files/{filled.file}")
    (data_dir / "contents" / file["sha256"][:2] / file["sha256"]).unlink()
    made = await server.post("/backup", {})
    assert not made["verified"]
    assert made["damaged"] == [{"sha256": file["sha256"], "name": file["name"], "fault": "missing"}]
    async with running_server(restored(made, tmp_path / "new")) as other:
        assert (await other.get(f"/files/{filled.file}")) == file


async def test_an_artifact_that_was_changed_by_hand_is_restored_as_it_was(
    server: Server, filled: Filled, data_dir: Path, tmp_path: Path
) -> None:
    artifact = await server.get(f"/artifacts/{filled.artifact}")
    page = data_dir / "projects" / artifact["project_id"] / "artifacts" / artifact["path"]
    page.write_text("<p>By hand</p>")
    made = await server.post("/backup", {})
    async with running_server(restored(made, tmp_path / "new")) as other:
        assert (await other.call("GET", served(artifact))).body == b"<p>By hand</p>"
        versions = await other.get(f"/artifacts/{filled.artifact}/versions")
    assert versions == await server.get(f"/artifacts/{filled.artifact}/versions")


async def test_what_was_deleted_is_not_in_a_backup(server: Server, data_dir: Path) -> None:
    project = (await server.post("/projects", {"name": "Gone"}))["id"]
    (work_folder(data_dir, project) / "gone.txt").touch()
    await upload(server, b"gone", "gone.bin", project_id=project)
    assert (await server.call("DELETE", f"/projects/{project}")).status == 204
    made = await server.post("/backup", {})
    assert [name for name in names(made) if project in name] == []


async def test_the_archives_in_the_folder_are_listed_newest_first(server: Server, data_dir: Path) -> None:
    assert await server.get("/backup") == {"data": [], "total": 0, "has_more": False}
    made = [await server.post("/backup", {}) for _ in range(3)]
    for n, one in enumerate(made):
        os.utime(one["path"], (1_767_225_600 + n, 1_767_225_600 + n))
    (data_dir / "backups" / "cowork-schema7.db").write_bytes(b"before a migration")
    (data_dir / "backups" / "folder.zip").mkdir()
    (data_dir / "backups" / "link.zip").symlink_to(made[0]["path"])
    wanted = [
        {"path": one["path"], "size": one["size"], "created_at": f"2026-01-01T00:00:0{n}.000Z"}
        for n, one in reversed(list(enumerate(made)))
    ]
    assert await server.get("/backup") == {"data": wanted, "total": 3, "has_more": False}
    page = await server.get("/backup", params={"limit": 1, "offset": 1})
    assert page == {"data": wanted[1:2], "total": 3, "has_more": True}
