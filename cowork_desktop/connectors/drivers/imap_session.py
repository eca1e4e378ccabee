"""One connection with an IMAP server, in a thread, which another thread can end:
https://www.rfc-editor.org/rfc/rfc3501."""

import imaplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.imap_asked import Asked, folder_name
from cowork_desktop.connectors.drivers.imap_names import quoted
from cowork_desktop.connectors.drivers.network import is_by_token, is_loopback, lost, said, trusting

_SIGN_IN_SECONDS = 10.0
"""For each answer until the user is signed in."""
_LONGEST_LITERAL = 4_000_000
"""Of what a server sends in one piece; twice of what is asked for."""
_WINDOW = 20_000
"""Mails that are searched at once: their numbers fit into one line, and the newest come first."""


@dataclass
class Line:
    """The way out: ends what blocks on a socket, from any thread."""

    is_cut: bool = False
    _held: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, own: socket.socket) -> None:
        with self._lock:
            self._drop()
            # A copy, as TLS takes the socket apart, and is not made for being ended by another thread.
            self._held = own.dup()
            if self.is_cut:
                raise ConnectionAbortedError

    def cut(self) -> None:
        with self._lock:
            self.is_cut = True
            if self._held:
                with suppress(OSError):
                    self._held.shutdown(socket.SHUT_RDWR)

    def drop(self) -> None:
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._held:
            self._held.close()
            self._held = None


