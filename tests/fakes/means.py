"""What tools work with, on a database and folders of their own, without a server around it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cowork_desktop.agent.schedule_desk import Also, Timing
from cowork_desktop.agent.tools.means import Means
from cowork_desktop.agent.tools.tool import Demand, Outcome, Tool, ToolContext
from cowork_desktop.clock import Clock, SystemClock
from cowork_desktop.connectors.connectors import Connectors
from cowork_desktop.ids import Ids
from cowork_desktop.kernels.cell_runs import CellRuns
from cowork_desktop.kernels.pool import Kernels
from cowork_desktop.notifications import Notifications
from cowork_desktop.schemas.base import Spooled
from cowork_desktop.schemas.conversations import ConversationCreate
from cowork_desktop.schemas.files import FileForm
from cowork_desktop.schemas.projects import ProjectCreate
from cowork_desktop.schemas.schedules import Schedule, ScheduleCreate, SchedulePatch
from cowork_desktop.schemas.settings import KernelSettings
from cowork_desktop.store import changes, conversations, files, projects, turns
from cowork_desktop.store import texts as stored_texts
from cowork_desktop.store.changes import NotedChange
from cowork_desktop.store.database import Database
from cowork_desktop.store.search_index import SearchIndex
from cowork_desktop.tasks import Tasks
from cowork_desktop.web.pages import Pages
from cowork_desktop.workspace.artifacts import Artifacts
from cowork_desktop.workspace.contents import Contents
from cowork_desktop.workspace.deletion import Deletion
from cowork_desktop.workspace.extraction.types import can_extract
from cowork_desktop.workspace.page_texts import PageTexts
from cowork_desktop.workspace.paths import ProjectFolders
from cowork_desktop.workspace.project_files import ProjectFiles
from cowork_desktop.workspace.promotion import Promotion
from cowork_desktop.workspace.sniff import sniff
from cowork_desktop.workspace.texts import Texts
from tests.fakes.secrets import MemorySecrets


@dataclass(frozen=True)
class Desk:
    """The means, and a turn in progress of a conversation in the project General."""

    db: Database
    means: Means
    data: Path
    """The data folder."""
    project_id: str
    """General's."""
    conversation_id: str
    response_id: str
    folders: ProjectFolders
    texts: Texts
    deletion: Deletion
    tasks: Tasks

    @property
    def work(self) -> Path:
        """General's working folder."""
        return self.folders.work(self.project_id)

    def context(self, **fields: Any) -> ToolContext:
        """What a call of that turn gets; `fields` in the place of what it has."""
        given: dict[str, Any] = {
            "db": self.db,
            "means": self.means,
            "conversation_id": self.conversation_id,
            "response_id": self.response_id,
            "project_id": self.project_id,
        }
        return ToolContext(**(given | fields))

    async def call(self, tool: Tool[Any], arguments: dict[str, Any], **fields: Any) -> Outcome:
        """The outcome of a call, as the loop makes one; raises ToolFailed."""
        context = self.context(**fields)
        checked = tool.check(arguments)
        await self.demand(tool, arguments, **fields)
        outcome = await tool.run(context, checked)
        return Outcome(outcome) if isinstance(outcome, str) else outcome

    async def demand(self, tool: Tool[Any], arguments: dict[str, Any], **fields: Any) -> Demand:
        demand = tool.demand(self.context(**fields), tool.check(arguments))
        return demand if isinstance(demand, Demand) else await demand

    async def new_project(self, name: str = "Herons") -> str:
        id = self.means.ids.new("proj")
        await self.db.write(projects.create, id, self.means.clock.now(), ProjectCreate(name=name))
        return id

    async def new_conversation(self, project_id: str | None = None) -> str:
        id = self.means.ids.new("conv")
        body = ConversationCreate(project_id=project_id)
        await self.db.write(conversations.create, id, self.means.clock.now(), body)
        return id

    async def new_turn(self, conversation_id: str, input: str = "Do it.") -> str:
        id = self.means.ids.new("resp")

        await self.db.write(
            lambda tx: turns.create(
                tx,
                id=id,
                conversation_id=conversation_id,
                input=input,
                model="offline",
                provider="offline",
                now=self.means.clock.now(),
            )
        )
        return id

    async def upload(
        self,
        name: str,
        content: bytes,
        *,
        project_id: str | None = None,
        conversation_id: str | None = None,
        is_read: bool = True,
    ) -> str:
        """The id of a file that was uploaded to the conversation, or where it is said; its text is read,
        unless told otherwise."""
        if project_id is None and conversation_id is None:
            conversation_id = self.conversation_id
        id, spooled = self.means.ids.new("file"), await asyncio.to_thread(self._spool, name, content)
        kind = await asyncio.to_thread(sniff, spooled.place, name)
        form = FileForm.model_construct(file=spooled, project_id=project_id, conversation_id=conversation_id)

        await self.means.contents.adopt(
            {spooled.sha256: spooled.place},
            lambda: self.db.write(
                files.create, id, self.means.clock.now(), form, spooled, kind, has_text=can_extract(kind)
            ),
        )
        if can_extract(kind) and is_read:
            await self.read_text(id)
        return id

    async def read_text(self, file_id: str) -> None:
        """Have the text of a file read, to its end."""
        self.texts.start(file_id)
        while await self.db.read(stored_texts.is_to_do, file_id):
            await asyncio.sleep(0.01)

    async def changes(self, response_id: str | None = None) -> list[NotedChange]:
        """What the turn changed, in that order."""
        noted = await self.db.read(changes.of_turn, response_id or self.response_id)
        return noted[::-1]

    def _spool(self, name: str, content: bytes) -> Spooled:
        digest = hashlib.sha256(content).hexdigest()
        place = self.means.contents.incoming / f"upload_{digest}"
        place.write_bytes(content)
        return Spooled(name=name, place=place, size=len(content), sha256=digest)


