"""The lines of RTF files, by Microsoft's specification, version 1.9.1."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from cowork_desktop.workspace.extraction.decoding import known
from cowork_desktop.workspace.extraction.passages import Found, Line, Unreadable, of_lines, one_line

_LARGEST_BYTES = 100 * 1024**2
_TOKEN = re.compile(
    r"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?[0-9]{1,10})? ?|\\'(?P<byte>[0-9A-Fa-f]{2})"
    r"|\\(?P<symbol>[^A-Za-z])|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n\\]",
    re.S,
)
# What is no text: tables of the document, pictures, names and values of shapes.
_HIDDEN = re.compile(
    "fonttbl|colortbl|stylesheet|info|pict|object|themedata|colorschememapping|datastore|latentstyles|listtable"
    "|listoverridetable|revtbl|filetbl|sn|sv|nonshppict|fldinst|xe|tc|bkmkstart|bkmkend"
)
# Marked as left out by programs that do not know them, and yet text.
_SHOWN = ("shpinst", "annotation", "footnote")
_APART = re.compile("footnote|annotation|shptxt|header[lrf]?|footer[lrf]?")
_CHARACTERS = {
    "tab": " ", "line": " ", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ", "cell": "\t", "nestcell": "\t",
}  # fmt: skip
_SYMBOLS = {"~": " ", "_": "-", "\\": "\\", "{": "{", "}": "}"}


def read(path: Path) -> Iterator[Found]:
    """Places count the lines of the text that comes out: its paragraphs and table rows that hold text."""
    if path.stat().st_size > _LARGEST_BYTES:
        raise Unreadable("It is larger than files of its kind that are read.")
    lines = _Document().lines(path.read_text("latin-1"))
    yield from of_lines((Line(number, line) for number, line in enumerate(lines, 1)), "line")


@dataclass(frozen=True, slots=True)
class _Group:
    """What the end of a group puts back."""

    is_hidden: bool = False
    is_deleted: bool = False
    is_in_table: bool = False
    is_apart: bool = False
    is_optional: bool = False
    substitutes: int = 1


@dataclass(slots=True)
class _Document:
    group: _Group = field(default_factory=_Group)
    groups: list[_Group] = field(default_factory=list)
    paragraphs: list[list[str]] = field(default_factory=lambda: [[]])
    encoding: str = "cp1252"
    undecoded: bytearray = field(default_factory=bytearray)
    to_skip: int = 0

    def lines(self, rtf: str) -> Iterator[str]:
        at = 0
        while token := _TOKEN.match(rtf, at):
            at = token.end()
            if token["byte"]:
                self._write_byte(int(token["byte"], 16))
                continue
            self._decode()
            if token["word"] == "bin":
                at += max(0, int(token["number"] or 0))
            elif token["word"]:
                yield from self._word(token["word"], token["number"])
            elif token["brace"]:
                yield from self._brace(token["brace"])
            elif token["symbol"] == "*":
                self.group = replace(self.group, is_optional=True)
            else:
                self._write_substitutable(token["text"] or _SYMBOLS.get(token["symbol"] or "", ""))
        self._decode()
        yield from self._line()

    def _word(self, word: str, number: str | None) -> Iterator[str]:
        group, is_on = self.group, number != "0"
        if word in ("par", "sect", "page") and group.is_in_table:
            self._write(" ")
        elif word in ("par", "row", "nestrow", "sect", "page"):
            yield from self._line()
        elif word in _CHARACTERS:
            self._write(_CHARACTERS[word])
        elif word == "u":
            self._write(chr(int(number or 0) & 0xFFFF))
            self.to_skip = group.substitutes
        elif word in ("deleted", "v"):
            self.group = replace(group, is_deleted=is_on)
        elif word in ("plain", "pard", "intbl"):
            self.group = replace(
                group,
                is_deleted=group.is_deleted and word != "plain",
                is_in_table=word == "intbl" or (group.is_in_table and word != "pard"),
            )
        elif word == "uc":
            self.group = replace(group, substitutes=int(number or 1))
        elif word == "ansicpg":
            self.encoding = known(f"cp{number}") or self.encoding
        else:
            self._begin(word)

    def _begin(self, word: str) -> None:
        """A group may say with its first word what it is."""
        is_unknown = self.group.is_optional and word not in _SHOWN
        if is_unknown or _HIDDEN.fullmatch(word):
            self.group = replace(self.group, is_hidden=True)
        elif _APART.fullmatch(word) and not self.group.is_apart:
            self.group = replace(self.group, is_apart=True, is_in_table=False)
            self.paragraphs.append([])
        if self.group.is_optional:
            self.group = replace(self.group, is_optional=False)

    def _brace(self, brace: str) -> Iterator[str]:
        self.to_skip = 0
        if brace == "{":
            self.groups.append(self.group)
            if self.group.is_apart or self.group.is_optional:
                self.group = replace(self.group, is_apart=False, is_optional=False)
        elif self.groups:
            if self.group.is_apart:
                yield from self._line()
                self.paragraphs.pop()
            self.group = self.groups.pop()

    def _write_byte(self, byte: int) -> None:
        if self.to_skip:
            self.to_skip -= 1
        else:
            self.undecoded.append(byte)

    def _decode(self) -> None:
        """Bytes in a row may be halves of characters."""
        if self.undecoded:
            self._write(self.undecoded.decode(self.encoding, "replace"))
            self.undecoded.clear()

    def _write_substitutable(self, text: str) -> None:
        skipped = min(self.to_skip, len(text))
        self.to_skip -= skipped
        self._write(text[skipped:])

    def _write(self, text: str) -> None:
        if not self.group.is_hidden and not self.group.is_deleted:
            self.paragraphs[-1].append(text)

    def _line(self) -> Iterator[str]:
        text = "".join(self.paragraphs[-1]).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        self.paragraphs[-1].clear()
        if line := "\t".join(map(one_line, text.split("\t"))).rstrip():
            yield line
