"""Schedules under what goes wrong: two servers, an end in mid-run, a full disk, rows that cannot be read."""

import asyncio
import gc
import json
import logging
import signal
import socket
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop import keys
from cowork_desktop.agent.model import ModelError
from cowork_desktop.ids import Ids
from cowork_desktop.scheduling import slots
from cowork_desktop.schemas.schedules import ScheduleCreate
from cowork_desktop.store import projects, schedule_runs, schedules
from cowork_desktop.store.database import Database, Tx
from tests.fakes.clock import START, FakeClock
from tests.fakes.schedules import Machine, WorkingModel, ms
from tests.fakes.server import Server, running_server
from tests.faults.process import ServerProcess, end_of, running_process, spawn

MINUTE, HOUR = 60.0, 3_600.0
PATIENCE_SECONDS = 20.0
"""What has not come by then does not come any more."""
Json = dict[str, Any]


# What several tests do


async def new_schedule(server: Server | ServerProcess, project: str, cron: str, **fields: Any) -> str:
    body = {"project_id": project, "cron": cron, "prompt": "Work.", **fields}
    return str((await server.post("/schedules", body))["id"])


async def new_project(server: Server | ServerProcess) -> str:
    return str((await server.post("/projects", {"name": "Sales"}))["id"])


async def runs_of(server: Server | ServerProcess, id: str) -> list[Json]:
    """Oldest first."""
    return list(reversed((await server.get(f"/schedules/{id}/runs?limit=1000"))["data"]))


async def until(server: Server | ServerProcess, id: str, is_so: Callable[[list[Json]], bool]) -> list[Json]:
    """The runs when they are so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_so(runs := await runs_of(server, id)):
            pass
    return runs


def ended(runs: Sequence[Json]) -> bool:
    """There are some, and none is going."""
    return bool(runs) and all(run["status"] != "running" for run in runs)


def told(runs: Sequence[Json]) -> list[tuple[str, str, str]]:
    return [(run["scheduled_for"][11:16], run["trigger"], run["status"]) for run in runs]


async def inputs(server: Server | ServerProcess) -> int:
    """How often the schedules' prompt was given to the agent."""
    count = 0
    for conversation in (await server.get("/conversations?limit=200"))["data"]:
        items = (await server.get(f"/conversations/{conversation['id']}/items?limit=1000"))["data"]
        count += sum(item["content"] == "Work." for item in items)
    return count


def in_file(data: Path, *statements: tuple[str, Sequence[Any]]) -> None:
    """Change the database by hand."""
    with closing(sqlite3.connect(data / "cowork.db", isolation_level=None)) as db:
        for sql, values in statements:
            assert db.execute(sql, values).rowcount == 1


def by_hand(data: Path, statement: str) -> None:
    """Change the schema of the database."""
    with closing(sqlite3.connect(data / "cowork.db", isolation_level=None)) as db:
        db.execute(statement)


def just_now() -> tuple[str, int]:
    """A minute that has just come, as a cron expression of each day, and as a slot."""
    slot = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
    return f"{slot.minute} {slot.hour} * * *", round(slot.timestamp() * 1000)


NEXT_RUN_AT = "UPDATE schedules SET next_run_at = ?2 WHERE id = ?1"
SINCE = "UPDATE schedule_definitions SET since = ?2 WHERE schedule_id = ?1"


def come(id: str, slot: int) -> list[tuple[str, Sequence[Any]]]:
    """The schedule was made before that slot, which has come."""
    return [(NEXT_RUN_AT, (id, slot)), (SINCE, (id, slot - 1))]


# Two servers on one folder


@pytest.mark.slow
async def test_a_second_server_is_refused_while_the_first_one_goes_on_with_its_schedules(data: Path) -> None:
    async with running_process(data) as server:
        project, (cron, slot) = await new_project(server), just_now()
        code, out, _ = await end_of(await spawn(data))
        assert (code, out) == (3, "")
        id = await new_schedule(server, project, cron)
        await asyncio.to_thread(in_file, data, *come(id, slot))
        async with server.session.patch(f"{server.api}/schedules/{id}", json={"prompt": "Work."}) as woken:
            assert woken.status == 200
        [run] = await until(server, id, ended)
        assert (ms(run["scheduled_for"]), run["status"]) == (slot, "success")
        assert await inputs(server) == 1


