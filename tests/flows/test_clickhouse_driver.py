"""ClickHouse's driver against a real server, and against what newer ones say."""

import asyncio
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from cowork_desktop.connectors.drivers.clickhouse import DRIVER
from cowork_desktop.connectors.drivers.clickhouse_http import running
from cowork_desktop.connectors.drivers.clickhouse_values import converter
from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, Column, DriverFailed, Row, Target
from cowork_desktop.schemas.connectors import Access
from tests.fakes.clickhouse import PASSWORD, running_clickhouse, saying, target
from tests.fakes.waiting import until

pytestmark = pytest.mark.slow

_HEAD = b"n\ttext\nUInt64\tString\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running_clickhouse() as port:
        yield port


async def _rows(where: Target, query: str, seconds: float = 20) -> list[Row]:
    async with DRIVER.query(where, query, seconds=seconds) as result:
        return [row async for batch in result.batches for row in batch]


async def _failure(where: Target, query: str = "SELECT 1", seconds: float = 20) -> DriverFailed:
    with pytest.raises(DriverFailed) as caught:
        await _rows(where, query, seconds)
    assert PASSWORD not in str(caught.value)
    return caught.value


async def test_it_says_what_answers(port: int) -> None:
    assert (await DRIVER.probe(target(port))).startswith("ClickHouse ")


