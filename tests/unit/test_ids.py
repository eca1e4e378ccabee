"""Ids sort by their creation, whatever the clock does."""

from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.clock import SystemClock
from cowork_desktop.ids import SUFFIX_LENGTH, Ids


class SetClock(SystemClock):
    """A clock that somebody sets back and forth."""

    def __init__(self, times: list[int]) -> None:
        self.times = times

    def now(self) -> int:
        return self.times.pop(0)


times = st.lists(st.integers(1_500_000_000_000, 4_000_000_000_000), min_size=2, max_size=50)


@given(times)
def test_each_id_sorts_after_the_one_before(at: list[int]) -> None:
    ids = Ids(SetClock(list(at)))
    made = [ids.new("conv") for _ in at]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


@given(times)
def test_ids_go_on_growing_after_a_restart_with_the_clock_set_back(at: list[int]) -> None:
    last = Ids(SetClock([max(at) + 1])).new("turn")
    ids = Ids(SetClock(list(at)), last)
    assert all(ids.new("conv").partition("_")[2] > last.partition("_")[2] for _ in at)


def test_an_id_is_a_prefix_and_a_lower_case_ulid() -> None:
    prefix, _, suffix = Ids(SystemClock()).new("msg").partition("_")
    assert prefix == "msg"
    assert len(suffix) == SUFFIX_LENGTH
    assert set(suffix) <= set("0123456789abcdefghjkmnpqrstvwxyz")


def test_ids_of_one_moment_cannot_be_told_from_each_other() -> None:
    """Two makers share nothing but the clock: the suffixes differ within their random half."""
    made = {Ids(SetClock([1_700_000_000_000])).new("conv") for _ in range(1000)}
    assert len(made) == 1000
    assert len({id[:15] for id in made}) == 1
