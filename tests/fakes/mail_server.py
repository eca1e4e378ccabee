"""SMTP servers on loopback: one that works, and one that fails at the word the test names."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "ann@example.com", "heron-Canary-7Qx!"
HANG, DIE = "hang", "die"


@dataclass
class Received:
    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.content, policy=default)
        assert isinstance(message, EmailMessage)
        return message


@dataclass
class MailServer:
    """Takes mail for all but those whose address begins with `nobody`."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.received.append(Received(str(envelope.mail_from), list(envelope.rcpt_tos), envelope.content))
        return "250 OK queued"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, way: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        if is_right:
            self.signed_in.append(way)
        return AuthResult(success=is_right, handled=False)


@asynccontextmanager
async def mail_server(*, tls: ssl.SSLContext | None = None, **settings: Any) -> AsyncIterator[MailServer]:
    """`settings` of aiosmtpd's SMTP."""
    mail, loop = MailServer(), asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(
            mail,
            hostname="mail.example.com",
            tls_context=tls,
            authenticator=mail.authenticate,
            auth_require_tls=tls is not None,
            loop=loop,
            **settings,
        )

    server = await loop.create_server(protocol, "127.0.0.1", 0)
    async with server:
        mail.port = server.sockets[0].getsockname()[1]
        yield mail


ANSWERS = {
    "CONNECT": "220 mail.example.com ESMTP",
    "EHLO": "250-mail.example.com\r\n250-AUTH PLAIN XOAUTH2\r\n250 SIZE 1000000",
    "AUTH": "235 2.7.0 OK",
    "MAIL": "250 OK",
    "RCPT": "250 OK",
    "RSET": "250 OK",
    "NOOP": "250 OK",
    "DATA": "354 Go on",
    "CONTENT": "250 Queued",
    "QUIT": "221 Bye",
}


@dataclass
class ScriptedServer:
    port: int = 0
    commands: list[str] = field(default_factory=list)
    open: int = 0
    """Connections."""


@asynccontextmanager
async def scripted_server(answers: Mapping[str, str]) -> AsyncIterator[ScriptedServer]:
    """Answers with ANSWERS, or with what is given instead; HANG says nothing any more, DIE hangs up."""
    told, said = ScriptedServer(), {**ANSWERS, **answers}

    async def answer(verb: str, writer: asyncio.StreamWriter) -> bool:
        if (line := said.get(verb, "500 What?")) == HANG:
            await asyncio.Event().wait()
        if line != DIE:
            writer.write(line.encode() + b"\r\n")
        return line != DIE

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        goes_on = await answer("CONNECT", writer)
        while goes_on and (line := await reader.readline()):
            told.commands.append(line.decode().strip())
            verb = line.split()[0].decode().upper() if line.strip() else ""
            goes_on = await answer(verb, writer)
            if goes_on and verb == "DATA" and said["DATA"].startswith("354"):
                while (line := await reader.readline()).strip() != b"." and line:
                    pass
                goes_on = await answer("CONTENT", writer)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.open += 1
        talking = asyncio.ensure_future(talk(reader, writer))
        # A client that is gone is noticed also while nothing is said.
        try:
            while not talking.done() and not reader.at_eof():
                await asyncio.wait([talking], timeout=0.01)
        except asyncio.CancelledError:
            pass
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
            told.open -= 1
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        told.port = server.sockets[0].getsockname()[1]
        yield told
        while told.open:
            await asyncio.sleep(0)
