"""Scripts: whether strings, comments, templates and brackets are closed, and what they load or ask for.

There is no parser of JavaScript here. Its tokens are told apart as ECMA-262 12 does, but for a slash: whether
that divides or begins a regular expression is told from what stands before it.
"""

import re
from collections import deque
from dataclasses import dataclass

from cowork_desktop.workspace.checks.faults import Findings, Lines, names, shown
from cowork_desktop.workspace.checks.script_uses import Use, is_address_outside, outside_in_markup, use_of

_TOKEN = re.compile(
    r"""
      (?P<space>[\s\ufeff]+)
    | (?P<comment>//[^\n\r\u2028\u2029]*|/\*[\s\S]*?\*/|<!--[^\n\r]*)
    | (?P<open_comment>/\*)
    | (?P<string>"[^"\\\n\r]*+(?:\\(?:\r\n|[\s\S])[^"\\\n\r]*+)*+"
      |'[^'\\\n\r]*+(?:\\(?:\r\n|[\s\S])[^'\\\n\r]*+)*+')
    | (?P<open_string>["'])
    | (?P<number>\.?\d[\w.]*(?:(?<=[eE])[+-]\d\w*)?)
    | (?P<word>\#?(?:[\w$\u200c\u200d]|\\u(?:\{[0-9a-fA-F]+\}|[0-9a-fA-F]{4}))+)
    | (?P<template>`)
    | (?P<open>[({\[])
    | (?P<close>[)}\]])
    | (?P<slash>/)
    | (?P<operator>=>|\?\.(?!\d)|\+\+|--|\.\.\.|.)
    """,
    re.VERBOSE,
)
_TEMPLATE = re.compile(r"[^`\\$]*+(?:(?:\\[\s\S]|\$(?!\{))[^`\\$]*+)*+")
_REGEX = re.compile(
    r"/(?![*/])(?:[^\\/\[\n\r]|\\[^\n\r]|\[(?:[^\]\\\n\r]|\\[^\n\r]){0,20000}+\]){1,20000}+/[\w$]*"
)
_GOES_ON = re.compile(r"\s*[^\s),;}\]:]")
_OPENING = {")": "(", "]": "[", "}": "{"}
_EXPRESSION_FOLLOWS = names(
    "return typeof case in delete void throw new instanceof do else yield await default"
)
_BLOCK_FOLLOWS = frozenset(["do", "else"])
_CONDITION_FOLLOWS = frozenset(["if", "while", "for", "with"])
_ASKING = frozenset(["fetch", "XMLHttpRequest", "WebSocket", "EventSource"])
_MOST_NO_REGEXES = 1_000
_LONGEST_BY_HAND = 200_000
_MEMBER = (".", "?.")
_NOTHING = ""


@dataclass(frozen=True, slots=True)
class _Opened:
    text: str
    """The bracket, or `${`."""
    at: int
    ends_value: bool
    """Whether a slash after the bracket that closes it divides."""


class _Fault(Exception):
    def __init__(self, at: int, words: str) -> None:
        super().__init__(words)
        self.at, self.words = at, words


def check_script(text: str, first_line: int = 1) -> Findings:
    return _Reader(text, first_line).read()


