"""What users do with schedules: make, change and delete them, run them now, and ask what they will do and
did."""

import asyncio
from datetime import datetime
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from cowork_desktop.agent.schedule_desk import Also, Timing
from cowork_desktop.clock import Clock
from cowork_desktop.errors import InvalidRequest
from cowork_desktop.ids import Ids
from cowork_desktop.notifications import Notifications
from cowork_desktop.scheduling import budgets, explanations, slots, words
from cowork_desktop.scheduling.cron import CronExpression, CronRefused
from cowork_desktop.scheduling.runs import Runs
from cowork_desktop.scheduling.scheduler import Scheduler
from cowork_desktop.scheduling.zones import ZoneRefused, zone
from cowork_desktop.schemas.base import Page, milliseconds, rfc3339
from cowork_desktop.schemas.notifications import ScheduleChanged
from cowork_desktop.schemas.schedules import (
    ExplainQuery,
    Explanation,
    FireTime,
    Preview,
    Schedule,
    ScheduleCreate,
    ScheduleDetail,
    SchedulePatch,
    SchedulePreview,
    ScheduleRun,
    ScheduleRunQuery,
)
from cowork_desktop.store import projects, schedule_runs, schedules
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.store.schedules import StillDue
from cowork_desktop.tasks import wholly

_MONTH_MS = 30 * 86_400_000


