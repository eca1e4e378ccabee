"""The loop that claims slots when they come, and what an earlier process left of them."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from cowork_desktop.agent.preferences import Preferences
from cowork_desktop.clock import Clock
from cowork_desktop.ids import Ids
from cowork_desktop.notifications import Notifications
from cowork_desktop.scheduling import slots
from cowork_desktop.scheduling.cron import CronExpression, CronRefused
from cowork_desktop.scheduling.runs import Runs
from cowork_desktop.scheduling.slots import Plan
from cowork_desktop.scheduling.zones import ZoneRefused, zone
from cowork_desktop.schemas import notifications as told
from cowork_desktop.schemas.base import milliseconds
from cowork_desktop.schemas.schedules import RunError, RunStatus, ScheduleRun
from cowork_desktop.store import projects, schedule_runs, schedules
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.store.schedule_runs import Claimed
from cowork_desktop.store.schedules import Due

logger = logging.getLogger(__name__)

LONGEST_SLEEP_SECONDS = 60.0
"""A laptop that slept, and a clock that was set, are noticed within this."""
SET_BACK_MS = 2_000
"""By less than this a clock is corrected, not set back."""
_AT_ONCE = 100
"""How many schedules are looked at together."""
_ROWS_AT_ONCE = 300
"""After so many rows of slots a transaction ends, so that no other writer waits long."""
_LOST = "Cowork ended before this run could begin"


class Scheduler:
    """Sleeps until the earliest slot that nobody has claimed, claims all that have come, and hands them to
    `Runs`. What is due is in the database alone: nothing is lost with the process."""

    def __init__(
        self,
        db: Database,
        runs: Runs,
        preferences: Preferences,
        notifications: Notifications,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._db, self._runs, self._preferences = db, runs, preferences
        self._notifications, self._clock, self._ids = notifications, clock, ids
        self._woken = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._left: list[ScheduleRun] = []
        self._made_at = 0
        """When the data folder was made: a clock that shows an earlier time is not believed, as it has lost
        its battery, say."""
        self._seen = 0
        """The latest time that the clock has shown; it stands behind it after it was set back."""

    def wake(self) -> None:
        """Look at the clock now: a slot may have come, or come earlier than the one that is slept for."""
        self._woken.set()

    async def load(self) -> None:
        """Read what an earlier process left; before turns are recovered, so that their ends are told."""
        self._made_at = await self._db.read(projects.first_created_at)
        self._seen = await self._db.read(schedule_runs.newest_change_at)
        self._left = await self._db.scan(schedule_runs.unfinished)

    async def keep_up(self) -> None:
        """Take up what an earlier process left, then claim slots until the server ends."""
        while True:
            self._woken.clear()
            try:
                while self._left:
                    await self._take_up(self._left[0])
                    del self._left[0]
                next_at = await self.claim_due()
            except Exception:  # the disk may be full; the slots wait in the database
                logger.exception("Slots could not be claimed")
                await self._clock.sleep(LONGEST_SLEEP_SECONDS)
            else:
                await self._sleep_until(next_at)

    async def claim_due(self) -> int | None:
        """Claim all slots that have come; returns when the next one comes."""
        async with self._claiming:
            now = self._clock.now()
            if self._made_at <= now < self._seen - SET_BACK_MS:
                await self._take_back(now)
            if now >= self._made_at:
                self._seen = now
            while due := await self._db.read(schedules.due, now, _AT_ONCE):
                await self._claim(due, now)
            return await self._db.read(schedules.next_due_at)

    async def _claim(self, due: Sequence[Due], now: int) -> None:
        plans, broken = await asyncio.to_thread(_plan_all, due, now, self._grace_ms)
        for schedule, reason in broken:
            await self._pause(schedule, now, reason)
        for group in _groups(plans):
            claims = [plan.claim(self._ids) for plan in group]
            for claimed in await self._db.write(schedule_runs.claim, claims, now):
                self._take(claimed)

    def _take(self, claimed: Claimed) -> None:
        if claimed.missed:
            slots = claimed.missed_slots
            self._notifications.tell(told.RunMissed, run=claimed.missed, slots=slots)
        if claimed.run and claimed.run.status == "running":
            self._runs.start(claimed.run.id)
        elif claimed.run:
            self._notifications.tell(told.RunSkipped, run=claimed.run)

    async def _pause(self, due: Due, now: int, reason: str) -> None:
        """Of a schedule that cannot be read any more: a timezone may be gone with an update."""
        if await self._db.write(schedules.pause, due.id, now, reason):
            logger.warning("Schedule %s was paused: %s", due.id, reason)
            schedule = await self._db.read(schedules.get, due.id)
            self._notifications.tell(told.SchedulePaused, schedule=schedule)

    async def _take_back(self, now: int) -> None:
        """The clock was set back: slots that were missed and are yet to come are open again, and each
        schedule goes on with the first slot that has no row. What has run does not run again."""
        logger.warning("The clock was set back: slots after %d are looked at again", now)
        while await self._db.write(schedule_runs.withdraw_ahead, now, slots.slots_until, _ROWS_AT_ONCE):
            pass
        last_id = ""
        while ahead := await self._db.read(schedules.ahead_of, now, last_id, _AT_ONCE):
            last_id = ahead[-1].id
            await self._db.write(_open_again, ahead, now)

    async def _take_up(self, run: ScheduleRun) -> None:
        """Of a run that an earlier process claimed: where its turn goes on it is followed, where it never
        began it begins now, unless a newer slot has come or it is too late."""
        now = self._clock.now()
        if run.response_id:
            self._runs.follow(run)
        elif because := await self._why_not_begin(run, now):
            status: RunStatus = "failed" if run.trigger == "manual" else "missed"
            error = RunError(type="interrupted" if status == "failed" else status, message=because)
            await self._runs.give_up(run.id, status, error)
        else:
            self._runs.start(run.id)

    async def _why_not_begin(self, run: ScheduleRun, now: int) -> str | None:
        """Of a run that never began; None where it begins now."""
        slot, grace_ms = milliseconds(run.scheduled_for), self._grace_ms
        if slot is not None and now - slot > max(grace_ms, slots.ON_TIME_MS):
            return f"{_LOST}, and came back too late to catch up with it (settings.schedules.grace_seconds)."
        if run.trigger != "manual" and await self._db.read(schedules.is_due, run.schedule_id, now):
            return f"{_LOST}, and when it came back a newer slot had come, whose run stands for this one."
        return None

    @property
    def _grace_ms(self) -> int:
        return self._preferences.current.schedules.grace_seconds * 1000

    async def _sleep_until(self, at: int | None) -> None:
        """Until a time, but for a minute at most, or until a wake-up, which is all there is to wait for where
        no schedule is active."""
        if at is None:
            await self._woken.wait()
            return
        alarm = asyncio.ensure_future(self._alarm(at))
        woken = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait([alarm, woken], return_when=asyncio.FIRST_COMPLETED)
        finally:
            alarm.cancel()
            woken.cancel()

    async def _alarm(self, at: int) -> None:
        left = (at - self._clock.now()) / 1000
        await self._clock.sleep(min(max(0.0, left), LONGEST_SLEEP_SECONDS))


def _plan_all(due: Sequence[Due], now: int, grace_ms: int) -> tuple[list[Plan], list[tuple[Due, str]]]:
    """The plans, and the schedules that cannot be read any more, with the reasons."""
    plans, broken = list[Plan](), list[tuple[Due, str]]()
    for one in due:
        try:
            plans.append(slots.plan(one, now, grace_ms))
        except (CronRefused, ZoneRefused) as error:
            broken.append((one, str(error)))
        except Exception:  # it must not hold the others up
            logger.exception("The slots of %s cannot be told", one.id)
            broken.append((one, "Its times could not be computed; the log of the server has the details."))
    return plans, broken


def _groups(plans: Iterable[Plan]) -> Iterator[list[Plan]]:
    """What is claimed in one transaction each."""
    group, rows = list[Plan](), 0
    for plan in plans:
        group.append(plan)
        rows += len(plan.missed) + 1
        if rows >= _ROWS_AT_ONCE:
            yield group
            group, rows = [], 0
    if group:
        yield group


def _open_again(tx: Tx, ahead: Sequence[Due], now: int) -> None:
    for one in ahead:
        with suppress(CronRefused, ZoneRefused):  # it is paused when its slot comes
            fires = CronExpression.parse(one.cron).fires(zone(one.timezone), now)
            schedules.move_on(tx, one, next(slot for slot in fires if slot not in one.taken))
