"""What a run of a cell has put out, as the model reads it: text without colours and the machine's paths, and
images."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cowork_desktop
from cowork_desktop.agent.model import Image
from cowork_desktop.schemas.scratchpads import Cell, Output

_CONTROL = re.compile(
    r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?|[\x00-\x08\x0b-\x1f\x7f]"
)
_MOST_IMAGES = 3
_LARGEST_IMAGE = 2_000_000
"""Characters of base64: 1.5 MB."""
_IMAGES = ("image/png", "image/jpeg")
_TEXTS = ("text/plain", "text/markdown", "text/latex")
_MOST_OF_ERROR = 6_000
_MOST_LIBRARY_FRAMES = 2
_FRAME = re.compile(r"^(?=File |Cell In\[)", re.M)
_HEADER = re.compile(r"^-{20,}\n.*Traceback \(most recent call last\)\n", re.M)
_PATH = r"(?:[A-Za-z]:)?[\\/][^\s'\":*?<>|]*?"
_PROGRAM = str(Path(cowork_desktop.__file__).parents[1])
_LIBRARY = re.compile(rf"{_PATH}[\\/](?:lib[\\/]python3\.\d+(?:[\\/]site-packages)?|site-packages)[\\/]")
_TEMPORARY = re.compile(rf"{_PATH}[\\/]k_[0-9a-f]+\.temporary\b")


@dataclass(frozen=True)
class CellText:
    text: str
    images: Sequence[Image] = ()


def cell_text(cell: Cell, output: Cell | None, root: Path) -> CellText:
    """What the code cell and its output cell say; `root` is the working folder, to which paths are told."""
    outputs = (output.outputs if output else None) or []
    images: list[Image] = []
    pieces = [_with_image(one, images) or plain(one, root) for one in outputs]
    if cell.error and not any(one.kind == "error" for one in outputs):
        pieces.append(f"Error: {without_paths(cell.error, root)}")
    return CellText("\n".join(filter(None, (piece.rstrip("\n") for piece in pieces))), images)


def plain(output: Output, root: Path) -> str:
    """One output as text."""
    text = without_paths(_CONTROL.sub("", _text(output)), root)
    if output.kind == "error":
        return _short_error(text)
    if output.kind == "notice":
        return f"[{text}]"
    return f"[stderr]\n{text}" if output.name == "stderr" else text


def without_paths(text: str, root: Path) -> str:
    """The text with the places of this machine shortened."""
    for place in {root, root.resolve()}:
        folder, data = str(place), str(place.parents[2])
        text = text.replace(f"{folder}/", "").replace(f"{folder}\\", "").replace(folder, ".")
        text = _TEMPORARY.sub("(temporary folder)", text).replace(data, "(data folder)")
    text = _LIBRARY.sub("…/", text.replace(f"{_PROGRAM}{os.sep}", "…/"))
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text


def _text(output: Output) -> str:
    shapes = {output.mime: output.data, **output.alternatives}
    found = next((shapes[mime] for mime in _TEXTS if mime in shapes), None)
    if isinstance(found, str):
        return found
    if isinstance(output.data, str):
        return f"[{output.mime}, {len(output.data):,} characters]"
    return json.dumps(output.data, ensure_ascii=False)


def _with_image(output: Output, images: list[Image]) -> str | None:
    """A word for an image, which goes to the others if there is room for it; None where it is none."""
    shapes = {output.mime: output.data, **output.alternatives}
    mime = next((mime for mime in _IMAGES if mime in shapes), None)
    data = shapes[mime] if mime else None
    if mime is None or output.mime == "text/html" or not isinstance(data, str):
        return None
    base64 = data.partition("base64,")[2]
    if len(base64) > _LARGEST_IMAGE:
        return f"[{mime}: too large to be shown to you; the user sees it]"
    if len(images) >= _MOST_IMAGES:
        return f"[{mime}: only {_MOST_IMAGES} images of a cell are shown to you; the user sees it]"
    images.append(Image(mime, base64))
    return f"[{mime}: image {len(images)} of this result; the user sees it too]"


def _short_error(text: str) -> str:
    """A traceback with the frames of cells, the last of the libraries', and the message."""
    text = _HEADER.sub("", text)
    first, *frames = _FRAME.split(text)
    last = frames.pop() if frames else ""
    libraries = [index for index, frame in enumerate(frames) if frame.startswith("File ")]
    for index in libraries:
        is_told = index in libraries[-_MOST_LIBRARY_FRAMES:]
        frames[index] = frames[index].splitlines()[0] + "\n" if is_told else ""
    short = first + "".join(frames) + last
    if len(short) <= _MOST_OF_ERROR:
        return short
    half = _MOST_OF_ERROR // 2
    return f"{short[:half]}\n[...]\n{short[-half:]}"
