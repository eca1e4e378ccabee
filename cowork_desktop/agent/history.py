"""Earlier items as messages for the model: calls and their results as they were, none without the other."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from cowork_desktop.agent.fence import as_data, shown_name
from cowork_desktop.agent.model import Content, Message, Text, ToolCall, ToolResult
from cowork_desktop.agent.tools.tool import OUTPUT_LIMIT, bounded
from cowork_desktop.schemas.conversations import (
    AttachmentPart,
    Item,
    Part,
    TextPart,
    ToolCallPart,
)
from cowork_desktop.store.items import Numbered

RESULT_LIMIT = 4_000
"""Characters of a result of an earlier turn: it can be had again."""
_OF_PICTURES = {
    "read_file": re.compile(r"\A.*: image/[a-z]+, [\d,]+ bytes\. The picture follows\.\Z", re.S),
    "run_code": re.compile(r"^\[image/[a-z]+: image \d+ of this result; ", re.M),
}
"""What the results of these tools say where pictures come with them."""
_NO_PICTURES = "[The pictures of this result are not shown any more; read or show again what you need.]"
_NEVER_ENDED = "(This call did not end; whether it had its effect is not known.)"
_NOTHING = "(nothing was said)"


def messages_of(
    numbered: Numbered, attachments: Mapping[str, Sequence[Content]], first_round: int = 0
) -> list[Message]:
    """An item of an earlier turn, of an answer the rounds from the first on that is asked for. `attachments`:
    what the model gets of the files that came with it."""
    item, n = numbered.item, numbered.n
    if item.role == "user":
        return [Message("user", user_content(item, attachments) or [Text(_NOTHING)], place=(n, 0))]
    told_rounds = rounds(item.parts, n, limit=RESULT_LIMIT, first_round=first_round)
    return told_rounds or [Message("assistant", [Text(_NOTHING)], place=(n, 0))]


def user_content(item: Item, attachments: Mapping[str, Sequence[Content]]) -> list[Content]:
    """The user's words first, then what came with them."""
    content: list[Content] = [
        Text(part.text) for part in item.parts if isinstance(part, TextPart) and part.text.strip()
    ]
    for part in item.parts:
        if isinstance(part, AttachmentPart):
            content += attachments.get(part.file_id) or [Text(f"[attached: {shown_name(part.name)}]")]
    return content


def rounds(
    parts: Sequence[Part],
    n: int,
    *,
    limit: int = OUTPUT_LIMIT,
    first_round: int = 0,
    numbers: Sequence[int] = (),
) -> list[Message]:
    """An answer, the item `n`, as the messages that it was: text and calls, their results, and so on. What
    was said or called before `first_round` is left out.

    `numbers`: the round of each part, where that is known.
    """
    messages: list[Message] = []
    numbered = zip(numbers or _rounds_of(parts), parts, strict=True)
    for round, of_round in groupby(numbered, key=itemgetter(0)):
        if round < first_round:
            continue
        content: list[Content] = []
        results: list[Content] = []
        for _, part in of_round:
            if isinstance(part, ToolCallPart):
                content.append(ToolCall(part.call_id, part.name, part.arguments))
                results.append(result(part, limit))
            elif isinstance(part, TextPart) and part.text.strip():
                content.append(Text(part.text))
        if content:
            messages.append(Message("assistant", content, place=(n, round)))
        if results:
            messages.append(Message("user", results, place=(n, round)))
    return messages


def _rounds_of(parts: Sequence[Part]) -> list[int]:
    """What stands before a call counts as of its round, and what stands after the last one as what its result
    led to."""
    round = max((part.round + 1 for part in parts if isinstance(part, ToolCallPart)), default=0)
    found: list[int] = []
    for part in reversed(parts):
        if isinstance(part, ToolCallPart):
            round = part.round
        found.append(round)
    return found[::-1]


def result(part: ToolCallPart, limit: int = OUTPUT_LIMIT) -> ToolResult:
    """What a call gave, as the model got it, but for pictures."""
    if part.status == "running":
        return ToolResult(part.call_id, _NEVER_ENDED, is_error=True)
    told = as_data(bounded(part.output, limit), part.source)
    if _had_pictures(part):
        told = f"{told}\n{_NO_PICTURES}"
    return ToolResult(part.call_id, told, is_error=part.status == "error")


def _had_pictures(part: ToolCallPart) -> bool:
    """Whether the model got pictures with the result, which are not stored: the tools say so in words."""
    words = _OF_PICTURES.get(part.name)
    return part.status == "success" and words is not None and words.search(part.output) is not None
