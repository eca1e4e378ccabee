"""The tool that lists the schedules of the conversation's project."""

from collections.abc import Callable

from pydantic import Field

from cowork_desktop.agent.tools.paging import that_fit
from cowork_desktop.agent.tools.tool import Arguments, Outcome, Tool, ToolContext, bounded
from cowork_desktop.errors import InvalidRequest
from cowork_desktop.schemas.conversations import ScheduleLink
from cowork_desktop.schemas.schedules import Schedule, ScheduleRun
from cowork_desktop.store import schedule_runs, schedules
from cowork_desktop.store.database import Tx

_MOST = 100
_LONGEST = 2_000
"""Of one prompt; the agent's own are no longer."""
_LONGEST_REASON = 500

_Found = tuple[Schedule, ScheduleRun | None]


class ListSchedules(Arguments):
    offset: int = Field(default=0, ge=0, description="How many to leave out, to read on.")


async def _run(context: ToolContext, arguments: ListSchedules) -> Outcome:
    found, total = await context.db.scan(_found, context.project_id, arguments.offset)
    if not found:
        return Outcome(f"There are no more: {total:,} in all." if total else "There are no schedules.")
    lines = that_fit([await _told(context, schedule, run) for schedule, run in found])
    end = arguments.offset + len(lines)
    onward = f"; go on with offset={end}" if end < total else ""
    note = f"[schedules {arguments.offset + 1:,}-{end:,} of {total:,}{onward}]"
    links = [ScheduleLink(schedule_id=schedule.id) for schedule, _ in found[: len(lines)]]
    return Outcome("\n".join([*lines, note]), links=links)


def _found(tx: Tx, project_id: str, offset: int) -> tuple[list[_Found], int]:
    """Each with the newest row of its history."""
    found, total = schedules.of_project(tx, project_id, _MOST, offset)
    return [(schedule, schedule_runs.newest(tx, schedule.id)) for schedule in found], total


async def _told(context: ToolContext, schedule: Schedule, run: ScheduleRun | None) -> str:
    shown: Callable[[str], str] = str
    try:
        timing = await context.means.schedules.timing(schedule.cron, schedule.timezone, 0)
    except InvalidRequest as error:  # an update of the zones has taken its own
        words = str(error.details[0]["message"])
    else:
        words, shown = timing.words, timing.shown
    status = f"paused: {schedule.pause_reason}" if schedule.pause_reason else schedule.status
    about = [
        f"{words} ({schedule.cron}, {schedule.timezone})",
        f"each run in {_where(schedule, context.conversation_id)}",
        f"next: {shown(schedule.next_run_at)}" if schedule.next_run_at else "next: none",
        f"last: {shown(run.scheduled_for)}, {_outcome(run)}" if run else "last: none",
    ]
    prompt = bounded(schedule.prompt.strip(), _LONGEST).replace("\n", "\n  ")
    return f"- {schedule.id} ({status}): {'; '.join(about)}\n  {prompt}"


def _where(schedule: Schedule, conversation_id: str) -> str:
    if schedule.conversation_id is None:
        return "a new conversation"
    is_here = schedule.conversation_id == conversation_id
    return "this conversation" if is_here else f"the conversation {schedule.conversation_id}"


def _outcome(run: ScheduleRun) -> str:
    return f"{run.status}: {bounded(run.error.message, _LONGEST_REASON)}" if run.error else run.status


TOOL = Tool(
    name="list_schedules",
    description=(
        "List the schedules of this project, newest first. Use it before you change one, or where the user"
        " asks what runs when. Returns for each its id, whether it is active or why it is paused, its cron"
        " expression in words and as it is, its timezone, the next and the last time with what came of it,"
        " and the prompt."
    ),
    input=ListSchedules,
    run=_run,
    is_offered=lambda situation: situation.has_schedules,
    is_basic=True,
)
