"""What becomes of a request that no longer fits in the model's window: which part stays, and what stands for
the rest."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from cowork_desktop.agent.fence import fence
from cowork_desktop.agent.model import Content, Document, Image, Message, Text, ToolCall, ToolResult
from cowork_desktop.agent.shortening import short_values, shortened, within
from cowork_desktop.agent.tokens import estimate
from cowork_desktop.schemas.settings import Limits

_FULL_AT = 0.8
_SHORTEST = 200
"""Characters that are left of a text in any case."""
_INTRODUCTION = (
    "The conversation has become too long, so a summary stands here in the place of its older part. Images"
    " and documents of that part are not shown any more: read them again with the tools where you need them."
)
_REQUEST = "The user's current request, word for word:"


@dataclass(frozen=True)
class Window:
    """How much room a request has, in tokens."""

    room: int
    """For the request; what is left is for the answer."""

    @classmethod
    def of(cls, limits: Limits) -> "Window":
        """A quarter is for the request in any case: a limit of the answer may be above the whole window."""
        return cls(max(limits.context_tokens - limits.output_tokens, limits.context_tokens // 4))

    @property
    def full_at(self) -> int:
        """A request of more than this is to be made shorter."""
        return int(self.room * _FULL_AT)

    @property
    def tail(self) -> int:
        """What stays as it is."""
        return self.room // 3

    @property
    def summary(self) -> int:
        return min(4_000, self.room // 8)


def split(messages: Sequence[Message], keep_tokens: int) -> tuple[list[Message], list[Message]]:
    """The older part, and the tail that stays; the tail is the longest with so many tokens by estimate.

    It never begins between a call and its result, and it has the last round in any case: where that alone is
    too large, the results in it are shortened in the middle, then everything else, and images and documents
    become notes. What was short enough stays as it is.
    """
    starts = list(_starts(messages))
    sizes = [estimate([message]) for message in messages]
    start, size = len(messages), 0
    kept = starts[-1] if starts else 0
    for candidate in reversed(starts):
        size += sum(sizes[candidate:start])
        start = candidate
        if size > keep_tokens:
            break
        kept = candidate
    return list(messages[:kept]), _within(list(messages[kept:]), keep_tokens)


def _starts(messages: Sequence[Message]) -> Iterator[int]:
    """Where a tail may begin, ascending: no call before has its result after."""
    results: dict[str, list[int]] = {}
    for n, message in enumerate(messages):
        for part in message.content:
            if isinstance(part, ToolResult):
                results.setdefault(part.call_id, []).append(n)
    reach = -1
    for n, message in enumerate(messages):
        if reach < n:
            yield n
        for part in message.content:
            if isinstance(part, ToolCall):
                reach = max(reach, next((at for at in results.get(part.call_id, ()) if at > n), -1))


def _within(messages: list[Message], tokens: int) -> list[Message]:
    if estimate(messages) <= tokens:
        return messages
    shorter = _longest_that_fits(messages, tokens, _with_short_results)
    if estimate(shorter) > tokens:
        shorter = _longest_that_fits(shorter, tokens, _with_short_texts)
    if estimate(shorter) > tokens:
        shorter = [_each(message, _without_media) for message in shorter]
    return shorter


def _longest_that_fits(
    messages: list[Message], tokens: int, shorten: Callable[[Content, int], Content]
) -> list[Message]:
    """With as many characters left of each text as there is room for."""

    def at(characters: int) -> list[Message]:
        return [_each(message, lambda part: shorten(part, characters)) for message in messages]

    def is_too_large(characters: int) -> bool:
        return estimate(at(characters)) > tokens

    lengths = range(_SHORTEST, max(_SHORTEST, *map(_longest_text, messages)) + 1)
    fitting = bisect_right(lengths, False, key=is_too_large)
    return at(lengths[max(0, fitting - 1)])


def _each(message: Message, change: Callable[[Content], Content]) -> Message:
    return replace(message, content=[change(part) for part in message.content])


def _longest_text(message: Message) -> int:
    return max(
        (len(str(part)) for part in message.content if not isinstance(part, Image | Document)), default=0
    )


def _with_short_results(part: Content, characters: int) -> Content:
    if isinstance(part, ToolResult):
        return replace(part, output=shortened(part.output, characters))
    return part


def _with_short_texts(part: Content, characters: int) -> Content:
    match part:
        case Text(text):
            return Text(shortened(text, characters))
        case ToolCall():
            return replace(part, arguments=short_values(part.arguments, characters))
    return _with_short_results(part, characters)


def _without_media(part: Content) -> Content:
    match part:
        case Image():
            return Text("[an image was here]")
        case Document(title):
            return Text(f"[the document {shortened(title, _SHORTEST)!r} was here]")
        case ToolResult(output=output, images=images) if images:
            return replace(part, output=f"{output}\n[{len(images)} images were here]", images=())
    return part


def compacted_messages(
    summary: str, request: str | None, tail: Sequence[Message], window: Window
) -> list[Message]:
    """The messages of the shorter request: the summary as data, what the user asks for now, and the tail.

    `request` is the text that the user sent in this turn; it is left out where the tail has it, and shortened
    where it is longer than half of what a tail may be.
    """
    content: list[Content] = [_told(summary)]
    if request and not _has(tail, request):
        content.append(Text(f"{_REQUEST}\n\n{within(request, window.tail // 2)}"))
    return [Message("user", content), *tail]


def parted(messages: Sequence[Message], summary: str | None) -> tuple[list[Message], list[Message]]:
    """The message that `compacted_messages` has made of this summary, where they begin with it, and the
    others."""
    if summary is None or not messages or _told(summary) not in messages[0].content:
        return [], list(messages)
    return [messages[0]], list(messages[1:])


def _told(summary: str) -> Text:
    return Text(f"{_INTRODUCTION}\n\n{fence(summary, 'a summary of the conversation so far')}")


def _has(messages: Sequence[Message], text: str) -> bool:
    return any(
        isinstance(part, Text) and part.text.strip() == text.strip()
        for message in messages
        if message.role == "user"
        for part in message.content
    )