class Schedules:
    def __init__(
        self,
        db: Database,
        scheduler: Scheduler,
        runs: Runs,
        notifications: Notifications,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._db, self._scheduler, self._runs = db, scheduler, runs
        self._notifications, self._clock, self._ids = notifications, clock, ids

    async def create(self, body: ScheduleCreate, also: Also | None = None) -> Schedule:
        """`also` is part of the transaction. Raises InvalidRequest, also for a cron expression or a timezone
        that cannot be used."""
        expression, _ = await _checked(body.cron, body.timezone)
        body = body.model_copy(update={"cron": expression.text})
        id, now = self._ids.new("sched"), self._clock.now()
        schedule = await self._db.write(_create, id, now, body, also)
        self._changed(schedule)
        return schedule

    async def patch(self, id: str, body: SchedulePatch, also: Also | None = None) -> Schedule:
        """Raises NotFound, and InvalidRequest as `create` does. A slot that has come already is claimed
        first, by what the schedule was."""
        before = await self._db.read(schedules.get, id)
        changes = body.model_dump()
        after = dict(before) | changes
        if changes.keys() & {"cron", "timezone"} or changes.get("status") == "active":
            expression, _ = await _checked(after["cron"], after["timezone"])
            if "cron" in changes:
                body = body.model_copy(update={"cron": expression.text})
        while True:
            try:
                now = self._clock.now()
                schedule = await self._db.write(_patch, id, now, body, also)
            except StillDue:
                await wholly(self._scheduler.claim_due())
            else:
                self._changed(schedule)
                return schedule

    def settings_changed(self) -> None:
        """There may be more places."""
        self._runs.fill()

    def look_at_clock(self) -> None:
        """The machine has slept: slots may have come that nobody has noticed."""
        self._scheduler.wake()

    async def delete(self, id: str, also: Also | None = None) -> None:
        """A run that has begun goes on as the turn that it is; one that waits is dropped. Raises
        NotFound."""
        project_id = await self._db.write(_delete, id, self._clock.now(), also)
        self._notifications.tell(ScheduleChanged, schedule_id=id, project_id=project_id)

    async def run_now(self, id: str) -> ScheduleRun:
        """Ask for a run beside its times. Raises NotFound, and Conflict while one is going."""
        return await wholly(self._ask_for(self._ids.new("run"), id))

    async def _ask_for(self, run_id: str, id: str) -> ScheduleRun:
        run = await self._db.write(schedule_runs.ask_for, run_id, id, self._clock.now())
        self._runs.start(run.id)
        return run

    async def detail(self, id: str) -> ScheduleDetail:
        schedule = await self._db.read(schedules.get, id)
        # In a thread: the first look at a timezone walks the whole database of them.
        used = await self._db.scan(budgets.used, schedule, self._clock.now())
        told = await asyncio.to_thread(_in_words, schedule)
        return ScheduleDetail(**dict(schedule), words=told, spent_this_month=used.shown())

    async def runs_of(self, id: str, query: ScheduleRunQuery) -> Page[ScheduleRun]:
        page = await self._db.scan(schedule_runs.list_, id, query)
        return page.model_copy(update={"data": [budgets.with_cost(run) for run in page.data]})

    async def explain(self, id: str, query: ExplainQuery) -> Explanation:
        known = await self._db.read(explanations.known, id, milliseconds(query.at) or 0)
        return await asyncio.to_thread(explanations.explain, known, self._clock.now())

    async def preview(self, body: SchedulePreview) -> Preview:
        """Raises InvalidRequest."""
        expression, place = await _checked(body.cron, body.timezone)
        basis, past = await self._db.scan(_past, body)
        now = self._clock.now()
        next_runs, per_month = await asyncio.to_thread(_ahead, expression, place, now, body.count)
        return Preview(
            cron=expression.text,
            timezone=place.key,
            words=words.in_words(expression),
            next_runs=next_runs,
            estimate=budgets.estimate(basis, past, per_month),
        )

    async def timing(self, cron: str, timezone: str, count: int) -> Timing:
        """What a cron expression means, with so many of its next times. Raises InvalidRequest."""
        expression, place = await _checked(cron, timezone)
        next_runs = await asyncio.to_thread(_fire_times, expression, place, self._clock.now(), count)
        return Timing(words.in_words(expression), place, next_runs)

    def _changed(self, schedule: Schedule) -> None:
        self._scheduler.wake()
        self._notifications.tell(ScheduleChanged, schedule_id=schedule.id, project_id=schedule.project_id)


def _create(tx: Tx, id: str, now: int, body: ScheduleCreate, also: Also | None) -> Schedule:
    after = schedules.create(tx, id, now, body, slots.next_after)
    if also:
        also(tx, None, after)
    return after


def _patch(tx: Tx, id: str, now: int, body: SchedulePatch, also: Also | None) -> Schedule:
    before = schedules.get(tx, id)
    after = schedules.patch(tx, id, now, body, slots.next_after)
    if also:
        also(tx, before, after)
    return after


def _delete(tx: Tx, id: str, now: int, also: Also | None) -> str:
    """Returns the project's id."""
    before = schedules.delete(tx, id, now)
    if also:
        also(tx, before, None)
    return before.project_id


async def _checked(cron: str, timezone: str) -> tuple[CronExpression, ZoneInfo]:
    """In a thread, as the first use imports and reads much. Raises InvalidRequest."""
    try:
        return await asyncio.to_thread(lambda: (CronExpression.parse(cron), zone(timezone)))
    except CronRefused as error:
        raise InvalidRequest.at("body.cron", str(error), "refused") from error
    except ZoneRefused as error:
        raise InvalidRequest.at("body.timezone", str(error), "refused") from error


def _in_words(schedule: Schedule) -> str:
    try:
        return words.in_words(CronExpression.parse(schedule.cron))
    except CronRefused as error:  # it was stored by a release that read it otherwise
        return str(error)


def _past(tx: Tx, body: SchedulePreview) -> tuple[budgets.Basis, list[ScheduleRun]]:
    if body.project_id is not None:
        projects.check(tx, body.project_id)
    if body.schedule_id is not None:
        schedules.check(tx, body.schedule_id)
    return budgets.past(tx, body.schedule_id, body.project_id)


def _ahead(expression: CronExpression, place: ZoneInfo, now: int, count: int) -> tuple[list[FireTime], int]:
    """The next fire times, and how many there are in a month."""
    until = now + _MONTH_MS
    per_month = sum(1 for _ in takewhile(lambda at: at <= until, expression.fires(place, now)))
    return _fire_times(expression, place, now, count), per_month


def _fire_times(expression: CronExpression, place: ZoneInfo, now: int, count: int) -> list[FireTime]:
    return [_fire_time(expression, place, at) for at in islice(expression.fires(place, now), count)]


def _fire_time(expression: CronExpression, place: ZoneInfo, at: int) -> FireTime:
    local = datetime.fromtimestamp(at / 1000, place).isoformat()
    return FireTime(at=rfc3339(at), local=local, note=expression.note(place, at))
