"""Writes all of a project as an archive that people can read without Cowork."""

import json
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from cowork_desktop.errors import Conflict, StorageFull
from cowork_desktop.schemas.artifacts import Artifact, ArtifactQuery
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.conversations import ConversationQuery
from cowork_desktop.schemas.files import FileQuery
from cowork_desktop.schemas.memories import MemoryQuery
from cowork_desktop.schemas.schedules import ScheduleQuery, ScheduleRun, ScheduleRunQuery
from cowork_desktop.store import (
    artifacts,
    backup,
    conversations,
    files,
    items,
    memories,
    projects,
    schedule_runs,
    schedules,
    scratchpads,
)
from cowork_desktop.store.database import Tx
from cowork_desktop.tasks import Stop, Stopped
from cowork_desktop.workspace import exports
from cowork_desktop.workspace.archives import is_large
from cowork_desktop.workspace.artifact_folder import regular_files
from cowork_desktop.workspace.artifacts import Artifacts
from cowork_desktop.workspace.contents import Contents
from cowork_desktop.workspace.copying import ALL, open_regular, pour
from cowork_desktop.workspace.file_names import FreeNames

Object = dict[str, Any]
Q = TypeVar("Q", ConversationQuery, FileQuery, MemoryQuery, ArtifactQuery, ScheduleQuery, ScheduleRunQuery)
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Sources:
    """Where a project's contents come from."""

    database: Path
    contents: Contents
    artifacts: Artifacts
    stop: Stop