async def test_values_come_as_what_they_are(port: int) -> None:
    query = r"""SELECT toUInt64(18446744073709551615) AS u, toInt8(-1) AS i, 0.5 AS f,
    toDecimal64('1.50', 2) AS d, concat('a\tb\n\\c', unhex('27'), 'd') AS s, toDate('2026-02-01') AS day,
    toDateTime('2026-02-01 10:00:00', 'Asia/Tokyo') AS at, CAST(NULL AS Nullable(String)) AS nothing,
    '\\N' AS no_null, [1, 2] AS list, [concat('a', unhex('27'), 'b'), 'c,d]'] AS texts,
    tuple(1, 'x', toDate('2026-02-01')) AS pair, toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0') AS id,
    unhex('ff00') AS bytes, CAST('y)' AS Enum8('x' = 1, 'y)' = 2)) AS kind,
    [toDecimal32('1.5', 2)] AS decimals"""
    async with DRIVER.query(target(port), query, seconds=20) as result:
        [[row]] = [batch async for batch in result.batches]
    assert [column.name for column in result.columns][:3] == ["u", "i", "f"]
    assert result.columns[3] == Column("d", "Decimal(18, 2)")
    assert row == [
        18446744073709551615,
        -1,
        0.5,
        Decimal("1.50"),
        "a\tb\n\\c'd",
        date(2026, 2, 1),
        datetime(2026, 2, 1, 10, tzinfo=ZoneInfo("Asia/Tokyo")),
        None,
        r"\N",
        [1, 2],
        ["a'b", "c,d]"],
        [1, "x", date(2026, 2, 1)],
        UUID("61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
        b"\xff\x00",
        "y)",
        [Decimal("1.5")],
    ]


async def test_rows_come_in_batches(port: int) -> None:
    query = "SELECT number FROM system.numbers LIMIT 2500"
    async with DRIVER.query(target(port), query, seconds=20) as result:
        sizes = [len(batch) async for batch in result.batches]
    assert sum(sizes) == 2500
    assert max(sizes) <= BATCH_ROWS


async def test_what_writes_is_refused_to_readers_and_done_for_writers(port: int) -> None:
    create = "CREATE TABLE written (n UInt8) ENGINE = Memory"
    assert (await _failure(target(port), create)).kind == "not_allowed"
    await _rows(target(port, "write"), create)
    await _rows(target(port, "write"), "INSERT INTO written VALUES (1), (2)")
    assert await _rows(target(port), "SELECT count() FROM written") == [[2]]


async def test_the_server_itself_refuses_what_the_parser_would_let_pass(port: int) -> None:
    with pytest.raises(DriverFailed) as caught:
        async with running(target(port), "DROP TABLE IF EXISTS written", 5):
            pass
    assert caught.value.kind == "not_allowed"


async def test_who_is_read_only_at_the_server_can_query_all_the_same(port: int) -> None:
    assert await _rows(target(port, user="egret"), "SELECT 7") == [[7]]


@pytest.mark.parametrize("access", ["read", "write"])
@pytest.mark.parametrize("query", ["SELECT 1, 2 FORMAT TSV", "SELECT 1 SETTINGS max_threads = 1"])
async def test_a_format_or_settings_of_its_own_are_refused(port: int, query: str, access: Access) -> None:
    failed = await _failure(target(port, access), query)
    assert failed.kind == "not_allowed"
    assert any(word in failed.message for word in ("FORMAT", "SETTINGS"))


async def test_what_reads_from_elsewhere_is_refused(port: int) -> None:
    query = "SELECT * FROM url('http://127.0.0.1/', CSV, 'a String')"
    assert (await _failure(target(port), query)).kind == "not_allowed"


async def test_a_failure_in_the_midst_of_a_result_is_seen(port: int) -> None:
    query = "SELECT toString(throwIf(number = 3000000)) FROM system.numbers LIMIT 5000000"
    sizes: list[int] = []

    async def read() -> None:
        async with DRIVER.query(target(port), query, seconds=60) as result:
            async for batch in result.batches:
                sizes.append(len(batch))

    with pytest.raises(DriverFailed) as caught:
        await read()
    assert sum(sizes) > BATCH_ROWS
    assert caught.value.message == "Value passed to 'throwIf' function is non zero"


async def test_a_row_that_reads_like_a_failure_is_a_row(port: int) -> None:
    text = "Code: 1, e.displayText() = DB::Exception: no"
    query = f"SELECT arrayJoin(['{text}', 'more'])"
    assert await _rows(target(port), query) == [[text], ["more"]]


async def test_a_query_that_is_left_early_ends_at_the_server(port: int) -> None:
    async with DRIVER.query(
        target(port), "SELECT number AS left_early FROM system.numbers", seconds=60
    ) as result:
        await anext(result.batches)

    async def has_ended() -> bool:
        running = "SELECT query FROM system.processes WHERE query LIKE '%left_early%'"
        return all("system.processes" in row[0] for row in await _rows(target(port), running))

    assert await until(has_ended)


async def test_a_query_that_takes_too_long_is_stopped(port: int) -> None:
    failed = await _failure(target(port), "SELECT sum(number) FROM system.numbers", seconds=1.2)
    assert failed.kind == "timeout"


async def test_a_caller_who_is_cancelled_gets_no_other_error(port: int) -> None:
    task = asyncio.ensure_future(_rows(target(port), "SELECT sum(number + 1) FROM system.numbers"))
    running = (
        "SELECT count() FROM system.processes WHERE query LIKE '%number + 1%' AND query NOT LIKE '%process%'"
    )

    async def is_running() -> bool:
        return (await _rows(target(port), running)) == [[1]]

    await until(is_running)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def has_ended() -> bool:
        return (await _rows(target(port), running)) == [[0]]

    assert await until(has_ended)


async def test_the_catalog_tells_tables_their_columns_and_rows(port: int) -> None:
    writer = target(port, "write")
    await _rows(writer, "CREATE DATABASE shop")
    await _rows(
        writer,
        "CREATE TABLE shop.`my orders` (id UInt64, note Nullable(String)) ENGINE = MergeTree ORDER BY id",
    )
    await _rows(writer, "INSERT INTO shop.`my orders` SELECT number, NULL FROM system.numbers LIMIT 25")
    catalog = await DRIVER.catalog(target(port, database="shop"))
    [table] = [table for table in catalog.tables if table.name == "`my orders`"]
    assert [(one.name, one.type, one.is_nullable, one.key) for one in table.columns] == [
        ("id", "UInt64", False, "primary"),
        ("note", "Nullable(String)", True, None),
    ]
    assert (table.rows, catalog.is_complete) == (25, True)
    assert len(await _rows(target(port, database="shop"), DRIVER.sample(target(port), table.name, 5))) == 5
    elsewhere = await DRIVER.catalog(target(port))
    assert "shop.`my orders`" in [table.name for table in elsewhere.tables]


@pytest.mark.parametrize(
    ("settings", "query", "kind"),
    [
        ({"user": "nobody"}, "SELECT 1", "authentication"),
        ({"database": "nowhere"}, "SELECT 1", "not_found"),
        ({}, "SELECT * FROM nowhere", "not_found"),
        ({}, "SELECT nothing_like_it", "bad_query"),
    ],
)
async def test_failures_are_told_by_their_kind(
    port: int, settings: dict[str, Any], query: str, kind: str
) -> None:
    assert (await _failure(target(port, **settings), query)).kind == kind


async def test_a_wrong_password_is_told(port: int) -> None:
    wrong = Target(target(port).settings, {"password": "not-the-password"}, "read")
    assert (await _failure(wrong)).kind == "authentication"


async def test_a_port_where_nobody_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    assert (await _failure(target(free))).kind == "refused"


async def test_a_host_that_is_none_is_told() -> None:
    assert (await _failure(target(1, host="no-such-host.invalid"))).kind == "unknown_host"
    assert (await _failure(target(1, host="db.example/elsewhere"))).kind == "failed"


async def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        failed = await _failure(target(silent.getsockname()[1]), seconds=0.5)
    assert failed.kind == "timeout"


async def test_what_is_no_clickhouse_is_told() -> None:
    async with saying([b"<html>"], {"Content-Type": "text/html"}, status=404) as port:
        assert (await _failure(target(port))).kind == "failed"


async def test_a_server_without_tls_is_told_where_tls_is_demanded() -> None:
    async with saying([]) as port:
        assert (await _failure(target(port, tls=True))).kind == "tls"


async def test_a_redirect_is_not_followed_with_the_credentials() -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        place = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/"
        async with saying([], {"Location": place}, status=307) as port:
            assert (await _failure(target(port))).kind == "failed"
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


async def test_a_newer_server_s_marked_failure_is_seen() -> None:
    tag = "kwpqzmxlruvy"
    ending = f"\r\n__exception__\r\n{tag}\r\nCode: 395. DB::Exception: Too much (version 26.1)\n"
    body = [_HEAD, b"1\ta\n", ending.encode()]
    async with saying(body, {"X-ClickHouse-Exception-Tag": tag}, breaks=True) as port:
        failed = await _failure(target(port))
    assert failed.message == "Too much"


async def test_a_row_that_reads_like_a_mark_is_a_row() -> None:
    head = b"text\nString\n"
    async with saying(
        [head, b"__exception__\nCode: 1. DB::Exception: x\n"], {"X-ClickHouse-Exception-Tag": "kwpq"}
    ) as port:
        assert await _rows(target(port), "SELECT 1") == [["__exception__"], ["Code: 1. DB::Exception: x"]]


async def test_a_result_that_breaks_off_is_not_taken_for_whole() -> None:
    async with saying([_HEAD, b"1\ta\n2\tb"], breaks=True) as port:
        assert (await _failure(target(port))).kind == "unreachable"


async def test_a_row_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    async with saying([_HEAD, *[b"x" * 1024 * 1024] * 17]) as port:
        assert "16 MB" in (await _failure(target(port))).message


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [
        ("Map(String, Array(UInt8))", "{'a':[1,2],'b':[]}", {"a": [1, 2], "b": []}),
        ("LowCardinality(Nullable(String))", r"\N", None),
        ("Array(Nullable(String))", "['NULL',NULL]", ["NULL", None]),
        ("Tuple(a UInt8, b Nullable(String))", "(1,NULL)", [1, None]),
        ("DateTime64(9, 'UTC')", "2026-01-02 03:04:05.123456789", datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)),
        ("DateTime", "0000-00-00 00:00:00", "0000-00-00 00:00:00"),
        ("Bool", "true", True),
        ("Int256", "-" + "9" * 70, int("-" + "9" * 70)),
        ("IPv6", "::1", "::1"),
        ("Float64", "-inf", float("-inf")),
    ],
)
def test_types_of_newer_servers_are_read(type: str, text: str, value: object) -> None:
    assert converter(type)(text) == value
