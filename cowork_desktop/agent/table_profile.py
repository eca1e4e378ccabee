"""A short profile of a table for the model: its columns with their types, how much of it there is, its first
rows."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, groupby, islice

from cowork_desktop.agent.column_profile import Column, may_be_names
from cowork_desktop.agent.shortening import one_line
from cowork_desktop.schemas.texts import Passage
from cowork_desktop.workspace.extraction.passages import LONGEST as _LONGEST_PASSAGE

LONGEST = 3_000
"""Characters of a profile."""
MOST_COLUMNS = 60
_MOST_ROWS = 200_000
_MOST_SHEETS = 6
_FIRST_ROWS = 5
_HEAD_ROWS = 20
_LONGEST_CELL = 40
_LONGEST_NAME = 60
_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50
_MOST_LINES_OF_A_RECORD = 10
_LONGEST_LINE = 100_000

Row = Sequence[str]


def of_text(text: str, *, is_cut: bool = False) -> str:
    """The profile of CSV or TSV text, whatever its delimiter. `is_cut`: there is more than this.

    The text is somebody's, and so are the names and cells in the profile. Takes about a second for a hundred
    thousand rows.
    """
    lines = (line[:_LONGEST_LINE] for line in text.lstrip("\ufeff").replace("\0", "").splitlines())
    return _profile(_delimited(lines), "", is_cut, LONGEST)


def of_passages(passages: Iterable[Passage], *, is_cut: bool = False) -> str:
    """The profile of what was read out of a workbook, sheet by sheet, or of a text file."""
    sheets: list[tuple[str, list[Passage]]] = [
        (name, list(group))
        for name, group in groupby(passages, key=lambda passage: passage.place.sheet or "")
    ]
    shown = sheets[:_MOST_SHEETS]
    more = [one_line(name, _LONGEST_NAME) for name, _ in sheets[_MOST_SHEETS:]]
    rest = one_line(f"[further sheets: {', '.join(more)}]", 300) if more else ""
    room = (LONGEST - len(rest) - 2 * len(shown)) // max(1, len(shown))
    profiles = [
        # Only the last one can be cut: passages are in their order.
        _profile(_rows(group, name), name, is_cut and n == len(sheets), room)
        for n, (name, group) in enumerate(shown, 1)
    ]
    return "\n\n".join([*profiles, *([rest] if rest else [])]) or _profile(iter(()), "", is_cut, LONGEST)


def _rows(passages: Sequence[Passage], sheet: str) -> Iterator[Row]:
    is_sheet = bool(sheet) or any(passage.place.row is not None for passage in passages)
    lines = _lines(passages, "\t" if is_sheet else " ")
    return (line.split("\t") for line in lines) if is_sheet else _delimited(lines)


def _lines(passages: Iterable[Passage], blank: str) -> Iterator[str]:
    """The lines of passages. One that was too long for a passage comes in pieces with one number, which lost
    the blank between them."""
    number, line, last = -1, "", ""
    for passage in passages:
        first = passage.place.row or passage.place.line or number + 1
        for n, piece in enumerate(passage.text.split("\n"), first):
            if n == number:
                line += piece if len(last) == _LONGEST_PASSAGE else blank + piece
            else:
                if number >= 0:
                    yield line
                number, line = n, piece
            last = piece
    if number >= 0:
        yield line


def _delimited(lines: Iterable[str]) -> Iterator[Row]:
    """The records of CSV lines; where quotes are not in pairs, each line is one."""
    lines = iter(lines)
    sample = list(islice(lines, _SAMPLE_LINES))
    delimiter = _delimiter(sample)
    whole = chain(sample, lines)
    if len(_read(sample, delimiter)) * _MOST_LINES_OF_A_RECORD < len(sample):
        yield from (line.replace('"', "").split(delimiter) for line in whole)
        return
    ended = (f"{line}\n" for line in whole)
    is_read = False
    while not is_read:
        # A field that never ends is an error after some thousand lines; reading goes on behind it.
        with suppress(csv.Error):
            yield from csv.reader(ended, delimiter=delimiter)
            is_read = True


def _delimiter(lines: Sequence[str]) -> str:
    """The one that cuts most of the lines into the same number of fields, more than one."""

    def score(delimiter: str) -> int:
        fields = [len(row) for row in _read(lines, delimiter) if row]
        usual = max(set(fields), key=lambda n: (fields.count(n), n), default=1)
        return fields.count(usual) * min(usual - 1, 5) if usual > 1 else 0

    return max(_DELIMITERS, key=score)


def _read(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    with suppress(csv.Error):
        return list(csv.reader((f"{line}\n" for line in lines), delimiter=delimiter))
    return []


@dataclass
class _Table:
    above: list[Row] = field(default_factory=list)
    """What stands over the names of the columns."""
    columns: list[Column] = field(default_factory=list)
    first: list[Row] = field(default_factory=list)
    rows: int = 0
    wider: int = 0
    """Rows with more cells than there are columns."""
    is_cut: bool = False


def _profile(rows: Iterator[Row], sheet: str, is_cut: bool, room: int) -> str:
    table = _read_table(rows)
    table.is_cut = table.is_cut or is_cut
    title = f"Sheet {one_line(sheet, _LONGEST_NAME)!r}" if sheet else "Table"
    if not table.columns:
        return f"{title}: no rows."
    rows_read = f"{'at least ' if table.is_cut else ''}{_counted(table.rows, 'row')}"
    heading = f"{title}: {rows_read}, {_counted(len(table.columns), 'column')}."
    notes = [
        *(f"Above the table: {_cells(row)}" for row in table.above),
        *([f"{_counted(table.wider, 'row')} had more cells than columns."] if table.wider else []),
    ]
    return _fitted([heading, *notes], _told_columns(table), [_cells(row) for row in table.first], room)


def _counted(n: int, unit: str) -> str:
    return f"{n:,} {unit}{'' if n == 1 else 's'}"


def _read_table(rows: Iterator[Row]) -> _Table:
    filled = (row for row in rows if any(cell.strip() for cell in row))
    head = list(islice(filled, _HEAD_ROWS))
    at = _start(head)
    width = max((len(row) for row in head[at:]), default=0)
    names = head[at] if _has_names(head[at:], width) else None
    table = _Table(above=head[:at][:3], columns=_columns(names, width))
    begin = at if names is None else at + 1
    for row in chain(head[begin:], filled):
        if table.rows == _MOST_ROWS:
            table.is_cut = True
            break
        _take(table, row)
    return table


def _start(head: Sequence[Row]) -> int:
    """Titles over a table have few cells: it begins where a row is filled as most are."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in head]
    enough = max(filled, default=0) * 0.6
    return next((n for n, count in enumerate(filled) if count >= enough), 0)


