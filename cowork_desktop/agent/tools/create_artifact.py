"""The tool that makes an artifact: an app, a report, a document or a dashboard."""

from pydantic import Field

from cowork_desktop.agent.tools.artifact_files import (
    HOW_TO,
    OTHERS_FILES,
    SECONDS,
    ArtifactFile,
    checked,
    gathered,
    made,
    noting,
)
from cowork_desktop.agent.tools.tool import Arguments, Demand, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.errors import CoworkError
from cowork_desktop.schemas.artifacts import ArtifactType
from cowork_desktop.schemas.base import Name
from cowork_desktop.workspace.artifacts import Draft
from cowork_desktop.workspace.checks.faults import Fault
from cowork_desktop.workspace.document import PAGE, SOURCE, check_document, document


class CreateArtifact(Arguments):
    title: Name = Field(description="What the user sees in lists and above the page, 1 to 200 characters.")
    type: ArtifactType = Field(
        description="app: something to use; dashboard: figures and charts at a glance; report: findings with"
        " their evidence; doc: a text."
    )
    files: list[ArtifactFile] = Field(
        default_factory=list,
        max_length=200,
        description="All files of the artifact, at most 200 and 20 MB in all. With markdown: the images and"
        " other files that it refers to.",
    )
    page: str = Field(
        default=PAGE,
        min_length=1,
        max_length=400,
        description="Which of the files is opened: an HTML file that is in no folder.",
    )
    markdown: str | None = Field(
        default=None,
        min_length=1,
        max_length=200_000,
        description="Of a doc or a report, in the place of a page: its text in Markdown with tables, code,"
        " formulas between dollars and images by relative path. It becomes a complete page, light and dark."
        " HTML in it is shown as text.",
    )


async def _run(context: ToolContext, arguments: CreateArtifact) -> Outcome:
    files, faults = await gathered(context, arguments.files), list[Fault]()
    if arguments.markdown is not None:
        faults = _add_document(context, arguments, arguments.markdown, files)
    elif not files:
        raise ToolFailed("Give files, or markdown for a doc or a report.")
    source = OTHERS_FILES if any(file.from_file for file in arguments.files) else None
    hints = await checked(files, arguments.page, faults, source)
    draft = Draft(arguments.title, arguments.type, files, arguments.page)
    try:
        artifact = await context.means.artifacts.save(context.project_id, draft, also=noting(context))
    except CoworkError as error:
        raise ToolFailed(f"It could not be saved. {error.message}") from error
    return made(artifact, _words(files), hints, source if hints else None)


def _add_document(
    context: ToolContext, arguments: CreateArtifact, markdown: str, files: dict[str, bytes]
) -> list[Fault]:
    """Put the page and its source beside the files."""
    if arguments.type not in ("doc", "report"):
        raise ToolFailed("markdown makes a doc or a report; give the files of an app or a dashboard.")
    if arguments.page != PAGE or not {PAGE, SOURCE}.isdisjoint(files):
        raise ToolFailed(f"With markdown, {PAGE} and {SOURCE} are made of it: leave them and page out.")
    faults = list(check_document(markdown, files))
    files[PAGE] = document(arguments.title, markdown, list(files), context.means.clock.now())
    files[SOURCE] = markdown.encode("utf-8", "replace")
    return faults


def _words(files: dict[str, bytes]) -> str:
    count = "1 file" if len(files) == 1 else f"{len(files)} files"
    return f"Made. {count} checked: they can be read, their references resolve, nothing outside is asked for."


TOOL = Tool(
    name="create_artifact",
    description=(
        "Make an artifact: a page with its files that the user opens, keeps and shares, such as a dashboard,"
        " a small app, a report or a document. Use it when the result is worth more than an answer in the"
        " conversation; to change one that is there, use update_artifact. Its files are checked first: if"
        " something is cut off, a reference leads nowhere, or something outside would be loaded, nothing is"
        f" saved and the result lists each fault with its line. {HOW_TO}"
        " Returns the artifact's id, title, version and path, and hints."
    ),
    input=CreateArtifact,
    run=_run,
    demand=lambda context, arguments: Demand(
        "project", summary=f"Make the {arguments.type} “{arguments.title}”"
    ),
    timeout_seconds=SECONDS,
)
