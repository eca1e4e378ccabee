"""One connection with an SMTP server, signed in, and what its answers mean."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.mail_message import Letter
from cowork_desktop.connectors.drivers.network import is_by_token, is_loopback, lost, said, trusting

_QUIT_SECONDS = 2.0
_WAYS = ("plain", "login", "cram-md5")
"""To sign in with a password. One is tried: each try that fails counts where accounts are locked."""
_DOUBT = " It is not known whether the mail was sent: look in the sent mail before you send it again."


@dataclass(frozen=True)
class Limits:
    connect_seconds: float = 10.0
    """For each answer until the user is signed in."""
    seconds: float = 60.0
    """For a mail, from the connection to the server's word that it has it."""


@dataclass
class SmtpSession:
    client: SMTP
    place: str
    user: str
    """Who is signed in; empty: nobody."""
    is_in_doubt: bool = False
    """The server has the message, or part of it, and has not said what became of it."""

    @property
    def described(self) -> str:
        """Such as `mail.example.com (ESMTP, signed in as ann)`."""
        answer = self.client.last_ehlo_response
        words = said(answer.message.partition("\n")[0]).split() if answer else []
        name = words[0][:100] if words else self.place
        return f"{name} (ESMTP, {f'signed in as {self.user}' if self.user else 'not signed in'})"

    async def look(self) -> None:
        await self.client.noop()

    async def deliver(self, letter: Letter, message: bytes) -> None:
        """To all recipients or to none."""
        options = self._options(letter, len(message))
        encoding = "utf-8" if letter.needs_utf8 else "ascii"
        await self.client.mail(letter.sender.addr_spec, options=options, encoding=encoding)
        refused = [
            words for one in letter.recipients if (words := await self._refusal(one, encoding)) is not None
        ]
        if refused:
            await self.client.rset()
            raise DriverFailed(
                "failed",
                f"Nothing was sent, as {self.place} does not take mail for {'; '.join(refused[:10])}",
            )
        self.is_in_doubt = True
        await self.client.data(message)
        self.is_in_doubt = False

    async def _refusal(self, recipient: str, encoding: str) -> str | None:
        try:
            await self.client.rcpt(recipient, encoding=encoding)
        except SMTPRecipientRefused as error:
            return f"{recipient} ({error.code} {said(error.message)})"
        return None

    def _options(self, letter: Letter, size: int) -> list[str]:
        extensions = self.client.esmtp_extensions
        if letter.needs_utf8 and "smtputf8" not in extensions:
            raise DriverFailed(
                "bad_query",
                f"{self.place} takes no addresses with letters beyond ASCII. Use another address.",
            )
        most = extensions.get("size", "").strip()
        if most.isascii() and most.isdigit() and 0 < int(most) < size:
            raise DriverFailed(
                "bad_query",
                f"The mail has {size / 1e6:.1f} MB as it is sent, and {self.place} takes"
                f" {int(most) / 1e6:.1f} MB at most. Send less, or a link.",
            )
        options = [f"SIZE={size}"] if "size" in extensions else []
        return [*options, "SMTPUTF8", "BODY=8BITMIME"] if letter.needs_utf8 else options


@asynccontextmanager
async def smtp_session(target: Target, limits: Limits) -> AsyncIterator[SmtpSession]:
    """Signed in. What goes wrong within is DriverFailed."""
    place = f"{target.text('host')}:{target.number('port', 587)}"
    session = SmtpSession(await _client(target, limits), place, "")
    with _told(session):
        try:
            async with asyncio.timeout(limits.seconds):
                await _begin(session, target)
                yield session
            with suppress(SMTPException, OSError, TimeoutError):
                await session.client.quit(timeout=_QUIT_SECONDS)
        finally:
            # `close` alone would still send what is in its buffer: a mail that nobody wants any more.
            if isinstance(session.client.transport, asyncio.WriteTransport):
                session.client.transport.abort()
            session.client.close()


