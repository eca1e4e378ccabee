"""What the offline model says of itself, and how it quotes."""

from collections.abc import Sequence
from itertools import count

from cowork_desktop.agent.model import Message
from cowork_desktop.agent.offline.turn import text_of

NOTICE = (
    "*No language model is set up, so this comes from the built-in offline model: it follows rules and does"
    " not understand text. In the settings you can give it an Anthropic API key, or the address of a"
    " compatible server.*"
)
ABILITIES = (
    "Without a language model I can:\n\n"
    "- look over a table (CSV, Excel, Parquet, JSON) that you upload: say *summarise this data*, and I"
    " compute sizes, gaps, distributions, groups, trends and charts in a notebook, and make a report of it;\n"
    "- run Python and SQL that you write between ```` ```python ```` or ```` ```sql ```` and ```` ``` ````;\n"
    "- find words in your files and in this conversation, and quote the places;\n"
    "- make a report of the notebook, and a recap of this conversation: ask for a *report* or a *recap*;\n"
    "- keep your conversations, projects and settings, and everything you write here, on this machine.\n\n"
    "I cannot write, reason, translate or answer questions about the world."
)
PICTURES = "I cannot look at pictures."
DOCUMENTS = (
    "I cannot read a document as a person does, but I can find words in it: ask with words that it holds."
)
NOT_ANSWERED = f"I kept your message, but I cannot answer it.\n\n{ABILITIES}"
_QUOTE = 120
_MOST_LINES = 40
_MOST_CHARACTERS = 4_000


def recap(earlier: Sequence[Message]) -> str:
    """What the user wrote so far."""
    written = [message for message in earlier if message.role == "user"]
    if not written:
        return "This conversation has just begun: there is nothing before your message."
    lines = [f"{n}. {_short(text_of(message))}" for n, message in zip(count(1), written, strict=False)]
    answers = sum(message.role == "assistant" for message in earlier)
    counted = f"So far you wrote {len(written)} messages and got {answers} answers. You wrote:"
    return "\n".join([counted, "", *lines])


def quoted(text: str) -> str:
    """The text as a quotation in Markdown, cut where it is long."""
    return "\n".join(f"> {line}".rstrip() for line in _bounded(text))


def printed(text: str) -> str:
    """The text as it stands, between fences that it cannot close."""
    lines = _bounded(text)
    fence = "```"
    while any(fence in line for line in lines):
        fence += "`"
    return "\n".join([f"{fence}text", *lines, fence])


def name(text: object, length: int = _QUOTE) -> str:
    """A name out of the user's data, as code: whatever is in it is not markup."""
    return f"`{_short(str(text), length).replace('`', chr(39)) or ' '}`"


def _bounded(text: str) -> list[str]:
    lines = text.strip("\n")[:_MOST_CHARACTERS].splitlines()
    is_cut = len(lines) > _MOST_LINES or len(text.strip("\n")) > _MOST_CHARACTERS
    return [*lines[:_MOST_LINES], *(["[…]"] if is_cut else [])]


def _short(text: str, length: int = _QUOTE) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[:length].rstrip() + "…"
