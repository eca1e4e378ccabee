"""MongoDB's driver, its library talking to a small server of our own on loopback.

A real MongoDB was not to be had: signing in by SCRAM, TLS, replica sets, SRV names and what the server's own
operators give were not run.
"""

import asyncio
import gc
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, Decimal128, Int64, MaxKey, ObjectId, Regex
from bson.datetime_ms import DatetimeMS

from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, Column, DriverFailed, Row, Target
from cowork_desktop.connectors.drivers.mongodb import DRIVER
from cowork_desktop.connectors.drivers.mongodb_queries import parsed
from cowork_desktop.schemas.connectors import Access
from tests.fakes.mongodb import MongoDB, running_mongodb

_PASSWORD = "heron-9f2c-secret"


@pytest.fixture
async def mongo() -> AsyncIterator[MongoDB]:
    async with running_mongodb() as fake:
        yield fake


def _target(port: int, access: Access = "read", **settings: Any) -> Target:
    named: dict[str, Any] = {"host": "127.0.0.1", "port": port, "database": "shop"}
    return Target(named | settings, {}, access, {"connect_seconds": 2})


def _by_uri(uri: str) -> Target:
    return Target({"database": "shop"}, {"uri": uri}, "read", {"connect_seconds": 1})


async def _rows(target: Target, query: dict[str, Any] | str, seconds: float = 20) -> list[Row]:
    text = query if isinstance(query, str) else json.dumps(query)
    async with DRIVER.query(target, text, seconds=seconds) as result:
        return [row async for batch in result.batches for row in batch]


async def _failure(
    target: Target, query: Any = '{"collection": "orders"}', seconds: float = 20
) -> DriverFailed:
    with pytest.raises(DriverFailed) as caught:
        await _rows(target, query, seconds)
    assert _PASSWORD not in str(caught.value)
    return caught.value


def _sent(mongo: MongoDB, name: str) -> dict[str, Any]:
    return next(command for command in mongo.asked if name in command)


async def test_it_says_what_answers(mongo: MongoDB) -> None:
    assert await DRIVER.probe(_target(mongo.port)) == "MongoDB 7.0.5"


async def test_documents_come_as_plain_values(mongo: MongoDB) -> None:
    id = ObjectId()
    mongo.collections["orders"] = [
        {
            "_id": id,
            "total": Decimal128("1.50"),
            "at": datetime(2026, 1, 2, tzinfo=UTC),
            "far": DatetimeMS(10**15),
            "raw": Binary(b"\xff\x00", 0),
            "key": Binary.from_uuid(UUID(int=7)),
            "n": Int64(2**53),
            "like": Regex("^a", "i"),
            "most": MaxKey(),
            "lines": [{"sku": "a", "n": 2}],
        }
    ]
    async with DRIVER.query(_target(mongo.port), '{"collection": "orders"}', seconds=20) as result:
        [[[document]]] = [batch async for batch in result.batches]
    assert result.columns == [Column("document", "object")]
    assert document == {
        "_id": str(id),
        "total": Decimal("1.50"),
        "at": datetime(2026, 1, 2, tzinfo=UTC),
        "far": "1000000000000000 ms since 1970",
        "raw": b"\xff\x00",
        "key": UUID(int=7),
        "n": 2**53,
        "like": "/^a/",
        "most": "MaxKey",
        "lines": [{"sku": "a", "n": 2}],
    }


async def test_a_find_is_sent_as_it_is_asked_and_with_a_limit_of_time(mongo: MongoDB) -> None:
    query = """{"collection": "orders",
    "filter": {"city": "Köln", "_id": {"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}},
    "projection": {"city": 1}, "sort": {"at": -1, "n": 1}, "limit": 5, "skip": 2}"""
    await _rows(_target(mongo.port), query, seconds=7)
    sent = _sent(mongo, "find")
    assert sent["filter"] == {"city": "Köln", "_id": ObjectId("5f5f5f5f5f5f5f5f5f5f5f5f")}
    assert (sent["projection"], list(sent["sort"].items())) == ({"city": 1}, [("at", -1), ("n", 1)])
    assert (sent["limit"], sent["skip"], sent["maxTimeMS"], sent["$db"]) == (5, 2, 7000, "shop")


async def test_many_documents_come_in_batches(mongo: MongoDB) -> None:
    mongo.collections["orders"] = [{"_id": n} for n in range(2500)]
    async with DRIVER.query(_target(mongo.port), '{"collection": "orders"}', seconds=20) as result:
        sizes = [len(batch) async for batch in result.batches]
    assert (sum(sizes), max(sizes)) == (2500, BATCH_ROWS)
    assert not any("killCursors" in command for command in mongo.asked)


