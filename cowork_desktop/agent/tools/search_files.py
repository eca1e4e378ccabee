"""The tool that finds words in files, with their places."""

import asyncio
from itertools import islice

from pydantic import Field

from cowork_desktop.agent.tools import files_in_reach
from cowork_desktop.agent.tools.read_file import told_place
from cowork_desktop.agent.tools.tool import Arguments, Outcome, Tool, ToolContext
from cowork_desktop.errors import CoworkError
from cowork_desktop.schemas.conversations import FileLink
from cowork_desktop.schemas.search import SearchHit, SearchQuery
from cowork_desktop.store import conversations, search
from cowork_desktop.store.database import Tx
from cowork_desktop.store.search_words import Term, first_match, normal, read_terms, snippet

_MOST_HITS = 20
_LARGEST_TEXT = 5_000_000
_MOST_BYTES = 50_000_000
"""Of the working folder's files that are looked through."""
_NOTHING = "Nothing found: no file in reach has these words. Try fewer words, or other ones."

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
    found = await context.db.scan(_in_uploaded, context.conversation_id, arguments.query)
    in_folder, is_all = await _in_folder(context, arguments.query)
    hits = [_told(hit) for hit in found] + in_folder
    more = (
        "" if is_all else "\n(Some files of the working folder are too large, or too many, to look through.)"
    )
    if not hits:
        return Outcome(_NOTHING + more)
    if _MOST_HITS in (len(found), len(in_folder)):
        more += "\n(There may be more: ask with more words.)"
    return Outcome(
        "\n".join(text for text, _ in hits) + more,
        source="the files",
        links=[link for _, link in hits],
    )


def _in_uploaded(tx: Tx, conversation_id: str, words: str) -> list[SearchHit]:
    """In the files of the conversation, then in those of its project; each place once."""
    scopes = [{"conversation_id": id} for id in conversations.line_of(tx, conversation_id)]
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


async def _in_folder(context: ToolContext, words: str) -> tuple[list[Hit], bool]:
    """Lines of the working folder's text files that have all the words, and whether all files were looked
    through, or enough."""
    await files_in_reach.paths(context)
    files, is_cut = await files_in_reach.in_folder(context)
    terms, hits, room = read_terms(words), list[Hit](), _MOST_BYTES
    for file in files:
        if file.size > min(_LARGEST_TEXT, room):
            is_cut = True
            continue
        room -= file.size
        try:
            content = await context.means.project_files.read(context.project_id, file.path)
        except CoworkError:  # gone since, or of a name that not every system can have
            continue
        hits += await asyncio.to_thread(_lines, file.path, content, terms)
        if len(hits) >= _MOST_HITS:
            return hits[:_MOST_HITS], True
    return hits, not is_cut


def _lines(path: str, content: bytes, terms: list[Term]) -> list[Hit]:
    """Those that have all the terms, with what stands around."""
    if b"\0" in content[:8_000] or not terms:
        return []
    text = normal(content.decode("utf-8-sig", errors="replace"))
    if not _has_all(text, terms):
        return []
    lines = enumerate(files_in_reach.lines_of(text), 1)
    found = ((n, line) for n, line in lines if _has_all(line, terms))
    return [_hit(path, n, line, terms) for n, line in islice(found, _MOST_HITS)]


def _has_all(text: str, terms: list[Term]) -> bool:
    return all(first_match(text, [term]) is not None for term in terms)


def _hit(path: str, n: int, line: str, terms: list[Term]) -> Hit:
    around = "".join(part.text for part in snippet(line, terms))
    return f"- {path}, line {n}: {around}", files_in_reach.link_to_path(path, n)


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
