"""The tool that lists what was remembered."""

from pydantic import Field

from cowork_desktop.agent.tools.tool import Arguments, Outcome, Tool, ToolContext, bounded
from cowork_desktop.schemas.conversations import MemoryLink
from cowork_desktop.schemas.memories import Memory
from cowork_desktop.store import memories
from cowork_desktop.store.database import Tx

_MOST = 100
_ROOM = 18_000
_LONGEST = 6_000
"""Of one memory; the agent's own are shorter."""


class ListMemories(Arguments):
    query: str = Field(
        default="",
        max_length=500,
        description="Words to look for; those with the most come first. Empty: all.",
    )
    offset: int = Field(default=0, ge=0, description="How many to leave out, to read on.")


async def _run(context: ToolContext, arguments: ListMemories) -> Outcome:
    found, total = await context.db.scan(_found, context.conversation_id, arguments)
    if not found:
        return Outcome(_nothing(arguments, total))
    lines = _fitting([_line(memory) for memory in found])
    end = arguments.offset + len(lines)
    onward = f"; go on with offset={end}" if end < total else ""
    note = f"[memories {arguments.offset + 1:,}-{end:,} of {total:,}{onward}]"
    links = [MemoryLink(memory_id=memory.id) for memory in found[: len(lines)]]
    return Outcome("\n".join([*lines, note]), links=links)


def _found(tx: Tx, conversation_id: str, arguments: ListMemories) -> tuple[list[Memory], int]:
    project_id = memories.scope_of(tx, conversation_id)
    return memories.in_reach(tx, project_id, arguments.query.strip(), _MOST, arguments.offset)


def _nothing(arguments: ListMemories, total: int) -> str:
    if total:
        return f"There are no more: {total:,} in all."
    return "No memory has these words." if arguments.query.strip() else "Nothing is remembered."


def _fitting(lines: list[str]) -> list[str]:
    """As many as a result can hold."""
    room = _ROOM
    for n, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            return lines[:n]
    return lines


def _line(memory: Memory) -> str:
    whose = "all projects" if memory.project_id is None else "this project"
    content = bounded(memory.content.strip(), _LONGEST).replace("\n", "\n  ")
    return f"- {memory.id} ({whose}, by the {memory.source}, {memory.updated_at[:10]}): {content}"


TOOL = Tool(
    name="list_memories",
    description=(
        "List what is remembered for this conversation: the memories of all projects and of its own, newest"
        " first, or those with words of the query, best first. Use it before you forget one, or where the"
        " user asks what you know. Returns for each its id, whom it is for, who made it, and its text."
    ),
    input=ListMemories,
    run=_run,
    is_offered=lambda situation: situation.has_memories,
    is_basic=True,
)
