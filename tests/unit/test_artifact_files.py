"""The files of artifacts: what they may be called, and that they are written whole or not at all."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cowork_desktop.errors import InvalidRequest
from cowork_desktop.workspace.artifact_folder import (
    check_paths,
    clear_unfinished,
    find,
    folder_name,
    folders_of,
    in_the_way,
    is_plain,
    regular_files,
    remove,
    take_away,
    write,
)
from cowork_desktop.workspace.paths import Escapes
from tests.fakes.files import digest

ID = "art_01jz0000000000000000abcdef"


def files(root: Path) -> dict[str, bytes]:
    """All files below the folder, hidden ones too."""
    return {
        str(path.relative_to(root).as_posix()): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_content_is_put_at_its_path_and_nothing_else_is_left(tmp_path: Path) -> None:
    write(tmp_path, [("report/index.html", b"<p>One</p>")])
    assert files(tmp_path) == {"report/index.html": b"<p>One</p>"}


def test_another_content_takes_the_place_of_the_first(tmp_path: Path) -> None:
    write(tmp_path, [("report/index.html", b"a long first version")])
    write(tmp_path, [("report/index.html", b"second")])
    assert files(tmp_path) == {"report/index.html": b"second"}


def test_who_has_the_old_file_open_reads_it_to_its_end(tmp_path: Path) -> None:
    write(tmp_path, [("index.html", b"old")])
    with (tmp_path / "index.html").open("rb") as reader:
        write(tmp_path, [("index.html", b"new content")])
        assert reader.read() == b"old"
    assert files(tmp_path) == {"index.html": b"new content"}


def test_a_write_that_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, [("index.html", b"old")])

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, [("index.html", b"new")])
    assert files(tmp_path) == {"index.html": b"old"}


def test_a_first_write_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, [("report/index.html", b"new")])
    assert files(tmp_path) == {}


def test_where_there_is_no_room_for_all_files_none_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, [("a", b"old"), ("b", b"old")])
    left, sync = 2, os.fsync

    def full(descriptor: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, [("a", b"new"), ("b", b"new"), ("c", b"new")])
    assert files(tmp_path) == {"a": b"old", "b": b"old"}


def test_a_file_that_cannot_take_the_place_of_a_folder_leaves_it(tmp_path: Path) -> None:
    write(tmp_path, [("index.html/inner", b"kept")])
    with pytest.raises(OSError):  # noqa: PT011 - each system says it in its own words
        write(tmp_path, [("index.html", b"new")])
    assert files(tmp_path) == {"index.html/inner": b"kept"}


@pytest.mark.parametrize("path", ["../a", "/etc/a", "sub/../../a"])
def test_nothing_is_written_outside(path: str, tmp_path: Path) -> None:
    with pytest.raises(Escapes):
        write(tmp_path / "root", [(path, b"x")])
    assert files(tmp_path) == {}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Final analysis", "final_analysis_00abcdef"),
        ("  Q2: Über 5 %!  ", "q2_uber_5_00abcdef"),
        ("../../etc/passwd", "etc_passwd_00abcdef"),
        ("報告", "00abcdef"),
        ("CON", "con_00abcdef"),
        ("...", "00abcdef"),
        ("x" * 200, f"{'x' * 60}_00abcdef"),
    ],
)
def test_a_folder_is_named_after_its_title_and_id(title: str, name: str) -> None:
    assert folder_name(title, ID) == name
    assert re.fullmatch(r"[a-z0-9_]+", name)


PLAIN = [
    "index.html",
    "assets/chart.js",
    "a/b/c/d/e.txt",
    "no suffix",
    "Zoë 🐢.txt",
    "a..b",
    "a b",
    "~",
    "%2e%2e",
    "$HOME",
    "-rf",
    "console.log",
    "nullable",
    "com10",
    "x" * 200,
]
NOT_PLAIN = [
    "",
    "/",
    ".",
    "..",
    "../a",
    "a/..",
    "a/../b",
    "./a",
    "a/./b",
    "a//b",
    "/a",
    "a/",
    "//a",
    ".hidden",
    "a/.hidden",
    "...",
    "a\\b",
    "..\\a",
    "C:",
    "C:a",
    "C:/a",
    "a:stream",
    "a\0",
    "a\n",
    "a\x7f",
    "a.",
    "a ",
    "a /b",
    "a./b",
    " ..",
    "con",
    "CON",
    "Con.txt",
    "a/nul",
    "aux.tar.gz",
    "COM1",
    "lpt9.x",
    "a?",
    "a*",
    'a"',
    "a<b",
    "a|b",
    "x" * 201,
    "/".join("x" * 100 for _ in range(5)),
]


@pytest.mark.parametrize("path", PLAIN)
def test_a_path_that_is_a_file_on_every_system_is_plain(path: str) -> None:
    assert is_plain(path) is True


@pytest.mark.parametrize("path", NOT_PLAIN)
def test_a_path_that_is_something_else_on_some_system_is_not_plain(path: str) -> None:
    assert is_plain(path) is False


PATHS = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(
            ["..", ".", "a", "", "con", " ", "\\", "/", "%2e", "C:", "\0", "．．", "\u2024\u2024", "~"]
        ),
        max_size=8,
    ).map("/".join),
    st.text(alphabet="./\\a:~ \0", max_size=12),
)


@given(path=PATHS)
@example(path="．．/a")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_plain_path_ever_leads_out(path: str, tmp_path: Path) -> None:
    if is_plain(path):
        assert (tmp_path / path).resolve().is_relative_to(tmp_path.resolve())
        assert (tmp_path / path).resolve() != tmp_path.resolve()
        assert os.path.normpath(path) == path.replace("/", os.sep)
    elif path and "\0" not in path:
        assert find(tmp_path, path) is None


@given(path=PATHS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_found_lies_in_the_folder(path: str, tmp_path: Path) -> None:
    folder = tmp_path / "project" / "artifacts" / "one"
    if not folder.exists():
        write(folder, [("a", b"mine"), ("b/a", b"mine")])
        write(tmp_path, [("a", b"outside"), ("project/artifacts/a", b"outside")])
    place = find(folder, path)
    assert place is None or (place.is_relative_to(folder) and place.read_bytes() == b"mine")


@pytest.mark.parametrize("path", NOT_PLAIN)
def test_files_of_an_artifact_with_a_path_that_is_not_plain_are_refused(path: str) -> None:
    with pytest.raises(InvalidRequest, match="cannot be the path"):
        check_paths({"index.html": b"", path: b""})


def test_a_file_and_a_folder_cannot_have_one_name() -> None:
    check_paths({"a": b"", "ab/c": b"", "b/c": b"", "b/d/e": b""})
    for paths in (["a", "a/b"], ["a/b/c/d", "a/b"], ["a/b", "a"]):
        with pytest.raises(InvalidRequest, match="another file has the name of a folder"):
            check_paths(dict.fromkeys(paths, b""))


def test_names_that_are_one_on_some_system_cannot_be_two_files() -> None:
    for paths in (["a.txt", "A.txt"], ["é/x", "e\u0301/X"], ["ß", "SS"]):
        with pytest.raises(InvalidRequest, match="but for case or accents"):
            check_paths(dict.fromkeys(paths, b""))
    for paths in (["a", "A/b"], ["B/c/d", "b"]):
        with pytest.raises(InvalidRequest, match="another file has the name of a folder"):
            check_paths(dict.fromkeys(paths, b""))
    check_paths(dict.fromkeys(["A/x", "a/y"], b""))


def test_what_is_in_the_way_is_what_the_new_files_need_the_names_of() -> None:
    old = ["same", "case", "file/in/the", "folder", "free", "other/free"]
    new = {"same", "Case", "File", "folder/new", "other/new"}
    assert in_the_way(old, new) == {"case", "file/in/the", "folder"}


def test_only_what_a_killed_write_left_is_cleared(tmp_path: Path) -> None:
    left = [f".part_{'0' * 20}", f"a/.part_{'f' * 20}"]
    kept = [".part_x", f"a/.part_{'z' * 20}", "a/b", ".hidden"]
    for path in left + kept:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    clear_unfinished(tmp_path)
    assert {str(place.relative_to(tmp_path)) for place in tmp_path.rglob("*") if place.is_file()} == set(kept)


def test_the_folders_of_files_are_all_that_they_are_in() -> None:
    assert folders_of(["a", "b/c", "d/e/f"]) == {"b", "d", "d/e"}


posix = pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An artifact's folder with two files, and much that is not one of its files."""
    folder = tmp_path / "project" / "artifacts" / "one"
    write(folder, [("index.html", b"index"), ("b/c.txt", b"c"), (".hidden", b"x"), ("b/.git/config", b"x")])
    write(tmp_path, [("secret", b"secret")])
    (folder / "link").symlink_to("index.html")
    (folder / "b" / "up").symlink_to("../..")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "round").symlink_to("round")
    (folder / "away").symlink_to(tmp_path)
    os.mkfifo(folder / "fifo")
    return folder