async def claim_all(db: Database, ids: Ids, now: int) -> int:
    """Claim what is due as a scheduler does, a few at a time; returns how often a slot was asked for."""
    asked = 0
    while due := await db.read(schedules.due, now, 7):
        claims = [slots.plan(one, now, 0).claim(ids) for one in due]
        await db.write(schedule_runs.claim, claims, now)
        asked += len(claims)
    return asked


@pytest.mark.slow
async def test_two_claimers_on_one_database_claim_each_slot_once(tmp_path: Path) -> None:
    path, clock = tmp_path / "cowork.db", FakeClock()
    async with Database.open(path) as one, Database.open(path) as other:
        made = Ids(clock, "")
        await one.write(projects.create_general, made.new("proj"), clock.now())
        [(project,)] = await one.read(lambda tx: tx.execute("SELECT id FROM projects").fetchall())
        body = ScheduleCreate(project_id=project, cron="* * * * *", prompt="Work.")
        names = [made.new("sched") for _ in range(40)]
        for name in names:
            await one.write(schedules.create, name, clock.now(), body, slots.next_after)
        asked = 0
        for _ in range(10):
            clock.advance(MINUTE)
            claimers = (claim_all(db, made, clock.now()) for db in (one, other, one, other))
            asked += sum(await asyncio.gather(*claimers))
        rows = "SELECT schedule_id, scheduled_for, status FROM schedule_runs"
        claimed = await other.read(lambda tx: tx.execute(rows).fetchall())
    assert asked > 400, "they were after the same slots"
    assert sorted(claimed) == sorted(
        (name, START + n * 60_000, "running" if n == 1 else "skipped") for name in names for n in range(1, 11)
    )


@pytest.mark.slow
async def test_two_schedulers_that_wake_at_the_same_moment_run_each_slot_once(data: Path) -> None:
    machine, model = Machine(data), WorkingModel()
    options: Json = {"clock": machine.clock, "model": model, "secrets": machine.secrets}
    async with running_server(data, **options) as one, running_server(data, **options) as other:
        project = await new_project(one)
        ids = [await new_schedule(one, project, "* * * * *") for _ in range(10)]
        for n in range(1, 4):
            machine.clock.advance(MINUTE)
            for id in ids:
                await until(one, id, lambda runs, n=n: len(runs) == n and ended(runs))  # type: ignore[misc]
            await other.get("/health")
        for id in ids:
            assert told(await runs_of(other, id)) == [
                (f"00:0{n}", "schedule", "success") for n in range(1, 4)
            ]
        assert len(model.inputs) == await inputs(one) == 30


# An end in mid-run


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
async def test_an_end_in_mid_run_interrupts_it_and_leaves_what_waits_to_the_next_start(data: Path) -> None:
    cron, slot = just_now()
    async with running_server(data) as server:
        project = await new_project(server)
        ids = [await new_schedule(server, project, cron) for _ in range(4)]
        await server.call("PATCH", "/settings", json={"schedules": {"concurrency": 1}})
    await asyncio.to_thread(in_file, data, *(one for id in ids for one in come(id, slot)))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        flags = ("--base-url", f"http://127.0.0.1:{silent.getsockname()[1]}")
        async with running_process(data, *flags, environment={"ANTHROPIC_API_KEY": "dummy-key"}) as process:
            begun = list[str]()
            while not begun:
                of_all = [run for id in ids for run in await runs_of(process, id)]
                begun = [run["schedule_id"] for run in of_all if run["started_at"]]
            assert [run["status"] for run in of_all] == ["running"] * 4
            started = time.monotonic()
            process.process.send_signal(signal.SIGTERM)
            code, _, errors = await end_of(process.process)
            assert time.monotonic() - started < 2
            assert code == 0
            assert "Traceback" not in errors
            assert "Task was destroyed" not in errors
    assert await asyncio.to_thread(left_over, data) == []
    async with running_process(data) as process:
        for id in ids:
            [run] = await until(process, id, ended)
            expected = ("failed", "interrupted") if id in begun else ("success", None)
            assert (run["status"], run["error"] and run["error"]["type"]) == expected
            assert ms(run["scheduled_for"]) == slot
        assert len(begun) == 1
        assert await inputs(process) == 4


