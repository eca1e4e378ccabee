"""Sends mail over SMTP: https://www.rfc-editor.org/rfc/rfc5321.

Where the method's `auth` is `{"type": "xoauth2"}`, an access token signs in, not a password.
"""

import asyncio
from dataclasses import dataclass, field
from email.headerregistry import Address

from cowork_desktop.clock import Clock, SystemClock
from cowork_desktop.connectors.drivers.driver import DriverFailed, Mail, Target
from cowork_desktop.connectors.drivers.mail_message import Letter, address_of, letter_of
from cowork_desktop.connectors.drivers.smtp_session import Limits, smtp_session
from cowork_desktop.schemas.connectors import Catalog


@dataclass(frozen=True)
class Smtp:
    clock: Clock = field(default_factory=SystemClock)
    limits: Limits = field(default_factory=Limits)

    async def probe(self, target: Target) -> str:
        _sender(target)
        async with smtp_session(target, self.limits) as session:
            await session.look()
            return session.described

    async def catalog(self, target: Target) -> Catalog:
        return Catalog(tables=[], is_complete=True, notes=f"Sends mail from {_sender(target)}.")

    async def send(self, target: Target, mail: Mail) -> str:
        letter = letter_of(mail, _sender(target), self.clock.now())
        # A large attachment takes its time to be encoded.
        message = await asyncio.to_thread(_written, letter)
        async with smtp_session(target, self.limits) as session:
            await session.deliver(letter, message)
        return letter.message_id


def _sender(target: Target) -> Address:
    """Whom the mail is from. Raises DriverFailed."""
    text = target.text("from_address")
    if not text:
        raise DriverFailed("failed", "The field from_address is missing: whom the mail is from.")
    return address_of(text, target.text("from_name") or None)


def _written(letter: Letter) -> bytes:
    try:
        return letter.written()
    except (ValueError, LookupError):
        raise DriverFailed(
            "bad_query", "The mail cannot be written; look at its subject and names."
        ) from None


DRIVER = Smtp()
