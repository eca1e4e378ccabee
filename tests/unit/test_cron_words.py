"""What is said about a cron expression: that it reads well, and that read back it means the same."""

import random
import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.scheduling.cron import CronExpression, CronRefused
from cowork_desktop.scheduling.words import in_words
from tests.fakes.cron_oracle import matches, random_expression
from tests.fakes.examples import at_least

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("* * * * *", "Every minute"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("0 * * * *", "Every hour"),
        ("5 * * * *", "At minute 5 of every hour"),
        ("*/7 * * * *", "At minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour"),
        ("*/45 * * * *", "At minutes 0 and 45 of every hour"),
        ("5-59/15 * * * *", "At minutes 5, 20, 35 and 50 of every hour"),
        ("*/15 * * * mon", "Every 15 minutes, on Monday"),
        ("0 9 * * *", "At 09:00 every day"),
        ("@daily", "At 00:00 every day"),
        ("0 9,17 * * *", "At 09:00 and 17:00 every day"),
        ("1,2 3,4 * * *", "At 03:01, 03:02, 04:01 and 04:02 every day"),
        ("0 */3 * * *", "Every 3 hours from 00:00"),
        ("5 1-23/2 * * *", "Every 2 hours from 01:05"),
        ("*/15 */2 * * *", "At minutes 0, 15, 30 and 45 of every 2nd hour from 0"),
        ("* 9 * * *", "Every minute from 09:00 to 09:59, every day"),
        ("0 8-18 * * *", "Every hour from 08:00 to 18:00, every day"),
        ("*/15 9-17 * * 1-5", "Every 15 minutes from 09:00 to 17:45, from Monday to Friday"),
        ("0-10 9 * * *", "At minutes 0 to 10 of hour 9, every day"),
        ("* 9,12-14 * * *", "At every minute of hours 9 and 12 to 14, every day"),
        ("0 9 * * mon", "At 09:00 on Monday"),
        ("0 9 * * 0,6", "At 09:00 on Saturday and Sunday"),
        ("0 9 * * 5-7", "At 09:00 from Friday to Sunday"),
        ("0 9 * * 1-5", "At 09:00 from Monday to Friday"),
        ("0 9 * 1,7 mon", "At 09:00 on Monday in January and July"),
        ("0 0 1 * *", "At 00:00 on the 1st of each month"),
        ("0 0 1,15 * *", "At 00:00 on the 1st and 15th of each month"),
        ("0 0 1-7,22 * *", "At 00:00 on the 1st to 7th and 22nd of each month"),
        ("0 0 */2 * *", "At 00:00 on the odd days of each month"),
        ("0 0 29 2 *", "At 00:00 on the 29th of February"),
        ("0 0 1 3-10 *", "At 00:00 on the 1st of the months from March to October"),
        ("0 0 * 3-10 *", "At 00:00 every day in the months from March to October"),
        ("0 9 13 * 5", "At 09:00 on the 13th of each month and also on every Friday"),
        ("0 9 13 * 1-5", "At 09:00 on the 13th of each month and also on every day from Monday to Friday"),
        ("0 9 13 1 5", "At 09:00 on the 13th of January and also on every Friday in January"),
        ("0 9 */2 * 1", "At 09:00 on Monday, but only on the odd days of the month"),
        ("0 9 1-7 * */7", "At 09:00 on Sunday, but only on the 1st to 7th of the month"),
    ],
)
def test_common_expressions_read_well(text: str, words: str) -> None:
    assert in_words(CronExpression.parse(text)) == words