@posix
def test_only_regular_files_that_are_not_hidden_are_an_artifacts(folder: Path) -> None:
    assert list(regular_files(folder)) == [
        ("b/c.txt", folder / "b" / "c.txt"),
        ("index.html", folder / "index.html"),
    ]


@posix
def test_a_file_is_found_and_a_link_within_is_followed(folder: Path) -> None:
    assert find(folder, "index.html") == find(folder, "link") == (folder / "index.html").resolve()


@posix
@pytest.mark.parametrize(
    "path",
    [
        "out",
        "away/secret",
        "away",
        "round",
        "fifo",
        "b",
        "b/up",
        "b/up/secret",
        "no",
        "no/no",
        ".hidden",
    ],
)
def test_what_is_no_file_of_the_artifact_is_not_found(path: str, folder: Path) -> None:
    assert find(folder, path) is None


@posix
@pytest.mark.parametrize("above", range(3))
def test_where_a_link_has_taken_a_folders_place_there_is_nothing(
    above: int, folder: Path, tmp_path: Path
) -> None:
    place = [folder, *folder.parents][above]
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    assert (folder / "index.html").read_bytes() == b"index"
    assert find(folder, "index.html") is None
    assert list(regular_files(folder)) == []
    before = files(tmp_path / "elsewhere")
    remove(folder)
    assert files(tmp_path / "elsewhere") == before
    assert folder.is_symlink() is False


