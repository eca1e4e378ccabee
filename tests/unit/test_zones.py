"""Which names of timezones are accepted, and when clocks change."""

import re
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest

from cowork_desktop.scheduling import zones
from cowork_desktop.scheduling.zones import Stretch, ZoneRefused, zone
from tests.fakes.cron_oracle import ZONES, Oracle, minute_of

_NEEDED = "A name such as Europe/Berlin or UTC is needed."


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_a_name_of_the_database_is_a_zone(name: str) -> None:
    assert zone(name) is ZoneInfo(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("EUROPE/BERLIN", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("America/New York", "America/New_York"),
        ("utc", "UTC"),
        ("Europe/Berlin ", "Europe/Berlin"),
    ],
)
def test_a_near_miss_is_refused_with_the_name_that_was_meant(name: str, meant: str) -> None:
    with pytest.raises(ZoneRefused, match=f"There is no timezone “{name}”. Did you mean {meant}?"):
        zone(name)


@pytest.mark.parametrize(
    "name",
    [
        "localtime",
        "Factory",
        "posixrules",
        "PST",
        "UTC+2",
        "../../etc/passwd",
        "/etc/localtime",
        "..",
        ".",
        " ",
    ],
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ZoneRefused, match=re.escape(f"There is no timezone “{name}”. {_NEEDED}")):
        zone(name)


@pytest.mark.parametrize("name", ["x" * 10_000, "Europe/Berlin\0", "Europe/Berlin\n", "Europa/Köln", "٣"])
def test_what_can_be_no_name_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(ZoneRefused) as refused:
        zone(name)
    assert str(refused.value) == f"This is no name of a timezone. {_NEEDED}"


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(ZoneRefused) as refused:
        zone("")
    assert str(refused.value) == f"The timezone is empty. {_NEEDED}"


@pytest.mark.parametrize("prefix", ["posix", "right"])
def test_a_zone_of_another_way_of_counting_seconds_is_refused(prefix: str) -> None:
    with pytest.raises(ZoneRefused):
        zone(f"{prefix}/Europe/Berlin")


def _stretches(name: str, start: int, end: int) -> list[Stretch]:
    return [*takewhile(lambda stretch: stretch.start < end, zones.stretches(zone(name), start))]


def test_stretches_end_where_the_clocks_change_and_where_the_year_does() -> None:
    spring, autumn = minute_of(2026, 3, 29, 1), minute_of(2026, 10, 25, 1)
    assert _stretches("Europe/Berlin", minute_of(2026, 1, 3), minute_of(2027)) == [
        Stretch(minute_of(2026), spring, 60),
        Stretch(spring, autumn, 120),
        Stretch(autumn, minute_of(2027), 60),
    ]


@pytest.mark.parametrize("name", ZONES)
def test_changes_are_those_of_the_oracle_and_stretches_leave_nothing_out(name: str) -> None:
    start, end = minute_of(2009), minute_of(2014)
    found = _stretches(name, start + 3 * zones.DAY, end)
    assert all(earlier.end == later.start for earlier, later in pairwise(found))
    changes = [later.start for earlier, later in pairwise(found) if earlier.offset != later.offset]
    assert changes == Oracle(zone(name), start, end).changes


def test_the_first_stretch_begins_a_day_before_also_at_the_turn_of_the_year() -> None:
    midnight = minute_of(2027)
    first = next(zones.stretches(zone("Europe/Berlin"), midnight))
    assert first == Stretch(minute_of(2026), minute_of(2026, 3, 29, 1), 60)


def test_an_offset_of_odd_seconds_is_cut_to_minutes() -> None:
    assert zones.offset(zone("Africa/Monrovia"), minute_of(1971)) == -45
