"""The one writer, its groups, and migrations."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cowork_desktop.store.database import Database, DatabaseTooNew, DatabaseUnreadable, Tx


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_things.sql").write_text("CREATE TABLE things (name TEXT UNIQUE) STRICT;")
    return folder


@pytest.fixture
async def db(tmp_path: Path, migrations: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "x.db", migrations) as opened:
        yield opened


def insert(tx: Tx, name: str) -> str:
    tx.execute("INSERT INTO things VALUES (?)", (name,))
    return name


def insert_and_fail(tx: Tx, name: str) -> None:
    insert(tx, name)
    raise LookupError(name)


def names(tx: Tx) -> list[str]:
    return [row[0] for row in tx.execute("SELECT name FROM things ORDER BY name")]


def on_disk(path: Path) -> list[str]:
    """What another process would see."""
    connection = sqlite3.connect(path)
    try:
        return names(connection)
    finally:
        connection.close()


async def test_a_write_is_on_the_disk_when_it_returns(db: Database, tmp_path: Path) -> None:
    assert await db.write(insert, "a") == "a"
    assert on_disk(tmp_path / "x.db") == ["a"]


async def test_a_write_that_fails_leaves_nothing(db: Database) -> None:
    with pytest.raises(LookupError):
        await db.write(insert_and_fail, "a")
    assert await db.read(names) == []


async def test_writes_that_wait_together_fail_alone(db: Database) -> None:
    results = await asyncio.gather(
        db.write(insert, "a"),
        db.write(insert_and_fail, "b"),
        db.write(insert, "a"),
        db.write(insert, "c"),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [str, LookupError, sqlite3.IntegrityError, str]
    assert await db.read(names) == ["a", "c"]


async def test_writes_that_wait_together_share_commits(db: Database, tmp_path: Path) -> None:
    def wal_commits() -> int:
        """Frames with a size in their header end a transaction: https://www.sqlite.org/fileformat2.html"""
        wal = (tmp_path / "x.db-wal").read_bytes()
        page_size = int.from_bytes(wal[8:12])
        return sum(
            int.from_bytes(wal[start + 4 : start + 8]) > 0 for start in range(32, len(wal), 24 + page_size)
        )

    before = wal_commits()
    await asyncio.gather(*(db.write(insert, str(n)) for n in range(100)))
    assert 1 <= wal_commits() - before <= 3
    assert len(await db.read(names)) == 100


async def test_a_transaction_that_the_engine_ends_fails_its_whole_group(db: Database) -> None:
    def end_it(tx: Tx) -> None:
        tx.execute("ROLLBACK")
        raise sqlite3.OperationalError("disk I/O error")

    results = await asyncio.gather(
        db.write(insert, "a"), db.write(end_it), db.write(insert, "b"), return_exceptions=True
    )
    assert [type(result) for result in results] == [sqlite3.OperationalError] * 3
    assert await db.read(names) == []
    await db.write(insert, "c")
    assert await db.read(names) == ["c"]


async def test_a_cancelled_caller_harms_no_other(db: Database) -> None:
    writes = [asyncio.create_task(db.write(insert, name)) for name in "abc"]
    await asyncio.sleep(0)
    writes[1].cancel()
    await asyncio.wait(writes)
    assert {"a", "c"} <= set(await db.read(names))
    assert writes[1].cancelled()


async def test_readers_cannot_write(db: Database) -> None:
    for run in (db.read, db.scan):
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await run(insert, "a")


async def test_reads_see_what_was_written_before(db: Database) -> None:
    for n in range(20):
        await db.write(insert, f"{n:02}")
        assert len(await db.read(names)) == len(await db.scan(names)) == n + 1


async def test_after_several_slow_reads_reads_go_through_the_thread(db: Database) -> None:
    def slow(tx: Tx) -> str:
        tx.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)"
            " SELECT sum(i) FROM n"
        ).fetchall()
        return threading.current_thread().name

    assert [await db.read(slow) for _ in range(3)] == ["MainThread"] * 3
    assert await db.read(slow) != "MainThread"


async def test_a_failed_migration_leaves_the_file_as_it_was(tmp_path: Path, migrations: Path) -> None:
    async with Database.open(tmp_path / "x.db", migrations) as db:
        await db.write(insert, "kept")
    (migrations / "0002_more.sql").write_text(
        "CREATE TABLE more (x) STRICT;\nINSERT INTO nowhere VALUES (1);"
    )
    with pytest.raises(DatabaseUnreadable):
        async with Database.open(tmp_path / "x.db", migrations, tmp_path / "backups"):
            pass
    connection = sqlite3.connect(tmp_path / "x.db")
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone() == (1,)
    connection.close()


async def test_a_backup_is_made_before_a_file_with_contents_is_migrated(
    tmp_path: Path, migrations: Path
) -> None:
    async with Database.open(tmp_path / "x.db", migrations, tmp_path / "backups") as db:
        await db.write(insert, "kept")
    assert not (tmp_path / "backups").exists()
    (migrations / "0002_drop.sql").write_text("DROP TABLE things;")
    async with Database.open(tmp_path / "x.db", migrations, tmp_path / "backups") as db:
        assert db.schema_version == 2
    [backup] = (tmp_path / "backups").iterdir()
    assert backup.name.startswith("x-schema1-")
    assert on_disk(backup) == ["kept"]


async def test_a_newer_file_is_refused(tmp_path: Path, migrations: Path) -> None:
    newer = sqlite3.connect(tmp_path / "x.db")
    newer.execute("PRAGMA user_version = 2")
    newer.close()
    with pytest.raises(DatabaseTooNew, match="newer Cowork"):
        async with Database.open(tmp_path / "x.db", migrations):
            pass


async def test_triggers_and_comments_are_split_where_statements_end(tmp_path: Path, migrations: Path) -> None:
    (migrations / "0002_trigger.sql").write_text(
        """-- first; this
CREATE TRIGGER t AFTER INSERT ON things BEGIN
  UPDATE things SET name = name || ';' WHERE rowid = new.rowid;
  SELECT 1;
END;
CREATE INDEX i ON things (name) -- the end"""
    )
    async with Database.open(tmp_path / "x.db", migrations) as db:
        await db.write(insert, "a")
        assert await db.read(names) == ["a;"]