@posix
def test_a_folder_is_removed_with_all_that_is_in_it_and_nothing_that_links_lead_to(
    folder: Path, tmp_path: Path
) -> None:
    remove(folder)
    assert files(tmp_path) == {"secret": b"secret"}
    assert not folder.exists()
    remove(folder)


def test_a_file_is_taken_away_with_the_folders_that_it_leaves_empty(tmp_path: Path) -> None:
    folder = tmp_path / "project" / "artifacts" / "one"
    write(folder, [("a/b/c.txt", b"c"), ("a/d.txt", b"d")])
    take_away(folder, "a/b/c.txt", digest((folder / "a" / "b" / "c.txt").read_bytes()))
    assert sorted(place.name for place in folder.rglob("*")) == ["a", "d.txt"]
    take_away(folder, "a/d.txt", digest((folder / "a" / "d.txt").read_bytes()))
    assert list(folder.iterdir()) == []


def test_a_file_that_was_changed_or_is_gone_is_not_taken_away(tmp_path: Path) -> None:
    folder = tmp_path / "project" / "artifacts" / "one"
    write(folder, [("a.txt", b"mine")])
    take_away(folder, "a.txt", "0" * 64)
    take_away(folder, "b.txt", "0" * 64)
    assert files(folder) == {"a.txt": b"mine"}
