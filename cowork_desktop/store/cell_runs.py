"""SQL of the runs of cells: queued, started, what they put out, and their end."""

from collections.abc import Sequence

from cowork_desktop.errors import Conflict, NotExecutable, NotFound
from cowork_desktop.schemas.scratchpads import EXECUTABLE, Cell, Output, updated
from cowork_desktop.store import cells
from cowork_desktop.store.cell_order import Order
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import update


def executable_ids(tx: Tx, scratchpad_id: str) -> list[str]:
    """The code cells that can be run and neither run nor wait, in order."""
    cells.check_scratchpad(tx, scratchpad_id)
    marks = ", ".join("?" * len(EXECUTABLE))
    rows = tx.execute(
        "SELECT id FROM cells WHERE scratchpad_id = ? AND type = 'code' AND queued_at IS NULL"
        f" AND language IN ({marks}) ORDER BY n",
        (scratchpad_id, *EXECUTABLE),
    )
    return [id for (id,) in rows]


def queue(tx: Tx, scratchpad_id: str, id: str, run_id: str, now: int, *, starts: bool) -> Cell:
    """Let a code cell wait for its run, which `starts` at once where nothing is before it; returns the cell.

    NotExecutable where it cannot be run, Conflict where it waits or runs already.
    """
    type, language, queued_at = cells.row(tx, scratchpad_id, id, "type, language, queued_at")
    if type != "code":
        raise NotExecutable(f"This is a cell of type {type}; only code can be run.")
    if language not in EXECUTABLE:
        raise NotExecutable(f"There is no kernel for {language!r}; it runs {' and '.join(EXECUTABLE)}.")
    if queued_at is not None:
        raise Conflict("This cell is running, or waits to run.")
    changes = {"status": "pending", "run_id": run_id, "queued_at": now, "error": None}
    update(tx, "cells", id, changes, condition="1")
    cells.touch(tx, scratchpad_id, now)
    if starts:
        start(tx, scratchpad_id, id, now)
    return cells.get(tx, scratchpad_id, id)


def queue_all(
    tx: Tx, scratchpad_id: str, asked: Sequence[tuple[str, str]], now: int, *, starts: bool, skips: bool
) -> list[Cell]:
    """Queue runs, given as (cell, run); the first `starts`. `skips`: leave out what cannot be queued."""
    queued: list[Cell] = []
    for id, run_id in asked:
        try:
            queued.append(queue(tx, scratchpad_id, id, run_id, now, starts=starts and not queued))
        except (Conflict, NotExecutable, NotFound):
            if not skips:
                raise
    return queued


def start(tx: Tx, scratchpad_id: str, id: str, now: int) -> None:
    """A run begins: the output of the one before goes."""
    changes = {"status": "running", "started_at": now, "finished_at": None, "execution_count": None}
    if update(tx, "cells", id, changes, condition="1"):
        cells.drop_output(tx, scratchpad_id, id)


def keep_outputs(tx: Tx, scratchpad_id: str, id: str, output_id: str, outputs: str) -> None:
    """Store what the run has put out so far (a JSON array) in its output cell, which `output_id` names if it
    must be made. Nothing happens where the code cell is gone."""
    order = Order.read(tx, scratchpad_id)
    if not order.has(id):
        return
    if found := order.output_of(id):
        update(tx, "cells", found, {"outputs": outputs}, condition="1")
        return
    place = order.index_of(id) + 1
    tx.execute(
        "INSERT INTO cells (id, scratchpad_id, n, type, content, status, outputs)"
        " VALUES (?, ?, ?, 'output', '', 'success', ?)",
        (output_id, scratchpad_id, place, outputs),
    )
    order.cells.insert(place, (output_id, "output"))
    order.write(tx)


def drop_outputs(tx: Tx, scratchpad_id: str, id: str) -> None:
    """What the run had put out was taken back."""
    if Order.read(tx, scratchpad_id).has(id):
        cells.drop_output(tx, scratchpad_id, id)


def finish(tx: Tx, id: str, now: int, *, error: str | None, execution_count: int | None) -> None:
    changes = {
        "status": "error" if error else "success",
        "error": error,
        "execution_count": execution_count,
        "queued_at": None,
        "finished_at": now,
    }
    update(tx, "cells", id, changes, condition="1")


def update_displays(tx: Tx, scratchpad_id: str, shown: dict[str, Output], but: str) -> None:
    """Put what `shown` has, by display id, in the place of what the cells show under that id, `but` one."""
    rows = tx.execute(
        "SELECT id, outputs FROM cells WHERE scratchpad_id = ? AND id <> ?"
        " AND outputs LIKE '%\"display_id\"%'",
        (scratchpad_id, but),
    ).fetchall()
    for id, stored in rows:
        outputs = cells.load_outputs(stored)
        changed = [updated(one, shown[one.display_id]) if one.display_id in shown else one for one in outputs]
        if changed != outputs:
            update(tx, "cells", id, {"outputs": cells.dump_outputs(changed)}, condition="1")


def recover(tx: Tx, now: int, reason: str) -> int:
    """End what an earlier process left running or waiting; returns how many cells that were."""
    return tx.execute(
        "UPDATE cells SET status = 'error', error = ?, finished_at = ?, queued_at = NULL"
        " WHERE queued_at IS NOT NULL",
        (reason, now),
    ).rowcount


def note_variables(tx: Tx, scratchpad_id: str, *, has_variables: bool) -> bool:
    """Note whether a kernel may hold variables of the scratchpad; returns what was noted before."""
    row = tx.execute("SELECT has_variables FROM scratchpads WHERE id = ?", (scratchpad_id,)).fetchone()
    if row and bool(row[0]) != has_variables:
        update(tx, "scratchpads", scratchpad_id, {"has_variables": int(has_variables)}, condition="1")
    return bool(row and row[0])
