"""Artifacts whose folders somebody works in: nothing is lost that was put there by hand."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop import keys
from cowork_desktop.errors import Conflict, StorageFull
from cowork_desktop.store import artifacts as stored_artifacts
from cowork_desktop.tasks import Stop
from cowork_desktop.workspace import artifact_reading
from cowork_desktop.workspace.artifact_folder import remove
from cowork_desktop.workspace.contents import Arrivals
from cowork_desktop.workspace.restore import restore
from tests.fakes.artifacts import (
    APP,
    files_below,
    folder_of,
    preview_of,
    save,
    served,
    stored,
    swept,
    unzipped,
)
from tests.fakes.server import Server, fault, running_server

FIRST, SECOND = {"index.html": b"first", "old.txt": b"old"}, {"index.html": b"second", "new.txt": b"new"}


async def versions(server: Server, artifact: Any) -> list[Any]:
    """The versions, newest first."""
    found: list[Any] = (await server.get(f"/artifacts/{artifact['id']}/versions"))["data"]
    return found


async def sources(server: Server, artifact: Any) -> list[tuple[int, str]]:
    """The versions, newest first, and what they come from."""
    return [(version["version"], version["source"]) for version in await versions(server, artifact)]


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@contextmanager
def no_room() -> Iterator[None]:
    """Meanwhile no folder can be laid out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cowork_desktop.workspace.artifacts.write", full)
        yield


async def second_that_waits(server: Server) -> Any:
    """An artifact whose folder shows the first version, as there was no room for the second."""
    made = await save(server, FIRST)
    with no_room():
        return await save(server, SECOND, artifact_id=made["id"])


