"""Small pieces that the stores share."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from cowork_desktop.schemas.base import Encoded
from cowork_desktop.store.database import Tx


def timestamp(column: str) -> str:
    """The SQL that writes a column of milliseconds as RFC 3339 text; null stays null."""
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch')"


def expressions(model: type[BaseModel], **special: str) -> dict[str, str]:
    """The SQL of each field of a wire shape: `special`, or the column of its name."""
    return {name: special.get(name, name) for name in model.model_fields}


def json_object(fields: Mapping[str, str]) -> str:
    """The SQL that writes a row as JSON; several times cheaper than a model made and dumped in Python."""
    return "json_object(" + ", ".join(f"'{name}', {expression}" for name, expression in fields.items()) + ")"


def page(objects: Iterable[str], **fields: Any) -> Encoded[Any]:
    """A page: the rows that `json_object` wrote, and the fields beside them."""
    return Encoded(f'{{"data":[{",".join(objects)}],{to_json(fields)[1:]}'.encode())


def to_json(value: Any) -> str:
    """Compact JSON of plain values, models, or lists of models."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=BaseModel.model_dump)


def conditions(*fixed: str, **filters: Any) -> tuple[str, list[Any]]:
    """A WHERE clause of the fixed conditions and of `column = ?` for each filter that is not None."""
    used = {column: value for column, value in filters.items() if value is not None}
    return " AND ".join([*fixed, *(f"{column} = ?" for column in used)]) or "1", list(used.values())


def update(
    tx: Tx, table: str, id: str, changes: Mapping[str, Any], *, condition: str = "deleted_at IS NULL"
) -> bool:
    """Set columns of the row that the condition holds for, that it is not deleted; false where there is
    none."""
    assignments = ", ".join(f"{column} = ?" for column in changes)
    cursor = tx.execute(
        f"UPDATE {table} SET {assignments} WHERE id = ? AND {condition}", (*changes.values(), id)
    )
    return cursor.rowcount == 1
