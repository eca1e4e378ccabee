"""The driver of PostgreSQL against a real server: what it reads, what it refuses, and how it fails."""

import asyncio
import os
import signal
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from cowork_desktop.connectors.drivers.driver import Column, DriverFailed, Target
from cowork_desktop.connectors.drivers.postgres import DRIVER, run
from cowork_desktop.connectors.drivers.postgres_connecting import connected
from tests.fakes.certificates import make_certificates
from tests.fakes.postgres import Postgres, running_postgres
from tests.fakes.programs import free_port
from tests.fakes.queries import SECONDS, failure_of, resident_bytes, rows_of, silent_server, until_running

pytestmark = pytest.mark.slow

_FOREVER = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"
_TABLES = (
    "CREATE TABLE kept (id int PRIMARY KEY, name text NOT NULL)",
    "COMMENT ON TABLE kept IS 'What stays'; COMMENT ON COLUMN kept.name IS 'What it is called'",
    "INSERT INTO kept VALUES (1, 'one')",
    "CREATE SEQUENCE counter",
    'CREATE SCHEMA "Odd.Schema"',
    'CREATE TABLE "Odd.Schema"."a ""b"" table" (kept_id int REFERENCES kept, "order" numeric(10, 2)[])',
    "CREATE VIEW seen AS SELECT id FROM kept",
    "CREATE TABLE hidden (secret text)",
    "CREATE ROLE guest LOGIN PASSWORD 'guest'",
    "GRANT SELECT ON kept TO guest",
    "CREATE FUNCTION peek() RETURNS int LANGUAGE sql STABLE AS 'SELECT count(*)::int FROM kept'",
    "CREATE FUNCTION poke() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1'",
    "CREATE FUNCTION timeofday(int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1'",
    "CREATE SCHEMA apart",
    "CREATE FUNCTION apart.poke() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT 1'",
    "ANALYZE",
)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        server.run(*_TABLES)
        yield server


def _running(server: Postgres) -> int:
    """How many statements of ours run at the server."""
    found = server.run(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cowork' AND state = 'active'"
    )
    return int(found[0][0])


def _sessions(server: Postgres) -> int:
    found = server.run("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cowork'")
    return int(found[0][0])


async def _until_nobody_is_there(server: Postgres) -> None:
    async with asyncio.timeout(SECONDS):
        while await asyncio.to_thread(_sessions, server):
            await asyncio.sleep(0.01)


async def _unguarded(target: Target, sql: str) -> None:
    """What only reads, past the parser."""
    async with (
        connected(target) as connection,
        run(connection, target, sql, is_read=True, seconds=SECONDS) as result,
    ):
        async for _ in result.batches:
            pass


async def test_a_probe_says_what_answers(postgres: Postgres) -> None:
    version = postgres.run("SHOW server_version")[0][0].split()[0]
    assert await DRIVER.probe(postgres.target()) == f"PostgreSQL {version}"


async def test_a_million_rows_are_never_held(postgres: Postgres) -> None:
    query = "SELECT generate_series(1, 1000000), md5(random()::text)"
    count, last, most, before = 0, None, 0, resident_bytes()
    tracemalloc.start()
    try:
        async with DRIVER.query(postgres.target(), query, seconds=100) as result:
            async for batch in result.batches:
                count, last, most = count + len(batch), batch[-1][0], max(most, resident_bytes())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (count, last) == (1_000_000, 1_000_000)
    assert peak < 50_000_000
    # libpq's own memory is not Python's.
    assert most - before < 100_000_000


async def test_leaving_early_ends_the_query_at_the_server(postgres: Postgres) -> None:
    began = time.monotonic()
    async with DRIVER.query(
        postgres.target(), "SELECT generate_series(1, 100000000000)", seconds=SECONDS
    ) as result:
        assert len(await anext(result.batches)) == 1_000
    assert time.monotonic() - began < 5
    await _until_nobody_is_there(postgres)


async def test_cancelling_ends_the_query_at_the_server(postgres: Postgres) -> None:
    work = asyncio.create_task(rows_of(DRIVER, postgres.target(), _FOREVER))
    await until_running(work, lambda: _running(postgres))
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await _until_nobody_is_there(postgres)


async def test_a_query_ends_when_its_time_is_over(postgres: Postgres) -> None:
    failed = await failure_of(rows_of(DRIVER, postgres.target(), _FOREVER, seconds=0.5))
    assert failed.kind == "timeout"
    await _until_nobody_is_there(postgres)


