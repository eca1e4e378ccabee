"""The driver of MySQL and MariaDB against a real MariaDB: what it reads, refuses, and how it fails."""

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from struct import pack

import pytest

from cowork_desktop.connectors.drivers.driver import Column, Target
from cowork_desktop.connectors.drivers.mysql import DRIVER, run
from tests.fakes.certificates import make_certificates
from tests.fakes.mariadb import MariaDb, running_mariadb
from tests.fakes.programs import free_port
from tests.fakes.queries import SECONDS, failure_of, resident_bytes, rows_of, silent_server, until_running

pytestmark = pytest.mark.slow

_FOREVER = "SELECT count(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b WHERE a.seq + b.seq < 0"
_TABLES = (
    "CREATE TABLE kept (id INT PRIMARY KEY AUTO_INCREMENT,"
    " name VARCHAR(20) NOT NULL COMMENT 'What it is called') COMMENT 'What stays'",
    "INSERT INTO kept VALUES (1, 'one')",
    "CREATE TABLE `a ``b`` table` (kept_id INT, `order` DECIMAL(10, 2) UNSIGNED,"
    " FOREIGN KEY (kept_id) REFERENCES kept (id))",
    "CREATE TABLE `order` (a INT)",
    "CREATE VIEW seen AS SELECT id FROM kept",
    "CREATE TABLE hidden (secret TEXT)",
    "CREATE SEQUENCE counter",
    "CREATE USER guest@'127.0.0.1' IDENTIFIED BY 'guest'",
    "GRANT SELECT ON shop.kept TO guest@'127.0.0.1'",
    "CREATE USER nobody@'127.0.0.1' IDENTIFIED BY 'nobody'",
    "CREATE FUNCTION poke() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM kept; RETURN 1; END",
    "CREATE PROCEDURE two() BEGIN SELECT 1; SELECT 2; END",
)


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDb]:
    with running_mariadb() as server:
        server.run(*_TABLES)
        yield server


def _running(server: MariaDb) -> int:
    """How many statements of ours run at the server."""
    found = server.run(
        "SELECT count(*) FROM information_schema.processlist"
        " WHERE command = 'Query' AND info LIKE '%seq_1_to%' AND id <> CONNECTION_ID()"
    )
    return int(found[0][0])


async def _until_nothing_runs(server: MariaDb) -> None:
    async with asyncio.timeout(SECONDS):
        while await asyncio.to_thread(_running, server):
            await asyncio.sleep(0.01)


async def _unguarded(target: Target, sql: str) -> None:
    """What only reads, past the parser."""
    async with run(target, sql, is_read=True, seconds=SECONDS) as result:
        async for _ in result.batches:
            pass


def _kept(server: MariaDb) -> bool:
    return server.run("SELECT * FROM kept") == [(1, "one")]


async def test_a_probe_says_what_answers(mariadb: MariaDb) -> None:
    version = mariadb.run("SELECT VERSION()")[0][0].partition("-")[0]
    assert await DRIVER.probe(mariadb.target()) == f"MariaDB {version}"


async def test_a_million_rows_are_never_held(mariadb: MariaDb) -> None:
    query = "SELECT seq, md5(seq) FROM seq_1_to_1000000"
    count, last, most, before = 0, None, 0, resident_bytes()
    async with DRIVER.query(mariadb.target(), query, seconds=100) as result:
        async for batch in result.batches:
            count, last, most = count + len(batch), batch[-1][0], max(most, resident_bytes())
    assert (count, last) == (1_000_000, 1_000_000)
    assert most - before < 50_000_000


async def test_leaving_early_ends_the_query_at_the_server(mariadb: MariaDb) -> None:
    began = time.monotonic()
    query = "SELECT a.seq FROM seq_1_to_1000000 a, seq_1_to_1000000 b"
    async with DRIVER.query(mariadb.target(), query, seconds=SECONDS) as result:
        assert len(await anext(result.batches)) == 1_000
    assert time.monotonic() - began < 5
    await _until_nothing_runs(mariadb)


