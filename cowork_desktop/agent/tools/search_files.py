"""The tool that finds words in files, with their places."""

import asyncio
from itertools import islice

from pydantic import Field

from cowork_desktop.agent.tools import files_in_reach
from cowork_desktop.agent.tools.read_file import told_place
from cowork_desktop.agent.tools.tool import Arguments, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.errors import CoworkError
from cowork_desktop.schemas.conversations import FileLink
from cowork_desktop.schemas.search import SearchHit, SearchQuery
from cowork_desktop.store import conversations, search
from cowork_desktop.store.database import Tx

_MOST_HITS = 20
_MOST_LINES = 20
_LARGEST_TEXT = 5_000_000
_MOST_BYTES = 50_000_000
"""Of the working folder's files that are looked through."""
_LONGEST_LINE = 300

Hit = tuple[str, FileLink]
"""What is told of it, and where it is."""


class SearchFiles(Arguments):
    query: str = Field(
        min_length=1,
        max_length=500,
        description="Words that must all be there; in quotation marks, a phrase. The last word may be"
        " unfinished.",
    )


async def _run(context: ToolContext, arguments: SearchFiles) -> Outcome:
    await context.means.search_index.catch_up()
    try:
        found = await context.db.scan(_in_uploaded, context.conversation_id, arguments.query)
    except CoworkError as error:
        raise ToolFailed(error.message) from error
    hits = [_told(hit) for hit in found] + await _in_folder(context, arguments.query)
    if not hits:
        return Outcome("Nothing found: no file in reach has these words. Try fewer words, or other ones.")
    more = "\n(There may be more: ask with more words.)" if len(found) == _MOST_HITS else ""
    return Outcome(
        "\n".join(text for text, _ in hits) + more,
        source="the files",
        links=[link for _, link in hits],
    )


def _in_uploaded(tx: Tx, conversation_id: str, words: str) -> list[SearchHit]:
    """In the files of the conversation, then in those of its project; each place once."""
    scopes = [{"conversation_id": conversation_id}]
    if project_id := conversations.project_of(tx, conversation_id):
        scopes.append({"project_id": project_id})
    found: dict[tuple[str, str], SearchHit] = {}
    for scope in scopes:
        query = SearchQuery(q=words, kind="file", limit=_MOST_HITS, **scope)
        for hit in search.search(tx, query).data:
            found.setdefault((hit.id, hit.place.model_dump_json() if hit.place else ""), hit)
    return list(found.values())[:_MOST_HITS]


def _told(hit: SearchHit) -> Hit:
    where = f", {told_place(hit.place)}" if hit.place else ""
    snippet = " ".join("".join(part.text for part in hit.snippet).split())
    link = FileLink(file_id=hit.id, path=None, name=hit.title, place=hit.place)
    return f"- {hit.title}{where}: {snippet}", link


async def _in_folder(context: ToolContext, words: str) -> list[Hit]:
    """Lines of the working folder's text files that have all the words."""
    files, _ = await files_in_reach.in_folder(context)
    asked = [word.lower() for word in words.replace('"', " ").split()]
    hits, room = list[Hit](), _MOST_BYTES
    for file in files:
        if file.size > _LARGEST_TEXT or (room := room - file.size) < 0 or len(hits) >= _MOST_LINES:
            continue
        try:
            content = await context.means.project_files.read(context.project_id, file.path)
        except CoworkError:  # gone since
            continue
        hits += await asyncio.to_thread(_lines, file.path, content, asked)
    return hits[:_MOST_LINES]


def _lines(path: str, content: bytes, asked: list[str]) -> list[Hit]:
    if b"\0" in content[:8_000] or not asked:
        return []
    lines = enumerate(content.decode(errors="replace").splitlines(), 1)
    found = ((n, line) for n, line in lines if all(word in line.lower() for word in asked))
    return [
        (
            f"- {path}, line {n}: {' '.join(line.split())[:_LONGEST_LINE]}",
            files_in_reach.link_to_path(path, n),
        )
        for n, line in islice(found, _MOST_LINES)
    ]


TOOL = Tool(
    name="search_files",
    description=(
        "Find words in the files that the user uploaded to this conversation or its project, and in text"
        " files of the working folder. Returns the places (page, slide, sheet and row, line) with the text"
        " around. Use it before you read long documents."
    ),
    input=SearchFiles,
    run=_run,
    is_basic=True,
)
