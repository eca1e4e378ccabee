"""Which encoding a text file is written in."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 1 << 20
_SAMPLE = 16_384
_FALLBACK = "cp1252"
# What texts of other encodings have when they are read as Western European: letters that its languages rarely
# use, and signs between letters.
_NOT_WESTERN = re.compile(
    "[ŠšŽžŸÐðÞþ\ufffd]|(?<=[^\\W\\d_])[ˆ‰‚ƒ„…†‡‹“”•˜™›¡¢£¤¥¦¨©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾¿](?=[^\\W\\d_])"
)
_WITH_NULS = ["utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le"]
_KANA = re.compile("[ぁ-ヿ]")
_ACCENTED = re.compile("[À-ÿ]+")


def bom_encoding(head: bytes) -> str | None:
    """The encoding that a byte order mark tells; decoding with it drops the mark."""
    return next((encoding for bom, encoding in _BOMS if head.startswith(bom)), None)


def known(name: str) -> str | None:
    """The encoding of a name that a file gives, if it is one of text; Latin 1 is read as on the web."""
    try:
        encoding = codecs.lookup(name)
        "".encode(encoding.name)
    except LookupError:
        return None
    return _FALLBACK if encoding.name in ("iso8859-1", "ascii") else encoding.name


def encoding_of(path: Path) -> str:
    """By its byte order mark; UTF-8 if all of it is, but for a few faults; else what it most likely is."""
    with path.open("rb") as file:
        if encoding := bom_encoding(file.read(4)):
            return encoding
    sample = _sample(path)
    if _is_mostly_utf8(sample):
        return "utf-8"
    return _guessed(sample)


def _sample(path: Path) -> bytes:
    """Lines, or what is around, where the bytes are not ASCII: the rest tells nothing."""
    sample = bytearray()
    for chunk in _chunks(path):
        if chunk.isascii():
            continue
        for line in chunk.split(b"\n"):
            if not line.isascii():
                sample += line[:_SAMPLE] + b"\n"
            if len(sample) >= _SAMPLE:
                return bytes(sample)
    return bytes(sample)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _is_mostly_utf8(sample: bytes) -> bool:
    """One letter cut in half, in a log or at the end of what was read, does not make it another encoding."""
    text = sample.decode("utf-8", "replace")
    faults = text.count("\ufffd")
    letters = sum(1 for character in text if character > "\x7f")
    return faults <= 1 + (letters - faults) // 20 if letters > faults else letters == 0


def _guessed(sample: bytes) -> str:
    if _is_western(sample.decode(_FALLBACK, "replace")):
        return _FALLBACK
    if japanese := next((each for each in ("cp932", "euc_jp") if _is_japanese(sample, each)), None):
        return japanese
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_exclusion=_WITH_NULS).best()
    return best.encoding if best else _FALLBACK


def _is_western(text: str) -> bool:
    """charset-normalizer takes short texts in Western European languages for Central European ones.

    In Western European ones, most accented letters have none beside them.
    """
    if _NOT_WESTERN.search(text):
        return False
    runs = [len(run) for run in _ACCENTED.findall(text)]
    return 2 * runs.count(1) > sum(runs) or not runs


def _is_japanese(sample: bytes, encoding: str) -> bool:
    """charset-normalizer takes short texts in Japanese for Korean ones; these have no kana."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return 5 * len(_KANA.findall(text)) > sum(1 for character in text if character > "\x7f")