async def test_cancelling_ends_the_query_at_the_server(mariadb: MariaDb) -> None:
    work = asyncio.create_task(rows_of(DRIVER, mariadb.target(), _FOREVER))
    await until_running(work, lambda: _running(mariadb))
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await _until_nothing_runs(mariadb)


async def test_a_query_ends_when_its_time_is_over(mariadb: MariaDb) -> None:
    failed = await failure_of(rows_of(DRIVER, mariadb.target(), _FOREVER, seconds=0.5))
    assert failed.kind == "timeout"
    await _until_nothing_runs(mariadb)


async def test_the_server_itself_knows_the_limit(mariadb: MariaDb) -> None:
    rows = await rows_of(DRIVER, mariadb.target(), "SELECT @@max_statement_time, @@sql_mode", seconds=7)
    assert rows == [(7.0, "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION")]


async def test_rows_and_columns_are_those_of_the_query(mariadb: MariaDb) -> None:
    query = "SELECT id, name, '100%' AS s FROM kept"
    async with DRIVER.query(mariadb.target(), query, seconds=SECONDS) as result:
        rows = [row async for batch in result.batches for row in batch]
    assert result.columns == [Column("id", "int"), Column("name", "varchar"), Column("s", "varchar")]
    assert (rows, result.affected) == ([(1, "one", "100%")], None)


async def test_an_empty_result_has_its_columns(mariadb: MariaDb) -> None:
    async with DRIVER.query(mariadb.target(), "SELECT id FROM kept WHERE false", seconds=9) as result:
        assert result.columns == [Column("id", "int")]
        assert [batch async for batch in result.batches] == []


@pytest.mark.parametrize("query", ["SHOW TABLES", "EXPLAIN SELECT 1", "DESCRIBE kept"])
async def test_what_reads_without_select_can_be_asked(mariadb: MariaDb, query: str) -> None:
    assert await rows_of(DRIVER, mariadb.target(), query)


