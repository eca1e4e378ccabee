"""What is a cron expression, what is refused with which words, and the changes of clocks by hand."""

import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice, pairwise, takewhile
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cowork_desktop.scheduling.cron import CronExpression, CronRefused
from tests.fakes.cron_oracle import ZONES

_MINUTE = 60_000
_EXPECTED = "They are minute, hour, day of the month, month and weekday, for example “0 9 * * mon-fri”."
_EMPTY = f"The cron expression is empty. It has five fields: {_EXPECTED.removeprefix('They are ')}"
_MINUTES = "It takes * and numbers from 0 to 59, with ranges, steps and lists."
_DAYS = "It takes * and numbers from 1 to 31, with ranges, steps and lists."
_MONTHS = "It takes * and numbers from 1 to 12, and names from jan to dec, with ranges, steps and lists."
_WEEKDAYS = (
    "It takes * and numbers from 0 to 7, where 0 and 7 are Sunday, and names from sun to sat, with ranges, "
    "steps and lists."
)
_FOREIGN = "is not part of standard cron."
_BACKWARD = (
    "goes backward. A range goes from the lower value to the higher; two ranges can stand in a list, with a "
    "comma between."
)
_NO_SECONDS = "Seconds and years are not part of standard cron."
_MACROS = "There are @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly."
_ANEW = "It counts within the field and begins anew with it."

