"""Names for files that every system can have, made of names that people gave."""

import re
import unicodedata

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+')
"""What some system takes for something else, and what makes a name look like another."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\..*)?", re.I | re.S)
_LONGEST_STEM = 120
_LONGEST_SUFFIX = 20
"""Bytes, in UTF-8."""


def safe_name(name: str, instead: str = "file") -> str:
    """The name without what does harm, of at most some 140 bytes; `instead` where nothing is left."""
    plain = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip(" .")
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix.encode()) > _LONGEST_SUFFIX or not stem.strip(" ."):
        stem, suffix = plain, ""
    stem = _cut(stem).strip(" .") or instead
    plain = f"{stem}.{suffix}" if suffix else stem
    return f"_{plain}" if _RESERVED.fullmatch(plain) else plain


class FreeNames:
    """Gives each name out once, whatever its case; further ones get a number."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def take(self, folder: str, name: str, instead: str = "file") -> str:
        """A path in the folder that is free."""
        safe = safe_name(name, instead)
        stem, dot, suffix = safe.rpartition(".")
        if not dot:
            stem, suffix = safe, ""
        path, wanted = f"{folder}/{safe}", self._key(f"{folder}/{safe}")
        while self._key(path) in self._taken:
            self._taken[wanted] += 1
            path = f"{folder}/{stem} ({self._taken[wanted]}){dot}{suffix}"
        self._taken[self._key(path)] = 1
        return path

    @staticmethod
    def _key(path: str) -> str:
        return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def _cut(text: str) -> str:
    return text.encode()[:_LONGEST_STEM].decode(errors="ignore")
