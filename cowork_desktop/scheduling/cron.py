"""Cron expressions: when they are due by the clocks of a zone, also where these change.

By the wall clock there is one rule for both changes: a job is due at the first moment at which the clock
shows its time or a later one. So what a change skips runs right after it, and what a change repeats has run.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise, takewhile
from math import inf
from threading import Lock
from zoneinfo import ZoneInfo

from cowork_desktop.scheduling import zones
from cowork_desktop.scheduling.cron_fields import CronRefused, Days, Fields, joined, read, split
from cowork_desktop.scheduling.zones import DAY, Stretch

__all__ = ["CronExpression", "CronRefused"]

_MINUTE = 60_000
_FAR = 400 * DAY
_NAMED_TIMES = 4


@dataclass(frozen=True)
class CronExpression:
    """Times go in and come out as milliseconds since the epoch, UTC; inside they are minutes."""

    text: str
    """As it was given, with single spaces."""
    fields: Fields

    @classmethod
    def parse(cls, text: str) -> "CronExpression":
        """Raises CronRefused."""
        return _parsed(text)

    def fires(self, zone: ZoneInfo, after: int) -> Iterator[int]:
        """The slots after that moment, one after the other, without end."""
        slots = self._by_elapsed_time if self.fields.is_wildcard else self._by_the_clock
        return (slot * _MINUTE for slot in slots(zone, after // _MINUTE))

    def next_after(self, zone: ZoneInfo, after: int) -> int:
        return next(self.fires(zone, after))

    def note(self, zone: ZoneInfo, at: int) -> str | None:
        """What a change of the clocks does to that slot, in words; None for ordinary ones."""
        if self.fields.is_wildcard:
            return None
        slot = at // _MINUTE
        near = takewhile(lambda stretch: stretch.start <= slot + DAY, zones.stretches(zone, slot))
        for before, after in pairwise(near):
            if after.start == slot and before.offset < after.offset:
                return self._moved(before, after)
            if before.start <= slot < after.start <= slot + before.offset - after.offset:
                return _once_of_two(slot + before.offset)
        return None

    def _by_the_clock(self, zone: ZoneInfo, last: int) -> Iterator[int]:
        stretches = zones.stretches(zone, last)
        stretch = next(stretches)
        for wall in self._walls(last + zones.offset(zone, last) + 1):
            if wall - stretch.end > _FAR:
                stretches = zones.stretches(zone, wall)
            while wall >= stretch.end + stretch.offset:
                stretch = next(stretches)
            slot = max(wall - stretch.offset, stretch.start)
            if slot > last:
                yield slot
                last = slot

    def _by_elapsed_time(self, zone: ZoneInfo, last: int) -> Iterator[int]:
        for stretch in zones.stretches(zone, last):
            start = max(stretch.start, last + 1)
            if start < stretch.end:
                for wall in self._walls(start + stretch.offset, stretch.end + stretch.offset):
                    yield wall - stretch.offset

    def _walls(self, start: int, end: float = inf) -> Iterator[int]:
        """What the clock shows whenever it shows one of our times, as minutes, from start to before end."""
        times = _times_of_day(self.fields.minutes, self.fields.hours)
        day = _next_day(self.fields.days, start // DAY - 1)
        first = bisect_left(times, start - day * DAY)
        while day * DAY < end:
            for time in islice(times, first, None):
                if day * DAY + time >= end:
                    return
                yield day * DAY + time
            day, first = _next_day(self.fields.days, day), 0

    def _moved(self, before: Stretch, after: Stretch) -> str | None:
        skipped = [*self._walls(after.start + before.offset, after.start + after.offset)]
        if not skipped:
            return None
        lands = after.start + after.offset
        is_one_day = skipped[0] // DAY == lands // DAY
        shown = [_shown(wall, is_one_day) for wall in skipped]
        if len(shown) > _NAMED_TIMES:
            shown = [f"what is due from {shown[0]} to {shown[-1]}"]
        verb = "does" if len(shown) == 1 else "do"
        when = " on that day" if is_one_day else ""
        return (
            f"{joined(shown)} {verb} not exist{when}: the clocks go forward, "
            f"so it runs at {_shown(lands, is_one_day)}."
        ).capitalize()


def _once_of_two(wall: int) -> str:
    return f"{_shown(wall)} comes twice on that day: the clocks go back, and it runs the first time."


def _shown(wall: int, is_time_only: bool = True) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=wall)
    return f"{moment:%H:%M}" if is_time_only else f"{moment:%H:%M on %Y-%m-%d}"


@lru_cache(maxsize=1024)
def _parsed(text: str) -> CronExpression:
    parts = split(text)
    return CronExpression(" ".join(parts), read(parts))


@lru_cache(maxsize=1024)
def _times_of_day(minutes: tuple[int, ...], hours: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(hour * 60 + minute for hour in hours for minute in minutes)


@lru_cache(maxsize=8192)
def _next_day(days: Days, after: int) -> int:
    """The next day after that one, both counted from the epoch; kept, as many schedules ask the same."""
    return after + 1 if days.is_every_day else _calendar(days).next_after(after)


class _Calendar:
    """Which days match. What croniter says of dates alone is right; what it says of a zone is not."""

    def __init__(self, days: Days) -> None:
        from croniter import croniter  # late, since it takes tens of milliseconds

        sets = ((days.days_of_month, 31), (days.months, 12), (days.weekdays, 7))
        # What croniter need not look at costs it a third.
        fields = ["*" if len(values) == size else ",".join(map(str, values)) for values, size in sets]
        self._croniter = croniter(f"0 0 {' '.join(fields)}", 0.0, day_or=days.is_either)
        self._lock = Lock()

    def next_after(self, day: int) -> int:
        seconds = DAY * 60
        with self._lock:
            return int(self._croniter.get_next(float, start_time=float(day * seconds))) // seconds


@lru_cache(maxsize=1024)
def _calendar(days: Days) -> _Calendar:
    return _Calendar(days)
