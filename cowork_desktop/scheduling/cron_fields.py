"""The five fields of a cron expression, read as Debian's cron reads them.

`*`, `a`, `a-b`, a step after `*` or a range, lists of these; months and weekdays also by name. Refused are
`a/n`, which Debian's cron refuses too and others read in two ways, and what only some programs know.
"""

import re
from dataclasses import dataclass, field

_LONGEST = 500
"""Characters; all sixty minutes in a list take 169."""
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_ITEM = re.compile(r"(?:(\*)|([a-z]+|\d{1,4})(?:-([a-z]+|\d{1,4}))?)(?:/(\d{1,4}))?", re.ASCII)
_FOREIGN = re.compile(r"[#?~]|(?<![a-z])(?:lw|[lwhr])(?![a-z])|(?<=[a-z]{3})l$")
"""Signs that other programs have added to cron: last, nearest weekday, nth, any, hashed, random."""
_DAYS_OF_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


class CronRefused(ValueError):
    """Its text tells the user which part cannot be taken, why, and what would be right."""


@dataclass(frozen=True)
class Days:
    """On which days: sets in ascending order, weekdays from 0 (Sunday) to 6."""

    days_of_month: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    is_either: bool
    """Whether one of day of the month and weekday is enough; else both must match."""

    @property
    def is_every_day(self) -> bool:
        return (len(self.days_of_month), len(self.months), len(self.weekdays)) == (31, 12, 7)


