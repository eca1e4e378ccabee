"""DuckDB's driver on real files: what it reads and tells, and that no statement gets out of the file."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import duckdb
import pytest

from cowork_desktop.connectors.drivers.driver import Column, Target
from cowork_desktop.connectors.drivers.duckdb import DRIVER, run
from cowork_desktop.schemas.connectors import Access
from tests.fakes.queries import failure_of, resident_bytes, rows_of

pytestmark = pytest.mark.slow

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1::HUGEINT UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
SHOP = """
CREATE TABLE customer (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL);
COMMENT ON TABLE customer IS 'who buys';
COMMENT ON COLUMN customer.name IS 'as on the bill';
CREATE TABLE "order" (id INTEGER, customer INTEGER REFERENCES customer (id), paid DECIMAL(9, 2));
CREATE SCHEMA old;
CREATE TABLE old."Odd name" (x INTEGER);
CREATE VIEW names AS SELECT name FROM customer;
CREATE SEQUENCE numbers;
INSERT INTO customer VALUES (1, 'Zoë'), (2, 'Bo');
INSERT INTO "order" VALUES (1, 1, 9.50);
"""
HOLDER = """
import sys, duckdb
db = duckdb.connect(sys.argv[1])
db.execute("CREATE OR REPLACE TABLE held AS SELECT 1")
print("held", flush=True)
sys.stdin.read()
"""

SLOW = """
import asyncio, sys
from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.duckdb import DRIVER

async def ask():
    where = Target(settings={"path": sys.argv[1]}, secrets={}, access="read")
    query = "SELECT count(*) FROM range(9000000) a(i), range(9000000) b(j) WHERE (i * j) % 7 = 1"
    try:
        async with DRIVER.query(where, query, seconds=3.5):
            pass
    except DriverFailed as error:
        sys.stdout.write(error.kind)

