"""Says what becomes of the slots of a schedule that have come."""

from collections import deque
from dataclasses import dataclass
from itertools import chain, takewhile

from cowork_desktop.ids import Ids
from cowork_desktop.scheduling.cron import CronExpression, CronRefused
from cowork_desktop.scheduling.zones import ZoneRefused, zone
from cowork_desktop.schemas.schedules import RunTrigger
from cowork_desktop.store.schedule_runs import Claim, Missed
from cowork_desktop.store.schedules import Due

ON_TIME_MS = 60_000
"""A slot that is claimed within a minute was not missed: the server may have been busy."""
MOST_ROWS = 100
"""Of the slots that were missed at once so many have a row each; older ones share one."""
_NOT_RUNNING = "Cowork was not running at that time, the computer slept, or its clock was set forward."
_OVERTAKEN = "A newer slot has run already."
_TOO_LATE = "It was too long ago to be caught up with (settings.schedules.grace_seconds)."


@dataclass(frozen=True)
class Plan:
    """What becomes of the slots from `due.next_run_at` until now."""

    due: Due
    next_run_at: int
    missed: tuple[tuple[int, int, int], ...]
    """First slot, last slot and how many there are, of each row; oldest first."""
    slot: int | None
    trigger: RunTrigger
    missed_because: str

    def claim(self, ids: Ids) -> Claim:
        """With an id for each row, in the order of the slots."""
        missed = [Missed(ids.new("run"), *slots) for slots in self.missed]
        return Claim(
            self.due,
            self.next_run_at,
            missed,
            ids.new("run"),
            self.slot,
            self.trigger,
            self.missed_because,
        )


def next_after(cron: str, timezone: str, after: int) -> int:
    """The first slot after a time. Raises CronRefused and ZoneRefused."""
    return CronExpression.parse(cron).next_after(zone(timezone), after)


def slots_until(cron: str, timezone: str, first: int, until: int) -> tuple[int, int] | None:
    """From the slot `first` on: the last slot until a time, and how many there are; None where the schedule
    cannot be read any more."""
    try:
        fires = CronExpression.parse(cron).fires(zone(timezone), first)
    except (CronRefused, ZoneRefused):
        return None
    last, count = first, 1
    for slot in takewhile(lambda slot: slot <= until, fires):
        last, count = slot, count + 1
    return last, count


def plan(due: Due, now: int, grace_ms: int) -> Plan:
    """The newest slot runs where it is on time or within the grace, and stands for those before it; all
    others were missed. Raises CronRefused and ZoneRefused."""
    kept, older, next_run_at = _come(due, now)
    slot: int | None = None
    trigger: RunTrigger = "catch_up"
    because = _NOT_RUNNING
    if kept and any(kept[-1] < taken <= now for taken in due.taken):
        because = f"{_NOT_RUNNING} {_OVERTAKEN}"
    elif kept and now - kept[-1] <= max(ON_TIME_MS, grace_ms):
        slot = kept.pop()
        if now - slot <= ON_TIME_MS and not kept:
            trigger = "schedule"
    elif kept:
        because = f"{_NOT_RUNNING} {_TOO_LATE}"
    missed = chain([older] if older else [], ((at, at, 1) for at in kept))
    return Plan(due, next_run_at, tuple(missed), slot, trigger, because)


def _come(due: Due, now: int) -> tuple[deque[int], tuple[int, int, int] | None, int]:
    """The newest slots that have come and have no row, what came before these, and the first one that is
    yet to come and has none. What was before the schedule became what it is was no slot of it."""
    kept: deque[int] = deque()
    older: tuple[int, int, int] | None = None
    fires = CronExpression.parse(due.cron).fires(zone(due.timezone), due.next_run_at)
    since = due.since if due.since <= now else 0  # else the clock is behind when it was made
    for slot in chain([due.next_run_at], fires):
        if slot in due.taken or slot < since:
            continue
        if slot > now:
            return kept, older, slot
        kept.append(slot)
        if len(kept) > MOST_ROWS + 1:
            gone = kept.popleft()
            older = (older[0], gone, older[2] + 1) if older else (gone, gone, 1)
    raise AssertionError("Slots have no end.")
