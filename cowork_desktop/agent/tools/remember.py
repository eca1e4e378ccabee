"""The tool that notes a fact for later conversations."""

from typing import Annotated

from pydantic import Field, StringConstraints

from cowork_desktop.agent.tools.secrets_in_text import refuse_secrets
from cowork_desktop.agent.tools.tool import Arguments, Demand, Outcome, Tool, ToolContext
from cowork_desktop.schemas.base import VISIBLE
from cowork_desktop.schemas.conversations import MemoryLink
from cowork_desktop.schemas.memories import Memory
from cowork_desktop.store import changes, memories
from cowork_desktop.store.changes import Change
from cowork_desktop.store.database import Tx

_NAME = 80
_NOT_REMEMBERED = (
    "Such things are not remembered: each later conversation would send them to the model. Remember where the"
    " user keeps it instead."
)


class Remember(Arguments):
    content: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000), VISIBLE
    ] = Field(
        description=(
            "One fact or preference, at most 2,000 characters, in words that can be understood without this"
            " conversation."
        )
    )
    for_all_projects: bool = Field(
        default=False,
        description=(
            "true: what holds for the user wherever they work, such as how they like answers."
            " false: what belongs to this project."
        ),
    )


def _demand(context: ToolContext, arguments: Remember) -> Demand:
    refuse_secrets(arguments.content, _NOT_REMEMBERED)
    whom = " for all projects" if arguments.for_all_projects else ""
    return Demand("lasting", summary=f"Remember{whom}: {arguments.content}")


async def _run(context: ToolContext, arguments: Remember) -> Outcome:
    refuse_secrets(arguments.content, _NOT_REMEMBERED)
    id, now = context.means.ids.new("mem"), context.means.clock.now()
    memory = await context.db.write(_remember, context, id, now, arguments)
    words = "Remembered" if memory.id == id else "This stands already"
    return Outcome(f"{words} as {memory.id}.", links=[MemoryLink(memory_id=memory.id)])


def _remember(tx: Tx, context: ToolContext, id: str, now: int, arguments: Remember) -> Memory:
    """Where the conversation has no project, all projects are told: nobody else would read it again."""
    project_id = None if arguments.for_all_projects else memories.scope_of(tx, context.conversation_id)
    memory = memories.remember(tx, id, now, arguments.content, project_id, "agent")
    if memory.id == id:
        change = Change(
            "memory",
            context.project_id,
            ref=id,
            name=shortened(memory.content),
            before=None,
            after={"content": memory.content, "project_id": project_id},
        )
        changes.note(tx, context.response_id, context.content_index, change)
    return memory


def shortened(content: str) -> str:
    """A memory or a prompt as the name of a change: one line of it."""
    line = " ".join(content.split())
    return line if len(line) <= _NAME else line[: _NAME - 1] + "…"


TOOL = Tool(
    name="remember",
    description=(
        "Note one fact or preference for later conversations, which are told of it. Use it when the user asks"
        " for it, and for what they will want to have remembered: a preference, a decision, how their figures"
        " are to be read. Not for what only this conversation needs, and never for passwords or keys."
        " Returns the memory's id; what stands already is not noted twice."
    ),
    input=Remember,
    run=_run,
    demand=_demand,
)
