"""The tool that changes an artifact: whole files, or pieces of their text."""

from pydantic import Field

from cowork_desktop.agent.tools.artifact_files import (
    HOW_TO,
    OTHERS_FILES,
    SECONDS,
    ArtifactFile,
    Path,
    checked,
    gathered,
    in_reach,
    made,
    noting,
)
from cowork_desktop.agent.tools.text_edits import replaced
from cowork_desktop.agent.tools.tool import Arguments, Demand, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.errors import CoworkError
from cowork_desktop.schemas.artifacts import Artifact
from cowork_desktop.schemas.base import Name
from cowork_desktop.workspace.artifacts import Draft, Outdated
from cowork_desktop.workspace.checks.faults import Fault
from cowork_desktop.workspace.document import (
    PAGE,
    SOURCE,
    check_document,
    document,
    images,
    is_document,
)

_ATTEMPTS = 5


class Replacement(Arguments):
    path: Path = Field(description="The file of the artifact.")
    old: str = Field(
        min_length=1,
        max_length=200_000,
        description="A piece of its text, exactly as it stands there, with spaces and line ends. It must"
        " occur once: take enough of what is around it.",
    )
    new: str = Field(max_length=1_000_000, description="What stands there afterwards; may be empty.")


class UpdateArtifact(Arguments):
    artifact_id: str = Field(min_length=1, max_length=100, description="The artifact's id, such as art_....")
    files: list[ArtifactFile] = Field(
        default_factory=list, max_length=200, description="Files that are new, or wholly new in their text."
    )
    remove: list[Path] = Field(
        default_factory=list, max_length=200, description="Paths of files that are to go."
    )
    replace: list[Replacement] = Field(
        default_factory=list,
        max_length=200,
        description="Changes of text, made one after the other, after files and remove. Best for small"
        " changes.",
    )
    title: Name | None = Field(default=None, description="A new title; it stays as it is if omitted.")


async def _run(context: ToolContext, arguments: UpdateArtifact) -> Outcome:
    await in_reach(context, arguments.artifact_id)
    given = await gathered(context, arguments.files)
    for _ in range(_ATTEMPTS):
        try:
            return await _update(context, arguments, given)
        except Outdated:  # another call came first: once more, on what it made
            continue
        except CoworkError as error:
            raise ToolFailed(f"It could not be changed. {error.message}") from error
    raise ToolFailed("The artifact is being changed all the time. Read it, and try again.")


async def _update(context: ToolContext, arguments: UpdateArtifact, given: dict[str, bytes]) -> Outcome:
    artifact, before = await context.means.artifacts.newest(arguments.artifact_id)
    page, title = artifact.path.partition("/")[2], arguments.title or artifact.title
    files = _changed(before, arguments, given)
    if files == before and title == artifact.title:
        raise ToolFailed("This changes nothing: the files and the title are so already.")
    faults = _renew_page(context, artifact, title, before, files)
    hints = await checked(files, page, faults, OTHERS_FILES)
    saved = await context.means.artifacts.save(
        context.project_id,
        Draft(title, artifact.type, files, page),
        artifact_id=artifact.id,
        of_version=artifact.version,
        also=noting(context),
    )
    words = f"Changed; {len(files)} files checked, as when it was made."
    # The title may be somebody else's, and hints quote the files.
    return made(saved, words, hints, OTHERS_FILES if hints or not arguments.title else None)


def _changed(
    before: dict[str, bytes], arguments: UpdateArtifact, given: dict[str, bytes]
) -> dict[str, bytes]:
    """The files after the update; raises ToolFailed."""
    files = dict(before)
    for path in arguments.remove:
        if files.pop(path, None) is None:
            raise ToolFailed(_no_file(path, before))
    files |= given
    for replacement in arguments.replace:
        if replacement.path not in files:
            raise ToolFailed(_no_file(replacement.path, files))
        files[replacement.path] = _replaced(files[replacement.path], replacement)
    return files


def _no_file(path: str, files: dict[str, bytes]) -> str:
    return f"The artifact has no file {path!r}. It has {len(files)}: read_artifact lists them."


def _replaced(content: bytes, replacement: Replacement) -> bytes:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ToolFailed(f"{replacement.path} is no text: give the whole file.") from error
    text, count = replaced(text, replacement.old, replacement.new)
    if count != 1:
        found = "does not occur" if not count else f"occurs {count} times"
        raise ToolFailed(
            f"Nothing was changed: in {replacement.path} the old text {found}, and it must occur once."
            f" It begins with {replacement.old[:60]!r}. Read the file with read_artifact."
        )
    return text.encode("utf-8", "replace")


def _renew_page(
    context: ToolContext, artifact: Artifact, title: str, before: dict[str, bytes], files: dict[str, bytes]
) -> list[Fault]:
    """Make the page of a document anew where its source, its title or its images changed, and the page was
    not changed itself."""
    page = files.get(PAGE, b"")
    if page != before.get(PAGE) or not is_document(files, page):
        return []
    source = files[SOURCE].decode("utf-8", "replace")
    faults = list(check_document(source, files))
    is_same = files[SOURCE] == before.get(SOURCE) and images(files) == images(before)
    if not is_same or title != artifact.title:
        files[PAGE] = document(title, source, files, context.means.clock.now())
    return faults


async def _demand(context: ToolContext, arguments: UpdateArtifact) -> Demand:
    artifact = await in_reach(context, arguments.artifact_id)
    return Demand("project", summary=f"Change the {artifact.type} “{artifact.title}”")


TOOL = Tool(
    name="update_artifact",
    description=(
        "Change an artifact of this project: give new or changed files, paths to remove, exact replacements"
        " of text, or a new title. Works on its newest files, with what the user changed by hand; each change"
        " is a new version. Read what you do not have before you with read_artifact first. Of a document"
        f" that was made of Markdown change {SOURCE}: its page is made anew. The whole result is checked as"
        f" by create_artifact; if there are faults, nothing is changed and all are listed. {HOW_TO}"
        " Returns the id, title, new version and path, and hints."
    ),
    input=UpdateArtifact,
    run=_run,
    demand=_demand,
    timeout_seconds=SECONDS,
)
