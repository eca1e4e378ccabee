"""The headers and the text of saved mail."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from cowork_desktop.workspace.extraction.markup import lines_of
from cowork_desktop.workspace.extraction.passages import Found, Line, Unreadable, of_lines

_LARGEST_BYTES = 100 * 1024**2
_HEADERS = ("From", "To", "Cc", "Date", "Subject")


def read(path: Path) -> Iterator[Found]:
    """Places count the lines of the text that comes out; attachments are named, not read."""
    if path.stat().st_size > _LARGEST_BYTES:
        raise Unreadable("It is larger than mail that is read.")
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    lines = [*_headers(message), *_body(message), *_attachments(message)]
    yield from of_lines((Line(number, line) for number, line in enumerate(lines, 1)), "line")


def _headers(message: EmailMessage) -> Iterator[str]:
    for name in _HEADERS:
        if value := message[name]:
            yield f"{name}: {value}"


def _body(message: EmailMessage) -> list[str]:
    body = message.get_body(("plain", "html"))
    if body is None:
        return []
    text = str(body.get_content())
    return list(lines_of(text)) if body.get_content_subtype() == "html" else text.split("\n")


def _attachments(message: EmailMessage) -> Iterator[str]:
    for part in message.iter_attachments():
        if name := part.get_filename():
            yield f"Attachment: {name}"
