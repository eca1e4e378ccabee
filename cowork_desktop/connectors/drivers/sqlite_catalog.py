"""What tables a SQLite file has, which may tell of itself what it likes."""

import re
from collections.abc import Callable
from typing import Any

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.drivers.local_files import quoted
from cowork_desktop.schemas.connectors import Catalog, CatalogColumn, CatalogTable

Ask = Callable[[str], list[Any]]
"""Gives all rows of a query; raises DriverFailed."""

_MOST_TABLES = 500
_HIDDEN = 1
"""A column of a virtual table that only takes arguments."""
_TABLES = (
    "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%'"
    f" ESCAPE '\\' ORDER BY name LIMIT {_MOST_TABLES + 1}"
)
_VIRTUAL = f"SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage = 0 LIMIT {_MOST_TABLES}"


def catalog_of(ask: Ask) -> Catalog:
    rows = ask(_TABLES)
    counts = _counts(ask)
    tables = [
        CatalogTable(name=_shown(ask, name), kind=kind, columns=_columns(ask, name), rows=counts.get(name))
        for name, kind in rows[:_MOST_TABLES]
    ]
    return Catalog(tables=tables, is_complete=len(rows) <= _MOST_TABLES)


def open_virtual_tables(ask: Ask) -> None:
    """A module such as FTS5 asks to write when its table is opened, which is before anything is read from it:
    so that is done where nothing but the file's being opened for reading holds it back."""
    for (name,) in ask(_VIRTUAL):
        _table_info(ask, name)


def _columns(ask: Ask, table: str) -> list[CatalogColumn]:
    refers = {
        own: f"{other}.{theirs or _primary_key(ask, other)}"
        for _, _, other, own, theirs, *_ in _told(ask, f"PRAGMA foreign_key_list({quoted(table)})")
    }
    return [
        CatalogColumn(
            name=name, type=type, is_nullable=not required, key="primary" if key else refers.get(name)
        )
        for _, name, type, required, _, key, hidden in _table_info(ask, table)
        if hidden != _HIDDEN
    ]


def _primary_key(ask: Ask, table: str) -> str:
    """What a foreign key that names no column refers to."""
    return next((str(column[1]) for column in _table_info(ask, table) if column[5] == 1), "rowid")


def _table_info(ask: Ask, table: str) -> list[Any]:
    return _told(ask, f"PRAGMA table_xinfo({quoted(table)})")


def _told(ask: Ask, sql: str) -> list[Any]:
    """None where SQLite cannot tell: of a view of a table that is gone, or a module that is missing."""
    try:
        return ask(sql)
    except DriverFailed:
        return []


def _counts(ask: Ask) -> dict[str, int]:
    """By the statistics of ANALYZE, where there are some."""
    rows = _told(ask, "SELECT tbl, stat FROM sqlite_stat1 WHERE stat IS NOT NULL")
    found = ((table, re.match(r"([0-9]{1,18})(?:\s|$)", str(stat))) for table, stat in rows)
    return {str(table): int(count[1]) for table, count in found if count}


def _shown(ask: Ask, name: str) -> str:
    """In quotes where SQLite would not take it without them, as it does not a word of the language."""
    is_plain = re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name)
    return name if is_plain and _told(ask, f"EXPLAIN SELECT 1 FROM (SELECT 1) AS {name}") else quoted(name)
