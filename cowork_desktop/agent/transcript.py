"""The answer's item as the events of its turn make it, piece by piece; the same live and after a crash."""

from cowork_desktop.agent.tool_arguments import parse_arguments
from cowork_desktop.schemas.conversations import ArtifactPart, Part, ReasoningPart, TextPart, ToolCallPart
from cowork_desktop.schemas.events import (
    ArtifactCreated,
    OutputTextDelta,
    OutputTextDone,
    ReasoningDelta,
    ToolCallAdded,
    ToolCallArgumentsDelta,
    ToolCallDone,
    TurnEvent,
)


class Transcript:
    def __init__(self) -> None:
        self._parts: list[list[str] | ToolCallPart | ArtifactPart] = []
        self._kinds: list[type[Part]] = []
        self.rounds: list[int] = []
        """In which call of the model each part was made."""
        self._round = 0
        self._is_closed = False
        self._arguments: dict[int, list[str]] = {}
        """The JSON text of those of calls that have not ended, by the parts' indexes."""

    def __len__(self) -> int:
        return len(self._parts)

    def apply(self, event: TurnEvent) -> None:
        match event:
            case OutputTextDelta():
                self.grow(event.content_index, TextPart, event.delta)
            case ReasoningDelta():
                self.grow(event.content_index, ReasoningPart, event.delta)
            case ToolCallAdded():
                call = ToolCallPart(
                    call_id=event.call_id,
                    name=event.name,
                    arguments={},
                    output="",
                    status="running",
                    round=event.round,
                )
                self._round = event.round
                self._begin(ToolCallPart, call)
            case ToolCallArgumentsDelta():
                self._arguments.setdefault(event.content_index, []).append(event.delta)
            case OutputTextDone():
                self._is_closed = True
            case ToolCallDone():
                self._round = event.call.round + 1
                self._arguments.pop(event.content_index, None)
                self._parts[event.content_index] = event.call
            case ArtifactCreated():
                self._begin(ArtifactPart, event.artifact)

    def is_open(self, kind: type[TextPart] | type[ReasoningPart]) -> bool:
        """Whether the last part is of this kind, and so can grow."""
        return bool(self._kinds) and self._kinds[-1] is kind and not self._is_closed

    def text(self, index: int) -> str:
        part = self._parts[index]
        return "".join(part) if isinstance(part, list) else ""

    def parts(self) -> list[Part]:
        return [
            kind(text="".join(part)) if isinstance(part, list) else self._with_arguments(index, part)  # type: ignore[call-arg]
            for index, (kind, part) in enumerate(zip(self._kinds, self._parts, strict=True))
        ]

    def _with_arguments(self, index: int, part: ToolCallPart | ArtifactPart) -> Part:
        """A call that has not ended shows its arguments once they are whole."""
        if index not in self._arguments:
            return part
        arguments, _ = parse_arguments("".join(self._arguments[index]))
        return part.model_copy(update={"arguments": arguments or {}})

    def output(self) -> list[TextPart]:
        """The text parts alone, as `AgentResponse.output` has them."""
        return [part for part in self.parts() if isinstance(part, TextPart) and part.text]

    def grow(self, index: int, kind: type[TextPart] | type[ReasoningPart], delta: str) -> None:
        """Add text to a part, or to a new one behind the last."""
        if index == len(self._parts):
            self._begin(kind, [])
        part = self._parts[index]
        if isinstance(part, list):
            part.append(delta)

    def _begin(self, kind: type[Part], part: list[str] | ToolCallPart | ArtifactPart) -> None:
        self._kinds.append(kind)
        self._parts.append(part)
        self.rounds.append(self._round)
        self._is_closed = False
