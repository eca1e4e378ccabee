"""`python -m bench`: the product beside its limit, in turns and on loopback; needs Linux."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from bench import (
    connectors,
    executable,
    extraction,
    files,
    kernels,
    pages,
    requests,
    schedules,
    search,
    startup,
    turns,
)
from bench.processes import Broken
from bench.report import Row, table

_REQUESTS = ("list", "get", "items", "post")
_TURNS = ("turn", "readers")
_KERNELS = {"rounds": 9, "lines": 1_000_000, "floods": 3, "prints": 5, "starts": 4}
_QUICK_KERNELS = {"rounds": 3, "lines": 100_000, "floods": 3, "prints": 3, "starts": 2}
_FILES = {"mebibytes": 200, "rounds": 6}
_QUICK_FILES = {"mebibytes": 64, "rounds": 3}
_SEARCH: dict[str, Any] = {"items": 100_000, "rounds": 5, "seconds": 0.2, "added": 10_000, "additions": 3}
_QUICK_SEARCH: dict[str, Any] = {"items": 10_000, "rounds": 3, "seconds": 0.1, "added": 1_000, "additions": 3}
_EXTRACTION = {"pages": 500, "rounds": 3, "starts": 9}
_QUICK_EXTRACTION = {"pages": 100, "rounds": 3, "starts": 3}
_SCHEDULES = {"total": 10_000, "alone": 200, "together": 1_000, "asleep": 100, "rounds": 5}
_QUICK_SCHEDULES = {"total": 10_000, "alone": 50, "together": 200, "asleep": 20, "rounds": 3}
_CONNECTORS = {"rows": 1_000_000, "rounds": 5, "queries": 50}
_QUICK_CONNECTORS = {"rows": 100_000, "rounds": 3, "queries": 20}
_PAGES = {"deltas": 1_000, "rounds": 3, "loads": 9}
_QUICK_PAGES = {"deltas": 500, "rounds": 1, "loads": 3}
_ABOUT = (
    "Medians of interleaved rounds. A ratio is the median of the rounds' own ratios and says how much of its"
    " limit the product reaches: 1.00 is as good."
)


def main() -> int:
    """Print the table; 0 unless something broke, for a missed goal is a finding and not a fault."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within a minute, with more noise")
    parser.add_argument(
        "--only",
        metavar="NAME",
        default="",
        choices=[
            *_REQUESTS,
            *_TURNS,
            "start",
            "executable",
            "kernel",
            "files",
            "search",
            "extract",
            "schedules",
            "connectors",
            "pages",
        ],
        help="%(choices)s",
    )
    chosen = parser.parse_args()
    begun = time.monotonic()
    rows: list[Row] = []
    has_broken = False
    with tempfile.TemporaryDirectory(prefix="cowork-bench-") as folder:
        try:
            for row in _rows(Path(folder), chosen.only, is_quick=chosen.quick):
                rows.append(row)
                print(f"{time.monotonic() - begun:4.0f} s  {row.what}", file=sys.stderr, flush=True)
        except Broken as error:
            print(f"bench: {error}", file=sys.stderr)
            has_broken = True
    print(table(rows))
    print(f"\n{_ABOUT} {time.monotonic() - begun:.0f} s.")
    return int(has_broken)


def _rows(folder: Path, only: str, *, is_quick: bool) -> Iterator[Row]:
    parts: list[Iterator[Row]] = []
    if only in ("", "start"):
        parts.append(startup.measure(folder, spawns=10 if is_quick else 15))
    if only in ("", "executable"):
        parts.append(executable.measure(folder, spawns=6 if is_quick else 12))
    if only in ("", *_REQUESTS):
        # Many short rounds rather than few long ones: what disturbs the machine then falls into few of them.
        rounds, seconds = (5, 0.1) if is_quick else (11, 0.4)
        parts.append(requests.measure(folder, only, rounds=rounds, seconds=seconds))
    if only in ("", *_TURNS):
        parts.append(turns.measure(folder, only, rounds=5 if is_quick else 10))
    if only in ("", "kernel"):
        parts.append(kernels.measure(folder, **(_QUICK_KERNELS if is_quick else _KERNELS)))
    if only in ("", "files"):
        parts.append(files.measure(folder, **(_QUICK_FILES if is_quick else _FILES)))
    if only in ("", "search"):
        parts.append(search.measure(folder, **(_QUICK_SEARCH if is_quick else _SEARCH)))
    if only in ("", "extract"):
        parts.append(extraction.measure(folder, **(_QUICK_EXTRACTION if is_quick else _EXTRACTION)))
    if only in ("", "schedules"):
        parts.append(schedules.measure(folder, **(_QUICK_SCHEDULES if is_quick else _SCHEDULES)))
    if only in ("", "connectors"):
        parts.append(connectors.measure(folder, **(_QUICK_CONNECTORS if is_quick else _CONNECTORS)))
    if only in ("", "pages"):
        parts.append(pages.measure(folder, **(_QUICK_PAGES if is_quick else _PAGES)))
    return chain.from_iterable(parts)


if __name__ == "__main__":
    sys.exit(main())