asyncio.run(ask())
"""


def target(place: Path, access: Access = "read") -> Target:
    return Target(settings={"path": str(place)}, secrets={}, access=access)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    place = tmp_path / "a shop %é#.duckdb"
    with closing(duckdb.connect(str(place))) as db:
        db.execute(SHOP)
    return place


def names(place: Path) -> list[str]:
    return sorted(os.listdir(place.parent))


async def past_the_guard(place: Path, sql: str, access: Access = "read") -> list[object]:
    """What DuckDB alone makes of it."""
    async with run(target(place, access), sql, seconds=20) as result:
        return [row async for batch in result.batches for row in batch]


async def test_it_says_what_answers(shop: Path) -> None:
    assert await DRIVER.probe(target(shop)) == f"DuckDB {duckdb.__version__}, 3 tables"


async def test_the_catalog_tells_tables_and_how_they_hang_together(shop: Path) -> None:
    catalog = await DRIVER.catalog(target(shop))
    told = {
        table.name: (
            table.kind,
            table.rows,
            table.comment,
            [(c.name, c.type, c.is_nullable, c.key, c.comment) for c in table.columns],
        )
        for table in catalog.tables
    }
    assert catalog.is_complete
    assert told == {
        "customer": (
            "table",
            2,
            "who buys",
            [
                ("id", "INTEGER", False, "primary", None),
                ("name", "VARCHAR", False, None, "as on the bill"),
            ],
        ),
        '"order"': (
            "table",
            1,
            None,
            [
                ("id", "INTEGER", True, None, None),
                ("customer", "INTEGER", True, "customer.id", None),
                ("paid", "DECIMAL(9,2)", True, None, None),
            ],
        ),
        'old."Odd name"': ("table", 0, None, [("x", "INTEGER", True, None, None)]),
        "names": ("view", None, None, [("name", "VARCHAR", True, None, None)]),
    }


async def test_the_first_rows_of_each_table_in_the_catalog_can_be_read(shop: Path) -> None:
    for table in (await DRIVER.catalog(target(shop))).tables:
        await rows_of(DRIVER, target(shop), DRIVER.sample(target(shop), table.name, 3))


def test_what_is_no_name_is_taken_for_one_in_a_sample(shop: Path) -> None:
    assert DRIVER.sample(target(shop), "'x.csv'", 3) == "SELECT * FROM \"'x.csv'\" LIMIT 3"


async def test_values_come_as_what_they_are(shop: Path) -> None:
    query = """
    SELECT 170141183460469231731687303715884105727::HUGEINT AS big, 1.50::DECIMAL(9, 2) AS exact, 0.5::DOUBLE,
        'Zoë', '\\x00\\xFF'::BLOB, DATE '2026-02-01', TIMESTAMPTZ '2026-02-01 10:00:00+00',
        INTERVAL 90 MINUTE, [1, NULL], {'a': [1]}, NULL, '61f0c404-5cb3-11e7-907b-a6006ad3dba0'::UUID, true
    """
    async with DRIVER.query(target(shop), query, seconds=20) as result:
        [[row]] = [batch async for batch in result.batches]
    assert result.columns[:2] == [Column("big", "HUGEINT"), Column("exact", "DECIMAL(9,2)")]
    assert row == (
        170141183460469231731687303715884105727,
        Decimal("1.50"),
        0.5,
        "Zoë",
        b"\x00\xff",
        date(2026, 2, 1),
        datetime(2026, 2, 1, 10, tzinfo=UTC),
        timedelta(minutes=90),
        [1, None],
        {"a": [1]},
        None,
        UUID("61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
        True,
    )


@pytest.mark.parametrize(
    "sql",
    [
        "DESCRIBE customer",
        "SUMMARIZE customer",
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
        "FROM customer SELECT id",
        "PIVOT customer ON name USING count(*)",
    ],
)
async def test_what_tells_of_tables_can_be_asked(shop: Path, sql: str) -> None:
    assert await rows_of(DRIVER, target(shop), sql)


# What is refused


@pytest.mark.parametrize("access", ["read", "write"])
async def test_the_settings_are_locked_also_for_the_second_connection(shop: Path, access: Access) -> None:
    locked = "SELECT current_setting('lock_configuration')"
    where = target(shop, access)
    async with DRIVER.query(where, "SELECT i FROM range(100000000) r(i)", seconds=60):
        assert await rows_of(DRIVER, where, locked) == [(True,)]
    assert await rows_of(DRIVER, where, locked) == [(True,)]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO customer VALUES (3, 'x')",
        "UPDATE customer SET name = 'x'",
        "DELETE FROM customer",
        "CREATE TABLE x (a INT)",
        "CREATE TEMP TABLE x (a INT)",
        "CREATE TEMP MACRO f(a) AS a",
        "DROP VIEW names",
        'EXPLAIN ANALYZE DELETE FROM "order"',
        "SELECT nextval('numbers')",
        "CHECKPOINT",
        "VACUUM",
        "BEGIN",
        "CALL truncate_duckdb_logs()",
    ],
)
async def test_duckdb_itself_changes_nothing_on_a_connection_for_reading(shop: Path, sql: str) -> None:
    before, beside = shop.read_bytes(), names(shop)
    assert (await failure_of(past_the_guard(shop, sql))).kind == "not_allowed"
    assert (shop.read_bytes(), names(shop)) == (before, beside)


@pytest.mark.parametrize("access", ["read", "write"])
@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH '{made}' AS x",
        "ATTACH ':memory:' AS x",
        "COPY customer TO '{made}'",
        "COPY customer TO '{shop}.tmp/x.csv'",
        "COPY customer FROM '{file}'",
        "COPY (SELECT 1) TO '{shop}'",
        "EXPORT DATABASE '{made}'",
        "EXPORT DATABASE '{shop}.tmp'",
        "IMPORT DATABASE '{made}'",
        "SELECT * FROM '{file}'",
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM read_blob('{file}')",
        "SELECT * FROM read_json('{file}')",
        "SELECT * FROM read_parquet('{file}')",
        "SELECT * FROM sniff_csv('{file}')",
        "SELECT * FROM read_text('{shop}.tmp/../secret.csv')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM query('SELECT * FROM read_text(''{file}'')')",
        "SELECT * FROM read_csv('https://127.0.0.1:9/x.csv')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "LOAD '{file}'",
        "SET enable_external_access = true",
        "SET GLOBAL threads = 64",
        "RESET lock_configuration",
        "PRAGMA enable_profiling = 'json'",
        "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
        "CALL enable_logging()",
        "PREPARE x AS SELECT 1",
        "SELECT * FROM enable_logging(storage_path='{made}')",
        "SELECT * FROM enable_profiling(save_location='{made}')",
        "SELECT * FROM add_grammar_extension('x')",
    ],
)
async def test_duckdb_itself_reaches_nothing_beside_the_file_with_any_access(
    shop: Path, tmp_path: Path, sql: str, access: Access
) -> None:
    (tmp_path / "secret.csv").write_text("secret\n1\n")
    before, beside = shop.read_bytes(), names(shop)
    said = sql.format(shop=shop, file=tmp_path / "secret.csv", made=tmp_path / "made")
    failed = await failure_of(past_the_guard(shop, said, access))
    assert failed.kind in ("not_allowed", "bad_query")
    assert (shop.read_bytes(), names(shop)) == (before, beside)


async def test_python_objects_of_ours_are_no_tables(shop: Path) -> None:
    df = [1, 2, 3]
    failed = await failure_of(past_the_guard(shop, "SELECT * FROM df"))
    assert (failed.kind, df) == ("bad_query", [1, 2, 3])


async def test_the_guard_refuses_before_duckdb_is_asked(shop: Path) -> None:
    failed = await failure_of(rows_of(DRIVER, target(shop), "SELECT * FROM 'x.csv'"))
    assert (failed.kind, "is a file, not a table" in failed.message) == ("not_allowed", True)


async def test_a_second_statement_is_refused_with_any_access(shop: Path) -> None:
    for access in ("read", "write"):
        await failure_of(rows_of(DRIVER, target(shop, access), 'SELECT 1; DELETE FROM "order"'))
    assert len(await rows_of(DRIVER, target(shop), 'SELECT * FROM "order"')) == 1


def test_what_reads_is_known(shop: Path) -> None:
    assert DRIVER.is_read(target(shop, "write"), "FROM customer")
    assert not DRIVER.is_read(target(shop, "write"), "DELETE FROM customer")


# Writing


@pytest.mark.parametrize(
    ("sql", "affected"),
    [
        ("UPDATE customer SET name = 'x'", 2),
        ("INSERT INTO customer VALUES (3, 'c')", 1),
        ('DELETE FROM "order"', 1),
        ("CREATE TABLE made (a INT)", None),
        ("DROP VIEW names", None),
    ],
)
async def test_a_connection_for_writing_changes_what_it_is_told_to(
    shop: Path, sql: str, affected: int | None
) -> None:
    before = shop.read_bytes()
    async with DRIVER.query(target(shop, "write"), sql, seconds=20) as result:
        assert (result.columns, result.affected) == ([], affected)
    assert shop.read_bytes() != before


async def test_a_change_that_gives_rows_is_there_when_the_first_can_be_read(shop: Path) -> None:
    changed = 'UPDATE "order" SET paid = 1 RETURNING id, paid'
    async with DRIVER.query(target(shop, "write"), changed, seconds=20) as result:
        assert result.affected == 1
    assert await rows_of(DRIVER, target(shop), 'SELECT paid FROM "order"') == [(Decimal("1.00"),)]
    assert await rows_of(DRIVER, target(shop, "write"), changed) == [(1, Decimal("1.00"))]


async def test_a_change_that_is_stopped_or_fails_changes_nothing(shop: Path) -> None:
    change = f"INSERT INTO customer {ENDLESS.replace('count(*)', 'i + 9, i')}"
    stopped = await failure_of(rows_of(DRIVER, target(shop, "write"), change, seconds=0.5))
    failed = await failure_of(rows_of(DRIVER, target(shop, "write"), "INSERT INTO customer VALUES (1, 'x')"))
    assert (stopped.kind, failed.kind) == ("timeout", "bad_query")
    assert await rows_of(DRIVER, target(shop), "SELECT id FROM customer ORDER BY id") == [(1,), (2,)]


# Time and size


async def test_two_million_rows_stream_through_little_memory(shop: Path) -> None:
    query = "SELECT i, 'row number ' || i AS text, i / 2 AS half FROM range(2000000) r(i)"
    await rows_of(DRIVER, target(shop), "SELECT * FROM range(100000)")
    before, most, rows = resident_bytes(), 0, 0
    async with DRIVER.query(target(shop), query, seconds=100) as result:
        async for batch in result.batches:
            rows += len(batch)
            most = max(most, resident_bytes()) if rows % 50_000 == 0 else most
    assert rows == 2_000_000
    assert most - before < 80_000_000


async def test_a_query_beyond_the_memory_that_it_may_take_says_so_and_leaves_nothing(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        sys.modules["cowork_desktop.connectors.drivers.duckdb"].__dict__["_CONFIG"], "memory_limit", "50MB"
    )
    beside = names(shop)
    failed = await failure_of(
        rows_of(
            DRIVER,
            target(shop),
            "SELECT count(*) FROM (SELECT DISTINCT md5(i::VARCHAR) FROM range(3000000) r(i))",
        )
    )
    assert (failed.kind, "memory" in failed.message) == ("failed", True)
    assert names(shop) == beside


async def test_a_query_is_stopped_when_its_time_is_over(shop: Path) -> None:
    assert (await failure_of(rows_of(DRIVER, target(shop), ENDLESS, seconds=0.3))).kind == "timeout"


@contextmanager
def stopped_soon() -> Iterator[None]:
    """Fails where what an endless query left behind is not gone when its caller goes on."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    yield
    assert loop.time() - began < 10


