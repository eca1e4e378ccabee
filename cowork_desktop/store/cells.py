"""SQL of cells."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from cowork_desktop.errors import Conflict, InvalidRequest, NotFound
from cowork_desktop.schemas.base import Encoded
from cowork_desktop.schemas.scratchpads import Cell, CellCreate, CellPatch, Output
from cowork_desktop.store.cell_order import Order, misplaced
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import json_object, timestamp, to_json, update

_COMMON = {
    "id": "id",
    "type": "type",
    "content": "content",
    "status": "status",
    "error": "error",
    "index": "n",
}
_OF_CODE = {
    "language": "language",
    "run_id": "run_id",
    "execution_count": "execution_count",
    **{name: timestamp(name) for name in ("queued_at", "started_at", "finished_at")},
}
_JSON = (
    f"CASE type WHEN 'code' THEN {json_object(_COMMON | _OF_CODE)}"
    f" WHEN 'output' THEN {json_object(_COMMON | {'outputs': 'json(outputs)'})}"
    f" ELSE {json_object(_COMMON)} END"
)
ALL_AS_JSON = (
    "(SELECT json_group_array(json(cell)) FROM"
    f" (SELECT {_JSON} AS cell FROM cells WHERE scratchpad_id = {{scratchpad_id}} ORDER BY n))"
)
_outputs: TypeAdapter[list[Output]] = TypeAdapter(list[Output], config=ConfigDict(defer_build=True))


def check_scratchpad(tx: Tx, id: str) -> None:
    """NotFound where there is no such scratchpad."""
    found = tx.execute(
        "SELECT 1 FROM scratchpads s JOIN conversations c ON c.id = s.conversation_id"
        " WHERE s.id = ? AND c.deleted_at IS NULL",
        (id,),
    )
    if not found.fetchone():
        raise NotFound.of("scratchpad", id)


def row(tx: Tx, scratchpad_id: str, id: str, columns: str) -> tuple[Any, ...]:
    """The columns of a cell; NotFound where scratchpad or cell are not there."""
    check_scratchpad(tx, scratchpad_id)
    found = tx.execute(
        f"SELECT {columns} FROM cells WHERE id = ? AND scratchpad_id = ?", (id, scratchpad_id)
    ).fetchone()
    if found is None:
        raise NotFound.of("cell", id)
    return found  # type: ignore[no-any-return]


def touch(tx: Tx, scratchpad_id: str, now: int) -> None:
    update(tx, "scratchpads", scratchpad_id, {"updated_at": now}, condition="1")


def show(tx: Tx, scratchpad_id: str, id: str) -> Encoded[Cell]:
    [shown] = row(tx, scratchpad_id, id, _JSON)
    return Encoded(shown.encode())


def show_even_if_hidden(tx: Tx, id: str) -> bytes | None:
    """A run may end just after its conversation was deleted."""
    found = tx.execute(f"SELECT {_JSON} FROM cells WHERE id = ?", (id,)).fetchone()
    return found[0].encode() if found else None


def get(tx: Tx, scratchpad_id: str, id: str) -> Cell:
    return Cell.model_validate_json(show(tx, scratchpad_id, id).json)


def output_json(tx: Tx, scratchpad_id: str, id: str) -> bytes | None:
    """The output cell of a code cell; None where cell or output are not there."""
    order = Order.read(tx, scratchpad_id)
    output_id = order.output_of(id) if order.has(id) else None
    return show_even_if_hidden(tx, output_id) if output_id else None


def insert_all(tx: Tx, scratchpad_id: str, bodies: Sequence[CellCreate], ids: Sequence[str]) -> None:
    """Fill a new scratchpad."""
    before: CellCreate | None = None
    for n, (body, id) in enumerate(zip(bodies, ids, strict=True)):
        if body.type == "output" and (before is None or before.type != "code"):
            raise misplaced(f"body.cells.{n}.type")
        _insert(tx, scratchpad_id, id, n, body, f"body.cells.{n}")
        before = body


def insert(tx: Tx, scratchpad_id: str, id: str, now: int, body: CellCreate) -> Encoded[Cell]:
    check_scratchpad(tx, scratchpad_id)
    order = Order.read(tx, scratchpad_id)
    index = len(order.cells) if body.index is None else body.index
    place = order.place_of_output(index) if body.type == "output" else order.place(index)
    _insert(tx, scratchpad_id, id, place, body, "body")
    order.cells.insert(place, (id, body.type))
    order.write(tx)
    touch(tx, scratchpad_id, now)
    return show(tx, scratchpad_id, id)


def patch(tx: Tx, scratchpad_id: str, id: str, now: int, body: CellPatch) -> Encoded[Cell]:
    """Conflict where a run is at it and its type changes."""
    type, queued_at = row(tx, scratchpad_id, id, "type, queued_at")
    changes: dict[str, Any] = body.model_dump()
    index = changes.pop("index", None)
    if type == "output" and (changes or index is not None):
        raise InvalidRequest(
            "An output cell is made by a run and goes with its code cell: edit or move that one.",
            param="body",
        )
    new_type = changes.get("type", type)
    if new_type != "code" and "language" in changes:
        raise InvalidRequest("Only code has a language.", param="body.language")
    if new_type != type:
        if queued_at is not None:
            raise Conflict("The cell is running: it cannot become prose now.")
        changes |= _fresh(new_type, changes.get("language"))
        drop_output(tx, scratchpad_id, id)
    if changes:
        update(tx, "cells", id, changes, condition="1")
    if index is not None:
        order = Order.read(tx, scratchpad_id)
        order.move(id, index)
        order.write(tx)
    if changes or index is not None:
        touch(tx, scratchpad_id, now)
    return show(tx, scratchpad_id, id)


def delete(tx: Tx, scratchpad_id: str, id: str, now: int) -> None:
    """With its output; an output cell can go alone."""
    row(tx, scratchpad_id, id, "1")
    order = Order.read(tx, scratchpad_id)
    gone = order.with_output(id)
    tx.executemany("DELETE FROM cells WHERE id = ?", [(one,) for one, _ in gone])
    order.cells = [cell for cell in order.cells if cell not in gone]
    order.write(tx)
    touch(tx, scratchpad_id, now)


def _insert(tx: Tx, scratchpad_id: str, id: str, n: int, body: CellCreate, param: str) -> None:
    if body.type != "code" and body.language is not None:
        raise InvalidRequest("Only code has a language.", param=f"{param}.language")
    if body.type != "output" and body.outputs is not None:
        raise InvalidRequest("Only an output cell has outputs.", param=f"{param}.outputs")
    fields = _fresh(body.type, body.language)
    outputs = dump_outputs(body.outputs or []) if body.type == "output" else None
    tx.execute(
        "INSERT INTO cells (id, scratchpad_id, n, type, content, language, status, outputs)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (id, scratchpad_id, n, body.type, body.content, fields["language"], fields["status"], outputs),
    )


def _fresh(type: str, language: str | None) -> dict[str, Any]:
    """The columns of a cell that has not run."""
    is_code = type == "code"
    return {
        "language": (language or "python") if is_code else None,
        "status": "pending" if is_code else "success",
        "error": None,
        "run_id": None,
        "execution_count": None,
        "started_at": None,
        "finished_at": None,
    }


def restore(
    tx: Tx, id: str, *, status: str, error: str | None, execution_count: int | None, notebook: dict[str, Any]
) -> None:
    """Give a new cell what an imported notebook says of it."""
    changes = {
        "status": status,
        "error": error,
        "execution_count": execution_count,
        "notebook": to_json(notebook) if notebook else None,
    }
    update(tx, "cells", id, changes, condition="1")


def notebooks(tx: Tx, scratchpad_id: str) -> dict[str, dict[str, Any]]:
    """What imported notebooks said of the cells, by their ids, and the cells do not."""
    rows = tx.execute(
        "SELECT id, notebook FROM cells WHERE scratchpad_id = ? AND notebook IS NOT NULL", (scratchpad_id,)
    )
    return {id: json.loads(notebook) for id, notebook in rows}


def drop_output(tx: Tx, scratchpad_id: str, id: str) -> None:
    """Delete the output cell of a code cell, if it has one."""
    order = Order.read(tx, scratchpad_id)
    if output := order.output_of(id):
        tx.execute("DELETE FROM cells WHERE id = ?", (output,))
        order.cells.remove((output, "output"))
        order.write(tx)


def dump_outputs(outputs: list[Output]) -> str:
    """The JSON array that is stored: only the fields that an output has."""
    return _outputs.dump_json(outputs, exclude_unset=True).decode()


def load_outputs(stored: str) -> list[Output]:
    return _outputs.validate_json(stored)
