"""What the values of one column of a table are: their type, how many are missing, their range or examples."""

import re
from dataclasses import dataclass, field
from itertools import islice
from math import isfinite
from typing import Literal

from cowork_desktop.agent.shortening import one_line

Kind = Literal["integer", "number", "date", "yes/no", "text"]

_MOST_DIFFERENT = 50
_EXAMPLES = 5
_LONGEST_EXAMPLE = 30
_USUAL = 0.95
"""A column is of a type when so many of its values are."""
_MISSING = frozenset(("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "–", "—"))
_YES_NO = frozenset(("true", "false", "yes", "no", "y", "n", "ja", "nein", "oui", "non", "wahr", "falsch"))
_DECORATION = re.compile(r"[\s'’€$£¥%]|\b(?:EUR|USD|GBP|CHF)\b")
_INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d{0,14})", re.ASCII)
"""Of more digits it is a code."""
_FRACTION = re.compile(r"[+-]?(?:\d{1,30}\.\d*|\.\d+|\d{1,15}(?=[eE]))(?:[eE][+-]?\d{1,3})?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_THOUSANDS_WITH_POINTS = re.compile(r"[+-]?[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d{1,30},\d+", re.ASCII)
_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_ISO_DATE = re.compile(rf"\d{{4}}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]){_TIME}", re.ASCII)
_OTHER_DATE = re.compile(
    r"(?:[0-3]?\d[./-][01]?\d[./-](?:\d{4}|\d{2})|[01]?\d/[0-3]?\d/\d{2,4}|\d{4}[/.][01]?\d[/.][0-3]?\d)"
    + _TIME,
    re.ASCII,
)
_YEAR = re.compile(r"(?:19|20)\d\d", re.ASCII)


@dataclass
class Column:
    name: str
    values: int = 0
    missing: int = 0
    kinds: dict[Kind, int] = field(default_factory=dict)
    different: dict[str, Kind] = field(default_factory=dict)
    """The first values that differ, and no more than are looked at, with their types."""
    has_more: bool = False
    least: float | None = None
    most: float | None = None
    first_day: str | None = None
    last_day: str | None = None
    other_days: int = 0
    """Dates that are not written as in ISO 8601: whose order is unknown."""

    def take(self, cell: str) -> None:
        """Count one cell, without blanks around it."""
        if (kind := self.different.get(cell)) is None:
            if cell.lower() in _MISSING:
                self.missing += 1
                return
            kind = self._take_new(cell)
        self.values += 1
        self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def _take_new(self, cell: str) -> Kind:
        kind, number = read_value(cell)
        if len(self.different) < _MOST_DIFFERENT:
            self.different[cell] = kind
        else:
            self.has_more = True
        if number is not None:
            self._take_number(number)
        elif kind == "date":
            self._take_day(cell)
        return kind

    def _take_number(self, number: float) -> None:
        self.least = number if self.least is None else min(self.least, number)
        self.most = number if self.most is None else max(self.most, number)

    def _take_day(self, cell: str) -> None:
        if not _ISO_DATE.fullmatch(cell):
            self.other_days += 1
            return
        self.first_day = cell if self.first_day is None else min(self.first_day, cell)
        self.last_day = cell if self.last_day is None else max(self.last_day, cell)

    @property
    def kind(self) -> Kind:
        """What at least 95 % of the values are; integers are numbers too."""
        counts: list[tuple[Kind, int]] = [
            ("integer" if not self.kinds.get("number") else "number", self._numbers),
            ("date", self.kinds.get("date", 0)),
            ("yes/no", self.kinds.get("yes/no", 0)),
        ]
        return next((kind for kind, n in counts if n and n >= self.values * _USUAL), "text")

    @property
    def _numbers(self) -> int:
        return self.kinds.get("integer", 0) + self.kinds.get("number", 0)

    def told(self) -> str:
        """One line: `price: number, 2% missing, 0.5 to 1,200`."""
        parts = [f"{self.name}: {self.kind if self.values else 'empty'}"]
        if self.values and (others := self._others):
            parts[0] += f" ({others:,} other)"
        if self.missing and self.values:
            parts.append(f"{_share(self.missing, self.missing + self.values)} missing")
        return ", ".join([*parts, *self._range()])

    @property
    def _others(self) -> int:
        """How many values are not of the type of the column."""
        match self.kind:
            case "text":
                return 0
            case "integer" | "number":
                return self.values - self._numbers
            case kind:
                return self.values - self.kinds.get(kind, 0)

    def _range(self) -> list[str]:
        kind = self.kind
        if kind in ("integer", "number") and self.least is not None and self.most is not None:
            return [f"{_shown(self.least)} to {_shown(self.most)}"]
        if kind == "date" and self.first_day and self.last_day and not self.other_days:
            return [f"{self.first_day} to {self.last_day}"]
        return self._examples()

    def _examples(self) -> list[str]:
        if not self.different:
            return []
        some = [one_line(value, _LONGEST_EXAMPLE) for value in islice(self.different, _EXAMPLES)]
        count = f"more than {_MOST_DIFFERENT}" if self.has_more else f"{len(self.different)}"
        return [f"{count} different, e.g. {'; '.join(some)}"]


def may_be_names(cells: list[str]) -> bool:
    """Whether the cells of a row can be names of columns: words, each once, and beside them perhaps years."""
    if len(set(cells)) < len(cells) or not cells:
        return False
    values = [
        cell for cell in cells if read_value(cell)[0] != "text" and cell.lower() not in ("y", "n", "no")
    ]
    return not values or (1 < len(values) < len(cells) and all(map(_YEAR.fullmatch, values)))


def read_value(cell: str) -> tuple[Kind, float | None]:
    """The type of a value that is not missing, and the number that it is.

    Marks of currency, percent and thousands may be there. Digits after a leading zero are a code, such as a
    postcode; `1,234` is a thousand and more, `12,5` a decimal fraction.
    """
    if _INTEGER.fullmatch(cell):
        return "integer", float(cell)
    if cell.lower() in _YES_NO:
        return "yes/no", None
    if len(cell) > 60 or not any("0" <= character <= "9" for character in cell):
        return "text", None
    if _ISO_DATE.fullmatch(cell) or _OTHER_DATE.fullmatch(cell):
        return "date", None
    text = _plain_number(_DECORATION.sub("", cell))
    number = float(text) if text is not None else None
    if text is None or number is None or not isfinite(number):
        return "text", None
    return ("integer" if _INTEGER.fullmatch(text) else "number"), number


def _plain_number(bare: str) -> str | None:
    if _INTEGER.fullmatch(bare) or _FRACTION.fullmatch(bare):
        return bare
    if _THOUSANDS.fullmatch(bare):
        return bare.replace(",", "")
    if _THOUSANDS_WITH_POINTS.fullmatch(bare):
        return bare.replace(".", "").replace(",", ".")
    return bare.replace(",", ".") if _DECIMAL_COMMA.fullmatch(bare) else None


def _shown(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) and abs(number) < 1e15 else f"{number:,.6g}"


def _share(part: int, whole: int) -> str:
    share = 100 * part / whole
    return f"{share:.0f}%" if share >= 1 else "under 1%"
