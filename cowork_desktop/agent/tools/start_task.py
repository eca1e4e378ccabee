"""The tool that hands a part of the work to an agent of its own."""

from typing import Annotated

from pydantic import Field, StringConstraints

from cowork_desktop.agent.tools.tool import Arguments, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.schemas.base import VISIBLE
from cowork_desktop.schemas.conversations import ResponseLink


class StartTask(Arguments):
    task: Annotated[str, StringConstraints(min_length=1, max_length=20_000), VISIBLE] = Field(
        description=(
            "The whole brief: the sub-task sees nothing of this conversation, only the project and its files."
            " Say what to find out or do, where to look, what is known, and what the answer must hold."
        )
    )
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = (
        Field(default=None, description="A few words that tell the user what the part is.")
    )


async def _run(context: ToolContext, arguments: StartTask) -> Outcome:
    if context.start_task is None:
        raise ToolFailed("A sub-task cannot start others; do it yourself.")
    done = await context.start_task(arguments.task)
    task = done.response
    text = "\n\n".join(part.text for part in task.output)
    if task.error:
        text = "\n\n".join(part for part in (text, f"The sub-task failed: {task.error.message}") if part)
    return Outcome(
        text or "The sub-task ended without a word.",
        source="a sub-task" if done.is_tainted else None,
        links=[ResponseLink(response_id=task.id, conversation_id=task.conversation_id)],
        is_error=task.error is not None,
    )


TOOL = Tool(
    name="start_task",
    description=(
        "Hand an independent part of the work to a sub-task: an agent of its own with the same tools and an"
        " empty context. Use it for parts with much reading of which you need only the result; call it"
        " several times at once for parts that do not depend on each other. Not for what a call or two would"
        " do. Returns the sub-task's final answer."
    ),
    input=StartTask,
    run=_run,
    is_offered=lambda situation: not situation.is_subtask,
    waits_for_people=True,
)