@pytest.mark.parametrize(
    ("kind", "sql", "value"),
    [
        ("DATE", "'2024-02-29'", date(2024, 2, 29)),
        ("DATE", "'0000-00-00'", "0000-00-00"),
        ("DATETIME", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00"),
        ("DATETIME(6)", "'2024-01-02 03:04:05.000006'", datetime.fromisoformat("2024-01-02T03:04:05.000006")),
        ("TIME", "'-100:00:01'", -timedelta(hours=100, seconds=1)),
        ("YEAR", "2024", 2024),
        ("BIGINT UNSIGNED", "18446744073709551615", 18_446_744_073_709_551_615),
        ("DECIMAL(30, 10)", "12345678901234567890.5", Decimal("12345678901234567890.5000000000")),
        ("DOUBLE", "1.5", 1.5),
        ("BIT(12)", "b'100000000001'", 0b1000_0000_0001),
        ("BOOLEAN", "true", 1),
        ("VARCHAR(9) CHARACTER SET latin1", "'ä'", "ä"),
        ("TEXT", "'😀'", "😀"),
        ("BLOB", "x'00ff'", b"\x00\xff"),
        ("BINARY(2)", "x'00ff'", b"\x00\xff"),
        ("ENUM('a', 'b')", "'b'", "b"),
        ("UUID", "'00000000-0000-0000-0000-000000000001'", "00000000-0000-0000-0000-000000000001"),
        ("INT", "NULL", None),
    ],
)
async def test_a_value_is_pythons_or_the_servers_text(
    mariadb: MariaDb, kind: str, sql: str, value: object
) -> None:
    mariadb.run(
        "SET SESSION sql_mode = ''",
        f"CREATE OR REPLACE TABLE one (v {kind})",
        f"INSERT INTO one VALUES ({sql})",
    )
    assert await rows_of(DRIVER, mariadb.target(), "SELECT v FROM one") == [(value,)]


async def test_writing_is_committed_and_counted(mariadb: MariaDb) -> None:
    mariadb.run("CREATE OR REPLACE TABLE written (n INT)")
    query = "INSERT INTO written SELECT seq FROM seq_1_to_3"
    async with DRIVER.query(mariadb.target("write"), query, seconds=SECONDS) as result:
        assert (result.columns, result.affected) == ([], 3)
    assert mariadb.run("SELECT count(*) FROM written") == [(3,)]


async def test_a_result_of_writing_that_is_left_early_is_committed(mariadb: MariaDb) -> None:
    mariadb.run("CREATE OR REPLACE TABLE written (n INT)")
    query = "INSERT INTO written SELECT seq FROM seq_1_to_9000 RETURNING n"
    async with DRIVER.query(mariadb.target("write"), query, seconds=SECONDS) as result:
        assert (await anext(result.batches))[0] == (1,)
    assert mariadb.run("SELECT count(*) FROM written") == [(9_000,)]


async def test_a_procedure_can_be_called_with_write(mariadb: MariaDb) -> None:
    assert await rows_of(DRIVER, mariadb.target("write"), "CALL two()") == [(1,)]


async def test_a_connection_that_writes_takes_one_statement(mariadb: MariaDb) -> None:
    two = "INSERT INTO kept VALUES (8, 'eight'); DELETE FROM kept"
    assert (await failure_of(rows_of(DRIVER, mariadb.target("write"), two))).kind == "bad_query"
    assert _kept(mariadb)


async def test_a_connection_that_writes_sends_no_file_of_ours(mariadb: MariaDb, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("9\tnine\n")
    query = f"LOAD DATA LOCAL INFILE '{tmp_path}/file' INTO TABLE kept"
    failed = await failure_of(rows_of(DRIVER, mariadb.target("write"), query))
    assert failed.kind in ("bad_query", "not_allowed", "forbidden")
    assert _kept(mariadb)


async def test_the_catalog_has_tables_columns_keys_and_comments(mariadb: MariaDb) -> None:
    catalog = await DRIVER.catalog(mariadb.target())
    tables = {table.name: table for table in catalog.tables}
    assert catalog.is_complete
    assert tables["kept"].model_dump() == {
        "name": "kept",
        "kind": "table",
        "columns": [
            {"name": "id", "type": "int(11)", "is_nullable": False, "key": "primary", "comment": None},
            {
                "name": "name",
                "type": "varchar(20)",
                "is_nullable": False,
                "key": None,
                "comment": "What it is called",
            },
        ],
        "rows": 1,
        "comment": "What stays",
    }
    assert [(column.name, column.type, column.key) for column in tables["`a ``b`` table`"].columns] == [
        ("kept_id", "int(11)", "kept.id"),
        ("order", "decimal(10,2) unsigned", None),
    ]
    assert (tables["seen"].kind, tables["seen"].rows) == ("view", None)
    assert "`order`" in tables


async def test_the_catalog_has_what_the_user_may_read(mariadb: MariaDb) -> None:
    catalog = await DRIVER.catalog(mariadb.target(user="guest", password="guest"))
    assert [table.name for table in catalog.tables] == ["kept"]


async def test_a_large_catalog_says_that_there_is_more(mariadb: MariaDb) -> None:
    mariadb.run("CREATE DATABASE large", *(f"CREATE VIEW large.v{n} AS SELECT 1 AS a" for n in range(501)))
    catalog = await DRIVER.catalog(mariadb.target(database="large"))
    assert (len(catalog.tables), catalog.is_complete) == (500, False)
    assert all(table.columns for table in catalog.tables)


async def test_every_table_of_the_catalog_can_be_sampled(mariadb: MariaDb) -> None:
    for table in (await DRIVER.catalog(mariadb.target())).tables:
        await rows_of(DRIVER, mariadb.target(), DRIVER.sample(mariadb.target(), table.name, 5))


def test_a_name_that_is_no_sql_is_quoted(mariadb: MariaDb) -> None:
    target = mariadb.target()
    assert DRIVER.sample(target, "x`; DROP", 5) == "SELECT * FROM `x``; DROP` LIMIT 5"
    assert DRIVER.sample(target, "shop.kept", 5) == "SELECT * FROM shop.kept LIMIT 5"


# What must not happen: by the parser ...


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO kept VALUES (2, 'two')",
        "DELETE FROM kept",
        "SELECT 1; DELETE FROM kept",
        "/*!50000 DELETE FROM kept */",
        "/*M! DELETE FROM kept */",
        "SELECT 1 /*!50000 INTO OUTFILE '/tmp/cowork-never' */",
        "SELECT * FROM kept INTO OUTFILE '/tmp/cowork-never'",
        "SELECT * FROM kept INTO DUMPFILE '/tmp/cowork-never'",
        "SELECT LOAD_FILE('/etc/hostname')",
        "SELECT load_file /* */ ('/etc/hostname')",
        "LOAD DATA INFILE '/etc/hostname' INTO TABLE kept",
        "SELECT NEXTVAL(counter)",
        "SELECT GET_LOCK('a', 1)",
        "SELECT id FROM kept FOR UPDATE",
        "CREATE TABLE more (a INT)",
        "TRUNCATE kept",
        "CALL two()",
        "DO SLEEP(1)",
        "SET GLOBAL max_connections = 5",
        "SET SESSION TRANSACTION READ WRITE",
        "COMMIT",
        "KILL 1",
        "SHUTDOWN",
        "GRANT ALL ON *.* TO guest@'127.0.0.1'",
        "HANDLER kept OPEN",
    ],
)
async def test_a_connection_that_reads_refuses_what_has_effects(mariadb: MariaDb, query: str) -> None:
    failed = await failure_of(rows_of(DRIVER, mariadb.target(), query))
    assert failed.kind in ("not_allowed", "bad_query")
    assert _kept(mariadb)
    assert not Path("/tmp/cowork-never").exists()


