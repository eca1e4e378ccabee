"""IMAP servers on loopback: a real Dovecot, and one that fails at the word the test names."""

import asyncio
import grp
import imaplib
import os
import pwd
import re
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.fakes.certificates import make_certificates
from tests.fakes.programs import folder_of, free_port, give, program, running

USER, PASSWORD = "ann@example.com", "heron-Canary-7Qx!ä"
HANG, DIE = "hang", "die"
_USER = "nobody"
_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
mail_location = maildir:{folder}/mail
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder} allow_all_users=yes
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    folder: Path
    port: int
    """Plain, and STARTTLS."""
    tls_port: int

    @property
    def certificate(self) -> str:
        return str(self.folder / "authority.pem")

    @contextmanager
    def mailbox(self) -> Iterator[imaplib.IMAP4]:
        """Signed in, as any client would."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=20) as client:
            client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            yield client

    def put(self, *messages: bytes, folder: str = "INBOX", flags: str = "") -> None:
        with self.mailbox() as client:
            client.create(folder)
            for message in messages:
                state, words = client.append(folder, flags, "", message)
                assert state == "OK", words

    def flags(self, folder: str = "INBOX") -> list[bytes]:
        """Of each message."""
        with self.mailbox() as client:
            client.select(folder, readonly=True)
            _, content = client.fetch("1:*", "(FLAGS)")
            return [one for one in content if isinstance(one, bytes)]

    def empty(self) -> None:
        """No folders and no mails any more."""
        with self.mailbox() as client:
            for line in client.list()[1]:
                assert isinstance(line, bytes)
                name = line.decode().split(' "." ')[1]
                if name != "INBOX":
                    client.delete(name)
            if client.select("INBOX")[1] != [b"0"]:
                client.store("1:*", "+FLAGS", "\\Deleted")
                client.expunge()


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Not as root, which it would want other users for."""
    command = program("dovecot")
    version = subprocess.check_output([command, "--version"], text=True, timeout=20).strip()
    if not version.startswith("2.3."):
        pytest.skip(f"NOT RUN: the configuration is for Dovecot 2.3, and this is {version}")
    with folder_of(_USER) as folder:
        server = Dovecot(folder, free_port(), free_port())
        _configure(server)
        words = [command, "-F", "-c", str(folder / "dovecot.conf")]
        with running(words, user=_USER, folder=folder, is_ready=lambda: _answers(server)):
            yield server


def _configure(server: Dovecot) -> None:
    user = pwd.getpwnam(_USER) if os.geteuid() == 0 else pwd.getpwuid(os.getuid())
    files = make_certificates(server.folder)
    users, configuration = server.folder / "users", server.folder / "dovecot.conf"
    users.write_text(f"{USER}:{PASSWORD}\n", "utf-8")
    configuration.write_text(
        _CONFIGURATION.format(
            folder=server.folder,
            user=user.pw_name,
            group=grp.getgrgid(user.pw_gid).gr_name,
            port=server.port,
            tls_port=server.tls_port,
        )
    )
    for path in (files.certificate, files.key, users, configuration):
        give(path, _USER)


def _answers(server: Dovecot) -> bool:
    try:
        with server.mailbox():
            return True
    except (OSError, imaplib.IMAP4.error):
        return False


MESSAGE = b"From: bob@example.org\r\nSubject: One\r\n\r\nHi\r\n"
ANSWERS = {
    "CONNECT": "* OK IMAP4rev1 ready",
    "CAPABILITY": "* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2\r\nTAG OK done",
    "AUTHENTICATE": "+ ",
    "CREDENTIALS": "TAG OK signed in",
    "LOGIN": "TAG OK signed in",
    "EXAMINE": "* 1 EXISTS\r\nTAG OK [READ-ONLY] done",
    "LIST": '* LIST () "/" INBOX\r\nTAG OK done',
    "STATUS": "* STATUS INBOX (MESSAGES 1 UNSEEN 1)\r\nTAG OK done",
    "SEARCH": "* SEARCH 7\r\nTAG OK done",
    "FETCH": f"* 1 FETCH (UID 7 FLAGS () RFC822.SIZE {len(MESSAGE)} BODY[]<0> {{{len(MESSAGE)}}}\r\n"
    f"{MESSAGE.decode()})\r\nTAG OK done",
    "LOGOUT": "* BYE\r\nTAG OK bye",
}


@dataclass
class ScriptedServer:
    port: int = 0
    commands: list[str] = field(default_factory=list)
    open: int = 0
    """Connections."""


@asynccontextmanager
async def scripted_imap(answers: Mapping[str, str | bytes]) -> AsyncIterator[ScriptedServer]:
    """Answers with ANSWERS, or with what is given instead, where TAG stands for the command's; HANG says
    nothing any more, DIE hangs up."""
    told, said = ScriptedServer(), {**ANSWERS, **answers}

    async def answer(word: str, tag: bytes, writer: asyncio.StreamWriter) -> bool:
        line = said.get(word, "TAG BAD What?")
        if line == HANG:
            await asyncio.Event().wait()
        if line != DIE:
            content = line if isinstance(line, bytes) else line.encode()
            writer.write(content.replace(b"TAG", tag) + b"\r\n")
        return line != DIE

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        goes_on = await answer("CONNECT", b"*", writer)
        while goes_on and (line := await reader.readline()):
            told.commands.append(line.decode().strip())
            tag, *words = re.split(rb"\s+", line.strip())
            word = words[1 if words[:1] == [b"UID"] else 0].decode() if words else ""
            goes_on = await answer(word, tag, writer)
            if word == "AUTHENTICATE" and goes_on and said[word] == "+ ":
                told.commands.append((await reader.readline()).decode().strip())
                goes_on = await answer("CREDENTIALS", tag, writer)

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
