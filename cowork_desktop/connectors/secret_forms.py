"""The ways in which a credential is written where it comes back: by URLs, JSON, pages, SQL and headers."""

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 4
"""A shorter one stands everywhere by chance; nobody can be told it by masking."""
LONG = 8
"""A shorter one is part of words by chance, and a shorter line of many files."""
_LINES = re.compile(r"[\r\n]+")
_FRAME = re.compile(r"-----(BEGIN|END) [^-]*-----")
_PERCENT = re.compile("%[0-9A-F]{2}")
_SAFE = ("", "/", "!'()*", "!'()*;/?:@&=+$,#")
"""What is left as it is: by OAuth, by paths, by encodeURIComponent, by encodeURI."""
_OPEN = re.compile(
    r"(type|client_email|(quota_)?project_id|client_id|universe_domain|token_type|scope|.*_ur[il])"
)
"""What of a service account's file is no secret, and stands in its service's answers."""
_JSON_SIGN = re.compile("[&<>]")
_UNSAFE_JSON = re.compile("[&<>'\"+`]")


def written_forms(secret: str) -> Iterator[str]:
    """As it is, by its lines and values, and as JSON, URLs, pages, SQL, headers and logs write it."""
    wholes = {secret, secret.strip(), *_values(secret)}
    lines = {line.strip() for whole in wholes for line in _LINES.split(whole)} - wholes
    parts = {line for line in lines if len(line) >= LONG and not _FRAME.fullmatch(line)}
    written = (form for text in wholes | parts for form in _written(text))
    encoded = (form for text in wholes for form in _encodings(_encoded(text)))
    yield from (form for some in (written, encoded) for form in some if len(form) >= SHORTEST)


def _values(secret: str) -> set[str]:
    """The texts in a secret that is JSON, but for those that everybody may know."""
    try:
        held = [json.loads(secret)] if secret.lstrip()[:1] in ("{", "[") else []
    except (ValueError, RecursionError):
        return set()
    texts = set[str]()
    while held:
        match held.pop():
            case str(text) if len(text) >= LONG:
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
    """Also as Go, PHP and .NET write signs, as PHP writes slashes, and each of them in JSON again."""
    ascii_only, plain = json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]
    signs = [_JSON_SIGN.sub(lambda found: f"\\u{ord(found[0]):04x}", form) for form in (ascii_only, plain)]
    net = _UNSAFE_JSON.sub(lambda found: f"\\u{ord(found[0]):04X}", ascii_only.replace('\\"', '"'))
    for form in {ascii_only, plain, *signs, net}:
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


def forms_in_base64(secret: str) -> Iterator[str]:
    """What of it stands in base64 that has something before it, as Basic authentication has the user: it
    depends on where it begins. Of a short one only just that, with the colon, at the end."""
    is_long = len(secret) >= LONG
    for text in {secret, *_values(secret)}:
        raw = _encoded(text if is_long else f":{text}")
        for shift in (0, 1, 2):
            encoded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
            first = -(-8 * shift // 6)  # characters of 6 bits: the one before has some of what is before
            end = 8 * (shift + len(raw)) // 6 if is_long else len(encoded)
            yield from _base64_forms(encoded[first:end])


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
