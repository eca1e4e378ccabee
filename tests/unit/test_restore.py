"""Archives that are no backups, or hostile ones, leave nothing in the data folder."""

import hashlib
import json
import os
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cowork_desktop import instance
from cowork_desktop.instance import DataFolderInUse
from cowork_desktop.store.database import Database, DatabaseTooNew
from cowork_desktop.tasks import Stop
from cowork_desktop.workspace.backup import back_up
from cowork_desktop.workspace.restore import CannotRestore, is_unfinished, restore

WORK = "projects/proj_01jz0000000000000000000000/work"


class Forged:
    """An archive that a test changes before it is written; its manifest fits unless that is changed."""

    def __init__(self, database: bytes, schema_version: int) -> None:
        self.members = {"cowork.db": database, f"{WORK}/a.txt": b"a" * 1000}
        self.attributes: dict[str, int] = {}
        self.compression = zipfile.ZIP_DEFLATED
        self.again: list[tuple[str, bytes]] = []
        self.told = {
            name: {"path": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in self.members.items()
        }
        self.manifest: dict[str, Any] = {
            "format": 1,
            "cowork_version": "0.1.0",
            "schema_version": schema_version,
            "created_at": "2026-01-01T00:00:00.000Z",
            "damaged": [],
            "left_out": 0,
        }

    def add(self, name: str, content: bytes = b"x", *, mode: int = 0) -> None:
        self.members[name] = content
        self.told[name] = {"path": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        self.attributes[name] = mode << 16

    def write(self, place: Path) -> Path:
        manifest = self.manifest | {"members": list(self.told.values())}
        with zipfile.ZipFile(place, "w", self.compression) as archive:
            for name, content in [*self.members.items(), ("manifest.json", json.dumps(manifest).encode())]:
                info = zipfile.ZipInfo("x")
                info.filename, info.compress_type = name, self.compression
                info.external_attr = self.attributes.get(name, 0)
                archive.writestr(info, content)
            for name, content in self.again:
                with pytest.warns(UserWarning, match="Duplicate name"):
                    archive.writestr(name, content)
        return place


@pytest.fixture
async def forged(tmp_path: Path) -> Forged:
    (tmp_path / "old").mkdir()
    async with Database.open(tmp_path / "old" / "cowork.db") as db:
        version = db.schema_version
    made = back_up(tmp_path / "old", None, 0, Stop())
    with zipfile.ZipFile(made.path) as archive:
        return Forged(archive.read("cowork.db"), version)


def refused(archive: Path, folder: Path) -> str:
    """The words of a refusal that leaves nothing."""
    with pytest.raises(CannotRestore) as told:
        restore(archive, folder, Stop())
    assert set(os.listdir(folder) if folder.exists() else ()) <= {"instance.lock"}
    return str(told.value)


def _name(name: str) -> Callable[[Forged], None]:
    return lambda forged: forged.add(name)


def _tell(**fields: Any) -> Callable[[Forged], None]:
    return lambda forged: forged.manifest.update(fields)


def _lie(**fields: Any) -> Callable[[Forged], None]:
    return lambda forged: forged.told[f"{WORK}/a.txt"].update(fields)


def _lose(*where: str, name: str) -> Callable[[Forged], None]:
    def lose(forged: Forged) -> None:
        for place in where:
            del getattr(forged, place)[name]

    return lose


HOSTILE: dict[str, tuple[Callable[[Forged], None], str]] = {
    **{
        f"a member {name!r}": (_name(name), "no part of a backup")
        for name in (
            "../evil",
            "/etc/evil",
            "C:/evil",
            "C:\\evil",
            "contents/../../evil",
            "contents/aa/evil",
            f"contents/ab/{'cd' * 32}",
            f"contents/ab/{'AB' * 32}",
            "instance.lock",
            "cowork.db/x",
            "cowork.db-wal",
            "kernels/packages/x.py",
            "logs/cowork.log",
            "projects/x/work/a",
            "projects/../work/a",
            "projects/proj_1/other/a",
            "projects/proj_1/work",
            f"{WORK}/../../../evil",
            f"{WORK}/./a",
            f"{WORK}/..",
            f"{WORK}//a",
            f"{WORK}/a\\b",
            f"{WORK}/..\\evil",
            f"{WORK}/a\x01b",
            f"{WORK}/a\n",
        )
    },
    "a folder": (_name(f"{WORK}/folder/"), "no plain file"),
    "a link": (lambda f: f.add(f"{WORK}/link", b"/etc", mode=stat.S_IFLNK | 0o777), "no plain file"),
    "a device": (lambda f: f.add(f"{WORK}/device", b"", mode=stat.S_IFCHR | 0o666), "no plain file"),
    "a file within a file": (_name(f"{WORK}/a.txt/b"), "a.txt"),
    "a member that is not told": (lambda f: f.members.update({f"{WORK}/b": b""}), "no part of a backup"),
    "a member that is missing": (_lose("members", name=f"{WORK}/a.txt"), "is missing"),
    "a member that is told twice": (
        lambda f: f.told.update(again=f.told["cowork.db"]),
        "the same name",
    ),
    "a member that is there twice": (lambda f: f.again.append((f"{WORK}/a.txt", b"b")), "the same name"),
    "two manifests": (lambda f: f.again.append(("manifest.json", b"{}")), "no backup's"),
    "no database": (_lose("members", "told", name="cowork.db"), "no database"),
    "another size": (_lie(size=999), "another size"),
    "a negative size": (_lie(size=-1), "no backup's"),
    "another digest": (_lie(sha256="0" * 64), "is damaged"),
    "a digest that is none": (_lie(sha256="x"), "no backup's"),
    "a field that is not known": (_tell(evil=True), "no backup's"),
    "a format that is no number": (_tell(format="new"), "no backup's"),
    "a wrong schema": (_tell(schema_version=1), "has schema"),
    "another compression": (lambda f: setattr(f, "compression", zipfile.ZIP_BZIP2), "no plain file"),
    "a database that is none": (lambda f: f.add("cowork.db", b"no database " * 100), "database"),
    "a database that is empty": (lambda f: f.add("cowork.db", b""), "schema 0"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_forged_archive_is_refused_and_leaves_nothing(name: str, forged: Forged, tmp_path: Path) -> None:
    change, words = HOSTILE[name]
    change(forged)
    assert words in refused(forged.write(tmp_path / "forged.zip"), tmp_path / "new")
    assert not (tmp_path / "evil").exists()


def test_an_archive_that_is_not_changed_is_taken(forged: Forged, tmp_path: Path) -> None:
    archive = forged.write(tmp_path / "good.zip")
    restore(archive, tmp_path / "new", Stop())
    assert sorted(os.listdir(tmp_path / "new")) == ["cowork.db", "instance.lock", "projects"]
    assert (tmp_path / "new" / WORK / "a.txt").read_bytes() == b"a" * 1000


def test_each_cut_and_each_flipped_byte_of_an_archive_is_noticed(forged: Forged, tmp_path: Path) -> None:
    forged.add(f"{WORK}/b.txt", os.urandom(20_000))
    good = forged.write(tmp_path / "good.zip").read_bytes()
    bad = tmp_path / "bad.zip"
    for cut in (0, 1, 100, len(good) // 2, len(good) - 1):
        bad.write_bytes(good[:cut])
        refused(bad, tmp_path / "new")
    start = good.index(f"{WORK}/b.txt".encode()) + 100
    for place in range(start, start + 19_000, 1_000):
        bad.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        refused(bad, tmp_path / "new")


def test_a_bomb_is_stopped_at_the_size_that_the_manifest_tells(forged: Forged, tmp_path: Path) -> None:
    forged.add(f"{WORK}/bomb", b"\0" * 50_000_000)
    forged.told[f"{WORK}/bomb"]["size"] = 1_000
    archive = forged.write(tmp_path / "bomb.zip")
    true, small = (50_000_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little")
    raw = archive.read_bytes()
    assert raw.count(true) == 2
    archive.write_bytes(raw.replace(true, small))
    assert "bomb" in refused(archive, tmp_path / "new")


def test_a_backup_that_is_larger_than_the_disk_is_refused(
    forged: Forged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = forged.write(tmp_path / "large.zip")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000))
    assert "no room" in refused(archive, tmp_path / "new")


@pytest.mark.parametrize("field", ["format", "schema_version"])
def test_a_backup_of_a_newer_release_is_refused_as_such(field: str, forged: Forged, tmp_path: Path) -> None:
    forged.manifest |= {field: 9_999, "unknown": True}
    with pytest.raises(DatabaseTooNew):
        restore(forged.write(tmp_path / "newer.zip"), tmp_path / "new", Stop())
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_not_empty_is_left_as_it_is(forged: Forged, tmp_path: Path) -> None:
    archive = forged.write(tmp_path / "good.zip")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "letter.txt").touch()
    with pytest.raises(CannotRestore, match="not empty"):
        restore(archive, tmp_path / "new", Stop())
    assert os.listdir(tmp_path / "new") == ["letter.txt"]


def test_a_folder_that_a_server_has_is_refused(forged: Forged, tmp_path: Path) -> None:
    archive = forged.write(tmp_path / "good.zip")
    with instance.lock(tmp_path / "new", {"port": 1}), pytest.raises(DataFolderInUse):
        restore(archive, tmp_path / "new", Stop())


def test_a_restore_that_was_stopped_leaves_nothing(forged: Forged, tmp_path: Path) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(CannotRestore, match="stopped"):
        restore(forged.write(tmp_path / "good.zip"), tmp_path / "new", stop)
    assert os.listdir(tmp_path / "new") == ["instance.lock"]


@pytest.mark.parametrize("left", [(), ("contents",), ("contents", "projects")])
def test_what_a_restore_left_that_was_cut_off_gives_way_to_the_next(
    left: tuple[str, ...], forged: Forged, tmp_path: Path
) -> None:
    for name in ("restoring", *left):
        (tmp_path / "new" / name).mkdir(parents=True)
        (tmp_path / "new" / name / "half").touch()
    assert is_unfinished(tmp_path / "new")
    restore(forged.write(tmp_path / "good.zip"), tmp_path / "new", Stop())
    assert sorted(os.listdir(tmp_path / "new")) == ["cowork.db", "instance.lock", "projects"]
    assert not is_unfinished(tmp_path / "new")


def test_a_database_beside_what_a_restore_left_is_never_overwritten(forged: Forged, tmp_path: Path) -> None:
    (tmp_path / "new" / "restoring").mkdir(parents=True)
    (tmp_path / "new" / "cowork.db").write_bytes(b"mine")
    with pytest.raises(CannotRestore, match="not empty"):
        restore(forged.write(tmp_path / "good.zip"), tmp_path / "new", Stop())
    assert (tmp_path / "new" / "cowork.db").read_bytes() == b"mine"
