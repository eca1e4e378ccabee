"""What the agent asks of those who keep schedules, which are above it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Protocol

from cowork_desktop.schemas.schedules import FireTime, Schedule, ScheduleCreate, SchedulePatch
from cowork_desktop.store.database import Tx

_OWN = {"cron", "timezone", "prompt", "status", "conversation_id", "budget"}

Also = Callable[[Tx, Schedule | None, Schedule | None], None]
"""Part of the transaction of a change, with the schedule before and after it; None: it is not there. What it
raises takes the change back."""


@dataclass(frozen=True)
class Timing:
    """What a cron expression means in a timezone."""

    words: str
    timezone: tzinfo
    next_runs: Sequence[FireTime]

    def shown(self, at: str) -> str:
        """A time of RFC 3339 as the clocks of the timezone show it."""
        local = datetime.fromisoformat(at).astimezone(self.timezone)
        return f"{local:%A, %Y-%m-%d %H:%M} (UTC{local:%z})"


class ScheduleDesk(Protocol):
    """Changes are told to all who follow schedules, and slots that come because of them are claimed."""

    async def create(self, body: ScheduleCreate, also: Also | None = None) -> Schedule:
        """Raises InvalidRequest, also for a cron expression or a timezone that cannot be used."""

    async def patch(self, id: str, body: SchedulePatch, also: Also | None = None) -> Schedule:
        """Raises NotFound, and InvalidRequest as `create` does."""

    async def delete(self, id: str, also: Also | None = None) -> None:
        """Raises NotFound."""

    async def timing(self, cron: str, timezone: str, count: int) -> Timing:
        """With so many of the next times. Raises InvalidRequest, in whose details is why."""


def definition(schedule: Schedule) -> dict[str, Any]:
    """What somebody has made of a schedule, as a JSON value: all but its times and its state."""
    return schedule.model_dump(include=_OWN)
