"""Rows about cells: a round trip, a flood of output, and how soon the first one is done."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench.cells import fingerprint, streamed
from bench.first_cells import first_cells
from bench.processes import Broken, Child, product
from bench.report import Row, interleaved, pairs
from bench.scratchpads import API, Server
from bench.seed import seed

RUN_GOAL = 1 / 1.2
"""1.2 times what jupyter_client alone takes."""
_OUTPUT_BYTES = 67_108_864
_LARGE_TEXT = "x" * 10_000_000 + "\n"
_PRINT_LARGE = "print('x' * 10_000_000)"
_HOW = {"answered as JSON": "?stream=false", "as events": ""}
_RUNS_A_ROUND = 15
Sample = dict[str, Any]


def measure(folder: Path, *, rounds: int, lines: int, floods: int, prints: int, starts: int) -> Iterator[Row]:
    """`lines`: of a flood. The others are rounds: of round trips, floods, large prints and first cells."""
    data = seed(folder, "kernels", conversations=1)
    alone = {
        name: str(folder / "jupyter") for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    with ExitStack() as stack:
        enter = stack.enter_context
        process, port = enter(product(data.data_dir))
        server = Server(process, port, data.long_id)
        server.set_kernels(spare=False, output_bytes=_OUTPUT_BYTES)
        client = enter(Child("bench.cells", log=folder / "cells.log"))
        raw = enter(Child("bench.raw_kernel", log=folder / "raw.log", environment=alone))
        raw.hear()
        with server.scratchpad("pass", _print_lines(lines), _PRINT_LARGE) as [passes, many, large]:
            bench = _Bench(server, client, raw)
            yield from bench.round_trips(passes, rounds)
            yield bench.inside(folder / "inside", rounds)
            yield bench.flood(many, lines, floods)
            yield from bench.large_prints(large, prints)
        yield from first_cells(server, client, raw, starts)


class _Bench:
    """The two sides: `client` asks the server, `raw` a kernel of its own."""

    def __init__(self, server: Server, client: Child, raw: Child) -> None:
        self._server, self._client, self._raw = server, client, raw

    def round_trips(self, path: str, rounds: int) -> Iterator[Row]:
        for how, query in _HOW.items():
            ours = partial(self._product, path, query, _RUNS_A_ROUND)
            for side in (ours, self._pass_raw):
                side()
            yield _row(f"`pass` in a warm kernel, {how}", ours, self._pass_raw, rounds, "")

    def inside(self, place: Path, rounds: int) -> Row:
        with Child("bench.inside_kernel", str(place), log=place.with_suffix(".log")) as kernel:
            kernel.hear()
            ours = partial(_timed, kernel, kernel, code="pass", times=_RUNS_A_ROUND)
            ours()
            return _row("`pass` in a warm kernel, no HTTP, no SQLite", ours, self._pass_raw, rounds, "")

    def flood(self, path: str, lines: int, rounds: int) -> Row:
        text = "".join(f"{n}\n" for n in range(lines))
        what, code = f"{lines:,} printed lines", _print_lines(lines)
        return self._whole(what, path, code, text, "as events", rounds, RUN_GOAL)

    def large_prints(self, path: str, rounds: int) -> Iterator[Row]:
        """Without a goal: the limit stores nothing of what the product has on the disk when it answers."""
        for how in _HOW:
            yield self._whole("10 MB in one print", path, _PRINT_LARGE, _LARGE_TEXT, how, rounds, None)

    def _whole(
        self, what: str, path: str, code: str, text: str, how: str, rounds: int, goal: float | None
    ) -> Row:
        ours = partial(self._product, path, _HOW[how], 1)
        theirs = partial(_timed, self._raw, self._raw, code=code, times=1)
        row = _row(f"{what}, {how}", ours, theirs, rounds, text, goal)
        if streamed(self._server.output_cell(path)) != text:
            raise Broken(f"What is stored of {what} is not what was printed.")
        return row

    def _pass_raw(self) -> Sample:
        return _timed(self._raw, self._raw, code="pass", times=_RUNS_A_ROUND)

    def _product(self, path: str, query: str, times: int) -> Sample:
        path = f"{API}{path}/run{query}"
        return _timed(self._client, self._server.process, port=self._server.port, path=path, times=times)


def _print_lines(lines: int) -> str:
    return f"for i in range({lines}): print(i)"


def _timed(asked: Child, worker: Child, *, times: int, **command: Any) -> Sample:
    """Ask for so many runs; `worker` is the process whose time they cost, besides the kernel's own."""
    before = worker.cpu_seconds()
    answer = asked.ask(times=times, **command)
    return answer | {"cpu": (worker.cpu_seconds() - before) / times}


def _row(
    what: str,
    ours: Callable[[], Sample],
    theirs: Callable[[], Sample],
    rounds: int,
    text: str,
    goal: float | None = RUN_GOAL,
) -> Row:
    results = interleaved(rounds, ours, theirs)
    if any(sample["text"] != fingerprint(text) for pair in results for sample in pair):
        raise Broken(f"{what}: the output is not what was printed.")
    found = pairs(results, lambda sample: sample["seconds"])
    cpu = pairs(results, lambda sample: sample["cpu"])
    return Row(
        what,
        _cell(found.product, cpu.product),
        _cell(found.limit, cpu.limit),
        f"{found.ratio:.2f} (cpu {cpu.ratio:.2f})",
        "" if goal is None else f">= {goal:.2f}",
        None if goal is None else found.ratio >= goal,
    )


def _cell(seconds: Sequence[float], cpu: Sequence[float]) -> str:
    return f"{median(seconds) * 1e3:>7,.1f} ms cpu {median(cpu) * 1e3:>5,.1f} ms"
