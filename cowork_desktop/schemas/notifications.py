"""What the windows and the desktop shell are told of, whatever they show, on the wire."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from cowork_desktop.schemas.approvals import Approval
from cowork_desktop.schemas.base import Pattern, Query, Schema
from cowork_desktop.schemas.connectors import Connection
from cowork_desktop.schemas.responses import TurnError
from cowork_desktop.schemas.schedules import Schedule, ScheduleRun

Resource = Literal["conversation", "project", "artifact", "file", "memory", "skill", "scratchpad", "settings"]
ResourceChange = Literal["created", "updated", "deleted"]

EVENT_ID = r"^inst_[0-9a-f]{20}:(-1|[0-9]{1,15})$"
"""Which run of the server it is of, and its `sequence_number`."""


class Notification(Schema):
    sequence_number: int
    """From 0 for each start of the server, without gaps; also the `id` of the server-sent event, behind the
    instance's: `inst_...:0`."""


class StreamOpened(Notification):
    """The first event of a stream. It takes no number of its own: its `sequence_number` is one less than the
    next event's, -1 before the first."""

    type: Literal["stream.opened"] = "stream.opened"
    instance_id: str
    """Which run of the server this is."""
    is_complete: bool
    """False: events after the one that the reader has (`after`, `Last-Event-ID`) are not kept any more, or
    were of another run of the server. All that is kept follows; what is shown is to be fetched anew."""


class RunStarted(Notification):
    type: Literal["schedule.run.started"] = "schedule.run.started"
    run: ScheduleRun


class RunFinished(Notification):
    """A run succeeded or failed."""

    type: Literal["schedule.run.finished"] = "schedule.run.finished"
    run: ScheduleRun


class RunSkipped(Notification):
    type: Literal["schedule.run.skipped"] = "schedule.run.skipped"
    run: ScheduleRun


class RunMissed(Notification):
    """Slots were missed: one event for all of an outage."""

    type: Literal["schedule.run.missed"] = "schedule.run.missed"
    run: ScheduleRun
    """The newest of them."""
    slots: int
    """How many there were."""


class SchedulePaused(Notification):
    """Cowork has paused a schedule by itself: `schedule.pause_reason`."""

    type: Literal["schedule.paused"] = "schedule.paused"
    schedule: Schedule


class ScheduleChanged(Notification):
    """A schedule was made, changed or deleted."""

    type: Literal["schedule.changed"] = "schedule.changed"
    schedule_id: str
    project_id: str


class ApprovalChanged(Notification):
    """The user is asked for something, or that is settled: `approval.status`."""

    type: Literal["approval.changed"] = "approval.changed"
    approval: Approval


class ConnectionChanged(Notification):
    """A connection was made or changed, or a test of it has ended."""

    type: Literal["connection.changed"] = "connection.changed"
    connection: Connection


class ConnectionDeleted(Notification):
    type: Literal["connection.deleted"] = "connection.deleted"
    connection_id: str


class TurnStarted(Notification):
    """A turn runs, also one that goes on after a restart of the server. Sub-tasks are not told of."""

    type: Literal["turn.started"] = "turn.started"
    response_id: str
    conversation_id: str


class TurnEnded(Notification):
    """A turn has ended, and is stored as it ended."""

    type: Literal["turn.ended"] = "turn.ended"
    response_id: str
    conversation_id: str
    status: Literal["completed", "failed"]
    error: TurnError | None
    """Why it failed; `cancelled` where somebody wanted its end."""


class ResourceChanged(Notification):
    """Something that windows show was made, changed or deleted, by whomever: it is to be fetched anew.

    Of a conversation also activity in it, of a file each `text_status`, of a scratchpad its cells and the
    begin and end of each run, but not what cells put out. What goes with something that is deleted is told
    of too.
    """

    type: Literal["resource.changed"] = "resource.changed"
    resource: Resource
    id: str | None
    """Null: the settings; of another resource, many at the same time."""
    project_id: str | None
    """What it belongs to; of a project its own id. Null as well where there are many, of several."""
    conversation_id: str | None
    """Of a conversation its own id."""
    change: ResourceChange


ServerEvent = TypeAliasType(
    "ServerEvent",
    Annotated[
        StreamOpened
        | RunStarted
        | RunFinished
        | RunSkipped
        | RunMissed
        | SchedulePaused
        | ScheduleChanged
        | ApprovalChanged
        | ConnectionChanged
        | ConnectionDeleted
        | TurnStarted
        | TurnEnded
        | ResourceChanged,
        Field(discriminator="type"),
    ],
)


class NotificationsQuery(Query):
    after: Annotated[str, Pattern(EVENT_ID, "String should be the id of an event")] | None = None
    """The `id` of the last event that the reader has: all later ones follow. Absent: those from now on. The
    `Last-Event-ID` header means the same and goes before it, as a browser that connects again sends it to the
    same address."""
