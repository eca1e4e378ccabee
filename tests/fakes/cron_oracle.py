"""What cron would do, minute by minute: the slow truth that the scheduling is held to.

It shares no code with the scheduling. Its rules, on a table of what the clock shows at each minute of UTC:

- A time matches when its minute, hour and month do, and its day: where neither the day of the month nor the
  weekday begins with `*` one of the two is enough, else both must match.
- Where minute or hour begins with `*`, each minute at which the clock shows a matching time is a slot.
- Else each matching time of the calendar, whether the clock ever shows it or not, belongs to the first minute
  at which the clock shows it or a later one, and each minute to which one or more belong is one slot.
"""

import random
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 1440
_PROBE = 360
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMES = {name: n for names, low in ((_WEEKDAYS, 0), (_MONTHS, 1)) for n, name in enumerate(names, low)}
ZONES = (
    *("Europe/Berlin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "America/Santiago"),
    *("Africa/Casablanca", "Africa/Cairo", "Asia/Beirut", "Pacific/Apia", "Asia/Kathmandu"),
    *("Pacific/Chatham", "America/Havana", "Asia/Tehran", "Europe/Dublin", "Antarctica/Troll"),
    *("Asia/Gaza", "America/Asuncion", "Africa/El_Aaiun", "Pacific/Easter", "America/Nuuk"),
    *("UTC", "Asia/Kolkata", "Asia/Jerusalem", "Europe/Chisinau", "Atlantic/Azores"),
    *(
        "America/Scoresbysund",
        "Australia/Adelaide",
        "Pacific/Auckland",
        "Pacific/Norfolk",
        "America/Miquelon",
    ),
    *("Europe/London", "Europe/Lisbon", "America/Los_Angeles", "Australia/Sydney", "Asia/Tokyo"),
    *("Africa/Windhoek", "America/Sao_Paulo", "Asia/Amman", "Europe/Moscow", "Pacific/Kiritimati"),
)
"""Clocks that are changed at midnight, into the day before, by half an hour, two hours, a day, or never."""


def minute_of(year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0) -> int:
    """Minutes since the epoch of a time of UTC."""
    return (datetime(year, month, day, hour, minute, tzinfo=UTC) - EPOCH) // timedelta(minutes=1)


class Oracle:
    """One zone from one minute of UTC to another."""

    def __init__(self, zone: ZoneInfo, start: int, end: int) -> None:
        self.start = start
        probes = np.array([_offset(zone, at) for at in range(start, end + _PROBE, _PROBE)], np.int32)
        offsets = np.repeat(probes, _PROBE)[: end - start]
        for n in (int(n) * _PROBE for n in np.flatnonzero(np.diff(probes))):
            near = range(start + n, min(start + n + _PROBE, end))
            offsets[n : n + len(near)] = [_offset(zone, at) for at in near]
        self._wall = np.arange(start, end, dtype=np.int32) + offsets
        self._latest = np.maximum.accumulate(self._wall)
        """The latest time that the clock has shown so far."""
        self.changes = [start + int(n) + 1 for n in np.flatnonzero(np.diff(offsets))]

    def slots(self, expression: str, after: int, until: int) -> list[int]:
        """The slots after one minute and before another; both within the table."""
        fields = tuple(expression.lower().split())
        before, here = after - self.start, slice(after + 1 - self.start, until - self.start)
        first_day = int(self._wall[before : until - self.start].min()) // DAY
        matching = _calendar(fields, first_day, int(self._latest[until - 1 - self.start]) // DAY)
        if "*" in (fields[0][0], fields[1][0]):
            is_slot = matching[self._wall[here] - first_day * DAY]
        else:
            so_far = np.cumsum(matching, dtype=np.int32)[
                self._latest[before : until - self.start] - first_day * DAY
            ]
            is_slot = np.diff(so_far) > 0
        return [after + 1 + int(n) for n in np.flatnonzero(is_slot)]


def _offset(zone: ZoneInfo, at: int) -> int:
    offset = (EPOCH + timedelta(minutes=at)).astimezone(zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds() / 60)


def _calendar(fields: tuple[str, ...], first: int, last: int) -> NDArray[np.bool_]:
    """Whether each minute of the calendar from the first day to the last matches."""
    minute, hour, day, month, weekday = fields
    days = np.array([_is_day(day, month, weekday, number) for number in range(first, last + 1)])
    return (days[:, None] & _times(minute, hour)[None, :]).ravel()


@lru_cache(maxsize=64)
def _times(minute: str, hour: str) -> NDArray[np.bool_]:
    return np.array([matches(hour, n // 60, 0) and matches(minute, n % 60, 0) for n in range(DAY)])


def _is_day(day: str, month: str, weekday: str, number: int) -> bool:
    date = EPOCH + timedelta(days=number)
    by_date = matches(day, date.day, 1)
    by_weekday = matches(weekday, date.isoweekday(), 0) or matches(weekday, date.isoweekday() % 7, 0)
    is_both = day.startswith("*") or weekday.startswith("*")
    return matches(month, date.month, 1) and (by_date and by_weekday if is_both else by_date or by_weekday)


def matches(field: str, value: int, lowest: int) -> bool:
    """Whether a field has that value; the steps of a `*` are counted from the field's lowest one."""
    return any(_item_matches(item, value, lowest) for item in field.split(","))


def _item_matches(item: str, value: int, lowest: int) -> bool:
    span, _, step = item.partition("/")
    if span == "*":
        return (value - lowest) % int(step or 1) == 0
    start, _, end = span.partition("-")
    first, last = _number(start), _number(end or start)
    if end == "sun" and first > 0:
        last = 7
    return first <= value <= last and (value - first) % int(step or 1) == 0


def _number(text: str) -> int:
    return _NAMES[text] if text in _NAMES else int(text)


def random_expression(dice: random.Random) -> str:
    """Of any shape, with a liking for the hours in which clocks are changed."""
    minute = _random_field(dice, 0, 59, (0, 15, 30, 45))
    hour = _random_field(dice, 0, 23, (0, 1, 2, 3, 23))
    day = "*" if dice.random() < 0.5 else _random_field(dice, 1, 28, (1, 7, 15, 28))
    month = "*" if dice.random() < 0.6 else _random_field(dice, 1, 12, (3, 4, 10, 11), _MONTHS)
    weekday = "*" if dice.random() < 0.5 else _random_field(dice, 0, 7, (0, 5, 6, 7), _WEEKDAYS)
    return f"{minute} {hour} {day} {month} {weekday}"


def _random_field(
    dice: random.Random, low: int, high: int, liked: tuple[int, ...], names: tuple[str, ...] = ()
) -> str:
    """A list of up to three items, mostly one."""
    items = [_random_item(dice, low, high, liked) for _ in range(dice.choice((1, 1, 1, 2, 3)))]
    if names and dice.random() < 0.5:
        items = [_named(item, names, low) for item in items]
    return ",".join(items)


def _random_item(dice: random.Random, low: int, high: int, liked: tuple[int, ...]) -> str:
    first, last = sorted((dice.randint(low, high), dice.randint(low, high)))
    step = dice.randint(1, max(2, (high - low) // 2))
    value = str(dice.choice((first, *liked)))
    return dice.choice((value, value, f"{first}-{last}", f"{first}-{last}/{step}", "*", f"*/{step}"))


def _named(item: str, names: tuple[str, ...], low: int) -> str:
    """With names for the numbers; a Sunday that is 7 keeps it, except where it ends a range."""
    span, slash, step = item.partition("/")
    ends = [
        names[int(end) - low] if end.isdigit() and int(end) - low < len(names) else end
        for end in span.split("-")
    ]
    return "-".join(ends) + slash + step
