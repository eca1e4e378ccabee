"""What a check finds in one file: its faults, and what it refers to."""

from dataclasses import dataclass, field
from typing import Literal

ReferenceKind = Literal["load", "script", "import", "request", "link", "connect"]
"""`load`: fetched by itself, from the file's folder; `script`: so, by a classic script element; `import`: of
an ES module; `request`: made by code, from the page's folder; `link`: followed by a click; `connect`: goes
somewhere without being a file: a form's action, say."""


@dataclass(frozen=True)
class Fault:
    """Something wrong with a file. One that is not fatal is a hint."""

    path: str
    line: int | None
    """From 1; None where it is about the whole file."""
    words: str
    is_fatal: bool = True

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.words}"


@dataclass(frozen=True)
class Reference:
    url: str
    line: int
    kind: ReferenceKind
    what: str
    """How it is written, for people: `<img src>`."""
    is_whole: bool = True
    """False where code adds something to it."""


@dataclass
class Findings:
    """Of one file, or of a piece of it."""

    faults: list[tuple[int | None, str, bool]] = field(default_factory=list)
    """Line, words, and whether it is fatal."""
    references: list[Reference] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    """What import maps say: specifier and address."""
    is_module: bool = False
    """Whether it is a script that imports or exports."""

    def add(self, line: int | None, words: str, *, is_fatal: bool = True) -> None:
        self.faults.append((line, words, is_fatal))

    def hint(self, line: int | None, words: str) -> None:
        self.add(line, words, is_fatal=False)

    def refer(self, url: str, line: int, kind: ReferenceKind, what: str, *, is_whole: bool = True) -> None:
        self.references.append(Reference(url, line, kind, what, is_whole))

    def take(self, other: "Findings") -> None:
        """Add what was found in a piece."""
        self.faults += other.faults
        self.references += other.references
        self.imports |= other.imports


class Lines:
    """The lines of a text's characters; quick where they are asked for in order."""

    def __init__(self, text: str, first: int = 1) -> None:
        self._text, self._first = text, first
        self._at, self._line = 0, first

    def at(self, place: int) -> int:
        if place < self._at:
            self._at, self._line = 0, self._first
        self._line += self._text.count("\n", self._at, place)
        self._at = place
        return self._line


def shown(text: str) -> str:
    """A piece of a file in the words of a fault: short, and no sentence."""
    plain = "%20".join(text.split())
    return plain if len(plain) <= 100 else plain[:100] + "…"


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())
