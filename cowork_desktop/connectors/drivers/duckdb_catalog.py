"""What tables a DuckDB file has."""

import re
from collections.abc import Callable, Collection
from typing import Any

from cowork_desktop.connectors.drivers.local_files import quoted
from cowork_desktop.schemas.connectors import Catalog, CatalogColumn, CatalogTable

Ask = Callable[[str], list[Any]]
"""Gives all rows of a query; raises DriverFailed."""

_MOST_TABLES = 500
_TABLES = (
    "SELECT schema_name, table_name, 'table', estimated_size, comment FROM duckdb_tables() WHERE NOT internal"
    " UNION ALL SELECT schema_name, view_name, 'view', NULL, comment FROM duckdb_views() WHERE NOT internal"
    " ORDER BY 1, 2"
)
_COLUMNS = (
    "SELECT schema_name, table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns()"
    " WHERE NOT internal ORDER BY schema_name, table_name, column_index"
)
_WORDS = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
_KEYS = (
    "SELECT schema_name, table_name, constraint_type, constraint_column_names, referenced_table,"
    " referenced_column_names FROM duckdb_constraints()"
    " WHERE constraint_type IN ('PRIMARY KEY', 'FOREIGN KEY')"
)


def catalog_of(ask: Ask) -> Catalog:
    rows = ask(_TABLES)
    keys = _keys(ask)
    words = {word for (word,) in ask(_WORDS)}
    columns: dict[tuple[str, str], list[CatalogColumn]] = {}
    for schema, table, name, type, nullable, comment in ask(_COLUMNS):
        key = keys.get((schema, table, name))
        column = CatalogColumn(name=name, type=type, is_nullable=nullable, key=key, comment=comment)
        columns.setdefault((schema, table), []).append(column)
    tables = [
        CatalogTable(
            name=_shown(schema, table, words),
            kind=kind,
            columns=columns.get((schema, table), []),
            rows=size,
            comment=comment,
        )
        for schema, table, kind, size, comment in rows[:_MOST_TABLES]
    ]
    return Catalog(tables=tables, is_complete=len(rows) <= _MOST_TABLES)


def _keys(ask: Ask) -> dict[tuple[str, str, str], str]:
    found: dict[tuple[str, str, str], str] = {}
    for schema, table, kind, names, other, others in ask(_KEYS):
        for n, name in enumerate(names):
            refers = f"{other}.{others[n]}" if kind == "FOREIGN KEY" and others else "primary"
            found.setdefault((schema, table, name), refers)
    return found


def _shown(schema: str, table: str, words: Collection[str]) -> str:
    """In quotes where DuckDB would not take it without them; `words`: those of the language."""
    parts = [table] if schema == "main" else [schema, table]
    return ".".join(
        part if re.fullmatch("[a-z_][a-z0-9_]*", part) and part not in words else quoted(part)
        for part in parts
    )
