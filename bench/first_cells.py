"""Rows about a first cell: with no kernel there, with a spare one, and the cell after it."""

from collections.abc import Iterator
from statistics import median

from bench.processes import Child
from bench.report import Row, interleaved, pairs
from bench.scratchpads import API, Server

COLD_GOAL, SPARE_GOAL = 0.3, 0.03
_LIMIT_AS_THE_GOALS_WERE_SET = 0.49
"""What jupyter_client took for it on that machine; as a ratio a goal holds on one that is slower."""
Sample = dict[str, float]


def first_cells(server: Server, client: Child, raw: Child, rounds: int) -> Iterator[Row]:
    """Each beside the start of a kernel, and two cells in it, by jupyter_client alone.

    The server is one that has had kernels: its first imports what the others find.
    """

    def run(path: str) -> float:
        answer = client.ask(port=server.port, path=f"{API}{path}/run?stream=false", times=1)
        return float(answer["seconds"])

    def ours() -> Sample:
        with server.scratchpad("pass", "pass") as [first, second]:
            cold, warm = run(first), run(second)
        server.set_kernels(spare=True)
        with server.scratchpad("pass") as [first]:
            server.await_spare()
            spare = run(first)
            # The next spare would start beside whatever is measured next.
            server.set_kernels(spare=False)
        return {"cold": cold, "warm": warm, "spare": spare}

    def theirs() -> Sample:
        took = raw.ask()
        return {"cold": took["first"], "warm": took["second"], "spare": took["first"]}

    results = interleaved(rounds, ours, theirs)
    yield _row("first cell, no kernel there", results, "cold", COLD_GOAL)
    yield _row("first cell, a spare kernel there", results, "spare", SPARE_GOAL)
    yield _row("second cell", results, "warm")


def _row(what: str, results: list[tuple[Sample, Sample]], field: str, goal: float | None = None) -> Row:
    found = pairs(results, lambda sample: sample[field])
    took = median(found.product)
    least = None if goal is None else _LIMIT_AS_THE_GOALS_WERE_SET / goal
    return Row(
        f"{what}, {len(results)} starts",
        f"{took * 1e3:.1f} ms",
        f"{median(found.limit) * 1e3:.1f} ms",
        f"{found.ratio:.2f}",
        "" if goal is None else f"<= {goal * 1e3:.0f} ms, or a ratio >= {least:.2f}",
        None if goal is None or least is None else took <= goal or found.ratio >= least,
    )
