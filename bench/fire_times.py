"""Rows about when a cron expression is due next, beside croniter alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from statistics import median
from time import perf_counter
from types import ModuleType
from zoneinfo import ZoneInfo

from croniter import croniter

from bench.processes import Broken
from bench.report import Row, interleaved, pairs
from cowork_desktop.scheduling import cron, slots, zones
from cowork_desktop.store.schedules import Due

EXPRESSIONS = ("*/15 * * * *", "@hourly", "0 9 * * 1-5", "0 9 * * 1", "30 2 1 * *", "0 0 29 2 *")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
_START = datetime(2026, 7, 1, 12, 34, tzinfo=UTC)
"""No clock of these zones changes soon after it: where one does, croniter is not cron."""
_START_MS = int(_START.timestamp()) * 1000
_WEEK_MS = 7 * 86_400_000
_TIMES = 5
"""How often a round asks in each zone."""


@dataclass(frozen=True)
class Sample:
    seconds: float
    found: Sequence[int]
    """Slots in milliseconds since the epoch."""


Ask = Callable[[str], int]
"""The next slot in the zone of that name."""


def fire_times(rounds: int) -> Iterator[Row]:
    for text in EXPRESSIONS:
        yield _row(f"next time of `{text}`, first asked", rounds, *_first(text))
    for text in EXPRESSIONS:
        yield _row(f"next time of `{text}`, from slot to slot", rounds, *_from_slot_to_slot(text))
    text = EXPRESSIONS[2]
    yield _row(f"next time of `{text}` in a zone that is new", rounds, *_in_new_zone(text))
    yield _row("a week of `* * * * *` that was slept through", rounds, _week_of_plan, _week_of_croniter)


def _row(what: str, rounds: int, ours: Callable[[], Sample], theirs: Callable[[], Sample]) -> Row:
    # The first of them loads what is loaded late.
    results = interleaved(rounds + 1, ours, theirs)[1:]
    if any(product.found != limit.found for product, limit in results):
        raise Broken(f"{what}: croniter says otherwise.")
    found = pairs(results, lambda sample: sample.seconds)
    return Row(what, _shown(median(found.product)), _shown(median(found.limit)), f"{found.ratio:.2f}")


def _first(text: str) -> tuple[Callable[[], Sample], Callable[[], Sample]]:
    """Of an expression that nobody has asked for since the start, in zones that are in use."""
    return (
        partial(_in_all_zones, lambda name: slots.next_after(text, name, _START_MS), partial(_forget, cron)),
        partial(_in_all_zones, partial(_by_croniter, text)),
    )


def _in_new_zone(text: str) -> tuple[Callable[[], Sample], Callable[[], Sample]]:
    """Its file is read, and the product finds out when its clocks change in that year."""

    def forget() -> None:
        _forget(zones)
        zones.zone("UTC")  # the names of all zones are listed once
        ZoneInfo.clear_cache()

    return (
        partial(_in_all_zones, lambda name: slots.next_after(text, name, _START_MS), forget),
        partial(_in_all_zones, partial(_by_croniter, text), ZoneInfo.clear_cache),
    )


def _from_slot_to_slot(text: str) -> tuple[Callable[[], Sample], Callable[[], Sample]]:
    """As they are claimed, each once; what croniter has read of the expression is kept."""
    last = dict.fromkeys(ZONES, _START_MS)
    kept = {name: croniter(text, _START.astimezone(ZoneInfo(name))) for name in ZONES}

    def ask(name: str) -> int:
        last[name] = slots.next_after(text, name, last[name])
        return last[name]

    return partial(_in_all_zones, ask), partial(_in_all_zones, lambda name: _next(kept[name]))


def _in_all_zones(ask: Ask, before: Callable[[], None] = lambda: None) -> Sample:
    """How long one answer took in the mean; `before` is not timed."""
    found, seconds = list[int](), 0.0
    for name in ZONES * _TIMES:
        before()
        begun = perf_counter()
        found.append(ask(name))
        seconds += perf_counter() - begun
    return Sample(seconds / len(found), found)


def _week_of_plan() -> Sample:
    """What becomes of each of the 10,081 slots, as for a claim."""
    due = Due("", "* * * * *", "Europe/Berlin", _START_MS, since=0, taken=frozenset())
    begun = perf_counter()
    plan = slots.plan(due, _START_MS + _WEEK_MS, 0)
    seconds = perf_counter() - begun
    count = sum(slots for _, _, slots in plan.missed) + 1
    return Sample(seconds, [plan.missed[0][0], plan.slot or 0, plan.next_run_at, count])


def _week_of_croniter() -> Sample:
    begun = perf_counter()
    found = croniter("* * * * *", _START.astimezone(ZoneInfo("Europe/Berlin")))
    come = [_START_MS]
    while come[-1] <= _START_MS + _WEEK_MS:
        come.append(_next(found))
    return Sample(perf_counter() - begun, [come[0], come[-2], come[-1], len(come) - 1])


def _by_croniter(text: str, name: str) -> int:
    return _next(croniter(text, _START.astimezone(ZoneInfo(name))))


def _next(found: croniter) -> int:
    return int(found.get_next(datetime).timestamp()) * 1000


def _forget(module: ModuleType) -> None:
    """All that its functions have kept."""
    for value in vars(module).values():
        if hasattr(value, "cache_clear") and value.__module__ == module.__name__:
            value.cache_clear()


def _shown(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} us" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"
