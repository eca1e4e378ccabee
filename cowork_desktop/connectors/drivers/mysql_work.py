"""What is asked of MySQL in a thread of its own, and how it is stopped from another."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from pymysql.cursors import Cursor, SSCursor  # type: ignore[import-untyped]

from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, DriverFailed, Row
from cowork_desktop.connectors.drivers.mysql_failures import failure_of
from cowork_desktop.connectors.drivers.mysql_session import Session, Way
from cowork_desktop.connectors.drivers.threads import BlockingResult

_TIMES, _AGAIN_SECONDS = 10, 0.5
"""How often a server is told to end a query, and how long it has for that each time."""
_SLACK_SECONDS = 5.0
_MODE = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
"""Without what changes how a statement is read, so that our parser reads what the server does."""


class Work:
    """`run`, `stop` and `close` are for `read_in_thread`."""

    def __init__(
        self, way: Way, line: socket.socket, ask: Callable[[Session], BlockingResult], seconds: float
    ) -> None:
        self._way, self._ask, self._seconds = way, ask, seconds
        # A handle of its own, which stays when TLS takes over the other.
        self._line, self._place = line.dup(), line.getpeername()[:2]
        self._session_line = line
        self._session: Session | None = None
        self._has_run = threading.Event()
        """The last statement runs at the server, or has ended."""

    def run(self) -> BlockingResult:
        with self._words():
            session = self._way.session(self._session_line)
            self._session = session
            session.take_time(self._seconds + _SLACK_SECONDS)
            result = self._ask(session)
        return BlockingResult(result.columns, self._in_words(result.batches), result.affected)

    def stop(self) -> None:
        """Told once, a server that is between two statements forgets it. Where it cannot be told, its limit
        of time stands there."""
        for _ in range(_TIMES):
            session = self._session
            if session is None or not self._way.kill(session.thread_id(), self._place):
                break
            if self._has_run.wait(_AGAIN_SECONDS):
                break
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        try:
            if self._session is not None:
                self._session.end()
        finally:
            self._line.close()

    def _in_words(self, batches: Iterator[Sequence[Row]]) -> Iterator[Sequence[Row]]:
        with self._words():
            yield from batches

    @contextmanager
    def _words(self) -> Iterator[None]:
        failed: DriverFailed
        try:
            yield
            return
        except Exception as error:
            failed = failure_of(error, self._way.host, self._way.port)
        finally:
            self._has_run.set()
        raise failed from None


def begin(session: Session, seconds: float, *, is_read: bool) -> None:
    """The session as a query is to find it, in a transaction."""
    whole = max(1, round(seconds))
    settings = [
        f"sql_mode = '{_MODE}'",
        f"lock_wait_timeout = {whole}",
        # The server waits for us, who read no faster than our reader does.
        f"net_write_timeout = {whole + 60}",
        _time_limit(session, seconds),
    ]
    _say(session, "SET SESSION " + ", ".join(settings))
    if is_read:
        _say(session, "SET SESSION TRANSACTION READ ONLY")
    _say(session, f"START TRANSACTION {'READ ONLY' if is_read else 'READ WRITE'}")


def read(session: Session, sql: str) -> BlockingResult:
    """Rows as they come."""
    cursor = SSCursor(session)
    cursor.execute(sql)
    if not (columns := session.columns):
        return BlockingResult((), iter(()), None)
    return BlockingResult(columns, _batches(cursor))


def write(session: Session, sql: str) -> BlockingResult:
    """What a statement gives that changes something is there before it is committed."""
    cursor = Cursor(session)
    affected = cursor.execute(sql)
    columns, rows = session.columns, cursor.fetchall()
    while cursor.nextset():
        pass
    session.commit()
    parts = (rows[start : start + BATCH_ROWS] for start in range(0, len(rows), BATCH_ROWS))
    return BlockingResult(columns, parts, None if columns else affected)


def rows_of(session: Session, sql: str) -> list[Row]:
    cursor = Cursor(session)
    cursor.execute(sql)
    return list(cursor.fetchall())


def is_mariadb(session: Session) -> bool:
    return "mariadb" in str(session.get_server_info()).lower()


def _batches(cursor: SSCursor) -> Iterator[Sequence[Row]]:
    while batch := cursor.fetchmany(BATCH_ROWS):
        yield batch


def _time_limit(session: Session, seconds: float) -> str:
    if is_mariadb(session):
        return f"max_statement_time = {seconds:.3f}"
    return f"max_execution_time = {max(1, int(seconds * 1_000))}"


def _say(session: Session, sql: str) -> None:
    session.query(sql)
