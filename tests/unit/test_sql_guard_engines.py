"""Holds the guard of SQL to what the engines that come with Cowork themselves make of a statement."""

import sqlite3
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.sql_functions import Dialect
from cowork_desktop.connectors.sql_guard import check_read

_READS = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
_TELLS = (*_READS, sqlite3.SQLITE_PRAGMA)
_PIECES = st.sampled_from(
    [
        *"'\"`[]();,.$#*/-\\\n\r\t =@:!{}&|",
        *(
            "--",
            "/*",
            "*/",
            "/*!",
            "$$",
            "$a$",
            "''",
            '""',
            "]]",
            "{#",
            "#}",
            "\\'",
            "->>",
            "||/",
            ":=",
            "E'",
        ),
        *("SELECT ", "FROM t", "WITH x AS (", "VALUES (1)", "EXPLAIN ", "UNION ", "1", "a", "x", " AS ", "t"),
        *("DELETE FROM t", "INSERT INTO t VALUES (1)", "DROP TABLE t", "UPDATE t SET a = 1", " INTO x"),
        *("CREATE TABLE y (a)", "PRAGMA user_version", "ATTACH 'x' AS y", "COPY t TO 'x'", "REPLACE INTO t "),
        *("PRAGMA ", "table_info(t)", "RETURNING a", "WHERE ", "count(*)", "SHOW ", "DESCRIBE ", "SET x = 1"),
    ]
)
_STATEMENTS = st.lists(_PIECES, min_size=1, max_size=14).map("".join)
_BEGUN = st.one_of(_STATEMENTS, _STATEMENTS.map("SELECT 1 ".__add__), _STATEMENTS.map("SELECT '".__add__))


@pytest.fixture(scope="module")
def sqlite() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("CREATE TABLE t (a)")
    yield db
    db.close()


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as db:
        yield db


def changes_in_sqlite(db: sqlite3.Connection, sql: str) -> list[tuple[int, str | None, str | None]]:
    """What SQLite asks leave for that is more than reading, as it compiles the statement; nothing is run."""
    asked: list[tuple[int, str | None, str | None]] = []

    def note(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action not in _TELLS or (action == sqlite3.SQLITE_PRAGMA and second is not None):
            asked.append((action, first, second))
        return sqlite3.SQLITE_OK

    db.set_authorizer(note)
    try:
        db.execute(f"EXPLAIN {sql}")
    except (sqlite3.Error, sqlite3.Warning, ValueError):
        pass  # several statements, or none that it understands
    finally:
        db.set_authorizer(None)
    return [one for one in asked if one[:2] != (sqlite3.SQLITE_PRAGMA, "table_info")]


def read_by_the_guard(sql: str, dialect: Dialect) -> str | None:
    """What would be sent."""
    try:
        return check_read(sql, dialect).sql
    except DriverFailed:
        return None


def test_the_engine_is_asked_in_earnest(sqlite: sqlite3.Connection, duck: duckdb.DuckDBPyConnection) -> None:
    assert changes_in_sqlite(sqlite, "WITH x AS (SELECT 1) DELETE FROM t")
    assert not changes_in_sqlite(sqlite, "SELECT a FROM t")
    assert kinds_in_duckdb(duck, "SELECT 1; DELETE FROM t") == ["SELECT", "DELETE"]


@given(sql=_BEGUN)
def test_what_the_guard_takes_for_reading_sqlite_does_too(sqlite: sqlite3.Connection, sql: str) -> None:
    if read := read_by_the_guard(sql, "sqlite"):
        assert changes_in_sqlite(sqlite, read) == []
        assert is_one_in_sqlite(sqlite, read)


def is_one_in_sqlite(db: sqlite3.Connection, sql: str) -> bool:
    try:
        db.execute(f"EXPLAIN {sql}")
    except (sqlite3.Error, sqlite3.Warning) as error:
        return "one statement" not in str(error)
    return True


def kinds_in_duckdb(db: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """Of its statements; none where it understands nothing."""
    try:
        return [statement.type.name for statement in db.extract_statements(sql)]
    except (duckdb.Error, ValueError):
        return []


@given(sql=_BEGUN)
def test_what_the_guard_takes_for_reading_duckdb_does_too(duck: duckdb.DuckDBPyConnection, sql: str) -> None:
    if read := read_by_the_guard(sql, "duckdb"):
        assert kinds_in_duckdb(duck, read) in ([], ["SELECT"], ["EXPLAIN"])
