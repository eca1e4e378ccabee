"""What a tool is: a name and a description for the model, an input that is validated, and an async
function."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from cowork_desktop.agent.model import ToolSpec
from cowork_desktop.store.database import Database

I = TypeVar("I", bound=BaseModel)  # noqa: E741

OUTPUT_LIMIT = 20_000
"""Characters of one result that the model gets."""


@dataclass(frozen=True)
class ToolContext:
    """What a tool may touch."""

    db: Database
    conversation_id: str
    response_id: str


class ToolFailed(Exception):
    """The tool could not do it; the model gets the message and may try otherwise."""


@dataclass(frozen=True)
class Tool(Generic[I]):
    name: str
    description: str
    input: type[I]
    run: Callable[[ToolContext, I], Awaitable[str]]
    timeout_seconds: float = 60.0

    @property
    def spec(self) -> ToolSpec:
        return ToolSpec(self.name, self.description, self.input.model_json_schema())

    async def call(self, context: ToolContext, arguments: Mapping[str, Any]) -> str:
        """The result's text, bounded; raises ToolFailed."""
        try:
            checked = self.input.model_validate(arguments, strict=True)
        except ValidationError as error:
            raise ToolFailed(f"The arguments do not fit: {error}") from error
        output = await self.run(context, checked)
        if len(output) > OUTPUT_LIMIT:
            return f"{output[:OUTPUT_LIMIT]}\n[cut: {len(output) - OUTPUT_LIMIT:,} more characters]"
        return output
