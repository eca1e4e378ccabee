"""What there is in a database of MySQL or MariaDB: https://dev.mysql.com/doc/refman/8.4/en/information-schema.html."""

import re
from collections.abc import Iterable

import pymysql  # type: ignore[import-untyped]

from cowork_desktop.connectors.drivers.driver import Row
from cowork_desktop.connectors.drivers.mysql_session import Session
from cowork_desktop.connectors.drivers.mysql_work import rows_of
from cowork_desktop.schemas.connectors import Catalog, CatalogColumn, CatalogTable

TABLES = 500
_FEW = """
    ADD ALL AND AS ASC BY CASE CHECK COLUMN DATABASE DEFAULT DESC DISTINCT ELSE FROM GROUP GROUPS HAVING IN
    INDEX INTO IS JOIN KEY KEYS LEFT LIKE LIMIT MATCH NOT NULL OF ON OPTION OR ORDER PRIMARY RANGE RANK READ
    REFERENCES RIGHT ROW ROWS SELECT SET SHOW SYSTEM TABLE THEN TO TRIGGER UNION UNIQUE UPDATE USE USING
    VALUES WHEN WHERE WINDOW WITH WRITE
"""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")

_FOUND = f"""
SELECT table_name, table_type, table_rows, table_comment FROM information_schema.tables
WHERE table_schema = DATABASE() ORDER BY table_name LIMIT {TABLES + 1}
"""
_COLUMNS = """
SELECT table_name, column_name, column_type, is_nullable, column_key, column_comment
FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name <= %s
ORDER BY table_name, ordinal_position
"""
_REFERENCES = """
SELECT table_name, column_name, referenced_table_schema = DATABASE(), referenced_table_schema,
       referenced_table_name, referenced_column_name
FROM information_schema.key_column_usage
WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL
"""


def catalog_of(session: Session) -> Catalog:
    """Blocks. Raises pymysql.MySQLError."""
    found = rows_of(session, _FOUND)
    if not found:
        return Catalog(tables=[], is_complete=True)
    reserved, shown = _reserved(session), found[:TABLES]
    keys = {(row[0], row[1]): _reference(row, reserved) for row in rows_of(session, _REFERENCES)}
    columns: dict[str, list[CatalogColumn]] = {}
    last = session.escape(str(shown[-1][0]))
    for table, name, kind, nullable, key, comment in rows_of(session, _COLUMNS % last):
        is_primary = key == "PRI"
        columns.setdefault(table, []).append(
            CatalogColumn(
                name=name,
                type=_text(kind),
                is_nullable=nullable == "YES",
                key="primary" if is_primary else keys.get((table, name)),
                comment=comment or None,
            )
        )
    tables = [
        CatalogTable(
            name=quoted(name, reserved),
            kind="view" if "VIEW" in kind else "table",
            columns=columns.get(name, []),
            rows=rows,
            comment=None if "VIEW" in kind else comment or None,
        )
        for name, kind, rows, comment in shown
    ]
    return Catalog(tables=tables, is_complete=len(found) <= TABLES)


def quoted(name: str, reserved: Iterable[str]) -> str:
    if _PLAIN.fullmatch(name) and name.upper() not in reserved:
        return name
    return "`" + name.replace("`", "``") + "`"


def _reference(row: Row, reserved: Iterable[str]) -> str:
    _, _, is_here, schema, table, column = row
    place = "" if is_here else quoted(schema, reserved) + "."
    return f"{place}{quoted(table, reserved)}.{column}"


def _reserved(session: Session) -> frozenset[str]:
    """What names have to be quoted; of an old server that does not say, a few."""
    try:
        return frozenset(
            str(row[0]).upper() for row in rows_of(session, "SELECT word FROM information_schema.keywords")
        )
    except pymysql.MySQLError:
        return frozenset(_FEW.split())


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
