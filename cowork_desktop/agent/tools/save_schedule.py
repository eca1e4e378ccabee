"""The tool that makes and changes schedules."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from cowork_desktop.agent.schedule_desk import Timing, definition
from cowork_desktop.agent.tools.remember import shortened
from cowork_desktop.agent.tools.secrets_in_text import refuse_secrets
from cowork_desktop.agent.tools.tool import Arguments, Demand, Outcome, Tool, ToolContext, ToolFailed, bounded
from cowork_desktop.errors import InvalidRequest, NotFound
from cowork_desktop.schemas.base import VISIBLE
from cowork_desktop.schemas.conversations import ScheduleLink
from cowork_desktop.schemas.schedules import Schedule, ScheduleCreate, SchedulePatch
from cowork_desktop.store import changes, schedules
from cowork_desktop.store.changes import Change
from cowork_desktop.store.database import Tx
from cowork_desktop.tasks import wholly

_LONGEST = 2_000
"""Characters of a prompt; the user is shown all that the agent has written."""
_NEXT_TIMES = 3
_NEEDED = ("cron", "timezone", "prompt")
_CHANGEABLE = {*_NEEDED, "status"}
_NOT_STORED = (
    "Such things are not put into a schedule: each of its runs would send them to the model. Say where the"
    " user keeps it instead."
)


class SaveSchedule(Arguments):
    schedule_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="The schedule to change, as list_schedules gives it: sched_.... Left out, a new one is"
        " made, which needs cron, timezone and prompt.",
    )
    cron: str | None = Field(
        default=None,
        max_length=500,
        description="Minute, hour, day of the month, month and weekday, by the clocks of the timezone. At"
        " 09:00 from Monday to Friday: `0 9 * * mon-fri`.",
    )
    timezone: str | None = Field(
        default=None,
        max_length=100,
        description="The user's own, by its IANA name, such as Europe/Berlin. If you do not know it, ask: the"
        " offset from UTC that you are told with the date does not tell which one it is.",
    )
    prompt: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_LONGEST), VISIBLE]
        | None
    ) = Field(
        default=None,
        description=(
            "The task that each run is given, at most 2,000 characters, in words that can be understood"
            " without this conversation. To change one, give the whole of the new one."
        ),
    )
    status: Literal["active", "paused"] | None = Field(
        default=None, description="paused: nothing runs until it is active again. A new one is active."
    )
    in_this_conversation: bool = Field(
        default=False,
        description="Of a new one. true: each run goes on with this conversation. false: each run begins a"
        " conversation of its own.",
    )


@dataclass(frozen=True)
class _Planned:
    """What stands now, None where nothing does, and what will stand after the call."""

    before: Schedule | None
    given: dict[str, Any]
    timezone: str
    prompt: str
    timing: Timing


async def _demand(context: ToolContext, arguments: SaveSchedule) -> Demand:
    planned = await _planned(context, arguments)
    where = "" if planned.before else f", each run in {_where(arguments.in_this_conversation)}"
    when = f"{planned.timing.words} ({planned.timezone}){where}"
    summary = f"{_what(planned)}: {when}: {bounded(planned.prompt, _LONGEST)}"
    return Demand("lasting", summary=summary)


async def _run(context: ToolContext, arguments: SaveSchedule) -> Outcome:
    planned = await _planned(context, arguments)
    # Who is cancelled in between would leave a schedule that nobody was told of.
    schedule = await wholly(_save(context, arguments, planned))
    return Outcome(_told(schedule, planned.timing), links=[ScheduleLink(schedule_id=schedule.id)])


async def _planned(context: ToolContext, arguments: SaveSchedule) -> _Planned:
    """Raises ToolFailed for what cannot be done."""
    if arguments.prompt is not None:
        refuse_secrets(arguments.prompt, _NOT_STORED)
    given = arguments.model_dump(include=_CHANGEABLE, exclude_none=True)
    before = await _to_change(context, arguments)
    _check(arguments, given)
    after = {**(definition(before) if before else {}), **given}
    try:
        timing = await context.means.schedules.timing(after["cron"], after["timezone"], _NEXT_TIMES)
    except InvalidRequest as error:
        raise ToolFailed(error.details[0]["message"]) from error
    return _Planned(before, given, after["timezone"], after["prompt"], timing)


async def _to_change(context: ToolContext, arguments: SaveSchedule) -> Schedule | None:
    """One of this project's: those of others are none of its business."""
    id = arguments.schedule_id
    if id is None:
        return None
    try:
        schedule = await context.db.read(schedules.get, id)
    except NotFound:
        schedule = None
    if schedule is None or schedule.project_id != context.project_id:
        raise ToolFailed(
            f"There is no schedule {id} in this project; list_schedules has those that there are."
        )
    return schedule