@dataclass(frozen=True)
class Fields:
    """What the five fields say."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: Days
    is_wildcard: bool
    """Whether minute or hour begins with `*`: such a job follows the time that passes, not the clocks."""


@dataclass(frozen=True)
class _Field:
    name: str
    first: int
    last: int
    names: dict[str, int] = field(default_factory=dict)


_MINUTE, _HOUR = _Field("minute", 0, 59), _Field("hour", 0, 23)
_DAY_OF_MONTH = _Field("day of the month", 1, 31)
_MONTH = _Field("month", 1, 12, {name[:3].lower(): n for n, name in enumerate(MONTHS, 1)})
_WEEKDAY = _Field("weekday", 0, 7, {name[:3].lower(): n for n, name in enumerate(WEEKDAYS)})
_FIELDS = (_MINUTE, _HOUR, _DAY_OF_MONTH, _MONTH, _WEEKDAY)
_EXPECTED = "minute, hour, day of the month, month and weekday, for example “0 9 * * mon-fri”"


def split(text: str) -> list[str]:
    """The fields as they were given, or the one macro."""
    if len(text) > _LONGEST:
        raise CronRefused(f"A cron expression of more than {_LONGEST} characters is not accepted.")
    text = text.strip(" \t\r\n")
    strange = next((sign for sign in text if not " " <= sign <= "~" and sign != "\t"), None)
    if strange is not None:
        raise CronRefused(f"The character {strange!a} cannot stand in a cron expression.")
    return text.split()


def read(parts: list[str]) -> Fields:
    """The meaning of what `split` gave."""
    minute, hour, day, _, weekday = texts = _five([part.lower() for part in parts])
    minutes, hours, days, months, weekdays = map(_values, _FIELDS, texts)
    either = day[0] != "*" and weekday[0] != "*"
    return Fields(minutes, hours, _days(days, months, weekdays, either), minute[0] == "*" or hour[0] == "*")


def _five(parts: list[str]) -> list[str]:
    if not parts:
        raise CronRefused(f"The cron expression is empty. It has five fields: {_EXPECTED}.")
    if parts[0].startswith("@"):
        return _macro(" ".join(parts)).split()
    if len(parts) != 5:
        foreign = " Seconds and years are not part of standard cron." if len(parts) > 5 else ""
        raise CronRefused(
            f"A cron expression has five fields, this one has {len(parts)}.{foreign} They are {_EXPECTED}."
        )
    return parts


def _macro(name: str) -> str:
    if name == "@reboot":
        raise CronRefused("@reboot names no time: a schedule runs by the clock, not when a machine starts.")
    if name not in _MACROS:
        raise CronRefused(f"“{_short(name)}” is not known. There are {', '.join(_MACROS)}.")
    return _MACROS[name]


def _days(days: tuple[int, ...], months: tuple[int, ...], weekdays: tuple[int, ...], either: bool) -> Days:
    """Without what says nothing: where one is enough, a day that is always or never there."""
    every_day, every_weekday = tuple(range(1, 32)), tuple(range(7))
    if either and (days == every_day or weekdays == every_weekday):
        return Days(every_day, months, every_weekday, False)
    if days[0] <= max(_DAYS_OF_MONTHS[month - 1] for month in months):
        return Days(days, months, weekdays, either)
    if either:
        return Days(every_day, months, weekdays, False)
    named, missing = joined([MONTHS[month - 1] for month in months]), joined([*map(ordinal, days)], "or")
    raise CronRefused(f"It would never run: {named} {'has' if len(months) == 1 else 'have'} no {missing}.")


def _values(field: _Field, text: str) -> tuple[int, ...]:
    values = {value for item in text.split(",") for value in _item(field, item)}
    return tuple(sorted({value % 7 for value in values} if field is _WEEKDAY else values))


def _item(field: _Field, item: str) -> range:
    found = _ITEM.fullmatch(item)
    if not found:
        raise _unread(field, item)
    star, start, end, step = found.groups()
    first = field.first if star else _value(field, start)
    last = field.last if star else first if end is None else _end(field, first, end)
    if step and not star and not end:
        raise CronRefused(
            f"“{item}” in the {field.name} field: a step needs a range or * before it. "
            f"From {start} on, write {start}-{field.last}/{step}."
        )
    if last < first:
        raise CronRefused(_backward(field, item))
    return range(first, last + 1, _step(field, item, step))


def _end(field: _Field, first: int, text: str) -> int:
    """At the end of a range `sun` can only be meant as the seventh day."""
    return 7 if field is _WEEKDAY and text == "sun" and first else _value(field, text)


def _backward(field: _Field, item: str) -> str:
    hint = " At the end of a range Sunday is 7." if field is _WEEKDAY and item.endswith("-0") else ""
    return (
        f"“{item}” in the {field.name} field goes backward. A range goes from the lower value to the higher; "
        f"two ranges can stand in a list, with a comma between.{hint}"
    )


def _value(field: _Field, text: str) -> int:
    if text in field.names:
        return field.names[text]
    if not text.isdigit():
        raise _unread(field, text)
    if not field.first <= int(text) <= field.last:
        raise CronRefused(f"{text} in the {field.name} field is out of range. {_allowed(field)}")
    return int(text)


def _step(field: _Field, item: str, step: str | None) -> int:
    """One larger than all the values would leave the first alone, which nobody who writes `*/90` means."""
    values = 7 if field is _WEEKDAY else field.last - field.first + 1
    if step is not None and not 1 <= int(step) <= values:
        raise CronRefused(
            f"“{item}” in the {field.name} field: a step is a number from 1 to {values}. "
            "It counts within the field and begins anew with it."
        )
    return int(step or 1)


def _unread(field: _Field, item: str) -> CronRefused:
    if not item:
        return CronRefused(f"The {field.name} field has an empty place in its list: a comma is too many.")
    sign = _FOREIGN.search(item)
    part = f"“{sign.group().upper() if sign else _short(item)}” in the {field.name} field"
    return CronRefused(
        f"{part} {'is not part of standard cron' if sign else 'cannot be read'}. {_allowed(field)}"
    )


def _allowed(field: _Field) -> str:
    sunday = ", where 0 and 7 are Sunday" if field is _WEEKDAY else ""
    names = f", and names from {'jan to dec' if field is _MONTH else 'sun to sat'}" if field.names else ""
    numbers = f"numbers from {field.first} to {field.last}{sunday}{names}"
    return f"It takes * and {numbers}, with ranges, steps and lists."


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def joined(texts: list[str], last: str = "and") -> str:
    """As a sentence lists them."""
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {last} {texts[-1]}"


def ordinal(number: int) -> str:
    ending = "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