class Imap(imaplib.IMAP4):
    """`tls`: from the beginning. Raises what sockets and imaplib raise."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, line: Line) -> None:
        self._tls, self._line = tls, line
        super().__init__(host, port, _SIGN_IN_SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = self._connected(timeout)
        return self._tls.wrap_socket(plain, server_hostname=self.host) if self._tls else plain

    def _connected(self, timeout: float | None) -> socket.socket:
        last: OSError = ConnectionAbortedError()
        for family, kind, protocol, _, address in socket.getaddrinfo(
            self.host, self.port, type=socket.SOCK_STREAM
        ):
            own = socket.socket(family, kind, protocol)
            try:
                own.settimeout(timeout)
                self._line.hold(own)
                own.connect(address)
                return own
            except OSError as error:
                own.close()
                last = error
        raise last

    def read(self, size: int) -> bytes:
        # The library makes room for whatever a server announces.
        if size > _LONGEST_LITERAL:
            raise self.abort("literal too long")
        return super().read(size)


@dataclass
class ImapSession:
    imap: Imap
    place: str

    def told(self, answer: tuple[str, Sequence[Any]], what: str) -> Sequence[Any]:
        """The content of an answer that is OK; `what` was asked, for people."""
        state, content = answer
        if state != "OK":
            words = said(content[-1]) if content and isinstance(content[-1], bytes) else ""
            raise DriverFailed("bad_query", f"{self.place} does not {what}. It says: {words}")
        return content

    def examine(self, folder: str) -> int:
        """How many mails it has. Nothing can be changed in it, nor is marked as seen."""
        state, content = self.imap.select(folder_name(folder).decode(), readonly=True)
        if state != "OK" or not content or content[0] is None:
            words = said(content[-1]) if content and isinstance(content[-1], bytes) else ""
            raise DriverFailed(
                "not_found",
                f"There is no folder “{folder}” that can be read; the catalog has them all. {self.place}"
                f" says: {words}",
            )
        return int(content[0])

    def uids(self, asked: Asked, count: int) -> list[int]:
        """Of the newest `limit` mails that fit, the newest first."""
        found: list[int] = []
        for last in range(count, 0, -_WINDOW):
            window = f"{max(1, last - _WINDOW + 1)}:{last}".encode()
            some = self._search(window, asked.plain, None)
            for key, text in asked.literals:
                some &= self._search(window, key, text) if some else set()
            found += sorted(some, reverse=True)
            if len(found) >= asked.limit:
                break
        return found[: asked.limit]

    def _search(self, window: bytes, criteria: bytes, literal: bytes | None) -> set[int]:
        charset = [] if literal is None else ["CHARSET", "UTF-8"]
        self.imap.literal = literal  # type: ignore[assignment]  # typeshed has str; it is sent as it is
        answer = self.imap.uid("SEARCH", *charset, f"{window.decode()} {criteria.decode()}")
        content = self.told(answer, "search for it")
        return {int(one) for line in content if isinstance(line, bytes) for one in line.split()}

    def fetch(self, uids: Sequence[int], what: str) -> list[tuple[bytes, bytes]]:
        """Of each message what is said of it, and the literal."""
        wanted = ",".join(map(str, uids))
        answer = self.imap.uid("FETCH", wanted, f"(UID FLAGS INTERNALDATE RFC822.SIZE {what})")
        return list(_messages(self.told(answer, "let its mails be read")))


def _messages(content: Sequence[Any]) -> Iterator[tuple[bytes, bytes]]:
    """The library gives a pair for each literal, and what stands after it, or has none, as bytes."""
    about, literal = b"", b""
    for one in content:
        words, more = one if isinstance(one, tuple) else (one or b"", b"")
        if words[:1].isdigit() and about:
            yield about, literal
            about, literal = b"", b""
        about, literal = about + b" " + words, literal or more
    if about:
        yield about, literal


@contextmanager
def told(target: Target) -> Iterator[None]:
    """What goes wrong within is DriverFailed."""
    place = f"{target.text('host')}:{target.number('port', 993)}"
    try:
        yield
        return
    except imaplib.IMAP4.abort as error:
        failed = _aborted(str(error), place)
    except (imaplib.IMAP4.error, ValueError) as error:
        failed = (
            lost(error, place)
            if isinstance(error, ssl.CertificateError | UnicodeError)
            else DriverFailed(
                "failed", f"What answers at {place} does not speak IMAP as expected. Look at the port."
            )
        )
    except (OSError, EOFError) as error:
        failed = lost(error, place)
    # Outside the handler: the library's errors may have what it sent in them.
    raise failed from None


def _aborted(words: str, place: str) -> DriverFailed:
    if "socket error" in words or "BYE" in words:
        return lost(ConnectionResetError(), place)
    return DriverFailed(
        "failed", f"What answers at {place} does not speak IMAP as expected. Look at the port."
    )


def sign_in(target: Target, line: Line) -> ImapSession:
    """Blocks. Raises DriverFailed, and what `told` knows."""
    host, port = target.text("host"), target.number("port", 993)
    place, security = f"{host}:{port}", target.text("security", "tls")
    if security == "none" and not is_loopback(host):
        raise DriverFailed(
            "failed",
            "Without TLS the user and the password could be read on the way, so they are not sent. Set"
            " security to tls or starttls.",
        )
    context = None if security == "none" else trusting(target)
    imap = Imap(host, port, context if security == "tls" else None, line)
    try:
        if security == "starttls":
            _start_tls(imap, context, place)
        _authenticate(imap, target, place)
        imap.sock.settimeout(None)
        return ImapSession(imap, place)
    except BaseException:
        with suppress(OSError):
            imap.shutdown()
        raise


def _start_tls(imap: Imap, context: ssl.SSLContext | None, place: str) -> None:
    if "STARTTLS" not in imap.capabilities:
        raise DriverFailed(
            "tls", f"{place} does not offer STARTTLS. Set security to tls, usually at port 993."
        )
    imap.starttls(context)


def _authenticate(imap: Imap, target: Target, place: str) -> None:
    user, password = target.text("user"), target.text("password")
    try:
        if is_by_token(target):
            imap.authenticate("XOAUTH2", _once(f"user={user}\1auth=Bearer {target.text('access_token')}\1\1"))
        elif "AUTH=PLAIN" in imap.capabilities:
            imap.authenticate("PLAIN", _once(f"\0{user}\0{password}"))
        elif "LOGINDISABLED" in imap.capabilities:
            raise DriverFailed("authentication", f"{place} lets nobody sign in with a password.")
        elif not (user + password).isascii() or not (user + password).isprintable():
            raise DriverFailed(
                "authentication", f"{place} takes no signs beyond ASCII in users and passwords."
            )
        else:
            imap.login(quoted(user.encode()).decode(), password)
        return
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        words = said(_bytes(error))
    raise DriverFailed(
        "authentication",
        f"{place} does not let this user in. Look at the user and the password; some providers want a"
        f" password made for this app. It says: {words}",
    ) from None


def _once(answer: str) -> Callable[[bytes], bytes]:
    """To the first challenge; what comes after it says what is wrong, and wants nothing."""
    answers = [answer.encode()]
    return lambda challenge: answers.pop() if answers else b""


def _bytes(error: Exception) -> bytes | str:
    first = error.args[0] if error.args else ""
    return first if isinstance(first, bytes | str) else ""
