"""The conversion between scratchpads and notebook files of nbformat 4."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PureWindowsPath
from typing import Any

from cowork_desktop.schemas.scratchpads import Cell, CellStatus, CellType, Output, Scratchpad
from cowork_desktop.workspace.notebook_format import dump, load, refusal, storable
from cowork_desktop.workspace.notebook_outputs import error_of, from_nb, to_nb

_MOST_CELLS = 10_000
_LONGEST_SOURCE = 1_000_000
_LONGEST_TITLE = 200
_LARGEST_COUNT = 2**53
_SQL = "%%sql\n"
_LANGUAGE = re.compile(r"[a-z][a-z0-9+#_-]{0,39}")
_HEADING = re.compile(r"^#{1,6}[ \t](.*)$", re.MULTILINE)
_OUR_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a notebook says and a scratchpad has no place for, as JSON objects to be stored."""

    notebook: dict[str, Any] = field(default_factory=dict)
    """Of an imported one its `metadata`, and the `title` that it came in with; else empty."""
    cells: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """By the id of the cell. Of code and prose its `cell_type` (`raw` is prose), `id`, `metadata` and perhaps
    `attachments`. Of an output cell `outputs`: those, by their place, that ours does not say all of."""


@dataclass(frozen=True, slots=True)
class ImportedCell:
    """A cell to be made."""

    type: CellType
    content: str
    language: str | None
    status: CellStatus
    outputs: list[Output] | None
    error: str | None
    execution_count: int | None
    kept: dict[str, Any]
    """For `Kept.cells`."""


@dataclass(frozen=True, slots=True)
class Imported:
    title: str
    cells: list[ImportedCell]
    """In the order of the scratchpad, output cells after their code cells."""
    kept: dict[str, Any]
    """For `Kept.notebook`."""


def read_notebook(raw: bytes, file_name: str | None = None) -> Imported:
    """The notebook of a file of nbformat 3 or 4; nothing in it is run or trusted.

    Its title is the one in its metadata, else the name of the file, else its first heading. What cannot be
    stored is replaced: NUL and lone surrogates by U+FFFD, numbers that JSON does not have by null.
    """
    nb = load(raw)
    if len(nb["cells"]) > _MOST_CELLS:
        raise refusal(f"This notebook has more than {_MOST_CELLS:,} cells.")
    main_language = _main_language(nb["metadata"])
    cells: list[ImportedCell] = []
    for n, nb_cell in enumerate(nb["cells"], 1):
        if len(nb_cell["source"]) > _LONGEST_SOURCE:
            raise refusal(f"Cell {n} of this notebook has more than {_LONGEST_SOURCE:,} characters.")
        cells += _code(nb_cell, main_language) if nb_cell["cell_type"] == "code" else [_prose(nb_cell)]
    title = _title(nb, file_name)
    return Imported(title, cells, {"title": title, "metadata": nb["metadata"]})


