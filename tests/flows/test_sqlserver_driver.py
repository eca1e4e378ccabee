"""SQL Server's driver, its library talking to a small server of our own on loopback.

A real SQL Server was not to be had: nothing of T-SQL, of the queries that make the catalog, of types but
whole numbers and texts, or of Azure was run against one.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, Column, DriverFailed, Row, Target
from cowork_desktop.connectors.drivers.sqlserver import DRIVER
from cowork_desktop.schemas.connectors import Access
from tests.fakes.sqlserver import PASSWORD, USER, Answer, SQLServer, running_sqlserver


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SQLServer]:
    async with running_sqlserver(tmp_path) as fake:
        yield fake


def _target(port: int, access: Access = "read", password: str = PASSWORD, **settings: Any) -> Target:
    named: dict[str, Any] = {"host": "127.0.0.1", "port": port, "database": "shop", "user": USER}
    named |= {"encrypt": "require"} | settings
    return Target(named, {"password": password}, access, {"connect_seconds": 3})


async def _rows(target: Target, query: str = "SELECT n FROM numbers", seconds: float = 20) -> list[Row]:
    async with DRIVER.query(target, query, seconds=seconds) as result:
        return [row async for batch in result.batches for row in batch]


async def _failure(target: Target, query: str = "SELECT n FROM numbers", seconds: float = 20) -> DriverFailed:
    with pytest.raises(DriverFailed) as caught:
        await _rows(target, query, seconds)
    assert PASSWORD not in str(caught.value)
    return caught.value


async def test_it_says_what_answers(server: SQLServer) -> None:
    server.answers["SERVERPROPERTY"] = Answer(("v", "e"), (("16.0.4135.4", "Developer Edition (64-bit)"),))
    assert await DRIVER.probe(_target(server.port)) == "SQL Server 16.0.4135.4, Developer Edition (64-bit)"


async def test_rows_come_with_their_columns(server: SQLServer) -> None:
    server.answers["numbers"] = Answer(("n", "text"), ((1, "Köln"), (2**40, None)))
    async with DRIVER.query(_target(server.port), "SELECT n, text FROM numbers", seconds=20) as result:
        rows = [row async for batch in result.batches for row in batch]
    assert result.columns == [Column("n", "bigint"), Column("text", "nvarchar")]
    assert rows == [[1, "Köln"], [2**40, None]]


async def test_many_rows_come_in_batches(server: SQLServer) -> None:
    server.answers["numbers"] = Answer(("n",), [(n,) for n in range(2500)])
    async with DRIVER.query(_target(server.port), "SELECT n FROM numbers", seconds=20) as result:
        batches = [batch async for batch in result.batches]
    assert [row[0] for batch in batches for row in batch] == list(range(2500))
    assert max(map(len, batches)) == BATCH_ROWS


async def test_all_is_within_tls_and_a_reader_says_that_it_reads(server: SQLServer) -> None:
    await _rows(_target(server.port))
    await _rows(_target(server.port, "write"))
    assert server.logins == [("shop", True, True), ("shop", False, True)]


async def test_what_a_reader_does_is_rolled_back(server: SQLServer) -> None:
    await _rows(_target(server.port))
    assert server.ended == ["rollback"]


async def test_what_a_reader_may_not_do_is_not_sent(server: SQLServer) -> None:
    for query in ("DELETE FROM numbers", "EXEC xp_cmdshell 'dir'", "SELECT n INTO other FROM numbers"):
        assert (await _failure(_target(server.port), query)).kind == "not_allowed"
    assert server.logins == []


async def test_a_writer_is_told_how_many_rows_it_changed(server: SQLServer) -> None:
    server.answers["UPDATE"] = Answer(changed=7)
    target = _target(server.port, "write")
    async with DRIVER.query(target, "UPDATE numbers SET n = 1", seconds=20) as result:
        assert [batch async for batch in result.batches] == []
    assert (result.affected, result.columns) == (7, [])


async def test_a_certificate_that_is_not_trusted_is_refused(server: SQLServer) -> None:
    failed = await _failure(_target(server.port, encrypt="verify-full"))
    assert failed.kind == "tls"
    assert server.logins == []


async def test_a_certificate_that_is_trusted_and_names_the_host_is_accepted(
    server: SQLServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    assert await _rows(_target(server.port, encrypt="verify-full")) == [[1]]
    assert (await _failure(_target(server.port, encrypt="verify-full", host="localhost"))).kind == "tls"


async def test_a_password_is_not_sent_without_tls_where_tls_is_demanded(server: SQLServer) -> None:
    server.has_tls = False
    assert (await _failure(_target(server.port))).kind == "tls"
    assert server.logins == []


async def test_without_tls_is_a_choice(server: SQLServer) -> None:
    server.has_tls = False
    assert await _rows(_target(server.port, encrypt="disable")) == [[1]]


async def test_a_server_that_demands_tls_is_told(server: SQLServer) -> None:
    assert (await _failure(_target(server.port, encrypt="disable"))).kind == "tls"


async def test_a_reader_who_is_sent_elsewhere_stays(server: SQLServer) -> None:
    server.routes = True
    assert await _rows(_target(server.port)) == [[1]]
    assert [login[1] for login in server.logins] == [True, False]


@pytest.mark.parametrize(
    ("number", "kind"), [(208, "not_found"), (229, "forbidden"), (102, "bad_query"), (1205, "failed")]
)
async def test_failures_are_told_by_their_kind(server: SQLServer, number: int, kind: str) -> None:
    server.answers["numbers"] = Answer(error=(number, "In the server's words."))
    failed = await _failure(_target(server.port))
    assert (failed.kind, failed.message) == (kind, "In the server's words.")


async def test_a_wrong_password_is_told(server: SQLServer) -> None:
    assert (await _failure(_target(server.port, password="wrong"))).kind == "authentication"


async def test_a_database_that_is_none_is_told(server: SQLServer) -> None:
    assert (await _failure(_target(server.port, database="nowhere"))).kind == "not_found"


async def test_a_query_that_is_left_early_ends_the_connection(server: SQLServer) -> None:
    server.answers["numbers"] = Answer(("n",), [(n,) for n in range(20_000)])
    async with DRIVER.query(_target(server.port), "SELECT n FROM numbers", seconds=20) as result:
        await anext(result.batches)
    async with asyncio.timeout(10):
        await server.has_gone.wait()


async def test_a_query_that_takes_too_long_is_stopped(server: SQLServer) -> None:
    server.holds = True
    assert (await _failure(_target(server.port), seconds=0.5)).kind == "timeout"
    async with asyncio.timeout(10):
        await server.has_gone.wait()


async def test_a_caller_who_is_cancelled_gets_no_other_error(server: SQLServer) -> None:
    server.holds = True
    task = asyncio.ensure_future(_rows(_target(server.port)))
    await server.is_held.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10):
        await server.has_gone.wait()


async def test_the_catalog_tells_tables_and_columns(server: SQLServer) -> None:
    server.answers["sys.partitions"] = Answer(
        ("s", "o", "type", "own", "rows"),
        (("dbo", "orders", "U ", "dbo", 42), ("sales", "my]view", "V ", "dbo", None)),
    )
    server.answers["sys.columns"] = Answer(
        ("s", "o", "c", "t", "nullable", "key"), (("dbo", "orders", "id", "int", 0, 1),)
    )
    catalog = await DRIVER.catalog(_target(server.port))
    assert [(table.name, table.kind, table.rows) for table in catalog.tables] == [
        ("[orders]", "table", 42),
        ("[sales].[my]]view]", "view", None),
    ]
    [column] = catalog.tables[0].columns
    assert (column.name, column.type, column.is_nullable, column.key) == ("id", "int", False, "primary")


async def test_a_port_where_nobody_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert (await _failure(_target(port))).kind == "refused"


async def test_a_host_that_is_none_is_told() -> None:
    assert (await _failure(_target(1, host="no-such-host.invalid"))).kind == "unknown_host"


@pytest.mark.parametrize("encrypt", ["require", "disable"])
async def test_a_server_that_says_nothing_is_not_waited_for(encrypt: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        failed = await _failure(_target(silent.getsockname()[1], encrypt=encrypt))
    assert failed.kind == "timeout"


@pytest.mark.parametrize("encrypt", ["require", "disable"])
@pytest.mark.parametrize(
    "garbage", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 64, b"\x04\x01\x00\x09\0\0\0\0\xff", b""]
)
async def test_what_is_no_sql_server_is_told(garbage: bytes, encrypt: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(garbage)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        failed = await _failure(_target(server.sockets[0].getsockname()[1], encrypt=encrypt))
    assert failed.kind in ("failed", "unreachable", "tls")
