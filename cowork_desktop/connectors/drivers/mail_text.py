"""What a mail that was received says, whatever is wrong with it."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import compat32
from email.utils import parsedate_to_datetime

from cowork_desktop.connectors.drivers.html_text import text_of_html

MOST_TEXT = 20_000
"""Characters of a mail's text."""
_MOST_HEADER = 2_000
_MOST_BOUNDARIES, _MOST_PARTS, _MOST_NAMES = 200, 500, 100
"""Of a mail that is taken apart; more make sense to nobody, and the parser goes into each by recursion."""
_BOUNDARY = re.compile(rb"boundary\s*\*?\d*\*?\s*=", re.IGNORECASE)
_NO_TEXT = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})
"""Codecs for text that are none of mail, some of them slow on purpose-made input."""


@dataclass(frozen=True)
class MailText:
    at: datetime | None
    """In UTC; as its sender says."""
    sender: str
    to: str
    subject: str
    attachments: list[str] = field(default_factory=list)
    """Their names."""
    text: str = ""


def mail_of(content: bytes, *, headers_only: bool = False) -> MailText:
    """Of a message or its beginning; raises nothing."""
    message = _parsed(content, headers_only)
    parts = [] if headers_only else list(_parts(message))
    return MailText(
        at=_date(message),
        sender=_header(message, "From"),
        to=_header(message, "To"),
        subject=_header(message, "Subject"),
        attachments=[name for part in parts if (name := _name(part))][:_MOST_NAMES],
        text=_text(parts)[:MOST_TEXT],
    )


def header_text(value: str) -> str:
    """A header's value without its encoding, on one line."""
    # The library drops the blank where a line was folded behind something encoded.
    value = " ".join(line.strip() for line in value[:_MOST_HEADER].splitlines())
    try:
        decoded = decode_header(value)
    except (MessageError, ValueError):
        decoded = [(value, None)]
    text = "".join(part if isinstance(part, str) else decoded_text(part, name) for part, name in decoded)
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:_MOST_HEADER]


def decoded_text(content: bytes, charset: str | None) -> str:
    """Raises nothing; what it cannot read is U+FFFD."""
    try:
        name = codecs.lookup(charset or "utf-8").name
        if name not in _NO_TEXT:
            return content.decode("utf-8" if name == "ascii" else name, "replace")
    except (LookupError, ValueError, TypeError):
        pass
    return content.decode("utf-8", "replace")


def _parsed(content: bytes, headers_only: bool) -> Message:
    if headers_only or len(_BOUNDARY.findall(content)) > _MOST_BOUNDARIES:
        return BytesHeaderParser(policy=compat32).parsebytes(content)
    try:
        return BytesParser(policy=compat32).parsebytes(content)
    except (MessageError, ValueError, LookupError, RecursionError):
        return BytesHeaderParser(policy=compat32).parsebytes(content)


def _parts(message: Message) -> Iterator[Message]:
    """Those that have no parts themselves, in their order."""
    waiting, count = [message], 0
    while waiting and count < _MOST_PARTS:
        part, count = waiting.pop(), count + 1
        inner = part.get_payload()
        if part.is_multipart() and isinstance(inner, list):
            # A mail in a mail is an attachment.
            if part.get_content_maintype() == "message" and part is not message:
                yield part
            else:
                waiting += [one for one in reversed(inner) if isinstance(one, Message)]
        else:
            yield part


def _header(message: Message, name: str) -> str:
    values = (value for key, value in message.raw_items() if key.lower() == name.lower())
    return header_text(_raw(next(values, "")))


def _raw(value: object) -> str:
    # The parser keeps 8-bit bytes as surrogates.
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _date(message: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(_header(message, "Date")[:100])
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _name(part: Message) -> str:
    try:
        name = header_text(_raw(part.get_filename() or ""))
        is_attached = part.get_content_disposition() == "attachment"
        is_mail = part.get_content_maintype() == "message"
    except (ValueError, TypeError, LookupError, AttributeError):
        return ""
    return (name or ("(no name)" if is_attached or is_mail else ""))[:300]


def _text(parts: list[Message]) -> str:
    told = [part for part in parts if not _name(part)]
    for wanted, read in (("text/plain", str), ("text/html", text_of_html)):
        for part in told:
            if part.get_content_type() == wanted and (text := read(_content(part)).strip()):
                return text.replace("\r\n", "\n").replace("\0", "")
    return ""


def _content(part: Message) -> str:
    try:
        content, charset = part.get_payload(decode=True), part.get_content_charset()
    except (ValueError, TypeError, LookupError, AttributeError):
        return ""
    return decoded_text(content, charset) if isinstance(content, bytes) else ""