REFUSED = {
    "": _EMPTY,
    " \t ": _EMPTY,
    "* * * *": f"A cron expression has five fields, this one has 4. {_EXPECTED}",
    "* * * * * *": f"A cron expression has five fields, this one has 6. {_NO_SECONDS} {_EXPECTED}",
    "0 0 0 1 1 * 2027": f"A cron expression has five fields, this one has 7. {_NO_SECONDS} {_EXPECTED}",
    "tomorrow": f"A cron expression has five fields, this one has 1. {_EXPECTED}",
    "L * * * *": f"“L” in the minute field {_FOREIGN} {_MINUTES}",
    "0 0 L * *": f"“L” in the day of the month field {_FOREIGN} {_DAYS}",
    "0 0 l-3 * *": f"“L” in the day of the month field {_FOREIGN} {_DAYS}",
    "0 0 15W * *": f"“W” in the day of the month field {_FOREIGN} {_DAYS}",
    "0 0 LW * *": f"“LW” in the day of the month field {_FOREIGN} {_DAYS}",
    "0 0 ? * 1": f"“?” in the day of the month field {_FOREIGN} {_DAYS}",
    "0 0 * * 5L": f"“L” in the weekday field {_FOREIGN} {_WEEKDAYS}",
    "0 0 * * friL": f"“L” in the weekday field {_FOREIGN} {_WEEKDAYS}",
    "0 0 * * mon#2": f"“#” in the weekday field {_FOREIGN} {_WEEKDAYS}",
    "H * * * *": f"“H” in the minute field {_FOREIGN} {_MINUTES}",
    "H/15 * * * *": f"“H” in the minute field {_FOREIGN} {_MINUTES}",
    "H(0-29) * * * *": f"“H” in the minute field {_FOREIGN} {_MINUTES}",
    "R * * * *": f"“R” in the minute field {_FOREIGN} {_MINUTES}",
    "0~30 * * * *": f"“~” in the minute field {_FOREIGN} {_MINUTES}",
    "5/15 * * * *": (
        "“5/15” in the minute field: a step needs a range or * before it. From 5 on, write 5-59/15."
    ),
    "0 0 * * mon/2": (
        "“mon/2” in the weekday field: a step needs a range or * before it. From mon on, write mon-7/2."
    ),
    "60 * * * *": f"60 in the minute field is out of range. {_MINUTES}",
    "0-60 * * * *": f"60 in the minute field is out of range. {_MINUTES}",
    "0 24 * * *": f"24 in the hour field is out of range. {_MINUTES.replace('59', '23')}",
    "0 0 0 * *": f"0 in the day of the month field is out of range. {_DAYS}",
    "0 0 32 * *": f"32 in the day of the month field is out of range. {_DAYS}",
    "0 0 * 13 *": f"13 in the month field is out of range. {_MONTHS}",
    "0 0 * * 8": f"8 in the weekday field is out of range. {_WEEKDAYS}",
    "*/0 * * * *": f"“*/0” in the minute field: a step is a number from 1 to 60. {_ANEW}",
    "*/90 * * * *": f"“*/90” in the minute field: a step is a number from 1 to 60. {_ANEW}",
    "0 */25 * * *": f"“*/25” in the hour field: a step is a number from 1 to 24. {_ANEW}",
    "0 0 * * */8": f"“*/8” in the weekday field: a step is a number from 1 to 7. {_ANEW}",
    "1,,2 * * * *": "The minute field has an empty place in its list: a comma is too many.",
    "0 0 1, * *": "The day of the month field has an empty place in its list: a comma is too many.",
    "5-1 * * * *": f"“5-1” in the minute field {_BACKWARD}",
    "0 0 * dec-feb *": f"“dec-feb” in the month field {_BACKWARD}",
    "0 0 * * fri-mon": f"“fri-mon” in the weekday field {_BACKWARD}",
    "0 0 * * 5-0": f"“5-0” in the weekday field {_BACKWARD} At the end of a range Sunday is 7.",
    "mon * * * *": f"“mon” in the minute field cannot be read. {_MINUTES}",
    "0 0 * monday *": f"“monday” in the month field cannot be read. {_MONTHS}",
    "0 0 * jan-foo *": f"“foo” in the month field cannot be read. {_MONTHS}",
    "0 0 * * monday": f"“monday” in the weekday field cannot be read. {_WEEKDAYS}",
    "1-2-3 * * * *": f"“1-2-3” in the minute field cannot be read. {_MINUTES}",
    "-5 * * * *": f"“-5” in the minute field cannot be read. {_MINUTES}",
    "5- * * * *": f"“5-” in the minute field cannot be read. {_MINUTES}",
    "*-5 * * * *": f"“*-5” in the minute field cannot be read. {_MINUTES}",
    "*5 * * * *": f"“*5” in the minute field cannot be read. {_MINUTES}",
    "1.5 * * * *": f"“1.5” in the minute field cannot be read. {_MINUTES}",
    "*/ * * * *": f"“*/” in the minute field cannot be read. {_MINUTES}",
    "99999999999999999999 * * * *": f"“99999999999999999999” in the minute field cannot be read. {_MINUTES}",
    f"{'9' * 400} * * * *": f"“{'9' * 40}…” in the minute field cannot be read. {_MINUTES}",
    "0 0 30 2 *": "It would never run: February has no 30th.",
    "0 0 31 4,6 *": "It would never run: April and June have no 31st.",
    "0 0 30,31 feb */2": "It would never run: February has no 30th or 31st.",
    "@reboot": "@reboot names no time: a schedule runs by the clock, not when a machine starts.",
    "@fortnightly": f"“@fortnightly” is not known. {_MACROS}",
    "@daily 5": f"“@daily 5” is not known. {_MACROS}",
    "٣ * * * *": "The character '\\u0663' cannot stand in a cron expression.",
    "5\u00a0* * * *": "The character '\\xa0' cannot stand in a cron expression.",
    "0 9 * *\n*": "The character '\\n' cannot stand in a cron expression.",
    "\0 * * * *": "The character '\\x00' cannot stand in a cron expression.",
    "\x1c* * * * *": "The character '\\x1c' cannot stand in a cron expression.",
    "*" * 10_000: "A cron expression of more than 500 characters is not accepted.",
    "1," * 5_000: "A cron expression of more than 500 characters is not accepted.",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:30]))
def test_what_cron_cannot_say_is_refused_with_words(text: str) -> None:
    with pytest.raises(CronRefused) as refused:
        CronExpression.parse(text)
    assert str(refused.value) == REFUSED[text]


