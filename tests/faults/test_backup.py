"""Backups and restores on the command line: killed, stopped, without room, and beside a server at work."""

import asyncio
import hashlib
import os
import signal
import sqlite3
import sys
import time
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from cowork_desktop.errors import Conflict
from cowork_desktop.tasks import Stop
from cowork_desktop.workspace.backup import back_up
from cowork_desktop.workspace.restore import restore
from tests.fakes.server import Server, running_server
from tests.fakes.system import settled, upload, work_folder
from tests.faults.process import end_of, running_process, start

pytestmark = pytest.mark.slow

LARGE = 80_000_000
"""Bytes that take a backup a second or more."""


@pytest.fixture
async def data_dir(tmp_path: Path) -> Path:
    """A system with so much in it that a backup takes its time."""
    data_dir = tmp_path / "data"
    async with running_server(data_dir) as server:
        project = (await server.post("/projects", {"name": "Large"}))["id"]
        await upload(server, b"small", "small.txt", project_id=project)
        await settled(server)
    (work_folder(data_dir, project) / "large.bin").write_bytes(os.urandom(LARGE))
    return data_dir


def parts(folder: Path) -> list[Path]:
    return [place for place in folder.iterdir() if ".part" in place.name] if folder.exists() else []


def size_of(place: Path) -> int:
    """Bytes; none where it is gone by now."""
    with suppress(FileNotFoundError):
        return place.stat().st_size
    return 0


async def until_written(folder: Path, size: int) -> None:
    """Wait until a backup is so far."""
    while not any(size_of(place) > size for place in parts(folder)):
        await asyncio.sleep(0.005)


async def test_the_verbs_back_up_and_restore_beside_a_server_and_without_one(tmp_path: Path) -> None:
    data, safe = tmp_path / "data", tmp_path / "safe"
    safe.mkdir()
    async with running_process(data) as server:
        await server.post("/conversations", {"title": "Kept"})
        before = await server.get("/conversations")
        code, out, errors = await end_of(await start("backup", str(safe), "--data-dir", str(data)))
        [made] = safe.iterdir()
        assert (code, out, errors) == (0, f"{made} ({made.stat().st_size:,} bytes)\n", "")
        code, out, errors = await end_of(await start("restore", str(made), "--data-dir", str(data)))
        assert (code, out) == (3, "")
        assert "Another Cowork works in" in errors
    code, _, _ = await end_of(await start("backup", "--data-dir", str(data)))
    assert code == 0
    assert len(list((data / "backups").iterdir())) == 1
    code, _, errors = await end_of(await start("restore", str(made), "--data-dir", str(tmp_path / "new")))
    assert (code, errors) == (0, "")
    async with running_process(tmp_path / "new") as server:
        assert await server.get("/conversations") == before


