"""Runs the worker that takes text out of a file, as the server does, and reads what it writes."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cowork_desktop.workspace.sniff import sniff

DOCUMENTS = Path(__file__).parent


@dataclass(frozen=True)
class Extraction:
    total: int | None
    passages: list[dict[str, Any]]
    end: str
    reason: str | None
    errors: str
    """What it wrote to standard error."""
    cpu_seconds: float
    peak_memory: int
    """Bytes."""

    @property
    def text(self) -> str:
        return "\n".join(passage["text"] for passage in self.passages)

    def place_of(self, words: str) -> dict[str, Any]:
        """Where the words are, as the server tells it: each line counts."""
        passage = next(passage for passage in self.passages if words in passage["text"])
        place = dict(passage["place"])
        lines = passage["text"][: passage["text"].index(words)].count("\n")
        for unit in place.keys() & {"line", "row", "paragraph"}:
            place[unit] += lines
        return place


_MEASURED = """
import resource, subprocess, sys
ended = subprocess.run(sys.argv[2:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as told:
    print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=told)
sys.exit(ended.returncode)
"""
"""Runs a command and tells what it took: a small process has to start it, as a child's peak begins with the
memory of what starts it."""


def extract(path: Path, mime_type: str | None = None) -> Extraction:
    """What is read of a file that lies, as stored ones do, under a name that says nothing of its kind."""
    with tempfile.TemporaryDirectory() as folder:
        stored, told = Path(folder, "stored"), Path(folder, "told")
        stored.symlink_to(path.resolve())
        measured = [sys.executable, "-I", "-S", "-c", _MEASURED, str(told)]
        worker = [sys.executable, "-P", "-m", "cowork_desktop", "extract"]
        finished = subprocess.run(
            [*measured, *worker, str(stored), mime_type or sniff(path, path.name), path.name],
            capture_output=True,
            timeout=100,
            check=True,
        )
        cpu_seconds, peak = map(float, told.read_text().split())
    *found, end = map(json.loads, finished.stdout.splitlines())
    assert end.keys() == {"end", "reason"}
    assert folder not in str(end["reason"])
    totals = [each["total"] for each in found if "total" in each]
    passages = [each for each in found if "place" in each]
    assert len(totals) <= 1
    assert len(totals) + len(passages) == len(found)
    return Extraction(
        totals[0] if totals else None,
        passages,
        end["end"],
        end["reason"],
        finished.stderr.decode(),
        cpu_seconds,
        round(peak) * (1 if sys.platform == "darwin" else 1024),
    )