def left_over(data: Path) -> list[str]:
    """What a server that has ended properly does not leave: files in the making, a log that is not merged,
    rows that contradict each other."""
    suffixes = (".part", ".tmp", "-wal", "-shm", "instance.json")
    found = [path.name for path in data.rglob("*") if path.name.endswith(suffixes)]
    with closing(sqlite3.connect(f"file:{data / 'cowork.db'}?mode=ro", uri=True)) as db:
        found += [str(row) for row in db.execute("PRAGMA foreign_key_check")]
        found += [row[0] for row in db.execute("PRAGMA integrity_check") if row != ("ok",)]
        halves = "status = 'running' AND turn_id IS NOT NULL OR (turn_id IS NULL) != (started_at IS NULL)"
        found += [row[0] for row in db.execute(f"SELECT id FROM schedule_runs WHERE {halves}")]
        found += [row[0] for row in db.execute("SELECT id FROM turns WHERE status = 'in_progress'")]
    return found


async def test_fifty_runs_that_wait_leave_no_task_at_the_end_and_run_after_the_next_start(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    machine, busy = Machine(data), WorkingModel()
    options: Json = {"clock": machine.clock, "secrets": machine.secrets}
    before = asyncio.all_tasks()
    async with running_server(data, model=busy, **options) as server:
        project = await new_project(server)
        conversation = await server.conversation(project_id=project)
        ids = [
            await new_schedule(server, project, "0 1 * * *", conversation_id=conversation if n < 40 else None)
            for n in range(50)
        ]
        busy.gate.clear()
        body = {"conversation_id": conversation, "input": "Take your time.", "stream": True}
        async with server.stream("POST", "/responses", json=body) as followed:
            await anext(followed)
            machine.clock.advance(HOUR)
            begun = list[str]()
            while len(begun) < 4:
                of_all = [run for id in ids for run in await runs_of(server, id)]
                begun = [run["schedule_id"] for run in of_all if run["started_at"]]
    gc.collect()
    assert {task.get_name() for task in asyncio.all_tasks() - before} == set()
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []
    async with running_server(data, model=WorkingModel(), **options) as server:
        for id in ids:
            [run] = await until(server, id, ended)
            assert run["status"] == ("failed" if id in begun else "success"), run
        assert await inputs(server) == 50


# A full disk


@dataclass(eq=False)
class Disk:
    """The disk of a server, which takes nothing more of some statements while it is full."""

    server: Server
    attempts: Counter[str] = field(default_factory=Counter)
    """How often each of them was tried, and how many transactions began."""

    async def fill(self, *statements: str) -> None:
        """`INSERT ON turns`, and the like."""
        await self.server.app[keys.DB].write(self._fill, statements)

    async def make_room(self) -> None:
        await self.server.app[keys.DB].write(self._empty)

    def _fill(self, tx: Tx, statements: Sequence[str]) -> None:
        tx.create_function("attempted", 1, self._note)
        tx.set_trace_callback(lambda sql: self._note(sql) if sql == "BEGIN IMMEDIATE" else None)
        tx.execute("CREATE TABLE IF NOT EXISTS filler (bytes BLOB)")
        [pages] = tx.execute("PRAGMA page_count").fetchone()
        tx.execute(f"PRAGMA max_page_count = {pages}").fetchone()
        for n, statement in enumerate(statements):
            tx.execute(
                f"CREATE TEMP TRIGGER full_{n} BEFORE {statement} BEGIN SELECT attempted('{statement}');"
                " INSERT INTO filler VALUES (zeroblob(4000000)); END"
            )

    def _empty(self, tx: Tx) -> None:
        triggers = tx.execute("SELECT name FROM temp.sqlite_schema WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            tx.execute(f"DROP TRIGGER temp.{name}")
        tx.execute("PRAGMA max_page_count = 1000000").fetchone()

    def _note(self, what: str) -> None:
        self.attempts[what] += 1

    async def tried(self, statement: str, n: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.attempts[statement] < n:
                assert (await self.server.get("/health"))["status"] == "ok"


@dataclass(eq=False)
class Office:
    """A server with one schedule of each hour."""

    server: Server
    clock: FakeClock
    model: WorkingModel
    disk: Disk
    id: str

    async def a_minute(self, n: int = 1) -> None:
        """Let minutes pass; each time whoever then tries something has tried it, and sleeps again."""
        for _ in range(n):
            before = self.clock.slept.count(MINUTE)
            self.clock.advance(MINUTE)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while self.clock.slept.count(MINUTE) == before:
                    await self.server.get("/health")
            for _ in range(20):
                await self.server.get("/health")

    async def ended(self, n: int = 1) -> list[Json]:
        """The runs when there are `n` and all have ended, for which half an hour must be enough. A disk that
        takes long to write may have them end later: its time is not that of the clock here."""

        def are_over(runs: list[Json]) -> bool:
            return len(runs) == n and ended(runs)

        for _ in range(30):
            if are_over(runs := await runs_of(self.server, self.id)):
                return runs
            await self.a_minute()
        return await until(self.server, self.id, are_over)

    async def asks(self) -> int:
        """How many transactions begin while some requests are answered."""
        before = self.disk.attempts["BEGIN IMMEDIATE"]
        for _ in range(50):
            await self.server.get("/health")
        return self.disk.attempts["BEGIN IMMEDIATE"] - before


@asynccontextmanager
async def office(data: Path, *, in_one_conversation: bool = False) -> AsyncIterator[Office]:
    clock, model = FakeClock(), WorkingModel()
    async with running_server(data, clock=clock, model=model) as server:
        project = await new_project(server)
        conversation = await server.conversation(project_id=project) if in_one_conversation else None
        id = await new_schedule(server, project, "0 * * * *", conversation_id=conversation)
        yield Office(server, clock, model, Disk(server), id)


FEW = 5
"""Transactions that may begin while fifty requests are answered: whoever tries all the time begins more."""
NO_ROOM = ("INSERT ON turns", "UPDATE ON turns", "INSERT ON schedule_runs", "UPDATE ON schedule_runs")


async def test_a_slot_that_comes_on_a_full_disk_runs_when_there_is_room(data: Path) -> None:
    async with office(data) as here:
        await here.disk.fill(*NO_ROOM)
        here.clock.advance(HOUR)
        await here.disk.tried("INSERT ON schedule_runs", 1)
        await here.a_minute(5)
        assert 1 < here.disk.attempts["INSERT ON schedule_runs"] <= 6
        assert await here.asks() <= FEW
        assert await runs_of(here.server, here.id) == []
        assert (await here.server.get(f"/schedules/{here.id}"))["next_run_at"][11:16] == "01:00"
        await here.disk.make_room()
        assert told(await here.ended()) == [("01:00", "catch_up", "success")]
        assert len(here.model.inputs) == await inputs(here.server) == 1


async def test_a_run_that_cannot_begin_on_a_full_disk_begins_when_there_is_room(data: Path) -> None:
    async with office(data) as here:
        await here.disk.fill("INSERT ON turns", "UPDATE ON schedule_runs")
        here.clock.advance(HOUR)
        await here.disk.tried("INSERT ON turns", 1)
        await here.a_minute(5)
        assert 1 < here.disk.attempts["INSERT ON turns"] <= 6
        assert await here.asks() <= FEW
        [run] = await runs_of(here.server, here.id)
        assert (run["status"], run["started_at"]) == ("running", None)
        await here.disk.make_room()
        assert told(await here.ended()) == [("01:00", "schedule", "success")]
        assert len(here.model.inputs) == await inputs(here.server) == 1


async def test_a_run_whose_turn_alone_finds_no_room_begins_when_there_is_room(data: Path) -> None:
    async with office(data) as here:
        await here.disk.fill("INSERT ON turns")
        here.clock.advance(HOUR)
        await here.disk.tried("INSERT ON turns", 1)
        await here.a_minute(2)
        await here.disk.make_room()
        assert told(await here.ended()) == [("01:00", "schedule", "success")]


async def _lose_an_end(here: Office) -> None:
    """Have the disk full when the turn of the first slot ends."""
    here.model.gate.clear()
    here.clock.advance(HOUR)
    [run] = await until(here.server, here.id, lambda runs: bool(runs) and bool(runs[0]["started_at"]))
    await here.disk.fill("UPDATE ON turns", "UPDATE ON schedule_runs")
    here.model.gate.set()
    last = (await here.server.events(run["response_id"]))[-1]
    assert last.type == "response.failed"
    assert "could not be stored" in last.data["response"]["error"]["message"]


@pytest.mark.parametrize("minutes", [0, 1, 3])
async def test_a_run_whose_end_finds_no_room_has_ended_when_there_is_room(data: Path, minutes: int) -> None:
    async with office(data) as here:
        await _lose_an_end(here)
        await here.a_minute(minutes)
        assert here.disk.attempts["UPDATE ON turns"] <= 3 * (minutes + 1)
        assert here.disk.attempts["UPDATE ON schedule_runs"] <= 3 * (minutes + 1)
        assert await here.asks() <= FEW
        [run] = await runs_of(here.server, here.id)
        assert run["status"] == "running"
        await here.disk.make_room()
        [run] = await here.ended()
        assert (run["status"], run["error"] and run["error"]["type"]) == ("failed", "internal")
        here.clock.advance(HOUR)
        assert [run["status"] for run in await here.ended(2)] == ["failed", "success"]
    async with running_server(data, clock=here.clock, model=WorkingModel()) as server:
        assert [run["status"] for run in await runs_of(server, here.id)] == ["failed", "success"]
        assert await inputs(server) == 2


async def test_a_run_waits_for_a_turn_whose_end_found_no_room_without_asking_for_it_all_the_time(
    data: Path,
) -> None:
    async with office(data, in_one_conversation=True) as here:
        here.model.gate.clear()
        conversation = (await here.server.get(f"/schedules/{here.id}"))["conversation_id"]
        body = {"conversation_id": conversation, "input": "Go on.", "stream": True}
        async with here.server.stream("POST", "/responses", json=body) as followed:
            await anext(followed)
            await here.disk.fill("UPDATE ON turns")
            here.model.gate.set()
            assert [frame.type async for frame in followed][-1] == "response.failed"
        await here.disk.make_room()
        here.clock.advance(HOUR)
        await until(here.server, here.id, bool)
        for _ in range(3):
            assert await here.asks() <= FEW
            await here.a_minute()
        assert told(await runs_of(here.server, here.id)) == [("01:00", "schedule", "running")]
    async with running_server(data, clock=here.clock, model=WorkingModel()) as server:
        assert told(await until(server, here.id, ended)) == [("01:00", "schedule", "success")]
        assert await inputs(server) == 1


async def test_what_an_earlier_server_left_is_taken_up_once_although_the_disk_fails_meanwhile(
    data: Path,
) -> None:
    machine, busy = Machine(data), WorkingModel()
    options: Json = {"clock": machine.clock, "secrets": machine.secrets}
    busy.gate.clear()
    async with running_server(data, model=busy, **options) as server:
        project = await new_project(server)
        await server.call("PATCH", "/settings", json={"schedules": {"concurrency": 1}})
        first, second, third = [
            await new_schedule(server, project, cron) for cron in ("0 1 * * *", "0 1 * * *", "0 1,2 * * *")
        ]
        machine.clock.advance(HOUR)
        for id in (first, second, third):
            await until(server, id, bool)
        await until(server, first, lambda runs: bool(runs[0]["started_at"]))
    fails = "CREATE TRIGGER failing BEFORE UPDATE ON schedule_runs WHEN new.status = 'missed'"
    await asyncio.to_thread(by_hand, data, f"{fails} BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END")
    machine.clock.set_now(ms("2026-01-01T02:05:00Z"))
    async with (
        running_server(data, model=busy, **options) as server,
        server.stream("GET", "/events") as events,
    ):
        here = Office(server, machine.clock, busy, Disk(server), second)
        await until(server, second, lambda runs: bool(runs[0]["started_at"]))
        await here.a_minute(3)
        await asyncio.to_thread(by_hand, data, "DROP TRIGGER failing")
        await here.a_minute(2)
        busy.gate.set()
        here.id = third
        assert told(await here.ended(2)) == [
            ("01:00", "schedule", "missed"),
            ("02:00", "catch_up", "success"),
        ]
        finished = list[str]()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while third not in finished:
                frame = await anext(events)
                if frame.type == "schedule.run.finished":
                    finished.append(frame.data["run"]["schedule_id"])
        assert finished == [second, third]
        assert busy.most_working == 1
        assert await inputs(server) == 3


# Rows that cannot be read

UNREADABLE = [
    ("cron", ""),
    ("cron", "nonsense"),
    ("cron", "0 * * * * *"),
    ("cron", "0 0 30 2 *"),
    ("cron", "99 1 * * *"),
    ("timezone", ""),
    ("timezone", "Nowhere/City"),
    ("timezone", "../../etc/passwd"),
    ("timezone", "\N{SNOWMAN}\N{NO-BREAK SPACE}"),
]


async def test_a_schedule_that_cannot_be_read_is_paused_and_says_why_and_others_run(data: Path) -> None:
    machine = Machine(data)
    options: Json = {"clock": machine.clock, "secrets": machine.secrets}
    async with running_server(data, model=WorkingModel(), **options) as server:
        project = await new_project(server)
        faulty = [await new_schedule(server, project, "0 1 * * *") for _ in UNREADABLE]
        sound = [await new_schedule(server, project, f"{n} 1 * * *") for n in range(2)]
    changes = [
        (f"UPDATE schedules SET {column} = ?2 WHERE id = ?1", (id, text))
        for id, (column, text) in zip(faulty, UNREADABLE, strict=True)
    ]
    await asyncio.to_thread(in_file, data, *changes)
    async with running_server(data, model=WorkingModel(), **options) as server:
        await _answers(server, faulty)
        machine.clock.advance(HOUR + MINUTE)
        for n, id in enumerate(sound):
            assert told(await until(server, id, ended)) == [(f"01:0{n}", "schedule", "success")]
        for id, (column, text) in zip(faulty, UNREADABLE, strict=True):
            schedule = await server.get(f"/schedules/{id}")
            assert (schedule["status"], schedule["next_run_at"], schedule[column]) == ("paused", None, text)
            assert schedule["pause_reason"]
            assert await runs_of(server, id) == []
        await _answers(server, faulty)
        assert (await server.call("DELETE", f"/schedules/{faulty[0]}")).status == 204
        for id, (column, _) in list(zip(faulty, UNREADABLE, strict=True))[1:]:
            assert (await server.call("POST", f"/schedules/{id}/run")).status == 202
            assert [run["status"] for run in await until(server, id, ended)] == ["success"]
            mended = {column: "0 * * * *" if column == "cron" else "UTC", "status": "active"}
            answer = await server.call("PATCH", f"/schedules/{id}", json=mended)
            assert answer.status == 200, answer.body
            assert (answer.json()["status"], answer.json()["pause_reason"]) == ("active", None)
            assert ms(answer.json()["next_run_at"]) > machine.clock.now()


async def _answers(server: Server, ids: Sequence[str]) -> None:
    """Whatever is asked about these schedules is answered."""
    listed = [one["id"] for one in (await server.get("/schedules"))["data"]]
    assert set(ids) <= set(listed)
    for id in ids:
        await server.get(f"/schedules/{id}")
        await server.get(f"/schedules/{id}/runs")
        for at in (
            "2025-01-01T01:00:00Z",
            "2026-01-01T00:30:00Z",
            "2026-01-01T01:00:00Z",
            "2027-01-01T01:00Z",
        ):
            explained = await server.get(f"/schedules/{id}/explain", params={"at": at})
            assert explained["words"]


async def test_a_schedule_that_cannot_be_read_holds_no_other_up_when_the_clock_is_set_back(
    data: Path,
) -> None:
    machine = Machine(data)
    options: Json = {"clock": machine.clock, "secrets": machine.secrets}
    async with running_server(data, model=WorkingModel(), **options) as server:
        project = await new_project(server)
        faulty = await new_schedule(server, project, "* * * * *")
    machine.clock.set_now(ms("2026-01-01T03:00:00Z"))
    async with running_server(data, model=WorkingModel(), **options) as server:
        runs = await until(server, faulty, ended)
        assert runs[0]["slots"] > 1, "one row stands for several slots"
    change = ("UPDATE schedules SET cron = ?2 WHERE id = ?1", (faulty, "nonsense"))
    await asyncio.to_thread(in_file, data, change)
    machine.clock.set_now(ms("2026-01-01T00:30:00Z"))
    async with running_server(data, model=WorkingModel(), **options) as server:
        sound = await new_schedule(server, project, "0 * * * *")
        machine.clock.advance(HOUR / 2)
        assert told(await until(server, sound, ended)) == [("01:00", "schedule", "success")]


@pytest.mark.parametrize(
    "stored", [{"concurrency": 99}, {"pause_after": 2, "of_a_later_release": True}, "nonsense"]
)
async def test_a_run_fails_as_it_should_where_the_stored_settings_cannot_be_read(
    data: Path, stored: object
) -> None:
    async with running_server(data) as server:
        await server.call("PATCH", "/settings", json={"schedules": {"concurrency": 3}})
    change = ("UPDATE settings SET value = ?2 WHERE key = ?1", ("schedules", json.dumps(stored)))
    await asyncio.to_thread(in_file, data, change)
    async with office(data) as here:
        here.model.failure = ModelError("provider_error", "Not today.")
        here.clock.advance(HOUR)
        [run] = await until(here.server, here.id, lambda runs: bool(runs) and bool(runs[0]["started_at"]))
        last = (await here.server.events(run["response_id"]))[-1]
        assert last.data["response"]["error"]["message"] == "Not today."
        [run] = await until(here.server, here.id, ended)
        assert (run["status"], run["error"]["type"]) == ("failed", "provider_error")
