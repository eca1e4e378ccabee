"""Pulling the plug at each step of a scheduled run: no slot is lost, and none runs twice."""

import asyncio
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.model import ScriptedModel, say
from tests.fakes.schedules import WorkingModel, ms
from tests.fakes.secrets import MemorySecrets
from tests.fakes.server import Server, running_server
from tests.faults.deadly_schedules import WHEN

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")]

ONE, TWO, NEXT_DAY = "2026-01-01T01:00", "2026-01-01T02:00", "2026-01-02T01:00"
"""The first slots of the schedule."""
CRON = "0 1,2 * * *"
NEVER_BEGAN = [*(f"{when} the claim" for when in WHEN), "before the beginning", "inside the beginning"]
BEGAN = ["after the beginning", "in mid-turn", "after the text", "before the end", "inside the end"]
ENDED = ["after the end"]

RIGHT_AFTER = {
    **dict.fromkeys(NEVER_BEGAN[:2], (0, 0, 0)),
    **dict.fromkeys(NEVER_BEGAN[2:], (1, 0, 0)),
    **dict.fromkeys(BEGAN, (1, 1, 0)),
    **dict.fromkeys(ENDED, (1, 1, 1)),
}
"""How many rows the killed server must have left: runs, begun ones and ended ones."""

Told = Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Restart:
    """When a server starts again, and what must have become of the slots then."""

    at: str
    never_began: Told
    began: Told
    ended: Told

    def expected(self, step: str) -> Told:
        if step in NEVER_BEGAN:
            return self.never_began
        return self.began if step in BEGAN else self.ended


RESTARTS: Mapping[str, Restart] = {
    "at once": Restart(
        "2026-01-01T01:00:30Z",
        never_began=[(ONE, "schedule", "success")],
        began=[(ONE, "schedule", "failed")],
        ended=[(ONE, "schedule", "success")],
    ),
    "after the next slot": Restart(
        "2026-01-01T02:05:00Z",
        never_began=[(ONE, "schedule", "missed"), (TWO, "catch_up", "success")],
        began=[(ONE, "schedule", "failed"), (TWO, "catch_up", "success")],
        ended=[(ONE, "schedule", "success"), (TWO, "catch_up", "success")],
    ),
    "after the grace": Restart(
        "2026-01-01T14:30:00Z",
        never_began=[(ONE, "schedule", "missed"), (TWO, "schedule", "missed")],
        began=[(ONE, "schedule", "failed"), (TWO, "schedule", "missed")],
        ended=[(ONE, "schedule", "success"), (TWO, "schedule", "missed")],
    ),
}


def rows(scratch: Path, data: Path) -> tuple[int, int, int]:
    """How many runs, begun ones and ended ones a killed server has left; its folder is not touched."""
    copy = shutil.copytree(data, scratch / "copy")
    with closing(sqlite3.connect(copy / "cowork.db")) as db:
        runs = "SELECT count(*), count(turn_id), count(finished_at) FROM schedule_runs"
        return tuple(db.execute(runs).fetchone())


@asynccontextmanager
async def at(data: Path, moment: str) -> AsyncIterator[tuple[Server, FakeClock]]:
    """A server of that time, whose runs have all ended."""
    clock = FakeClock(now=ms(moment))
    async with running_server(data, clock=clock, model=WorkingModel()) as server:
        for schedule in (await server.get("/schedules"))["data"]:
            await settled(server, schedule["id"], clock.now())
        yield server, clock


async def settled(server: Server, id: str, now: int) -> list[Any]:
    """The runs, oldest first, when all slots that have come are accounted for."""
    async with asyncio.timeout(20):
        while True:
            schedule = await server.get(f"/schedules/{id}")
            runs = (await server.get(f"/schedules/{id}/runs"))["data"]
            if ms(schedule["next_run_at"]) > now and all(run["status"] != "running" for run in runs):
                return list(reversed(runs))


def told(runs: Sequence[Any]) -> list[tuple[str, str, str]]:
    return [(run["scheduled_for"][:16], run["trigger"], run["status"]) for run in runs]


