"""Names of files that every system can have: which they are, and how to make one of what people gave."""

import re
import unicodedata

_SPECIAL = r'\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff'
"""What some system does not take, or takes for something else
(https://learn.microsoft.com/windows/win32/fileio/naming-a-file)."""
_NOT_PORTABLE = re.compile(rf"[{_SPECIAL}]|[ .]\Z")
_FORBIDDEN = re.compile(rf"[{_SPECIAL}\x80-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
"""And what makes a name look like another."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\..*)?", re.I | re.S)
_LONGEST_STEM = 120
_LONGEST_SUFFIX = 20
"""Bytes, in UTF-8."""


def is_portable(name: str) -> bool:
    """Whether every system can have a file or a folder of this name, if it is not too long."""
    return bool(name) and not _NOT_PORTABLE.search(name) and not _RESERVED.fullmatch(name)


def same_everywhere(path: str) -> str:
    """What two paths have in common that are one where case, or how an accent is written, does not count."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def safe_name(name: str) -> str:
    """The name without what does harm, of at most some 140 bytes; `file` where nothing is left."""
    plain = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip(" .")
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix.encode()) > _LONGEST_SUFFIX or not stem.strip(" ."):
        stem, suffix = plain, ""
    stem = _cut(stem).strip(" .") or "file"
    plain = f"{stem}.{suffix}" if suffix else stem
    return f"_{plain}" if _RESERVED.fullmatch(plain) else plain


class FreeNames:
    """Gives each name out once, whatever its case; further ones get a number."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def take(self, folder: str, name: str) -> str:
        """A path in the folder that is free."""
        safe = safe_name(name)
        stem, dot, suffix = safe.rpartition(".")
        if not dot:
            stem, suffix = safe, ""
        path, wanted = f"{folder}/{safe}", same_everywhere(f"{folder}/{safe}")
        while same_everywhere(path) in self._taken:
            self._taken[wanted] += 1
            path = f"{folder}/{stem} ({self._taken[wanted]}){dot}{suffix}"
        self._taken[same_everywhere(path)] = 1
        return path


def _cut(text: str) -> str:
    return text.encode()[:_LONGEST_STEM].decode(errors="ignore")
