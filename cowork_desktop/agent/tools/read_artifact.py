"""The tool that reads the files of an artifact."""

from pydantic import Field

from cowork_desktop.agent.tools.artifact_files import Path, in_reach, link_to
from cowork_desktop.agent.tools.paging import page_of_lines
from cowork_desktop.agent.tools.tool import Arguments, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.schemas.artifacts import Artifact, ArtifactQuery
from cowork_desktop.store import artifacts
from cowork_desktop.workspace.document import SOURCE, is_document

_MOST_LISTED = 50
_LONG_LIST = 4_000
"""Characters of a list of files for which there is no room before a page of one."""


class ReadArtifact(Arguments):
    artifact_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="The artifact's id, such as art_.... Omit it to list the project's artifacts.",
    )
    path: Path | None = Field(
        default=None,
        description=f"Which of its files; if omitted the page that is opened, or {SOURCE} of a document that"
        " was made of Markdown.",
    )
    offset: int = Field(default=0, ge=0, description="How many lines to leave out before the text.")


async def _run(context: ToolContext, arguments: ReadArtifact) -> Outcome:
    if arguments.artifact_id is None:
        return await _listed(context)
    await in_reach(context, arguments.artifact_id)
    artifact, files = await context.means.artifacts.newest(arguments.artifact_id)
    head = f"{artifact.type}, version {artifact.version}, "
    return Outcome(
        head + _told(artifact, files, arguments),
        source=f"the artifact {artifact.title}",
        links=[link_to(artifact)],
    )


def _told(artifact: Artifact, files: dict[str, bytes], arguments: ReadArtifact) -> str:
    """The list of the files and one of them; where that list is long, either. Raises ToolFailed."""
    path, offset = arguments.path or _main(artifact, files), arguments.offset
    if path not in files:
        raise ToolFailed(f"The artifact has no file {path!r}. Leave path out to see which it has.")
    sizes = [f"- {path}: {len(content):,} bytes" for path, content in sorted(files.items())]
    if len(listed := "\n".join(sizes)) <= _LONG_LIST:
        return f"{len(files)} files:\n{listed}\n\n{path} {_text(files[path], offset)}"
    if arguments.path is None:
        return f"{page_of_lines(sizes, offset, of='files').text}\nGive a path to read one of them."
    return f"{path} {_text(files[path], offset)}"


def _main(artifact: Artifact, files: dict[str, bytes]) -> str:
    page = artifact.path.partition("/")[2]
    return SOURCE if is_document(files, files.get(page, b"")) else page


def _text(content: bytes, offset: int) -> str:
    """Which lines of how many, and the lines; raises ToolFailed."""
    try:
        lines = content.decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        return "is no text."
    return page_of_lines(lines, offset).text


async def _listed(context: ToolContext) -> Outcome:
    query = ArtifactQuery(project_id=context.project_id, limit=_MOST_LISTED)
    page = await context.db.scan(artifacts.list_, query)
    if not page.data:
        return Outcome("There are no artifacts in this project.")
    lines = [
        f"- {artifact.id}: {artifact.title} ({artifact.type}, version {artifact.version},"
        f" changed {artifact.updated_at[:10]})"
        for artifact in page.data
    ]
    of = f", the newest {_MOST_LISTED} of {page.total:,}" if page.has_more else ""
    return Outcome(f"Artifacts of this project{of}:\n" + "\n".join(lines), source="the list of artifacts")


TOOL = Tool(
    name="read_artifact",
    description=(
        "Read an artifact of this project as it is now: the list of its files with their sizes, and the text"
        " of one of them, by lines. Use it before you change an artifact with update_artifact, or to find"
        " one: without an id it lists the project's artifacts. A result holds about 15,000 characters, and"
        " says at which offset to go on."
    ),
    input=ReadArtifact,
    run=_run,
)
