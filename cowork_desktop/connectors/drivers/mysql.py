"""MySQL and MariaDB.

Options: `connect_seconds`: how long it may take to let us in.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from cowork_desktop.connectors.drivers import mysql_work
from cowork_desktop.connectors.drivers.driver import Column, DriverFailed, Result, Target
from cowork_desktop.connectors.drivers.lines import open_line
from cowork_desktop.connectors.drivers.mysql_catalog import catalog_of
from cowork_desktop.connectors.drivers.mysql_failures import READ_ONLY
from cowork_desktop.connectors.drivers.mysql_session import Session, Way
from cowork_desktop.connectors.drivers.mysql_work import Work
from cowork_desktop.connectors.drivers.threads import BlockingResult, read_in_thread
from cowork_desktop.connectors.sql_guard import check_read
from cowork_desktop.schemas.connectors import Catalog

T = TypeVar("T")

_LOOKING_SECONDS = 30.0
"""For a look around."""
_READS = re.compile(
    r"(?:\s|\(|--\s[^\n]*\n|\#[^\n]*\n|/\*(?![!M+])(?:(?!\*/).)*\*/)*"
    r"(?:select|with|values|table|show|explain|describe|desc)\b",
    re.I | re.S,
)
"""What can read begins so. A transaction that only reads still takes SET GLOBAL and KILL, so nothing else
gets there, whatever a parser makes of it."""
_NAME = re.compile(r"(?:[A-Za-z_$][\w$]*|`(?:[^`\0]|``)+`)")
_NAMES = re.compile(rf"{_NAME.pattern}(?:\.{_NAME.pattern})?")


class MySql:
    async def probe(self, target: Target) -> str:
        return _called(
            await _asked(target, lambda session: str(mysql_work.rows_of(session, "SELECT VERSION()")[0][0]))
        )

    async def catalog(self, target: Target) -> Catalog:
        return await _asked(target, catalog_of)

    @asynccontextmanager
    async def query(self, target: Target, query: str, *, seconds: float) -> AsyncIterator[Result]:
        is_read = await asyncio.to_thread(self.is_read, target, query)
        async with run(target, query, is_read=is_read, seconds=seconds) as result:
            yield result

    def is_read(self, target: Target, query: str) -> bool:
        try:
            check_read(query, "mysql")
        except DriverFailed:
            if target.access == "read":
                raise
            return False
        return True

    def sample(self, target: Target, table: str, rows: int) -> str:
        name = table if _NAMES.fullmatch(table) else "`" + table.replace("`", "``") + "`"
        return f"SELECT * FROM {name} LIMIT {int(rows)}"


@asynccontextmanager
async def run(target: Target, sql: str, *, is_read: bool, seconds: float) -> AsyncIterator[Result]:
    """One statement in a transaction of its own. A read one is rolled back, and refused by the server where
    it changes a table. Raises DriverFailed."""
    if is_read and not _READS.match(sql):
        raise DriverFailed("not_allowed", READ_ONLY)

    def ask(session: Session) -> BlockingResult:
        mysql_work.begin(session, seconds, is_read=is_read)
        return mysql_work.read(session, sql) if is_read else mysql_work.write(session, sql)

    async with _working(target, ask, seconds) as result:
        yield result


async def _asked(target: Target, ask: Callable[[Session], T]) -> T:
    def looked(session: Session) -> BlockingResult:
        mysql_work.begin(session, _LOOKING_SECONDS, is_read=True)
        return BlockingResult((Column("answer"),), iter([[(ask(session),)]]))

    async with _working(target, looked, _LOOKING_SECONDS) as result:
        answers: list[Any] = [row[0] async for batch in result.batches for row in batch]
    found: T = answers[0]
    return found


@asynccontextmanager
async def _working(
    target: Target, ask: Callable[[Session], BlockingResult], seconds: float
) -> AsyncIterator[Result]:
    host, port = target.text("host"), target.number("port", 3306)
    way = Way(target, host, port)
    work = Work(way, await open_line(host, port, way.seconds), ask, seconds)
    async with read_in_thread(work.run, stop=work.stop, close=work.close, seconds=seconds) as result:
        yield result


def _called(version: str) -> str:
    number = re.search(r"\d+(?:\.\d+)+", version.removeprefix("5.5.5-"))
    name = "MariaDB" if "mariadb" in version.lower() else "TiDB" if "tidb" in version.lower() else "MySQL"
    return f"{name} {number[0] if number else ''}".strip()


DRIVER = MySql()