def write_notebook(pad: Scratchpad, kept: Kept) -> bytes:
    """The scratchpad as a valid notebook of nbformat 4.5, in UTF-8.

    `kept.cells` may miss cells, and have ones that are gone.
    """
    metadata = dict(kept.notebook.get("metadata", _OUR_METADATA))
    if pad.title != kept.notebook.get("title"):
        metadata["title"] = pad.title
    main_language = _main_language(metadata)
    nb_cells = []
    for cell, output_cell in _with_outputs(pad.cells):
        about = kept.cells.get(cell.id, {})
        nb_cell = _nb_cell(cell, about)
        if cell.type == "code":
            outputs = (output_cell.outputs if output_cell else None) or []
            about_outputs = kept.cells.get(output_cell.id, {}) if output_cell else {}
            _add_code(nb_cell, cell, outputs, about_outputs.get("outputs", {}), main_language)
        nb_cells.append(nb_cell)
    return dump({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": nb_cells})


# Reading


def _title(nb: dict[str, Any], file_name: str | None) -> str:
    prose = (cell["source"] for cell in nb["cells"] if cell["cell_type"] == "markdown")
    heading = next((found[1] for found in map(_HEADING.search, prose) if found), "")
    name = storable(PureWindowsPath(file_name or "").name.removesuffix(".ipynb"))
    titles = (
        title.strip()[:_LONGEST_TITLE].strip() for title in (nb["metadata"].get("title", ""), name, heading)
    )
    return next(filter(None, titles), "Notebook")


def _main_language(metadata: dict[str, Any]) -> str:
    """What code cells are in that say nothing else."""
    info, spec = metadata.get("language_info", {}), metadata.get("kernelspec", {})
    language = str(info.get("name") or spec.get("language") or "python").lower()
    is_python = language.startswith(("python", "ipython")) or not _LANGUAGE.fullmatch(language)
    return "python" if is_python else language


def _is_marked(language: str | None, main_language: str) -> bool:
    """Whether a cell in this language begins with `%%sql` in a notebook."""
    return language == "sql" and main_language != "sql"


def _prose(nb_cell: dict[str, Any]) -> ImportedCell:
    kept: dict[str, Any] = {
        key: nb_cell[key] for key in ("cell_type", "id", "metadata", "attachments") if key in nb_cell
    }
    return ImportedCell("markdown", nb_cell["source"], None, "success", None, None, None, kept)


def _code(nb_cell: dict[str, Any], main_language: str) -> list[ImportedCell]:
    nb_outputs = nb_cell["outputs"]
    outputs = [from_nb(nb_output) for nb_output in nb_outputs]
    count = nb_cell["execution_count"]
    count = int(count) if count is not None and count <= _LARGEST_COUNT else None
    implied = _implied(nb_cell["source"], outputs, count, main_language)
    metadata, told = _split_told(nb_cell["metadata"])
    about = implied | told
    is_marked = _is_marked(about["language"], main_language)
    content = nb_cell["source"].removeprefix(_SQL) if is_marked else nb_cell["source"]
    kept = {"cell_type": "code", "id": nb_cell["id"], "metadata": metadata}
    code = ImportedCell(
        "code", content, about["language"], about["status"], None, about["error"], count, kept
    )
    if not outputs:
        return [code]
    more = {str(n): one for n, one in enumerate(nb_outputs) if to_nb(outputs[n]) != one}
    kept = {"outputs": more} if more else {}
    return [code, ImportedCell("output", "", None, "success", outputs, None, None, kept)]


def _implied(source: str, outputs: list[Output], count: int | None, main_language: str) -> dict[str, Any]:
    """What a notebook says of a code cell without words of ours."""
    error = error_of(outputs)
    ran = bool(outputs) or count is not None
    return {
        "language": "sql" if source.startswith(_SQL) else main_language,
        "status": "error" if error is not None else "success" if ran else "pending",
        "error": error,
    }


def _split_told(metadata: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The metadata of a cell without our own words in it, and those words."""
    words = metadata.get("cowork")
    if not isinstance(words, dict):
        return metadata, {}
    told = {}
    if isinstance(words.get("language"), str) and _LANGUAGE.fullmatch(words["language"]):
        told["language"] = words["language"]
    if words.get("status") in ("pending", "success"):
        told |= {"status": words["status"], "error": None}
    if isinstance(words.get("error"), str):
        told |= {"status": "error", "error": words["error"]}
    if not told:
        return metadata, {}
    rest = {key: value for key, value in words.items() if key not in told}
    others = {key: value for key, value in metadata.items() if key != "cowork"}
    return others | ({"cowork": rest} if rest else {}), told


# Writing


def _with_outputs(cells: list[Cell]) -> list[tuple[Cell, Cell | None]]:
    paired: list[tuple[Cell, Cell | None]] = []
    for cell in cells:
        if cell.type != "output":
            paired.append((cell, None))
        elif paired and paired[-1][0].type == "code":
            paired[-1] = (paired[-1][0], cell)
    return paired


def _nb_cell(cell: Cell, about: dict[str, Any]) -> dict[str, Any]:
    was_code = about.get("cell_type", cell.type) == "code"
    metadata = about.get("metadata", {})
    if was_code != (cell.type == "code"):  # the other metadata of prose may not be allowed for code
        metadata = {key: metadata[key] for key in ("name", "tags") if key in metadata}
    nb_cell = {
        "id": about.get("id", cell.id),
        "cell_type": cell.type,
        "metadata": dict(metadata),
        "source": cell.content,
    }
    if cell.type == "markdown" and not was_code:
        nb_cell["cell_type"] = about.get("cell_type", "markdown")
        nb_cell |= {"attachments": about["attachments"]} if "attachments" in about else {}
    return nb_cell


def _add_code(
    nb_cell: dict[str, Any],
    cell: Cell,
    outputs: list[Output],
    originals: dict[str, Any],
    main_language: str,
) -> None:
    """`originals`: by their place, the outputs as they were in the notebook that was imported."""
    if _is_marked(cell.language, main_language):
        nb_cell["source"] = _SQL + cell.content
    nb_cell["execution_count"] = cell.execution_count
    nb_cell["outputs"] = [
        original if (original := originals.get(str(n))) and from_nb(original) == output else to_nb(output)
        for n, output in enumerate(outputs)
    ]
    implied = _implied(nb_cell["source"], outputs, cell.execution_count, main_language)
    words: dict[str, Any] = {}
    if (cell.language or main_language) != implied["language"]:
        words["language"] = cell.language or main_language
    if cell.status == "error" and (cell.error or "") != implied["error"]:
        words["error"] = cell.error or ""
    if cell.status in ("pending", "success") and cell.status != implied["status"]:
        words["status"] = cell.status
    if words:
        others = nb_cell["metadata"].get("cowork")
        nb_cell["metadata"]["cowork"] = (others if isinstance(others, dict) else {}) | words