def write_project(target: Path, project_id: str, sources: Sources) -> None:
    """Write the archive, as the project is at one moment. Raises NotFound, Conflict and StorageFull."""
    try:
        with (
            backup.reading(sources.database) as tx,
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            _Export(archive, tx, project_id, sources).write()
    except Stopped as error:
        raise Conflict("The server ends; the export was not finished.") from error
    except OSError as error:
        raise StorageFull(f"The export cannot be written: {error.strerror or error}.") from error


class _Export:
    """Reads row by row and writes file by file: nothing of it is ever in memory as a whole."""

    def __init__(self, archive: zipfile.ZipFile, tx: Tx, project_id: str, sources: Sources) -> None:
        self._archive, self._tx, self._id, self._sources = archive, tx, project_id, sources
        self._names = FreeNames()
        self._places: dict[str, str] = {}
        self._now = max(time.gmtime()[:6], _EPOCH)

    def write(self) -> None:
        project = projects.get(self._tx, self._id)
        for conversation in self._conversations():
            self._write_transcript(conversation)
            for id in scratchpads.of_conversations(self._tx, [conversation["id"]]):
                self._write_scratchpad(id)
        for file in self._files():
            self._write_file(file)
        for artifact in _each(artifacts.list_, self._tx, ArtifactQuery(project_id=self._id)):
            self._write_artifact(Artifact.model_validate(artifact))
        with self._member("project.json") as sink:
            sink.write(b'{"project": ' + project.model_dump_json().encode())
            _write_list(sink, "memories", _each(memories.list_, self._tx, MemoryQuery(project_id=self._id)))
            _write_list(sink, "files", self._files())
            _write_list(
                sink, "artifacts", _each(artifacts.list_, self._tx, ArtifactQuery(project_id=self._id))
            )
            self._write_schedules(sink)
            self._write_conversations(sink)
            sink.write(b',\n"places": ' + _json(self._places) + b"}\n")

    def _conversations(self) -> Iterator[Object]:
        return _each(conversations.list_, self._tx, ConversationQuery(project_id=self._id))

    def _files(self) -> Iterator[Object]:
        """The project's, and those that belong to one of its conversations alone."""
        yield from _each(files.list_, self._tx, FileQuery(project_id=self._id))
        for conversation in self._conversations():
            for file in _each(files.list_, self._tx, FileQuery(conversation_id=conversation["id"])):
                if file["project_id"] is None:
                    yield file

    def _items(self, conversation: Object) -> Iterator[str]:
        for item in items.each(self._tx, conversation["id"]):
            self._sources.stop.check()
            yield item

    def _write_transcript(self, conversation: Object) -> None:
        title = " ".join((conversation["title"] or "Untitled").split())
        name = f"{title[:100]}-{conversation['id'][-8:]}.md"
        with self._member(self._take(conversation["id"], "conversations", name)) as sink:
            sink.write(f"# {title}\n".encode())
            if conversation["goal"]:
                sink.write(f"\nGoal: {conversation['goal']}\n".encode())
            for text in self._items(conversation):
                item = json.loads(text)
                head = (
                    f"\n## {item['role'].capitalize()}, {item['created_at'][:19].replace('T', ' ')} UTC\n\n"
                )
                sink.write(f"{head}{item['content'] or '(no text)'}\n".encode())

    def _write_scratchpad(self, id: str) -> None:
        gathered = exports.gather(self._tx, id)
        name = exports.file_name(gathered.pad.title, "ipynb")
        with self._member(self._take(id, "scratchpads", name)) as sink:
            sink.write(exports.write(gathered, "ipynb"))

    def _write_file(self, file: Object) -> None:
        self._copy(
            self._sources.contents.place(file["sha256"]),
            lambda: self._take(file["id"], "files", file["name"]),
        )

    def _write_artifact(self, artifact: Artifact) -> None:
        folder = self._sources.artifacts.folder(artifact)
        name = self._take(artifact.id, "artifacts", folder.name)
        for path, place in regular_files(folder):
            self._copy(place, lambda path=path: f"{name}/{path}")  # type: ignore[misc]

    def _write_conversations(self, sink: BinaryIO) -> None:
        sink.write(b',\n"conversations": [')
        for n, conversation in enumerate(self._conversations()):
            sink.write((b",\n" if n else b"\n") + _json(conversation)[:-1] + b', "items": [')
            for k, item in enumerate(self._items(conversation)):
                sink.write((b",\n" if k else b"\n") + item.encode())
            sink.write(b"]}")
        sink.write(b"]")

    def _write_schedules(self, sink: BinaryIO) -> None:
        """Each with its runs, the newest slot first."""
        sink.write(b',\n"schedules": [')
        for n, schedule in enumerate(_each(schedules.list_, self._tx, ScheduleQuery(project_id=self._id))):
            runs_of = partial(_runs_of, schedule["id"])
            sink.write((b",\n" if n else b"\n") + _json(schedule)[:-1])
            _write_list(sink, "runs", _each(runs_of, self._tx, ScheduleRunQuery(limit=1000)))
            sink.write(b"}")
        sink.write(b"]")

    def _copy(self, place: Path, name: Callable[[], str]) -> None:
        """What was deleted meanwhile has no bytes any more, and gets no name."""
        if source := open_regular(place):
            with source, self._member(name(), is_large=is_large(source)) as sink:
                pour(source, sink, ALL, self._sources.stop.check)

    def _take(self, id: str, folder: str, name: str) -> str:
        """A free name for the thing, which `places` will tell."""
        self._places[id] = self._names.take(folder, name)
        return self._places[id]

    def _member(self, name: str, *, is_large: bool = True) -> BinaryIO:
        info = zipfile.ZipInfo(name, self._now)
        info.compress_type = zipfile.ZIP_DEFLATED
        return self._archive.open(info, "w", force_zip64=is_large)  # type: ignore[return-value]


def _runs_of(schedule_id: str, tx: Tx, query: ScheduleRunQuery) -> Page[ScheduleRun]:
    return schedule_runs.list_(tx, schedule_id, query)


def _each(list_: Callable[[Tx, Q], Encoded[Page[Any]] | Page[Any]], tx: Tx, query: Q) -> Iterator[Object]:
    """The objects of a list, page by page."""
    while True:
        page = list_(tx, query)
        shown = json.loads(page.json if isinstance(page, Encoded) else page.model_dump_json())
        yield from shown["data"]
        if not shown["has_more"]:
            return
        query = query.model_copy(update={"offset": query.offset + len(shown["data"])})


def _write_list(sink: BinaryIO, name: str, objects: Iterable[Object]) -> None:
    sink.write(f',\n"{name}": ['.encode())
    for n, one in enumerate(objects):
        sink.write((b",\n" if n else b"\n") + _json(one))
    sink.write(b"]")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