async def test_the_verbs_say_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "newer").mkdir()
    with closing(sqlite3.connect(tmp_path / "newer" / "cowork.db")) as newer:
        newer.execute("PRAGMA user_version = 9999")
    (tmp_path / "letter.zip").write_text("This is a letter.")
    wrong = {
        ("backup", "--data-dir", str(tmp_path / "none")): (1, "no database of Cowork"),
        ("backup", "--data-dir", str(tmp_path / "newer")): (4, "newer Cowork"),
        ("backup", "--port", "1"): (2, "unrecognized arguments"),
        ("restore",): (2, "ARCHIVE"),
        ("restore", str(tmp_path / "letter.zip"), "--data-dir", str(tmp_path / "new")): (1, "no backup"),
        ("restore", str(tmp_path / "none.zip"), "--data-dir", str(tmp_path / "new")): (1, "No such file"),
        ("restore", str(tmp_path / "letter.zip"), "--data-dir", str(tmp_path / "newer")): (1, "no backup"),
    }
    for arguments, (code, words) in wrong.items():
        ended = await end_of(await start(*arguments))
        assert ended[:2] == (code, "")
        assert words in ended[2]
        assert "Traceback" not in ended[2]
    assert not (tmp_path / "none").exists()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("size", [1_000, LARGE // 2, LARGE])
async def test_a_killed_backup_leaves_no_archive_and_its_parts_go_with_the_next(
    size: int, data_dir: Path
) -> None:
    backup = await start("backup", "--data-dir", str(data_dir))
    await until_written(data_dir / "backups", size)
    backup.kill()
    await backup.communicate()
    assert list(data_dir.glob("backups/*.zip")) == []
    assert parts(data_dir / "backups") != []
    code, _, _ = await end_of(await start("backup", "--data-dir", str(data_dir)))
    assert code == 0
    assert parts(data_dir / "backups") == []
    assert len(list(data_dir.glob("backups/*.zip"))) == 1


async def test_a_stopped_backup_leaves_nothing(data_dir: Path) -> None:
    backup = await start("backup", "--data-dir", str(data_dir))
    await until_written(data_dir / "backups", LARGE // 10)
    backup.send_signal(signal.SIGTERM)
    code, out, errors = await end_of(backup)
    assert (code, out) == (1, "")
    assert "stopped" in errors
    assert list((data_dir / "backups").iterdir()) == []


async def test_a_server_that_ends_stops_its_backup_within_two_seconds_and_leaves_nothing(
    data_dir: Path,
) -> None:
    async with running_process(data_dir) as server:
        asked = asyncio.create_task(server.session.post(f"{server.api}/backup", json={}))
        await until_written(data_dir / "backups", LARGE // 10)
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert await server.process.wait() == 0
        assert time.monotonic() - started < 2
        with suppress(aiohttp.ClientError):
            assert (await asked).status == 409
    assert list((data_dir / "backups").iterdir()) == []


async def test_a_backup_without_room_says_so_and_leaves_nothing(data_dir: Path) -> None:
    # Python takes no notice of SIGXFSZ, so that the write fails as on a full disk.
    for size in (100_000, LARGE // 2):
        backup = await asyncio.create_subprocess_exec(
            *("prlimit", f"--fsize={size}"),
            *(sys.executable, "-m", "cowork_desktop", "backup", "--data-dir", str(data_dir)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        code, out, errors = await end_of(backup)
        assert (code, out) == (1, "")
        assert "cannot be written" in errors
        assert "Traceback" not in errors
        assert list((data_dir / "backups").iterdir()) == []


async def test_a_killed_restore_is_no_system_and_can_be_done_again(data_dir: Path, tmp_path: Path) -> None:
    _, out, _ = await end_of(await start("backup", "--data-dir", str(data_dir)))
    archive, new = out.partition(" (")[0], tmp_path / "new"
    for size in (1, LARGE // 2):
        unpacking = await start("restore", archive, "--data-dir", str(new))
        while not any(size_of(place) >= size for place in new.glob("restoring/projects/*/work/*")):
            await asyncio.sleep(0.002)
        unpacking.kill()
        await unpacking.communicate()
        assert not (new / "cowork.db").exists()
        code, out, errors = await end_of(await start("serve", "--port", "0", "--data-dir", str(new)))
        assert (code, out) == (1, "")
        assert "was cut off" in errors
    assert (await end_of(await start("restore", archive, "--data-dir", str(new))))[0] == 0
    assert sorted(os.listdir(new)) == ["contents", "cowork.db", "instance.lock", "projects"]
    async with running_process(data_dir) as old, running_process(new) as restored:
        assert await restored.get("/files") == await old.get("/files")


async def test_backups_beside_a_stream_of_writes_and_deletes_are_each_consistent(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        numbers, is_over = count(), asyncio.Event()

        async def write_and_delete() -> None:
            while not is_over.is_set():
                n = next(numbers)
                id = await upload(server, f"{n}".encode() * 5_000, f"{n}.bin")
                await server.conversation(title=f"{n}")
                if n % 3:
                    assert (await server.call("DELETE", f"/files/{id}")).status == 204

        writers = [asyncio.create_task(write_and_delete()) for _ in range(4)]
        made = []
        for _ in range(8):
            made.append(await server.post("/backup", {}))
        is_over.set()
        await asyncio.gather(*writers)
    assert {(one["verified"], len(one["damaged"])) for one in made} == {(True, 0)}
    assert made[-1]["files"] > made[0]["files"]
    for n, one in enumerate(made):
        restore(Path(one["path"]), tmp_path / f"{n}", Stop())
        async with running_server(tmp_path / f"{n}") as restored:
            await _check_files(restored)


async def _check_files(server: Server) -> None:
    for file in (await server.get("/files"))["data"]:
        content = await server.call("GET", f"/files/{file['id']}/content")
        assert hashlib.sha256(content.body).hexdigest() == file["sha256"]


class Deleting(Stop):
    """Deletes a file each time that a backup looks whether it is to stop, while there is one."""

    def __init__(self, data_dir: Path, most: int) -> None:
        super().__init__()
        self._data_dir, self._left = data_dir, most

    def check(self) -> None:
        if self._left:
            self._left -= 1
            with closing(sqlite3.connect(self._data_dir / "cowork.db", isolation_level=None)) as tx:
                tx.create_function("words", 1, lambda text: text)
                found = tx.execute("SELECT id, sha256 FROM files ORDER BY id LIMIT 1").fetchone()
                tx.execute("DELETE FROM files WHERE id = ?", found[:1])
            (self._data_dir / "contents" / found[1][:2] / found[1]).unlink()


async def test_what_is_deleted_between_snapshot_and_copy_is_in_neither(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        for n in range(5):
            await upload(server, f"{n}".encode(), f"{n}.bin")
    stop = Deleting(tmp_path / "data", most=2)
    made = await asyncio.to_thread(back_up, tmp_path / "data", None, 0, stop)
    assert (made.verified, made.files) == (True, 3)
    restore(Path(made.path), tmp_path / "new", Stop())
    async with running_server(tmp_path / "new") as restored:
        assert [file["name"] for file in (await restored.get("/files"))["data"]] == [
            "4.bin",
            "3.bin",
            "2.bin",
        ]
        await _check_files(restored)


class Outrunning(Stop):
    """Lets the database name other bytes each time that a backup looks, and has none of them."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__()
        self._data_dir, self._numbers = data_dir, count()

    def check(self) -> None:
        digest = hashlib.sha256(str(next(self._numbers)).encode()).hexdigest()
        with closing(sqlite3.connect(self._data_dir / "cowork.db", isolation_level=None)) as tx:
            tx.create_function("words", 1, lambda text: text)
            tx.execute("UPDATE files SET sha256 = ?", (digest,))


async def test_a_backup_gives_up_where_each_snapshot_is_outrun(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        await upload(server, b"Quick", "quick.bin")
    [place] = (tmp_path / "data" / "contents").glob("??/*")
    place.unlink()
    with pytest.raises(Conflict, match="deleted faster"):
        await asyncio.to_thread(back_up, tmp_path / "data", None, 0, Outrunning(tmp_path / "data"))
    assert list((tmp_path / "data" / "backups").iterdir()) == []
