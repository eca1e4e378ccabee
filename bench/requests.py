"""Rows about requests: pages, single reads and durable writes at several numbers of connections."""

import http.client
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench.limit_server import API
from bench.processes import Broken, Child, limit, product
from bench.report import Pairs, Row, interleaved, pairs
from bench.seed import Seeded, seed

CONNECTIONS = (1, 16, 64)
READ_GOAL, WRITE_GOAL, FLAT_GOAL = 0.75, 0.6, 0.9
_WARM_UP_SECONDS = 0.05


@dataclass(frozen=True)
class Case:
    name: str
    what: str
    paths: list[str]
    goal: float = READ_GOAL
    method: str = "GET"
    body: str | None = None
    status: int = 200


@dataclass(frozen=True)
class Side:
    """One of the two servers with the same rows."""

    server: Child
    port: int


@dataclass(frozen=True)
class Sample:
    seconds: float
    """A request, at this number of connections."""
    p99: float
    cpu: float


def measure(folder: Path, only: str, *, rounds: int, seconds: float) -> Iterator[Row]:
    small = seed(folder, "small", conversations=1_000, items=10_000)
    large = seed(folder, "large", conversations=50_000)
    with ExitStack() as stack:
        load = stack.enter_context(Child("bench.load", log=folder / "load.log"))
        few, many = _servers(stack, folder, small), _servers(stack, folder, large)
        for case, (ours, theirs) in (
            *((c, few) for c in _small_cases(small)),
            *((c, many) for c in _large_cases()),
        ):
            if only not in ("", case.name):
                continue
            if case.method == "GET":
                _check_equal(case, ours, theirs)
            for connections in CONNECTIONS:
                sample = partial(_sample, load, case, connections)
                for side in (ours, theirs):
                    sample(_WARM_UP_SECONDS, side)
                timed = partial(sample, seconds)
                results = interleaved(rounds, partial(timed, ours), partial(timed, theirs))
                yield _row(f"{case.what}, c={connections}", results, case.goal)
        if only in ("", "list"):
            case = _list_case("")
            timed = partial(_sample, load, case, 16, seconds)
            results = interleaved(rounds, partial(timed, many[0]), partial(timed, few[0]))
            yield _row("the product's page of 50,000 beside its page of 1,000, c=16", results, FLAT_GOAL)


def _servers(stack: ExitStack, folder: Path, seeded: Seeded) -> tuple[Side, Side]:
    ours = stack.enter_context(product(seeded.data_dir))
    log = folder / f"{seeded.copy.stem}.log"
    theirs = stack.enter_context(limit("limit_server", str(seeded.copy), log=log))
    return Side(*ours), Side(*theirs)


def _list_case(rows: str) -> Case:
    return Case("list", f"GET /conversations, 50 of {rows}", [f"{API}?limit=50"])


def _small_cases(small: Seeded) -> list[Case]:
    items = [f"{API}/{small.long_id}/items?limit=100&before={id}" for id in small.item_ids]
    return [
        _list_case("1,000"),
        Case("get", "GET /conversations/{id}", [f"{API}/{id}" for id in small.conversation_ids]),
        Case("items", "GET items, 100 of 10,000", items),
    ]


def _large_cases() -> list[Case]:
    body = json.dumps({"title": "Sales of the quarter", "goal": "Say where the gap to the plan is largest."})
    return [
        _list_case("50,000"),
        Case("post", "POST /conversations", [API], WRITE_GOAL, "POST", body, 201),
    ]


def _sample(load: Child, case: Case, connections: int, seconds: float, side: Side) -> Sample:
    before = side.server.cpu_seconds()
    done = load.ask(
        port=side.port,
        connections=connections,
        seconds=seconds,
        method=case.method,
        paths=case.paths,
        body=case.body,
        status=case.status,
    )
    cpu = side.server.cpu_seconds() - before
    return Sample(done["seconds"] / done["requests"], done["p99"], cpu / done["requests"])


def _row(what: str, results: Sequence[tuple[Sample, Sample]], goal: float) -> Row:
    wall, cpu = pairs(results, lambda sample: sample.seconds), pairs(results, lambda sample: sample.cpu)
    p99 = pairs(results, lambda sample: sample.p99)
    return Row(
        what,
        _cell(wall.product, p99.product, cpu.product),
        _cell(wall.limit, p99.limit, cpu.limit),
        _ratios(wall, cpu),
        f">= {goal:.2f}",
        wall.ratio >= goal,
    )


def _cell(wall: list[float], p99: list[float], cpu: list[float]) -> str:
    return f"{1 / median(wall):>6,.0f}/s p99 {median(p99) * 1e3:5.1f} ms cpu {median(cpu) * 1e6:4.0f} us"


def _ratios(wall: Pairs, cpu: Pairs) -> str:
    return f"{wall.ratio:.2f} (cpu {cpu.ratio:.2f})"


def _check_equal(case: Case, ours: Side, theirs: Side) -> None:
    for path in case.paths[:10]:
        mine, other = _get(ours.port, path), _get(theirs.port, path)
        if mine != other:
            raise Broken(f"The two sides answer {path} differently:\n{mine!r:.500}\n{other!r:.500}")


def _get(port: int, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return json.load(connection.getresponse())
    finally:
        connection.close()
