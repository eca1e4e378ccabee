"""Long secrets in a keyring whose entries are short: in parts, written so that no crash leaves a torn one."""

import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

logger = logging.getLogger(__name__)

_HEAD = "cowork-parts:"
_HEAD_FORM = re.compile(rf"{_HEAD}([ab]):([0-9]{{1,7}}):([0-9a-f]{{64}})")
_GENERATIONS = "ab"


class Entries(Protocol):
    """Where texts are kept by name, each whole or not at all."""

    def read(self, name: str) -> str | None: ...

    def write(self, name: str, text: str) -> None: ...

    def remove(self, name: str) -> None:
        """One that is there."""


@dataclass(frozen=True)
class _Head:
    """What the entry of a long secret says: where its parts are, and what they should come to."""

    generation: str
    count: int
    digest: str

    @classmethod
    def of(cls, text: str | None) -> "_Head | None":
        found = _HEAD_FORM.fullmatch(text or "")
        return cls(found[1], int(found[2]), found[3]) if found else None

    def __str__(self) -> str:
        return f"{_HEAD}{self.generation}:{self.count}:{self.digest}"


def get(entries: Entries, name: str) -> str | None:
    """None where there is none, or where a part of it is not what was put there."""
    text = entries.read(name)
    head = _Head.of(text)
    if head is None:
        return text
    pieces: list[str] = []
    for number in range(head.count):
        if (piece := entries.read(_part(name, head.generation, number))) is None:
            break
        pieces.append(piece)
    secret = "".join(pieces)
    if len(pieces) == head.count and _digest(secret) == head.digest:
        return secret
    logger.warning("A credential in the keyring is incomplete, and counts as missing")
    return None


def put(entries: Entries, name: str, secret: str, entry_bytes: int) -> None:
    """In entries of at most so many bytes of UTF-16, an even number.

    The parts come first, under names that the secret of before does not use; then the entry that names
    them, which is the moment of the change; then what is not used any more goes."""
    pieces: list[str] = []
    used = None
    if _is_short(secret, entry_bytes):
        entries.write(name, secret)
    else:
        head = _Head.of(entries.read(name))
        used = "b" if head and head.generation == "a" else "a"
        pieces = list(_pieces(secret, entry_bytes))
        for number, piece in enumerate(pieces):
            entries.write(_part(name, used, number), piece)
        entries.write(name, str(_Head(used, len(pieces), _digest(secret))))
    try:
        for generation in _GENERATIONS:
            _sweep(entries, name, generation, len(pieces) if generation == used else 0)
    except Exception as error:  # the secret is kept; the next `put` or `delete` sweeps again
        logger.warning("Parts of an earlier credential stay in the keyring (%s)", type(error).__name__)


def delete(entries: Entries, name: str) -> None:
    """Also of what a crash left without an entry that names it."""
    if entries.read(name) is not None:
        entries.remove(name)
    for generation in _GENERATIONS:
        _sweep(entries, name, generation, 0)


def _sweep(entries: Entries, name: str, generation: str, first: int) -> None:
    """Remove the parts from `first` on. Parts are written from the first and removed from the last, so that
    what any crash leaves has no gaps and is found by counting."""
    end = first
    while entries.read(_part(name, generation, end)) is not None:
        end += 1
    for number in reversed(range(first, end)):
        entries.remove(_part(name, generation, number))


def _part(name: str, generation: str, number: int) -> str:
    return f"{name}#{generation}{number}"


def _is_short(secret: str, entry_bytes: int) -> bool:
    """What begins like a head is kept in parts too, so that no secret can be taken for one."""
    return len(_wide(secret)) <= entry_bytes and not secret.startswith(_HEAD)


def _pieces(secret: str, entry_bytes: int) -> Iterator[str]:
    wide, start = _wide(secret), 0
    while start < len(wide):
        end = min(start + entry_bytes, len(wide))
        if end < len(wide) and 0xD8 <= wide[end - 1] <= 0xDB:  # never between the two halves of a pair
            end -= 2
        yield wide[start:end].decode("utf-16-le")
        start = end


def _wide(secret: str) -> bytes:
    return secret.encode("utf-16-le")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
