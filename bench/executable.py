"""Rows about the executable: how large it is and how fast it starts, in both forms."""

import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

from bench.processes import Broken, product
from bench.report import Row, interleaved, pairs
from bench.seed import seed
from bench.startup import until_healthy

DIST = Path(__file__).parents[1] / "dist"
START_GOAL = 0.4
START_RATIO = 0.875
"""Beside a start from source, whose goal is 350 ms: the goal on a slower machine."""
_SUFFIX = ".exe" if os.name == "nt" else ""
FOLDER = DIST / "cowork-server" / f"cowork-server{_SUFFIX}"
FILE = DIST / f"cowork{_SUFFIX}"
_AS_PYTHON = os.environ | {"COWORK_AS_INTERPRETER": "1"}
_SECONDS = 60
Take = Callable[[], float]
"""Seconds."""


def measure(folder: Path, *, spawns: int) -> Iterator[Row]:
    data = seed(folder, "executable", conversations=1_000).data_dir
    source = partial(until_healthy, partial(product, data))
    for name, program, whole, rounds, target in (
        ("one folder", FOLDER, FOLDER.parent, spawns, "make executable"),
        ("one file", FILE, FILE, max(3, spawns // 3), "make executable"),
    ):
        if not program.exists():
            yield Row(f"executable, {name}: not built ({target})", "")
            continue
        yield Row(
            f"executable, {name}: size; the limit is Python with its standard library alone",
            f"{_size(whole) / 1e6:.0f} MB",
            f"{_size_of_python() / 1e6:.0f} MB",
        )
        ours = partial(until_healthy, partial(product, data, command=(str(program),)))
        start = f"executable, {name}: spawn to first health answer"
        has_goal = program == FOLDER
        yield _row(
            f"{start}; the limit is from source, {rounds} spawns", ours, source, rounds, has_goal=has_goal
        )
        if program == FOLDER:
            yield _row(f"{start}; the limit is `python -c pass`", ours, _plain, rounds)
            instead = partial(_run, str(program), "-c", "pass")
            yield _row(
                "executable: `-c pass` in Python's place; the limit is Python", instead, _plain, rounds
            )


def _plain() -> float:
    return _run(sys.executable, "-c", "pass")


def _row(what: str, ours: Take, theirs: Take, rounds: int, *, has_goal: bool = False) -> Row:
    for side in (ours, theirs):  # warm: what is read lies in the system's cache
        side()
    found = pairs(interleaved(rounds, ours, theirs), lambda seconds: seconds)
    took, ratio = median(found.product), found.ratio
    return Row(
        what,
        f"{took * 1e3:.0f} ms",
        f"{median(found.limit) * 1e3:.0f} ms",
        f"{ratio:.2f}",
        f"<= {START_GOAL * 1e3:.0f} ms, or a ratio >= {START_RATIO:.2f}" if has_goal else "",
        took <= START_GOAL or ratio >= START_RATIO if has_goal else None,
    )


def _run(*command: str) -> float:
    begun = time.perf_counter()
    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=_AS_PYTHON, timeout=_SECONDS
    )
    took = time.perf_counter() - begun
    if ended.returncode:
        raise Broken(f"{command[0]} failed:\n{ended.stderr.decode(errors='replace')[-2000:]}")
    return took


def _size_of_python() -> int:
    """The interpreter, its library and the standard library, without what is installed or cached."""
    library = Path(sysconfig.get_path("stdlib"))
    parts = [
        place for place in library.iterdir() if place.name not in ("site-packages", "test", "__pycache__")
    ]
    shared = Path(sysconfig.get_config_var("LIBDIR") or "") / (sysconfig.get_config_var("LDLIBRARY") or "")
    return sum(map(_size, (Path(os.path.realpath(sys.executable)), shared.resolve(), *parts)))


def _size(place: Path) -> int:
    """Bytes of a file, or of what is in a folder but links and bytecode."""
    if place.is_file():
        return place.stat().st_size
    return sum(
        file.stat().st_size
        for file in place.rglob("*")
        if file.is_file() and not file.is_symlink() and file.suffix != ".pyc"
    )