async def test_a_result_that_is_left_early_is_ended_at_the_server(mongo: MongoDB) -> None:
    mongo.collections["orders"] = [{"_id": n} for n in range(2500)]
    async with DRIVER.query(_target(mongo.port), '{"collection": "orders"}', seconds=20) as result:
        await anext(result.batches)
    assert _sent(mongo, "killCursors")["cursors"] == [1]


async def test_pipelines_counts_and_distinct_values_are_read(mongo: MongoDB) -> None:
    mongo.collections["orders"] = [{"_id": n, "city": "Köln" if n else "Bonn"} for n in range(3)]
    target = _target(mongo.port)
    pipeline = {"collection": "orders", "pipeline": [{"$match": {"city": "Bonn"}}]}
    assert await _rows(target, pipeline) == [[{"_id": 0, "city": "Bonn"}]]
    assert await _rows(target, {"collection": "orders", "count": {"city": "Köln"}}) == [[2]]
    assert await _rows(target, {"collection": "orders", "distinct": "city"}) == [["Bonn"], ["Köln"]]


async def test_a_writer_changes_what_it_says_and_is_told_how_much(mongo: MongoDB) -> None:
    target = _target(mongo.port, "write")

    async def changed(**query: Any) -> int | None:
        async with DRIVER.query(target, json.dumps({"collection": "orders"} | query), seconds=20) as result:
            assert [batch async for batch in result.batches] == []
            return result.affected

    assert await changed(insert=[{"_id": 1, "city": "Bonn"}, {"_id": 2, "city": "Bonn"}]) == 2
    assert await changed(update={"city": "Bonn"}, set={"city": "Köln"}, many=True) == 2
    assert await changed(delete={"city": "Köln"}) == 1
    assert mongo.collections["orders"] == [{"_id": 2, "city": "Köln"}]


@pytest.mark.parametrize(
    "query",
    [
        {"collection": "orders", "insert": [{"a": 1}]},
        {"collection": "orders", "update": {}, "set": {"a": 1}},
        {"collection": "orders", "delete": {}, "many": True},
        {"collection": "orders", "pipeline": [{"$out": "other"}]},
        {"collection": "orders", "pipeline": [{"$facet": {"a": [{"$merge": {"into": "other"}}]}}]},
        {
            "collection": "orders",
            "pipeline": [{"$lookup": {"from": "x", "pipeline": [{"$Out": "y"}], "as": "z"}}],
        },
        {"collection": "orders", "pipeline": [{"$currentOp": {}}]},
        {"collection": "orders", "pipeline": [{"$changeStream": {}}]},
        {"collection": "orders", "filter": {"$where": "sleep(1000)"}},
        {"collection": "orders", "filter": {"$or": [{"a": 1}, {"$where": {"$code": "sleep(1)"}}]}},
        {"collection": "orders", "filter": {"a": {"$code": "x", "$scope": {}}}},
        {"collection": "orders", "count": {"$expr": {"$function": {"body": "f", "args": [], "lang": "js"}}}},
        {"collection": "orders", "projection": {"x": {"$function": {"body": "f", "args": [], "lang": "js"}}}},
        {"collection": "orders", "distinct": "a", "filter": {"$where": "1"}},
        {"collection": "orders", "pipeline": [{"$group": {"_id": 1, "x": {"$accumulator": {}}}}]},
    ],
)
async def test_what_a_reader_may_not_ask_is_not_sent(mongo: MongoDB, query: dict[str, Any]) -> None:
    assert (await _failure(_target(mongo.port), query)).kind == "not_allowed"
    assert mongo.asked == []


@pytest.mark.parametrize("operator", ["$where", "$function", "$accumulator"])
def test_javascript_is_refused_to_writers_too(operator: str) -> None:
    with pytest.raises(DriverFailed) as caught:
        parsed(
            json.dumps({"collection": "orders", "update": {operator: "x"}, "set": {"a": 1}}), can_write=True
        )
    assert caught.value.kind == "not_allowed"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT 1",
        "[]",
        "{}",
        '{"collection": ""}',
        '{"collection": 7}',
        '{"collection": "orders", "find": {}}',
        '{"collection": "orders", "count": {}, "pipeline": []}',
        '{"collection": "orders", "filter": []}',
        '{"collection": "orders", "limit": "5"}',
        '{"collection": "orders", "limit": true}',
        '{"collection": "orders", "limit": -1}',
        '{"collection": "orders", "pipeline": [1]}',
        '{"collection": "orders", "filter": {"_id": {"$oid": "short"}}}',
        '{"collection": "orders", "filter": {"n": 99999999999999999999}}',
        '{"collection": ' + "[" * 100_000,
    ],
)
async def test_what_is_no_query_is_told_with_what_one_looks_like(mongo: MongoDB, query: str) -> None:
    assert (await _failure(_target(mongo.port), query)).kind == "bad_query"
    assert mongo.asked == []