@asynccontextmanager
async def means(tmp_path: Path, *, clock: Clock | None = None) -> AsyncIterator[Desk]:
    """A desk on an empty data folder below `tmp_path`; a kernel starts when a cell is run, and no other."""
    data, clock, tasks = tmp_path / "data", clock or SystemClock(), Tasks()
    await asyncio.to_thread(data.mkdir, exist_ok=True)
    async with Database.open(data / "cowork.db") as db:
        ids, folders = Ids(clock), ProjectFolders(data / "projects")
        project_id = ids.new("proj")
        await db.write(projects.create_general, project_id, clock.now())
        kernels = Kernels(data / "kernels", _kernel_settings, clock, tasks)
        contents = Contents(db, data / "contents")
        await asyncio.to_thread(contents.clear_incoming)
        texts = Texts(db, contents, tasks)
        artifacts = Artifacts(db, folders, contents, texts, clock, ids)
        project_files = ProjectFiles(db, folders, contents)
        cell_runs = CellRuns(db, kernels, _kernel_settings, folders.work, clock, ids, tasks)
        connectors = Connectors.over(
            db,
            MemorySecrets(),
            data / "connectors",
            "http://localhost:26866",
            Notifications("inst_0"),
            clock,
            ids,
            tasks,
        )
        given = Means(
            clock=clock,
            ids=ids,
            cell_runs=cell_runs,
            artifacts=artifacts,
            promotion=Promotion(db, artifacts, clock),
            contents=contents,
            project_files=project_files,
            search_index=SearchIndex(db, clock),
            pages=Pages(PageTexts(contents.incoming).read),
            schedules=NoSchedules(),
            connections=connectors.in_reach,
        )
        deletion = Deletion(db, folders, contents, texts, artifacts, project_files, tasks)
        bare = Desk(db, given, data, project_id, "", "", folders, texts, deletion, tasks)
        conversation_id = await bare.new_conversation()
        response_id = await bare.new_turn(conversation_id)
        try:
            yield Desk(
                db, given, data, project_id, conversation_id, response_id, folders, texts, deletion, tasks
            )
        finally:
            await asyncio.gather(cell_runs.close(), texts.close())
            await tasks.close()
            await connectors.close()


class NoSchedules:
    """A desk that nobody comes to: tools of schedules are tried on a whole server."""

    async def create(self, body: ScheduleCreate, also: Also | None = None) -> Schedule:
        raise AssertionError("No schedule is made here.")

    async def patch(self, id: str, body: SchedulePatch, also: Also | None = None) -> Schedule:
        raise AssertionError("No schedule is changed here.")

    async def delete(self, id: str, also: Also | None = None) -> None:
        raise AssertionError("No schedule is deleted here.")

    async def timing(self, cron: str, timezone: str, count: int) -> Timing:
        raise AssertionError("No schedule is asked about here.")


def _kernel_settings() -> KernelSettings:
    return KernelSettings(spare=False)
