"""What a script does with a string, told from the tokens before it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cowork_desktop.workspace.checks.faults import ReferenceKind, names

_CALLS = names("fetch importScripts WebSocket EventSource Worker SharedWorker Request Audio sendBeacon")
_METHODS = frozenset(["get", "post", "put", "patch", "delete", "head", "options"])
_ATTRIBUTES = frozenset(["src", "srcset", "poster"])
_MEMBER = (".", "?.")
_MARKUP = re.compile(
    r"<(?:img|script|iframe|link|video|audio|source|embed)\b[^<>]*?\b(?:src|href)\s*=\s*\\?[\"']?(?:https?:)?//",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Use:
    kind: ReferenceKind
    what: str
    is_static: bool = False
    """Whether it is a declaration of a module."""
    ends_there: bool = False
    """Whether nothing can be added to the string."""


def use_of(before: Sequence[str]) -> Use | None:
    """`before`: the last five tokens; None where the string is not what is loaded."""
    last, second, third, fourth = before[-1], before[-2], before[-3], before[-4]
    if last == "from" or (last == "import" and second not in _MEMBER):
        return Use("import", "import", is_static=True, ends_there=True)
    if last == "(" and second == "import" and third not in _MEMBER:
        return Use("import", "import()")
    if last == "(" and second in _CALLS:
        return Use("request", f"{second}()")
    if last == "," and third == "(" and fourth == "open" and second[1:-1].lower() in _METHODS:
        return Use("request", "XMLHttpRequest.open()")
    if last == "," and third == "(" and fourth == "setAttribute" and second[1:-1] in _ATTRIBUTES:
        return Use("request", f"setAttribute({second})")
    if last == "=" and second in _ATTRIBUTES and third in _MEMBER:
        return Use("request", f".{second} =")
    return None


def outside_in_markup(text: str) -> bool:
    """Whether the text is HTML that would load something from outside."""
    return "//" in text and "<" in text and _MARKUP.search(text) is not None


def is_address_outside(text: str) -> bool:
    """Whether the text is an address that could be asked for; names of XML are none."""
    return text.startswith(("https://", "http://", "wss://", "ws://")) and "//www.w3.org/" not in text
