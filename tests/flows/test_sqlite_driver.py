"""SQLite's driver on real files: what it tells, and that neither a statement nor a file gets past it."""

import asyncio
import os
import sqlite3
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, Target
from cowork_desktop.connectors.drivers.sqlite import DRIVER, run
from cowork_desktop.schemas.connectors import Access
from tests.fakes.queries import failure_of, rows_of

pytestmark = pytest.mark.slow

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
SHOP = """
CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, photo BLOB,
                       upper_name TEXT GENERATED ALWAYS AS (upper(name)));
CREATE TABLE "order" (id INT, customer REFERENCES customer, paid REAL, PRIMARY KEY (id));
CREATE TABLE "odd ""name" (x REFERENCES customer (id));
CREATE VIEW names AS SELECT name FROM customer;
CREATE VIEW broken AS SELECT * FROM gone;
INSERT INTO customer (id, name, photo) VALUES (1, 'Zoë', x'00ff'), (2, 'Bo', NULL);
INSERT INTO "order" VALUES (1, 1, 9.5);
ANALYZE;
"""


def target(place: Path, access: Access = "read") -> Target:
    return Target(settings={"path": str(place)}, secrets={}, access=access)


def made(place: Path, script: str = SHOP) -> Path:
    with closing(sqlite3.connect(place)) as db:
        db.executescript(script)
    return place


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return made(tmp_path / "a shop?mode=rwc&%23#é.db")


def content(place: Path) -> list[str]:
    with closing(sqlite3.connect(place)) as db:
        return list(db.iterdump())


async def past_the_guard(place: Path, sql: str, access: Access = "read") -> list[object]:
    """What SQLite alone makes of it."""
    async with run(target(place, access), sql, seconds=20) as result:
        return [row async for batch in result.batches for row in batch]


async def test_it_says_what_answers(shop: Path) -> None:
    assert await DRIVER.probe(target(shop)) == f"SQLite {sqlite3.sqlite_version}, 4 tables"


async def test_the_catalog_tells_tables_and_how_they_hang_together(shop: Path) -> None:
    catalog = await DRIVER.catalog(target(shop))
    told = {
        table.name: (table.kind, table.rows, [(c.name, c.type, c.is_nullable, c.key) for c in table.columns])
        for table in catalog.tables
    }
    assert catalog.is_complete
    assert told == {
        "customer": (
            "table",
            2,
            [
                ("id", "INTEGER", True, "primary"),
                ("name", "TEXT", False, None),
                ("photo", "BLOB", True, None),
                ("upper_name", "TEXT", True, None),
            ],
        ),
        '"order"': (
            "table",
            1,
            [
                ("id", "INT", True, "primary"),
                ("customer", "", True, "customer.id"),
                ("paid", "REAL", True, None),
            ],
        ),
        '"odd ""name"': ("table", None, [("x", "", True, "customer.id")]),
        "names": ("view", None, [("name", "TEXT", True, None)]),
        "broken": ("view", None, []),
    }


async def test_the_first_rows_of_each_table_in_the_catalog_can_be_read(shop: Path) -> None:
    catalog = await DRIVER.catalog(target(shop))
    for table in catalog.tables:
        if table.name != "broken":
            await rows_of(DRIVER, target(shop), DRIVER.sample(target(shop), table.name, 3))


def test_what_is_no_name_is_taken_for_one_in_a_sample(shop: Path) -> None:
    assert DRIVER.sample(target(shop), "t; DELETE FROM t", 3) == 'SELECT * FROM "t; DELETE FROM t" LIMIT 3'


async def test_a_catalog_of_very_many_tables_says_that_there_are_more(tmp_path: Path) -> None:
    place = made(tmp_path / "many.db", "".join(f"CREATE TABLE t{n} (a);" for n in range(501)))
    catalog = await DRIVER.catalog(target(place))
    assert (len(catalog.tables), catalog.is_complete) == (500, False)


async def test_values_come_as_what_they_are(shop: Path) -> None:
    query = "SELECT 1 AS a, 0.5, 'Zoë', x'00ff', NULL, 9223372036854775807"
    async with DRIVER.query(target(shop), query, seconds=20) as result:
        assert result.columns[0].name == "a"
        assert result.affected is None
        assert [batch async for batch in result.batches] == [
            [(1, 0.5, "Zoë", b"\x00\xff", None, 9223372036854775807)]
        ]


