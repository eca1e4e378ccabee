"""Schedules and their runs on the wire."""

from typing import Annotated, Literal

from pydantic import MISSING, AfterValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from cowork_desktop.schemas.base import (
    NO_NUL,
    Body,
    LongLimit,
    LongText,
    Offset,
    Query,
    QueryText,
    Schema,
    Timestamp,
    milliseconds,
)
from cowork_desktop.schemas.responses import Usage
from cowork_desktop.schemas.settings import Cost, Tokens

ScheduleStatus = Literal["active", "paused"]
RunStatus = Literal["running", "success", "failed", "skipped", "missed"]
RunTrigger = Literal["schedule", "manual", "catch_up"]

CronText = Annotated[str, StringConstraints(max_length=1_000), NO_NUL]
ZoneName = Annotated[str, StringConstraints(max_length=100), NO_NUL]


class Budget(Schema):
    """What a schedule may use, beside the limits of every turn; null: no limit of its own.

    A run ends at a limit as `failed` with `limit_reached`. Where the month's is used up, slots are skipped
    until the next month begins in the schedule's timezone.
    """

    run_tokens: Tokens | None = None
    """Input, output and cache tokens of one run."""
    run_cost_usd: Cost | None = None
    """US dollars of one run, by list prices."""
    month_tokens: Tokens | None = None
    month_cost_usd: Cost | None = None


class BudgetBody(Body, Budget):
    """The whole of it: what is left out has no limit."""


class Schedule(Schema):
    id: str
    project_id: str
    cron: str
    timezone: str
    prompt: str
    conversation_id: str | None
    """Null: a new conversation for each run."""
    status: ScheduleStatus
    last_run_at: Timestamp | None
    """When its last run began; slots that were skipped or missed do not count."""
    next_run_at: Timestamp | None
    """Null while it is paused."""
    created_at: Timestamp
    updated_at: Timestamp
    pause_reason: str | None
    """Why Cowork has paused it; null where it is active, or where you have."""
    budget: Budget


class Spent(Schema):
    """What the runs of a schedule have used in the month that is."""

    since: Timestamp
    """When the month began in the schedule's timezone."""
    runs: int
    tokens: int
    cost_usd: float | None
    """By list prices; null where a model's price is not known."""


class ScheduleDetail(Schedule):
    words: str
    """What its cron expression means."""
    spent_this_month: Spent


class ScheduleCreate(Body):
    project_id: str
    """Project this schedule belongs to."""
    cron: CronText
    """Standard 5-field cron expression, e.g. `0 9 * * 1`: every Monday at 09:00."""
    prompt: LongText
    """Task the agent runs at each scheduled time."""
    timezone: ZoneName = "UTC"
    """IANA timezone. Default UTC."""
    conversation_id: str | None = None
    """Append each run to an existing conversation. If omitted, a new conversation is created per run."""
    budget: BudgetBody = Field(default_factory=BudgetBody)


class SchedulePatch(Body):
    cron: CronText | MISSING = MISSING
    """New cron expression."""
    prompt: LongText | MISSING = MISSING
    """Updated task prompt."""
    timezone: ZoneName | MISSING = MISSING
    """New timezone."""
    status: ScheduleStatus | MISSING = MISSING
    """active or paused. What came due while it was paused is not caught up."""
    conversation_id: str | None | MISSING = MISSING
    """Null: a new conversation for each run."""
    budget: BudgetBody | MISSING = MISSING
    """Replaces the current one."""


class ScheduleQuery(Query):
    project_id: QueryText | None = None
    """Filter to a project."""
    status: ScheduleStatus | None = None
    """active or paused."""
    limit: LongLimit = 1000
    offset: Offset = 0


class RunError(Schema):
    """Why a run failed, or why there was none."""

    type: str
    """Of a failed run the type of its turn's error. Of a skipped slot `still_running` or `budget`; of a
    missed one `missed`."""
    message: str


class ScheduleRun(Schema):
    """One slot of a schedule and what became of it, or a run that was asked for."""

    id: str
    schedule_id: str
    status: RunStatus
    trigger: RunTrigger
    scheduled_for: Timestamp
    """The slot; of a run that was asked for when that was."""
    started_at: Timestamp | None
    """Null while it waits for its turn, and where it never ran."""
    finished_at: Timestamp | None
    conversation_id: str | None
    response_id: str | None
    error: RunError | None
    slots: int
    """How many slots this stands for: more than one only where very many were missed at once."""
    scheduled_until: Timestamp | None
    """The last of them, where there are more than one."""
    caught_up_by: str | None
    """The run that stands for this missed slot."""
    model: str | None
    provider: str | None
    """Who answered: `anthropic`, or `offline`."""
    usage: Usage
    """The tokens of its turn and its sub-tasks, once it has ended."""
    cost_usd: float | None
    """By the model's list price; null where it is not known, or before the end."""


class ScheduleRunQuery(Query):
    status: RunStatus | None = None
    trigger: RunTrigger | None = None
    limit: LongLimit = 50
    offset: Offset = 0


def _moment(value: str) -> str:
    if milliseconds(value) is None:
        raise PydanticCustomError(
            "moment",
            "String should be a time from 1971 to 8999 such as 2026-06-11T10:00:00Z or"
            " 2026-06-11T12:00:00+02:00",
        )
    return value


Moment = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""RFC 3339, with an offset or `Z`."""


class ExplainQuery(Query):
    at: Moment
    """The minute that is asked about. A `+` of an offset is written `%2B` in a URL."""


ExplainVerdict = Literal[
    "ran",
    "running",
    "failed",
    "skipped",
    "missed",
    "due",
    "will_run",
    "no_slot",
    "paused",
    "not_created",
    "unknown",
]


class Explanation(Schema):
    """Why a schedule ran at a time, or did not."""

    schedule_id: str
    at: Timestamp
    verdict: ExplainVerdict
    words: str
    """The whole of it in a sentence or two."""
    run: ScheduleRun | None
    """The row of the slot, or of the run that was asked for at that time."""
    previous_slot: Timestamp | None
    """The last one before, by what the schedule was at that time."""
    next_slot: Timestamp | None
    """The first one after."""


class SchedulePreview(Body):
    cron: CronText
    timezone: ZoneName = "UTC"
    count: Annotated[int, Field(ge=1, le=100)] = 5
    """How many fire times."""
    project_id: str | None = None
    """Whose schedules' past runs the estimate is made of, where there is no schedule yet."""
    schedule_id: str | None = None
    """The schedule that is to be changed: the estimate is made of its own past runs."""


class FireTime(Schema):
    at: Timestamp
    local: str
    """The wall-clock time in the timezone with its offset, `2026-03-29T03:00:00+02:00`."""
    note: str | None
    """Where a change of the clocks moves it: how."""


class Estimate(Schema):
    """What the schedule may use, by the mean of past runs."""

    based_on: Literal["schedule", "project", "all"] | None
    """Whose runs; null: there are none yet, and so no figures."""
    runs: int
    """How many past runs, of the last 20."""
    runs_per_month: int
    """The slots of the next 30 days."""
    tokens_per_run: int | None
    cost_usd_per_run: float | None
    tokens_per_month: int | None
    cost_usd_per_month: float | None


class Preview(Schema):
    cron: str
    timezone: str
    words: str
    next_runs: list[FireTime]
    estimate: Estimate