async def turns_of(server: Server) -> list[str]:
    """The ids of all turns that have the schedule's prompt."""
    found = list[str]()
    for conversation in (await server.get("/conversations", params={"limit": 200}))["data"]:
        items = (await server.get(f"/conversations/{conversation['id']}/items"))["data"]
        found += [item["response_id"] for item in items if item["content"] == "Work."]
    return found


async def killed(data: Path, step: str) -> str:
    """The id of a schedule in whose first slot the server was killed at this step."""
    async with at(data, "2026-01-01T00:30:00Z") as (server, _):
        project = (await server.post("/projects", {"name": "Sales"}))["id"]
        body = {"project_id": project, "cron": CRON, "prompt": "Work."}
        id = str((await server.post("/schedules", body))["id"])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.deadly_schedules"),
        *(str(data), str(ms(f"{ONE}:00Z")), step),
        cwd=Path(__file__).parents[2],
    )
    try:
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return id


@pytest.mark.parametrize("step", [*NEVER_BEGAN, *BEGAN, *ENDED])
async def test_a_kill_at_any_step_of_a_run_loses_no_slot_and_doubles_none(data: Path, step: str) -> None:
    id = await killed(data, step)
    assert await asyncio.to_thread(rows, data.parent, data) == RIGHT_AFTER[step]
    for name, restart in RESTARTS.items():
        folder = await asyncio.to_thread(shutil.copytree, data, data.parent / name)
        async with at(folder, restart.at) as (server, clock):
            runs = await settled(server, id, clock.now())
            assert told(runs) == restart.expected(step), name
            begun = [run["response_id"] for run in runs if run["response_id"]]
            assert sorted(await turns_of(server)) == sorted(begun)
            for run in runs:
                assert (run["started_at"] is None) == (run["response_id"] is None)
                assert (run["error"] is None) == (run["status"] == "success")
                if run["status"] == "failed":
                    assert run["error"]["type"] == "interrupted"
                    response = await server.get(f"/responses/{run['response_id']}")
                    assert (response["status"], response["error"]["type"]) == ("failed", "interrupted")
                    kept = ["So far"] if step == "after the text" else []
                    assert [part["text"] for part in response["output"]] == kept
            # And what comes after it runs.
            clock.advance((ms(f"{NEXT_DAY}:10Z") - clock.now()) / 1000)
            runs = await settled(server, id, clock.now())
            assert [run["scheduled_for"][:16] for run in runs] == [ONE, TWO, NEXT_DAY]
            assert told(runs[: len(restart.expected(step))]) == restart.expected(step)
            assert runs[-1]["status"] == "success"
            assert len(await turns_of(server)) == len({run["response_id"] for run in runs} - {None})


async def test_a_run_that_waits_for_the_user_is_the_same_run_after_a_kill_and_skips_what_comes(
    data: Path,
) -> None:
    id = await killed(data, "after the question")
    clock, secrets = FakeClock(now=ms(f"{TWO}:10Z")), MemorySecrets()
    model = ScriptedModel(say("Done."))
    async with (
        running_server(data, clock=clock, model=model, secrets=secrets) as server,
        server.stream("GET", "/events") as events,
        asyncio.timeout(20),
    ):
        while len(runs := list(reversed((await server.get(f"/schedules/{id}/runs"))["data"]))) < 2:
            pass
        assert told(runs) == [(ONE, "schedule", "running"), (TWO, "schedule", "skipped")]
        turn = runs[0]["response_id"]
        [asked] = (await server.get("/approvals", params={"status": "pending"}))["data"]
        assert asked["response_id"] == turn
        await server.post(f"/responses/{turn}/approvals/{asked['id']}", {"answer": "2024"})
        frame = await anext(events)
        while frame.type != "schedule.run.finished":
            frame = await anext(events)
        runs = await settled(server, id, clock.now())
        assert frame.data["run"] == runs[0]
        assert told(runs) == [(ONE, "schedule", "success"), (TWO, "schedule", "skipped")]
        assert (runs[1]["error"]["type"], runs[1]["response_id"]) == ("still_running", None)
        assert await turns_of(server) == [turn]
        assert len(model.requests) == 1