@pytest.mark.parametrize(
    ("query", "is_read"),
    [("SELECT count(*) FROM kept", True), ("SELECT poke()", False), ("DELETE FROM kept", False)],
)
def test_what_writes_is_known_before_it_is_run(mariadb: MariaDb, query: str, is_read: bool) -> None:
    assert DRIVER.is_read(mariadb.target("write"), query) is is_read


# ... and by the server, where a parser is wrong.


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO kept VALUES (2, 'two')",
        "/*!50000 DELETE FROM kept */",
        "SELECT poke()",
        "SELECT NEXTVAL(counter)",
        "SELECT 1; DELETE FROM kept",
        "EXPLAIN SELECT 1; DELETE FROM kept",
        "WITH x AS (SELECT 1 AS id) DELETE FROM kept WHERE id IN (SELECT id FROM x)",
        "CREATE TABLE more (a INT)",
        "TRUNCATE kept",
        "SET GLOBAL max_connections = 5",
        "COMMIT",
    ],
)
async def test_what_gets_past_the_parser_changes_nothing(mariadb: MariaDb, query: str) -> None:
    failed = await failure_of(_unguarded(mariadb.target(), query))
    assert failed.kind in ("not_allowed", "bad_query")
    assert _kept(mariadb)


# How it fails.


async def test_nobody_listens(mariadb: MariaDb) -> None:
    port = free_port()
    failed = await failure_of(DRIVER.probe(mariadb.target(port=str(port))))
    assert (failed.kind, f"127.0.0.1:{port}" in failed.message) == ("refused", True)


async def test_an_unknown_host(mariadb: MariaDb) -> None:
    failed = await failure_of(DRIVER.probe(mariadb.target(host="no-such-host.invalid")))
    assert (failed.kind, "no-such-host.invalid" in failed.message) == ("unknown_host", True)


