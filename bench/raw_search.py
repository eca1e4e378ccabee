"""The limit of a search: SQLite's full-text index alone, asked for the best of all hits."""

import sqlite3
import sys
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from bench.load import summary
from bench.processes import commands, say

_BEST = "SELECT rowid FROM search_index WHERE search_index MATCH ? ORDER BY bm25(search_index) LIMIT 20"
_COUNT = "SELECT count(*) FROM search_index WHERE search_index MATCH ?"


def run(tx: sqlite3.Connection, matches: Sequence[str], seconds: float) -> dict[str, Any]:
    """Ask all of them over and over for so many seconds, and each at least once."""
    times: list[float] = []
    begun = ended = perf_counter()
    while ended - begun < seconds:
        for match in matches:
            started = perf_counter()
            tx.execute(_BEST, (match,)).fetchall()
            ended = perf_counter()
            times.append(ended - started)
    return summary(times, ended - begun)


def count(tx: sqlite3.Connection, matches: Sequence[str]) -> dict[str, Any]:
    return {"hits": [tx.execute(_COUNT, (match,)).fetchone()[0] for match in matches]}


def main(path: str) -> None:
    tx = sqlite3.connect(path)
    # As the product's.
    tx.execute("PRAGMA cache_size = -16384")
    actions: dict[str, Callable[..., dict[str, Any]]] = {"run": run, "count": count}
    for command in commands():
        say(**actions[command.pop("action")](tx, **command))


if __name__ == "__main__":
    main(sys.argv[1])
