"""Which places a guarded cell may read and write, by the rules alone."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cowork_desktop.kernels.confines import Confines, temporary_folder
from cowork_desktop.kernels.guarded_events import authorizer, checks_of

ATTACH, DENIED, ALLOWED = 24, 1, 0


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """A home with a data folder and an installation in it, and a place that is nobody's."""
    for name in ("home/data/work", "home/data/temporary", "home/lib", "home/cache/fonts", "else"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def confines(places: Path, monkeypatch: pytest.MonkeyPatch) -> Confines:
    monkeypatch.chdir(places / "home/data/work")
    made = Confines(
        str(places / "home/data/temporary"),
        installed=[str(places / "home/lib")],
        caches=[str(places / "home/cache/fonts")],
        private=[str(places / "home")],
    )
    made.enter(str(places / "home/data/work"))
    return made


def test_the_working_folder_can_be_read_and_written(confines: Confines, places: Path) -> None:
    for path in ("a.csv", "sub/../a.csv", b"a.csv", Path("a.csv"), places / "home/data/work/new/a.csv"):
        assert confines.may_write(path)
        assert confines.may_read(path)


def test_temporary_files_and_the_caches_of_libraries_can_be_written(confines: Confines, places: Path) -> None:
    assert confines.may_write(places / "home/data/temporary/a")
    assert confines.may_write(places / "home/cache/fonts/list.json")
    assert not confines.may_write(places / "home/cache/other")


def test_folders_can_be_made_on_the_way_to_a_cache(confines: Confines, places: Path) -> None:
    assert confines.may_make_folder(places / "home/cache")
    assert not confines.may_make_folder(places / "home/other")


def test_what_is_the_users_can_be_neither_read_nor_written(confines: Confines, places: Path) -> None:
    for path in ("home/letter.txt", "home/data/cowork.db", "home/data/worker", "home"):
        assert not confines.may_read(places / path)
        assert not confines.may_write(places / path)


def test_code_that_is_installed_and_what_is_nobodys_can_be_read_and_not_written(
    confines: Confines, places: Path
) -> None:
    for path in ("home/lib/pandas/core.py", "else/words.txt"):
        assert confines.may_read(places / path)
        assert not confines.may_write(places / path)


def test_a_path_does_not_get_out_over_its_parents(confines: Confines, places: Path) -> None:
    assert not confines.may_read("../../letter.txt")
    assert not confines.may_read(f"{places}/home/lib/../letter.txt")
    assert not confines.may_write("../work-of-others/a")


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_counts_for_what_it_leads_to(confines: Confines, places: Path) -> None:
    os.symlink(places / "home", "out")
    os.symlink(places / "else/new", "new")
    assert not confines.may_read("out/letter.txt")
    assert not confines.may_write("new")
    assert confines.may_write("new", follows=False)


def test_reading_and_writing_are_told_from_mode_and_flags(confines: Confines, places: Path) -> None:
    nobodys = str(places / "else/words.txt")
    assert confines.may_open(nobodys, "rb", os.O_RDONLY)
    assert confines.may_open(nobodys, "r", 0)
    for mode in ("w", "a", "x", "r+", "rb+", "wb"):
        assert not confines.may_open(nobodys, mode, 0)
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_RDONLY | os.O_TRUNC):
        assert not confines.may_open(nobodys, None, flags)


def test_a_folder_outside_is_not_opened_since_files_could_be_opened_relative_to_it(
    confines: Confines, places: Path
) -> None:
    assert not confines.may_open(str(places / "else"), None, os.O_RDONLY)
    assert confines.may_open(".", None, os.O_RDONLY)


def test_what_is_thrown_away_can_be_written(confines: Confines) -> None:
    assert confines.may_write(os.devnull)


def test_what_is_no_path_is_refused(confines: Confines) -> None:
    assert not confines.may_write(None)
    assert not confines.may_read("a\0b")


@pytest.mark.skipif(sys.platform != "linux", reason="the processes are files there alone")
def test_other_processes_cannot_be_looked_into(confines: Confines) -> None:
    assert confines.may_read("/proc/self/status")
    assert confines.may_read("/proc/meminfo")
    assert not confines.may_read(f"/proc/{os.getppid()}/environ")


def test_other_functions_in_the_place_of_the_systems_change_nothing(
    confines: Confines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def here(*_: object, **__: object) -> str:
        return os.getcwd()

    monkeypatch.setattr(os.path, "realpath", here)
    monkeypatch.setattr(os.path, "join", here)
    assert not confines.may_write("../letter.txt")


def test_a_home_in_the_search_path_is_no_installation(places: Path) -> None:
    home = str(places / "home")
    made = Confines(str(places / "t"), installed=[home, "/"], caches=[], private=[home])
    assert not made.may_read(places / "home/letter.txt")


def test_a_database_can_attach_what_is_within(confines: Confines, places: Path) -> None:
    authorize: Callable[..., int] = authorizer(confines)
    assert authorize(ATTACH, "b.db", None, None, None) == ALLOWED
    assert authorize(ATTACH, str(places / "else/b.db"), None, None, None) == DENIED
    assert authorize(ATTACH, f"file:{places}/else/b.db?mode=rw", None, None, None) == DENIED
    assert authorize(ATTACH, None, None, None, None) == DENIED  # a parameter, whose value is not told
    assert authorize(20, "t", "a", "main", None) == ALLOWED


@pytest.mark.parametrize(
    ("event", "arguments", "deed"),
    [
        ("socket.connect", (None, ("example.com", 443)), "connect to example.com:443"),
        ("socket.connect", (None, "/run/docker.sock"), "connect to /run/docker.sock"),
        ("socket.sendmsg", (None, None), None),
        ("subprocess.Popen", ("/usr/bin/git", ["git"], None, None), "start a process: git"),
        ("os.system", (b"rm -r a",), "start a process: rm"),
        ("os.spawn", (0, "/bin/ls", [], None), "start a process: ls"),
        ("os.kill", (os.getpid(), 2), None),
        ("os.kill", (1, 9), "send a signal to the process 1"),
        ("cowork.starts", ([b"/usr/bin/python3", b"-c"],), "start a process: python3"),
        ("cowork.reads", ("../../letter.txt",), "read ../../letter.txt"),
        ("cowork.reads", ("a.csv",), None),
        ("cowork.writes", ("../../letter.txt", -1), "write ../../letter.txt"),
        ("cowork.writes", ("a.csv", -1), None),
        ("cowork.takes", ("read the clipboard",), "read the clipboard"),
        ("winreg.SetValue", (1, "a", 1, "b"), "change the registry"),
        ("sqlite3.enable_load_extension", (None, True), "load an extension of SQLite"),
        ("sqlite3.enable_load_extension", (None, False), None),
    ],
)
def test_an_event_is_told_in_words(
    confines: Confines, event: str, arguments: tuple[object, ...], deed: str | None
) -> None:
    assert checks_of(confines)[event](arguments) == deed


def test_temporary_files_of_a_kernel_lie_beside_its_connection_file() -> None:
    assert temporary_folder("/data/kernels/run/k_1.json") == Path("/data/kernels/run/k_1.temporary")
