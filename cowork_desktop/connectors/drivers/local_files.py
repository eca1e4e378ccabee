"""What the drivers of database files share."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, DriverFailed, Row, Target

FETCHED_ROWS = 50
"""How many rows to fetch at a time: few, as each can be large."""
_BATCH_BYTES = 4_000_000
"""Of texts and bytes in a batch, about."""
_STOP_SECONDS = 0.01
_NAME = re.compile(r'(?:\w+|"(?:[^"]|"")+")(?:\.(?:\w+|"(?:[^"]|"")+"))*')


def place_of(target: Target) -> Path:
    """The file that the field `path` names; raises DriverFailed where it is no file of this machine."""
    given = target.text("path")
    if "://" in given or given.startswith(":"):
        raise DriverFailed("not_found", "The field File should be the path of a file on this computer.")
    try:
        place = Path(given).expanduser()
        is_there = place.is_absolute() and place.is_file()
    except (OSError, RuntimeError, ValueError):
        is_there = False
    if not is_there:
        raise DriverFailed("not_found", f"There is no file {given[:300]!r}. Give its whole path.")
    return place


def quoted(name: str) -> str:
    """A name as SQL takes it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def first_rows(table: str, rows: int) -> str:
    """The query for them; what is no name as a catalog tells it is taken for one."""
    return f"SELECT * FROM {table if _NAME.fullmatch(table) else quoted(table)} LIMIT {int(rows)}"


def batches(fetch: Callable[[], Sequence[Row]]) -> Iterator[Sequence[Row]]:
    """All rows in batches that are bounded in rows and, about, in bytes. `fetch` gives the next FETCHED_ROWS;
    none: there are no more."""
    batch: list[Row] = []
    size = 0
    while rows := fetch():
        batch.extend(rows)
        size += sum(len(value) for row in rows for value in row if isinstance(value, str | bytes))
        if len(batch) > BATCH_ROWS - FETCHED_ROWS or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def in_batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Those that are there already."""
    return (rows[n : n + BATCH_ROWS] for n in range(0, len(rows), BATCH_ROWS))


class Stopping:
    """Lets another thread end the calls of a library that block, also one that is about to begin.

    An interrupt counts only while a call runs, and would be lost before that: so it is said until none does.
    """

    def __init__(self, interrupt: Callable[[], None]) -> None:
        self._interrupt = interrupt
        self._is_stopped, self._is_idle = threading.Event(), threading.Event()
        self._is_idle.set()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around each call; raises DriverFailed where it is not to be made any more."""
        self._is_idle.clear()
        try:
            if self._is_stopped.is_set():
                raise DriverFailed("failed", "The query was stopped.")
            yield
        finally:
            self._is_idle.set()

    def stop(self) -> None:
        """In another thread; returns when no call runs, and none will."""
        self._is_stopped.set()
        while not self._is_idle.wait(_STOP_SECONDS):
            self._interrupt()
