"""Python's place taken by the executable: the same command line does the same, in the same words."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cowork_desktop.kernels import interpreter
from cowork_desktop.kernels.interpreter import Asked, UnknownOption

STAND_IN = (
    "import sys; sys.path.insert(0, sys.argv.pop(1));"
    " from cowork_desktop.kernels import interpreter; sys.path.pop(0); interpreter.main(sys.argv[1:])"
)
"""Run by Python with `-I`, which is how the executable starts: without heed to variables, and to a folder."""
ROOT = str(Path(__file__).parents[2])
SHOWS = "import sys; print(__name__, sys.argv, sys.path[:1], sorted(sys.warnoptions), sys._xoptions)"


def both(
    folder: Path, *arguments: str, typed: str = "", **environment: str
) -> tuple[tuple[int, str, str], tuple[int, str, str]]:
    """The code, the output and what is last said of errors: of the stand-in, and of Python."""

    def told(*command: str) -> tuple[int, str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            command,
            cwd=folder,
            env=kept | environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr.strip().rpartition("\n")[2]

    return told(sys.executable, "-I", "-c", STAND_IN, ROOT, *arguments), told(sys.executable, *arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A script, a module, a package, an archive and a file of text."""
    (tmp_path / "script.py").write_text(f"import sibling\n{SHOWS}\nprint(__file__)\n")
    (tmp_path / "sibling.py").write_text("if __name__ == '__main__':\n    " + SHOWS + "\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__main__.py").write_text(SHOWS)
    with zipfile.ZipFile(tmp_path / "archive.pyz", "w") as archive:
        archive.writestr("__main__.py", SHOWS)
        archive.writestr("below/__main__.py", SHOWS)
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        ["-c", SHOWS, "a", "-b"],
        ["-c", ""],
        ["-uBc", SHOWS],
        ["-W", "ignore", "-Werror::UserWarning", "-X", "other", "-Xname=value", "-c", SHOWS],
        ["-Ic", SHOWS],
        ["-m", "sibling", "a"],
        ["-msibling"],
        ["-m", "json.tool", "--help"],
        ["-m", "missing"],
        ["script.py", "a", "-c"],
        ["-P", "-c", "import sibling"],
        ["folder", "a"],
        ["archive.pyz", "a"],
        ["archive.pyz/below"],
        ["missing.py"],
        ["-V"],
        ["--version"],
        ["-c", "raise SystemExit(7)"],
        ["-c", "raise SystemExit('words')"],
        ["-c", "raise ValueError('words')"],
        ["-c", "import os; os._exit(3)"],
        ["-c", "raise KeyboardInterrupt"],
        ["-c", "def"],
        ["-c", "import atexit; atexit.register(print, 'at the end'); print(exit, quit)"],
        [
            "-c",
            "import pickle; C = type('C', (), {}); print(type(pickle.loads(pickle.dumps(C()))) is C)",
        ],
    ],
    ids=lambda line: " ".join(line).replace(SHOWS, "..."),
)
def test_a_command_line_does_what_it_does_in_python(folder: Path, line: list[str]) -> None:
    ours, pythons = both(folder, *line)
    assert ours == pythons


@pytest.mark.parametrize("line", [[], ["-"], ["-", "a"]])
def test_code_comes_from_the_input_as_in_python(folder: Path, line: list[str]) -> None:
    ours, pythons = both(folder, *line, typed=SHOWS)
    assert ours == pythons


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONPATH": "folder"},
        {"PYTHONWARNINGS": "ignore,error::UserWarning"},
        {"PYTHONSAFEPATH": "1"},
        {"PYTHONIOENCODING": "ascii:replace"},
        {"PYTHONDONTWRITEBYTECODE": "1"},
        {"PYTHONUNBUFFERED": "1"},
    ],
    ids=lambda environment: next(iter(environment)),
)
def test_variables_mean_what_they_mean_to_python(folder: Path, environment: dict[str, str]) -> None:
    code = (
        "import sys; print(sys.path[0], sys.warnoptions, sys.dont_write_bytecode, sys.stdout.encoding,"
        " sys.stdout.write_through, 'ü')"
    )
    ours, pythons = both(folder, "-c", code, **environment)
    assert ours == pythons


def test_a_customisation_on_the_path_is_run(folder: Path) -> None:
    (folder / "folder" / "sitecustomize.py").write_text("print('customised')")
    ours, pythons = both(folder, "-c", "print('ran')", PYTHONPATH="folder")
    assert ours == pythons == (0, "customised\nran\n", "")


def test_what_is_printed_unbuffered_arrives_at_once(folder: Path) -> None:
    code = "import os; print('a', end=''); os._exit(0)"
    ours, pythons = both(folder, "-u", "-c", code)
    assert ours == pythons == (0, "a", "")


@pytest.mark.parametrize("option", ["-Z", "--unknown", "-c", "-W"])
def test_an_option_that_is_unknown_or_has_no_value_is_refused(option: str) -> None:
    with pytest.raises(UnknownOption):
        interpreter.read([option])


def test_flags_that_a_running_interpreter_cannot_follow_are_read_and_left() -> None:
    assert interpreter.read(["-OObsE", "-x", "file.py", "-V"]) == Asked(
        "file", "file.py", ["-V"], flags="OObsEx"
    )