async def test_a_query_is_stopped_when_its_caller_is_cancelled(shop: Path) -> None:
    for turns in (0, 1, 3, 200):  # before it began, when it just does, and in its midst
        work = asyncio.create_task(rows_of(DRIVER, target(shop), ENDLESS, seconds=100))
        for _ in range(turns):
            await asyncio.sleep(0.001)
        with stopped_soon():
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work


async def test_a_query_is_stopped_when_its_reader_leaves_early(shop: Path) -> None:
    with stopped_soon():
        async with DRIVER.query(
            target(shop), "SELECT i FROM range(100000000000) r(i)", seconds=100
        ) as result:
            async for batch in result.batches:
                assert batch[0] == (0,)
                break


async def test_several_queries_can_read_at_once(shop: Path) -> None:
    counts = await asyncio.gather(
        *(rows_of(DRIVER, target(shop), "SELECT count(*) FROM customer, range(1000000)") for _ in range(4))
    )
    assert counts == [[(2_000_000,)]] * 4


async def test_nothing_is_said_on_the_standard_output(shop: Path) -> None:
    """Not even where Python runs without a file, where DuckDB shows how far it is after two seconds."""
    with closing(duckdb.connect(str(shop), read_only=True)) as db:
        assert db.execute("SELECT current_setting('enable_progress_bar_print')").fetchall() == [(True,)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SLOW, str(shop), stdout=pipe, stderr=pipe
    )
    assert await process.communicate() == (b"timeout", b"")


