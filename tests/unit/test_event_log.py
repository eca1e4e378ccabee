"""Every reader of a log gets every event once, in order."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.event_log import EventLog

steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(0, 99)),
        st.tuples(st.just("join"), st.integers(0, 30)),
        st.just(("pause", 0)),
    ),
    max_size=40,
)


@given(steps)
def test_every_reader_sees_every_event_once_and_in_order(script: list[tuple[str, int]]) -> None:
    async def play() -> None:
        log = EventLog[int]()
        written: list[int] = []
        readers: list[tuple[int, asyncio.Task[list[int]]]] = []

        async def read(start: int) -> list[int]:
            return [event async for batch in log.follow(start) for event in batch]

        for step, n in script:
            if step == "append":
                log.append(n)
                written.append(n)
            elif step == "join":
                start = min(n, len(written))
                readers.append((start, asyncio.create_task(read(start))))
            else:
                await asyncio.sleep(0)
        log.close()
        for start, reader in readers:
            assert await asyncio.wait_for(reader, 1) == written[start:]

    asyncio.run(play())


async def test_events_that_come_together_are_read_together() -> None:
    log = EventLog[int]()
    for n in range(5):
        log.append(n)
    log.close()
    assert [list(batch) async for batch in log.follow(1)] == [[1, 2, 3, 4]]


def test_a_closed_log_takes_nothing() -> None:
    log = EventLog[int]()
    log.close()
    with pytest.raises(RuntimeError, match="closed"):
        log.append(1)
