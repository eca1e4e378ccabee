"""Rows about the text of files: how fast the pages of a PDF are read, and what a process for that costs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter

from bench import raw_pdf
from bench.corpus import Corpus
from bench.pdf import make_pdf
from bench.processes import Broken
from bench.report import Row, interleaved, pairs
from cowork_desktop.program import program

_SECONDS = 120.0
_ENVIRONMENT = {"PATH": os.environ.get("PATH", "")}
_LINE = "One line.\n"


@dataclass(frozen=True)
class Run:
    seconds: float
    """From the spawn to the end of the process."""
    printed: bytes

    @property
    def words(self) -> list[str]:
        lines = [json.loads(line) for line in self.printed.splitlines()]
        return " ".join(line["text"] for line in lines if "text" in line).split()


def measure(folder: Path, *, pages: int, rounds: int, starts: int) -> Iterator[Row]:
    document, note = folder / "document.pdf", folder / "note.txt"
    document.write_bytes(make_pdf(Corpus(), pages))
    note.write_text(_LINE)
    for library in ("pypdfium2", "pypdf"):
        if find_spec(library):
            yield _pages(document, pages, library, rounds)
    yield _start(note, starts)


def _pages(document: Path, pages: int, library: str, rounds: int) -> Row:
    ours = partial(_extract, document, "application/pdf")
    theirs = partial(_run, sys.executable, raw_pdf.__file__, library, str(document))
    text, same = ours(), theirs()
    if not text.words or text.words != same.words:
        raise Broken(f"The worker does not find what {library} does.")
    found = pairs(interleaved(rounds, ours, theirs), lambda run: run.seconds)
    return Row(
        f"text of a PDF of {pages:,} pages; the limit is {library} alone",
        f"{pages / median(found.product):>6,.0f} pages/s",
        f"{pages / median(found.limit):>6,.0f} pages/s",
        f"{found.ratio:.2f}",
    )


def _start(note: Path, starts: int) -> Row:
    ours = partial(_extract, note, "text/plain")
    theirs = partial(_run, sys.executable, "-c", "pass")
    if ours().words != _LINE.split():
        raise Broken("The worker does not find the one line of a file.")
    theirs()
    found = pairs(interleaved(starts, ours, theirs), lambda run: run.seconds)
    return Row(
        f"text of a file of one line; the limit is `python -c pass`, {starts} starts",
        f"{median(found.product) * 1e3:.0f} ms",
        f"{median(found.limit) * 1e3:.0f} ms",
        f"{found.ratio:.2f}",
    )


def _extract(place: Path, media_type: str) -> Run:
    """As the server does it."""
    run = _run(*program(), "extract", str(place), media_type, place.name)
    if json.loads(run.printed.splitlines()[-1]).get("end") != "ready":
        raise Broken(f"{place.name} could not be read: {run.printed[-1000:]!r}")
    return run


def _run(*command: str) -> Run:
    begun = perf_counter()
    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=_ENVIRONMENT, timeout=_SECONDS
    )
    seconds = perf_counter() - begun
    if ended.returncode:
        raise Broken(f"{command[-1]} could not be read:\n{ended.stderr.decode(errors='replace')[-2000:]}")
    return Run(seconds, ended.stdout)
