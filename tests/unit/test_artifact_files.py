"""The bytes of artifacts: written whole or not at all."""

import os
import re
from pathlib import Path

import pytest

from cowork_desktop.workspace.artifacts import folder_name, write
from cowork_desktop.workspace.paths import Escapes

ID = "art_01jz0000000000000000abcdef"


def files(root: Path) -> dict[str, bytes]:
    """All files below the folder, hidden ones too."""
    return {
        str(path.relative_to(root).as_posix()): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_content_is_put_at_its_path_and_nothing_else_is_left(tmp_path: Path) -> None:
    write(tmp_path, "report/index.html", b"<p>One</p>")
    assert files(tmp_path) == {"report/index.html": b"<p>One</p>"}


def test_another_content_takes_the_place_of_the_first(tmp_path: Path) -> None:
    write(tmp_path, "report/index.html", b"a long first version")
    write(tmp_path, "report/index.html", b"second")
    assert files(tmp_path) == {"report/index.html": b"second"}


def test_who_has_the_old_file_open_reads_it_to_its_end(tmp_path: Path) -> None:
    write(tmp_path, "index.html", b"old")
    with (tmp_path / "index.html").open("rb") as reader:
        write(tmp_path, "index.html", b"new content")
        assert reader.read() == b"old"
    assert files(tmp_path) == {"index.html": b"new content"}


def test_a_write_that_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "index.html", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, "index.html", b"new")
    assert files(tmp_path) == {"index.html": b"old"}


def test_a_first_write_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, "report/index.html", b"new")
    assert files(tmp_path) == {}


def test_a_file_that_cannot_take_the_place_of_a_folder_leaves_it(tmp_path: Path) -> None:
    write(tmp_path, "index.html/inner", b"kept")
    with pytest.raises(OSError):  # noqa: PT011 - each system says it in its own words
        write(tmp_path, "index.html", b"new")
    assert files(tmp_path) == {"index.html/inner": b"kept"}


@pytest.mark.parametrize("path", ["../a", "/etc/a", "sub/../../a"])
def test_nothing_is_written_outside(path: str, tmp_path: Path) -> None:
    with pytest.raises(Escapes):
        write(tmp_path / "root", path, b"x")
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
