"""Carries out the runs that are claimed, a few at a time, and tells what became of them."""

import logging
from collections import deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from cowork_desktop.agent.preferences import Preferences
from cowork_desktop.agent.running import TurnStart
from cowork_desktop.agent.turns import Turns
from cowork_desktop.clock import Clock
from cowork_desktop.errors import Conflict, CoworkError, InvalidRequest, NotFound, StorageFull
from cowork_desktop.kernels.pool import Kernels
from cowork_desktop.notifications import Notifications
from cowork_desktop.scheduling import budgets
from cowork_desktop.scheduling.budgets import UsedUp
from cowork_desktop.schemas import notifications as told
from cowork_desktop.schemas.schedules import RunError, RunStatus, Schedule, ScheduleRun
from cowork_desktop.store import schedule_runs, schedules, scratchpads
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.store.schedule_runs import Task
from cowork_desktop.tasks import Tasks, wholly

logger = logging.getLogger(__name__)

_INTERNAL = RunError(
    type="internal", message="Something went wrong inside the server; its log has the details."
)
AGAIN_SECONDS = 60.0
"""How long what the disk did not take waits to be tried again."""


class _Busy(Exception):
    """The conversation has a turn already."""

    def __init__(self, response_id: str) -> None:
        super().__init__(response_id)
        self.response_id = response_id


