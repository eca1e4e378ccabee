"""The connection to a SQL Server below its library: TLS by Python's own means, an end that comes at once, and
nowhere else than where the user said.

The library would take pyOpenSSL for TLS and cannot check names with it any more. In TDS 7 the handshake goes
within packets of the type PRELOGIN, and after it TLS goes around all packets:
https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/60f56408-0188-4cd5-8b90-25c6f2423868
"""

import socket
import ssl
import struct
import sys
from typing import Any

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.drivers.failures import network_failure

_HEADER = struct.Struct(">BBHHBB")
"""Type, status, length with the header, channel, number, window."""
_PRELOGIN, _LAST = 18, 1
_ENCRYPTION, _END = 1, 255
_ON, _NOT_SUPPORTED, _REQUIRED = 1, 2, 3
_MOST_BYTES = 32_768
_PART = 65_536


class Routed(Exception):
    """The server asks to go on at another one."""


class WireBroken(Exception):
    """Of no kind that the library would try again for; the wire knows why."""


class Wire:
    """What the library takes for a socket. With a context it has TLS, of which the library is not told."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, seconds: float) -> None:
        """Raises DriverFailed. Blocks, as all of this does."""
        self._host, self._port, self._context = host, port, context
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        self._ready = bytearray()
        self.is_signing_in = True
        self.failure: BaseException | None = None
        """What went wrong first."""
        try:
            self._socket = socket.create_connection((host, port), seconds)
        except (OSError, UnicodeError) as error:
            failed = network_failure(error, host, port)
        else:
            return
        raise failed from None

    def setsockopt(self, *arguments: Any) -> None:
        if self._socket.fileno() < 0:
            raise WireBroken
        self._socket.setsockopt(*arguments)

    def gettimeout(self) -> float | None:
        return self._socket.gettimeout()

    def settimeout(self, seconds: float | None) -> None:
        """The library's are not heeded: it would give a server less than a second to let somebody in."""

    def signed_in(self) -> None:
        """From now on whoever waits for an answer sees to it that it ends."""
        self.is_signing_in = False
        self.limit(None)

    def limit(self, seconds: float | None) -> None:
        """Of each wait from now on."""
        self._socket.settimeout(seconds)

    def sendall(self, content: bytes, flags: int = 0) -> None:
        self._guarded(self._send, bytes(content))

    def recv(self, size: int, flags: int = 0) -> bytes:
        return bytes(self._guarded(self._receive, size))

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        content = self.recv(size or len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def abort(self) -> None:
        """From any thread; whoever waits for an answer sees the connection end, and the server as well."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        error = sys.exception()
        self.failure = self.failure or error
        self._socket.close()
        if self.is_signing_in and error is None:
            # The library closes it without a fault to follow a route, by a socket of its own and without TLS.
            raise Routed

    def end(self) -> None:
        self._socket.close()

    def shutdown(self, how: int = 0) -> None:
        self.abort()

    def _guarded(self, work: Any, argument: Any) -> Any:
        try:
            return work(argument)
        except (OSError, EOFError) as error:
            self.failure = self.failure or network_failure(error, self._host, self._port)
        except DriverFailed as error:
            self.failure = self.failure or error
        raise WireBroken

    def _send(self, content: bytes) -> None:
        if self._tls is not None:
            self._tls.write(content)
            self._socket.sendall(self._outgoing.read())
        elif self._context is not None and content[:1] == bytes([_PRELOGIN]):
            self._begin(content, self._context)
        else:
            self._socket.sendall(content)

    def _receive(self, size: int) -> bytes:
        if self._ready:
            content = bytes(self._ready[:size])
            del self._ready[:size]
            return content
        if self._tls is None:
            return self._socket.recv(size)
        while True:
            try:
                return self._tls.read(size)
            except ssl.SSLWantReadError:
                part = self._socket.recv(_PART)
                if not part:
                    return b""
                self._incoming.write(part)

    def _begin(self, prelogin: bytes, context: ssl.SSLContext) -> None:
        """Ask for TLS, begin it, and give the library an answer that says there is none."""
        self._socket.sendall(_with_encryption(prelogin, _ON)[1])
        answered, answer = _with_encryption(self._packet(), _NOT_SUPPORTED)
        if answered not in (_ON, _REQUIRED):
            raise DriverFailed(
                "tls",
                "The server does not speak TLS. Set the connection's encryption to disable to do without.",
            )
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=self._host)
        self._shake_hands(tls)
        self._tls = tls
        self._ready += answer

    def _shake_hands(self, tls: ssl.SSLObject) -> None:
        while True:
            try:
                tls.do_handshake()
                is_done = True
            except ssl.SSLWantReadError:
                is_done = False
            if content := self._outgoing.read():
                head = _HEADER.pack(_PRELOGIN, _LAST, _HEADER.size + len(content), 0, 0, 0)
                self._socket.sendall(head + content)
            if is_done:
                return
            self._incoming.write(self._packet()[_HEADER.size :])

    def _packet(self) -> bytes:
        """One, with its header."""
        head = self._exactly(_HEADER.size)
        length = _HEADER.unpack(head)[2]
        if not _HEADER.size < length <= _MOST_BYTES:
            raise _no_server()
        return head + self._exactly(length - _HEADER.size)

    def _exactly(self, size: int) -> bytes:
        content = b""
        while len(content) < size:
            part = self._socket.recv(size - len(content))
            if not part:
                raise EOFError
            content += part
        return content


def _with_encryption(packet: bytes, value: int) -> tuple[int, bytes]:
    """What a packet of the kind PRELOGIN says of encryption, and the packet with another word."""
    body, at = bytearray(packet), _HEADER.size
    while at + 5 <= len(body) and body[at] != _END:
        offset, length = struct.unpack_from(">HH", body, at + 1)
        place = _HEADER.size + offset
        if body[at] == _ENCRYPTION and length and place < len(body):
            said, body[place] = body[place], value
            return said, bytes(body)
        at += 5
    raise _no_server()


def _no_server() -> DriverFailed:
    return DriverFailed("failed", "What answers is not a SQL Server. Look at the port.")
