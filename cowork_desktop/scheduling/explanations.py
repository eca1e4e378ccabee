"""Says why a schedule ran at a time, or did not."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cowork_desktop.scheduling import budgets
from cowork_desktop.scheduling.cron import CronExpression, CronRefused
from cowork_desktop.scheduling.zones import ZoneRefused, zone
from cowork_desktop.schemas.base import milliseconds, rfc3339
from cowork_desktop.schemas.schedules import ExplainVerdict, Explanation, Schedule, ScheduleRun
from cowork_desktop.store import schedule_runs, schedules
from cowork_desktop.store.database import Tx
from cowork_desktop.store.schedules import Definition

MINUTE_MS = 60_000
_HOURS_BACK = (1, 25, 200, 1_000, 10_000, 100_000, 400_000)
"""How far back the slot before is looked for, step by step: the 29th of February is a Monday every 28 or 40
years."""


@dataclass(frozen=True)
class Known:
    """What the store knows of a minute."""

    minute: int
    schedule: Schedule
    definition: Definition | None
    """What the schedule was then."""
    run: ScheduleRun | None
    """The row of the slot, else the run that was asked for in that minute."""
    caught_up_by: ScheduleRun | None


def known(tx: Tx, schedule_id: str, at: int) -> Known:
    """Raises NotFound."""
    minute = at - at % MINUTE_MS
    schedule = schedules.get(tx, schedule_id)
    slot = schedule_runs.of_slot(tx, schedule_id, minute)
    run = slot or schedule_runs.asked_for_between(tx, schedule_id, minute, minute + MINUTE_MS)
    caught_up_by = schedule_runs.find(tx, run.caught_up_by) if run and run.caught_up_by else None
    definition = schedules.definition_at(tx, schedule_id, minute)
    return Known(minute, schedule, definition, run, caught_up_by)


def explain(known: Known, now: int) -> Explanation:
    try:
        return _explain(known, now)
    except (CronRefused, ZoneRefused) as error:  # it was stored by a release that read it otherwise
        return _explanation(known, "unknown", str(error), None, None)


def _explain(known: Known, now: int) -> Explanation:
    definition, minute = known.definition, known.minute
    place = zone(definition.timezone if definition else known.schedule.timezone)
    told = _Telling(known, place, now)
    before = after = None
    is_slot = False
    if definition:
        expression = CronExpression.parse(definition.cron)
        is_slot = expression.next_after(place, minute - 1) == minute
        before, after = _before(expression, place, known), expression.next_after(place, minute)
        told.note = expression.note(place, minute) if is_slot else None
    return _explanation(known, *told.verdict(is_slot), before, after)


def _explanation(
    known: Known, verdict: ExplainVerdict, words: str, before: int | None, after: int | None
) -> Explanation:
    return Explanation(
        schedule_id=known.schedule.id,
        at=rfc3339(known.minute),
        verdict=verdict,
        words=words,
        run=known.run and budgets.with_cost(known.run),
        previous_slot=None if before is None else rfc3339(before),
        next_slot=None if after is None else rfc3339(after),
    )


@dataclass
class _Telling:
    known: Known
    place: ZoneInfo
    now: int
    note: str | None = None

    def verdict(self, is_slot: bool) -> tuple[ExplainVerdict, str]:
        """What became of it, and the words for it."""
        verdict, words = self._of_run(self.known.run) if self.known.run else self._of_none(is_slot)
        return verdict, f"{words} {self.note}" if self.note else words

    def _of_none(self, is_slot: bool) -> tuple[ExplainVerdict, str]:
        """Of a minute in which nothing was claimed."""
        known, definition = self.known, self.known.definition
        when = f"{self._local(known.minute)} in {self.place.key}"
        if definition is None:
            return "not_created", f"It was made later than that, at {self._shown(known.schedule.created_at)}."
        if not is_slot:
            return "no_slot", f"{when} is none of its times: its cron expression is “{definition.cron}”."
        if definition.status == "paused":
            because = f": {definition.pause_reason}" if definition.pause_reason else "."
            since = self._local(definition.paused_since or definition.since)
            return "paused", f"It was paused at {since}{because}"
        if known.minute > self.now:
            return "will_run", f"It will run at {when}."
        next_run_at = known.schedule.next_run_at
        if next_run_at and (milliseconds(next_run_at) or 0) <= known.minute:
            return "due", f"{when} has come, and it is about to begin."
        return "unknown", (
            f"There is no record of {when}. That can be where the clock was set back, or where a backup of an"
            " earlier time was restored."
        )

    def _of_run(self, run: ScheduleRun) -> tuple[ExplainVerdict, str]:
        why = run.error.message if run.error else ""
        slot = f"The slot was {self._shown(run.scheduled_for)} in {self.place.key}."
        told = "It was asked for by hand." if run.trigger == "manual" else slot
        if run.started_at and run.trigger == "catch_up":
            told += " It ran late, and stands for the slots that were missed before it."
        if run.started_at:
            told += f" It began at {self._shown(run.started_at)}"
            told += f" and ended at {self._shown(run.finished_at)}." if run.finished_at else "."
        match run.status:
            case "success":
                return "ran", told
            case "running":
                waits = "" if run.started_at else " It waits for other runs, or for its conversation."
                return "running", told + waits
            case "failed":
                return "failed", f"{told} It failed: {why}"
            case "skipped":
                return "skipped", f"{told} It was skipped: {why}"
            case "missed":
                return "missed", f"{told} {why}{self._caught_up()}"

    def _caught_up(self) -> str:
        by = self.known.caught_up_by
        if by is None:
            return ""
        if by.started_at:
            return f" One run stands for all that were missed; it began at {self._shown(by.started_at)}."
        return f" The run that was to stand for it, of {self._shown(by.scheduled_for)}, is {by.status}."

    def _shown(self, timestamp: str) -> str:
        return self._local(milliseconds(timestamp) or 0)

    def _local(self, at: int) -> str:
        """The wall-clock time, with seconds only where there are any."""
        local = datetime.fromtimestamp(at / 1000, self.place)
        return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")


def _before(expression: CronExpression, place: ZoneInfo, known: Known) -> int | None:
    """The last slot before the minute, since the schedule is what it was then."""
    assert known.definition is not None
    for hours in _HOURS_BACK:
        last = None
        since = max(known.minute - hours * 60 * MINUTE_MS, known.definition.since)
        for slot in expression.fires(place, since):
            if slot >= known.minute:
                break
            last = slot
        if last is not None or since == known.definition.since:
            return last
    return None
