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


def bounded(events: int, *, keep: int) -> EventLog[int]:
    log = EventLog[int](keep=keep)
    for n in range(events):
        log.append(n)
    return log


@given(st.integers(1, 8), st.integers(0, 30))
def test_a_bounded_log_keeps_the_newest_at_their_positions(keep: int, start: int) -> None:
    async def read() -> None:
        log = EventLog[int](keep=keep)
        for n in range(20):
            assert (log.first, len(log)) == (max(0, n - keep), n)
            log.append(n)
        log.close()
        read = [event async for batch in log.follow(start) for event in batch]
        assert read == list(range(max(start, 20 - keep), 20))

    asyncio.run(read())


@given(st.integers(1, 4), st.lists(st.integers(1, 6), max_size=12))
def test_a_reader_of_a_bounded_log_misses_nothing_until_it_is_too_far_behind(
    keep: int, bursts: list[int]
) -> None:
    async def play() -> None:
        log = EventLog[int](keep=keep)
        seen: list[int] = []

        async def read() -> None:
            async for batch in log.follow():
                seen.extend(batch)

        reader = asyncio.create_task(read())
        expected, is_behind = 0, False
        for burst in bursts:
            # Time for the reader to read all and wait, as it does where the loop turns.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            for _ in range(burst):
                log.append(len(log))
            is_behind = is_behind or burst > keep
            expected += 0 if is_behind else burst
        log.close()
        await asyncio.wait_for(reader, 1)
        assert seen == list(range(expected))

    asyncio.run(play())


async def test_a_reader_that_falls_behind_a_bounded_log_is_at_its_end() -> None:
    log = bounded(3, keep=3)
    reader = log.follow()
    assert list(await anext(reader)) == [0, 1, 2]
    for n in range(3, 7):
        log.append(n)
    assert [batch async for batch in reader] == []


async def test_a_reader_has_its_position_before_it_comes_for_the_first_event() -> None:
    log = bounded(5, keep=3)
    reader, late = log.follow(), log.follow()
    assert list(await anext(reader)) == [2, 3, 4]
    log.append(5)
    assert [batch async for batch in late] == []


async def test_an_event_is_read_in_the_next_turn_of_the_loop() -> None:
    log = EventLog[int]()
    read: list[int] = []

    async def follow() -> None:
        async for batch in log.follow():
            read.extend(batch)

    reader = asyncio.create_task(follow())
    await asyncio.sleep(0)
    log.append(1)
    await asyncio.sleep(0)
    assert read == [1]
    log.close()
    await reader