async def test_text_that_is_no_utf8_is_read_with_signs_for_what_is_none(shop: Path) -> None:
    assert await rows_of(DRIVER, target(shop), "SELECT CAST(x'61ff62' AS TEXT)") == [("a\ufffdb",)]


async def test_a_query_without_rows_has_its_columns(shop: Path) -> None:
    async with DRIVER.query(target(shop), "SELECT id FROM customer WHERE 0", seconds=20) as result:
        assert [column.name for column in result.columns] == ["id"]
        assert [batch async for batch in result.batches] == []


# What is refused


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO customer (id, name) VALUES (3, 'x')",
        "UPDATE customer SET name = 'x'",
        "DELETE FROM customer RETURNING id",
        "CREATE TABLE x (a)",
        "CREATE TEMP TABLE x (a)",
        "DROP TABLE customer",
        "ALTER TABLE customer RENAME TO x",
        "ANALYZE",
        "REINDEX",
        "BEGIN IMMEDIATE",
        "SAVEPOINT x",
        "CREATE VIRTUAL TABLE x USING fts5(a)",
        "PRAGMA user_version = 7",
        "PRAGMA journal_mode = WAL",
        "PRAGMA query_only = OFF",
        "PRAGMA foreign_keys(1)",
        "SELECT * FROM pragma_journal_mode('wal')",
        "EXPLAIN UPDATE customer SET name = 'x'",
    ],
)
async def test_sqlite_itself_changes_nothing_on_a_connection_for_reading(shop: Path, sql: str) -> None:
    before, names = content(shop), sorted(os.listdir(shop.parent))
    failed = await failure_of(past_the_guard(shop, sql))
    assert failed.kind in ("not_allowed", "bad_query")
    assert (content(shop), sorted(os.listdir(shop.parent))) == (before, names)


@pytest.mark.parametrize("access", ["read", "write"])
@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH DATABASE '{place}' AS other",
        "DETACH main",
        "VACUUM INTO '{place}'",
        "PRAGMA writable_schema = ON",
        "PRAGMA trusted_schema = ON",
        "PRAGMA temp_store_directory = '{place}'",
        "SELECT load_extension('{place}')",
        "SELECT LOAD_EXTENSION('{place}', 'x')",
        "SELECT fts3_tokenizer('simple')",
        "SELECT writefile('{place}', 'x')",
        "SELECT readfile('/etc/hostname')",
    ],
)
async def test_sqlite_itself_reaches_nothing_beside_the_file_with_any_access(
    shop: Path, tmp_path: Path, sql: str, access: Access
) -> None:
    place = tmp_path / "made"
    failed = await failure_of(past_the_guard(shop, sql.format(place=place), access))
    assert failed.kind in ("not_allowed", "bad_query")
    assert not place.exists()


async def test_a_refusal_of_sqlite_itself_is_one_of_the_connection(shop: Path) -> None:
    for sql in ("DELETE FROM customer", "SELECT load_extension('x')", "PRAGMA user_version = 7"):
        assert (await failure_of(past_the_guard(shop, sql))).kind == "not_allowed"


async def test_the_guard_refuses_before_sqlite_is_asked(shop: Path) -> None:
    failed = await failure_of(rows_of(DRIVER, target(shop), "DELETE FROM customer"))
    assert failed.kind == "not_allowed"
    assert "reading" in failed.message


async def test_a_second_statement_is_refused_with_any_access(shop: Path) -> None:
    before = content(shop)
    for access in ("read", "write"):
        await failure_of(rows_of(DRIVER, target(shop, access), "SELECT 1; DELETE FROM customer"))
    assert content(shop) == before


def test_what_reads_is_known(shop: Path) -> None:
    assert DRIVER.is_read(target(shop, "write"), "SELECT 1")
    assert not DRIVER.is_read(target(shop, "write"), "DELETE FROM customer")


# Writing


async def test_a_connection_for_writing_changes_what_it_is_told_to(shop: Path) -> None:
    async with DRIVER.query(target(shop, "write"), "UPDATE customer SET name = 'x'", seconds=20) as result:
        assert (result.columns, result.affected) == ([], 2)
    assert await rows_of(DRIVER, target(shop), "SELECT DISTINCT name FROM customer") == [("x",)]


@pytest.mark.parametrize(
    "sql",
    [
        'DELETE FROM "order" RETURNING id',
        'WITH paid AS (SELECT 1 AS id) DELETE FROM "order" WHERE id IN (SELECT id FROM paid) RETURNING id',
    ],
)
async def test_a_change_that_gives_rows_is_there_when_the_first_can_be_read(shop: Path, sql: str) -> None:
    async with DRIVER.query(target(shop, "write"), sql, seconds=20) as result:
        assert await rows_of(DRIVER, target(shop), 'SELECT * FROM "order"') == []
        assert [row async for batch in result.batches for row in batch] == [(1,)]