@given(st.text(max_size=60) | st.text("0123456789*/,- lwrh#?@jansufri", max_size=60))
@example("0 0 * * " + "-" * 400)
def test_any_text_is_taken_or_refused_and_at_once(text: str) -> None:
    started = time.perf_counter()
    with suppress(CronRefused):
        assert CronExpression.parse(text).text == " ".join(text.split())
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("0 0 * * 7", "0 0 * * 0"),
        ("0 0 * * SUN", "0 0 * * 0"),
        ("0 0 * * 5-7", "0 0 * * 0,5,6"),
        ("0 0 * * fri-sun", "0 0 * * 0,5,6"),
        ("0 0 * * sun-tue", "0 0 * * 0,1,2"),
        ("0 0 * * sun-sun", "0 0 * * 0"),
        ("0 0 * * Mon-FRI", "0 0 * * 1,2,3,4,5"),
        ("0 0 * * 1-7/2", "0 0 * * 0,1,3,5"),
        ("0 0 1 JAN,jul-Sep *", "0 0 1 1,7,8,9 *"),
        ("05 09 * * *", "5 9 * * *"),
        ("0 9 * * 0-7", "0 9 * * 0-6"),
        ("0 9 13 * 0-7", "0 9 * * *"),
        ("0 9 30 2 mon", "0 9 * 2 mon"),
        ("@yearly", "0 0 1 1 *"),
        ("@Annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@WEEKLY", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
    ],
)
def test_one_meaning_can_be_written_in_several_ways(text: str, same: str) -> None:
    assert CronExpression.parse(text).fields == CronExpression.parse(same).fields


def test_the_text_stays_as_given_with_single_spaces() -> None:
    assert CronExpression.parse("  0\t9  * *   MON-fri \n").text == "0 9 * * MON-fri"
    assert CronExpression.parse(" @Daily ").text == "@Daily"


