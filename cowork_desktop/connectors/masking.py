"""Takes credentials out of what comes back from where they were used."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from string import ascii_letters, digits
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import UUID

MASK = "[credential]"
_SHORTEST = 4
"""A shorter one stands everywhere by chance; nobody can be told it by masking."""
_LONG = 8
"""A shorter one is part of words by chance, and a shorter line of many files."""
_PIECE = 1 << 16
"""Characters searched at a time: other threads wait for as long as one search takes."""
_BASE64 = frozenset(f"{ascii_letters}{digits}+/-_")
_BASE64_ENDS = "(?![A-Za-z0-9+/_-])"
_LINES = re.compile(r"[\r\n]+")
_FRAME = re.compile(r"-----(BEGIN|END) [^-]*-----")
_PERCENT = re.compile("%[0-9A-F]{2}")
_NUMBER = re.compile(r"-?[1-9][0-9]*(\.[0-9]+)?")
_SAFE = ("", "/", "!'()*", "!'()*;/?:@&=+$,#")
"""What is left as it is: by OAuth, by paths, by encodeURIComponent, by encodeURI."""
_OPEN = re.compile(
    r"(type|client_email|(quota_)?project_id|client_id|universe_domain|token_type|scope|.*_ur[il])"
)
"""What of a service account's file is no secret, and stands in its service's answers."""
_UNSAFE_JSON = re.compile("[&<>'\"+`]")
_Forms = dict[str, str]
"""What is searched, by the text as it is written: the pattern may ask for what is around it."""


class Masking:
    """Knows the secrets of one connection, in the ways they are usually written."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = [secret for secret in secrets if len(secret) >= _SHORTEST]

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
        search, beyond = self._begun.search, _PIECE + _LONG
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
        numbers = {Decimal(text) for text in texts if len(text) >= _SHORTEST and _NUMBER.fullmatch(text)}
        return frozenset[Any]({*numbers, *(UUID(text) for text in texts if _is_uuid(text))})

    @cached_property
    def _forms(self) -> _Forms:
        return {form: _as_word(form) for secret in self._secrets for form in _forms(secret)}

    @cached_property
    def _inner_forms(self) -> _Forms:
        return {
            form: re.escape(form) + ("" if len(secret) >= _LONG else _BASE64_ENDS)
            for secret in self._secrets
            for form in _inner(secret)
        }

    @cached_property
    def _begun(self) -> re.Pattern[str]:
        """How any of them begins: far less to search, since most begin alike."""
        forms = self._forms | self._inner_forms
        return _any(
            {
                form[:_LONG]: forms[form] if len(form) < _LONG else re.escape(form[:_LONG])
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


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


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
    if len(form) >= _LONG:
        return word
    after = r"(?![^\W_])" if form[-1].isalnum() else ""
    if not form[0].isalnum():
        return word + after
    # Behind the word, not before it: a pattern that begins with plain characters is searched far quicker.
    ways = (r"(?<![^\W_]", r"(?<=\\[abfnrtv]", r"(?<=%HH", r"(?<=\\xHH", r"(?<=\\uHHHH")
    before = "|".join(f"{way.replace('H', '[0-9A-Fa-f]')}{word})" for way in ways)
    return f"{word}{after}(?:{before})"


def _forms(secret: str) -> Iterator[str]:
    """As it is, by its lines and values, and as JSON, URLs, pages, SQL, headers and logs write it."""
    wholes = {secret, secret.strip(), *_values(secret)}
    lines = {line.strip() for whole in wholes for line in _LINES.split(whole)} - wholes
    parts = {line for line in lines if len(line) >= _LONG and not _FRAME.fullmatch(line)}
    written = (form for text in wholes | parts for form in _written(text))
    encoded = (form for text in wholes for form in _encodings(_encoded(text)))
    yield from (form for some in (written, encoded) for form in some if len(form) >= _SHORTEST)


def _values(secret: str) -> set[str]:
    """The texts in a secret that is JSON, but for those that everybody may know."""
    try:
        held = [json.loads(secret)] if secret.lstrip()[:1] in ("{", "[") else []
    except (ValueError, RecursionError):
        return set()
    texts = set[str]()
    while held:
        match held.pop():
            case str(text) if len(text) >= _LONG:
                texts.add(text)
            case dict(values):
                held += [value for key, value in values.items() if not _OPEN.fullmatch(key)]
            case list(values):
                held += values
    return texts


def _written(text: str) -> Iterator[str]:
    yield text
    yield from _as_json(text)
    yield from (repr(text)[1:-1], ascii(text)[1:-1], repr(_encoded(text))[2:-1])
    yield from _with_quotes(text)
    page = html.escape(text, quote=False)
    yield from (page, page.replace('"', "&quot;"))
    for double, single in (
        ("&quot;", "&#x27;"),
        ("&quot;", "&#39;"),
        ("&#34;", "&#39;"),
        ("&quot;", "&apos;"),
    ):
        yield page.replace('"', double).replace("'", single)
    raw = _encoded(text)
    for url in (quote_plus(raw), *(quote(raw, safe=safe) for safe in _SAFE)):
        yield from (url, _small(url))


def _as_json(text: str) -> Iterator[str]:
    """Also as Go and .NET write it, as PHP writes slashes, and each of them in JSON again."""
    ascii_only, plain = json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]
    go = re.sub("[&<>]", lambda found: f"\\u{ord(found[0]):04x}", plain)
    net = _UNSAFE_JSON.sub(lambda found: f"\\u{ord(found[0]):04X}", ascii_only.replace('\\"', '"'))
    for form in {ascii_only, plain, go, net}:
        for one in {form, form.replace("/", "\\/")}:
            yield from (one, json.dumps(one)[1:-1], json.dumps(one, ensure_ascii=False)[1:-1])


def _with_quotes(text: str) -> Iterator[str]:
    """As SQL and shells write quotes: doubled, or behind a backslash."""
    yield from (text.replace("'", "''"), text.replace('"', '""'))
    for one in (text, text.replace("\\", "\\\\")):
        single, double = one.replace("'", "\\'"), one.replace('"', '\\"')
        yield from (one, single, double, single.replace('"', '\\"'), one.replace("'", "''"))


def _small(url: str) -> str:
    return _PERCENT.sub(lambda found: found[0].lower(), url)


def _encodings(raw: bytes) -> Iterator[str]:
    yield from (raw.hex(), raw.hex().upper())
    yield from _base64_forms(base64.b64encode(raw).decode().rstrip("="))


def _base64_forms(encoded: str) -> Iterator[str]:
    """In its alphabets, and as JSON and URLs write it."""
    yield from (encoded, encoded.replace("+", "-").replace("/", "_"), encoded.replace("/", "\\/"))
    yield from (quote(encoded, safe=""), _small(quote(encoded, safe="")))


def _inner(secret: str) -> Iterator[str]:
    """What of it stands in base64 that has something before it, as Basic authentication has the user: it
    depends on where it begins. Of a short one only just that, with the colon, at the end."""
    is_long = len(secret) >= _LONG
    for text in {secret, *_values(secret)}:
        raw = _encoded(text if is_long else f":{text}")
        for shift in (0, 1, 2):
            encoded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
            first = -(-8 * shift // 6)  # characters of 6 bits: the one before has some of what is before
            end = 8 * (shift + len(raw)) // 6 if is_long else len(encoded)
            yield from _base64_forms(encoded[first:end])