async def test_a_change_that_is_stopped_changes_nothing(shop: Path) -> None:
    before = content(shop)
    change = f"INSERT INTO customer (id, name) {ENDLESS.replace('count(*)', 'i + 9, i')}"
    failed = await failure_of(rows_of(DRIVER, target(shop, "write"), change, seconds=0.3))
    assert failed.kind == "timeout"
    assert content(shop) == before


async def test_a_change_that_fails_changes_nothing(shop: Path) -> None:
    before = content(shop)
    failed = await failure_of(
        rows_of(DRIVER, target(shop, "write"), "UPDATE customer SET name = CASE id WHEN 1 THEN 'x' END")
    )
    assert "NOT NULL" in failed.message
    assert content(shop) == before


@pytest.mark.parametrize(
    ("table", "row", "found"),
    [
        ("fts5(text)", "('red apples')", "t MATCH 'apples'"),
        ("fts4(text)", "('red apples')", "t MATCH 'apples'"),
        ("rtree(id, low, high)", "(1, 2, 3)", "low > 1"),
    ],
)
async def test_indexes_of_sqlites_own_modules_can_be_made_and_read(
    shop: Path, table: str, row: str, found: str
) -> None:
    await rows_of(DRIVER, target(shop, "write"), f"CREATE VIRTUAL TABLE t USING {table}")
    await rows_of(DRIVER, target(shop, "write"), f"INSERT INTO t VALUES {row}")
    assert len(await rows_of(DRIVER, target(shop), f"SELECT * FROM t WHERE {found}")) == 1
    before = content(shop)
    assert (await failure_of(past_the_guard(shop, f"INSERT INTO t VALUES {row}"))).kind == "not_allowed"
    assert content(shop) == before


# Time and size


async def test_a_million_rows_stream_through_little_memory(shop: Path) -> None:
    query = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)"
        " SELECT i, 'row number ' || i, i / 2.0 FROM n"
    )
    tracemalloc.start()
    try:
        rows = last = 0
        async with DRIVER.query(target(shop), query, seconds=100) as result:
            async for batch in result.batches:
                rows, last = rows + len(batch), batch[-1][0]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (rows, last) == (1_000_000, 1_000_000)
    assert peak < 10_000_000


async def test_batches_of_large_values_are_small(shop: Path) -> None:
    query = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
        " SELECT zeroblob(1000000) FROM n"
    )
    sizes = []
    async with DRIVER.query(target(shop), query, seconds=60) as result:
        async for batch in result.batches:
            sizes.append(len(batch))
    assert sum(sizes) == 300
    assert max(sizes) <= 100 < BATCH_ROWS


async def test_a_value_beyond_measure_is_refused(shop: Path) -> None:
    failed = await failure_of(rows_of(DRIVER, target(shop), "SELECT length(zeroblob(900000000) || 'x')"))
    assert "too big" in failed.message


async def test_a_query_is_stopped_when_its_time_is_over(shop: Path) -> None:
    failed = await failure_of(rows_of(DRIVER, target(shop), ENDLESS, seconds=0.3))
    assert (failed.kind, failed.message) == (
        "timeout",
        "The query did not end within 0.3 s, and was stopped.",
    )


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
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    with stopped_soon():
        async with DRIVER.query(target(shop), endless, seconds=100) as result:
            async for batch in result.batches:
                assert batch[0] == (1,)
                break


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
    place = tmp_path / "none.db"
    for access in ("read", "write"):
        failed = await failure_of(rows_of(DRIVER, target(place, access), "SELECT 1"))
        assert (failed.kind, str(place) in failed.message) == ("not_found", True)
    assert not place.exists()


@pytest.mark.parametrize(
    "path", ["", "shop.db", ":memory:", "file:///etc/x", "https://h/x.db", "/", "/a\0b", "~nobody-at-all/x"]
)
async def test_what_is_no_path_of_a_file_is_refused(path: str) -> None:
    failed = await failure_of(DRIVER.probe(Target(settings={"path": path}, secrets={}, access="read")))
    assert failed.kind == "not_found"


