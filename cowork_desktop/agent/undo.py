"""Takes back what a turn and its sub-tasks changed."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any, Literal

from cowork_desktop.agent.schedule_desk import ScheduleDesk, definition
from cowork_desktop.clock import Clock
from cowork_desktop.errors import Conflict, CoworkError, NotFound
from cowork_desktop.ids import Ids
from cowork_desktop.schemas.memories import MemoryPatch
from cowork_desktop.schemas.schedules import Schedule, SchedulePatch
from cowork_desktop.schemas.undo import ChangeLeft, ChangeView, Undone
from cowork_desktop.store import artifacts, changes, memories, turns
from cowork_desktop.store.changes import Change, NotedChange
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.tasks import wholly
from cowork_desktop.workspace.artifacts import Artifacts
from cowork_desktop.workspace.deletion import Deletion
from cowork_desktop.workspace.project_files import ProjectFiles

logger = logging.getLogger(__name__)

CHANGED_SINCE = "It has been changed since."
CHANGED_BETWEEN = "Somebody else has changed it between two changes of the turn."
DELETED_BY_TURN = "The turn deleted it, and an artifact that is deleted cannot be made again."
DELETED_SINCE = "It has been deleted since."
_INTERNAL = "Something went wrong inside the server; its log has the details."

_OF_SCHEDULE = ("cron", "timezone", "prompt", "status")
"""What a turn can change of a schedule."""

_Thing = tuple[str, str, str]
"""Kind, project and reference of what can be changed: several changes may be of one thing."""


class Left(Exception):
    """This change stays, for the reason that is told."""


class Undo:
    """Only what still is as the turn left it is taken back: nothing that came after is lost."""

    def __init__(
        self,
        db: Database,
        artifacts: Artifacts,
        deletion: Deletion,
        project_files: ProjectFiles,
        schedules: ScheduleDesk,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._db, self._artifacts, self._deletion, self._project_files = (
            db,
            artifacts,
            deletion,
            project_files,
        )
        self._schedules, self._clock, self._ids = schedules, clock, ids
        self._one_at_a_time = asyncio.Lock()

    async def undo(self, response_id: str) -> Undone:
        """Take back what was not before, the newest change first. Raises NotFound, and Conflict while the
        turn or a sub-task of it runs."""
        return await wholly(self._undo(response_id))

    async def _undo(self, response_id: str) -> Undone:
        async with self._one_at_a_time:
            things: dict[_Thing, list[NotedChange]] = {}
            found = await self._db.read(_to_undo, response_id)
            for noted in found:
                things.setdefault(_thing(noted.change), []).append(noted)
            left: dict[_Thing, str] = {}
            for noted in found:
                thing = _thing(noted.change)
                # What was there before a change that stays is not what the thing is now.
                if thing not in left and (reason := await self._reason_to_leave(noted, things[thing])):
                    left[thing] = reason
        views = {thing: _view(of_thing) for thing, of_thing in things.items()}
        return Undone(
            response_id=response_id,
            undone=[view for thing, view in views.items() if thing not in left],
            left=[ChangeLeft(**vars(views[thing]), reason=reason) for thing, reason in left.items()],
        )

    async def _reason_to_leave(self, noted: NotedChange, of_thing: Sequence[NotedChange]) -> str | None:
        """Take one change back; where that cannot be done, why."""
        try:
            await self._take_back(noted, of_thing)
        except Left as reason:
            return str(reason)
        except CoworkError as error:
            return error.message
        except Exception:
            logger.exception("A change of %s cannot be undone", noted.turn_id)
            return _INTERNAL
        return None

    async def _take_back(self, noted: NotedChange, of_thing: Sequence[NotedChange]) -> None:
        match noted.change.kind:
            case "memory":
                await self._db.write(_undo_memory, noted, self._clock.now())
            case "file":
                if reason := await self._project_files.undo(noted):
                    raise Left(reason)
                await self._db.write(_note_undone, [noted], self._clock.now())
            case "artifact" if noted is of_thing[0]:
                await self._undo_artifact(of_thing)
            case "schedule" if noted is of_thing[0]:
                await self._undo_schedule(of_thing)

    async def _undo_artifact(self, of_thing: Sequence[NotedChange]) -> None:
        """All versions that the turn made of it at once: what stood before the first comes back."""
        change, before = _as_one(of_thing)
        if before is None:
            with suppress(NotFound):  # one that is gone already is as it was before
                version = await self._unchanged(change)
                await self._db.write(_delete_artifact, change.ref, version, self._clock.now())
                self._deletion.start()
        elif change.after is None:
            raise Left(DELETED_BY_TURN)
        else:
            await self._unchanged(change)
            await self._artifacts.restore(change.ref, before["version"])
        await self._db.write(_note_undone, of_thing, self._clock.now())

    async def _undo_schedule(self, of_thing: Sequence[NotedChange]) -> None:
        """All changes of it at once, as a user would make them."""
        change, before = _as_one(of_thing)

        def also(tx: Tx, standing: Schedule | None, after: Schedule | None) -> None:
            if standing is None or definition(standing) != change.after:
                raise Left(CHANGED_SINCE)
            _note_undone(tx, of_thing, self._clock.now())

        try:
            if before is None:
                await self._schedules.delete(change.ref, also)
                self._deletion.start()
            else:
                given = {name: before[name] for name in _OF_SCHEDULE}
                await self._schedules.patch(change.ref, SchedulePatch(**given), also)
        except NotFound as error:
            if before is not None:
                raise Left(DELETED_SINCE) from error
            await self._db.write(_note_undone, of_thing, self._clock.now())

    async def _unchanged(self, change: Change) -> int:
        """The artifact's newest version, which is equal to the turn's, as its folder is. Raises Left where
        one of them is not, and NotFound."""
        artifact, files = await self._artifacts.newest(change.ref)
        if change.after is None:
            raise Left(CHANGED_SINCE)
        try:
            then = await self._db.read(artifacts.version_of, change.ref, change.after["version"])
        except NotFound as error:  # it is too old to be kept
            raise Left(CHANGED_SINCE) from error
        now = await asyncio.to_thread(_digests, files)
        if (artifact.title, now) != (then.title, {file.path: file.sha256 for file in then.files}):
            raise Left(CHANGED_SINCE)
        return artifact.version


def _to_undo(tx: Tx, response_id: str) -> list[NotedChange]:
    turns.get(tx, response_id)
    for running in turns.in_progress(tx):
        if response_id in _line_of(tx, running.id):
            raise Conflict(
                "The turn, or a sub-task of it, still runs. Wait for its end, or cancel it.",
                details=[{"response_id": running.id}],
            )
    return [noted for noted in changes.of_turn(tx, response_id) if not noted.is_undone]


def _line_of(tx: Tx, id: str) -> list[str]:
    """The turn, the one whose sub-task it is, and so on."""
    line = [id]
    while parent := turns.parent_of(tx, line[-1]):
        line.append(parent[0])
    return line


def _as_one(of_thing: Sequence[NotedChange]) -> tuple[Change, Any]:
    """The newest change of a thing, and what stood before the first one. Raises Left where somebody else
    has changed it in between."""
    if any(newer.change.before != older.change.after for newer, older in pairwise(of_thing)):
        raise Left(CHANGED_BETWEEN)
    return of_thing[0].change, of_thing[-1].change.before


def _undo_memory(tx: Tx, noted: NotedChange, now: int) -> None:
    change = noted.change
    standing = next(iter(memories.those(tx, [change.ref])), None)
    if standing and (change.after is None or standing.content != change.after["content"]):
        raise Left(CHANGED_SINCE)
    if standing is None and change.before is not None and change.after is not None:
        raise Left(DELETED_SINCE)
    if change.before is None and standing:
        memories.delete(tx, change.ref)
    elif change.before is not None and standing:
        memories.patch(tx, change.ref, now, MemoryPatch(content=change.before["content"]))
    elif change.before is not None:
        source = change.before.get("source", "agent")
        memories.remember(tx, change.ref, now, change.before["content"], change.before["project_id"], source)
    _note_undone(tx, [noted], now)


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}


def _delete_artifact(tx: Tx, id: str, version: int, now: int) -> None:
    if artifacts.get(tx, id).version != version:
        raise Left(CHANGED_SINCE)
    artifacts.delete(tx, id, now)


def _note_undone(tx: Tx, undone: Sequence[NotedChange], now: int) -> None:
    for noted in undone:
        changes.note_undone(tx, noted.turn_id, noted.n, now)


def _thing(change: Change) -> _Thing:
    return change.kind, change.project_id, change.ref


def _view(of_thing: Sequence[NotedChange]) -> ChangeView:
    """What the changes of one thing, the newest first, come to."""
    newest, oldest = of_thing[0].change, of_thing[-1].change
    what: Literal["created", "changed", "deleted"] = "changed"
    if oldest.before is None:
        what = "created"
    elif newest.after is None:
        what = "deleted"
    return ChangeView(
        kind=newest.kind, ref=newest.ref, name=newest.name, project_id=newest.project_id, what=what
    )
