"""Names of mail folders as IMAP writes them: https://www.rfc-editor.org/rfc/rfc3501#section-5.1.3."""

import base64
import re

_CODED = re.compile(rb"&([A-Za-z0-9+,]*)-")
_ELSE = re.compile(r"&|[^\x20-\x7e]+")


def to_modified_utf7(name: str) -> bytes:
    """Printable ASCII alone, whatever the name holds. Raises UnicodeError for half of a surrogate pair."""
    return _ELSE.sub(lambda found: "&-" if found[0] == "&" else _coded(found[0]), name).encode("ascii")


def from_modified_utf7(name: bytes) -> str:
    """What is not written as it should be stays as it is."""
    return "".join(_parts(name))


def quoted(text: bytes) -> bytes:
    """As a quoted string; of printable ASCII."""
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _coded(text: str) -> str:
    coded = base64.b64encode(text.encode("utf-16-be"), b"+,").rstrip(b"=")
    return f"&{coded.decode()}-"


def _parts(name: bytes) -> list[str]:
    parts, end = [], 0
    for found in _CODED.finditer(name):
        parts += [_plain(name[end : found.start()]), _decoded(found)]
        end = found.end()
    return [*parts, _plain(name[end:])]


def _decoded(found: re.Match[bytes]) -> str:
    coded = found[1]
    if not coded:
        return "&"
    try:
        return base64.b64decode(coded + b"=" * (-len(coded) % 4), b"+,", validate=True).decode("utf-16-be")
    except ValueError:
        return _plain(found[0])


def _plain(part: bytes) -> str:
    # Servers that have learned RFC 6855 write UTF-8.
    return part.decode("utf-8", "replace")
