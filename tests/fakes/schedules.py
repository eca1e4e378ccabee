"""A server with schedules on a clock that the test moves, and a model that waits where the test says so."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cowork_desktop.agent.model import ModelError, ModelEvent, ModelRequest, Text, TextDelta
from cowork_desktop.schemas.base import rfc3339
from cowork_desktop.schemas.responses import Usage
from tests.fakes.clock import START, FakeClock
from tests.fakes.model import USAGE, done
from tests.fakes.secrets import MemorySecrets
from tests.fakes.server import Server, running_server
from tests.fakes.waiting import until

Json = dict[str, Any]

TICK = "Tick."
"""The prompt of the schedule by which a test sees that a minute's slots are claimed; it never waits."""


def ms(moment: str) -> int:
    """Milliseconds of RFC 3339 text."""
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


class WorkingModel:
    """Answers each input with “Done.”, all at once or, while `gate` is closed, when it opens."""

    provider = "anthropic"
    writes_titles = False

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.inputs: list[str] = []
        """Without those of the ticks."""
        self.requests: list[ModelRequest] = []
        self.working = self.most_working = 0
        self.works = asyncio.Event()
        """Set when it has begun to work."""
        self.failure: ModelError | None = None
        """Raised instead of an answer."""
        self.usage = USAGE

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        told = next(part.text for part in request.messages[-1].content if isinstance(part, Text))
        if told == TICK:
            yield done("Tock.", usage=Usage())
            return
        self.inputs.append(told)
        self.requests.append(request)
        self.working += 1
        self.works.set()
        self.most_working = max(self.most_working, self.working)
        try:
            await self.gate.wait()
            if self.failure:
                raise self.failure
            yield TextDelta("Done.")
            yield done("Done.", usage=self.usage)
        finally:
            self.working -= 1

    async def count_tokens(self, request: ModelRequest) -> int | None:
        return None

    async def close(self) -> None:
        pass