async def test_a_wrong_password(mariadb: MariaDb) -> None:
    failed = await failure_of(DRIVER.probe(mariadb.target(password="wrong-secret")))
    assert (failed.kind, "wrong-secret" in failed.message) == ("authentication", False)


async def test_an_unknown_database(mariadb: MariaDb) -> None:
    failed = await failure_of(DRIVER.probe(mariadb.target(database="nowhere")))
    assert (failed.kind, "nowhere" in failed.message) == ("not_found", True)


async def test_a_database_that_the_user_may_not_enter(mariadb: MariaDb) -> None:
    target = mariadb.target(user="nobody", password="nobody")
    assert (await failure_of(DRIVER.probe(target))).kind == "forbidden"


async def test_a_table_that_the_user_may_not_read(mariadb: MariaDb) -> None:
    target = mariadb.target(user="guest", password="guest")
    failed = await failure_of(rows_of(DRIVER, target, "SELECT * FROM hidden"))
    assert (failed.kind, "hidden" in failed.message) == ("forbidden", True)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("SELECT * FROM nothing", "not_found"),
        ("SELECT nothing FROM kept", "bad_query"),
        ("SELECT FROM WHERE", "bad_query"),
    ],
)
async def test_a_query_that_cannot_be_run(mariadb: MariaDb, query: str, kind: str) -> None:
    assert (await failure_of(rows_of(DRIVER, mariadb.target(), query))).kind == kind


async def test_a_query_that_is_no_unicode(mariadb: MariaDb) -> None:
    failed = await failure_of(rows_of(DRIVER, mariadb.target("write"), "DELETE FROM kept -- \ud800"))
    assert failed.kind == "bad_query"


async def test_a_server_that_says_nothing(mariadb: MariaDb) -> None:
    async with silent_server() as port:
        target = mariadb.target(options={"connect_seconds": 0.3}, port=str(port))
        failed = await failure_of(DRIVER.probe(target))
    assert (failed.kind, f"127.0.0.1:{port}" in failed.message) == ("timeout", True)


async def test_cancelling_does_not_wait_for_a_server_that_says_nothing(mariadb: MariaDb) -> None:
    async with silent_server() as port:
        work = asyncio.create_task(DRIVER.probe(mariadb.target(port=str(port))))
        await asyncio.sleep(0)
        began = time.monotonic()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert time.monotonic() - began < 5


async def test_a_server_that_dies_in_the_midst_of_a_query() -> None:
    with running_mariadb() as server:
        work = asyncio.create_task(failure_of(rows_of(DRIVER, server.target(), _FOREVER)))
        await until_running(work, lambda: _running(server))
        os.kill(server.process.pid, signal.SIGKILL)
        failed = await work
        assert failed.kind == "unreachable"
        server.process.wait(SECONDS)
        assert (await failure_of(DRIVER.probe(server.target()))).kind == "refused"


async def test_tls_is_required_of_a_server_without() -> None:
    with running_mariadb(tls=False) as server:
        assert (await failure_of(DRIVER.probe(server.target(tls="require")))).kind == "tls"
        assert (await DRIVER.probe(server.target(tls="prefer"))).startswith("MariaDB")


