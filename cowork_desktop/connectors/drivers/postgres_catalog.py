"""What there is in a PostgreSQL database: https://www.postgresql.org/docs/current/catalogs.html."""

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

from cowork_desktop.schemas.connectors import Catalog, CatalogColumn, CatalogTable

TABLES = 500

_KINDS = {
    "r": "table",
    "p": "partitioned table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
}

_TABLES = """
SELECT c.oid, c.relkind::text, c.reltuples, pg_catalog.obj_description(c.oid, 'pg_class'),
       CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN ''
            ELSE pg_catalog.quote_ident(n.nspname) || '.' END
       || pg_catalog.quote_ident(c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
ORDER BY NOT pg_catalog.pg_table_is_visible(c.oid), n.nspname, c.relname LIMIT %s
"""

_COLUMNS = """
SELECT a.attrelid, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
       pg_catalog.col_description(a.attrelid, a.attnum)
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum
"""

_KEYS = """
SELECT k.conrelid, u.attnum, CASE WHEN k.contype = 'p' THEN 'primary' ELSE
       CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN ''
            ELSE pg_catalog.quote_ident(n.nspname) || '.' END
       || pg_catalog.quote_ident(c.relname) || '.' || a.attname END
FROM pg_catalog.pg_constraint k CROSS JOIN LATERAL unnest(k.conkey, k.confkey) u(attnum, other)
LEFT JOIN pg_catalog.pg_class c ON c.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.other
WHERE k.contype IN ('p', 'f') AND k.conrelid = ANY(%s) ORDER BY k.contype
"""

_PLAIN_COLUMNS = """
SELECT t.table_schema, quote_ident(t.table_schema), quote_ident(t.table_name), t.table_type,
       c.column_name, c.data_type, c.is_nullable
FROM information_schema.tables t JOIN information_schema.columns c
  ON c.table_schema = t.table_schema AND c.table_name = t.table_name
WHERE t.table_schema NOT IN
  ('pg_catalog', 'information_schema', 'pg_internal', 'crdb_internal', 'pg_extension')
ORDER BY t.table_schema <> 'public', t.table_schema, t.table_name, c.ordinal_position
"""


async def catalog_of(connection: psycopg.AsyncConnection[Any], *, is_plain: bool) -> Catalog:
    """`is_plain`: of the information schema alone, where the server's own catalogs are others. Raises
    psycopg.Error."""
    if is_plain:
        return _plain(await _rows(connection, _PLAIN_COLUMNS))
    found = await _rows(connection, _TABLES, TABLES + 1)
    shown = found[:TABLES]
    ids = [row[0] for row in shown]
    keys = {(row[0], row[1]): row[2] for row in reversed(await _rows(connection, _KEYS, ids))}
    columns: dict[int, list[CatalogColumn]] = {}
    for table, number, name, kind, nullable, comment in await _rows(connection, _COLUMNS, ids):
        columns.setdefault(table, []).append(
            CatalogColumn(
                name=name, type=kind, is_nullable=nullable, key=keys.get((table, number)), comment=comment
            )
        )
    tables = [_table(row, columns) for row in shown]
    return Catalog(tables=tables, is_complete=len(found) <= TABLES)


async def _rows(connection: psycopg.AsyncConnection[Any], sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return await (await connection.execute(sql, values or None)).fetchall()


def _table(row: tuple[Any, ...], columns: Mapping[int, list[CatalogColumn]]) -> CatalogTable:
    id, kind, rows, comment, name = row
    is_counted = rows is not None and rows >= 0 and kind != "v"
    return CatalogTable(
        name=name,
        kind=_KINDS.get(kind, "table"),
        columns=columns.get(id, []),
        rows=int(rows) if is_counted else None,
        comment=comment,
    )


def _plain(rows: Iterable[tuple[Any, ...]]) -> Catalog:
    tables: dict[str, CatalogTable] = {}
    is_complete = True
    for schema, quoted, name, kind, column, type, nullable in rows:
        called = name if schema == "public" else f"{quoted}.{name}"
        if called not in tables and len(tables) == TABLES:
            is_complete = False
            break
        table = tables.setdefault(
            called, CatalogTable(name=called, kind="view" if kind == "VIEW" else "table", columns=[])
        )
        table.columns.append(CatalogColumn(name=column, type=type, is_nullable=nullable == "YES"))
    return Catalog(tables=list(tables.values()), is_complete=is_complete)
