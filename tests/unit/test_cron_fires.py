"""When cron expressions are due, against the oracle, and against what other libraries say."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, product, takewhile
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from cronsim import CronSim

from cowork_desktop.scheduling.cron import CronExpression, CronRefused
from cowork_desktop.scheduling.zones import zone
from tests.fakes.cron_oracle import DAY, EPOCH, ZONES, Oracle, minute_of, random_expression

pytestmark = pytest.mark.slow

_TO_COME = (minute_of(2026), minute_of(2036))
_ODD_YEARS = (minute_of(2009), minute_of(2014))
"""Samoa leaves out a day, and in Newfoundland the clocks go back from 00:01 into the day before."""
_NEXT_YEARS = (minute_of(2026), minute_of(2029))
_PERIODS = {"2026 to 2035": _TO_COME, "2009 to 2013": _ODD_YEARS}
_MOST_SLOTS_A_DAY = 6


def _expressions(dice: random.Random) -> Iterator[str]:
    while True:
        text = random_expression(dice)
        try:
            CronExpression.parse(text)
        except CronRefused:
            continue
        yield text


def _is_sparse(text: str) -> bool:
    fields = CronExpression.parse(text).fields
    return len(fields.minutes) * len(fields.hours) <= _MOST_SLOTS_A_DAY


def _slots(text: str, place: ZoneInfo, after: int, until: int) -> list[int]:
    fires = CronExpression.parse(text).fires(place, after * 60_000)
    return [slot // 60_000 for slot in takewhile(lambda slot: slot < until * 60_000, fires)]


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("period", _PERIODS)
def test_slots_are_those_of_the_oracle_none_lost_doubled_or_early(name: str, period: str) -> None:
    """Of one expression all the years, of others what is around each change of the clocks."""
    start, end = _PERIODS[period]
    oracle, dice = Oracle(zone(name), start, end), random.Random(f"{period} {name}")
    for text in islice(_expressions(dice), 3):
        for change in oracle.changes:
            after, until = max(start, change - 3 * DAY), min(end, change + 3 * DAY)
            found = _slots(text, zone(name), after, until)
            assert found == oracle.slots(text, after, until), (text, _date(change))
    text, after = next(filter(_is_sparse, _expressions(dice))), start + 2 * DAY
    assert _slots(text, zone(name), after, end) == oracle.slots(text, after, end), text


def _date(minute: int) -> datetime:
    return EPOCH + timedelta(minutes=minute)


class _NeverReturns(Exception):
    pass


class _Patient(CronSim):
    """cronsim, given up where it does not come to an end."""

    ticks = 0

    def __next__(self) -> datetime:
        self.ticks = 0
        return super().__next__()

    def tick(self, seconds: int = 1) -> None:
        self.ticks += 1
        if self.ticks > 5_000:
            raise _NeverReturns
        super().tick(seconds)


def _by_cronsim(text: str, place: ZoneInfo, after: int, until: int) -> list[int] | None:
    slots = (
        (slot - EPOCH) // timedelta(minutes=1) for slot in _Patient(text, _date(after).astimezone(place))
    )
    try:
        return list(takewhile(lambda slot: slot < until, slots))
    except _NeverReturns:
        return None


_ONE_VALUE = re.compile(r"(?<![-\w])(\w+)-\1/")
_MISTAKES = {
    "one value": "it takes a range of one value with a step, 5-5/2, for 5-59/2",
    "no full hour": "wildcards: it goes by full hours, where the change is of half of one or within one",
    "no 00:00": "wildcards: it begins the day at 00:00, which the clocks skip",
    "00:01": "wildcards: it loses its way, at times for ever, where 00:01 becomes 23:01 of the day before",
}


def _mistake(text: str, place: ZoneInfo, change: int) -> str:
    """Why cronsim says something else around that change."""
    if _ONE_VALUE.search(text):
        return "one value"
    if not CronExpression.parse(text).fields.is_wildcard:
        return "unknown"
    clock, later = (_date(at).astimezone(place).replace(tzinfo=None) for at in (change - 1, change))
    clock += timedelta(minutes=1)
    if later < clock and (clock.hour, clock.minute) == (0, 1):
        return "00:01"
    if clock.minute or (later - clock) % timedelta(hours=1):
        return "no full hour"
    return "no 00:00" if later > clock and clock.hour == 0 else "unknown"


def test_cronsim_says_the_same_but_for_four_mistakes_of_its_own() -> None:
    dice, asked, differences = random.Random(7), 0, Counter[str]()
    for name, (start, end) in product(ZONES, (_NEXT_YEARS, _ODD_YEARS)):
        changes = Oracle(zone(name), start, end).changes
        for text, change in product([*islice(_expressions(dice), 4)], changes):
            asked += 1
            stretch = (text, zone(name), change - DAY // 4, change + DAY)
            if _by_cronsim(*stretch) != _slots(*stretch):
                mistake = _mistake(text, zone(name), change)
                assert mistake in _MISTAKES, (name, text, _date(change))
                differences[mistake] += 1
    assert set(differences) == set(_MISTAKES)
    assert differences.total() < asked / 20, f"{differences} of {asked}"


@pytest.mark.parametrize("name", ZONES)
def test_cronsim_says_the_same_over_ten_years_but_for_those_mistakes(name: str) -> None:
    start, end = _TO_COME
    changes, dice = Oracle(zone(name), start, end).changes, random.Random(f"cronsim {name}")
    sparse = (text for text in _expressions(dice) if _is_sparse(text) and not _ONE_VALUE.search(text))
    text = next(sparse)
    theirs, ours = _by_cronsim(text, zone(name), start, end), _slots(text, zone(name), start, end)
    assert theirs is not None
    for slot in set(theirs) ^ set(ours):
        change = min(changes, key=lambda change: abs(slot - change))
        assert abs(slot - change) < DAY, (text, _date(slot))
        assert _mistake(text, zone(name), change) in _MISTAKES, (text, _date(slot))


def test_croniter_in_a_zone_runs_a_repeated_time_twice_which_is_why_it_is_only_asked_for_days() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    slots = croniter("30 2 * * *", datetime(2026, 10, 25, tzinfo=berlin))
    assert [f"{slots.get_next(datetime):%d %H:%M %Z}" for _ in range(2)] == ["25 02:30 CEST", "25 02:30 CET"]