async def _client(target: Target, limits: Limits) -> SMTP:
    security = target.text("security", "starttls")
    host, user = target.text("host"), target.text("user")
    if security == "none" and user and not is_loopback(host):
        raise DriverFailed(
            "failed",
            "Without TLS the user and the password could be read on the way, so they are not sent. Set"
            " security to starttls or tls, or leave the user out.",
        )
    return SMTP(
        hostname=host,
        port=target.number("port", 587),
        # RFC 5321 lets a client without a name say an address; ours is nobody's business.
        local_hostname="[127.0.0.1]",
        timeout=limits.connect_seconds,
        use_tls=security == "tls",
        start_tls=False,
        tls_context=None if security == "none" else await asyncio.to_thread(trusting, target),
    )


async def _begin(session: SmtpSession, target: Target) -> None:
    client = session.client
    await client.connect()
    await client.ehlo()
    if target.text("security", "starttls") == "starttls":
        if not client.supports_extension("starttls"):
            raise DriverFailed(
                "tls",
                f"{session.place} does not offer STARTTLS, so nothing was sent there. Where it speaks TLS"
                " from the beginning, usually at port 465, set security to tls.",
            )
        await client.starttls()
        await client.ehlo()
    await _sign_in(session, target)
    # From here on the whole has its time, and no single answer.
    client.timeout = None


async def _sign_in(session: SmtpSession, target: Target) -> None:
    client, user = session.client, target.text("user")
    if is_by_token(target):
        await client.auth_xoauth2(user, target.text("access_token"))
    elif user:
        way = next((way for way in _WAYS if way in client.server_auth_methods), None)
        if way is None:
            raise DriverFailed(
                "authentication",
                f"{session.place} offers no way to sign in with a password. Leave the user out, or look at"
                " the port and the kind of security.",
            )
        sign_in = {"plain": client.auth_plain, "login": client.auth_login, "cram-md5": client.auth_crammd5}[
            way
        ]
        await sign_in(user, target.text("password"))
    session.user = user


@contextmanager
def _told(session: SmtpSession) -> Iterator[None]:
    """What goes wrong within is DriverFailed."""
    try:
        yield
        return
    except SMTPDataError as error:
        # The server has spoken: the mail was not sent.
        session.is_in_doubt = False
        failed = _failed(error, session.place)
    except (SMTPException, OSError, TimeoutError, UnicodeError) as error:
        failed = _failed(error, session.place)
    # Outside the handler: what went over the wire may hang on the error.
    raise DriverFailed(failed.kind, failed.message + (_DOUBT if session.is_in_doubt else "")) from None


def _failed(error: Exception, place: str) -> DriverFailed:
    match error:
        case SMTPTimeoutError():
            return lost(TimeoutError(), place)
        case SMTPAuthenticationError():
            return _not_signed_in(error, place)
        case SMTPSenderRefused() if error.code == 530:
            return DriverFailed(
                "authentication", f"{place} wants a user and a password. It says: {_words(error)}"
            )
        case SMTPSenderRefused():
            return DriverFailed(
                "forbidden",
                f"{place} does not send mail from {error.sender}. Look at that address. It says:"
                f" {_words(error)}",
            )
        case SMTPResponseException() if error.code < 0:
            return DriverFailed("failed", f"What answers at {place} does not speak SMTP. Look at the port.")
        case SMTPResponseException():
            return DriverFailed("failed", f"{place} does not do it. It says: {_words(error)}")
        case SMTPConnectError() | SMTPServerDisconnected():
            cause = error.__cause__
            return lost(cause if isinstance(cause, OSError) else ConnectionResetError(), place)
        case SMTPException():
            return DriverFailed("failed", f"{place} does not do it: {said(str(error))}")
    return lost(error, place)


def _not_signed_in(error: SMTPAuthenticationError, place: str) -> DriverFailed:
    if 400 <= error.code < 500:
        return DriverFailed("failed", f"{place} lets nobody sign in at the moment. It says: {_words(error)}")
    return DriverFailed(
        "authentication",
        f"{place} does not let this user in. Look at the user and the password; some providers want a"
        f" password made for this app. It says: {_words(error)}",
    )


def _words(error: SMTPResponseException) -> str:
    return f"{error.code} {said(error.message)}"