async def test_the_server_itself_knows_the_limit(postgres: Postgres) -> None:
    async with DRIVER.query(postgres.target(), "SHOW statement_timeout", seconds=7) as result:
        assert [row async for batch in result.batches for row in batch] == [("7s",)]


async def test_rows_and_columns_are_those_of_the_query(postgres: Postgres) -> None:
    query = "SELECT id, name, ARRAY[1] AS list, '100%' AS s FROM kept"
    async with DRIVER.query(postgres.target(), query, seconds=SECONDS) as result:
        rows = [row async for batch in result.batches for row in batch]
    assert result.columns == [
        Column("id", "integer"),
        Column("name", "text"),
        Column("list", "integer[]"),
        Column("s", "text"),
    ]
    assert (rows, result.affected) == ([(1, "one", [1], "100%")], None)


async def test_an_empty_result_has_its_columns(postgres: Postgres) -> None:
    async with DRIVER.query(postgres.target(), "SELECT id FROM kept WHERE false", seconds=9) as result:
        assert result.columns == [Column("id", "integer")]
        assert [batch async for batch in result.batches] == []


@pytest.mark.parametrize("query", ["SHOW server_version", "EXPLAIN SELECT 1", "VALUES (1)", "TABLE kept"])
async def test_what_reads_without_select_can_be_asked(postgres: Postgres, query: str) -> None:
    assert await rows_of(DRIVER, postgres.target(), query)


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("'NaN'::numeric", "NaN"),
        ("12345678901234567890.123456789::numeric", Decimal("12345678901234567890.123456789")),
        ("'2024-02-29'::date", date(2024, 2, 29)),
        ("'infinity'::date", "infinity"),
        ("'0044-03-15 BC'::date", "0044-03-15 BC"),
        ("'12024-01-01'::timestamp", "12024-01-01 00:00:00"),
        ("'-infinity'::timestamptz", "-infinity"),
        ("'0044-03-15 00:00:00+00 BC'::timestamptz", "0044-03-15 00:00:00+00 BC"),
        ("'2024-01-01 12:00:00.5+02'::timestamptz", datetime(2024, 1, 1, 10, 0, 0, 500_000, UTC)),
        ("'24:00'::time", "24:00:00"),
        ("'1 day 02:00'::interval", timedelta(days=1, hours=2)),
        ("'1 year 1 mon'::interval", "1 year 1 mon"),
        ("""'{"a": [1, null]}'::jsonb""", {"a": [1, None]}),
        ("'[1]'::json", [1]),
        ("ARRAY[['a', null], ['b', 'c']]", [["a", None], ["b", "c"]]),
        ("ARRAY['infinity'::date, '2024-01-01']", ["infinity", date(2024, 1, 1)]),
        ("int4range(1, 5)", "[1,5)"),
        ("row(1, 'a')", "(1,a)"),
        ("'10.0.0.0/8'::cidr", "10.0.0.0/8"),
        (r"'\x00ff'::bytea", b"\x00\xff"),
        ("'00000000-0000-0000-0000-000000000001'::uuid", UUID(int=1)),
        ("null", None),
        ("true", True),
        ("1.5::float8", 1.5),
        ("'ä'::text", "ä"),
    ],
)
async def test_a_value_is_pythons_or_the_servers_text(postgres: Postgres, sql: str, value: object) -> None:
    found = (await rows_of(DRIVER, postgres.target(), f"SELECT {sql}"))[0][0]
    # NaN is not equal to itself.
    assert (str(found) if value == "NaN" else found) == value


async def test_a_date_in_the_sessions_own_style_is_still_one(postgres: Postgres) -> None:
    postgres.run(
        "ALTER ROLE guest SET datestyle = 'SQL, DMY'", "ALTER ROLE guest SET timezone = 'Asia/Kolkata'"
    )
    target = postgres.target(user="guest", password="guest")
    rows = await rows_of(DRIVER, target, "SELECT '2024-02-01'::date, '2024-02-01 00:00+00'::timestamptz")
    assert rows == [(date(2024, 2, 1), datetime(2024, 2, 1, tzinfo=UTC))]


async def test_writing_is_committed_and_counted(postgres: Postgres) -> None:
    postgres.run("CREATE TABLE IF NOT EXISTS written (n int)", "TRUNCATE written")
    query = "INSERT INTO written SELECT generate_series(1, 3)"
    async with DRIVER.query(postgres.target("write"), query, seconds=SECONDS) as result:
        assert (result.columns, result.affected) == ((), 3)
    assert postgres.run("SELECT count(*) FROM written") == [(3,)]


