"""BigQuery's driver against an endpoint that answers as Google's do; the real one was not asked."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from cowork_desktop.connectors.drivers.bigquery import DRIVER
from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, Column, DriverFailed, Row, Target
from tests.fakes.bigquery import ALL, READ, BigQuery, running_bigquery
from tests.fakes.waiting import until


@pytest.fixture
async def google() -> AsyncIterator[BigQuery]:
    async with running_bigquery() as fake:
        yield fake


async def _rows(target: Target, query: str = "SELECT n FROM numbers", seconds: float = 20) -> list[Row]:
    async with DRIVER.query(target, query, seconds=seconds) as result:
        return [row async for batch in result.batches for row in batch]


async def _failure(target: Target, query: str = "SELECT 1", seconds: float = 20) -> DriverFailed:
    with pytest.raises(DriverFailed) as caught:
        await _rows(target, query, seconds)
    assert "PRIVATE KEY" not in str(caught.value)
    return caught.value


async def test_it_says_what_answers(google: BigQuery) -> None:
    assert await DRIVER.probe(google.target()) == "BigQuery, project heron-project"


async def test_values_come_as_what_they_are(google: BigQuery) -> None:
    google.schema = {
        "fields": [
            {"name": "i", "type": "INTEGER"},
            {"name": "f", "type": "FLOAT"},
            {"name": "d", "type": "NUMERIC"},
            {"name": "b", "type": "BOOLEAN"},
            {"name": "at", "type": "TIMESTAMP"},
            {"name": "day", "type": "DATE"},
            {"name": "when", "type": "DATETIME"},
            {"name": "t", "type": "TIME"},
            {"name": "raw", "type": "BYTES"},
            {"name": "j", "type": "JSON"},
            {"name": "place", "type": "GEOGRAPHY"},
            {
                "name": "lines",
                "type": "RECORD",
                "mode": "REPEATED",
                "fields": [
                    {"name": "id", "type": "INTEGER"},
                    {"name": "tags", "type": "STRING", "mode": "REPEATED"},
                ],
            },
            {"name": "nothing", "type": "STRING"},
        ]
    }
    line = {"v": {"f": [{"v": "7"}, {"v": [{"v": "a"}, {"v": "b"}]}]}}
    texts = [
        "9223372036854775807", "-Infinity", "1.50", "true", "1767225600000001", "2026-01-01",
        "2026-01-01T10:00:00.5", "10:00:00", "/wA=", '{"a":[1]}', "POINT(1 2)",
    ]  # fmt: skip
    google.pages = [[{"f": [*({"v": text} for text in texts), {"v": [line]}, {"v": None}]}]]
    async with DRIVER.query(google.target(), "SELECT * FROM all_types", seconds=20) as result:
        [[row]] = [batch async for batch in result.batches]
    assert result.columns[11] == Column("lines", "ARRAY<STRUCT<id INT64, tags ARRAY<STRING>>>")
    assert row == [
        9223372036854775807,
        float("-inf"),
        Decimal("1.50"),
        True,
        datetime(2026, 1, 1, 0, 0, 0, 1, UTC),
        date(2026, 1, 1),
        datetime.fromisoformat("2026-01-01T10:00:00.5"),
        time(10),
        b"\xff\x00",
        {"a": [1]},
        "POINT(1 2)",
        [{"id": 7, "tags": ["a", "b"]}],
        None,
    ]


async def test_pages_are_read_one_after_the_other(google: BigQuery) -> None:
    google.pages = [[{"f": [{"v": str(page * 1500 + n)}]} for n in range(1500)] for page in range(3)]
    async with DRIVER.query(google.target(), "SELECT n FROM numbers", seconds=20) as result:
        batches = [batch async for batch in result.batches]
    assert [row[0] for batch in batches for row in batch] == list(range(4500))
    assert max(map(len, batches)) <= BATCH_ROWS
    assert google.cancelled == []


async def test_a_query_that_takes_its_time_is_waited_for(google: BigQuery) -> None:
    google.waits = 3
    assert await _rows(google.target()) == [[1]]


async def test_a_reader_runs_its_query_with_a_token_that_can_only_read(google: BigQuery) -> None:
    await _rows(google.target())
    assert [(what, scope) for what, scope, _ in google.asked] == [("POST jobs", ALL), ("POST queries", READ)]


async def test_a_query_says_what_it_may_cost_and_where_it_is_run(google: BigQuery) -> None:
    await _rows(google.target(max_gigabytes=2, dataset="shop", location="EU"))
    _, _, body = google.asked[-1]
    assert (body["maximumBytesBilled"], body["useLegacySql"], body["location"]) == ("2000000000", False, "EU")
    assert body["defaultDataset"] == {"datasetId": "shop"}


async def test_what_google_takes_for_no_select_is_not_run(google: BigQuery) -> None:
    google.statement = "SCRIPT"
    assert (await _failure(google.target())).kind == "not_allowed"
    assert [what for what, _, _ in google.asked] == ["POST jobs"]


async def test_what_the_parser_takes_for_no_select_is_not_even_asked(google: BigQuery) -> None:
    assert (await _failure(google.target(), "DELETE FROM numbers WHERE TRUE")).kind == "not_allowed"
    assert google.asked == []


async def test_a_query_that_would_read_too_much_is_not_run(google: BigQuery) -> None:
    google.bytes = 52_300_000_000
    failed = await _failure(google.target())
    assert failed.kind == "not_allowed"
    assert "52.3 GB" in failed.message
    assert "POST queries" not in [what for what, _, _ in google.asked]


async def test_a_writer_is_told_how_many_rows_it_changed(google: BigQuery) -> None:
    google.statement, google.schema, google.pages = "UPDATE", {}, [[]]
    assert await _rows(google.target("write"), "UPDATE numbers SET n = 1 WHERE TRUE") == []
    assert ("POST queries", ALL) in [(what, scope) for what, scope, _ in google.asked]


async def test_who_signed_in_to_read_can_query_within_the_limit(google: BigQuery) -> None:
    assert await _rows(google.oauth_target()) == [[1]]
    google.bytes = 52_300_000_000
    assert (await _failure(google.oauth_target())).kind == "not_allowed"


async def test_a_query_that_is_left_early_is_cancelled(google: BigQuery) -> None:
    google.pages = [[{"f": [{"v": "1"}]}]] * 2
    async with DRIVER.query(google.target(), "SELECT n FROM numbers", seconds=20) as result:
        await anext(result.batches)
    assert google.cancelled == ["job-1"]


async def test_a_query_that_takes_too_long_is_cancelled(google: BigQuery) -> None:
    google.waits = 1_000_000
    assert (await _failure(google.target(), seconds=3)).kind == "timeout"
    assert google.cancelled == ["job-1"]


async def test_a_caller_who_is_cancelled_before_the_job_has_an_id_cancels_the_job(google: BigQuery) -> None:
    google.holds = True
    task = asyncio.ensure_future(_rows(google.target()))
    await google.held.wait()
    task.cancel()
    google.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def is_cancelled() -> bool:
        return google.cancelled == ["job-1"]

    assert await until(is_cancelled)


async def test_the_catalog_tells_tables_and_columns(google: BigQuery) -> None:
    field = {"name": "id", "type": "INTEGER", "mode": "REQUIRED", "description": "Of the order"}
    google.schema = {"fields": [field]}
    catalog = await DRIVER.catalog(google.target())
    [table] = catalog.tables
    assert (table.name, table.kind, table.rows, table.comment) == (
        "`shop.orders-2026`",
        "table",
        42,
        "All orders",
    )
    [column] = table.columns
    assert (column.name, column.type, column.is_nullable, column.comment) == (
        "id",
        "INT64",
        False,
        "Of the order",
    )


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (400, "invalidQuery", "bad_query"),
        (403, "accessDenied", "forbidden"),
        (403, "rateLimitExceeded", "failed"),
        (404, "notFound", "not_found"),
        (400, "bytesBilledLimitExceeded", "not_allowed"),
        (500, "backendError", "failed"),
    ],
)
async def test_failures_are_told_by_their_kind(google: BigQuery, status: int, reason: str, kind: str) -> None:
    google.error = status, {"code": status, "message": "In Google's words", "errors": [{"reason": reason}]}
    failed = await _failure(google.target())
    assert (failed.kind, failed.message) == (kind, "In Google's words")


async def test_a_key_that_google_does_not_accept_is_told(google: BigQuery) -> None:
    other = BigQuery().key_file()
    target = Target({}, {"key": other}, "read", google.target().options)
    failed = await _failure(target)
    assert failed.kind == "authentication"
    assert "Invalid JWT Signature." in failed.message


async def test_a_token_that_google_does_not_accept_is_told(google: BigQuery) -> None:
    settings, options = google.oauth_target().settings, google.oauth_target().options
    assert (
        await _failure(Target(settings, {"access_token": "x" * 20}, "read", options))
    ).kind == "authentication"


@pytest.mark.parametrize(
    "token_uri",
    [
        "https://attacker.example/token",
        "http://oauth2.googleapis.com/token",
        "https://oauth2.googleapis.com.attacker.example/token",
        "https://oauth2.googleapis.com@attacker.example/token",
        "https://user@oauth2.googleapis.com/token",
        "https://oauth2.googleapis.com:8443/token",
        "https://attackergoogleapis.com/token",
        "no url",
    ],
)
async def test_a_forged_key_file_sends_its_assertion_nowhere(google: BigQuery, token_uri: str) -> None:
    forged = Target({}, {"key": google.key_file(token_uri=token_uri)}, "read", {"base_url": google.url})
    failed = await _failure(forged)
    assert (failed.kind, "token_uri" in failed.message) == ("authentication", True)


@pytest.mark.parametrize(
    "key",
    ["", "no json", "[]", '{"type": "authorized_user"}', '{"type": "service_account", "project_id": "x"}'],
)
async def test_what_is_no_key_of_a_service_account_is_told(google: BigQuery, key: str) -> None:
    assert (
        await _failure(Target({}, {"key": key}, "read", {"base_url": google.url}))
    ).kind == "authentication"


async def test_a_damaged_private_key_is_told(google: BigQuery) -> None:
    target = Target({}, {"key": google.key_file(private_key="no key")}, "read", google.target().options)
    assert "damaged" in (await _failure(target)).message


async def test_an_address_where_nobody_listens_is_told(google: BigQuery) -> None:
    options: dict[str, Any] = dict(google.target().options) | {"base_url": "http://127.0.0.1:1"}
    target = Target({}, google.target().secrets, "read", options)
    assert (await _failure(target)).kind == "refused"