@pytest.fixture
def lock(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Lets nobody read a file any more, as another program may on Windows."""
    locked, really_open = set[str](), os.open

    def opened(place: Any, *rest: Any, **options: Any) -> int:
        if str(place) in locked:
            raise PermissionError(errno.EACCES, "Permission denied", str(place))
        return really_open(place, *rest, **options)

    monkeypatch.setattr("os.open", opened)
    return lambda place: locked.add(str(place))


async def test_changes_by_hand_are_kept_before_the_next_save(server: Server, data: Path) -> None:
    made = await save(server, {"index.html": b"saved", "a.txt": b"a"}, title="T")
    folder = folder_of(data, made)
    (folder / "index.html").write_bytes(b"by hand")
    (folder / "a.txt").unlink()
    (folder / "sub").mkdir()
    (folder / "sub" / "new.txt").write_bytes(b"new")
    (folder / ".hidden").write_bytes(b"hidden")
    await save(server, {"index.html": b"saved again"}, artifact_id=made["id"], title="U")
    kept = [(v["version"], v["title"], v["source"], v["files"]) for v in await versions(server, made)]
    assert kept == [(3, "U", "save", 1), (2, "T", "folder", 2), (1, "T", "save", 2)]
    assert files_below(folder) == {"index.html": b"saved again", ".hidden": b"hidden"}
    await server.post(f"/artifacts/{made['id']}/versions/2/restore")
    assert files_below(folder) == {
        "index.html": b"by hand",
        "sub/new.txt": b"new",
        ".hidden": b"hidden",
    }
    await save(server, artifact_id=made["id"])
    sources = [v["source"] for v in await versions(server, made)]
    assert sources == ["save", "restore", "save", "folder", "save"]


async def test_changes_by_hand_are_kept_before_a_restore_too(server: Server, data: Path) -> None:
    made = await save(server, {"index.html": b"one"})
    await save(server, {"index.html": b"two"}, artifact_id=made["id"])
    (folder_of(data, made) / "index.html").write_bytes(b"by hand")
    await server.post(f"/artifacts/{made['id']}/versions/1/restore")
    assert [(v["version"], v["source"]) for v in await versions(server, made)] == [
        (4, "restore"),
        (3, "folder"),
        (2, "save"),
        (1, "save"),
    ]
    assert (await preview_of(server, made, "index.html", version=3))["content"] == "by hand"


async def test_of_a_folder_that_holds_too_much_what_a_save_would_write_over_is_kept(
    server: Server, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact_reading, "_MOST_FILES_BY_HAND", 3)
    made = await save(server, {"index.html": b"saved", "a.txt": b"a"})
    folder = folder_of(data, made)
    by_hand = {f"modules/{n}.js": b"%d" % n for n in range(4)}
    (folder / "modules").mkdir()
    for path, content in by_hand.items():
        (folder / path).write_bytes(content)
    (folder / "index.html").write_bytes(b"by hand")
    await save(server, {"index.html": b"saved again", "modules/1.js": b"x"}, artifact_id=made["id"])
    kept = await versions(server, made)
    assert [(v["version"], v["source"], v["files"]) for v in kept] == [
        (3, "save", 2),
        (2, "folder", 3),
        (1, "save", 2),
    ]
    assert (await preview_of(server, made, "index.html", version=2))["content"] == "by hand"
    assert (await preview_of(server, made, "modules/1.js", version=2))["content"] == "1"
    assert files_below(folder) == by_hand | {"index.html": b"saved again", "modules/1.js": b"x"}


async def test_files_that_were_changed_by_hand_and_are_too_large_to_keep_are_not_written_over(
    server: Server, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact_reading, "_MOST_BYTES_BY_HAND", 3)
    made = await save(server, {"index.html": b"1"})
    (folder_of(data, made) / "index.html").write_bytes(b"by hand")
    with pytest.raises(Conflict, match="move what is to be kept"):
        await save(server, {"index.html": b"2"}, artifact_id=made["id"])
    assert files_below(folder_of(data, made)) == {"index.html": b"by hand"}
    assert [v["version"] for v in await versions(server, made)] == [1]


async def test_a_folder_that_nobody_changed_makes_no_version(server: Server, data: Path) -> None:
    made = await save(server)
    for place in folder_of(data, made).rglob("*.js"):
        os.utime(place, (1, 1))
    await save(server, artifact_id=made["id"])
    await server.post(f"/artifacts/{made['id']}/versions/1/restore")
    assert [v["source"] for v in await versions(server, made)] == ["restore", "save", "save"]


async def test_a_folder_that_is_gone_makes_no_version_and_is_laid_out_again(
    server: Server, data: Path
) -> None:
    made = await save(server)
    shutil.rmtree(folder_of(data, made))
    assert fault(await served(server, made, "index.html")) == (404, "not_found", None)
    await save(server, artifact_id=made["id"])
    assert [v["source"] for v in await versions(server, made)] == ["save", "save"]
    assert files_below(folder_of(data, made)) == APP


async def test_the_oldest_version_can_be_restored_though_there_is_room_for_no_more(
    server: Server, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_artifacts, "MOST_VERSIONS", 3)
    made = await save(server, FIRST)
    for n in range(2):
        await save(server, {"index.html": b"%d" % n}, artifact_id=made["id"])
    (folder_of(data, made) / "index.html").write_bytes(b"by hand")
    await server.post(f"/artifacts/{made['id']}/versions/1/restore")
    assert files_below(folder_of(data, made)) == FIRST
    assert await sources(server, made) == [(5, "restore"), (4, "folder"), (3, "save")]
    assert (await preview_of(server, made, "index.html", version=4))["content"] == "by hand"
    assert stored(data) == 4


async def test_a_version_whose_bytes_the_disk_has_lost_does_not_become_the_newest(
    server: Server, data: Path
) -> None:
    made = await save(server, FIRST)
    await save(server, SECOND, artifact_id=made["id"])
    shutil.rmtree(data / "contents")
    (data / "contents" / "incoming").mkdir(parents=True)
    answer = await server.call("POST", f"/artifacts/{made['id']}/versions/1/restore")
    assert fault(answer) == (409, "conflict", None)
    assert files_below(folder_of(data, made)) == SECOND


async def test_what_was_changed_by_hand_before_a_version_could_be_laid_out_is_kept(
    server: Server, data: Path
) -> None:
    made = await second_that_waits(server)
    folder = folder_of(data, made)
    assert files_below(folder) == FIRST
    (folder / "index.html").write_bytes(b"by hand")
    assert (await preview_of(server, made, "index.html"))["content"] == "second"
    assert files_below(folder) == SECOND
    assert await sources(server, made) == [(4, "save"), (3, "folder"), (2, "save"), (1, "save")]
    assert (await preview_of(server, made, "index.html", version=3))["content"] == "by hand"
    assert (await preview_of(server, made, "old.txt", version=3))["content"] == "old"


async def test_a_version_that_was_half_laid_out_leaves_nothing_in_the_next(
    server: Server, data: Path
) -> None:
    made = await second_that_waits(server)
    folder = folder_of(data, made)
    (folder / "new.txt").write_bytes(b"new")
    await save(server, {"index.html": b"third"}, artifact_id=made["id"])
    assert files_below(folder) == {"index.html": b"third"}
    assert await sources(server, made) == [(3, "save"), (2, "save"), (1, "save")]


async def test_a_folder_that_waits_is_tried_again_when_somebody_looks(server: Server, data: Path) -> None:
    with no_room():
        made = await save(server, FIRST)
        assert files_below(folder_of(data, made)) == {}
        assert fault(await served(server, made, "index.html")) == (404, "not_found", None)
    assert (await served(server, made, "index.html")).body == b"first"
    assert await sources(server, made) == [(1, "save")]


async def test_a_link_that_leads_out_refuses_a_save_before_there_is_a_version(
    server: Server, data: Path
) -> None:
    made = await save(server, FIRST)
    page = folder_of(data, made) / "index.html"
    page.rename(data / "outside.html")
    page.symlink_to(data / "outside.html")
    with pytest.raises(Conflict, match="a link that leads elsewhere"):
        await save(server, SECOND, artifact_id=made["id"])
    assert await sources(server, made) == [(1, "save")]
    assert (data / "outside.html").read_bytes() == b"first"
    assert stored(data) == 2


@pytest.mark.parametrize("in_the_way", ["new.txt/.keep", "deep"])
async def test_what_is_in_the_way_and_cannot_be_kept_refuses_a_save(
    in_the_way: str, server: Server, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact_reading, "_MOST_FILES_BY_HAND", 2)
    made = await save(server, FIRST)
    folder = folder_of(data, made)
    (folder / in_the_way).parent.mkdir(exist_ok=True)
    (folder / in_the_way).write_bytes(b"by hand")
    with pytest.raises(Conflict, match=f"{in_the_way} in the artifact's folder is in the way of"):
        await save(server, SECOND | {"deep/er": b""}, artifact_id=made["id"])
    assert await sources(server, made) == [(1, "save")]
    assert files_below(folder) == FIRST | {in_the_way: b"by hand"}


async def test_a_file_by_hand_where_a_folder_is_to_be_becomes_a_version_and_goes(
    server: Server, data: Path
) -> None:
    made = await save(server, FIRST)
    (folder_of(data, made) / "assets").write_bytes(b"by hand")
    await save(server, {"assets/chart.js": b"new"}, artifact_id=made["id"])
    assert files_below(folder_of(data, made)) == {"assets/chart.js": b"new"}
    assert (await preview_of(server, made, "assets", version=2))["size"] == len("by hand")


async def test_of_a_full_folder_a_file_is_kept_that_has_the_name_of_a_new_one_but_for_case(
    server: Server, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact_reading, "_MOST_FILES_BY_HAND", 3)
    made = await save(server, FIRST)
    for name in ("Style.css", "b", "c"):
        (folder_of(data, made) / name).write_bytes(b"by hand")
    await save(server, {"style.css": b"new"}, artifact_id=made["id"])
    assert (await preview_of(server, made, "Style.css", version=2))["content"] == "by hand"


async def test_changes_by_hand_that_nobody_can_read_are_not_written_over(
    server: Server, data: Path, lock: Callable[[Path], None]
) -> None:
    made = await save(server, FIRST)
    page = folder_of(data, made) / "index.html"
    page.write_bytes(b"by hand")
    lock(page)
    with pytest.raises(Conflict, match=r"index\.html cannot be read: Permission denied\."):
        await save(server, SECOND, artifact_id=made["id"])
    assert page.read_bytes() == b"by hand"
    assert await sources(server, made) == [(1, "save")]
    answer = await server.call("GET", f"/artifacts/{made['id']}/export")
    assert fault(answer) == (409, "conflict", None)
    query = {"project_id": made["project_id"], "path": made["path"]}
    answer = await server.call("GET", "/artifacts/preview", params=query)
    assert fault(answer) == (409, "conflict", None)
    answer = await server.call("GET", f"/projects/{made['project_id']}/export")
    assert fault(answer) == (409, "conflict", None)


async def test_changes_by_hand_for_which_there_is_no_room_are_not_written_over(
    server: Server, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await save(server, FIRST)
    page = folder_of(data, made) / "index.html"
    page.write_bytes(b"by hand")
    with monkeypatch.context() as patch:
        patch.setattr(Arrivals, "add", full)
        with pytest.raises(StorageFull, match="No space left"):
            await save(server, SECOND, artifact_id=made["id"])
    assert page.read_bytes() == b"by hand"
    assert await sources(server, made) == [(1, "save")]
    assert stored(data) == 2


async def test_bytes_that_cannot_be_moved_in_are_taken_away(
    server: Server, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", full)
        with pytest.raises(StorageFull):
            await save(server, FIRST)
    assert stored(data) == 0
    assert (await server.get("/artifacts"))["data"] == []


async def test_a_file_that_vanishes_is_not_in_an_export_and_not_found_in_a_preview(
    server: Server, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await save(server, FIRST)
    page = folder_of(data, made) / "index.html"
    really_open = os.open

    def vanish(place: Any, *rest: Any, **options: Any) -> int:
        if str(place) == str(page):
            page.unlink(missing_ok=True)
        return really_open(place, *rest, **options)

    monkeypatch.setattr("os.open", vanish)
    query = {"project_id": made["project_id"], "path": made["path"]}
    assert fault(await server.call("GET", "/artifacts/preview", params=query)) == (404, "not_found", None)
    page.write_bytes(b"first")
    assert unzipped(await server.call("GET", f"/artifacts/{made['id']}/export")) == {"old.txt": b"old"}
    page.write_bytes(b"first")
    archive = unzipped(await server.call("GET", f"/projects/{made['project_id']}/export"))
    assert sorted(archive) == [f"artifacts/{page.parent.name}/old.txt", "project.json"]


async def test_a_folder_that_cannot_be_removed_is_tried_again_and_holds_nothing_up(
    server: Server, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, other = await save(server, FIRST), await save(server, SECOND)

    def fail(folder: Path) -> None:
        if folder == folder_of(data, stuck):
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        remove(folder)

    with monkeypatch.context() as patch:
        patch.setattr("cowork_desktop.workspace.artifacts.remove", fail)
        for artifact in (stuck, other):
            assert (await server.call("DELETE", f"/artifacts/{artifact['id']}")).status == 204
            await swept()
    assert (files_below(folder_of(data, stuck)), folder_of(data, other).exists()) == (FIRST, False)
    await server.app[keys.DELETION].sweep()
    assert not folder_of(data, stuck).exists()
    assert stored(data) == 0


async def test_what_a_backup_cannot_read_of_a_folder_is_counted_and_laid_out_from_its_version(
    server: Server, data: Path, lock: Callable[[Path], None], tmp_path: Path
) -> None:
    made = await save(server, FIRST)
    folder = folder_of(data, made)
    (folder / "index.html").write_bytes(b"by hand")
    (folder / "old.txt").write_bytes(b"by hand too")
    lock(folder / "index.html")
    told = await server.post("/backup", {})
    assert told["left_out"] == 1
    restore(Path(told["path"]), tmp_path / "new", Stop())
    async with running_server(tmp_path / "new") as other:
        assert (await served(other, made, "index.html")).body == b"first"
        assert await sources(other, made) == [(3, "save"), (2, "folder"), (1, "save")]
        assert (await preview_of(other, made, "old.txt", version=2))["content"] == "by hand too"


async def test_a_folder_that_a_backup_cannot_read_is_counted_and_laid_out_from_its_version(
    server: Server, data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = await save(server, FIRST)
    unreadable, really_scan = folder_of(data, made), os.scandir

    def scan(place: Any = ".") -> Any:
        if str(place) == str(unreadable):
            raise PermissionError(errno.EACCES, "Permission denied", str(place))
        return really_scan(place)

    with monkeypatch.context() as patch:
        patch.setattr("os.scandir", scan)
        told = await server.post("/backup", {})
    assert (told["left_out"], told["verified"]) == (1, True)
    restore(Path(told["path"]), tmp_path / "new", Stop())
    async with running_server(tmp_path / "new") as other:
        assert (await served(other, made, "index.html")).body == b"first"
