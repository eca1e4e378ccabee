"""The tool that finds earlier messages of the conversation by their words."""

import re

from pydantic import Field

from cowork_desktop.agent.tools.tool import Arguments, Tool, ToolContext
from cowork_desktop.store import items

_MOST_HITS = 5
_MOST_WORDS = 12
_SNIPPET = 400


class SearchConversation(Arguments):
    query: str = Field(min_length=1, max_length=500, description="Words to look for, most telling first.")


async def _run(context: ToolContext, arguments: SearchConversation) -> str:
    words = list(dict.fromkeys(re.findall(r"\w+", arguments.query.lower())))[:_MOST_WORDS]
    if not words:
        return "Nothing found: the query has no words."
    found = await context.db.scan(items.matching, context.conversation_id, words, _MOST_HITS + 1)
    earlier = [item for item in found if item.response_id != context.response_id][:_MOST_HITS]
    if not earlier:
        return "Nothing found in the earlier messages."
    return "\n".join(
        f"[{item.created_at[:16]}] {item.role}: {_snippet(item.content, words)}" for item in earlier
    )


def _snippet(text: str, words: list[str]) -> str:
    """A stretch of the text, on one line, around the first word that it holds."""
    line = " ".join(text.split())
    places = [place for word in words if (place := line.lower().find(word)) >= 0]
    start = max(0, min(places, default=0) - _SNIPPET // 4)
    cut = line[start : start + _SNIPPET]
    return ("…" if start else "") + cut + ("…" if start + _SNIPPET < len(line) else "")


TOOL = Tool(
    name="search_conversation",
    description=(
        "Find earlier messages of this conversation by words that they hold."
        " Returns who wrote them, when, and the place."
    ),
    input=SearchConversation,
    run=_run,
)
