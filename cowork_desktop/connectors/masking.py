"""Takes credentials out of what comes back from where they were used."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from string import ascii_letters, digits
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "[credential]"
_SHORTEST = 4
"""A shorter one stands everywhere by chance; nobody can be told it by masking."""
_BASE64 = frozenset(f"{ascii_letters}{digits}+/=")
_LINES = re.compile(r"[\r\n]+")


class Masking:
    """Knows the secrets of one connection, in the ways they are usually written."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = [secret for secret in secrets if len(secret) >= _SHORTEST]

    def text(self, text: str) -> str:
        if not self._secrets:
            return text
        return self._plain.sub(MASK, self._without_inner(text))

    def content(self, content: bytes) -> bytes:
        if not self._secrets:
            return content
        return self.text(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

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
        return value

    def rows(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Rows of plain values; those without text are left as they are."""
        return [[self.value(value) for value in row] for row in rows] if self._secrets else rows

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        return _matching(_forms, self._secrets)

    @cached_property
    def _within(self) -> re.Pattern[str]:
        return _matching(_inner, self._secrets)

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
            kept += [text[place:start], MASK]
            place = end
        return "".join([*kept, text[place:]]) if kept else text


def _matching(forms: Callable[[str], Iterable[str]], secrets: Iterable[str]) -> re.Pattern[str]:
    """What matches those forms of the secrets, the longest first; nothing where there are none."""
    written = {form for secret in secrets for form in forms(secret)}
    return re.compile("|".join(map(re.escape, sorted(written, key=len, reverse=True))) or "(?!)")


def _forms(secret: str) -> Iterable[str]:
    """As it is, line by line, and as JSON, URLs, headers and logs write it."""
    lines = [line for line in _LINES.split(secret) if len(line) >= _SHORTEST]
    for text in {secret, secret.strip(), *lines}:
        yield text
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield quote(text, safe="")
        yield quote_plus(text)
        yield repr(text)[1:-1]
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    yield from (encoded, encoded.replace("+", "-").replace("/", "_"))


def _inner(secret: str) -> Iterable[str]:
    """What of it stands in base64 that has something before it, as Basic authentication has the user: it
    depends on where it begins."""
    for shift in (0, 1, 2):
        encoded = base64.b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")
        inner = encoded[4 if shift else 0 : -1]
        if len(inner) >= _SHORTEST:
            yield inner
