"""Takes credentials out of what comes back from where they were used."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from string import ascii_letters, digits
from typing import Any
from uuid import UUID

from cowork_desktop.connectors.secret_forms import LONG, SHORTEST, forms_in_base64, written_forms

MASK = "[credential]"
_PIECE = 1 << 16
"""Characters searched at a time: other threads wait for as long as one search takes."""
_BASE64 = frozenset(f"{ascii_letters}{digits}+/-_")
_BASE64_ENDS = "(?![A-Za-z0-9+/_-])"
_NUMBER = re.compile(r"-?[1-9][0-9]*(\.[0-9]+)?")
_Forms = dict[str, str]
"""What is searched, by the text as it is written: the pattern may ask for what is around it."""


class Masking:
    """Knows the secrets of one connection, in the ways they are usually written."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = [secret for secret in secrets if len(secret) >= SHORTEST]

    def __bool__(self) -> bool:
        """Whether there is anything to mask."""
        return bool(self._secrets)

    def text(self, text: str) -> str:
        if not self._secrets or not self._may_be_in(text):
            return text
        return self._plain.sub(MASK, self._without_inner(text))

    def content(self, content: bytes) -> bytes:
        if not self._secrets:
            return content
        text = _decoded(content)
        masked = self.text(text)
        return content if masked is text else masked.encode("utf-8", "surrogateescape")

    def value(self, value: Any) -> Any:
        """A plain value, whatever it holds."""
        match value:
            case str():
                return self.text(value)
            case bytes():
                return self.content(value)
            case Mapping():
                return {self.value(key): self.value(one) for key, one in value.items()}
            case list() | tuple():
                return [self.value(one) for one in value]
        return MASK if self._is_same(value) else value

    def rows(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Rows of plain values; the same where nothing in them may be a secret."""
        if not self._secrets or not self._may_be_among(value for row in rows for value in row):
            return rows
        return [[self.value(value) for value in row] if self._may_be_among(row) else row for row in rows]

    def _may_be_among(self, values: Iterable[Any]) -> bool:
        """One search over all texts is far quicker than one for each."""
        texts, others = list[str](), list[Any](values)
        while others:
            deeper = list[Any]()
            for value in others:
                match value:
                    case str():
                        texts.append(value)
                    case None | bool():
                        pass
                    case bytes():
                        texts.append(_decoded(value))
                    case Mapping():
                        deeper += [*value.keys(), *value.values()]
                    case list() | tuple():
                        deeper += value
                    case _ if self._is_same(value):
                        return True
            others = deeper
        return self._may_be_in("\0".join(texts))

    def _may_be_in(self, text: str) -> bool:
        search, beyond = self._begun.search, _PIECE + LONG
        return any(search(text, at, at + beyond) for at in range(0, len(text), _PIECE))

    def _is_same(self, value: Any) -> bool:
        """Whether it is a number or a UUID that is written as a secret is."""
        match value:
            case bool():
                return False
            case Decimal() if value.is_snan():  # it has no hash
                return False
            case int() | float() | Decimal() | UUID():
                return value in self._same
        return False

    @cached_property
    def _same(self) -> frozenset[Any]:
        """Equal numbers have equal hashes, of whatever type."""
        texts = {text.strip() for text in self._secrets}
        numbers = {Decimal(text) for text in texts if len(text) >= SHORTEST and _NUMBER.fullmatch(text)}
        return frozenset[Any]({*numbers, *(UUID(text) for text in texts if _is_uuid(text))})

    @cached_property
    def _forms(self) -> _Forms:
        return {form: _as_word(form) for secret in self._secrets for form in written_forms(secret)}

    @cached_property
    def _inner_forms(self) -> _Forms:
        return {
            form: re.escape(form) + ("" if len(secret) >= LONG else _BASE64_ENDS)
            for secret in self._secrets
            for form in forms_in_base64(secret)
        }

    @cached_property
    def _begun(self) -> re.Pattern[str]:
        """How any of them begins: far less to search, since most begin alike."""
        forms = self._forms | self._inner_forms
        return _any(
            {
                form[:LONG]: forms[form] if len(form) < LONG else re.escape(form[:LONG])
                for form in sorted(forms, key=len)
            }
        )

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        return _any(self._forms)

    @cached_property
    def _within(self) -> re.Pattern[str]:
        return _any(self._inner_forms)

    def _without_inner(self, text: str) -> str:
        """Without the whole of any base64 that has a secret somewhere in it."""
        kept, place = list[str](), 0
        for found in self._within.finditer(text):
            if found.start() < place:
                continue
            start, end = found.span()
            while start > place and text[start - 1] in _BASE64:
                start -= 1
            while end < len(text) and text[end] in _BASE64:
                end += 1
            while end < len(text) and text[end] == "=":
                end += 1
            kept += [text[place:start], MASK]
            place = end
        return "".join([*kept, text[place:]]) if kept else text


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _any(forms: _Forms) -> re.Pattern[str]:
    """What matches any of these, the longest first; nothing where there are none. By their first characters,
    so that most places in a text are passed at once."""
    ordered = sorted(forms, key=lambda form: (form[0], -len(form)))
    found = list[str]()
    for first, group in groupby(ordered, key=lambda form: form[0]):
        head = re.escape(first)
        found.append(f"{head}(?:{'|'.join(forms[form].removeprefix(head) for form in group)})")
    return re.compile("|".join(found) or "(?!)")


def _as_word(form: str) -> str:
    """Matches it; a short one only where it is no part of a longer word. The n of `\\n` and the hex digits of
    `%3D`, `\\x3d` and `\\u003d` are no part of the word after them."""
    word = re.escape(form)
    if len(form) >= LONG:
        return word
    after = r"(?![^\W_])" if form[-1].isalnum() else ""
    if not form[0].isalnum():
        return word + after
    # Behind the word, not before it: a pattern that begins with plain characters is searched far quicker.
    ways = (r"(?<![^\W_]", r"(?<=\\[abfnrtv]", r"(?<=%HH", r"(?<=\\xHH", r"(?<=\\uHHHH")
    before = "|".join(f"{way.replace('H', '[0-9A-Fa-f]')}{word})" for way in ways)
    return f"{word}{after}(?:{before})"