class Runs:
    """A run that is claimed waits for a place, then for its conversation where that is busy, and then is a
    turn like any other. Its turn begins in the transaction that says so in its row, and ends likewise: a run
    that has no turn has not acted, whenever the server was killed."""

    def __init__(
        self,
        db: Database,
        turns: Turns,
        kernels: Kernels,
        preferences: Preferences,
        notifications: Notifications,
        clock: Clock,
    ) -> None:
        self._db, self._turns, self._kernels = db, turns, kernels
        self._preferences, self._notifications, self._clock = preferences, notifications, clock
        self._tasks = Tasks()
        self._waiting: deque[str] = deque()
        self._working: set[str] = set()
        """The runs that have a place."""
        self._is_closed = False

    def start(self, run_id: str) -> None:
        """Carry it out as soon as there is a place."""
        self._waiting.append(run_id)
        self.fill()

    def follow(self, run: ScheduleRun) -> None:
        """Tell of the end of a run whose turn goes on from an earlier process."""
        assert run.response_id is not None
        self._tasks.start(self._until_end(run.id, run.response_id), name=f"end of {run.id}")

    async def close(self) -> None:
        """Begin nothing any more, and tell nothing: what waits is taken up at the next start, also a turn
        that waits for the user."""
        self._is_closed = True
        await self._tasks.close()

    def fill(self) -> None:
        """Begin what waits, as far as there are places; there may be more than before."""
        places = self._preferences.current.schedules.concurrency
        while self._waiting and len(self._working) < places and not self._is_closed:
            run_id = self._waiting.popleft()
            self._working.add(run_id)
            self._tasks.start(self._carry_out(run_id), name=f"run {run_id}")

    def _give_place(self, run_id: str) -> None:
        self._working.discard(run_id)
        self.fill()

    async def _carry_out(self, run_id: str) -> None:
        again: Coroutine[Any, Any, None] | None = None
        try:
            response_id = await self._begin(run_id)
            if response_id:
                await self._turns.until_it_waits(response_id)
        except _Busy as busy:
            again = self._until_free(busy.response_id)
        except Exception:  # the disk may be full; the row says that it is to run
            logger.exception("The run %s could not be carried out", run_id)
            again = self._clock.sleep(AGAIN_SECONDS)
        finally:
            self._give_place(run_id)
        if again:
            await again
            self.start(run_id)
        elif response_id:
            await self._until_end(run_id, response_id)

    async def _until_free(self, response_id: str) -> None:
        """Until a conversation's turn has ended; a while where the disk did not take that end, as the turn
        is then in the way until the next start."""
        with suppress(NotFound):  # deleted with its conversation
            if (await self._turns.ended(response_id)).status == "in_progress":
                await self._clock.sleep(AGAIN_SECONDS)

    async def _begin(self, run_id: str) -> str | None:
        """Begin the run's turn; None where there is nothing to do any more. Raises _Busy, and what is to be
        tried again."""
        try:
            task = await self._db.read(schedule_runs.task, run_id)
            if task is None:
                return None
            start = await self._db.scan(_turn_of, run_id, task, self._clock.now())
            response = await wholly(self._turns.start(start))
        except UsedUp as error:
            await self.give_up(run_id, "skipped", RunError(type="budget", message=str(error)))
        except NotFound:
            logger.info("The run %s is not wanted any more", run_id)
        except InvalidRequest as error:
            if error.param == "body.conversation_id":  # deleted just now: the schedule knows
                return await self._begin(run_id)
            await self.give_up(run_id, "failed", RunError(type=error.type, message=error.message))
        except Conflict as error:
            raise _Busy(error.details[0]["response_id"]) from error
        except StorageFull:
            raise
        except CoworkError as error:
            await self.give_up(run_id, "failed", RunError(type=error.type, message=error.message))
        except Exception:
            logger.exception("The run %s could not begin", run_id)
            await self.give_up(run_id, "failed", _INTERNAL)
        else:
            await self._tell_started(run_id)
            return response.id
        return None

    async def give_up(self, run_id: str, status: RunStatus, error: RunError) -> None:
        """End a run that has not begun, and tell it."""
        run = await self._db.write(schedule_runs.give_up, run_id, status, error, self._clock.now())
        if run and status == "skipped":
            self._notifications.tell(told.RunSkipped, run=run)
        elif run and status == "missed":
            self._notifications.tell(told.RunMissed, run=run, slots=1)
        elif run:
            await self._tell_end(run)

    async def _tell_started(self, run_id: str) -> None:
        try:
            if run := await self._db.read(schedule_runs.find, run_id):
                self._notifications.tell(told.RunStarted, run=run)
        except Exception:  # it runs all the same
            logger.exception("The begin of %s could not be told", run_id)

    async def _until_end(self, run_id: str, response_id: str) -> None:
        await self._turns.ended(response_id)
        run = await self._db.read(schedule_runs.find, run_id)
        while run and run.status == "running":  # the disk did not take the turn's end
            await self._clock.sleep(AGAIN_SECONDS)
            try:
                run = await self._db.write(schedule_runs.lose, run_id, self._clock.now())
            except StorageFull:
                logger.warning("The end of the run %s cannot be stored", run_id)
        if run is None:
            return
        schedule = await self._tell_end(run)
        if run.conversation_id and not (schedule and schedule.conversation_id == run.conversation_id):
            await self._end_kernels(run.conversation_id)

    async def _tell_end(self, run: ScheduleRun) -> Schedule | None:
        """Tell of a run that has ended, and of the schedule where that has paused it. Returns the schedule,
        unless it was deleted."""
        self._notifications.tell(told.RunFinished, run=budgets.with_cost(run))
        try:
            schedule = await self._db.read(schedules.get, run.schedule_id)
        except NotFound:
            return None
        if schedule.pause_reason and schedule.updated_at == run.finished_at:
            self._notifications.tell(told.SchedulePaused, schedule=schedule)
        return schedule

    async def _end_kernels(self, conversation_id: str) -> None:
        """Of a conversation that was made for the run: nobody is there to go on in it, and the next run has
        one of its own."""
        pads = await self._db.read(scratchpads.of_conversation_and_tasks, conversation_id)
        await self._kernels.end_unused(pads)


def _turn_of(tx: Tx, run_id: str, task: Task, now: int) -> TurnStart:
    """Raises UsedUp."""
    schedule, project = task.schedule, task.project
    skill_ids: Sequence[str] = () if task.is_in_project else project.skill_ids
    return TurnStart(
        schedule.conversation_id,
        schedule.prompt,
        model=project.model,
        skill_ids=skill_ids,
        is_unattended=True,
        project_id=schedule.project_id,
        schedule_run_id=run_id,
        budget=budgets.left(schedule.budget, budgets.used(tx, schedule, now)),
    )
