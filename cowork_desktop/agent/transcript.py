"""The answer's item as the events of its turn make it, piece by piece; the same live and after a crash."""

from cowork_desktop.schemas.conversations import Part, ReasoningPart, TextPart, ToolCallPart
from cowork_desktop.schemas.events import (
    OutputTextDelta,
    ReasoningDelta,
    ToolCallAdded,
    ToolCallDone,
    TurnEvent,
)


class Transcript:
    def __init__(self) -> None:
        self._parts: list[list[str] | ToolCallPart] = []
        self._kinds: list[type[TextPart] | type[ReasoningPart] | type[ToolCallPart]] = []

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
                    call_id=event.call_id, name=event.name, arguments={}, output="", status="running"
                )
                self._kinds.append(ToolCallPart)
                self._parts.append(call)
            case ToolCallDone():
                self._parts[event.content_index] = event.call

    def is_open(self, kind: type[TextPart] | type[ReasoningPart]) -> bool:
        """Whether the last part is of this kind, and so can grow."""
        return bool(self._kinds) and self._kinds[-1] is kind

    def text(self, index: int) -> str:
        part = self._parts[index]
        return part.output if isinstance(part, ToolCallPart) else "".join(part)

    def parts(self) -> list[Part]:
        return [
            part if isinstance(part, ToolCallPart) else kind(text="".join(part))  # type: ignore[call-arg]
            for kind, part in zip(self._kinds, self._parts, strict=True)
        ]

    def output(self) -> list[TextPart]:
        """The text parts alone, as `AgentResponse.output` has them."""
        return [part for part in self.parts() if isinstance(part, TextPart) and part.text]

    def grow(self, index: int, kind: type[TextPart] | type[ReasoningPart], delta: str) -> None:
        """Add text to a part, or to a new one behind the last."""
        if index == len(self._parts):
            self._kinds.append(kind)
            self._parts.append([])
        part = self._parts[index]
        if isinstance(part, list):
            part.append(delta)
