"""The rows of spreadsheets: XLSX, XLSM, XLSB, XLS and ODS."""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from cowork_desktop.workspace.extraction.archive import Archive
from cowork_desktop.workspace.extraction.containers import ole_stream
from cowork_desktop.workspace.extraction.opendocument import is_encrypted
from cowork_desktop.workspace.extraction.passages import Found, Line, Total, Unreadable, of_lines, one_line
from cowork_desktop.workspace.extraction.sheet_extent import is_scattered

# The beginning of an XLS file's workbook, [MS-XLS] 2.1.7.20.3: the records BOF, WriteProtect and FilePass.
_LOCKED_XLS = re.compile(
    rb"\x09\x08(?:\x08\0.{8}|\x10\0.{16})(?:\x86\0\0\0)?\x2f\0",
    re.DOTALL,
)
Cell = int | float | str | bool | time | date | datetime | timedelta


def read(path: Path) -> Iterator[Found]:
    """Places name the sheet and the row, in hidden ones too; `done` counts sheets.

    calamine, because it is twenty times as fast as openpyxl, and reads what Excel wrote before 2007. Where
    there is no room for all cells between the first and the last, it ends the process.
    """
    if _is_locked(path):
        raise Unreadable("The file is protected with a password.")
    if is_scattered(path):
        raise Unreadable("Its cells lie too far apart to be read.")
    try:
        yield from _found(path)
    except CalamineError:
        raise Unreadable("It is damaged.") from None


def _is_locked(path: Path) -> bool:
    """calamine would tell it, but only of files whose names have an extension; stored ones have none."""
    with path.open("rb") as file:
        if _LOCKED_XLS.match(ole_stream(file, "Workbook", "Book")):
            return True
    if not zipfile.is_zipfile(path):
        return False
    with Archive(path) as archive:
        return is_encrypted(archive)


def _found(path: Path) -> Iterator[Found]:
    book = CalamineWorkbook.from_path(path)
    yield Total(len(book.sheet_names))
    for done, name in enumerate(book.sheet_names):
        yield from of_lines(_rows(book, name, done), "row", {"sheet": name})


def _rows(book: CalamineWorkbook, name: str, done: int) -> Iterator[Line]:
    for number, row in enumerate(book.get_sheet_by_name(name).iter_rows(), 1):
        yield Line(number, "\t".join(map(_text, row)), done)


def _text(cell: Cell) -> str:
    """A cell as it is looked for: dates as in ISO 8601, whole numbers without a fraction."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return f"{cell:.15g}"
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    return one_line(str(cell))