def _has_names(table: Sequence[Row], width: int) -> bool:
    """Whether the first row has the names of the columns; a word that stands alone is none."""
    if not table or (len(table) == 1 and width == 1):
        return False
    return may_be_names([cell.strip() for cell in table[0] if cell.strip()])


def _columns(names: Row | None, width: int) -> list[Column]:
    told = [one_line(name, _LONGEST_NAME) for name in names or ()]
    named = told + [""] * (width - len(told))
    return [Column(name or f"(column {n})") for n, name in enumerate(named, 1)]


def _take(table: _Table, row: Row) -> None:
    table.rows += 1
    if len(table.first) < _FIRST_ROWS:
        table.first.append(row)
    if len(row) > len(table.columns):
        table.wider += any(cell.strip() for cell in row[len(table.columns) :])
    for n, column in enumerate(table.columns[:MOST_COLUMNS]):
        column.take(row[n].strip() if n < len(row) else "")


def _told_columns(table: _Table) -> list[str]:
    lines = [f"{n}. {column.told()}" for n, column in enumerate(table.columns[:MOST_COLUMNS], 1)]
    more = table.columns[MOST_COLUMNS:]
    if more:
        lines.append(one_line(f"[{len(more)} more: {', '.join(column.name for column in more)}]", 300))
    return lines


def _cells(row: Row) -> str:
    return " | ".join(one_line(cell, _LONGEST_CELL) for cell in row[:MOST_COLUMNS]).rstrip(" |")


def _fitted(top: Sequence[str], columns: Sequence[str], rows: Sequence[str], room: int) -> str:
    """All that there is room for: the columns before the rows, of which the first has its place."""
    for_rows = min(sum(len(row) + 1 for row in rows), room // 4) + 20 if rows else 0
    lines, left = list(top), room - sum(len(line) + 1 for line in top) - for_rows
    for n, line in enumerate(columns):
        if len(line) + 1 > left - 40:
            lines.append(f"[{len(columns) - n} more columns are not shown]")
            break
        lines.append(line)
        left -= len(line) + 1
    lines += ["First rows:"] if rows else []
    for row in rows:
        left = room - sum(len(line) + 1 for line in lines)
        if left < 20:
            break
        lines.append(one_line(row, min(left, max(200, room // 4))))
    return "\n".join(lines)[:room]