async def test_a_result_of_writing_that_is_left_early_is_committed(postgres: Postgres) -> None:
    postgres.run("CREATE TABLE IF NOT EXISTS written (n int)", "TRUNCATE written")
    query = "INSERT INTO written SELECT generate_series(1, 5000) RETURNING n"
    async with DRIVER.query(postgres.target("write"), query, seconds=SECONDS) as result:
        assert (await anext(result.batches))[0] == (1,)
    assert postgres.run("SELECT count(*) FROM written") == [(5_000,)]


async def test_a_short_result_of_writing_is_counted(postgres: Postgres) -> None:
    query = "UPDATE kept SET name = name RETURNING name"
    async with DRIVER.query(postgres.target("write"), query, seconds=SECONDS) as result:
        assert [row async for batch in result.batches for row in batch] == [("one",)]
    assert result.affected == 1


async def test_what_its_reader_fails_on_is_not_committed(postgres: Postgres) -> None:
    with pytest.raises(ZeroDivisionError):
        async with DRIVER.query(
            postgres.target("write"), "INSERT INTO kept VALUES (7, 'seven') RETURNING id", seconds=SECONDS
        ):
            raise ZeroDivisionError
    assert postgres.run("SELECT id FROM kept") == [(1,)]


async def test_a_connection_that_writes_takes_one_statement(postgres: Postgres) -> None:
    two = "INSERT INTO kept VALUES (8, 'eight'); DELETE FROM kept"
    assert (await failure_of(rows_of(DRIVER, postgres.target("write"), two))).kind == "bad_query"
    assert postgres.run("SELECT id FROM kept") == [(1,)]


async def test_a_broken_rule_of_the_table_is_told(postgres: Postgres) -> None:
    failed = await failure_of(rows_of(DRIVER, postgres.target("write"), "INSERT INTO kept VALUES (1, 'two')"))
    assert failed.kind == "bad_query"
    assert "Key (id)=(1) already exists." in failed.message


async def test_copying_to_the_client_is_refused(postgres: Postgres) -> None:
    failed = await failure_of(rows_of(DRIVER, postgres.target("write"), "COPY kept TO STDOUT"))
    assert failed.kind == "not_allowed"


async def test_the_catalog_has_tables_columns_keys_and_comments(postgres: Postgres) -> None:
    catalog = await DRIVER.catalog(postgres.target())
    tables = {table.name: table for table in catalog.tables}
    assert catalog.is_complete
    assert tables["kept"].model_dump() == {
        "name": "kept",
        "kind": "table",
        "columns": [
            {"name": "id", "type": "integer", "is_nullable": False, "key": "primary", "comment": None},
            {
                "name": "name",
                "type": "text",
                "is_nullable": False,
                "key": None,
                "comment": "What it is called",
            },
        ],
        "rows": 1,
        "comment": "What stays",
    }
    odd = tables['"Odd.Schema"."a ""b"" table"']
    assert [(column.name, column.type, column.key) for column in odd.columns] == [
        ("kept_id", "integer", "kept.id"),
        ("order", "numeric(10,2)[]", None),
    ]
    assert (tables["seen"].kind, tables["seen"].rows) == ("view", None)


async def test_the_catalog_has_what_the_user_may_read(postgres: Postgres) -> None:
    catalog = await DRIVER.catalog(postgres.target(user="guest", password="guest"))
    assert [table.name for table in catalog.tables] == ["kept"]


async def test_a_large_catalog_says_that_there_is_more(postgres: Postgres) -> None:
    postgres.run("CREATE DATABASE large")
    target = postgres.target("write", database="large")
    await rows_of(
        DRIVER,
        target,
        "DO $$ BEGIN FOR n IN 1..501 LOOP EXECUTE format('CREATE TABLE t%s (a int)', n); END LOOP; END $$",
    )
    catalog = await DRIVER.catalog(target)
    assert (len(catalog.tables), catalog.is_complete) == (500, False)


