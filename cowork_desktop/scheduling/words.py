"""Says in English when a cron expression is due by the clocks; other times never get the same words."""

from collections.abc import Callable
from itertools import pairwise

from cowork_desktop.scheduling.cron import CronExpression
from cowork_desktop.scheduling.cron_fields import MONTHS, WEEKDAYS, Days, joined, ordinal

_FEW = 6
"""So many times of the day are listed one by one."""
_ODD, _EVEN = tuple(range(1, 32, 2)), tuple(range(2, 31, 2))


def in_words(expression: CronExpression) -> str:
    """By the 24-hour clock, as in “At 09:00 from Monday to Friday”."""
    fields = expression.fields
    if len(fields.minutes) * len(fields.hours) <= _FEW:
        times = [_time(hour, minute) for hour in fields.hours for minute in fields.minutes]
        return f"At {joined(times)} {_days(fields.days)}"
    is_always = fields.days.is_every_day and len(fields.hours) > 1 and _even_step(fields.hours, 24)
    return _times(fields.minutes, fields.hours) + ("" if is_always else f", {_days(fields.days)}")


def _times(minutes: tuple[int, ...], hours: tuple[int, ...]) -> str:
    step, hour_step = _even_step(minutes, 60), _even_step(hours, 24)
    if step and minutes[0] == 0 and hour_step == 1:
        return f"Every {_interval(step)}"
    if step and hour_step != 1 and _is_run(hours):
        return (
            f"Every {_interval(step)} from {_time(hours[0], minutes[0])} to {_time(hours[-1], minutes[-1])}"
        )
    if len(minutes) == 1 and hour_step and hour_step > 1:
        return f"Every {hour_step} hours from {_time(hours[0], minutes[0])}"
    return f"{_at_minutes(minutes)} of {_hours(hours, hour_step)}"


def _interval(minutes: int) -> str:
    return {1: "minute", 60: "hour"}.get(minutes, f"{minutes} minutes")


def _at_minutes(minutes: tuple[int, ...]) -> str:
    if len(minutes) == 60:
        return "At every minute"
    return f"At minute{'s' if len(minutes) > 1 else ''} {joined(_spans(minutes, str))}"


def _hours(hours: tuple[int, ...], step: int | None) -> str:
    if step == 1:
        return "every hour"
    if len(hours) == 1:
        return f"hour {hours[0]}"
    return f"every {ordinal(step)} hour from {hours[0]}" if step else f"hours {joined(_spans(hours, str))}"


def _days(days: Days) -> str:
    if days.is_every_day:
        return "every day"
    months = "" if len(days.months) == 12 else f" in {_months(days.months)}"
    dates = f"the {_dates(days.days_of_month)} of {_months(days.months)}"
    if len(days.weekdays) == 7:
        return f"every day{months}" if len(days.days_of_month) == 31 else f"on {dates}"
    if days.is_either:
        return f"on {dates} and also on {_weekdays(days.weekdays, is_extra=True)}{months}"
    limit = f", but only on the {_dates(days.days_of_month)} of the month"
    return f"{_weekdays(days.weekdays)}{months}{'' if len(days.days_of_month) == 31 else limit}"


def _dates(days: tuple[int, ...]) -> str:
    return {_ODD: "odd days", _EVEN: "even days"}.get(days) or joined(_spans(days, ordinal))


def _months(months: tuple[int, ...]) -> str:
    if len(months) == 12:
        return "each month"
    names = [MONTHS[month - 1] for month in months]
    return f"the months from {names[0]} to {names[-1]}" if _is_long_run(months) else joined(names)


def _weekdays(weekdays: tuple[int, ...], is_extra: bool = False) -> str:
    """From Monday on, so that a weekend stays together."""
    in_order = tuple(sorted(day or 7 for day in weekdays))
    names = [WEEKDAYS[day % 7] for day in in_order]
    if _is_long_run(in_order):
        return f"{'every day ' if is_extra else ''}from {names[0]} to {names[-1]}"
    return f"{'every' if is_extra else 'on'} {joined(names)}"


def _spans(values: tuple[int, ...], name: Callable[[int], str]) -> list[str]:
    """Each value, or from where to where they follow each other."""
    runs: list[tuple[int, ...]] = []
    for value in values:
        if runs and runs[-1][-1] == value - 1:
            runs[-1] += (value,)
        else:
            runs.append((value,))
    return [
        text
        for run in runs
        for text in ([f"{name(run[0])} to {name(run[-1])}"] if len(run) > 2 else map(name, run))
    ]


def _even_step(values: tuple[int, ...], whole: int) -> int | None:
    """How far apart they are, if that is the same for all, also from the last to the next round's first."""
    steps = {later - earlier for earlier, later in pairwise((*values, values[0] + whole))}
    return steps.pop() if len(steps) == 1 else None


def _is_run(values: tuple[int, ...]) -> bool:
    return values[-1] - values[0] == len(values) - 1


def _is_long_run(values: tuple[int, ...]) -> bool:
    return len(values) > 2 and _is_run(values)


def _time(hour: int, minute: int) -> str:
    return f"{hour:02}:{minute:02}"
