"""Handlers of schedules and their runs."""

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.errors import Conflict, NotFound
from cowork_desktop.http.endpoint import Endpoints, an_id
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.schedules import (
    ExplainQuery,
    Explanation,
    Preview,
    Schedule,
    ScheduleCreate,
    ScheduleDetail,
    SchedulePatch,
    SchedulePreview,
    ScheduleQuery,
    ScheduleRun,
    ScheduleRunQuery,
)
from cowork_desktop.store import schedules

endpoints = Endpoints("/api/v1/schedules", tag="Schedules")

_ONE = an_id("schedule_id", but="preview")


@endpoints.get()
async def list_schedules(request: web.Request, query: ScheduleQuery) -> Encoded[Page[Schedule]]:
    """List schedules.

    Newest first.
    """
    return await request.app[keys.DB].scan(schedules.list_, query)


@endpoints.post()
async def create_schedule(request: web.Request, body: ScheduleCreate) -> Schedule:
    """Create a schedule.

    It is active at once, and first runs at the next time of its cron expression.
    """
    return await request.app[keys.SCHEDULES].create(body)


@endpoints.post("/preview", status=200)
async def preview_schedule(request: web.Request, body: SchedulePreview) -> Preview:
    """Preview a schedule.

    What a cron expression means in words, its next fire times in the timezone, and what it may use, by past
    runs. Nothing is stored.
    """
    return await request.app[keys.SCHEDULES].preview(body)


@endpoints.get(_ONE, errors=(NotFound,))
async def get_schedule(request: web.Request, schedule_id: str) -> ScheduleDetail:
    """Get a schedule.

    With its cron expression in words, and what it has used in this month.
    """
    return await request.app[keys.SCHEDULES].detail(schedule_id)


@endpoints.patch(_ONE, errors=(NotFound,))
async def update_schedule(request: web.Request, schedule_id: str, body: SchedulePatch) -> Schedule:
    """Update a schedule.

    A new cron expression, timezone or status counts from now on: what came due before is not lost, and what
    came due while it was paused is not caught up.
    """
    return await request.app[keys.SCHEDULES].patch(schedule_id, body)


@endpoints.delete(_ONE, errors=(NotFound,))
async def delete_schedule(request: web.Request, schedule_id: str) -> None:
    """Delete a schedule.

    Its history goes with it; the conversations of its runs stay. A run that has begun goes on as the turn
    that it is.
    """
    await request.app[keys.SCHEDULES].delete(schedule_id)
    request.app[keys.DELETION].start()


@endpoints.post("/{schedule_id}/run", status=202, errors=(NotFound, Conflict))
async def run_schedule(request: web.Request, schedule_id: str) -> ScheduleRun:
    """Trigger a schedule immediately.

    Answers with the run at once. It changes nothing of the schedule's own times, and is possible while it is
    paused, but not while a run of it is going.
    """
    return await request.app[keys.SCHEDULES].run_now(schedule_id)


@endpoints.get("/{schedule_id}/runs", errors=(NotFound,))
async def list_schedule_runs(
    request: web.Request, schedule_id: str, query: ScheduleRunQuery
) -> Page[ScheduleRun]:
    """List the runs of a schedule.

    One for each slot that has come, whatever became of it, newest first.
    """
    return await request.app[keys.SCHEDULES].runs_of(schedule_id, query)


@endpoints.get("/{schedule_id}/explain", errors=(NotFound,))
async def explain_schedule(request: web.Request, schedule_id: str, query: ExplainQuery) -> Explanation:
    """Explain a time of a schedule.

    Why it ran in a minute, or did not.
    """
    return await request.app[keys.SCHEDULES].explain(schedule_id, query)
