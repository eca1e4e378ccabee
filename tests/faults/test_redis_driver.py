"""Redis, against a real server, and against ones that fail."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.redis import RedisDriver
from cowork_desktop.connectors.drivers.redis_commands import command_of, quoted_word, split_words
from tests.fakes.queries import failure_of, resident_bytes, rows_of, silent_server
from tests.fakes.redis_server import (
    PASSWORD,
    READER,
    READER_PASSWORD,
    RedisServer,
    running_redis,
    scripted_redis,
)

pytestmark = pytest.mark.slow
DRIVER = RedisDriver()


@pytest.fixture(scope="module")
def running() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def server(running: RedisServer) -> RedisServer:
    """Empty."""
    running.run("FLUSHALL")
    return running


async def failure(target: Target, query: str, *, seconds: float = 20) -> DriverFailed:
    failed = await failure_of(rows_of(DRIVER, target, query, seconds=seconds))
    assert PASSWORD not in str(failed)
    assert failed.__context__ is None or failed.__suppress_context__
    return failed


async def test_a_test_of_the_connection_says_what_answers(server: RedisServer) -> None:
    version = server.run("INFO server")["redis_version"]
    assert await DRIVER.probe(server.target()) == f"Redis {version}"
    reader = server.target(user=READER, password=READER_PASSWORD)
    assert await DRIVER.probe(reader) == "Redis"


async def test_answers_are_rows(server: RedisServer) -> None:
    server.run(
        "SET a text",
        "SET n 5",
        "HSET h f 1 g 2",
        "RPUSH l x y z",
        "SADD s m",
        "ZADD z 1 one 2.5 two inf last",
        "XADD x 1-1 k v",
        "GEOADD geo 8.5 47.4 zurich",
    )
    with server.client() as client:
        client.set("bytes", b"\xff\x00")
        client.set("größe", "ä")
    expected: dict[str, list[list[Any]]] = {
        "GET a": [["text"]],
        "get a": [["text"]],
        "GET none": [[None]],
        "GET bytes": [[b"\xff\x00"]],
        "GET größe": [["ä"]],
        'GET "gr\\xc3\\xb6\\xc3\\x9fe"': [["ä"]],
        "STRLEN a": [[4]],
        "EXISTS a n": [[2]],
        "TYPE h": [["hash"]],
        "MGET a none n": [["a", "text"], ["none", None], ["n", "5"]],
        "HGETALL h": [["f", "1"], ["g", "2"]],
        "HGETALL none": [],
        "HMGET h g none": [["g", "2"], ["none", None]],
        "HKEYS h": [["f"], ["g"]],
        "HSCAN h 0": [["f", "1"], ["g", "2"]],
        "LRANGE l 0 -1": [["x"], ["y"], ["z"]],
        "LRANGE l -2 1": [["y"]],
        "LRANGE l 5 9": [],
        "SMEMBERS s": [["m"]],
        "ZRANGE z 0 -1": [["one"], ["two"], ["last"]],
        "ZRANGE z 0 -1 REV WITHSCORES": [["last", float("inf")], ["two", 2.5], ["one", 1.0]],
        "ZREVRANGE z 0 0": [["last"]],
        "ZRANGEBYSCORE z (1 3 withscores": [["two", 2.5]],
        "ZRANGE z 0 -1 BYSCORE": [],
        "ZRANGE z 0 3 BYSCORE LIMIT 1 1": [["two"]],
        "ZSCAN z 0 MATCH o*": [["one", 1.0]],
        "ZSCORE z two": [["2.5"]],
        "XRANGE x - +": [["1-1", {"k": "v"}]],
        "XREAD COUNT 5 STREAMS x 0": [["x", "1-1", {"k": "v"}]],
        "GEODIST geo zurich zurich": [["0.0000"]],
        "OBJECT ENCODING n": [["int"]],
        "DBSIZE": [[10]],
        "PING": [["PONG"]],
        "SORT_RO l ALPHA DESC": [["z"], ["y"], ["x"]],
    }
    for query, rows in expected.items():
        assert [list(row) for row in await rows_of(DRIVER, server.target(), query)] == rows, query
    info = {row[0]: row[1] for row in await rows_of(DRIVER, server.target(), "INFO server")}
    assert int(info["tcp_port"]) == server.port
    stream = {row[0]: row[1] for row in await rows_of(DRIVER, server.target(), "XINFO STREAM x")}
    assert stream["length"] == 1


async def test_columns_say_what_the_rows_are(server: RedisServer) -> None:
    told = {
        "HGETALL h": ["field", "value"],
        "GET a": ["value"],
        "SCAN 0": ["key"],
        "ZSCAN z 0": ["member", "score"],
    }
    for query, names in told.items():
        async with DRIVER.query(server.target(), query, seconds=20) as result:
            assert [column.name for column in result.columns] == names


async def test_what_is_large_is_read_in_pieces_and_whole(server: RedisServer) -> None:
    count = 25_000
    with server.client() as client:
        numbers = range(count)
        client.rpush("l", *numbers)
        client.sadd("s", *(f"m{n}" for n in numbers))
        client.hset("h", mapping={f"f{n}": n for n in numbers})
        client.zadd("z", {f"m{n}": n for n in numbers})
        pipeline = client.pipeline(transaction=False)
        for n in numbers:
            pipeline.xadd("x", {"n": n}, id=f"1-{n + 1}")
        pipeline.execute()
    values = [str(n) for n in numbers]
    members = [f"m{n}" for n in numbers]
    ask = server.target()
    assert [row[0] for row in await rows_of(DRIVER, ask, "LRANGE l 0 -1")] == values
    assert [row[0] for row in await rows_of(DRIVER, ask, "LRANGE l 7 2010")] == values[7:2011]
    assert sorted(row[0] for row in await rows_of(DRIVER, ask, "SMEMBERS s")) == sorted(members)
    assert {tuple(row) for row in await rows_of(DRIVER, ask, "HGETALL h")} == {
        (f"f{n}", str(n)) for n in numbers
    }
    assert len(await rows_of(DRIVER, ask, "HVALS h")) == count
    assert [row[0] for row in await rows_of(DRIVER, ask, "ZRANGE z 0 -1")] == members
    assert [row[0] for row in await rows_of(DRIVER, ask, "ZREVRANGE z 0 -1")] == members[::-1]
    assert [row[0] for row in await rows_of(DRIVER, ask, "ZRANGEBYSCORE z 10 +inf")] == members[10:]
    assert [row[0] for row in await rows_of(DRIVER, ask, "ZRANGE z 5000 10 BYSCORE REV")] == members[10:5001][
        ::-1
    ]
    assert len(await rows_of(DRIVER, ask, "XRANGE x - +")) == count
    newest = await rows_of(DRIVER, ask, "XREVRANGE x + 1-2")
    assert [row[0] for row in newest] == [f"1-{n}" for n in range(count, 1, -1)]


async def test_a_million_keys_stream_in_bounded_memory(server: RedisServer) -> None:
    server.run("DEBUG POPULATE 1000000 key 10")
    seen, before, most = 0, resident_bytes(), 0
    async with DRIVER.query(server.target(), "SCAN 0", seconds=100) as result:
        async for batch in result.batches:
            assert len(batch) <= 1_000
            seen += len(batch)
            if seen % 50_000 < len(batch):
                most = max(most, resident_bytes() - before)
    assert seen == 1_000_000
    assert most < 20_000_000
    sample = DRIVER.sample(server.target(), "key:*", 5)
    async with DRIVER.query(server.target(), sample, seconds=20) as result:
        async for batch in result.batches:
            assert all(row[0].startswith("key:") for row in batch)
            break
    catalog = await DRIVER.catalog(server.target())
    [table] = catalog.tables
    assert (table.name, table.kind) == ("key:*", "string")
    assert table.rows is not None
    assert 900_000 < table.rows < 1_100_000
    assert not catalog.is_complete


async def test_an_answer_that_would_fill_the_memory_is_refused(server: RedisServer) -> None:
    server.run("SETRANGE big 70000000 x")
    failed = await failure(server.target(), "GET big")
    assert "GETRANGE" in failed.message
    assert [row[0] for row in await rows_of(DRIVER, server.target(), "GETRANGE big 70000000 -1")] == ["x"]


async def test_the_catalog_has_patterns_of_keys(server: RedisServer) -> None:
    server.run("HSET user:1 f v", "HSET user:2 f v", "SET we*ird:1 x", "ZADD board 1 a", "SET user:x:y z")
    with server.client() as client:
        client.set(b"\xff\xfe", "x")
    catalog = await DRIVER.catalog(server.target())
    assert catalog.is_complete
    tables = {table.name: table for table in catalog.tables}
    assert {name: table.rows for name, table in tables.items()} == {
        "user:*": 3,
        "we\\*ird:*": 1,
        "board": 1,
        "*": 1,
    }
    assert tables["board"].kind == "zset"
    assert [column.name for column in tables["board"].columns] == ["member", "score"]
    for name, rows in (("user:*", 3), ("we\\*ird:*", 1), ("board", 1), ("*", 6)):
        sample = DRIVER.sample(server.target(), name, 5)
        assert len(await rows_of(DRIVER, server.target(), sample)) == rows


WRITES = [
    "SET a 1",
    "DEL a",
    "FLUSHALL",
    "FLUSHDB",
    "GETEX a EX 1",
    "GETDEL a",
    "GETSET a b",
    "SORT l STORE a",
    "SORT l",
    "ZRANGESTORE d z 0 -1",
    "GEORADIUS geo 8 47 9 km STORE d",
    "GEOSEARCHSTORE d geo FROMMEMBER m BYRADIUS 1 km",
    "PFCOUNT a",
    "XREADGROUP GROUP g c STREAMS x >",
    "XGROUP CREATE x g 0",
    "XREAD BLOCK 0 STREAMS x 0",
    "xread count 1 block 0 streams x 0",
    "OBJECT HELP x",
    "MEMORY PURGE",
    "EXPIRE a 1",
    "COPY a b",
    "SMOVE s d m",
    "BITFIELD a SET u8 0 1",
    "LPOP l",
    "KEYS *",
    "EVAL \"return redis.call('set','a','1')\" 0",
    'EVAL_RO "return 1" 0',
    "FCALL_RO f 0",
    "SUBSCRIBE c",
    "MONITOR",
    "MULTI",
    "CONFIG GET requirepass",
    "ACL LIST",
    "CLIENT KILL ID 1",
    "SELECT 1",
    "AUTH x",
    "HELLO 3",
    "QUIT",
    "RESET",
    "BLPOP l 0",
    "WAIT 1 0",
    "SCRIPT FLUSH",
    "REPLICAOF NO ONE",
    "NO.SUCH a",
]


@pytest.mark.parametrize("query", WRITES)
async def test_a_connection_that_reads_sends_nothing_that_writes(query: str) -> None:
    failed = await failure(Target({"host": "127.0.0.1", "port": 1}, {}, "read"), query)
    assert failed.kind == "not_allowed"


NEVER = [
    "FLUSHALL",
    "flushdb ASYNC",
    "CONFIG SET requirepass x",
    "CONFIG GET *",
    "SHUTDOWN NOSAVE",
    "EVAL 'return 1' 0",
    "FUNCTION LIST",
    "SCRIPT LOAD x",
    "MULTI",
    "SUBSCRIBE c",
    "PUBLISH c x",
    "MONITOR",
    "DEBUG SLEEP 10",
    "SLAVEOF a 1",
    "MIGRATE h 1 k 0 1",
    "RESTORE k 0 x",
    "CLIENT LIST",
    "ACL WHOAMI",
    "SELECT 1",
    "SWAPDB 0 1",
    "KEYS *",
    "SORT l",
    "BLPOP l 0",
    "BLMOVE a b LEFT LEFT 0",
    "XREADGROUP GROUP g c STREAMS x >",
    "XREAD BLOCK 0 STREAMS x 0",
    "COPY a b DB 1",
    "MEMORY DOCTOR",
    "MODULE LIST",
    "CLUSTER INFO",
    "SAVE",
    "LATENCY RESET",
    "SLOWLOG GET",
    "COMMAND COUNT",
    "RESET",
]


async def test_a_connection_that_writes_writes_but_runs_no_server(server: RedisServer) -> None:
    ask = server.target("write")
    assert await rows_of(DRIVER, ask, "SET a 'two words'") == [["OK"]]
    assert await rows_of(DRIVER, ask, "HSET h f 1") == [[1]]
    assert await rows_of(DRIVER, ask, "XADD x 1-1 k v") == [["1-1"]]
    assert await rows_of(DRIVER, ask, "XGROUP CREATE x g 0") == [["OK"]]
    assert await rows_of(DRIVER, ask, "GETDEL a") == [["two words"]]
    for query in NEVER:
        assert (await failure(ask, query)).kind == "not_allowed", query
    assert server.run("EXISTS h") == 1


async def test_a_write_happens_whether_its_answer_is_read_or_not(server: RedisServer) -> None:
    async with DRIVER.query(server.target("write"), "SET a 1", seconds=20):
        pass
    assert server.run("GET a") == b"1"


def test_a_query_is_known_to_read_or_to_write_without_asking() -> None:
    ask = Target({"host": "127.0.0.1", "port": 1}, {}, "write")
    assert DRIVER.is_read(ask, "HGETALL h")
    assert not DRIVER.is_read(ask, "HSET h f v")
    with pytest.raises(DriverFailed):
        DRIVER.is_read(ask, "FLUSHALL")


async def test_a_hint_says_what_to_ask_instead(server: RedisServer) -> None:
    assert "SCAN 0 MATCH" in (await failure(server.target(), "KEYS *")).message
    assert "SORT_RO" in (await failure(server.target(), "SORT l")).message


async def test_what_the_server_says_of_a_command_counts_more_than_its_name() -> None:
    is_write = b"*1\r\n*6\r\n$3\r\nget\r\n:2\r\n*2\r\n+write\r\n+denyoom\r\n:1\r\n:1\r\n:1\r\n"
    is_unknown, is_readonly = b"*1\r\n*-1\r\n", is_write.replace(b"+write", b"+readonly")
    answer = b"$4\r\ntext\r\n"
    for told, kind in ((is_write, "not_allowed"), (is_unknown, "bad_query"), (b"+OK\r\n", "bad_query")):
        async with scripted_redis(told, answer) as port:
            ask = Target({"host": "127.0.0.1", "port": port}, {}, "read")
            assert (await failure(ask, "GET 0")).kind == kind
    async with scripted_redis(is_readonly, answer) as port:
        ask = Target({"host": "127.0.0.1", "port": port}, {}, "read")
        assert await rows_of(DRIVER, ask, "GET 0") == [["text"]]


async def test_a_user_of_few_rights_reads_what_it_may(server: RedisServer) -> None:
    server.run("SET order:1 x", "SET other y", "ACL SETUSER blind on >blind-password ~* +get")
    ask = server.target(user=READER, password=READER_PASSWORD)
    assert await rows_of(DRIVER, ask, "GET order:1") == [["x"]]
    assert (await failure(ask, "GET other")).kind == "forbidden"
    blind = await failure(server.target(user="blind", password="blind-password"), "GET a")
    assert blind.kind == "forbidden"
    assert "+command|info" in blind.message


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "no command"),
        ("  \n ", "no command"),
        ('GET "a', "quote"),
        ('GET a"b"', "quote"),
        ("GET 'a'b", "quote"),
        ('"GET FLUSHALL" a', "name of a command"),
        ('"GET\\r\\nFLUSHALL" a', "name of a command"),
        ("GET a\nFLUSHALL", "one line"),
        ("\ud800", "characters"),
        ("SCAN 5", "cursor 0"),
        ("SCAN", "cursor 0"),
        ("HSCAN h", "cursor 0"),
        ("GET", "wrong number of arguments"),
        ("LRANGE l a b", "not an integer"),
        ("HGETALL l", "WRONGTYPE"),
        ("SMEMBERS l", "WRONGTYPE"),
        ("LRANGE h 0 -1", "WRONGTYPE"),
    ],
)
async def test_what_cannot_be_understood_is_told(server: RedisServer, query: str, words: str) -> None:
    server.run("RPUSH l x", "HSET h f v")
    failed = await failure(server.target(), query)
    assert failed.kind == "bad_query"
    assert words in failed.message


def test_words_are_split_as_redis_cli_splits_them() -> None:
    line = rb"""SET  "a \"b\" \x41\n\\" 'it\'s \n' plain:1 """ + "ä".encode()
    assert split_words(line) == [b"SET", b'a "b" A\n\\', rb"it's \n", b"plain:1", "ä".encode()]


@given(st.binary(max_size=40))
@example(b"\\x41")
def test_a_word_that_is_quoted_is_that_word(word: bytes) -> None:
    assert split_words(b"GET " + quoted_word(word).encode()) == [b"GET", word]


@given(st.text(alphabet="ab \\\"'x4\n", max_size=60))
@example('"' + "\\x41" * 5_000)
@example("'" + "\\'" * 5_000)
def test_no_line_takes_long_to_split(line: str) -> None:
    with suppress(DriverFailed):
        assert len(command_of(line).words) <= len(line)


async def test_the_ways_not_to_get_in_are_told_apart(server: RedisServer, unused_tcp_port: int) -> None:
    wrong = await failure(server.target(password="wrong-Canary"), "GET a")
    assert wrong.kind == "authentication"
    assert "wrong-Canary" not in wrong.message
    assert (await failure(server.target(password=""), "GET a")).kind == "authentication"
    assert (await failure(server.target(user="nobody"), "GET a")).kind == "authentication"
    assert (await failure(server.target(database=99), "GET a")).kind == "not_found"
    assert (await failure(server.target(port=unused_tcp_port), "GET a")).kind == "refused"
    assert (await failure(server.target(host="no-such-host.invalid"), "GET a")).kind == "unknown_host"
    assert (await failure(server.target(host="x" * 80), "GET a")).kind == "unknown_host"


async def test_tls_is_spoken_with_a_server_that_is_trusted_alone(server: RedisServer) -> None:
    ask: dict[str, Any] = {"port": server.tls_port, "tls": True}
    trusted = server.target(**ask, ca_file=str(server.certificates.authority))
    assert await rows_of(DRIVER, trusted, "PING") == [["PONG"]]
    assert (await failure(server.target(**ask), "PING")).kind == "tls"
    other = server.target(**ask, ca_file=str(server.certificates.key))
    assert (await failure(other, "PING")).kind == "tls"
    assert (await failure(server.target(port=server.tls_port), "PING")).kind in ("failed", "unreachable")


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async with silent_server() as port:
        for password in ("", PASSWORD):
            ask = Target({"host": "127.0.0.1", "port": port}, {"password": password}, "read")
            assert (await failure(ask, "GET a", seconds=0.3)).kind == "timeout"


GARBAGE = [
    b"HTTP/1.1 400 Bad Request\r\n",
    b"$99999999999\r\n",
    b"$-7\r\nx",
    b"*999999999\r\n:1\r\n",
    b":x\r\n",
    b"*1\r\n" * 20_000,
    b"x" * 200_000 + b"\r\n",
    b"-\r\n",
    b"+OK\r\n",
    b"*1\r\n*3\r\n:1\r\n:1\r\n:1\r\n",
    None,
]
_READONLY = b"*1\r\n*6\r\n$3\r\nget\r\n:2\r\n*1\r\n+readonly\r\n:1\r\n:1\r\n:1\r\n"


@pytest.mark.parametrize(
    "query", ["GET 0", "SCAN 0", "HGETALL h", "XRANGE x - +", "ZRANGE z 0 -1 WITHSCORES"]
)
async def test_garbage_is_told_and_does_no_harm(query: str) -> None:
    for garbage in GARBAGE:
        for answers in ((garbage,), (_READONLY, garbage), (_READONLY, b":1\r\n", garbage)):
            async with scripted_redis(*answers) as port:
                ask = Target({"host": "127.0.0.1", "port": port}, {}, "read")
                with suppress(DriverFailed):
                    await rows_of(DRIVER, ask, query, seconds=0.2)


async def test_a_write_without_an_answer_is_told_to_be_in_doubt() -> None:
    is_write = _READONLY.replace(b"+readonly", b"+write")
    for answers in ((is_write, None), (is_write,)):
        async with scripted_redis(*answers) as port:
            ask = Target({"host": "127.0.0.1", "port": port}, {}, "write")
            failed = await failure(ask, "SET a 1", seconds=0.3)
            assert failed.kind in ("unreachable", "timeout")
            assert "not known whether" in failed.message
    async with scripted_redis(is_write, b"-OOM no memory\r\n") as port:
        ask = Target({"host": "127.0.0.1", "port": port}, {}, "write")
        assert "not known whether" not in (await failure(ask, "SET a 1")).message


async def test_a_query_that_is_cancelled_hangs_up(server: RedisServer) -> None:
    server.run("DEBUG POPULATE 200000 key 10")
    begun = asyncio.Event()

    async def ask() -> None:
        async with DRIVER.query(server.target(), "SCAN 0", seconds=60) as result:
            async for _ in result.batches:
                begun.set()

    asking = asyncio.create_task(ask())
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    async with asyncio.timeout(20):
        while server.run("CLIENT LIST TYPE normal").count(b"\n") > 1:
            await asyncio.sleep(0)


async def test_what_the_reader_of_a_result_raises_is_its_own(server: RedisServer) -> None:
    for error in (ValueError("mine"), TimeoutError("mine"), OSError("mine")):
        with pytest.raises(type(error), match="mine"):
            async with DRIVER.query(server.target(), "SCAN 0", seconds=20):
                raise error


async def test_a_server_that_dies_while_it_is_read_is_told() -> None:
    with running_redis() as server:
        server.run("DEBUG POPULATE 300000 key 10")
        failed = await failure_of(_read_while_it_dies(server))
        assert failed.kind == "unreachable"
        assert f"127.0.0.1:{server.port}" in failed.message


async def _read_while_it_dies(server: RedisServer) -> None:
    async with DRIVER.query(server.target(), "SCAN 0", seconds=60) as result:
        await anext(result.batches)
        server.process.kill()
        server.process.wait()
        async for _ in result.batches:
            pass
