"""What a check of this machine comes to, in words for people that hold nothing secret."""

from dataclasses import dataclass
from typing import Literal

from cowork_desktop.logs import redact

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Verdict:
    state: State
    words: str
    """One line."""
    remedy: str | None = None
    """What to do; None where all is well."""

    @property
    def line(self) -> str:
        return f"{self.words} {self.remedy}" if self.remedy else self.words


def ok(words: str) -> Verdict:
    return Verdict("ok", _line(words))


def warning(words: str, remedy: str) -> Verdict:
    """Something may be missed, but Cowork works."""
    return Verdict("warning", _line(words), _line(remedy))


def problem(words: str, remedy: str) -> Verdict:
    """Cowork, or a part of it, does not work."""
    return Verdict("problem", _line(words), _line(remedy))


def _line(words: str) -> str:
    return redact(" ".join(words.split()))
