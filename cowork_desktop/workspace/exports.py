"""Scratchpads as files, and files as scratchpads.

What writes and reads them is imported when it is first needed: a start does not wait for it.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cowork_desktop.schemas.base import Encoded
from cowork_desktop.schemas.scratchpads import CellCreate, NotebookForm, Scratchpad, ScratchpadCreate
from cowork_desktop.store import cells, scratchpads
from cowork_desktop.store.database import Tx

if TYPE_CHECKING:
    from cowork_desktop.workspace.notebook import Imported, Kept

Format = Literal["ipynb", "html", "py"]
MEDIA_TYPES: dict[Format, str] = {
    "ipynb": "application/x-ipynb+json",
    "html": "text/html",
    "py": "text/x-python",
}


@dataclass(frozen=True)
class Gathered:
    pad: Scratchpad
    kept: "Kept"


def gather(tx: Tx, scratchpad_id: str) -> Gathered:
    """All that an export needs, as it is at one moment."""
    from cowork_desktop.workspace.notebook import Kept

    pad = scratchpads.get(tx, scratchpad_id)
    kept = Kept(scratchpads.notebook(tx, scratchpad_id), cells.notebooks(tx, scratchpad_id))
    return Gathered(pad, kept)


def write(gathered: Gathered, format: Format) -> bytes:
    match format:
        case "ipynb":
            from cowork_desktop.workspace.notebook import write_notebook

            return write_notebook(gathered.pad, gathered.kept)
        case "html":
            return page(gathered.pad)
        case "py":
            from cowork_desktop.workspace.script import write_script

            return write_script(gathered.pad)


def page(pad: Scratchpad) -> bytes:
    """One HTML file, as others are to read it."""
    from cowork_desktop.workspace.report import render

    return render(pad)


def read(content: bytes, name: str) -> "Imported":
    """A notebook's file; raises InvalidRequest where it is none."""
    from cowork_desktop.workspace.notebook import read_notebook

    return read_notebook(content, name)


def create_imported(
    tx: Tx, id: str, now: int, form: NotebookForm, imported: "Imported", cell_ids: list[str]
) -> Encoded[Scratchpad]:
    """`cell_ids`: one for each of the imported cells."""
    created = [
        CellCreate.model_construct(
            type=cell.type, content=cell.content, language=cell.language, outputs=cell.outputs
        )
        for cell in imported.cells
    ]
    body = ScratchpadCreate(conversation_id=form.conversation_id, title=form.title or imported.title)
    filled = body.model_copy(update={"cells": created})
    scratchpads.create(tx, id, now, filled, cell_ids, imported.kept, param="form.conversation_id")
    for cell_id, cell in zip(cell_ids, imported.cells, strict=True):
        cells.restore(
            tx,
            cell_id,
            status=cell.status,
            error=cell.error,
            execution_count=cell.execution_count,
            notebook=cell.kept,
        )
    return scratchpads.show(tx, id)


def file_name(title: str, format: Format) -> str:
    """A name for the file, without what systems or headers take for something else."""
    plain = re.sub(r'[\x00-\x1f\x7f"\\/:*?<>|%;]+', " ", title).strip(" .")[:100] or "scratchpad"
    return f"{plain}.{format}"
