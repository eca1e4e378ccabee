"""MCP servers that fail in every way: what is said, and that nothing of them is left."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.drivers.mcp import DRIVER
from cowork_desktop.connectors.mcp_sessions import McpSessions
from tests.fakes.clock import FakeClock
from tests.fakes.mcp_server import tool
from tests.fakes.mcp_targets import SECRET, Fake, stdio_target
from tests.fakes.waiting import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="NOT RUN: needs /proc"),
]


@pytest.fixture
async def fake(tmp_path: Path) -> AsyncIterator[Fake]:
    """Whatever a test does with it, no process of it may be left."""
    made = Fake(tmp_path)
    yield made
    await nothing_left(made)


async def nothing_left(fake: Fake) -> None:
    async def is_gone() -> bool:
        return not fake.processes

    async with asyncio.timeout(2):
        await until(is_gone)


async def failure_of(fake: Fake, name: str, *, seconds: float = 10) -> DriverFailed:
    """Of a call, after which the session must not be alive."""
    async with DRIVER.session(fake.target) as session:
        with pytest.raises(DriverFailed) as caught:
            await session.call(name, {}, seconds=seconds)
        assert not session.is_alive
        with pytest.raises(DriverFailed):
            await session.call("pid", {}, seconds=1)
    assert SECRET not in caught.value.message
    return caught.value


async def test_a_server_that_crashes_in_a_call_is_told_with_its_last_words(fake: Fake) -> None:
    failed = await failure_of(fake, "crash")
    assert failed.message == "The server ended with code 7: Out of luck: [credential]"


async def test_a_server_that_does_not_answer_in_time_is_given_up(fake: Fake) -> None:
    failed = await failure_of(fake, "hang", seconds=0.3)
    assert (failed.kind, failed.message) == ("timeout", "The server did not answer within 0.3 s.")
    assert "notifications/cancelled" in fake.notes[-1]


async def test_a_server_that_does_not_even_read_is_given_up(fake: Fake) -> None:
    assert (await failure_of(fake, "deaf", seconds=0.3)).kind == "timeout"


async def test_garbage_in_the_place_of_an_answer_is_told(fake: Fake) -> None:
    begins, _, line = (await failure_of(fake, "garbage")).message.partition(": ")
    assert begins == "The server's output has a line that is no MCP message"
    assert line == "Traceback (most recent call last): [credential]"


async def test_json_that_is_no_message_is_told(fake: Fake) -> None:
    assert '"hello": "world"' in (await failure_of(fake, "unknown")).message


async def test_an_answer_that_is_not_what_was_asked_for_is_told(fake: Fake) -> None:
    assert (await failure_of(fake, "odd")).message == "The server's answer is not what MCP asks for."


@pytest.mark.parametrize("name", ["flood", "endless", "asks"])
async def test_a_flood_ends_the_session(fake: Fake, name: str) -> None:
    assert "far" in (await failure_of(fake, name, seconds=60)).message


async def test_pages_of_tools_that_never_end_are_not_turned_for_ever(fake: Fake) -> None:
    fake.start = "endless"
    fake.offers([tool("pid")])
    async with DRIVER.session(fake.target) as session:
        assert [one.name for one in await session.tools()] == ["pid"]
        assert session.is_alive
    assert sum('"tools/list"' in line for line in fake.notes) == 50


async def test_a_server_that_closes_its_output_is_told(fake: Fake) -> None:
    assert (await failure_of(fake, "close")).message == "The server closed its output."


async def test_answers_to_nothing_and_unknown_notifications_do_no_harm(fake: Fake) -> None:
    async with DRIVER.session(fake.target) as session:
        assert (await session.call("stray", {}, seconds=10)).text == "done"
        assert session.is_alive


async def test_a_server_that_ends_at_once_is_told_with_its_words(fake: Fake) -> None:
    fake.start = "breaks"
    with pytest.raises(DriverFailed) as caught:
        await DRIVER.probe(fake.target)
    assert caught.value.message == "The server ended with code 3: No such thing: [credential]"


async def test_a_server_that_never_begins_is_given_up(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cowork_desktop.connectors.drivers.mcp._START_SECONDS", 0.5)
    fake.start = "silent"
    with pytest.raises(DriverFailed, match="did not begin to speak") as caught:
        await DRIVER.probe(fake.target)
    assert caught.value.kind == "timeout"


async def test_what_a_launcher_prints_first_does_no_harm(fake: Fake) -> None:
    fake.start = "greets"
    assert (await DRIVER.probe(fake.target)).startswith("bare 0")


async def test_a_program_that_is_no_server_is_told() -> None:
    with pytest.raises(DriverFailed, match="did not take up the session"):
        await DRIVER.probe(stdio_target("cat"))


async def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(DriverFailed, match="There is no program no-such-program") as caught:
        await DRIVER.probe(stdio_target("no-such-program --now"))
    assert caught.value.kind == "not_found"


async def test_a_stubborn_server_and_its_stubborn_child_are_killed(fake: Fake) -> None:
    fake.start = "stubborn child"
    async with DRIVER.session(fake.target):
        await until(lambda: both_run(fake))
    await nothing_left(fake)


async def test_a_child_that_outlives_its_server_is_killed(fake: Fake) -> None:
    fake.start = "child"
    async with DRIVER.session(fake.target):
        await until(lambda: both_run(fake))
    await nothing_left(fake)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 4, 5, 6, 8, 12, 40])
async def test_nothing_is_left_wherever_its_user_is_cancelled(fake: Fake, steps: int) -> None:
    """`steps`: of the loop, until the cancellation."""
    fake.start = "stubborn child"

    async def use() -> None:
        async with DRIVER.session(fake.target) as session:
            await session.call("hang", {}, seconds=60)

    work = asyncio.create_task(use())
    for _ in range(steps):
        await asyncio.sleep(0)
    work.cancel()
    began = time.monotonic()
    await asyncio.wait([work])
    assert work.cancelled()
    assert time.monotonic() - began < 2
    await nothing_left(fake)


async def test_a_session_begun_and_cancelled_in_a_call_leaves_nothing(fake: Fake) -> None:
    fake.start = "stubborn child"

    async def use() -> None:
        async with DRIVER.session(fake.target) as session:
            await session.call("hang", {}, seconds=60)

    work = asyncio.create_task(use())
    await until(lambda: has_noted(fake, "hang"))
    work.cancel()
    await asyncio.wait([work])
    await nothing_left(fake)


async def test_the_end_of_the_loop_leaves_nothing(fake: Fake) -> None:
    fake.start = "stubborn child"

    def run() -> None:
        """A loop that is ended without anybody's care for what it runs."""

        async def leave() -> None:
            session = DRIVER.session(fake.target)
            left.append(session)
            await session.__aenter__()

        left: list[Any] = []
        asyncio.run(leave())

    await asyncio.to_thread(run)
    await nothing_left(fake)


