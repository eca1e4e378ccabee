"""The tool that takes a memory away."""

from pydantic import Field

from cowork_desktop.agent.tools.remember import shortened
from cowork_desktop.agent.tools.tool import Arguments, Demand, Outcome, Tool, ToolContext, ToolFailed, bounded
from cowork_desktop.schemas.memories import Memory
from cowork_desktop.store import changes, memories
from cowork_desktop.store.changes import Change
from cowork_desktop.store.database import Tx

_LONGEST = 2_000
"""What is said of one; the agent's own are no longer."""


class Forget(Arguments):
    memory_id: str = Field(
        min_length=1, max_length=100, description="The memory's id, as list_memories gives it: mem_..."
    )


async def _demand(context: ToolContext, arguments: Forget) -> Demand:
    memory = await context.db.read(_wanted, context.conversation_id, arguments.memory_id)
    return Demand("lasting", summary=f"Forget: {bounded(memory.content, _LONGEST)}")


async def _run(context: ToolContext, arguments: Forget) -> Outcome:
    memory = await context.db.write(_forget, context, arguments.memory_id)
    return Outcome(f"Forgotten: {bounded(memory.content, _LONGEST)}")


def _forget(tx: Tx, context: ToolContext, id: str) -> Memory:
    memory = _wanted(tx, context.conversation_id, id)
    memories.delete(tx, id)
    change = Change(
        "memory",
        context.project_id,
        ref=id,
        name=shortened(memory.content),
        before={"content": memory.content, "project_id": memory.project_id, "source": memory.source},
        after=None,
    )
    changes.note(tx, context.response_id, context.content_index, change)
    return memory


def _wanted(tx: Tx, conversation_id: str, id: str) -> Memory:
    """A memory that this conversation is told of: those of other projects are none of its business."""
    scope = memories.scope_of(tx, conversation_id)
    for memory in memories.those(tx, [id]):
        if memory.project_id in (None, scope):
            return memory
    raise ToolFailed(f"There is no memory {id} here; list_memories has those that there are.")


TOOL = Tool(
    name="forget",
    description=(
        "Take away one memory, so that no later conversation is told of it. Use it when the user asks for it,"
        " or when a memory is wrong by now; to correct one, forget it and remember the right one."
        " Returns what was forgotten."
    ),
    input=Forget,
    run=_run,
    demand=_demand,
    is_offered=lambda situation: situation.has_memories,
)
