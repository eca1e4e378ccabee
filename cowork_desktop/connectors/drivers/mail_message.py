"""A mail as it goes over the wire: its addresses checked, its headers such that nobody can add to them."""

import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from cowork_desktop.connectors.drivers.driver import Attachment, DriverFailed, Mail

MOST_RECIPIENTS = 100
_LOCAL = re.compile(r"[^\s\x00-\x20\x7f()<>\[\]:;@\\,.\"]+(?:\.[^\s\x00-\x20\x7f()<>\[\]:;@\\,.\"]+)*")
"""What stands before the `@`: a dot-atom, https://www.rfc-editor.org/rfc/rfc5322#section-3.2.3, or one with
letters beyond ASCII, RFC 6531."""
_DOMAIN = re.compile(r"[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*")
_MIME_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}")
_ADDRESS = re.compile(
    r"(?P<bare>[^<>\s]+)|(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<name>[^<>()@,;:\"\\]*?))\s*<(?P<spec>[^<>\s]+)>"
)
_LONGEST = 1_000
"""Of a line of a header, in characters."""


@dataclass(frozen=True)
class Letter:
    """A mail that can be written for any server."""

    mail: Mail
    sender: Address
    to: Sequence[Address]
    cc: Sequence[Address]
    bcc: Sequence[Address]
    reply_to: Sequence[Address]
    message_id: str
    at: datetime

    @property
    def recipients(self) -> list[str]:
        """Each once."""
        return list(dict.fromkeys(one.addr_spec for one in (*self.to, *self.cc, *self.bcc)))

    @property
    def needs_utf8(self) -> bool:
        """An address has letters beyond ASCII, which the server must know how to take: RFC 6531."""
        return not all(one.isascii() for one in (self.sender.addr_spec, *self.recipients, *self._reply_specs))

    @property
    def _reply_specs(self) -> list[str]:
        return [one.addr_spec for one in self.reply_to]

    def written(self) -> bytes:
        """The whole message, 7-bit but for headers that need UTF-8."""
        # Else 8-bit text is sent as it is, which a server without 8BITMIME may garble.
        message = EmailMessage(policy=SMTP.clone(cte_type="7bit", utf8=self.needs_utf8))
        self._write_headers(message)
        message.set_content(self.mail.text)
        if self.mail.html is not None:
            message.add_alternative(self.mail.html, subtype="html")
        for attachment in self.mail.attachments:
            _attach(message, attachment)
        return message.as_bytes()

    def _write_headers(self, message: EmailMessage) -> None:
        message["From"] = self.sender
        for name, addresses in (("To", self.to), ("Cc", self.cc), ("Reply-To", self.reply_to)):
            if addresses:
                message[name] = list(addresses)
        message["Subject"] = self.mail.subject
        message["Date"] = format_datetime(self.at)
        message["Message-ID"] = self.message_id


def letter_of(mail: Mail, sender: Address, now: int) -> Letter:
    """`now`: milliseconds since the epoch. Raises DriverFailed where it cannot be sent as it is."""
    to, cc, bcc = (_addresses(some) for some in (mail.to, mail.cc, mail.bcc))
    count = len({one.addr_spec for one in (*to, *cc, *bcc)})
    if not 1 <= count <= MOST_RECIPIENTS:
        raise _refused(f"A mail has 1 to {MOST_RECIPIENTS} recipients, and this one has {count}.")
    one_line("subject", mail.subject)
    _check_text("text", mail.text)
    _check_text("html", mail.html or "")
    for attachment in mail.attachments:
        one_line("attachment's name", attachment.name)
    return Letter(
        mail,
        sender,
        to,
        cc,
        bcc,
        _addresses([mail.reply_to] if mail.reply_to else []),
        f"<{secrets.token_hex(16)}@{_ascii_domain(sender.domain)}>",
        datetime.fromtimestamp(now / 1_000, UTC),
    )


def address_of(text: str, name: str | None = None) -> Address:
    """Of `ann@example.com` or `Ann Lee <ann@example.com>`; of one address alone. `name`: instead of its own.
    Raises DriverFailed."""
    one_line("address", text)
    # The email package's own parser drops what it does not understand, and sends to what is left.
    found = _ADDRESS.fullmatch(text.strip())
    local, _, domain = (found["bare"] or found["spec"] or "").rpartition("@") if found else ("", "", "")
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or len(local) > 64 or len(domain) > 253:
        raise _refused(f"This is not one mail address: “{text[:200]}”")
    assert found
    quoted = re.sub(r"\\(.)", r"\1", found["quoted"] or "")
    shown = one_line("name", quoted or found["name"] or "" if name is None else name)
    # A name beyond ASCII has a form in ASCII that every server takes; only what is before the @ has none.
    return Address(shown, local, _ascii_domain(domain) if local.isascii() else domain)


def one_line(what: str, text: str) -> str:
    """The text, where it can stand in a header. Raises DriverFailed."""
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text):
        raise _refused(
            f"The {what} has a line break or another control character in it; it must be one line."
        )
    # The email package takes encoded words out of their wrapping, with the line breaks within.
    if "=?" in text:
        raise _refused(f"The {what} has “=?” in it, which mail programs would take for something encoded.")
    if len(text) > _LONGEST:
        raise _refused(f"The {what} has more than {_LONGEST} characters.")
    return text


def _addresses(texts: Iterable[str]) -> list[Address]:
    return [address_of(text) for text in texts]


def _ascii_domain(domain: str) -> str:
    try:
        return domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise _refused(f"This is not the domain of a mail address: {domain[:200]}") from None


def _check_text(what: str, text: str) -> None:
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise _refused(f"The {what} has characters in it that no text may have.")


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    type = attachment.mime_type if _MIME_TYPE.fullmatch(attachment.mime_type) else "application/octet-stream"
    main, _, sub = type.lower().partition("/")
    if main in ("message", "multipart"):
        # RFC 2046 lets nobody encode these, and their content may have any bytes.
        main, sub = "application", "octet-stream"
    message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.name)


def _refused(words: str) -> DriverFailed:
    return DriverFailed("bad_query", words)