async def test_a_killed_user_leaves_no_server_that_heeds_the_end_of_its_input(fake: Fake) -> None:
    command, environment = fake.target.text("command"), fake.target.text("environment")
    user = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.mcp_user", command, environment, stdout=asyncio.subprocess.PIPE
    )
    assert user.stdout
    assert await user.stdout.readline() == b"open\n"
    assert fake.processes
    user.kill()
    await user.wait()
    await nothing_left(fake)


async def test_closing_all_sessions_ends_stubborn_servers_within_two_seconds(tmp_path: Path) -> None:
    fakes = [Fake(tmp_path / str(number), start="stubborn child") for number in range(3)]
    sessions = McpSessions(FakeClock())
    for number, fake in enumerate(fakes):
        fake.folder.mkdir()
        await sessions.tools(str(number), 1, DRIVER, fake.target)
    began = time.monotonic()
    await sessions.close()
    assert time.monotonic() - began < 2
    for fake in fakes:
        await nothing_left(fake)


async def test_a_server_is_not_started_before_its_predecessor_is_gone(fake: Fake) -> None:
    fake.start = "stubborn"
    fake.offers([tool("pid")])
    sessions = McpSessions(FakeClock())
    await sessions.tools("c", 1, DRIVER, fake.target)
    (first,) = fake.processes
    dropping = asyncio.create_task(sessions.drop("c"))
    await asyncio.sleep(0)
    await sessions.tools("c", 2, DRIVER, fake.target)
    assert first not in fake.processes
    await dropping
    await sessions.close()


async def test_a_server_that_died_is_started_anew_at_the_next_call(fake: Fake) -> None:
    fake.offers([tool("crash"), tool("pid")])
    sessions = McpSessions(FakeClock())
    accepted = {one.name: one.digest for one in await sessions.tools("c", 1, DRIVER, fake.target)}
    with pytest.raises(DriverFailed, match="ended with code 7"):
        await sessions.call("c", 1, DRIVER, fake.target, "crash", {}, accepted, seconds=10)
    answer = await sessions.call("c", 1, DRIVER, fake.target, "pid", {}, accepted, seconds=10)
    assert int(answer.text) in fake.processes
    await sessions.close()


async def both_run(fake: Fake) -> bool:
    """A process that has just begun does not show its environment at once."""
    return len(fake.processes) >= 2


async def has_noted(fake: Fake, words: str) -> bool:
    return any(words in line for line in fake.notes)