def _at(year: int, month: int, day: int, hour: int = 0, *, zone: str = "UTC") -> int:
    return int(datetime(year, month, day, hour, tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def _fires(text: str, zone: str, first: tuple[int, ...], end: tuple[int, ...]) -> list[str]:
    """What the zone's clocks show at each slot from one midnight to before another."""
    after, until = _at(*first, zone=zone) - 1, _at(*end, zone=zone)
    slots = takewhile(lambda slot: slot < until, CronExpression.parse(text).fires(ZoneInfo(zone), after))
    return [f"{datetime.fromtimestamp(slot / 1000, ZoneInfo(zone)):%d %H:%M %z}" for slot in slots]


SPRING = ("Europe/Berlin", (2026, 3, 29), (2026, 3, 30))
AUTUMN = ("Europe/Berlin", (2026, 10, 25), (2026, 10, 26))
HALF_AN_HOUR_ON = ("Australia/Lord_Howe", (2026, 10, 4), (2026, 10, 5))
HALF_AN_HOUR_BACK = ("Australia/Lord_Howe", (2026, 4, 5), (2026, 4, 6))
NO_MIDNIGHT = ("America/Santiago", (2019, 9, 7), (2019, 9, 9))
INTO_THE_DAY_BEFORE = ("America/Santiago", (2019, 4, 6), (2019, 4, 8))
NO_30TH = ("Pacific/Apia", (2011, 12, 29), (2012, 1, 1))


@pytest.mark.parametrize(
    ("text", "night", "fires"),
    [
        ("30 2 * * *", SPRING, ["29 03:00 +0200"]),
        ("0 2,3 * * *", SPRING, ["29 03:00 +0200"]),
        ("0,20,40 2 * * *", SPRING, ["29 03:00 +0200"]),
        ("30 1,2,3 * * *", SPRING, ["29 01:30 +0100", "29 03:00 +0200", "29 03:30 +0200"]),
        ("*/15 2 * * *", SPRING, []),
        ("*/30 1-3 * * *", SPRING, ["29 01:00 +0100", "29 01:30 +0100", "29 03:00 +0200", "29 03:30 +0200"]),
        ("30 2 * * *", AUTUMN, ["25 02:30 +0200"]),
        ("0 2,3 * * *", AUTUMN, ["25 02:00 +0200", "25 03:00 +0100"]),
        ("*/30 2 * * *", AUTUMN, ["25 02:00 +0200", "25 02:30 +0200", "25 02:00 +0100", "25 02:30 +0100"]),
        ("0,30 2 * * *", AUTUMN, ["25 02:00 +0200", "25 02:30 +0200"]),
        ("15 2 * * *", HALF_AN_HOUR_ON, ["04 02:30 +1100"]),
        ("45 1 * * *", HALF_AN_HOUR_BACK, ["05 01:45 +1100"]),
        ("*/45 1 * * *", HALF_AN_HOUR_BACK, ["05 01:00 +1100", "05 01:45 +1100", "05 01:45 +1030"]),
        ("0 0 * * *", NO_MIDNIGHT, ["07 00:00 -0400", "08 01:00 -0300"]),
        ("30 0 8 * *", NO_MIDNIGHT, ["08 01:00 -0300"]),
        ("30 23 * * *", INTO_THE_DAY_BEFORE, ["06 23:30 -0300", "07 23:30 -0400"]),
        ("0 0 * * *", INTO_THE_DAY_BEFORE, ["06 00:00 -0300", "07 00:00 -0400"]),
        ("0 9 * * *", NO_30TH, ["29 09:00 -1000", "31 00:00 +1400", "31 09:00 +1400"]),
        ("0 9,17 30 * *", NO_30TH, ["31 00:00 +1400"]),
        ("*/30 9 30 * *", NO_30TH, []),
    ],
)
def test_a_skipped_time_runs_once_after_the_gap_and_a_repeated_one_the_first_time(
    text: str, night: tuple[str, tuple[int, ...], tuple[int, ...]], fires: list[str]
) -> None:
    assert _fires(text, *night) == fires


@pytest.mark.parametrize(("night", "hours"), [(SPRING, 23), (AUTUMN, 25), (NO_MIDNIGHT, 47), (NO_30TH, 48)])
def test_every_hour_follows_the_time_that_passes(
    night: tuple[str, tuple[int, ...], tuple[int, ...]], hours: int
) -> None:
    zone, first, _ = night
    assert len(_fires("0 * * * *", *night)) == hours
    slots = islice(CronExpression.parse("0 * * * *").fires(ZoneInfo(zone), _at(*first, zone=zone) - 1), hours)
    assert {later - earlier for earlier, later in pairwise(slots)} == {60 * _MINUTE}


def test_each_hour_by_number_is_no_wildcard() -> None:
    assert len(_fires("0 0-23 * * *", *AUTUMN)) == 24
    assert len(_fires("0 0-23 * * *", *SPRING)) == 23


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 0 13 * 5", [2, 9, 13, 16, 23, 30]),
        ("0 0 */10 * 5", []),
        ("0 0 1-31/10 * 5", [1, 2, 9, 11, 16, 21, 23, 30, 31]),
        ("0 0 13-19 * */5", [16, 18]),
        ("0 0 * * 5", [2, 9, 16, 23, 30]),
        ("0 0 13 * *", [13]),
        ("0 0 */15 * */2", [1, 31]),
    ],
)
def test_both_kinds_of_day_must_match_where_one_begins_with_a_star_else_either(
    text: str, days: list[int]
) -> None:
    october = _fires(text, "UTC", (2026, 10, 1), (2026, 11, 1))
    assert [int(slot[:2]) for slot in october] == days


@pytest.mark.parametrize(
    ("text", "after", "slot"),
    [
        ("0 12 29 2 *", (2026, 1, 1), (2028, 2, 29, 12)),
        ("0 12 29 2 *", (2096, 3, 1), (2104, 2, 29, 12)),
        ("0 0 29 2 1", (2026, 2, 24), (2027, 2, 1)),
        ("0 0 29 2 1", (2028, 2, 28), (2028, 2, 29)),
        ("0 0 29 2 */7", (2026, 1, 1), (2032, 2, 29)),
        ("0 0 29 2 */7", (2088, 3, 1), (2128, 2, 29)),
        ("0 0 31 12 *", (2026, 12, 31), (2027, 12, 31)),
        ("* * 29 2 *", (2026, 1, 1), (2028, 2, 29)),
        ("0 0 30 2,3 *", (2026, 1, 1), (2026, 3, 30)),
    ],
)
def test_rare_days_are_found_also_over_2100(text: str, after: tuple[int, ...], slot: tuple[int, ...]) -> None:
    assert CronExpression.parse(text).next_after(ZoneInfo("UTC"), _at(*after)) == _at(*slot)


def _note(text: str, zone: str, *date: int) -> str | None:
    """Of the first slot from that time of the zone on."""
    expression, place = CronExpression.parse(text), ZoneInfo(zone)
    return expression.note(place, expression.next_after(place, _at(*date, zone=zone) - 1))