@dataclass(eq=False)
class Timetable:
    """A server, the time there, and what a user does with schedules."""

    server: Server
    clock: FakeClock
    model: WorkingModel
    project: str
    tick: str
    """The id of the schedule of the ticks."""
    made: list[str] = field(default_factory=list)
    """The ids of the others."""

    async def new(self, cron: str = "0 * * * *", **fields: Any) -> str:
        body = {"project_id": self.project, "cron": cron, "prompt": "Work.", **fields}
        self.made.append((await self.server.post("/schedules", body))["id"])
        return self.made[-1]

    async def get(self, id: str) -> Json:
        return dict(await self.server.get(f"/schedules/{id}"))

    async def patch(self, id: str, **fields: Any) -> Json:
        answer = await self.server.call("PATCH", f"/schedules/{id}", json=fields)
        assert answer.status == 200, answer.body
        return dict(answer.json())

    async def run_now(self, id: str) -> Json:
        answer = await self.server.call("POST", f"/schedules/{id}/run")
        assert answer.status == 202, answer.body
        return dict(answer.json())

    async def runs(self, id: str, **query: Any) -> list[Json]:
        """All runs, the oldest slot first."""
        query = {"limit": 1000, **query}

        async def all_of_them() -> Json | None:
            page: Json = await self.server.get(f"/schedules/{id}/runs", params=query)
            # A slot may be claimed just between the rows and their number.
            return page if page["total"] == len(page["data"]) else None

        page = await until(all_of_them)
        assert page is not None
        return list(reversed(page["data"]))

    async def told(self, id: str) -> list[tuple[str, str, str]]:
        """Slot, trigger and status of all runs, the oldest first."""
        return [(run["scheduled_for"][:16], run["trigger"], run["status"]) for run in await self.runs(id)]

    async def explain(self, id: str, at: str) -> Json:
        return dict(await self.server.get(f"/schedules/{id}/explain", params={"at": at}))

    async def settings(self, **fields: Any) -> None:
        answer = await self.server.call("PATCH", "/settings", json={"schedules": fields})
        assert answer.status == 200, answer.body

    async def awake_until(self, moment: str, *, step: float = 60.0) -> None:
        """Let time pass, in steps of so many seconds; all slots are claimed in each, and where the model
        does not wait all runs end."""
        while (left := (ms(moment) - self.clock.now()) / 1000) > 0:
            self.clock.advance(min(step, left))
            await self.claimed()
            for id in self.made if self.model.gate.is_set() else ():
                await self.ended(id)

    async def asleep_until(self, moment: str) -> None:
        """The machine sleeps, or its clock is set: nobody notices that time passes, and a minute later the
        server does."""
        self.clock.set_now(ms(moment) - 60_000)
        self.clock.advance(60)
        await self.claimed()

    async def asleep_until_told(self, moment: str) -> None:
        """The machine sleeps, and the shell tells the server as soon as it wakes: no timer of the server's
        has moved meanwhile."""
        await self.power("suspend")
        self.clock.set_now(ms(moment))
        await self.power("resume")
        await self.claimed()

    async def power(self, state: str) -> None:
        answer = await self.server.call("POST", "/shell/power", json={"state": state})
        assert (answer.status, answer.body) == (204, b"")

    async def claimed(self) -> None:
        """Wait until the slots that have come are claimed: that of the tick is one of them."""
        now = rfc3339(self.clock.now())

        async def is_claimed() -> bool:
            return (await self.explain(self.tick, now))["run"] is not None

        await until(is_claimed)

    async def ended(self, id: str) -> None:
        """Wait until no run of the schedule is going."""
        running = {"status": "running", "limit": 1}

        async def is_over() -> bool:
            return not (await self.server.get(f"/schedules/{id}/runs", params=running))["data"]

        await until(is_over)

    async def next_run_is(self, id: str, moment: str) -> None:
        """Wait until that is the schedule's next time."""

        async def is_it() -> bool:
            return bool((await self.get(id))["next_run_at"] == moment)

        await until(is_it)

    async def begun(self, id: str) -> Json:
        """The newest run of the schedule, once its turn has begun."""

        async def run() -> Json | None:
            runs = await self.runs(id)
            return runs[-1] if runs and runs[-1]["response_id"] else None

        return await until(run) or {}


@dataclass(eq=False)
class Machine:
    """A data folder with its clock, on which servers start and end."""

    data: Path
    clock: FakeClock = field(default_factory=FakeClock)
    secrets: MemorySecrets = field(default_factory=MemorySecrets)

    @asynccontextmanager
    async def server(self, model: WorkingModel | None = None, **options: Any) -> AsyncIterator[Timetable]:
        model = model or WorkingModel()
        async with running_server(
            self.data, model=model, clock=self.clock, secrets=self.secrets, **options
        ) as server:
            yield await timetable_of(server, self.clock, model)


@asynccontextmanager
async def timetable(data: Path, *, now: int = START, **options: Any) -> AsyncIterator[Timetable]:
    machine = Machine(data, FakeClock(now=now))
    async with machine.server(**options) as made:
        yield made


async def timetable_of(server: Server, clock: FakeClock, model: WorkingModel) -> Timetable:
    """On a server that has its clock and its model from there already."""
    limits = {"limits": {"seconds": 86_400}}  # hours pass while a turn waits
    assert (await server.call("PATCH", "/settings", json=limits)).status == 200
    found: Mapping[str, Any] = await server.get("/schedules")
    ticks = [one for one in found["data"] if one["prompt"] == TICK]
    if ticks:
        [tick] = ticks
        others = [one["id"] for one in (await server.get("/projects"))["data"] if not one["is_general"]]
        return Timetable(server, clock, model, others[0], tick["id"])
    project = (await server.post("/projects", {"name": "Sales"}))["id"]
    made = Timetable(server, clock, model, project, "")
    made.tick = await made.new("* * * * *", prompt=TICK)
    made.made.clear()
    return made