@given(st.integers(0, 2**32))
def test_words_read_back_mean_what_the_expression_means(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(at_least(100) // 10):
        _read_back(random_expression(dice))


def _read_back(text: str) -> None:
    try:
        words = in_words(CronExpression.parse(text))
    except CronRefused:
        return
    assert _meaning(words) == _meant(text), words


@pytest.mark.parametrize("step", range(1, 61))
def test_steps_of_minutes_in_any_hours_read_back(step: int) -> None:
    starts = sorted({0, 1, step - 1, step % 60, 59 - step if step < 59 else 0})
    hours = ("*", "9", "9-10", "0-23/12", "*/2", "1-23/2", "*/5", "0,1,23", "22-23", "3-21/3")
    for start, hour in product(starts, hours):
        _read_back(f"{start}-59/{step} {hour} * * *")


_Meaning = tuple[set[int], set[tuple[int, int, int]]]
"""Minutes of the day, and days as month, day of the month and weekday, for each that can come together."""
_ALL_DAYS = [
    (month, day, weekday)
    for month, days in enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1)
    for day, weekday in product(range(1, days + 1), range(7))
]


def _meant(text: str) -> _Meaning:
    minute, hour, day, month, weekday = text.lower().split()
    hours, minutes = (
        {n for n in range(top) if matches(field, n, 0)} for field, top in ((hour, 24), (minute, 60))
    )
    times = {at_hour * 60 + at_minute for at_hour, at_minute in product(hours, minutes)}
    months = {n for n in range(1, 13) if matches(month, n, 1)}
    dates = {n for n in range(1, 32) if matches(day, n, 1)}
    weekdays = {n % 7 for n in range(8) if matches(weekday, n, 0)}
    needed = 2 if day.startswith("*") or weekday.startswith("*") else 1
    return times, {
        (m, d, w) for m, d, w in _ALL_DAYS if m in months and (d in dates) + (w in weekdays) >= needed
    }


_CLOCK = r"\d\d:\d\d"
_TIMES = re.compile(
    rf"At (?P<listed>{_CLOCK}(?:(?:, | and ){_CLOCK})*) (?P<days_of_listed>.*)"
    r"|(?:Every (?:(?P<step>\d+) minutes|minute|(?P<hourly>hour))"
    rf"(?: from (?P<first>{_CLOCK}) to (?P<last>{_CLOCK}))?"
    rf"|Every (?P<hours_step>\d+) hours from (?P<start>{_CLOCK})"
    r"|At (?:every minute|minutes? (?P<minutes>.+?)) of "
    r"(?:every hour|every (?P<nth>\d+)(?:st|nd|rd|th) hour from (?P<from_hour>\d+)|hours? (?P<hours>\d.*?)))"
    r"(?:, (?P<days>(?:every day|on|from).*))?"
)


def _meaning(words: str) -> _Meaning:
    """The same, read from English."""
    found = _TIMES.fullmatch(words)
    assert found, words
    return _times_said(found), _days_said(found["days_of_listed"] or found["days"] or "every day")


def _times_said(found: re.Match[str]) -> set[int]:
    if found["listed"]:
        return {_clock(text) for text in re.findall(_CLOCK, found["listed"])}
    if found["start"]:
        return set(range(_clock(found["start"]), 1440, 60 * int(found["hours_step"])))
    if found.group().startswith("Every"):
        step = 60 if found["hourly"] else int(found["step"] or 1)
        return set(range(_clock(found["first"] or "00:00"), _clock(found["last"] or "23:59") + 1, step))
    minutes = _numbers(found["minutes"] or "0 to 59")
    hours = _numbers(found["hours"] or "0 to 23")
    if found["nth"]:
        hours = set(range(int(found["from_hour"]), 24, int(found["nth"])))
    return {hour * 60 + minute for hour, minute in product(hours, minutes)}


def _clock(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


_IN = r"(?: in (?P<{}>.+?))?"
_DAYS = re.compile(
    rf"every day{_IN.format('months_of_all')}"
    r"|on the (?P<dates>.+?) of (?P<months>.+?)"
    rf"(?: and also on (?P<extra>every .+?){_IN.format('months_of_extra')})?"
    rf"|(?P<weekdays>(?:on|from) .+?){_IN.format('months_of_weekdays')}"
    r"(?:, but only on the (?P<only>.+) of the month)?"
)


def _days_said(words: str) -> set[tuple[int, int, int]]:
    found = _DAYS.fullmatch(words)
    assert found, words
    assert found["extra"] is None or (found["months_of_extra"] or "each month") == found["months"]
    months = _months(found["months_of_all"] or found["months"] or found["months_of_weekdays"] or "each month")
    dates = _numbers(found["dates"] or found["only"] or "1 to 31")
    weekdays = _weekdays(found["weekdays"] or found["extra"] or "from Monday to Sunday")
    needed = 1 if found["extra"] else 2
    return {(m, d, w) for m, d, w in _ALL_DAYS if m in months and (d in dates) + (w in weekdays) >= needed}


def _numbers(words: str) -> set[int]:
    if words in ("odd days", "even days"):
        return set(range(1 if words == "odd days" else 2, 32, 2))
    spans = [re.findall(r"\d+", span) for span in re.split(", | and ", words)]
    return {n for span in spans for n in range(int(span[0]), int(span[-1]) + 1)}


def _months(words: str) -> set[int]:
    if words == "each month":
        return set(range(1, 13))
    named = [_MONTHS.index(name) + 1 for name in re.findall(r"[A-Z]\w+", words)]
    return set(range(named[0], named[-1] + 1)) if words.startswith("the months from") else set(named)


def _weekdays(words: str) -> set[int]:
    named = [_WEEKDAYS.index(name, 1) for name in re.findall(r"[A-Z]\w+", words)]
    return {n % 7 for n in (range(named[0], named[-1] + 1) if "from " in words else named)}
