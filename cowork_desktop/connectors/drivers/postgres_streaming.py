"""One statement of PostgreSQL, whose rows come in chunks.

Its protocol: https://www.postgresql.org/docs/current/libpq-single-row-mode.html. A cursor at the server
would bound memory as well, but its plans are never parallel and favour the first rows, and what is not a
SELECT can have none.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeVar

from psycopg import AsyncConnection, capabilities, errors
from psycopg.abc import PQGen
from psycopg.adapt import Transformer
from psycopg.generators import fetch, send
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import wait_async

from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, Column, DriverFailed, Row

T = TypeVar("T")

_LOOK_SECONDS = 0.1
_PARTS = (ExecStatus.TUPLES_CHUNK, ExecStatus.SINGLE_TUPLE)
_ROWS = (ExecStatus.TUPLES_OK, *_PARTS)
_READS = (b"SELECT", b"FETCH", b"SHOW", b"EXPLAIN")
_COPIES = (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH)


class Statement:
    """Sent by the extended protocol, where a text holds one statement or is refused."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection, self._pgconn = connection, connection.pgconn
        self._rows = Transformer(connection)
        self._waiting: list[PGresult] = []
        self.columns: Sequence[Column] = ()
        self.affected: int | None = None
        self.is_over = True

    async def start(self, sql: str) -> None:
        """Returns with the first rows, or at the end of what gives none. Raises psycopg.Error."""
        self._pgconn.send_query_params(sql.encode(), None)
        if capabilities.has_stream_chunked():
            self._pgconn.set_chunked_rows_mode(BATCH_ROWS)
        else:
            self._pgconn.set_single_row_mode()
        self.is_over = False
        await settled(self._pgconn, send(self._pgconn))
        first = await self._next()
        if first is None:
            return
        if first.status in _ROWS:
            self.columns = [self._column(first, index) for index in range(first.nfields)]
            self._rows.set_pgresult(first)
            self._waiting.append(first)
        if first.ntuples < BATCH_ROWS:
            # The count stands in the last result, which is here already or on its way.
            await self._look_ahead(first)

    async def batches(self) -> AsyncIterator[Sequence[Row]]:
        """Raises psycopg.Error."""
        while (result := await self._take()) is not None:
            if result.ntuples:
                self._rows.set_pgresult(result, set_loaders=False)
                yield self._rows.load_rows(0, result.ntuples, tuple)

    async def leave(self) -> None:
        """Read to the end, and keep nothing."""
        self._waiting.clear()
        while await self._next() is not None:
            pass

    async def _look_ahead(self, first: PGresult) -> None:
        self._count(first)
        while (result := await self._next()) is not None:
            self._count(result)
            if result.status in _ROWS:
                self._waiting.append(result)
            if result.status in _PARTS:
                return

    def _count(self, result: PGresult) -> None:
        """What was done stands in one of the results, the last or the last but one."""
        if result.command_status and not result.command_status.startswith(_READS):
            self.affected = result.command_tuples

    async def _take(self) -> PGresult | None:
        return self._waiting.pop(0) if self._waiting else await self._next()

    async def _next(self) -> PGresult | None:
        if self.is_over:
            return None
        result: PGresult | None = await settled(self._pgconn, fetch(self._pgconn))
        if result is None:
            self.is_over = True
            return None
        if result.status in _COPIES:
            # There is no other way out of it.
            self._pgconn.finish()
            raise DriverFailed("not_allowed", "COPY to or from the client cannot be used here.")
        if result.status == ExecStatus.FATAL_ERROR:
            self.is_over = True
            raise errors.error_from_result(result, encoding="utf-8")
        return result

    def _column(self, result: PGresult, index: int) -> Column:
        name, oid = result.fname(index), result.ftype(index)
        return Column((name or b"").decode("utf-8", "replace"), self._type(oid))

    def _type(self, oid: int) -> str:
        known = self._connection.adapters.types.get(oid)
        if known is None:
            return ""
        return f"{known.regtype}[]" if oid == known.array_oid else known.regtype


async def settled(pgconn: PGconn, work: PQGen[T]) -> T:
    """What psycopg does when it waits, but for one thing: when it is given up nothing is cancelled, which
    `postgres_connecting` does better."""
    return await wait_async(work, pgconn.socket, interval=_LOOK_SECONDS)
