"""The desktop shell: what it is told to open, and what happens where it does not or where there is none."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.artifacts import origin_of, save
from tests.fakes.browser import NotingBrowser
from tests.fakes.clock import FakeClock
from tests.fakes.server import Answer, Frame, Server, fault, running_server

EVENTS = {"Accept": "text/event-stream"}
UNKNOWN = "art_01jz0000000000000000000000"


class Shell:
    """A client that follows the commands."""

    def __init__(self, server: Server, commands: AsyncIterator[Frame]) -> None:
        self._server, self._commands = server, commands

    async def command(self) -> dict[str, Any]:
        """The next one."""
        return (await asyncio.wait_for(anext(self._commands), 5)).data

    async def rest(self) -> list[dict[str, Any]]:
        """All to come, until the server ends."""
        return [frame.data async for frame in self._commands]

    async def acknowledge(self, command_id: str, *, done: bool = True) -> Answer:
        path = f"/shell/commands/{command_id}/acknowledge"
        return await self._server.call("POST", path, json={"done": done})

    async def obey(self, *, done: bool = True) -> dict[str, Any]:
        """The next command, once it is acknowledged."""
        command = await self.command()
        assert (await self.acknowledge(command["command_id"], done=done)).status == 204
        return command


@asynccontextmanager
async def a_shell(server: Server) -> AsyncIterator[Shell]:
    async with server.stream("GET", "/shell/commands", headers=EVENTS) as commands:
        while not (await server.get("/shell/commands"))["is_connected"]:
            await asyncio.sleep(0.01)
        yield Shell(server, commands)


async def open_it(server: Server, artifact: Any) -> Answer:
    return await server.call("POST", "/artifacts/open", json={"artifact_id": artifact["id"]})


@pytest.fixture
def browser() -> NotingBrowser:
    return NotingBrowser(has_display=True)


@pytest.fixture
async def server(tmp_path: Path, clock: FakeClock, browser: NotingBrowser) -> AsyncIterator[Server]:
    """On a machine with a browser; time stands still until the test moves it."""
    async with running_server(tmp_path / "data", clock=clock, browser=browser) as running:
        yield running


async def test_the_shell_is_told_to_open_an_artifact_and_says_that_it_did(
    server: Server, browser: NotingBrowser
) -> None:
    made = await save(server, title="Sales Dashboard")
    async with a_shell(server) as shell:
        opening = asyncio.create_task(open_it(server, made))
        command = await shell.command()
        assert command == {
            "type": "shell.open_artifact",
            "sequence_number": 0,
            "command_id": command["command_id"],
            "artifact_id": made["id"],
            "title": "Sales Dashboard",
            "url": origin_of(server, made["id"]),
        }
        assert re.fullmatch(r"cmd_[0-9a-f]{20}", command["command_id"])
        assert not opening.done()
        acknowledged = await shell.acknowledge(command["command_id"])
        assert (acknowledged.status, acknowledged.body) == (204, b"")
        answer = await opening
        assert (answer.status, answer.json()) == (200, {"opened": True, "target": "shell"})
    assert browser.shown == []


async def test_commands_come_as_events_in_order(server: Server) -> None:
    made = [await save(server, title=f"App {n}") for n in range(3)]
    async with server.stream("GET", "/shell/commands", headers=EVENTS) as commands:
        shell = Shell(server, commands)
        while not (await server.get("/shell/commands"))["is_connected"]:
            await asyncio.sleep(0.01)
        for n, artifact in enumerate(made):
            opening = asyncio.create_task(open_it(server, artifact))
            frame = await anext(commands)
            assert (frame.id, frame.type) == (n, "shell.open_artifact")
            assert (frame.data["sequence_number"], frame.data["title"]) == (n, f"App {n}")
            await shell.acknowledge(frame.data["command_id"])
            assert (await opening).json()["target"] == "shell"


async def test_several_commands_wait_for_their_own_acknowledgements(
    server: Server, browser: NotingBrowser
) -> None:
    one, two = await save(server, title="One"), await save(server, title="Two")
    async with a_shell(server) as shell:
        first = asyncio.create_task(open_it(server, one))
        of_first = await shell.command()
        second = asyncio.create_task(open_it(server, two))
        of_second = await shell.command()
        await shell.acknowledge(of_second["command_id"])
        assert (await second).json()["target"] == "shell"
        await shell.acknowledge(of_first["command_id"], done=False)
        assert (await first).json()["target"] == "browser"
    assert browser.shown == [origin_of(server, one["id"])]


async def test_what_the_shell_cannot_open_the_browser_does(server: Server, browser: NotingBrowser) -> None:
    made = await save(server)
    async with a_shell(server) as shell:
        opening = asyncio.create_task(open_it(server, made))
        await shell.obey(done=False)
        answer = await opening
    assert (answer.status, answer.json()) == (200, {"opened": True, "target": "browser"})
    assert browser.shown == [origin_of(server, made["id"])]


async def test_what_the_shell_does_not_acknowledge_in_five_seconds_the_browser_opens(
    server: Server, browser: NotingBrowser, clock: FakeClock
) -> None:
    made = await save(server)
    async with a_shell(server) as shell:
        opening = asyncio.create_task(open_it(server, made))
        command = await shell.command()
        clock.advance(4.9)
        await server.get("/health")
        assert not opening.done()
        clock.advance(0.1)
        assert (await opening).json() == {"opened": True, "target": "browser"}
        assert browser.shown == [origin_of(server, made["id"])]
        assert fault(await shell.acknowledge(command["command_id"])) == (404, "not_found", None)


async def test_without_a_shell_the_browser_opens_an_artifact(server: Server, browser: NotingBrowser) -> None:
    made = await save(server)
    answer = await open_it(server, made)
    assert (answer.status, answer.json()) == (200, {"opened": True, "target": "browser"})
    assert browser.shown == [origin_of(server, made["id"])]


async def test_where_there_is_neither_a_shell_nor_a_browser_the_caller_is_told_where_it_is(
    tmp_path: Path,
) -> None:
    async with running_server(tmp_path / "data") as server:
        made = await save(server)
        answer = await open_it(server, made)
        assert fault(answer) == (409, "no_display", None)
        assert answer.json()["error"]["details"] == [{"serve_url": origin_of(server, made["id"])}]


@pytest.mark.parametrize(
    "id", [UNKNOWN, "conv_01jz0000000000000000000000", "art_", "", "x", "art_1\0", "art_../x", "ART_1"]
)
async def test_an_artifact_that_does_not_exist_is_named_and_nothing_is_opened(
    id: str, server: Server, browser: NotingBrowser
) -> None:
    answer = await server.call("POST", "/artifacts/open", json={"artifact_id": id})
    assert fault(answer) == (422, "invalid_request", "body.artifact_id")
    assert browser.shown == []


async def test_a_deleted_artifact_is_not_opened(server: Server, browser: NotingBrowser) -> None:
    made = await save(server)
    await server.call("DELETE", f"/artifacts/{made['id']}")
    assert fault(await open_it(server, made)) == (422, "invalid_request", "body.artifact_id")
    assert browser.shown == []


async def test_of_two_shells_the_newer_alone_is_told(server: Server) -> None:
    made = await save(server)
    async with a_shell(server) as older, a_shell(server) as newer:
        opening = asyncio.create_task(open_it(server, made))
        command = await newer.obey()
        assert (await opening).json() == {"opened": True, "target": "shell"}
        await server.app.shutdown()
        assert (command["sequence_number"], await older.rest(), await newer.rest()) == (0, [], [])


async def test_a_shell_that_went_away_is_not_waited_for(
    server: Server, browser: NotingBrowser, clock: FakeClock
) -> None:
    made = await save(server)
    async with a_shell(server):
        pass
    answer = await asyncio.wait_for(open_it(server, made), 5)
    assert answer.json() == {"opened": True, "target": "browser"}
    assert browser.shown == [origin_of(server, made["id"])]
    assert await server.get("/shell/commands") == {"is_connected": False}


async def test_a_shell_that_goes_away_with_a_command_in_hand_leaves_it_to_the_browser(
    server: Server, browser: NotingBrowser, clock: FakeClock
) -> None:
    made = await save(server)
    async with a_shell(server) as shell:
        opening = asyncio.create_task(open_it(server, made))
        await shell.command()
    while not opening.done():
        clock.advance(1)
        await asyncio.sleep(0.01)
    assert (await opening).json()["target"] == "browser"
    assert browser.shown == [origin_of(server, made["id"])]


async def test_a_shell_that_went_away_is_noticed_in_the_next_silence(
    server: Server, clock: FakeClock
) -> None:
    async with a_shell(server):
        assert await server.get("/shell/commands") == {"is_connected": True}
    while (await server.get("/shell/commands"))["is_connected"]:
        clock.advance(15)
        await asyncio.sleep(0.01)


async def test_whoever_follows_gets_a_sign_of_life_in_every_silence(server: Server, clock: FakeClock) -> None:
    path = f"{server.url}/api/v1/shell/commands"
    async with server.session.get(path, headers=EVENTS) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store"
        for _ in range(3):
            await clock.until_sleeping()
            clock.advance(15)
            assert await response.content.readline() == b": keep-alive\n"
            assert await response.content.readline() == b"\n"


async def test_without_a_shell_the_server_says_that_there_is_none(server: Server) -> None:
    assert await server.get("/shell/commands") == {"is_connected": False}


@pytest.mark.parametrize("id", ["cmd_00000000000000000000", "x", "%00", "..%2f.."])
async def test_an_acknowledgement_of_nothing_is_not_found(id: str, server: Server) -> None:
    answer = await server.call("POST", f"/shell/commands/{id}/acknowledge", json={"done": True})
    assert fault(answer) == (404, "not_found", None)


async def test_a_command_is_acknowledged_once(server: Server) -> None:
    made = await save(server)
    async with a_shell(server) as shell:
        opening = asyncio.create_task(open_it(server, made))
        command = await shell.obey()
        assert (await opening).status == 200
        assert fault(await shell.acknowledge(command["command_id"])) == (404, "not_found", None)


@pytest.mark.parametrize("body", [{}, {"done": None}, {"done": "true"}, {"done": 1}])
async def test_an_acknowledgement_says_whether_it_was_done(body: dict[str, Any], server: Server) -> None:
    answer = await server.call("POST", "/shell/commands/x/acknowledge", json=body)
    assert fault(answer) == (422, "invalid_request", "body.done")


async def test_the_server_ends_in_time_with_shells_connected_and_a_command_in_hand(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with running_server(tmp_path / "data") as server:
        made = await save(server)
        async with a_shell(server) as shell, a_shell(server) as other:
            opening = asyncio.create_task(open_it(server, made))
            await other.command()
            ending = loop.time()
            await server.app.shutdown()
            assert (await shell.rest(), await other.rest()) == ([], [])
            assert fault(await opening) == (409, "no_display", None)
    assert loop.time() - ending < 2
