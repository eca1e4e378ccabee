"""Snowflake's driver, with a stand-in for its connector, which is too large to be a dependency of the tests.

No account was to be had: signing in, key pairs, cancelling and all of Snowflake's SQL were not run against
Snowflake.
"""

import asyncio
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, Column, DriverFailed, Row, Target
from cowork_desktop.connectors.drivers.snowflake import DRIVER
from cowork_desktop.schemas.connectors import Access
from tests.fakes.snowflake import Failed, Snowflake, installed

_PASSWORD = "heron-9f2c-secret"


@pytest.fixture
def snowflake(monkeypatch: pytest.MonkeyPatch) -> Snowflake:
    return installed(monkeypatch)


def _target(access: Access = "read", secrets: dict[str, str] | None = None, **settings: str) -> Target:
    named = {"account": "myorg-account123", "user": "HERON", "warehouse": "WH", "database": "SHOP"}
    return Target(named | settings, secrets or {"password": _PASSWORD}, access)


async def _rows(target: Target, query: str = "SELECT n FROM numbers", seconds: float = 20) -> list[Row]:
    async with DRIVER.query(target, query, seconds=seconds) as result:
        return [row async for batch in result.batches for row in batch]


async def _failure(target: Target, query: str = "SELECT n FROM numbers", seconds: float = 20) -> DriverFailed:
    with pytest.raises(DriverFailed) as caught:
        await _rows(target, query, seconds)
    assert _PASSWORD not in str(caught.value)
    return caught.value


async def test_without_its_connector_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "snowflake.connector", None)
    assert (await _failure(_target())).kind == "missing_library"


async def test_it_says_what_answers(snowflake: Snowflake) -> None:
    snowflake.rows = (("9.34.1",),)
    assert await DRIVER.probe(_target()) == "Snowflake 9.34.1"


async def test_values_come_as_what_they_are(snowflake: Snowflake) -> None:
    snowflake.columns = (("N", 0), ("V", 5), ("A", 10), ("RAW", 11), ("T", 2), ("U", 5))
    snowflake.rows = ((Decimal("1.5"), '{"a":[1]}', "[1,null]", bytearray(b"\xff"), "[1]", "[undefined]"),)
    async with DRIVER.query(_target(), "SELECT * FROM all_types", seconds=20) as result:
        [[row]] = [batch async for batch in result.batches]
    assert result.columns[1] == Column("V", "VARIANT")
    assert row == [Decimal("1.5"), {"a": [1]}, [1, None], b"\xff", "[1]", "[undefined]"]


async def test_many_rows_come_in_batches(snowflake: Snowflake) -> None:
    snowflake.rows = [(n,) for n in range(2500)]
    async with DRIVER.query(_target(), "SELECT n FROM numbers", seconds=20) as result:
        sizes = [len(batch) async for batch in result.batches]
    assert (sum(sizes), max(sizes)) == (2500, BATCH_ROWS)


async def test_it_signs_in_with_what_the_connection_says_and_keeps_nothing(snowflake: Snowflake) -> None:
    await _rows(_target(role="READER", account="https://myorg-account123.snowflakecomputing.com/"), seconds=7)
    told = snowflake.arguments
    assert {key: told[key] for key in ("account", "user", "password", "role", "warehouse", "autocommit")} == {
        "account": "myorg-account123",
        "user": "HERON",
        "password": _PASSWORD,
        "role": "READER",
        "warehouse": "WH",
        "autocommit": False,
    }
    assert told["client_store_temporary_credential"] is False
    assert told["session_parameters"] == {
        "ABORT_DETACHED_QUERY": True,
        "CLIENT_TELEMETRY_ENABLED": False,
        "QUERY_TAG": "cowork-desktop",
        "STATEMENT_TIMEOUT_IN_SECONDS": 7,
    }


async def test_it_signs_in_with_a_key_pair(snowflake: Snowflake) -> None:
    await _rows(_target(secrets={"private_key": "-----BEGIN...", "passphrase": "sesame-open"}))
    told = snowflake.arguments
    assert (told["authenticator"], told["private_key"], told["private_key_password"]) == (
        "SNOWFLAKE_JWT",
        "-----BEGIN...\n",
        "sesame-open",
    )
    assert "password" not in told


async def test_what_a_reader_does_is_rolled_back(snowflake: Snowflake) -> None:
    await _rows(_target())
    assert snowflake.log == ["SELECT n FROM numbers", "rollback", "close"]


async def test_a_writer_is_told_how_many_rows_it_changed(snowflake: Snowflake) -> None:
    snowflake.columns, snowflake.rows, snowflake.count = (("number of rows inserted", 0),), ((7,),), 7
    async with DRIVER.query(_target("write"), "INSERT INTO numbers SELECT 1", seconds=20) as result:
        assert [batch async for batch in result.batches] == []
    assert (result.affected, result.columns) == (7, [])
    assert snowflake.arguments["autocommit"] is True


