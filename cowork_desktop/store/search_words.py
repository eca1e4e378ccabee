"""How text is cut into words, for the full-text index, for what is asked of it, and for what a hit shows.

A change of `words` needs a migration that makes the index anew: what is taken out of it must be what was put
in.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain

from cowork_desktop.schemas.search import SnippetPart

_UNSPACED = (
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Kana and Chinese characters, between which no spaces stand. The tokenizer takes a run of letters for one
word; of these each becomes one, and a run of them is asked for as a phrase."""
_MARK = "\0"
"""Stands around each of them while words are looked for, and is neither a letter nor a space."""
_PHRASE_OR_WORD = re.compile(r'"([^"]*)"|(\S+)')
WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
"""As the tokenizer cuts them: an accent that makes no one letter with what it stands on ends no word."""
_SCRIPTS_WITH_MARKS = ("LATIN ", "GREEK ", "CYRILLIC ")
_MOST_TERMS = 32
_BEFORE, _LENGTH = 50, 240
"""Characters of a snippet before the first match, and in all."""


def words(text: str) -> str:
    """The text without capitals and accents, and with spaces around what is written without them."""
    return text if text.isascii() else _set_apart(fold(normal(text)), " ")


def normal(text: str) -> str:
    """The text in Unicode's composed form (NFC), in which one letter is one character."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Each character of normal text without its case and marks; one for one, so that places stay."""
    return text.lower() if text.isascii() else text.translate(_folding())


class _Folding(dict[int, str]):
    def __missing__(self, code: int) -> str:
        base = unicodedata.normalize("NFD", chr(code))[0]
        plain = base if unicodedata.name(base, "").startswith(_SCRIPTS_WITH_MARKS) else chr(code)
        self[code] = plain.lower()[0].replace("ς", "σ")
        return self[code]


@cache
def _folding() -> _Folding:
    return _Folding()


@dataclass(frozen=True)
class Term:
    """Words that must follow each other; of the last one maybe only the beginning."""

    words: tuple[str, ...]
    is_prefix: bool = False

    @property
    def match(self) -> str:
        """As FTS5 is asked for it; words hold nothing that it could take for its own syntax."""
        return f'"{" ".join(self.words)}"' + ("*" if self.is_prefix else "")

    @property
    def pattern(self) -> str:
        """A regular expression that finds it in marked text."""
        words = r"[\W_]+".join(map(re.escape, self.words))
        return r"(?<![^\W_])" + words + (r"[^\W_]*" if self.is_prefix else r"(?![^\W_])")


def read_terms(query: str) -> list[Term]:
    """The terms of what somebody typed: phrases in quotation marks, and single words, the last of them
    unfinished."""
    found = [(phrase or word, bool(word)) for phrase, word in _PHRASE_OR_WORD.findall(_marked(normal(query)))]
    terms = [Term(tuple(WORD.findall(text)), is_word) for text, is_word in found]
    *whole, last = [term for term in terms if term.words][:_MOST_TERMS] or [Term(())]
    if not last.words:
        return []
    return [
        *(Term(term.words) for term in whole),
        Term(last.words, last.is_prefix and len(last.words[-1]) > 1),
    ]


def first_match(text: str, terms: Sequence[Term]) -> int | None:
    """Where in normal text the first of the terms begins."""
    return next((start for start, _ in _matches(text, terms)), None)


def snippet(text: str, terms: Sequence[Term]) -> list[SnippetPart]:
    """A stretch of normal text around the first match, its white space collapsed, with each match told
    apart."""
    at = first_match(text, terms) or 0
    start, end = _stretch(text, at)
    shown = " ".join(text[start:end].split())
    parts, place = [], 0
    for begins, ends in _matches(shown, terms):
        parts += [(shown[place:begins], False), (shown[begins:ends], True)]
        place = ends
    return _joined(
        [
            ("… " if start else "", False),
            *parts,
            (shown[place:], False),
            (" …" if end < len(text) else "", False),
        ]
    )


def _stretch(text: str, at: int) -> tuple[int, int]:
    """Where a snippet begins and ends."""
    first, last = max(0, at - _BEFORE), min(len(text), at - _BEFORE + _LENGTH)
    return _cut(text, range(first, at + 1)), _cut(text, range(last, at, -1))


def _cut(text: str, places: range) -> int:
    """The first of the places where there is white space; where none is, the first that cuts no word."""
    blank = (n for n in places if n in (0, len(text)) or any(map(str.isspace, text[n - 1 : n + 1])))
    whole = (n for n in places if not WORD.fullmatch(_marked(text[n - 1 : n + 1])))
    return next(chain(blank, whole), places.start)


def _matches(text: str, terms: Sequence[Term]) -> Iterator[tuple[int, int]]:
    """Where in normal text each match begins and ends."""
    marked = _marked(text)
    for found in _pattern(tuple(terms)).finditer(marked):
        begins, ends = found.span()
        yield begins - marked.count(_MARK, 0, begins), ends - marked.count(_MARK, 0, ends)


def _marked(text: str) -> str:
    """Folded text in which a run of letters is a word."""
    folded = fold(text).replace(_MARK, " ")
    return folded if folded.isascii() else _set_apart(folded, _MARK)


def _set_apart(text: str, mark: str) -> str:
    return _unspaced().sub(rf"{mark}\1{mark}", text)


@cache
def _unspaced() -> re.Pattern[str]:
    """Made when it is first needed: it takes milliseconds."""
    return re.compile(f"([{_UNSPACED}])")


@lru_cache(maxsize=16)
def _pattern(terms: tuple[Term, ...]) -> re.Pattern[str]:
    return re.compile("|".join(term.pattern for term in terms))


def _joined(parts: Sequence[tuple[str, bool]]) -> list[SnippetPart]:
    joined: list[SnippetPart] = []
    for text, is_match in parts:
        if text and joined and joined[-1].is_match is is_match:
            joined[-1].text += text
        elif text:
            joined.append(SnippetPart(text=text, is_match=is_match))
    return joined