async def test_the_home_folder_can_be_written_short(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert await rows_of(DRIVER, target(Path("~") / shop.name), "SELECT 1") == [(1,)]


async def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    place = tmp_path / "notes.txt"
    place.write_text("no database at all " * 100)
    failed = await failure_of(DRIVER.probe(target(place)))
    assert failed.kind == "failed"
    assert "no SQLite database" in failed.message


async def test_a_damaged_database_says_so(shop: Path) -> None:
    whole = shop.read_bytes()
    shop.write_bytes(whole[:100] + os.urandom(len(whole) - 100))
    assert (await failure_of(DRIVER.probe(target(shop)))).kind == "failed"


async def test_a_database_that_another_one_writes_to_says_so(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cowork_desktop.connectors.drivers.sqlite._BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(shop)) as other:
        other.execute("BEGIN EXCLUSIVE")
        failed = await failure_of(rows_of(DRIVER, target(shop), "SELECT * FROM customer"))
    assert (failed.kind, failed.message) == (
        "failed",
        "Another program is writing to the database; try again later.",
    )


async def test_a_change_that_was_cut_off_is_not_mended_for_reading(shop: Path, tmp_path: Path) -> None:
    """A journal that belongs to it would have to be rolled back, which writes."""
    with closing(sqlite3.connect(shop)) as db:
        db.execute("PRAGMA cache_size = 1")
        db.execute("PRAGMA cache_spill = 1")
        db.execute("CREATE TABLE big AS SELECT zeroblob(2000) FROM customer a, customer b, customer c")
        db.commit()
        db.execute("BEGIN")
        db.execute('UPDATE big SET rowid = rowid + 1000, "zeroblob(2000)" = randomblob(3000)')
        copy = tmp_path / "copy.db"
        copy.write_bytes(shop.read_bytes())
        Path(f"{copy}-journal").write_bytes(Path(f"{shop}-journal").read_bytes())
        db.rollback()
    before = copy.read_bytes()
    failed = await failure_of(DRIVER.probe(target(copy)))
    assert (failed.kind, failed.message.split(".")[0]) == ("failed", "A change was cut off there")
    assert copy.read_bytes() == before


@pytest.mark.parametrize(
    "sql", ["SELEC 1", "SELECT nothing", "SELECT * FROM gone", "SELECT 'open", "SELECT \ud800"]
)
async def test_what_is_not_understood_is_a_bad_query_or_not_allowed(shop: Path, sql: str) -> None:
    assert (await failure_of(rows_of(DRIVER, target(shop), sql))).kind in ("bad_query", "not_allowed")
    assert (await failure_of(rows_of(DRIVER, target(shop, "write"), sql))).kind == "bad_query"


# Hostile files


@pytest.fixture
def hostile(tmp_path: Path) -> Callable[[str], Path]:
    def make(sql: str) -> Path:
        place = made(tmp_path / "hostile.db", "CREATE TABLE t (a); INSERT INTO t VALUES (1);")
        with closing(sqlite3.connect(place)) as db:
            db.execute("PRAGMA writable_schema = ON")
            db.execute("INSERT INTO sqlite_master VALUES ('view', 'v', 'v', 0, ?)", (sql,))
            db.commit()
        return place

    return make


@pytest.mark.parametrize(
    "view",
    [
        "CREATE VIEW v AS SELECT load_extension('/tmp/x.so')",
        "CREATE VIEW v AS SELECT fts3_tokenizer('simple', x'4141414141414141')",
        "CREATE VIEW v AS SELECT * FROM v",
    ],
)
async def test_what_a_file_hides_in_a_view_is_not_carried_out(
    hostile: Callable[[str], Path], view: str
) -> None:
    place = hostile(view)
    assert (await DRIVER.probe(target(place))).endswith(" 1 tables")
    assert [table.name for table in (await DRIVER.catalog(target(place))).tables] == ["t", "v"]
    assert (await failure_of(rows_of(DRIVER, target(place), "SELECT * FROM v"))).kind in (
        "bad_query",
        "not_allowed",
    )
    assert await rows_of(DRIVER, target(place), "SELECT a FROM t") == [(1,)]


async def test_a_trigger_of_a_hostile_file_reaches_nothing_when_it_is_written_to(tmp_path: Path) -> None:
    place = made(
        tmp_path / "trap.db",
        "CREATE TABLE t (a);"
        "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT load_extension('/tmp/x.so'); END;",
    )
    failed = await failure_of(rows_of(DRIVER, target(place, "write"), "INSERT INTO t VALUES (1)"))
    assert failed.kind in ("not_allowed", "bad_query")
    assert await rows_of(DRIVER, target(place), "SELECT * FROM t") == []