def _check(arguments: SaveSchedule, given: dict[str, Any]) -> None:
    if arguments.schedule_id is None:
        if missing := [name for name in _NEEDED if name not in given]:
            raise ToolFailed(f"A new schedule needs {' and '.join(missing)} too.")
        if arguments.status == "paused":
            raise ToolFailed("A new schedule is active. Leave the status out.")
        return
    if arguments.in_this_conversation:
        raise ToolFailed(
            "Where the runs of a schedule go cannot be changed here. Make a new one and pause this one, or"
            " tell the user."
        )
    if not given:
        raise ToolFailed("Say what is to change: cron, timezone, prompt or status.")


async def _save(context: ToolContext, arguments: SaveSchedule, planned: _Planned) -> Schedule:
    desk, note = context.means.schedules, partial(_note, context)
    if planned.before:
        return await desk.patch(planned.before.id, SchedulePatch(**planned.given), note)
    goes_on_with = context.conversation_id if arguments.in_this_conversation else None
    new = {name: planned.given[name] for name in _NEEDED}
    body = ScheduleCreate(project_id=context.project_id, conversation_id=goes_on_with, **new)
    return await desk.create(body, note)


def _note(context: ToolContext, tx: Tx, before: Schedule | None, after: Schedule | None) -> None:
    assert after
    was, now = definition(before) if before else None, definition(after)
    if was != now:
        change = Change("schedule", context.project_id, after.id, shortened(after.prompt), was, now)
        changes.note(tx, context.response_id, context.content_index, change)


def _what(planned: _Planned) -> str:
    """What would be done, for the user."""
    if planned.before is None:
        return "Make a schedule"
    status = {"active": "resume", "paused": "pause"}.get(planned.given.get("status", ""))
    if planned.given.keys() == {"status"}:
        return f"{status} the schedule {planned.before.id}".capitalize()
    return f"Change{f' and {status}' if status else ''} the schedule {planned.before.id}"


def _told(schedule: Schedule, timing: Timing) -> str:
    where = _where(schedule.conversation_id is not None)
    lines = [
        f"Saved as {schedule.id}: {timing.words} ({schedule.cron}, {schedule.timezone}), each run in {where}."
    ]
    if schedule.status == "paused":
        return f"{lines[0]}\nIt is paused: nothing runs until it is active again."
    notes = [f"  {slot.note}" if slot.note else "" for slot in timing.next_runs]
    times = [timing.shown(slot.at) for slot in timing.next_runs]
    return "\n".join(
        [*lines, "It runs next:", *(f"- {at}{note}" for at, note in zip(times, notes, strict=True))]
    )


def _where(is_in_conversation: bool) -> str:
    return "this conversation" if is_in_conversation else "a new conversation"


TOOL = Tool(
    name="save_schedule",
    description=(
        "Make a schedule of this project, which gives the agent a task at the times of a cron expression, or"
        " change or pause one. Use it when the user wants something done again and again, or at a later time."
        " You cannot delete one: pause it, and the user can delete it. Returns its id, the cron expression in"
        " words and the next three times: tell the user these, for them to see whether they meant that."
    ),
    input=SaveSchedule,
    run=_run,
    demand=_demand,
    is_offered=lambda situation: not situation.is_subtask and not situation.is_unattended,
)
