"""No path leads out of its folder, and each project has its own."""

import os
from pathlib import Path

import pytest

from cowork_desktop.workspace.paths import Escapes, ProjectFolders, resolve


@pytest.mark.parametrize(
    ("relative", "place"),
    [
        ("a.txt", "a.txt"),
        ("sub/a.txt", "sub/a.txt"),
        ("./sub/../a.txt", "a.txt"),
        ("", ""),
        ("..a", "..a"),
        ("a..", "a.."),
        ("~", "~"),
        ("%2e%2e/a", "%2e%2e/a"),
        ("Zoë 🐢.txt", "Zoë 🐢.txt"),
    ],
)
def test_a_path_below_the_folder_is_resolved(relative: str, place: str, tmp_path: Path) -> None:
    assert resolve(tmp_path, relative) == tmp_path.resolve() / place


@pytest.mark.parametrize(
    "relative", ["..", "../a", "sub/../../a", "/etc/passwd", "//etc", "a/../../a", "a\0b", "\0"]
)
def test_a_path_that_leads_out_is_refused(relative: str, tmp_path: Path) -> None:
    with pytest.raises(Escapes):
        resolve(tmp_path / "root", relative)


def test_a_folder_whose_name_begins_the_same_is_another(tmp_path: Path) -> None:
    with pytest.raises(Escapes):
        resolve(tmp_path / "root", "../root2/a")


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_link_is_followed_before_it_is_judged(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "inside").symlink_to(root / "sub")
    (root / "outside").symlink_to(tmp_path)
    assert resolve(root, "inside/a") == (root / "sub" / "a").resolve()
    for relative in ("outside", "outside/a", "inside/../outside/a"):
        with pytest.raises(Escapes):
            resolve(root, relative)


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_root_may_itself_lie_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert resolve(tmp_path / "link", "a") == (tmp_path / "real" / "a").resolve()


def test_a_working_folder_is_made_when_it_is_asked_for_and_one_of_artifacts_when_something_is_written(
    tmp_path: Path,
) -> None:
    folders = ProjectFolders(tmp_path / "projects")
    assert folders.ids() == set()
    work, artifacts = folders.work("proj_1"), folders.artifacts("proj_1")
    assert work == (tmp_path / "projects" / "proj_1" / "work").resolve()
    assert artifacts == tmp_path / "projects" / "proj_1" / "artifacts"
    assert work.is_dir()
    assert not artifacts.exists()
    assert folders.work("proj_1") == work
    assert folders.ids() == {"proj_1"}


def test_removing_projects_takes_their_folders_and_no_others(tmp_path: Path) -> None:
    folders = ProjectFolders(tmp_path / "projects")
    for id in ("proj_1", "proj_2", "proj_3"):
        (folders.work(id) / "file.txt").write_text("x")
    folders.remove(["proj_1", "proj_3", "proj_unknown"])
    assert folders.ids() == {"proj_2"}
    assert (folders.work("proj_2") / "file.txt").read_text() == "x"


@pytest.mark.parametrize("id", ["..", "../elsewhere", "/"])
def test_no_id_removes_or_makes_anything_outside(id: str, tmp_path: Path) -> None:
    folders = ProjectFolders(tmp_path / "projects")
    folders.work("proj_1")
    (tmp_path / "elsewhere").mkdir()
    folders.remove([id])
    with pytest.raises(Escapes):
        folders.work(id)
    assert folders.ids() == {"proj_1"}
    assert (tmp_path / "elsewhere").is_dir()
