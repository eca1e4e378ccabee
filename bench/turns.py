"""Rows about turns: how soon they begin, what a delta costs, and how many readers they feed."""

import http.client
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import mean, median
from typing import Any

from bench.limit_server import API, READERS
from bench.processes import Broken, Child, limit, product
from bench.report import Row, interleaved, pairs
from bench.seed import seed

DELTAS = 2_000
PACED_DELTAS = 500
FIRST_EVENT_GOAL, WHOLE_GOAL, DELTA_GOAL, READERS_GOAL = 8e-3, 60e-3, 30e-6, 300_000
_TURNS_A_ROUND = 3
Sample = dict[str, float]


def measure(folder: Path, only: str, *, rounds: int) -> Iterator[Row]:
    data = seed(folder, "turns", conversations=10)
    with ExitStack() as stack:
        enter = stack.enter_context
        _, model_port = enter(limit("model_endpoint", log=folder / "model.log"))
        url = f"http://127.0.0.1:{model_port}"
        server, port = enter(product(data.data_dir, "--base-url", url, ANTHROPIC_API_KEY="dummy"))
        readers = enter(Child("bench.readers", log=folder / "readers.log"))
        if only in ("", "turn"):
            sdk = enter(Child("bench.sdk_reader", url, log=folder / "sdk.log"))
            yield from _turns(server, port, readers, sdk, rounds)
        if only in ("", "readers"):
            _, limit_port = enter(limit("limit_server", str(data.copy), log=folder / "stream.log"))
            yield _many_readers(port, limit_port, readers, rounds)


def _turns(server: Child, port: int, readers: Child, sdk: Child, rounds: int) -> Iterator[Row]:
    def ours(model: str, turns: int) -> Sample:
        ids = [_conversation(port) for _ in range(turns)]
        before = server.cpu_seconds()
        answers = [readers.ask(action="turn", port=port, conversation_id=id, model=model) for id in ids]
        return _means(answers) | {"cpu": (server.cpu_seconds() - before) / turns}

    def theirs(model: str, turns: int) -> Sample:
        return _means([sdk.ask(model=model) for _ in range(turns)])

    def both(model: str, turns: int) -> list[tuple[Sample, Sample]]:
        # The first turn of a process imports the SDK.
        for side in (ours, theirs):
            side("bench-10", 1)
        return interleaved(rounds, lambda: ours(model, turns), lambda: theirs(model, turns))

    results = both(f"bench-{DELTAS}", _TURNS_A_ROUND)
    if any(sample["deltas"] != DELTAS for pair in results for sample in pair):
        raise Broken("A turn lost deltas.")
    yield _row("turn: first event", results, "first_event", _ms, FIRST_EVENT_GOAL)
    yield _row("turn: first delta", results, "first_delta", _ms)
    yield _row(f"turn of {DELTAS:,} deltas", results, "whole", _ms, WHOLE_GOAL)
    yield _row("cpu a delta, all of a turn in it", results, "cpu", _us_each(DELTAS), DELTA_GOAL * DELTAS)
    paced = both(f"bench-{PACED_DELTAS}-pace", 1)
    yield _row("cpu a delta, one each millisecond", paced, "cpu", _us_each(PACED_DELTAS))


def _row(
    what: str,
    results: Sequence[tuple[Sample, Sample]],
    field: str,
    show: Callable[[float], str],
    goal: float | None = None,
) -> Row:
    found = pairs(results, lambda sample: sample[field])
    product = median(found.product)
    return Row(
        what,
        show(product),
        show(median(found.limit)),
        f"{found.ratio:.2f}",
        "" if goal is None else f"<= {show(goal)}",
        None if goal is None else product <= goal,
    )


def _many_readers(port: int, limit_port: int, readers: Child, rounds: int) -> Row:
    def ours() -> Sample:
        model = f"bench-{DELTAS}-hold"
        id = _conversation(port)
        return readers.ask(action="follow_turn", port=port, conversation_id=id, model=model, readers=READERS)

    def theirs() -> Sample:
        return readers.ask(action="follow", port=limit_port, path="/stream", readers=READERS)

    results = interleaved(rounds, ours, theirs)
    if any(sample["deltas"] != DELTAS for pair in results for sample in pair):
        raise Broken("A reader lost deltas.")
    found = pairs(results, lambda sample: sample["seconds"])
    rate = DELTAS * READERS / median(found.product)
    return Row(
        f"{READERS} readers of one turn, on raw sockets",
        f"{rate:,.0f} deliveries/s",
        f"{DELTAS * READERS / median(found.limit):,.0f} deliveries/s",
        f"{found.ratio:.2f}",
        f">= {READERS_GOAL:,}",
        rate >= READERS_GOAL,
    )


def _conversation(port: int) -> str:
    """A new one, with a title so that the model is not asked for one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", API, json.dumps({"title": "Bench"}), {"Content-Type": "application/json"})
        made: dict[str, Any] = json.load(connection.getresponse())
        return str(made["id"])
    finally:
        connection.close()


def _means(answers: Sequence[Sample]) -> Sample:
    return {field: mean(answer[field] for answer in answers) for field in answers[0]}


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


def _us_each(count: int) -> Callable[[float], str]:
    return lambda seconds: f"{seconds / count * 1e6:.1f} us"