async def test_the_catalog_tells_what_documents_look_like(mongo: MongoDB) -> None:
    mongo.collections["orders"] = [{"_id": 1, "total": 2.5, "note": None}, {"_id": 2, "total": 3}]
    catalog = await DRIVER.catalog(_target(mongo.port))
    [table] = catalog.tables
    assert (table.name, table.kind, table.rows) == ("orders", "collection", 2)
    assert [(one.name, one.type, one.is_nullable, one.key) for one in table.columns] == [
        ("_id", "int", None, "primary"),
        ("total", "double | int", None, None),
        ("note", "null", True, None),
    ]


async def test_a_sample_is_a_query(mongo: MongoDB) -> None:
    mongo.collections["o'rders"] = [{"_id": n} for n in range(9)]
    target = _target(mongo.port)
    assert len(await _rows(target, DRIVER.sample(target, "o'rders", 3))) == 3


@pytest.mark.parametrize(
    ("code", "kind"),
    [(13, "forbidden"), (18, "authentication"), (26, "not_found"), (50, "timeout"), (40324, "bad_query")],
)
async def test_failures_are_told_by_their_kind(mongo: MongoDB, code: int, kind: str) -> None:
    mongo.errors["aggregate"] = {"code": code, "errmsg": "in the server's words", "codeName": "X"}
    failed = await _failure(_target(mongo.port), {"collection": "orders", "pipeline": []})
    assert failed.kind == kind


async def test_a_query_that_takes_too_long_is_stopped(mongo: MongoDB) -> None:
    mongo.holds = True
    assert (await _failure(_target(mongo.port), seconds=0.5)).kind == "timeout"


async def test_a_caller_who_is_cancelled_gets_no_other_error(mongo: MongoDB) -> None:
    mongo.holds = True
    task = asyncio.ensure_future(_rows(_target(mongo.port), {"collection": "orders"}))
    await mongo.is_held.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_a_reader_of_a_result_raises_is_not_changed(mongo: MongoDB) -> None:
    with pytest.raises(ValueError, match="mine"):
        async with DRIVER.query(_target(mongo.port), '{"collection": "orders"}', seconds=20):
            raise ValueError("mine")


async def test_a_port_where_nobody_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert (await _failure(_target(port))).kind == "refused"


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
async def test_a_connection_string_to_where_nobody_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert (await _failure(_by_uri(f"mongodb://heron:{_PASSWORD}@127.0.0.1:{port}/"))).kind == "refused"
    # pymongo leaves a socket to the collector where it is closed while it connects; not to another test's.
    await asyncio.sleep(0)
    gc.collect()


async def test_a_host_that_is_none_is_told() -> None:
    assert (await _failure(_target(1, host="no-such-host.invalid"))).kind == "unknown_host"


async def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert (await _failure(_target(silent.getsockname()[1]))).kind == "timeout"


async def test_a_server_without_tls_is_told_where_tls_is_demanded(mongo: MongoDB) -> None:
    assert (await _failure(_target(mongo.port, tls=True))).kind in ("tls", "unreachable")


@pytest.mark.parametrize(
    "host", ["mongodb://attacker.example/", "a b", "/tmp/mongodb.sock", "", "h/?tls=false"]
)
async def test_a_host_that_says_more_than_a_name_is_refused(host: str) -> None:
    failed = await _failure(_target(1, host=host))
    assert (failed.kind, "host" in failed.message) == ("failed", True)


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://h/?tlsCAFile=/etc/passwd",
        "mongodb://h/?tlsCertificateKeyFile=/root/key.pem",
        "mongodb://h/?authMechanism=MONGODB-AWS",
        "mongodb://h/?authMechanism=MONGODB-OIDC&authMechanismProperties=ENVIRONMENT:gcp",
        "mongodb://h/?TLSCAFILE=/etc/passwd",
        "mongodb://h/?proxyHost=attacker.example",
    ],
)
async def test_a_connection_string_reaches_for_nothing_of_this_machine(uri: str) -> None:
    assert (await _failure(_by_uri(uri))).kind == "not_allowed"


@pytest.mark.parametrize(
    "uri", ["http://h/", "h:27017", "mongodb://", f"mongodb://u:{_PASSWORD}:x@h/", "mongodb://h:x/"]
)
async def test_what_is_no_connection_string_is_told(uri: str) -> None:
    assert (await _failure(_by_uri(uri))).kind in ("failed", "bad_query")


async def test_a_connection_string_may_name_the_database(mongo: MongoDB) -> None:
    target = Target({}, {"uri": f"mongodb://127.0.0.1:{mongo.port}/shop?directConnection=true"}, "read")
    assert await _rows(target, {"collection": "orders"}) == []
    assert _sent(mongo, "find")["$db"] == "shop"
    nameless = Target({}, {"uri": f"mongodb://127.0.0.1:{mongo.port}/"}, "read")
    assert "database" in (await _failure(nameless)).message