async def test_the_catalog_of_a_relative_is_read_from_the_information_schema(postgres: Postgres) -> None:
    catalog = await DRIVER.catalog(postgres.target(options={"dialect": "redshift"}))
    tables = {table.name: table for table in catalog.tables}
    assert [(column.name, column.type, column.is_nullable) for column in tables["kept"].columns] == [
        ("id", "integer", False),
        ("name", "text", False),
    ]
    assert tables["seen"].kind == "view"
    assert '"Odd.Schema"."a ""b"" table"' in tables


async def test_every_table_of_the_catalog_can_be_sampled(postgres: Postgres) -> None:
    for table in (await DRIVER.catalog(postgres.target())).tables:
        await rows_of(DRIVER, postgres.target(), DRIVER.sample(postgres.target(), table.name, 5))


def test_a_name_that_is_no_sql_is_quoted(postgres: Postgres) -> None:
    target = postgres.target()
    assert DRIVER.sample(target, 'x"; DROP', 5) == 'SELECT * FROM "x""; DROP" LIMIT 5'
    assert DRIVER.sample(target, "public.kept", 5) == "SELECT * FROM public.kept LIMIT 5"


# What must not happen: by the parser and the marks of functions ...


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO kept VALUES (2, 'two')",
        "WITH x AS (INSERT INTO kept VALUES (2, 'two') RETURNING 1) SELECT * FROM x",
        "SELECT 1; DELETE FROM kept",
        "SELECT nextval('counter')",
        "SELECT setval('counter', 5)",
        "CREATE TABLE more (a int)",
        "SELECT * INTO more FROM kept",
        "COPY kept TO PROGRAM 'cat > /dev/null'",
        "COPY kept FROM PROGRAM 'echo 2'",
        "DO $$ BEGIN DELETE FROM kept; END $$",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "SET TRANSACTION READ WRITE",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "COMMIT",
        "SELECT lo_create(0)",
        "SELECT lo_import('/etc/hostname')",
        "SELECT pg_read_file('/etc/hostname')",
        "SELECT * FROM pg_ls_dir('.')",
        "SELECT pg_terminate_backend(1)",
        "SELECT pg_notify('a', 'b')",
        "SELECT pg_advisory_lock(1)",
        "SELECT query_to_xml('DELETE FROM kept', true, true, '')",
        "EXPLAIN ANALYZE DELETE FROM kept",
        "SELECT * FROM kept FOR UPDATE",
        "SELECT poke()",
        "SELECT apart.poke()",
        'SELECT "apart"."poke"()',
        "SELECT * FROM poke()",
        "SELECT (SELECT max(poke()) FROM kept)",
        "SELECT timeofday(5)",
    ],
)
async def test_a_connection_that_reads_refuses_what_has_effects(postgres: Postgres, query: str) -> None:
    failed = await failure_of(rows_of(DRIVER, postgres.target(), query))
    assert failed.kind in ("not_allowed", "bad_query", "forbidden")
    assert postgres.run("SELECT * FROM kept") == [(1, "one")]


async def test_a_refused_function_is_named(postgres: Postgres) -> None:
    failed = await failure_of(rows_of(DRIVER, postgres.target(), "SELECT apart.poke()"))
    assert failed.kind == "not_allowed"
    assert "poke" in failed.message
    assert "access write" in failed.message


@pytest.mark.parametrize(
    "expression",
    ["peek()", "clock_timestamp()", "gen_random_uuid()", "pg_database_size('postgres')", "now()", "max(id)"],
)
async def test_functions_without_effects_can_be_called(postgres: Postgres, expression: str) -> None:
    assert await rows_of(DRIVER, postgres.target(), f"SELECT {expression} FROM kept")


async def test_a_connection_that_writes_calls_any_function(postgres: Postgres) -> None:
    assert await rows_of(DRIVER, postgres.target("write"), "SELECT poke()") == [(1,)]


@pytest.mark.parametrize(
    ("query", "is_read"),
    [
        ("SELECT count(*), pg_size_pretty(max(id)::bigint), coalesce(1, 2) FROM kept WHERE id IN (1)", True),
        ("SHOW server_version", True),
        ("EXPLAIN SELECT 1", True),
        ("SELECT poke()", False),
        ("SELECT apart.poke()", False),
        ("DELETE FROM kept", False),
    ],
)
def test_what_writes_is_known_before_it_is_run(postgres: Postgres, query: str, is_read: bool) -> None:
    assert DRIVER.is_read(postgres.target("write"), query) is is_read


def test_what_cannot_be_run_is_refused_before(postgres: Postgres) -> None:
    for target, query in (
        (postgres.target(), "DELETE FROM kept"),
        (postgres.target("write"), "DELETE FROM kept \0"),
    ):
        with pytest.raises(DriverFailed):
            DRIVER.is_read(target, query)


