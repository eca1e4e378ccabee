"""Rows about a start: from the spawn to the first answer, and the memory of an idle server."""

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median

from bench.processes import Broken, Child, limit, product
from bench.report import Row, interleaved, pairs
from bench.seed import seed

START_GOAL, MEMORY_GOAL = 0.35, 90e6
_LIMIT_AS_THE_GOAL_WAS_SET = 0.19
START_RATIO = _LIMIT_AS_THE_GOAL_WAS_SET / START_GOAL
"""The goal on a machine that is slower than the one it was set on, or busier."""
_IDLE_SECONDS = 0.5
Spawn = Callable[[], AbstractContextManager[tuple[Child, int]]]


def measure(folder: Path, *, spawns: int) -> Iterator[Row]:
    data = seed(folder, "start", conversations=1_000)

    def ours() -> float:
        return until_healthy(lambda: product(data.data_dir))

    def theirs() -> float:
        return until_healthy(lambda: limit("limit_health", log=folder / "health.log"))

    # Warm: modules are compiled, and files are in the system's cache.
    for side in (ours, theirs):
        side()
    found = pairs(interleaved(spawns, ours, theirs), lambda seconds: seconds)
    took = median(found.product)
    yield Row(
        f"spawn to first health answer, warm, {spawns} spawns",
        f"{took * 1e3:.0f} ms",
        f"{median(found.limit) * 1e3:.0f} ms",
        f"{found.ratio:.2f}",
        f"<= {START_GOAL * 1e3:.0f} ms, or a ratio >= {START_RATIO:.2f}",
        took <= START_GOAL or found.ratio >= START_RATIO,
    )
    memory, least = _idle(product(data.data_dir)), _idle(limit("limit_health", log=folder / "health.log"))
    yield Row(
        "idle memory (RSS)",
        f"{memory / 1e6:.0f} MB",
        f"{least / 1e6:.0f} MB",
        f"{least / memory:.2f}",
        f"<= {MEMORY_GOAL / 1e6:.0f} MB",
        memory <= MEMORY_GOAL,
    )


def until_healthy(spawn: Spawn) -> float:
    """Seconds from the spawn to the first answer."""
    with spawn() as (server, port):
        _check_health(port)
        return time.perf_counter() - server.spawned_at


def _idle(spawned: AbstractContextManager[tuple[Child, int]]) -> int:
    with spawned as (server, port):
        _check_health(port)
        time.sleep(_IDLE_SECONDS)
        return server.memory_bytes()


def _check_health(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/api/v1/health")
        if connection.getresponse().status != 200:
            raise Broken("The server is not well.")
    finally:
        connection.close()