@pytest.mark.parametrize(
    "query", ["DELETE FROM numbers", "CALL effects()", "SELECT 1; SELECT 2", "SELECT * FROM @stage"]
)
async def test_what_a_reader_may_not_do_is_not_sent(snowflake: Snowflake, query: str) -> None:
    assert (await _failure(_target(), query)).kind == "not_allowed"
    assert snowflake.log == []


@pytest.mark.parametrize(
    "query",
    [
        "PUT file:///etc/passwd @stage",
        "get @stage file:///tmp/",
        "/* a word */ Put 'file:///etc/passwd' @stage",
        "-- a word\nPUT file:///etc/passwd @stage",
        "SELECT 1;\nGET @stage file:///tmp/",
    ],
)
async def test_files_of_this_machine_are_not_moved_for_writers_either(
    snowflake: Snowflake, query: str
) -> None:
    assert (await _failure(_target("write"), query)).kind in ("not_allowed", "bad_query")
    assert snowflake.log == []


async def test_a_column_that_is_called_get_is_a_column(snowflake: Snowflake) -> None:
    assert await _rows(_target("write"), "SELECT get FROM numbers") == [[1]]


async def test_a_result_that_is_left_early_is_read_no_further(snowflake: Snowflake) -> None:
    snowflake.rows = [(n,) for n in range(50_000)]
    async with DRIVER.query(_target(), "SELECT n FROM numbers", seconds=20) as result:
        await anext(result.batches)
    assert snowflake.fetched < 50_000
    assert snowflake.log[-2:] == ["rollback", "close"]


async def test_a_query_that_takes_too_long_is_cancelled(snowflake: Snowflake) -> None:
    snowflake.holds = True
    assert (await _failure(_target(), seconds=0.5)).kind == "timeout"
    assert snowflake.is_cancelled.is_set()


async def test_a_caller_who_is_cancelled_cancels_the_query(snowflake: Snowflake) -> None:
    snowflake.holds = True
    task = asyncio.ensure_future(_rows(_target()))
    assert await asyncio.to_thread(snowflake.is_held.wait, 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert snowflake.is_cancelled.is_set()


async def test_the_catalog_tells_tables_and_columns(snowflake: Snowflake) -> None:
    tables = [
        ("PUBLIC", "ORDERS", "BASE TABLE", 42, "All orders", "PUBLIC"),
        ("Sales", "v", "VIEW", None, None, "PUBLIC"),
    ]
    columns = [("PUBLIC", "ORDERS", "ID", "NUMBER", "NO", None)]
    snowflake.columns = [(f"C{n}", 2) for n in range(6)]
    _answering(snowflake, lambda sql: columns if "COLUMNS" in sql else tables)
    catalog = await DRIVER.catalog(_target())
    assert [(one.name, one.kind, one.rows, one.comment) for one in catalog.tables] == [
        ("ORDERS", "table", 42, "All orders"),
        ('"Sales"."v"', "view", None, None),
    ]
    [column] = catalog.tables[0].columns
    assert (column.name, column.type, column.is_nullable) == ("ID", "NUMBER", False)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Failed("002003 (42S02): 002003 (42S02): No such thing", 2003, "42S02"), "not_found"),
        (Failed("003001 (42501): No such thing", 3001, "42501"), "forbidden"),
        (Failed("001003 (42000): No such thing", 1003, "42000"), "bad_query"),
        (Failed("No such thing", 904, "42000"), "bad_query"),
        (Failed("No such thing", 606, "57P03"), "failed"),
    ],
)
async def test_failures_are_told_by_their_kind(snowflake: Snowflake, error: Exception, kind: str) -> None:
    snowflake.error = error
    failed = await _failure(_target())
    assert (failed.kind, failed.message) == (kind, "No such thing")


@pytest.mark.parametrize(
    ("message", "errno", "kind"),
    [
        ("Failed to login: Incorrect username or password was specified", 250001, "authentication"),
        ("Failed to login: failed to lookup address information: no such name", 250001, "unknown_host"),
        ("Failed to login: HTTP request failed after retries. Connection refused", 250001, "refused"),
        ("Failed to login: login timed out after 20s", 14, "timeout"),
        ("Invalid value for parameter 'private_key'", 251007, "authentication"),
    ],
)
async def test_why_nobody_can_sign_in_is_told(
    snowflake: Snowflake, message: str, errno: int, kind: str
) -> None:
    snowflake.sign_in_error = Failed(message, errno)
    assert (await _failure(_target())).kind == kind


@pytest.mark.parametrize("account", ["", "a/b", "attacker.example/#", "a b", "a@attacker.example", "a:443"])
async def test_an_account_is_no_address_of_another_s(snowflake: Snowflake, account: str) -> None:
    assert (await _failure(_target(account=account))).kind == "failed"
    assert snowflake.arguments == {}


def _answering(snowflake: Snowflake, rows: Callable[[str], Any]) -> None:
    """Answer by what is asked."""

    class Answers(list[str]):
        def append(self, sql: str) -> None:
            super().append(sql)
            snowflake.rows = rows(sql)

    snowflake.log = Answers()