class _Reader:
    def __init__(self, text: str, first_line: int) -> None:
        self._text, self._lines = text, Lines(text, first_line)
        self._found = Findings()
        self._opened: list[_Opened] = []
        self._recent: deque[str] = deque([_NOTHING] * 5, maxlen=5)
        """The last tokens that are neither space nor comment."""
        self._is_value = False
        """Whether they end a value."""
        self._at = 0
        self._asks = False
        """Whether it asks for anything."""
        self._no_regexes = 0
        """How many slashes were taken for the begin of a regular expression that has no end."""
        self._outside: tuple[str, int] | None = None
        """An address outside that something is done with, and its place."""

    def read(self) -> Findings:
        if self._text.startswith("#!"):
            self._at = len(self._text.partition("\n")[0])
        try:
            while self._at < len(self._text):
                self._step()
            if self._opened:
                raise self._cut_off()
            self._hint_at_requests()
        except _Fault as fault:
            self._found.add(self._line(fault.at), fault.words)
        return self._found

    def _step(self) -> None:
        token = _TOKEN.match(self._text, self._at)
        assert token  # the last alternative takes any character; spaces are in the first
        kind, start, self._at = token.lastgroup, self._at, token.end()
        match kind:
            case "space" | "comment":
                return
            case "word":
                self._word(token[0])
            case "operator":
                self._operator(token[0])
            case "open":
                self._open(token[0], start)
            case "close":
                self._close(token[0], start)
            case "string":
                self._literal(token[0], start, is_whole=True)
            case "number":
                self._took(token[0], is_value=True)
            case "slash":
                self._slash(start)
            case "template":
                self._template(start)
            case "open_string":
                raise _Fault(start, "the string that begins here is not closed on its line")
            case _:
                raise _Fault(start, "the comment that begins here is not closed")

    def _took(self, text: str, *, is_value: bool) -> None:
        self._recent.append(text)
        self._is_value = is_value

    def _word(self, word: str) -> None:
        if self._recent[-1] in _MEMBER:
            return self._took(word, is_value=True)
        if word == "of" and self._is_value:  # `for (x of ...)`; elsewhere it is a name
            return self._took(word, is_value=False)
        if word == "export" and not self._opened:
            self._found.is_module = True
        self._asks |= word in _ASKING
        return self._took(word, is_value=word not in _EXPRESSION_FOLLOWS and word not in _CONDITION_FOLLOWS)

    def _operator(self, operator: str) -> None:
        # After `x++` a slash divides, as after `x`.
        is_value = self._is_value if operator in ("++", "--") else False
        self._took(operator, is_value=is_value)

    def _open(self, bracket: str, at: int) -> None:
        before, ends_value = self._recent[-1], True
        if bracket == "(":
            is_condition = before in _CONDITION_FOLLOWS or (before == "await" and self._recent[-2] == "for")
            ends_value = not is_condition or self._recent[-2] in _MEMBER
        elif bracket == "{":
            ends_value = not self._is_block(before)
        self._opened.append(_Opened(bracket, at, ends_value))
        self._took(bracket, is_value=False)

    def _is_block(self, before: str) -> bool:
        """Whether the brace that follows this token opens a block, and no object."""
        if before in (";", "{", "}", ")", "=>", _NOTHING):
            return True
        if before == ":":  # after a label or `case` it is a block, in an object or between brackets a value
            return not self._opened or (self._opened[-1].text == "{" and not self._opened[-1].ends_value)
        return self._is_value or before in _BLOCK_FOLLOWS

    def _close(self, bracket: str, at: int) -> None:
        if not self._opened:
            raise _Fault(at, f"this {bracket} closes nothing that is open")
        opened = self._opened.pop()
        if opened.text == "${" and bracket == "}":
            return self._template_goes_on(opened.at)
        if opened.text != _OPENING[bracket]:
            raise _Fault(at, f"this {bracket} does not fit the {opened.text} of line {self._line(opened.at)}")
        return self._took(bracket, is_value=opened.ends_value)

    def _slash(self, at: int) -> None:
        may_be_regex = not self._is_value and self._no_regexes < _MOST_NO_REGEXES
        literal = _REGEX.match(self._text, at) if may_be_regex else None
        if literal is None:
            self._no_regexes += may_be_regex
            return self._took("/", is_value=False)
        self._at = literal.end()
        return self._took("/regex/", is_value=True)

    def _template(self, at: int) -> None:
        piece = _TEMPLATE.match(self._text, self._at)
        end = piece.end() if piece else self._at
        is_whole = self._text[end : end + 1] == "`"
        self._note(self._text[self._at : end], at, end + 1, is_whole=is_whole)
        self._template_goes_on(at)

    def _template_goes_on(self, at: int) -> None:
        """Read a template that began there, up to its end or to the next thing that is put in."""
        piece = _TEMPLATE.match(self._text, self._at)
        self._at = piece.end() if piece else self._at
        if self._text.startswith("`", self._at):
            self._at += 1
            return self._took("``", is_value=True)
        if not self._text.startswith("${", self._at):
            raise _Fault(at, "the template literal that begins here is not closed")
        self._at += 2
        self._opened.append(_Opened("${", at, ends_value=True))
        return self._took("${", is_value=False)

    def _literal(self, quoted: str, at: int, *, is_whole: bool) -> None:
        self._note(quoted[1:-1], at, self._at, is_whole=is_whole)
        self._took(quoted, is_value=True)

    def _note(self, value: str, at: int, end: int, *, is_whole: bool) -> None:
        """Where the literal is something that is loaded, keep it."""
        use: Use | None = use_of(self._recent)
        if use:
            is_whole = is_whole and (use.ends_there or not _GOES_ON.match(self._text, end))
            self._found.is_module |= use.is_static
            address = value.replace("\\/", "/")
            self._found.refer(address, self._line(at), use.kind, use.what, is_whole=is_whole)
        elif outside_in_markup(value):
            self._found.hint(self._line(at), "the markup in this string loads from outside, which is blocked")
        elif is_address_outside(value):
            self._outside = self._outside or (value, at)

    def _hint_at_requests(self) -> None:
        """An address that a variable holds is told only where the script asks for anything."""
        if self._asks and self._outside and len(self._text) < _LONGEST_BY_HAND:
            address, at = self._outside
            words = f"nothing outside can be reached from here: a request to {shown(address)} will fail"
            self._found.hint(self._line(at), words)

    def _line(self, at: int) -> int:
        return self._lines.at(at)

    def _cut_off(self) -> _Fault:
        innermost, outermost = self._opened[-1], self._opened[0]
        words = f"this {innermost.text} is not closed: is the script cut off?"
        if innermost is not outermost:
            words += f" Nor is the {outermost.text} of line {self._line(outermost.at)}."
        return _Fault(innermost.at, words)
