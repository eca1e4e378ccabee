"""The tool that asks the user and waits for the answer."""

from typing import Annotated

from pydantic import Field, StringConstraints

from cowork_desktop.agent.tools.tool import Arguments, Question, Tool, ToolContext, ToolFailed
from cowork_desktop.schemas.base import VISIBLE

_Option = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), VISIBLE]


class AskUser(Arguments):
    question: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000), VISIBLE
    ] = Field(description="One question, with what the user must know to answer it.")
    options: list[_Option] = Field(
        default=[],
        max_length=6,
        description="Answers that you suggest, at most 6 of 200 characters each; any other can be given.",
    )


async def _run(context: ToolContext, arguments: AskUser) -> str:
    if context.ask is None:
        raise ToolFailed(
            "Nobody can be asked here. Decide by what you know, and say in the answer what you assumed."
        )
    return await context.ask(Question(arguments.question, arguments.options))


TOOL = Tool(
    name="ask_user",
    description=(
        "Ask the user one question and wait for the answer. Use it only where you cannot go on without it and"
        " cannot find it out yourself, and where a wrong guess would cost more than the wait: nobody may be"
        " there for hours. Not for leave to do something: that is asked for by itself. Returns the answer."
    ),
    input=AskUser,
    run=_run,
    is_basic=True,
    waits_for_people=True,
)
