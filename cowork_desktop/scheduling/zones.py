"""Time zones: which names are accepted, and when the clocks of a zone change."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from itertools import count
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
DAY = 24 * 60
"""Minutes, as are all times of this module: since the epoch, in UTC unless they are the wall clock's."""
_LONGEST_NAME = 64
_NO_PLACES = {"Factory", "localtime", "posixrules"}
"""Files that lie among the zones and are none, or mean another one on each machine."""


class ZoneRefused(ValueError):
    """Its text tells the user why, and which name may have been meant."""


def zone(name: str) -> ZoneInfo:
    """The zone of that name of the IANA's database, in the database's own capitals."""
    if name in _names():
        return ZoneInfo(name)
    if not name:
        raise ZoneRefused("The timezone is empty. A name such as Europe/Berlin or UTC is needed.")
    if len(name) > _LONGEST_NAME or not name.isascii() or not name.isprintable():
        raise ZoneRefused("This is no name of a timezone. A name such as Europe/Berlin or UTC is needed.")
    meant = _meant(name)
    hint = f"Did you mean {meant}?" if meant else "A name such as Europe/Berlin or UTC is needed."
    raise ZoneRefused(f"There is no timezone “{name}”. {hint}")


@cache
def _names() -> frozenset[str]:
    """Kept, as it takes tens of milliseconds to walk the database."""
    return frozenset(
        name
        for name in available_timezones()
        if name not in _NO_PLACES and not name.startswith(("posix/", "right/"))
    )


def _meant(name: str) -> str | None:
    """The name that is nearest, with or without the continent."""
    from difflib import get_close_matches  # late: only who errs needs it

    by_spelling = {known.lower(): known for known in sorted(_names())}
    by_place = {known.rpartition("/")[2].lower(): known for known in sorted(_names()) if "/" in known}
    typed = name.lower().strip().replace(" ", "_")
    for spellings in (by_spelling, by_place):
        if nearest := get_close_matches(typed, spellings, n=1, cutoff=0.8):
            return spellings[nearest[0]]
    return None


class Stretch(NamedTuple):
    """A time in which the distance of a zone's clocks from UTC stays the same: `wall = utc + offset`."""

    start: int
    end: int
    offset: int


def stretches(zone: ZoneInfo, since: int) -> Iterator[Stretch]:
    """One after the other, without end; the first begins a day before `since` or earlier.

    A day before, since what the clocks show may have been seen before: no zone was ever set back further.
    """
    for year in count((_EPOCH + (since - 2 * DAY) * _MINUTE).year):
        yield from _stretches_of(zone, year)


@lru_cache(maxsize=4096)
def _stretches_of(zone: ZoneInfo, year: int) -> tuple[Stretch, ...]:
    starts = [_first_minute(year), *_changes(zone, year)]
    ends = [*starts[1:], _first_minute(year + 1)]
    return tuple(Stretch(start, end, offset(zone, start)) for start, end in zip(starts, ends, strict=True))


def _changes(zone: ZoneInfo, year: int) -> list[int]:
    """The first minutes under another offset; no zone has changed twice within a day."""
    days = [*range(_first_minute(year), _first_minute(year + 1), DAY), _first_minute(year + 1) - 1]
    offsets = [offset(zone, day) for day in days]
    return [_change(zone, days[n - 1], days[n]) for n in range(1, len(days)) if offsets[n - 1] != offsets[n]]


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    old = offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if offset(zone, middle) == old else (before, middle)
    return after


def _first_minute(year: int) -> int:
    return (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // _MINUTE


def offset(zone: ZoneInfo, at: int) -> int:
    """How many minutes the clocks are ahead of UTC; a few before 1973 had seconds too, which are left out."""
    ahead = (_EPOCH + at * _MINUTE).astimezone(zone).utcoffset()
    return (ahead or timedelta()) // _MINUTE
