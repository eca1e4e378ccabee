"""The rows of spreadsheets: XLSX, XLSM, XLSB, XLS and ODS."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from cowork_desktop.workspace.extraction.passages import Found, Line, Total, Unreadable, of_lines, one_line
from cowork_desktop.workspace.extraction.sheet_extent import is_scattered

Cell = int | float | str | bool | time | date | datetime | timedelta


def read(path: Path) -> Iterator[Found]:
    """Places name the sheet and the row, in hidden ones too; `done` counts sheets.

    calamine, because it is twenty times as fast as openpyxl, and reads what Excel wrote before 2007. Where
    there is no room for all cells between the first and the last, it ends the process.
    """
    if is_scattered(path):
        raise Unreadable("Its cells lie too far apart to be read.")
    try:
        yield from _found(path)
    except PasswordError:
        raise Unreadable("The file is protected with a password.") from None
    except CalamineError:
        raise Unreadable("It is damaged.") from None


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