# ... and by the server, where a parser is wrong.


@pytest.mark.parametrize(
    "query",
    [
        "WITH x AS (INSERT INTO kept VALUES (2, 'two') RETURNING 1) SELECT * FROM x",
        "SELECT nextval('counter')",
        "SELECT setval('counter', 5)",
        "SELECT * INTO more FROM kept",
        "EXPLAIN ANALYZE DELETE FROM kept",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "SELECT set_config('transaction_read_only', 'off', true), nextval('counter')",
        "SELECT 1; DELETE FROM kept",
        "/* /* */ SELECT */ DELETE FROM kept",
        "CREATE TABLE more (a int)",
        "COPY kept TO PROGRAM 'cat > /dev/null'",
        "COPY kept FROM PROGRAM 'echo 2'",
        "DO $$ BEGIN PERFORM 1; END $$",
        "SET TRANSACTION READ WRITE",
        "COMMIT",
    ],
)
async def test_what_gets_past_the_parser_changes_nothing(postgres: Postgres, query: str) -> None:
    failed = await failure_of(_unguarded(postgres.target(), query))
    assert failed.kind in ("not_allowed", "bad_query")
    assert postgres.run("SELECT * FROM kept") == [(1, "one")]
    assert postgres.run("SELECT is_called FROM counter") == [(False,)]


async def test_what_the_server_lets_pass_is_not_kept(postgres: Postgres) -> None:
    # Before version 16 it makes large objects in a transaction that only reads.
    with suppress(DriverFailed):
        await _unguarded(postgres.target(), "SELECT lo_create(0)")
    assert postgres.run("SELECT count(*) FROM pg_largeobject_metadata") == [(0,)]


# How it fails.


async def test_nobody_listens(postgres: Postgres) -> None:
    port = free_port()
    failed = await failure_of(DRIVER.probe(postgres.target(port=str(port))))
    assert (failed.kind, f"127.0.0.1:{port}" in failed.message) == ("refused", True)


async def test_an_unknown_host(postgres: Postgres) -> None:
    failed = await failure_of(DRIVER.probe(postgres.target(host="no-such-host.invalid")))
    assert (failed.kind, "no-such-host.invalid" in failed.message) == ("unknown_host", True)


async def test_a_wrong_password(postgres: Postgres) -> None:
    failed = await failure_of(DRIVER.probe(postgres.target(password="wrong-secret")))
    assert (failed.kind, "wrong-secret" in failed.message) == ("authentication", False)


async def test_an_empty_password_is_not_looked_up(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await failure_of(DRIVER.probe(postgres.target(password="")))).kind == "authentication"


async def test_an_unknown_user(postgres: Postgres) -> None:
    assert (await failure_of(DRIVER.probe(postgres.target(user="nobody")))).kind == "authentication"


async def test_an_unknown_database(postgres: Postgres) -> None:
    failed = await failure_of(DRIVER.probe(postgres.target(database="nowhere")))
    assert (failed.kind, "nowhere" in failed.message) == ("not_found", True)


async def test_a_table_that_the_user_may_not_read(postgres: Postgres) -> None:
    target = postgres.target(user="guest", password="guest")
    failed = await failure_of(rows_of(DRIVER, target, "SELECT * FROM hidden"))
    assert (failed.kind, "hidden" in failed.message) == ("forbidden", True)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("SELECT * FROM nothing", "not_found"),
        ("SELECT nothing FROM kept", "bad_query"),
        ("SELECT FROM WHERE", "bad_query"),
        ("SELECT 1/0", "bad_query"),
        ("SELECT 1\0; DELETE FROM kept", "bad_query"),
    ],
)
async def test_a_query_that_cannot_be_run(postgres: Postgres, query: str, kind: str) -> None:
    assert (await failure_of(rows_of(DRIVER, postgres.target(), query))).kind == kind


async def test_a_query_that_is_no_unicode(postgres: Postgres) -> None:
    failed = await failure_of(rows_of(DRIVER, postgres.target("write"), "DELETE FROM kept -- \ud800"))
    assert failed.kind == "bad_query"


async def test_an_error_in_the_midst_of_rows_is_told(postgres: Postgres) -> None:
    query = "SELECT 1 / (100000 - n) FROM (SELECT generate_series(1, 200000) n) s"
    assert (await failure_of(rows_of(DRIVER, postgres.target(), query))).kind == "bad_query"


