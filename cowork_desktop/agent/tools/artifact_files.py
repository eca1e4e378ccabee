"""What the tools that make artifacts share: the files that a model gives, their check, and the outcome."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from cowork_desktop.agent.tools.tool import Arguments, Outcome, ToolContext, ToolFailed
from cowork_desktop.errors import CoworkError, NotFound
from cowork_desktop.schemas.artifacts import Artifact
from cowork_desktop.schemas.conversations import ArtifactLink, ArtifactPart
from cowork_desktop.store import artifacts, changes
from cowork_desktop.store.changes import Change
from cowork_desktop.store.database import Tx
from cowork_desktop.workspace.artifact_check import check
from cowork_desktop.workspace.checks.faults import Fault

SECONDS = 120.0
"""A check of megabytes of scripts takes its time."""
_MOST_TOLD = 40
HOW_TO = (
    "A good artifact is self-contained: its own style sheets, scripts, data and images lie beside the page,"
    " and are referred to by relative paths. Nothing outside can be reached: no CDN, no web font, no remote"
    " image, no request to another host; only links that the user clicks may lead outside. It runs on an"
    ' origin of its own: localStorage, ES modules (<script type="module">) and fetch of its own files work;'
    " a form that is posted, service workers, <object> and <base href> do not. Make it accessible: lang,"
    " title, labels for controls, alt texts, contrast, usable by keyboard. Make it work in light and dark"
    " (color-scheme: light dark, and prefers-color-scheme), on narrow and wide windows."
)

Path = Annotated[str, Field(min_length=1, max_length=400)]


class ArtifactFile(Arguments):
    path: Path = Field(description="Where it lies in the artifact, such as index.html or assets/app.js.")
    content: str | None = Field(
        default=None, max_length=5_000_000, description="The whole text of the file. Give this or from_file."
    )
    from_file: Path | None = Field(
        default=None,
        description="Take the bytes of this file of the project's working folder, such as chart.png, which a"
        " cell has written. A path relative to that folder.",
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> "ArtifactFile":
        if (self.content is None) == (self.from_file is None):
            raise PydanticCustomError("one_of", "Give either content or from_file")
        return self


async def gathered(context: ToolContext, files: Sequence[ArtifactFile]) -> dict[str, bytes]:
    """The bytes of each file by its path; raises ToolFailed."""
    found = dict[str, bytes]()
    for file in files:
        if file.path in found:
            raise ToolFailed(f"{file.path} is given twice.")
        found[file.path] = await _bytes_of(context, file)
    return found


async def _bytes_of(context: ToolContext, file: ArtifactFile) -> bytes:
    if file.from_file is None:
        return (file.content or "").encode("utf-8", "replace")
    try:
        return await context.means.project_files.read(context.project_id, file.from_file)
    except CoworkError as error:
        raise ToolFailed(f"{file.path}: {error.message}") from error


OTHERS_FILES = "files that are checked"
"""The source of words about files that somebody else may have written: faults quote them."""


async def checked(
    files: Mapping[str, bytes], page: str, more: Sequence[Fault] = (), source: str | None = None
) -> list[Fault]:
    """The hints; raises ToolFailed with all that is fatal. `more` is what else was found."""
    faults = [*more, *await asyncio.to_thread(check, files, page)]
    if fatal := [fault for fault in faults if fault.is_fatal]:
        raise ToolFailed(
            f"Nothing was saved. Mend this first, and try again:\n{_lines(fatal)}", source=source
        )
    return faults


def _lines(faults: Sequence[Fault]) -> str:
    lines = [f"- {fault}" for fault in faults[:_MOST_TOLD]]
    if more := len(faults) - len(lines):
        lines.append(f"- and {more} more")
    return "\n".join(lines)


def noting(context: ToolContext) -> Callable[[Tx, str], None]:
    """What notes, in the transaction of a save, that the call made the artifact's newest version."""

    def note(tx: Tx, id: str) -> None:
        made = artifacts.get(tx, id)
        before = {"version": made.version - 1} if made.version > 1 else None
        change = Change("artifact", made.project_id, id, made.title, before, {"version": made.version})
        changes.note(tx, context.response_id, context.content_index, change)

    return note


async def in_reach(context: ToolContext, id: str) -> Artifact:
    """The artifact of the project with this id; raises ToolFailed."""
    try:
        artifact = await context.db.read(artifacts.get, id)
    except NotFound as error:
        raise ToolFailed(error.message) from error
    if artifact.project_id != context.project_id:
        raise ToolFailed(NotFound.of("artifact", id).message)
    return artifact


def link_to(artifact: Artifact) -> ArtifactLink:
    return ArtifactLink(artifact_id=artifact.id, version=artifact.version, title=artifact.title)


def made(artifact: Artifact, words: str, hints: Sequence[Fault] = (), source: str | None = None) -> Outcome:
    """The outcome of a call that saved the artifact."""
    text = (
        f"{words} The user sees it here.\nid: {artifact.id}\ntitle: {artifact.title}\ntype: {artifact.type}"
        f"\nversion: {artifact.version}\npath: {artifact.path}"
    )
    if hints:
        text += f"\nIt was saved; these are hints that would make it better:\n{_lines(hints)}"
    part = ArtifactPart(
        artifact_id=artifact.id,
        version=artifact.version,
        title=artifact.title,
        artifact_type=artifact.type,
    )
    return Outcome(text, source=source, links=[link_to(artifact)], artifact=part)
