"""A server on loopback that speaks TDS as SQL Server does, and gives set answers to batches of SQL.

https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/. It understands no SQL, and checks a user, a
password and whether there is TLS.
"""

import asyncio
import datetime
import ipaddress
import ssl
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = "heron", "heron-9f2c-secret"
_BATCH, _LOGIN, _TRANSACTION, _PRELOGIN, _REPLY = 1, 16, 14, 18, 4
_ON, _NOT_SUPPORTED = 1, 2
_FULL = 4096 - 8

Value = int | str | None


@dataclass
class Answer:
    columns: Sequence[str] = ("n",)
    rows: Sequence[Sequence[Value]] = ((1,),)
    """Of whole numbers and texts, by the first row."""
    error: tuple[int, str] | None = None
    changed: int | None = None


@dataclass
class SQLServer:
    has_tls: bool = True
    holds: bool = False
    """No batch is answered."""
    routes: bool = False
    """Who says that it only reads is sent to another server."""
    answers: dict[str, Answer] = field(default_factory=dict)
    """By a part of the batch."""
    batches: list[str] = field(default_factory=list)
    logins: list[tuple[str, bool, bool]] = field(default_factory=list)
    """The database, whether the client says it only reads, and whether there was TLS."""
    ended: list[str] = field(default_factory=list)
    """How transactions ended: by a `rollback` or a `commit`."""
    is_held: asyncio.Event = field(default_factory=asyncio.Event)
    has_gone: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    context: ssl.SSLContext | None = None
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        wire = _Wire(reader, writer)
        try:
            await self._sign_in(wire)
            while True:
                kind, content = await wire.packet()
                if kind == _TRANSACTION:
                    await wire.reply(self._transaction(content))
                elif kind == _BATCH:
                    await self._batch(
                        wire, content[int.from_bytes(content[:4], "little") :].decode("utf-16-le")
                    )
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            self.has_gone.set()
            writer.close()

    async def _sign_in(self, wire: "_Wire") -> None:
        _, asked = await wire.packet()
        wants_tls = _encryption(asked) == _ON
        answered = _ON if self.has_tls and wants_tls else 3 if self.has_tls else _NOT_SUPPORTED
        await wire.reply(
            struct.pack(">BHHBHHB", 0, 11, 6, 1, 17, 1, 255) + b"\x10\0\x10\0\0\0" + bytes([answered])
        )
        if answered == _ON:
            assert self.context is not None
            await wire.begin_tls(self.context)
        _, login = await wire.packet()
        user, password, database = _text(login, 40), _password(login), _text(login, 68)
        is_reader = bool(login[26] & 0x20)
        self.logins.append((database, is_reader, wire.tls is not None))
        if (user, password) != (USER, PASSWORD):
            await wire.reply(_error(18456, f"Login failed for user '{user}'.") + _done(2))
        elif self.routes and is_reader:
            alternate = "elsewhere.example".encode("utf-16-le")
            route = struct.pack("<BHH", 0, 1433, len(alternate) // 2) + alternate
            value = struct.pack("<BH", 20, len(route)) + route + b"\0\0"
            await wire.reply(_login_ack() + b"\xe3" + struct.pack("<H", len(value)) + value + _done())
        elif database == "nowhere":
            await wire.reply(_error(4060, 'Cannot open database "nowhere".') + _done(2))
        else:
            name = bytes([len(database)]) + database.encode("utf-16-le")
            change = b"\x01" + name + b"\0"
            await wire.reply(_login_ack() + b"\xe3" + struct.pack("<H", len(change)) + change + _done())

    def _transaction(self, content: bytes) -> bytes:
        kind = int.from_bytes(content[int.from_bytes(content[:4], "little") :][:2], "little")
        if kind == 5:
            return b"\xe3" + struct.pack("<HBB", 11, 8, 8) + b"\1\2\3\4\5\6\7\x08" + b"\0" + _done()
        self.ended.append({7: "commit", 8: "rollback"}[kind])
        return b"\xe3" + struct.pack("<HBBB", 11, 10, 0, 8) + b"\1\2\3\4\5\6\7\x08" + _done()

    async def _batch(self, wire: "_Wire", sql: str) -> None:
        self.batches.append(sql)
        if self.holds:
            self.is_held.set()
            return
        answer = next((one for part, one in self.answers.items() if part in sql), Answer())
        if answer.error:
            await wire.reply(_error(*answer.error) + _done(2))
        elif answer.changed is not None:
            await wire.reply(_done(0x10, answer.changed))
        else:
            await wire.reply(_table(answer) + _done(0x10, len(answer.rows)))


@asynccontextmanager
async def running_sqlserver(folder: Path) -> AsyncIterator[SQLServer]:
    """Its certificate, which nobody trusts, is in the folder as `certificate.pem`."""
    fake = SQLServer(context=await asyncio.to_thread(_context, folder))
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for writer in fake.writers:
            writer.transport.abort()
        await server.wait_closed()


class _Wire:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls: ssl.SSLObject | None = None

    async def packet(self) -> tuple[int, bytes]:
        """A whole message, and its kind."""
        content, is_last, kind = b"", False, 0
        while not is_last:
            kind, status, length = struct.unpack(">BBH", await self._exactly(4))
            content += (await self._exactly(length - 4))[4:]
            is_last = bool(status & 1)
        return kind, content

    async def reply(self, content: bytes) -> None:
        # All packets but the last are of the full size, and the library counts on it.
        parts = [content[at : at + _FULL] for at in range(0, len(content), _FULL)]
        for n, part in enumerate(parts, 1):
            await self._send(struct.pack(">BBHHBB", _REPLY, n == len(parts), len(part) + 8, 0, 1, 0) + part)

    async def begin_tls(self, context: ssl.SSLContext) -> None:
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        is_done = False
        while not is_done:
            try:
                tls.do_handshake()
                is_done = True
            except ssl.SSLWantReadError:
                pass
            if content := self._outgoing.read():
                head = struct.pack(">BBHHBB", _PRELOGIN, 1, len(content) + 8, 0, 1, 0)
                self._writer.write(head + content)
                await self._writer.drain()
            if not is_done:
                self._incoming.write((await self.packet())[1])
        self.tls = tls

    async def _send(self, content: bytes) -> None:
        if self.tls is not None:
            self.tls.write(content)
            content = self._outgoing.read()
        self._writer.write(content)
        await self._writer.drain()

    async def _exactly(self, size: int) -> bytes:
        if self.tls is None:
            return await self._reader.readexactly(size)
        content = b""
        while len(content) < size:
            try:
                content += self.tls.read(size - len(content))
            except ssl.SSLWantReadError:
                part = await self._reader.read(65_536)
                if not part:
                    raise asyncio.IncompleteReadError(content, size) from None
                self._incoming.write(part)
        return content


def _encryption(prelogin: bytes) -> int:
    at = 0
    while prelogin[at] != 1:
        at += 5
    return prelogin[int.from_bytes(prelogin[at + 1 : at + 3], "big")]


def _text(login: bytes, at: int) -> str:
    offset, length = struct.unpack_from("<HH", login, at)
    return login[offset : offset + 2 * length].decode("utf-16-le")


def _password(login: bytes) -> str:
    """Half bytes are swapped and then some bits turned."""
    offset, length = struct.unpack_from("<HH", login, 44)
    turned = (byte ^ 0xA5 for byte in login[offset : offset + 2 * length])
    return bytes((byte >> 4) | (byte << 4 & 0xFF) for byte in turned).decode("utf-16-le")


def _login_ack() -> bytes:
    name = "Microsoft SQL Server"
    body = b"\x01\x74\0\0\x04" + bytes([len(name)]) + name.encode("utf-16-le") + b"\x10\0\0\0"
    return b"\xad" + struct.pack("<H", len(body)) + body


def _error(number: int, message: str) -> bytes:
    body = struct.pack("<iBBH", number, 1, 16, len(message)) + message.encode("utf-16-le") + b"\0\0\1\0\0\0"
    return b"\xaa" + struct.pack("<H", len(body)) + body


def _done(status: int = 0, count: int = 0) -> bytes:
    return b"\xfd" + struct.pack("<HHQ", status, 0, count)


def _table(answer: Answer) -> bytes:
    first = answer.rows[0] if answer.rows else [1] * len(answer.columns)
    told = b"\x81" + struct.pack("<H", len(answer.columns))
    for name, value in zip(answer.columns, first, strict=True):
        kind = b"\xe7\x40\x1f\x09\x04\xd0\0\x34" if isinstance(value, str) else b"\x26\x08"
        told += b"\0\0\0\0\x09\0" + kind + bytes([len(name)]) + name.encode("utf-16-le")
    are_texts = [isinstance(value, str) for value in first]
    return told + b"".join(b"\xd1" + b"".join(map(_cell, row, are_texts)) for row in answer.rows)


def _cell(value: Value, is_text: bool) -> bytes:
    if is_text:
        text = None if value is None else str(value).encode("utf-16-le")
        return b"\xff\xff" if text is None else struct.pack("<H", len(text)) + text
    return b"\0" if value is None else b"\x08" + struct.pack("<q", int(value))


def _context(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "certificate.pem").write_bytes(pem)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(secret + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context
