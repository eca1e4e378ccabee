"""A project's working folder: copies of uploaded files in it, what changes in it, and what is put back."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.errors import Conflict, CoworkError, InvalidRequest, NotFound, StorageFull
from cowork_desktop.store import files as stored_files
from cowork_desktop.store import hiding, work_files
from cowork_desktop.store.changes import Change
from cowork_desktop.workspace import kept_files, working_folder
from cowork_desktop.workspace.contents import Arrivals
from cowork_desktop.workspace.file_names import is_portable
from cowork_desktop.workspace.project_files import ProjectFiles
from cowork_desktop.workspace.working_folder import Unfinished
from tests.fakes.artifacts import files_below
from tests.fakes.clock import FakeClock
from tests.fakes.files import digest, on_disk
from tests.fakes.means import Desk, means

links = pytest.mark.skipif(os.name == "nt", reason="to make a link takes a right of its own there")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with means(tmp_path, clock=FakeClock()) as desk:
        yield desk


def anew(desk: Desk) -> ProjectFiles:
    """As another process has it."""
    return ProjectFiles(desk.db, desk.folders, desk.means.contents)


async def lay_out(desk: Desk, conversation_id: str | None = None) -> dict[str, str]:
    conversation = conversation_id or desk.conversation_id
    return await desk.means.project_files.lay_out(desk.project_id, conversation)


async def delete(desk: Desk, file_id: str) -> None:
    await desk.db.write(stored_files.delete, file_id, desk.means.clock.now())


def watching(desk: Desk, turn_id: str | None = None) -> Any:
    return desk.means.project_files.watching(desk.project_id, turn_id or desk.response_id, 3)


async def write(desk: Desk, path: str, content: bytes) -> Change:
    files = desk.means.project_files
    return await files.write(desk.project_id, path, lambda before: content, desk.response_id, 0)


async def seen(desk: Desk, turn_id: str | None = None) -> list[Change]:
    return [noted.change for noted in await desk.changes(turn_id)]


async def told(desk: Desk, turn_id: str | None = None) -> list[tuple[str, str]]:
    """The paths that the turn changed, and in which way."""
    return [(change.ref, what(change)) for change in await seen(desk, turn_id)]


def what(change: Change) -> str:
    if change.before is None:
        return "created"
    return "deleted" if change.after is None else "changed"


async def undo(desk: Desk, turn_id: str | None = None) -> list[str | None]:
    """Why each change was left, the newest first; None of those that were undone."""
    noted = await desk.changes(turn_id)
    return [await desk.means.project_files.undo(one) for one in reversed(noted)]


def put(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def of_change(path: str, project_id: str, before: bytes | None, after: bytes | None) -> Change:
    def told(content: bytes | None) -> dict[str, Any] | None:
        return None if content is None else {"sha256": digest(content), "size": len(content)}

    return Change(
        "file",
        project_id,
        path,
        path,
        told(before),
        told(after),
        None if before is None else digest(before),
        None if before is None else len(before),
    )


# Copies of uploaded files


async def test_uploaded_files_lie_in_the_folder(desk: Desk) -> None:
    first = await desk.upload("herons.bin", b"\x00one")
    second = await desk.upload("gulls.bin", b"\x00two")
    assert await lay_out(desk) == {first: "files/herons.bin", second: "files/gulls.bin"}
    assert files_below(desk.work) == {"files/herons.bin": b"\x00one", "files/gulls.bin": b"\x00two"}


async def test_to_lay_out_again_touches_nothing(desk: Desk) -> None:
    await desk.upload("herons.bin", b"\x00one")
    paths = await lay_out(desk)
    before = (desk.work / "files/herons.bin").lstat()
    assert await lay_out(desk) == paths
    after = (desk.work / "files/herons.bin").lstat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


async def test_two_files_of_one_name_keep_theirs_over_a_restart(desk: Desk) -> None:
    first = await desk.upload("herons.bin", b"\x00one")
    second = await desk.upload("Herons.bin", b"\x00two")
    paths = await lay_out(desk)
    assert paths == {first: "files/herons.bin", second: "files/Herons (2).bin"}
    third = await desk.upload("herons.bin", b"\x00three")
    again = await anew(desk).lay_out(desk.project_id, desk.conversation_id)
    assert again == paths | {third: "files/herons (3).bin"}
    assert (desk.work / "files/herons (3).bin").read_bytes() == b"\x00three"


async def test_files_of_one_long_name_stay_apart_when_one_of_them_goes(desk: Desk) -> None:
    name = "n" * 150 + ".bin"
    ids = [await desk.upload(name, bytes([0, n])) for n in range(3)]
    before = await lay_out(desk)
    await delete(desk, ids[0])
    ids.append(await desk.upload(name, b"\x00\x03"))
    after = await anew(desk).lay_out(desk.project_id, desk.conversation_id)
    assert {id: after[id] for id in ids[1:3]} == {id: before[id] for id in ids[1:3]}
    assert [(desk.work / after[id]).read_bytes()[1] for id in ids[1:]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("../../evil.bin", "files/_.._evil.bin"),
        ("CON.bin", "files/_CON.bin"),
        ("a:b?.bin", "files/a_b_.bin"),
        ("..", "files/file"),
        (".hidden.bin", "files/hidden.bin"),
    ],
)
async def test_a_name_that_no_file_can_have_everywhere_becomes_another(
    desk: Desk, name: str, path: str
) -> None:
    id = await desk.upload(name, b"\x00one")
    assert await lay_out(desk) == {id: path}
    assert files_below(desk.work) == {path: b"\x00one"}


async def test_only_files_of_the_conversation_and_its_project_are_laid_out(desk: Desk) -> None:
    project = await desk.new_project()
    conversation = await desk.new_conversation(project)
    mine = await desk.upload("mine.bin", b"\x001", conversation_id=conversation)
    ours = await desk.upload("ours.bin", b"\x002", project_id=project)
    other = await desk.upload("other.bin", b"\x003", project_id=await desk.new_project("Gulls"))
    paths = await desk.means.project_files.lay_out(project, conversation)
    assert set(paths) == {mine, ours}
    assert other not in paths
    assert set(files_below(desk.folders.work(project))) == {"files/mine.bin", "files/ours.bin"}
    assert files_below(desk.work) == {}


async def test_the_copy_of_a_deleted_file_is_taken_away(desk: Desk) -> None:
    gone, kept = await desk.upload("gone.bin", b"\x001"), await desk.upload("kept.bin", b"\x002")
    await lay_out(desk)
    await delete(desk, gone)
    assert await lay_out(desk) == {kept: "files/kept.bin"}
    assert files_below(desk.work) == {"files/kept.bin": b"\x002"}


async def test_copies_go_with_their_file_and_their_conversation_at_once(desk: Desk) -> None:
    gone = await desk.upload("gone.bin", b"\x001")
    await desk.upload("kept.bin", b"\x002")
    await lay_out(desk)
    await delete(desk, gone)
    await desk.deletion.sweep()
    assert files_below(desk.work) == {"files/kept.bin": b"\x002"}
    assert on_disk(desk.data) == {digest(b"\x002")}
    await desk.db.write(hiding.delete_conversation, desk.conversation_id, desk.means.clock.now())
    await desk.deletion.sweep()
    assert (files_below(desk.work), on_disk(desk.data)) == ({}, set())


async def test_what_somebody_made_of_a_copy_stays_when_its_file_goes(desk: Desk) -> None:
    id = await desk.upload("herons.bin", b"\x001")
    await lay_out(desk)
    put(desk.work / "files/herons.bin", b"\x00 of mine")
    assert await lay_out(desk) == {id: "files/herons.bin"}
    await delete(desk, id)
    assert await lay_out(desk) == {}
    assert files_below(desk.work) == {"files/herons.bin": b"\x00 of mine"}
    anew_id = await desk.upload("herons.bin", b"\x001")
    assert await lay_out(desk) == {anew_id: "files/herons (2).bin"}
    assert files_below(desk.work)["files/herons.bin"] == b"\x00 of mine"


async def test_a_copy_that_was_removed_comes_back_under_its_name(desk: Desk) -> None:
    first = await desk.upload("herons.bin", b"\x001")
    second = await desk.upload("herons.bin", b"\x002")
    paths = await lay_out(desk)
    for path in paths.values():
        (desk.work / path).unlink()
    assert await anew(desk).lay_out(desk.project_id, desk.conversation_id) == paths
    assert (desk.work / paths[first]).read_bytes() == b"\x001"
    assert (desk.work / paths[second]).read_bytes() == b"\x002"


async def test_a_folder_in_the_place_of_a_copy_stays_and_the_copy_gets_another_name(desk: Desk) -> None:
    id = await desk.upload("herons.bin", b"\x001")
    put(desk.work / "files/herons.bin/mine.txt", b"mine")
    assert await lay_out(desk) == {id: "files/herons (2).bin"}
    (desk.work / "files/herons (2).bin").unlink()
    put(desk.work / "files/herons (2).bin/mine.txt", b"mine")
    assert await lay_out(desk) == {id: "files/herons (3).bin"}
    assert await lay_out(desk) == {id: "files/herons (3).bin"}


@links
async def test_a_link_in_the_place_of_a_copy_is_not_written_through(desk: Desk, tmp_path: Path) -> None:
    id = await desk.upload("herons.bin", b"\x001")
    await lay_out(desk)
    outside = tmp_path / "outside.bin"
    outside.write_bytes(b"theirs")
    place = desk.work / "files/herons.bin"
    place.unlink()
    place.symlink_to(outside)
    assert await lay_out(desk) == {id: "files/herons (2).bin"}
    assert outside.read_bytes() == b"theirs"
    assert place.is_symlink()


@links
async def test_where_a_link_stands_for_the_folder_of_copies_nothing_is_laid_out_or_taken_away(
    desk: Desk, tmp_path: Path
) -> None:
    id = await desk.upload("herons.bin", b"\x001")
    await lay_out(desk)
    (desk.work / "files").rename(tmp_path / "outside")
    (desk.work / "files").symlink_to(tmp_path / "outside", target_is_directory=True)
    new = await desk.upload("gulls.bin", b"\x002")
    assert await lay_out(desk) == {}
    await delete(desk, id)
    await delete(desk, new)
    assert await lay_out(desk) == {}
    assert files_below(tmp_path / "outside") == {"herons.bin": b"\x001"}


async def test_a_file_in_the_place_of_the_folder_of_copies_stops_nobody(desk: Desk) -> None:
    put(desk.work / "files", b"mine")
    await desk.upload("herons.bin", b"\x001")
    assert await lay_out(desk) == {}
    assert files_below(desk.work) == {"files": b"mine"}


async def test_what_the_disk_has_lost_is_left_out(desk: Desk) -> None:
    lost, kept = await desk.upload("lost.bin", b"\x001"), await desk.upload("kept.bin", b"\x002")
    desk.means.contents.place(digest(b"\x001")).unlink()
    paths = await lay_out(desk)
    assert (lost in paths, paths[kept]) == (False, "files/kept.bin")


async def test_on_a_full_disk_copies_are_left_out_until_there_is_room(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    id = await desk.upload("herons.bin", b"\x001")
    monkeypatch.setattr("cowork_desktop.workspace.working_folder.pour", full)
    assert await lay_out(desk) == {}
    assert f"There is no copy of {id}: This cannot be stored: No space left" in caplog.text
    monkeypatch.undo()
    assert await lay_out(desk) == {id: "files/herons.bin"}
    assert set(files_below(desk.work)) == {"files/herons.bin"}


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_laying_out_side_by_side_makes_one_copy_of_each(desk: Desk) -> None:
    for n in range(5):
        await desk.upload("herons.bin", bytes([0, n]))
    first, second = await asyncio.gather(lay_out(desk), lay_out(desk))
    assert first == second
    assert len(files_below(desk.work)) == 5


async def test_a_file_that_is_deleted_while_it_is_laid_out_leaves_no_copy(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await desk.upload("gone.bin", b"\x001")
    meanwhile = Meanwhile(desk, id)
    monkeypatch.setattr(working_folder, "write", meanwhile.before(working_folder.write))
    await lay_out(desk)
    await meanwhile.swept()
    assert (files_below(desk.work), on_disk(desk.data)) == ({}, set())


async def test_a_file_that_is_deleted_while_the_folder_is_looked_at_is_nobodys_change(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile = Meanwhile(desk, await desk.upload("gone.bin", b"\x001"))
    await lay_out(desk)
    async with watching(desk):
        put(desk.work / "made.txt", b"made")
        monkeypatch.setattr(working_folder, "files_in", meanwhile.before(working_folder.files_in))
    await meanwhile.swept()
    assert await told(desk) == [("made.txt", "created")]
    assert (files_below(desk.work), on_disk(desk.data)) == ({"made.txt": b"made"}, {digest(b"made")})


class Meanwhile:
    """Deletes an uploaded file, and has it swept as far as that goes, while a thread is at work."""

    def __init__(self, desk: Desk, file_id: str) -> None:
        self._desk, self._file_id, self._loop = desk, file_id, asyncio.get_running_loop()
        self._sweeping: asyncio.Task[None] | None = None

    def before(self, work: Any) -> Any:
        """The work, with that before it the first time."""

        def instead(*arguments: Any) -> Any:
            if self._sweeping is None:
                asyncio.run_coroutine_threadsafe(self._delete(), self._loop).result()
            return work(*arguments)

        return instead

    async def swept(self) -> None:
        assert self._sweeping
        await self._sweeping

    async def _delete(self) -> None:
        await delete(self._desk, self._file_id)
        self._sweeping = asyncio.create_task(self._desk.deletion.sweep())
        await asyncio.wait([self._sweeping], timeout=0.5)


async def test_what_a_process_that_was_killed_left_unfinished_is_taken_away(desk: Desk) -> None:
    for path in (".part_0123456789abcdef0123", "sub/.part_0123456789abcdef0123", ".partial", ".a/.part_1"):
        put(desk.work / path, b"x")
    await anew(desk).lay_out(desk.project_id, desk.conversation_id)
    assert set(files_below(desk.work)) == {".partial", ".a/.part_1"}


# What changes meanwhile


async def test_what_is_made_changed_and_deleted_is_noted_with_its_bytes_before(desk: Desk) -> None:
    put(desk.work / "changed.txt", b"was")
    put(desk.work / "sub/deleted.txt", b"here")
    put(desk.work / "same.txt", b"same")
    async with watching(desk):
        put(desk.work / "changed.txt", b"became")
        (desk.work / "sub/deleted.txt").unlink()
        put(desk.work / "made.txt", b"made")
    home = desk.project_id
    assert await seen(desk) == [
        of_change("changed.txt", home, b"was", b"became"),
        of_change("sub/deleted.txt", home, b"here", None),
        of_change("made.txt", home, None, b"made"),
    ]
    for before in (b"was", b"here"):
        assert desk.means.contents.place(digest(before)).read_bytes() == before


async def test_what_was_there_before_is_nobodys_change(desk: Desk) -> None:
    put(desk.work / "mine.txt", b"mine")
    async with watching(desk):
        pass
    put(desk.work / "mine.txt", b"mine again")
    async with watching(desk):
        pass
    assert await seen(desk) == []


async def test_a_file_that_was_only_touched_is_not_changed(desk: Desk) -> None:
    put(desk.work / "a.txt", b"same")
    async with watching(desk):
        os.utime(desk.work / "a.txt", (1, 1))
    assert await seen(desk) == []


async def test_a_file_of_the_same_size_with_other_bytes_is_changed(desk: Desk) -> None:
    put(desk.work / "a.txt", b"one")
    os.utime(desk.work / "a.txt", (1, 1))
    async with watching(desk):
        put(desk.work / "a.txt", b"two")
    assert await seen(desk) == [of_change("a.txt", desk.project_id, b"one", b"two")]


async def test_a_file_that_was_moved_is_deleted_and_made(desk: Desk) -> None:
    put(desk.work / "a.txt", b"one")
    async with watching(desk):
        (desk.work / "a.txt").rename(desk.work / "b.txt")
    assert await told(desk) == [("a.txt", "deleted"), ("b.txt", "created")]


async def test_a_call_that_fails_has_its_changes_noted(desk: Desk) -> None:
    async def work() -> None:
        async with watching(desk):
            put(desk.work / "a.txt", b"one")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    assert await told(desk) == [("a.txt", "created")]


async def test_a_call_that_is_cancelled_has_its_changes_noted(desk: Desk) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        async with watching(desk):
            put(desk.work / "a.txt", b"one")
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert await told(desk) == [("a.txt", "created")]


async def test_what_two_change_at_the_same_time_is_noted_once(desk: Desk) -> None:
    other = await desk.new_turn(await desk.new_conversation())
    put(desk.work / "a.txt", b"was")
    async with watching(desk):
        put(desk.work / "z.txt", b"made before the other began")
        async with watching(desk, other):
            put(desk.work / "a.txt", b"became")
            put(desk.work / "b.txt", b"made")
        put(desk.work / "c.txt", b"made later")
    assert await told(desk, other) == [("a.txt", "changed"), ("b.txt", "created")]
    assert await told(desk) == [("z.txt", "created"), ("c.txt", "created")]


async def test_two_that_end_at_once_note_each_change_once(desk: Desk) -> None:
    other = await desk.new_turn(await desk.new_conversation())
    both = asyncio.Barrier(2)

    async def work(turn_id: str, name: str) -> None:
        async with watching(desk, turn_id):
            await both.wait()
            put(desk.work / name, b"made")
            await both.wait()

    await asyncio.gather(work(desk.response_id, "a.txt"), work(other, "b.txt"))
    paths = [path for turn in (desk.response_id, other) for path, _ in await told(desk, turn)]
    assert sorted(paths) == ["a.txt", "b.txt"]


async def test_copies_that_are_laid_out_meanwhile_are_nobodys_change(desk: Desk) -> None:
    await desk.upload("herons.bin", b"\x001")
    async with watching(desk):
        await lay_out(desk)
    assert await seen(desk) == []


async def test_a_copy_that_is_taken_away_meanwhile_is_nobodys_change(desk: Desk) -> None:
    id = await desk.upload("herons.bin", b"\x001")
    await lay_out(desk)
    async with watching(desk):
        await delete(desk, id)
        await lay_out(desk)
    assert await seen(desk) == []


async def test_a_copy_that_is_changed_comes_back_as_it_was(desk: Desk) -> None:
    await desk.upload("herons.bin", b"\x001")
    await lay_out(desk)
    async with watching(desk):
        put(desk.work / "files/herons.bin", b"\x00 changed")
    assert await seen(desk) == [of_change("files/herons.bin", desk.project_id, b"\x001", b"\x00 changed")]
    assert await undo(desk) == [None]
    assert (desk.work / "files/herons.bin").read_bytes() == b"\x001"


async def test_what_is_hidden_or_of_programs_is_left_out(desk: Desk) -> None:
    async with watching(desk):
        for path in (".hidden", ".git/config", "__pycache__/a.pyc", "node_modules/a.js", "sub/.b"):
            put(desk.work / path, b"x")
        put(desk.work / "sub/seen.txt", b"x")
    assert await told(desk) == [("sub/seen.txt", "created")]
    found, is_cut = await desk.means.project_files.listing(desk.project_id)
    assert ([file.path for file in found], is_cut) == (["sub/seen.txt"], False)


@links
async def test_links_and_pipes_are_not_followed_nor_waited_for(desk: Desk, tmp_path: Path) -> None:
    put(tmp_path / "outside/secret.txt", b"secret")
    async with watching(desk):
        (desk.work / "file").symlink_to(tmp_path / "outside/secret.txt")
        (desk.work / "folder").symlink_to(tmp_path / "outside", target_is_directory=True)
        os.mkfifo(desk.work / "pipe")
    assert await seen(desk) == []
    assert on_disk(desk.data) == set()


@links
async def test_a_file_that_becomes_a_link_is_deleted_and_the_link_stays(desk: Desk, tmp_path: Path) -> None:
    put(tmp_path / "outside.txt", b"secret")
    put(desk.work / "a.txt", b"was")
    async with watching(desk):
        (desk.work / "a.txt").unlink()
        (desk.work / "a.txt").symlink_to(tmp_path / "outside.txt")
    assert await told(desk) == [("a.txt", "deleted")]
    [reason] = await undo(desk)
    assert reason == "'a.txt' leads out of the project's folder."
    assert (tmp_path / "outside.txt").read_bytes() == b"secret"


async def test_what_is_too_large_is_noted_and_cannot_be_put_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_files, "LARGEST_KEPT", 10)
    put(desk.work / "large.txt", b"x" * 11)
    os.utime(desk.work / "large.txt", (1, 1))
    async with watching(desk):
        put(desk.work / "large.txt", b"y" * 11)
        put(desk.work / "new.txt", b"z" * 11)
    large, new = await seen(desk)
    assert (large.before, large.after) == ({"sha256": None, "size": 11}, {"sha256": None, "size": 11})
    assert (new.before, new.sha256) == (None, None)
    assert on_disk(desk.data) == set()
    reasons = await undo(desk)
    assert all(reasons), reasons
    assert set(files_below(desk.work)) == {"large.txt", "new.txt"}


async def test_of_a_folder_that_is_too_large_only_the_first_files_are_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_files, "MOST_KEPT", 10)
    put(desk.work / "a.txt", b"aaaaaa")
    put(desk.work / "b.txt", b"bbbbbb")
    async with watching(desk):
        (desk.work / "a.txt").unlink()
        (desk.work / "b.txt").unlink()
    assert [change.sha256 for change in await seen(desk)] == [digest(b"aaaaaa"), None]
    assert [reason is None for reason in await undo(desk)] == [False, True]
    assert files_below(desk.work) == {"a.txt": b"aaaaaa"}


async def test_there_being_room_again_is_no_change(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    put(desk.work / "a.txt", b"aaaaaa")
    with monkeypatch.context() as patch:
        patch.setattr(kept_files, "LARGEST_KEPT", 3)
        async with watching(desk):
            pass
    async with watching(desk):
        pass
    assert await seen(desk) == []


async def test_of_more_files_than_are_looked_at_none_is_taken_for_deleted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working_folder, "MOST_FILES", 3)
    for name in "def":
        put(desk.work / name, b"was")
    async with watching(desk):
        for name in "abc":
            put(desk.work / name, b"made")
        put(desk.work / "e", b"became")
        (desk.work / "f").unlink()
    assert await told(desk) == [("f", "deleted"), ("a", "created"), ("b", "created"), ("c", "created")]
    found, is_cut = await desk.means.project_files.listing(desk.project_id)
    assert ([file.path for file in found], is_cut) == (["a", "b", "c"], True)


async def test_of_more_files_than_are_looked_at_none_is_taken_for_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working_folder, "MOST_FILES", 3)
    for name in "abcd":
        put(desk.work / name, b"mine")
    async with watching(desk):
        (desk.work / "a").unlink()
    assert await told(desk) == [("a", "deleted")]
    assert await undo(desk) == [None]
    assert files_below(desk.work) == dict.fromkeys("abcd", b"mine")


async def test_a_file_that_cannot_be_read_stops_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    locked, really_open = desk.work / "a.txt", os.open

    def opened(place: Any, *rest: Any, **options: Any) -> int:
        if str(place) == str(locked):
            raise PermissionError(errno.EACCES, "Permission denied", str(place))
        return really_open(place, *rest, **options)

    put(locked, b"mine")
    monkeypatch.setattr("os.open", opened)
    async with watching(desk):
        put(desk.work / "b.txt", b"made")
    assert await told(desk) == [("b.txt", "created")]
    monkeypatch.undo()
    async with watching(desk):
        assert await told(desk) == [("b.txt", "created")], "that it can be read again is no change"
        put(locked, b"became")
    assert (await seen(desk))[1:] == [of_change("a.txt", desk.project_id, b"mine", b"became")]


async def test_where_nothing_can_be_kept_changes_are_noted_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(desk.work / "a.txt", b"was")
    async with watching(desk):
        pass
    monkeypatch.setattr(Arrivals, "add", full)
    async with watching(desk):
        put(desk.work / "a.txt", b"became")
        put(desk.work / "b.txt", b"made")
    monkeypatch.undo()
    assert await told(desk) == [("a.txt", "changed"), ("b.txt", "created")]
    assert all(await undo(desk))


# To read and write


async def test_what_is_written_is_there_and_what_was_before_is_kept(desk: Desk) -> None:
    put(desk.work / "notes/a.txt", b"was")
    change = await write(desk, "notes/a.txt", b"became")
    assert change == of_change("notes/a.txt", desk.project_id, b"was", b"became")
    assert await seen(desk) == [change]
    assert files_below(desk.work) == {"notes/a.txt": b"became"}
    assert desk.means.contents.place(digest(b"was")).read_bytes() == b"was"


async def test_what_is_written_over_is_noted_of_who_changed_it_before(desk: Desk) -> None:
    other = await desk.new_turn(await desk.new_conversation())
    put(desk.work / "a.txt", b"was")
    async with watching(desk, other):
        put(desk.work / "a.txt", b"became")
        await write(desk, "a.txt", b"written")
    assert await seen(desk, other) == [of_change("a.txt", desk.project_id, b"was", b"became")]
    assert await seen(desk) == [of_change("a.txt", desk.project_id, b"became", b"written")]


async def test_what_was_written_is_not_noted_again_by_who_watches(desk: Desk) -> None:
    async with watching(desk):
        await write(desk, "a.txt", b"one")
    assert [noted.n for noted in await desk.changes()] == [1]
    async with watching(desk):
        put(desk.work / "a.txt", b"two")
    assert await seen(desk) == [
        of_change("a.txt", desk.project_id, None, b"one"),
        of_change("a.txt", desk.project_id, b"one", b"two"),
    ]


async def test_writes_side_by_side_build_on_each_other(desk: Desk) -> None:
    def and_(more: bytes) -> Any:
        return lambda before: (before or b"") + more

    files = desk.means.project_files
    await asyncio.gather(
        *(
            files.write(desk.project_id, "a.txt", and_(letter), desk.response_id, n)
            for n, letter in enumerate([b"a", b"b", b"c"])
        )
    )
    assert sorted((desk.work / "a.txt").read_bytes()) == sorted(b"abc")


async def test_a_write_that_is_refused_from_within_changes_nothing(desk: Desk) -> None:
    def refuse(before: bytes | None) -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await desk.means.project_files.write(desk.project_id, "a/b.txt", refuse, desk.response_id, 0)
    assert (await seen(desk), list(desk.work.iterdir())) == ([], [])


async def test_on_a_full_disk_nothing_is_written_and_nothing_noted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(desk.work / "a.txt", b"was")
    monkeypatch.setattr(Arrivals, "add", full)
    with pytest.raises(StorageFull, match="No space left"):
        await write(desk, "a.txt", b"became")
    assert (await seen(desk), files_below(desk.work)) == ([], {"a.txt": b"was"})


async def test_where_the_disk_is_full_in_the_end_what_was_before_is_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(desk.work / "a.txt", b"was")
    monkeypatch.setattr("cowork_desktop.workspace.working_folder.pour", full)
    with pytest.raises(StorageFull, match="No space left"):
        await write(desk, "a.txt", b"became")
    monkeypatch.undo()
    assert files_below(desk.work) == {"a.txt": b"was"}
    assert await undo(desk) in ([], [None])
    assert files_below(desk.work) == {"a.txt": b"was"}


@pytest.mark.parametrize("was", [None, b"was"])
async def test_what_was_not_put_there_in_the_end_is_noted_of_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, was: bytes | None
) -> None:
    other = await desk.new_turn(await desk.new_conversation())
    if was:
        put(desk.work / "a.txt", was)
    async with watching(desk, other):
        with monkeypatch.context() as patch:
            patch.setattr(Unfinished, "finish", full)
            with pytest.raises(StorageFull, match="No space left"):
                await write(desk, "a.txt", b"became")
    assert (await seen(desk), await seen(desk, other)) == ([], [])
    assert list(files_below(desk.work).values()) == ([was] if was else [])
    assert on_disk(desk.data) == ({digest(was)} if was else set())


@links
async def test_who_may_do_what_with_a_file_stays_as_it_was(desk: Desk) -> None:
    put(desk.work / "run.sh", b"was")
    (desk.work / "run.sh").chmod(0o700)
    await write(desk, "run.sh", b"became")
    assert (desk.work / "run.sh").stat().st_mode & 0o777 == 0o700
    assert await undo(desk) == [None]
    assert (desk.work / "run.sh").stat().st_mode & 0o777 == 0o700


async def test_a_name_that_is_too_long_is_told_as_one(desk: Desk) -> None:
    for path in ("n" * 300, "n" * 256 + "/a.txt", "\u00e4" * 128):
        with pytest.raises(InvalidRequest, match="a name of more than 255 bytes"):
            await write(desk, path, b"x")
    await write(desk, "n" * 255, b"x")


async def test_a_folder_is_not_written_over(desk: Desk) -> None:
    put(desk.work / "a/b.txt", b"mine")
    for path in ("a", "a/b.txt/c.txt"):
        with pytest.raises(Conflict):
            await write(desk, path, b"x")
    assert (await seen(desk), files_below(desk.work)) == ([], {"a/b.txt": b"mine"})


@pytest.mark.parametrize("path", ["a:b.txt", "CON", "nul.txt", "a ", "b.", "a\\b", "a//b", "", "a/", "x\x00"])
async def test_a_name_that_not_every_system_can_have_is_not_written(desk: Desk, path: str) -> None:
    with pytest.raises(InvalidRequest):
        await write(desk, path, b"x")
    assert (await seen(desk), list(desk.work.iterdir())) == ([], [])


async def test_what_is_not_there_or_no_file_cannot_be_read(desk: Desk) -> None:
    put(desk.work / "a/b.txt", b"x")
    for path in ("c.txt", "a", "a/b.txt/c"):
        with pytest.raises(NotFound):
            await desk.means.project_files.read(desk.project_id, path)


async def test_what_is_huge_is_not_read(desk: Desk) -> None:
    with (desk.work / "huge.bin").open("wb") as file:
        file.truncate(50_000_001)
    with pytest.raises(CoworkError, match=r"huge\.bin is larger than 50 MB"):
        await desk.means.project_files.read(desk.project_id, "huge.bin")


# To put back


async def test_what_was_made_changed_and_deleted_is_as_it_was(desk: Desk) -> None:
    put(desk.work / "changed.txt", b"was")
    put(desk.work / "sub/deleted.txt", b"here")
    async with watching(desk):
        put(desk.work / "changed.txt", b"became")
        (desk.work / "sub/deleted.txt").unlink()
        (desk.work / "sub").rmdir()
        put(desk.work / "made.txt", b"made")
    assert await undo(desk) == [None, None, None]
    assert files_below(desk.work) == {"changed.txt": b"was", "sub/deleted.txt": b"here"}


async def test_a_file_that_became_a_folder_is_one_again(desk: Desk) -> None:
    put(desk.work / "report", b"was")
    async with watching(desk):
        (desk.work / "report").unlink()
        put(desk.work / "report/sub/one.txt", b"made")
    assert await undo(desk) == [None, None]
    assert files_below(desk.work) == {"report": b"was"}


async def test_a_folder_that_became_a_file_is_one_again(desk: Desk) -> None:
    put(desk.work / "report/one.txt", b"was")
    async with watching(desk):
        (desk.work / "report/one.txt").unlink()
        (desk.work / "report").rmdir()
        put(desk.work / "report", b"made")
    assert await undo(desk) == [None, None]
    assert files_below(desk.work) == {"report/one.txt": b"was"}


async def test_folders_go_with_the_last_file_that_is_taken_away(desk: Desk) -> None:
    put(desk.work / "kept/mine.txt", b"mine")
    async with watching(desk):
        for path in ("a/b/made.txt", "kept/c/made.txt", "files/made.txt", "made.txt"):
            put(desk.work / path, b"made")
    assert await undo(desk) == [None] * 4
    assert sorted(place.relative_to(desk.work).as_posix() for place in desk.work.rglob("*")) == [
        "files",
        "kept",
        "kept/mine.txt",
    ]


async def test_a_file_whose_name_changed_its_case_gets_its_name_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working_folder, "place_of", whatever_the_case)
    put(desk.work / "data.csv", b"was")
    async with watching(desk):
        (desk.work / "data.csv").rename(desk.work / "Data.csv")
    assert await undo(desk) == [None, None]
    assert files_below(desk.work) == {"data.csv": b"was"}


async def test_a_file_whose_name_has_another_case_since_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working_folder, "place_of", whatever_the_case)
    put(desk.work / "gone.csv", b"was")
    async with watching(desk):
        put(desk.work / "made.csv", b"made")
        (desk.work / "gone.csv").unlink()
    (desk.work / "made.csv").rename(desk.work / "Made.csv")
    put(desk.work / "Gone.csv", b"was")
    assert await undo(desk) == ["It has been changed since."] * 2
    assert files_below(desk.work) == {"Made.csv": b"made", "Gone.csv": b"was"}


def whatever_the_case(root: Path, path: str) -> Path:
    """Where a path lies on a file system for which case does not count."""
    place = root.resolve()
    for part in path.split("/"):
        names = {name.casefold(): name for name in os.listdir(place)} if place.is_dir() else {}
        place /= names.get(part.casefold(), part)
    return place


async def test_what_was_not_kept_is_not_read_to_be_compared(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_files, "LARGEST_KEPT", 10)
    put(desk.work / "large.txt", b"x" * 11)
    async with watching(desk):
        put(desk.work / "large.txt", b"y" * 12)
        put(desk.work / "made.txt", b"y" * 12)
    monkeypatch.setattr("cowork_desktop.workspace.project_files.digest_of", full)
    assert await undo(desk) == [
        "It was too large, or could not be read, so that nobody can tell whether it was changed since.",
        "It was too large to be kept as it was, or could not be read.",
    ]


async def test_the_copy_of_a_file_that_was_deleted_since_does_not_come_back(desk: Desk) -> None:
    gone, changed = await desk.upload("gone.bin", b"\x001"), await desk.upload("changed.bin", b"\x002")
    await lay_out(desk)
    async with watching(desk):
        (desk.work / "files/gone.bin").unlink()
        put(desk.work / "files/changed.bin", b"\x00 of mine")
    for id in (gone, changed):
        await delete(desk, id)
    await desk.deletion.sweep()
    reason = "It was the copy of an uploaded file, which has been deleted."
    assert await undo(desk) == [reason, reason]
    assert files_below(desk.work) == {"files/changed.bin": b"\x00 of mine"}
    assert on_disk(desk.data) == {digest(b"\x00 of mine")}


async def test_a_changed_copy_that_stays_when_its_file_goes_is_not_taken_for_new(desk: Desk) -> None:
    id = await desk.upload("herons.bin", b"\x001")
    await lay_out(desk)
    async with watching(desk):
        put(desk.work / "files/herons.bin", b"\x00 of mine")
        await delete(desk, id)
        await desk.deletion.sweep()
    assert await told(desk) == [("files/herons.bin", "changed")]
    assert await undo(desk) == ["It was too large to be kept as it was, or could not be read."]
    assert files_below(desk.work) == {"files/herons.bin": b"\x00 of mine"}


async def test_several_changes_of_one_file_are_undone_one_by_one(desk: Desk) -> None:
    for content in (b"one", b"two", b"three"):
        await write(desk, "a.txt", content)
    assert await undo(desk) == [None, None, None]
    assert files_below(desk.work) == {}


async def test_what_somebody_has_changed_since_stays(desk: Desk) -> None:
    put(desk.work / "changed.txt", b"was")
    put(desk.work / "deleted.txt", b"here")
    async with watching(desk):
        put(desk.work / "changed.txt", b"became")
        (desk.work / "deleted.txt").unlink()
        put(desk.work / "made.txt", b"made")
    for name in ("changed.txt", "deleted.txt", "made.txt"):
        put(desk.work / name, b"of mine")
    assert await undo(desk) == ["It has been changed since."] * 3
    assert set(files_below(desk.work).values()) == {b"of mine"}


async def test_what_somebody_has_put_back_already_counts_as_undone(desk: Desk) -> None:
    put(desk.work / "changed.txt", b"was")
    async with watching(desk):
        put(desk.work / "changed.txt", b"became")
        put(desk.work / "made.txt", b"made")
    put(desk.work / "changed.txt", b"was")
    (desk.work / "made.txt").unlink()
    assert await undo(desk) == [None, None]


async def test_a_changed_file_that_is_gone_since_does_not_come_back(desk: Desk) -> None:
    put(desk.work / "a.txt", b"was")
    async with watching(desk):
        put(desk.work / "a.txt", b"became")
    (desk.work / "a.txt").unlink()
    assert await undo(desk) == ["It has been changed since."]
    assert files_below(desk.work) == {}


async def test_a_folder_in_the_place_of_a_deleted_file_is_told(desk: Desk) -> None:
    put(desk.work / "a.txt", b"was")
    async with watching(desk):
        (desk.work / "a.txt").unlink()
    put(desk.work / "a.txt/mine", b"mine")
    assert await undo(desk) == ["a.txt is a folder."]
    assert files_below(desk.work) == {"a.txt/mine": b"mine"}


@links
async def test_names_that_only_this_system_can_have_are_undone_too(desk: Desk) -> None:
    put(desk.work / "at 12:30\u202fPM.txt", b"was")
    async with watching(desk):
        (desk.work / "at 12:30\u202fPM.txt").unlink()
        put(desk.work / "why?.txt", b"made")
    assert await undo(desk) == [None, None]
    assert files_below(desk.work) == {"at 12:30\u202fPM.txt": b"was"}


async def test_on_a_full_disk_a_file_stays_as_it_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    put(desk.work / "a.txt", b"was")
    async with watching(desk):
        put(desk.work / "a.txt", b"became")
    monkeypatch.setattr("cowork_desktop.workspace.working_folder.pour", full)
    assert await undo(desk) == ["This cannot be stored: No space left on device."]
    monkeypatch.undo()
    assert files_below(desk.work) == {"a.txt": b"became"}
    assert await undo(desk) == [None]


async def test_a_file_that_cannot_be_removed_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching(desk):
        put(desk.work / "a.txt", b"made")

    def held(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "It is used by another program")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", held)
        assert await undo(desk) == ["a.txt cannot be taken away: It is used by another program."]


async def test_to_undo_is_no_change_of_another_turn_that_runs(desk: Desk) -> None:
    other = await desk.new_turn(await desk.new_conversation())
    put(desk.work / "a.txt", b"was")
    async with watching(desk):
        put(desk.work / "a.txt", b"became")
        put(desk.work / "b.txt", b"made")
    async with watching(desk, other):
        assert await undo(desk) == [None, None]
    assert await told(desk, other) == []


async def test_bytes_that_nothing_can_bring_back_any_more_are_released(desk: Desk) -> None:
    put(desk.work / "a.txt", b"one")
    async with watching(desk):
        pass
    assert on_disk(desk.data) == {digest(b"one")}
    put(desk.work / "a.txt", b"by the user")
    async with watching(desk):
        put(desk.work / "a.txt", b"by the turn")
    assert on_disk(desk.data) == {digest(b"by the user"), digest(b"by the turn")}
    await undo(desk)
    assert on_disk(desk.data) == {digest(b"by the user")}


async def test_bytes_of_a_write_over_what_somebody_changed_are_released(desk: Desk) -> None:
    put(desk.work / "a.txt", b"one")
    async with watching(desk):
        pass
    put(desk.work / "a.txt", b"by the user")
    await write(desk, "a.txt", b"by the turn")
    assert on_disk(desk.data) == {digest(b"by the user"), digest(b"by the turn")}


async def test_bytes_of_a_file_that_is_deleted_go_with_its_copy(desk: Desk) -> None:
    id = await desk.upload("herons.bin", b"\x001")
    await lay_out(desk)
    await delete(desk, id)
    await desk.deletion.sweep()
    await lay_out(desk)
    assert (files_below(desk.work), on_disk(desk.data)) == ({}, set())


async def test_what_a_project_has_goes_with_it(desk: Desk) -> None:
    project = await desk.new_project()
    conversation = await desk.new_conversation(project)
    turn = await desk.new_turn(conversation)
    await desk.upload("herons.bin", b"\x001", project_id=project)
    files = desk.means.project_files
    await files.lay_out(project, conversation)
    async with files.watching(project, turn, 0):
        put(desk.folders.work(project) / "a.txt", b"made")
    assert await desk.db.read(work_files.manifest, project)

    def delete_all(tx: Any) -> None:
        tx.execute("UPDATE turns SET status = 'completed'")
        tx.execute("UPDATE conversations SET deleted_at = 1 WHERE project_id = ?", (project,))
        tx.execute("UPDATE files SET deleted_at = 1")
        tx.execute("UPDATE projects SET deleted_at = 1 WHERE id = ?", (project,))

    await desk.db.write(delete_all)
    await desk.deletion.sweep()
    assert await desk.db.read(work_files.manifest, project) == {}
    assert await desk.db.read(work_files.laid_out, project) == []
    assert on_disk(desk.data) == set()
    assert not (desk.data / "projects" / project).exists()


# Paths

SEGMENT = st.one_of(
    st.sampled_from(["..", ".", "", "a", "link", "out", "a.txt", "..\\..", "C:", "~", ".git", "con", "a b"]),
    st.text(max_size=8),
)


@given(st.lists(SEGMENT, min_size=1, max_size=6).map("/".join))
def test_no_path_leads_out_of_the_folder(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    root = folder_with_links(tmp_path_factory)
    try:
        place = working_folder.place_of(root, path)
    except InvalidRequest:
        return
    assert place.is_relative_to(root)
    assert place != root
    assert place.relative_to(root).as_posix() == path
    assert not any(part.startswith(".") for part in place.relative_to(root).parts)
    assert not any(above.is_symlink() for above in [place, *place.parents] if above.is_relative_to(root))


@given(st.lists(SEGMENT, min_size=1, max_size=6).map("/".join))
def test_a_new_name_is_one_that_every_system_can_have(path: str) -> None:
    try:
        working_folder.check_new(path)
    except InvalidRequest:
        return
    assert all(is_portable(part) for part in path.split("/"))


def folder_with_links(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: a folder with a file, a folder, and links out and within."""
    base = tmp_path_factory.getbasetemp() / "paths"
    root = base / "root"
    if not root.exists():
        (root / "a").mkdir(parents=True)
        (root / "a.txt").write_bytes(b"")
        if os.name != "nt":
            (root / "link").symlink_to(root / "a", target_is_directory=True)
            (root / "out").symlink_to(base, target_is_directory=True)
    return root.resolve()