@pytest.mark.parametrize(("mode", "is_safe"), [("require", True), ("prefer", True), ("disable", False)])
async def test_tls_is_used_as_it_is_asked_for(mariadb: MariaDb, mode: str, is_safe: bool) -> None:
    rows = await rows_of(DRIVER, mariadb.target(tls=mode), "SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    assert bool(rows[0][1]) is is_safe


async def test_a_certificate_that_nobody_trusts(mariadb: MariaDb) -> None:
    failed = await failure_of(DRIVER.probe(mariadb.target(tls="verify-full")))
    assert (failed.kind, "certificate" in failed.message) == ("tls", True)


async def test_a_certificate_of_another_authority(mariadb: MariaDb, tmp_path: Path) -> None:
    other = make_certificates(tmp_path)
    target = mariadb.target(tls="verify-full", ca_file=str(other.authority))
    assert (await failure_of(DRIVER.probe(target))).kind == "tls"


async def test_a_certificate_that_is_trusted(mariadb: MariaDb) -> None:
    target = mariadb.target(tls="verify-full", ca_file=str(mariadb.certificates.authority))
    assert (await DRIVER.probe(target)).startswith("MariaDB")


async def test_a_certificate_of_another_host() -> None:
    with running_mariadb("db.example.com") as server:
        target = server.target(tls="verify-full", ca_file=str(server.certificates.authority))
        failed = await failure_of(DRIVER.probe(target))
    assert failed.kind == "tls"


async def test_option_files_are_left_out(
    mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".my.cnf").write_text(
        f"[client]\nuser=guest\npassword={mariadb.target().secrets['password']}\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    assert (await failure_of(DRIVER.probe(mariadb.target(password="")))).kind == "authentication"


# Servers that are hostile, or no MySQL at all.

_GREETING = (
    b"\x0a5.7.0\0" + pack("<I", 7) + b"12345678\0" + pack("<HBHHB", 0xA20F, 33, 2, 0x0009, 21)
    + bytes(10) + b"123456789012\0mysql_native_password\0"
)  # fmt: skip
_OK = b"\0\0\0\2\0\0\0"


def _packet(number: int, payload: bytes) -> bytes:
    return pack("<I", len(payload))[:3] + bytes([number]) + payload


@contextmanager
def _hostile(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that talks so with the first who comes; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def work() -> None:
            line, _ = listening.accept()
            with line:
                line.settimeout(SECONDS)
                talk(line)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        thread.join(SECONDS)
        assert not thread.is_alive()


async def test_a_server_that_asks_for_a_file_gets_none(mariadb: MariaDb, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("my own words")
    heard = b""

    def talk(line: socket.socket) -> None:
        nonlocal heard
        line.sendall(_packet(0, _GREETING))
        line.recv(4_096)
        line.sendall(_packet(2, _OK))
        # What sets the character set; then comes the first query.
        line.recv(4_096)
        line.sendall(_packet(1, _OK))
        line.recv(4_096)
        line.sendall(_packet(1, b"\xfb" + str(tmp_path / "mine").encode()))
        while more := line.recv(4_096):
            heard += more

    with _hostile(talk) as port:
        failed = await failure_of(DRIVER.probe(mariadb.target(port=str(port), tls="disable")))
    assert failed.kind == "not_allowed"
    assert b"my own words" not in heard


@pytest.mark.parametrize("plugin", [b"mysql_clear_password", b"dialog", b"mysql_old_password"])
async def test_a_server_that_asks_for_the_password_itself_gets_none(mariadb: MariaDb, plugin: bytes) -> None:
    heard = b""

    def talk(line: socket.socket) -> None:
        nonlocal heard
        line.sendall(_packet(0, _GREETING))
        heard += line.recv(4_096)
        line.sendall(_packet(2, b"\xfe" + plugin + b"\0" + b"\4Password: \0"))
        while more := line.recv(4_096):
            heard += more

    with _hostile(talk) as port:
        target = mariadb.target(port=str(port), tls="prefer", password="my-secret-word")
        failed = await failure_of(DRIVER.probe(target))
    assert (failed.kind, "require" in failed.message) == ("tls", True)
    assert b"my-secret-word" not in heard


async def test_what_is_no_mysql_is_told(mariadb: MariaDb) -> None:
    def talk(line: socket.socket) -> None:
        line.sendall(b"220 mail.example.com ESMTP ready\r\n" * 100_000)

    with _hostile(talk) as port:
        failed = await failure_of(DRIVER.probe(mariadb.target(port=str(port))))
    assert failed.kind in ("failed", "unreachable")
    assert str(port) in failed.message