@pytest.mark.parametrize(
    ("text", "night", "note"),
    [
        (
            "30 2 * * *",
            SPRING,
            "02:30 does not exist on that day: the clocks go forward, so it runs at 03:00.",
        ),
        (
            "0,30 2 * * *",
            SPRING,
            "02:00 and 02:30 do not exist on that day: the clocks go forward, so it runs at 03:00.",
        ),
        (
            "0-59/10 2 * * *",
            SPRING,
            "What is due from 02:00 to 02:50 does not exist on that day: the clocks go forward, "
            "so it runs at 03:00.",
        ),
        (
            "0 9 30 * *",
            NO_30TH,
            "09:00 on 2011-12-30 does not exist: the clocks go forward, so it runs at 00:00 on 2011-12-31.",
        ),
        (
            "30 2 * * *",
            AUTUMN,
            "02:30 comes twice on that day: the clocks go back, and it runs the first time.",
        ),
        ("0 3 * * *", SPRING, None),
        ("0 9 * * *", SPRING, None),
        ("0 3 * * *", AUTUMN, None),
        ("59 1 * * *", AUTUMN, None),
        ("*/30 2 * * *", AUTUMN, None),
        ("0 0 1 1 *", SPRING, None),
    ],
)
def test_a_slot_that_a_change_of_the_clocks_touches_says_so(
    text: str, night: tuple[str, tuple[int, ...], tuple[int, ...]], note: str | None
) -> None:
    zone, first, _ = night
    assert _note(text, zone, *first) == note


_expressions = st.sampled_from(
    [
        *(
            "* * * * *",
            "*/7 * * * *",
            "0 * * * *",
            "30 2 * * *",
            "0 0 * * *",
            "0,30 0-3 * * *",
            "59 23 * * *",
        ),
        *("0 0 29 2 *", "15 */5 13 * 5", "5 1 */2 * 1", "0 0 29 2 1", "1-59/2 2 1-7 3,10 0", "* 0 * * sun"),
    ]
)


@given(
    _expressions,
    st.sampled_from(ZONES).map(ZoneInfo),
    st.integers(_at(1975, 1, 1), _at(2150, 1, 1)),
    st.integers(1, 40),
)
def test_slots_grow_by_whole_minutes_and_go_on_the_same_from_any_time(
    expression: str, zone: ZoneInfo, after: int, count: int
) -> None:
    cron = CronExpression.parse(expression)
    slots = [*islice(cron.fires(zone, after), count)]
    assert slots == sorted({slot for slot in slots if slot > after and slot % _MINUTE == 0})
    assert cron.next_after(zone, after) == slots[0]
    for place, slot in enumerate(slots[:-1]):
        assert cron.next_after(zone, slot) == cron.next_after(zone, slots[place + 1] - 1) == slots[place + 1]


def test_many_threads_get_the_same_slots() -> None:
    cron, found = CronExpression.parse("7 3 5-25/3 * 2"), list[list[int]]()

    def follow() -> None:
        found.append([*islice(cron.fires(ZoneInfo("Asia/Kolkata"), _at(2033, 1, 1)), 300)])

    threads = [threading.Thread(target=follow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * 8


def test_croniter_is_loaded_when_it_is_first_needed() -> None:
    code = """
        import sys
        from zoneinfo import ZoneInfo
        from cowork_desktop.scheduling.cron import CronExpression

        for days in ("* * *", "* * 1-5"):
            CronExpression.parse(f"0 9 {days}").next_after(ZoneInfo("UTC"), 0)
            print("croniter" in sys.modules)
    """
    command = [sys.executable, "-c", dedent(code)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == [
        "False",
        "True",
    ]


def test_a_year_of_minutes_is_soon_counted() -> None:
    start, end = _at(2027, 1, 1), _at(2028, 1, 1)
    fires = CronExpression.parse("* * * * *").fires(ZoneInfo("Europe/Berlin"), start)
    assert sum(1 for _ in takewhile(lambda slot: slot <= end, fires)) == 365 * 1440
    assert datetime.fromtimestamp(end / 1000, UTC).year == 2028
