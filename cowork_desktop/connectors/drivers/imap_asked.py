"""What a query of mail asks for, and how IMAP says it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.drivers.imap_names import quoted, to_modified_utf7

HOW = (
    'A query is JSON, such as {"folder": "INBOX", "search": {"from": "ann@example.com", "unseen": true,'
    ' "since": "2026-01-31"}, "limit": 20, "body": "text"}. `search` takes from, to, subject, text (what they'
    " contain), since, before (days), unseen, flagged (true or false) and uid (a list of numbers); all of"
    ' them have to fit. Newest mail comes first. "body": "text" also reads what the mails say and the names'
    " of their attachments; without it a result has their headers alone. Nothing is marked as read."
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST = 500
"""Mails of one query, and uids in it."""


@dataclass(frozen=True)
class Asked:
    folder: str
    limit: int
    has_text: bool
    plain: bytes
    """The criteria that are ASCII, as they are sent."""
    literals: Sequence[tuple[bytes, bytes]] = field(default_factory=tuple)
    """Those that are not: the key, and its text in UTF-8. Each needs a search of its own."""


def asked(query: str) -> Asked:
    """Raises DriverFailed, with words that say what a query looks like."""
    try:
        told = json.loads(query)
    except (ValueError, RecursionError):
        raise _refused("This is not JSON.") from None
    fields = _fields(told, "The query", ("folder", "search", "limit", "body"))
    criteria = _fields(fields.get("search", {}), "`search`", tuple(_CRITERIA))
    written = [_CRITERIA[key](key, value) for key, value in criteria.items()]
    return Asked(
        folder=_folder(fields.get("folder", "INBOX")),
        limit=_limit(fields.get("limit", 20)),
        has_text=_has_text(fields.get("body", "none")),
        plain=b" ".join(one for one in written if isinstance(one, bytes)) or b"ALL",
        literals=tuple(one for one in written if isinstance(one, tuple)),
    )


def _fields(told: Any, what: str, known: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(told, dict):
        raise _refused(f"{what} should be an object.")
    for key in told:
        if key not in known:
            raise _refused(f"{what} has no “{key[:100]}”; it has {', '.join(known)}.")
    return told


def _folder(told: Any) -> str:
    if not isinstance(told, str) or not 0 < len(told) <= 1_000 or not _is_clean(told):
        raise _refused("`folder` should be the name of a folder, such as INBOX.")
    return told


def _is_clean(text: str) -> bool:
    return not any(ord(sign) < 32 or sign == "\x7f" or "\ud800" <= sign <= "\udfff" for sign in text)


def _limit(told: Any) -> int:
    if type(told) is not int or not 1 <= told <= _MOST:
        raise _refused(f"`limit` should be a number from 1 to {_MOST}.")
    return told


def _has_text(told: Any) -> bool:
    if told not in ("none", "text"):
        raise _refused('`body` should be "none" or "text".')
    return bool(told == "text")


def _words(key: str, value: Any) -> bytes | tuple[bytes, bytes]:
    if not isinstance(value, str) or not 0 < len(value) <= 1_000 or not _is_clean(value):
        raise _refused(f"`{key}` should be one line of text.")
    name = key.upper().encode()
    return name + b" " + quoted(value.encode()) if value.isascii() else (name, value.encode())


def _day(key: str, value: Any) -> bytes:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _refused(f"`{key}` should be a day, such as 2026-01-31.") from None
    # Not strftime: its months are those of the user's language.
    return f"{key.upper()} {day.day}-{_MONTHS[day.month - 1]}-{day.year:04}".encode()


def _flag(key: str, value: Any) -> bytes:
    if not isinstance(value, bool):
        raise _refused(f"`{key}` should be true or false.")
    names = {"unseen": (b"SEEN", b"UNSEEN"), "flagged": (b"UNFLAGGED", b"FLAGGED")}
    return names[key][value]


def _uids(key: str, value: Any) -> bytes:
    numbers = value if isinstance(value, list) else [value]
    if not 0 < len(numbers) <= _MOST or not all(type(one) is int and 0 < one < 2**32 for one in numbers):
        raise _refused(f"`{key}` should be a list of up to {_MOST} numbers, as the column uid has them.")
    return b"UID " + ",".join(map(str, numbers)).encode()


_CRITERIA: Mapping[str, Callable[[str, Any], bytes | tuple[bytes, bytes]]] = {
    "from": _words,
    "to": _words,
    "subject": _words,
    "text": _words,
    "since": _day,
    "before": _day,
    "unseen": _flag,
    "flagged": _flag,
    "uid": _uids,
}


def folder_name(folder: str) -> bytes:
    """As an argument."""
    return quoted(to_modified_utf7(folder))


def _refused(words: str) -> DriverFailed:
    return DriverFailed("bad_query", f"{words} {HOW}")