async def test_nothing_is_left_open(shop: Path) -> None:
    place = Path("/proc/self/fd")
    if not place.exists():
        pytest.skip("NOT RUN: the system does not tell what files are open")
    for _ in range(3):
        await rows_of(DRIVER, target(shop), "SELECT 1")
        await failure_of(rows_of(DRIVER, target(shop), "SELECT nothing"))
        await DRIVER.probe(target(shop))
        await DRIVER.catalog(target(shop))
    assert not [file for file in place.iterdir() if os.path.realpath(file) == str(shop)]


# What goes wrong


async def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    place = tmp_path / "none.duckdb"
    for access in ("read", "write"):
        assert (await failure_of(rows_of(DRIVER, target(place, access), "SELECT 1"))).kind == "not_found"
    assert not place.exists()


@pytest.mark.parametrize(
    "path", ["", "x.duckdb", ":memory:", "md:shop", "motherduck:x", "https://h/x.db", "s3://b/x", "/a\0b"]
)
async def test_what_is_no_path_of_a_file_is_refused(path: str) -> None:
    failed = await failure_of(DRIVER.probe(Target(settings={"path": path}, secrets={}, access="read")))
    assert failed.kind == "not_found"


@pytest.mark.parametrize("content", [b"no database " * 1_000, b"", b"SQLite format 3\0" + bytes(4_000)])
async def test_a_file_that_is_no_database_says_so(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "notes.txt"
    place.write_bytes(content)
    failed = await failure_of(DRIVER.probe(target(place)))
    assert (failed.kind, "no DuckDB database" in failed.message) == ("failed", True)
    assert place.read_bytes() == content


async def test_a_file_with_a_question_mark_in_its_name_says_so(shop: Path) -> None:
    failed = await failure_of(DRIVER.probe(target(shop.rename(shop.with_name("what?.duckdb")))))
    assert (failed.kind, "question mark" in failed.message) == ("failed", True)


async def test_a_database_that_another_program_writes_to_says_so(shop: Path) -> None:
    pipe = asyncio.subprocess.PIPE
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(shop), stdin=pipe, stdout=pipe
    )
    try:
        assert holder.stdout is not None
        assert await holder.stdout.readline() == b"held\n"
        failed = await failure_of(rows_of(DRIVER, target(shop), "SELECT 1"))
    finally:
        holder.kill()
        await holder.communicate()
    assert failed.kind == "failed"
    assert failed.message == "Another program has the database open for writing; close it there first."


async def test_writing_while_a_query_of_ours_reads_says_so(shop: Path) -> None:
    async with DRIVER.query(target(shop), "SELECT i FROM range(100000000) r(i)", seconds=60):
        failed = await failure_of(rows_of(DRIVER, target(shop, "write"), "DELETE FROM customer"))
    assert (failed.kind, "Another query has the database open" in failed.message) == ("failed", True)


@pytest.mark.parametrize(
    "sql", ["SELEC 1", "SELECT nothing", "SELECT * FROM gone", "SELECT error('x')", "\ud800"]
)
async def test_what_is_not_understood_is_refused_with_words(shop: Path, sql: str) -> None:
    for access in ("read", "write"):
        failed = await failure_of(rows_of(DRIVER, target(shop, access), sql))
        assert failed.kind in ("bad_query", "not_allowed")
        assert "\n" not in failed.message
