"""Small pieces that the stores share."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from cowork_desktop.store.database import Tx


def timestamp(column: str) -> str:
    """The SQL that writes a column of milliseconds as RFC 3339 text; null stays null."""
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch')"


def to_json(value: Any) -> str:
    """Compact JSON of plain values, models, or lists of models."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=BaseModel.model_dump)


def conditions(*fixed: str, **filters: Any) -> tuple[str, list[Any]]:
    """A WHERE clause of the fixed conditions and of `column = ?` for each filter that is not None."""
    used = {column: value for column, value in filters.items() if value is not None}
    return " AND ".join([*fixed, *(f"{column} = ?" for column in used)]) or "1", list(used.values())


def update(tx: Tx, table: str, id: str, changes: Mapping[str, Any]) -> bool:
    """Set columns of the row that is not deleted; false where there is none."""
    assignments = ", ".join(f"{column} = ?" for column in changes)
    cursor = tx.execute(
        f"UPDATE {table} SET {assignments} WHERE id = ? AND deleted_at IS NULL", (*changes.values(), id)
    )
    return cursor.rowcount == 1