async def test_a_server_that_says_nothing(postgres: Postgres) -> None:
    async with silent_server() as port:
        target = postgres.target(options={"connect_seconds": 0.3}, port=str(port))
        failed = await failure_of(DRIVER.probe(target))
    assert (failed.kind, f"127.0.0.1:{port}" in failed.message) == ("timeout", True)


async def test_a_server_that_dies_in_the_midst_of_a_query() -> None:
    with running_postgres() as server:
        work = asyncio.create_task(failure_of(rows_of(DRIVER, server.target(), _FOREVER)))
        await until_running(work, lambda: _running(server))
        os.kill(server.process.pid, signal.SIGQUIT)
        failed = await work
        assert failed.kind == "unreachable"
        server.process.wait(SECONDS)
        assert (await failure_of(DRIVER.probe(server.target()))).kind == "refused"


async def test_tls_is_required_of_a_server_without() -> None:
    with running_postgres(tls=False) as server:
        assert (await failure_of(DRIVER.probe(server.target(tls="require")))).kind == "tls"
        assert (await DRIVER.probe(server.target(tls="prefer"))).startswith("PostgreSQL")


@pytest.mark.parametrize(("mode", "is_safe"), [("require", True), ("prefer", True), ("disable", False)])
async def test_tls_is_used_as_it_is_asked_for(postgres: Postgres, mode: str, is_safe: bool) -> None:
    query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert await rows_of(DRIVER, postgres.target(tls=mode), query) == [(is_safe,)]


async def test_a_certificate_that_nobody_trusts(postgres: Postgres) -> None:
    failed = await failure_of(DRIVER.probe(postgres.target(tls="verify-full")))
    assert (failed.kind, "certificate" in failed.message) == ("tls", True)


async def test_a_certificate_of_another_authority(postgres: Postgres, tmp_path: Path) -> None:
    other = make_certificates(tmp_path)
    target = postgres.target(tls="verify-full", ca_file=str(other.authority))
    assert (await failure_of(DRIVER.probe(target))).kind == "tls"


async def test_a_certificate_that_is_trusted(postgres: Postgres) -> None:
    target = postgres.target(tls="verify-full", ca_file=str(postgres.certificates.authority))
    assert (await DRIVER.probe(target)).startswith("PostgreSQL")


async def test_what_the_system_trusts_is_trusted(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(postgres.certificates.authority))
    assert (await DRIVER.probe(postgres.target(tls="verify-full"))).startswith("PostgreSQL")


async def test_a_certificate_of_another_host() -> None:
    with running_postgres("db.example.com") as server:
        target = server.target(tls="verify-full", ca_file=str(server.certificates.authority))
        failed = await failure_of(DRIVER.probe(target))
    assert (failed.kind, "another host" in failed.message) == ("tls", True)


async def test_the_environment_is_left_out(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "service").write_text("[mine]\nhost=127.0.0.9\noptions=-c search_path=nowhere\nuser=other\n")
    (tmp_path / "passwords").write_text(f"*:*:*:*:{postgres.target().secrets['password']}\n")
    (tmp_path / "passwords").chmod(0o600)
    for name, value in {
        "PGHOSTADDR": "127.0.0.9",
        "PGOPTIONS": "-c search_path=nowhere",
        "PGSSLMODE": "verify-full",
        "PGSERVICE": "mine",
        "PGSERVICEFILE": str(tmp_path / "service"),
        "PGPASSFILE": str(tmp_path / "passwords"),
        "PGTARGETSESSIONATTRS": "standby",
        "PGPASSWORD": str(postgres.target().secrets["password"]),
        "PGREQUIREAUTH": "none",
    }.items():
        monkeypatch.setenv(name, value)
    rows = await rows_of(DRIVER, postgres.target(), "SELECT current_user, current_setting('search_path')")
    assert rows == [("cowork", '"$user", public')]
    assert (await failure_of(DRIVER.probe(postgres.target(password="")))).kind == "authentication"


async def test_no_failure_tells_the_password(postgres: Postgres) -> None:
    target = postgres.target(password="my-secret-word", database="nowhere")
    failed = await failure_of(DRIVER.probe(target))
    assert isinstance(failed, DriverFailed)
    assert "my-secret-word" not in f"{failed!r} {failed.__cause__!r} {target!r}"
