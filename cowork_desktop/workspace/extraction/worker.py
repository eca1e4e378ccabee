"""Takes the text out of one file, in a process of its own, and writes it to standard output as lines of JSON.

First `{"total": N}`, where it can be known; then `{"place": {...}, "text": "...", "done": n}` for each
passage; last, and once, `{"end": "ready" | "partial" | "failed", "reason": ...}`. A process that ends without
it was ended by a limit, or by a fault in a library.
"""

import gc
import json
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from cowork_desktop.workspace.extraction import limits
from cowork_desktop.workspace.extraction.passages import End, Found, Passage, Total, Unreadable
from cowork_desktop.workspace.extraction.types import Reader, reader_of

MOST_CHARACTERS = 20_000_000
MOST_PASSAGES = 100_000


def main(arguments: list[str]) -> None:
    """`arguments`: the path, the media type as it was sniffed, and the user's name for the file; of a page of
    the web its URL."""
    path, mime_type, name = arguments
    read = _reading(reader_of(mime_type), name)
    gc.disable()  # it ends soon, and its limit of memory holds without
    # What was imported could be written down as bytecode; from here on nothing can.
    limits.apply()
    for found in bounded(guarded(read(Path(path)))):
        sys.stdout.write(json.dumps(_message(found)) + "\n")
    sys.stdout.flush()


def bounded(found: Iterator[Found]) -> Iterator[Found]:
    """What is found, up to the most that is kept, with an end that tells what was read."""
    characters = passages = 0
    for each in found:
        if isinstance(each, End):
            yield each if characters or each.reason else End(each.state, "The file holds no text.")
            return
        if isinstance(each, Passage):
            if passages == MOST_PASSAGES:
                yield End("partial", f"The first {MOST_PASSAGES:,} passages were read.")
                return
            room = MOST_CHARACTERS - characters
            if len(each.text) > room:
                if text := each.text[:room].rstrip():
                    yield Passage(each.place, text, each.done)
                yield End("partial", f"The first {MOST_CHARACTERS:,} characters were read.")
                return
            characters, passages = characters + len(each.text), passages + 1
        yield each


def guarded(found: Iterator[Found]) -> Iterator[Found]:
    """What is found, with exactly one end, whatever happens."""
    has_text = False
    try:
        for each in found:
            yield each
            if isinstance(each, End):
                return
            has_text = has_text or isinstance(each, Passage)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic in Rust is no Exception
        reason = _reason(error)
        yield End("partial", f"Only a part was read: {reason}") if has_text else End("failed", reason)
    else:
        yield End("ready")


def _reason(error: BaseException) -> str:
    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, MemoryError):
        return "Reading it takes more memory than is allowed."
    if isinstance(error, RecursionError):
        return "It is nested too deeply."
    if isinstance(error, limits.OutOfTime):
        return "Reading it takes too long."
    traceback.print_exception(error)
    return "It is damaged, or not of the kind that it seems to be."


def _message(found: Found) -> dict[str, Any]:
    match found:
        case Total(units):
            return {"total": units}
        case Passage(place, text, done):
            return {"place": place, "text": text, "done": done}
        case End(state, reason):
            return {"end": state, "reason": reason}


def _reading(reader: Reader | None, name: str) -> Callable[[Path], Iterator[Found]]:
    """Each reader is imported only for its own files; some bring large libraries."""
    match reader:
        case "pdf":
            from cowork_desktop.workspace.extraction.pdf import read
        case "word":
            from cowork_desktop.workspace.extraction.word import read
        case "slides":
            from cowork_desktop.workspace.extraction.slides import read
        case "sheets":
            from cowork_desktop.workspace.extraction.sheets import read
        case "opendocument":
            from cowork_desktop.workspace.extraction.opendocument import read
        case "html":
            from cowork_desktop.workspace.extraction.markup import read
        case "page":
            from cowork_desktop.workspace.extraction.web_page import read as read_page

            return partial(read_page, url=name)
        case "mail":
            from cowork_desktop.workspace.extraction.mail import read
        case "notebook":
            from cowork_desktop.workspace.extraction.notebook import read
        case "rtf":
            from cowork_desktop.workspace.extraction.rtf import read
        case "json":
            from cowork_desktop.workspace.extraction.text import read_json as read
        case "text":
            from cowork_desktop.workspace.extraction.text import read
        case _:
            return _locked if reader == "locked" else _unknown
    return read


def _locked(path: Path) -> Iterator[Found]:
    yield End("failed", "The file is protected with a password.")


def _unknown(path: Path) -> Iterator[Found]:
    yield End("failed", "Files of this type hold no text that can be read.")
