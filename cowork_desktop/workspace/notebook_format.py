"""The only home of nbformat: the bytes of a notebook file become a valid notebook of format 4.5, and back."""

import importlib
import json
import math
import re
from typing import Any

from cowork_desktop.errors import InvalidRequest

_DEEPEST = 100
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TRANSIENT = ("orig_nbformat", "orig_nbformat_minor", "signature")


def load(raw: bytes) -> dict[str, Any]:
    """The notebook of a file of format 3 or 4, in format 4.5 and of nothing but JSON that can be stored.

    Its cells have ids that differ. What the format does not know is still in it.
    """
    nbformat, parsed = _nbformat(), _parse(raw)
    try:
        nb = nbformat.v4.upgrade(nbformat.convert(nbformat.reader.reads(json.dumps(parsed)), 4))
        _give_ids(nb["cells"])
        for key in _TRANSIENT:
            nb["metadata"].pop(key, None)
        nbformat.validate(nb, relax_add_props=True)
    except nbformat.ValidationError as error:
        raise refusal(f"This notebook is not valid: {_fault(error)}") from error
    except Exception as error:  # nbformat does not say what it raises on what is not valid
        raise refusal("This notebook is not valid: it could not be brought to format 4.") from error
    return json.loads(json.dumps(nb))  # type: ignore[no-any-return]


def dump(nb: dict[str, Any]) -> bytes:
    """The file of a notebook of format 4.5 that is valid but for the ids of its cells, which are made so."""
    nbformat = _nbformat()
    _give_ids(nb["cells"])
    written: str = nbformat.writes(nbformat.from_dict(storable(nb)))
    return f"{written}\n".encode()


def _nbformat() -> Any:
    """Imported when it is first needed: that takes longer than the whole start of the server may."""
    return importlib.import_module("nbformat")


def refusal(message: str) -> InvalidRequest:
    """The error of a file that cannot be imported."""
    return InvalidRequest(message, param="form.file")


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(raw)
    except (ValueError, RecursionError):
        raise refusal("This is no notebook: it cannot be read as JSON.") from None
    if not isinstance(parsed, dict) or type(parsed.get("nbformat")) is not int:
        raise refusal("This is no notebook: it does not say which notebook format it has.")
    if parsed["nbformat"] > 4:
        raise refusal(f"This notebook has format {parsed['nbformat']}; the newest that can be read is 4.")
    if parsed["nbformat"] < 3:
        raise refusal(f"This notebook has format {parsed['nbformat']}; the oldest that can be read is 3.")
    if not parsed.keys() & {"cells", "worksheets"}:
        raise refusal("This notebook is not valid: it has no cells.")
    if _is_deeper(parsed, _DEEPEST):
        raise refusal(f"This notebook is nested deeper than {_DEEPEST} levels.")
    return storable(parsed)  # type: ignore[no-any-return]


def storable(value: Any) -> Any:
    """The same JSON without NUL, and without what UTF-8 or JSON cannot say."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_UNSTORABLE.sub("\ufffd", key): storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in inner)


def _fault(error: Any) -> str:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    message = error.message if len(error.message) <= 200 else f"{error.message[:150]} ..."
    return f"{place[1:]}: {message}" if place else message


def _give_ids(nb_cells: list[dict[str, Any]]) -> None:
    """A new id for each cell whose id is missing, not allowed, or taken by one before it."""
    taken: set[str] = set()
    for n, nb_cell in enumerate(nb_cells):
        id = nb_cell.get("id")
        if not isinstance(id, str) or not _CELL_ID.fullmatch(id) or id in taken:
            id = next(id for id in (f"cell-{n}{'-' * more}" for more in range(50)) if id not in taken)
        nb_cell["id"] = id
        taken.add(id)
