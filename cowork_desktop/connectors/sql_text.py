"""Says what a statement's pieces are, and refuses what a parser and a server could cut into other ones.

Each piece and all that stands between two of them has to have a form that both read in one way, whatever the
server's settings are. So both are at the same place before each piece, and what the parser takes for a text
or a comment is one for the server as well.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from sqlglot.tokenizer_core import Token, TokenType

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.sql_functions import Dialect

_TEXT, _NAME = "\x01", "\x02"
"""What stands for a text or a name in quotes in a statement's code; neither can be in a statement."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ufeff\ud800-\udfff]|\r(?!\n)")
"""A line feed alone ends a line everywhere: a return alone ends a comment for some."""
_ODD_BLANKS = re.compile(r"[\x85\xa0\u1680\u180e\u2000-\u200f\u202a-\u202f\u205f-\u206f\u3000\ufe00-\ufe0f]")
_LINE_COMMENTS: Mapping[Dialect, str] = {
    "mysql": r"--(?=\s|$)[^\n]*+|\#[^\n]*+",
    "bigquery": r"--[^\n]*+|\#[^\n]*+",
}
_ELSEWHERE = r"--[^\n]*+"
_BLOCK_COMMENT = r"/\*(?![!+]|[mM]!)(?:(?!/\*|\*/).)*+\*/"
_LEFT_OVER = re.compile(
    rf"""(?P<comment>/\*|\*/|--)|(?P<quote>['"`\\])|(?P<template>\{{[\#%]|[\#%]\}})|(?P<dollar>\$\w*\$)
    |(?P<unicode>(?<!\w)[uU]&\s*[{_TEXT}{_NAME}])""",
    re.X,
)
_LEFT_OVER_OF_SNOWFLAKE = re.compile(r"(?P<comment>//)|(?P<chain>->>)|(?P<stage>@)")
_WORDS = {
    "comment": "a sign of a comment that is none",
    "quote": "a quote or a backslash that stands alone",
    "template": "a sign of a template",
    "dollar": "dollar signs that could begin a text",
    "unicode": "a text or a name with U&",
    "chain": "->>, which begins another statement",
    "stage": "a stage, which is no table",
}
_TAGGED = r"\$(?P<tag>(?:[^\W\d]\w*)?)\$(?:(?!\$(?P=tag)\$).)*\$(?P=tag)\$"
_DOLLARS: Mapping[Dialect, str] = {
    "postgres": _TAGGED,
    "redshift": _TAGGED,
    "duckdb": _TAGGED,
    "clickhouse": _TAGGED,
    "snowflake": r"\$\$(?:(?!\$\$).)*\$\$",
}
_KINDS = {"[": (TokenType.IDENTIFIER,), "$": (TokenType.HEREDOC_STRING, TokenType.RAW_STRING)}
"""What these signs begin can be something else."""
_BRACKETS = r"\[[^\[\]'\"`\\]+\]"
_TICKS: Mapping[Dialect, str] = {
    "mysql": r"`(?:[^`\\]|``)+`",
    "sqlite": r"`(?:[^`\\]|``)+`",
    "clickhouse": r"`[^`\\]+`",
    "bigquery": r"`[^`\\]+`",
}
_EXPLAIN = r"""
    analyze verbose costs settings buffers wal timing summary format generic_plan memory extended
    partitions query plan text xml json yaml tree traditional pipeline syntax ast estimate = on off true
    false using tabular logical indexes actions header description optimize graph
"""
_EXPLAIN_WORDS = frozenset(_EXPLAIN.split())
_BEGINNINGS = frozenset(("SELECT", "WITH", "VALUES", "TABLE", "FROM"))


def check_characters(sql: str) -> None:
    """Raises DriverFailed for what some take for a blank, some for a letter, and some for an end."""
    if found := _CONTROLS.search(sql):
        raise DriverFailed("not_allowed", f"The statement has a control character ({found[0]!r}).")


def first_word(sql: str, dialect: Dialect) -> re.Match[str]:
    """Its first word, in `word`, behind blanks and comments; a bracket is one. Raises DriverFailed."""
    if found := _beginning(dialect).match(sql):
        return found
    _check_gap(sql, dialect)
    raise DriverFailed("bad_query", "There is no statement.")


def code_of(sql: str, tokens: Sequence[Token], dialect: Dialect) -> str:
    """The statement with a sign for each text and name in quotes, and a blank for each comment. Raises
    DriverFailed where a piece has another form than those that all read in one way."""
    pieces, place = [], 0
    for token in tokens:
        gap = sql[place : token.start]
        _check_gap(gap, dialect)
        raw = sql[token.start : token.end + 1]
        pieces += [" " * bool(gap), _sign(token, raw, dialect) or raw]
        place = token.end + 1
    _check_gap(sql[place:], dialect)
    code = "".join(pieces)
    found = _LEFT_OVER.search(code) or (
        _LEFT_OVER_OF_SNOWFLAKE.search(code) if dialect == "snowflake" else None
    )
    if found:
        raise _odd(_WORDS[str(found.lastgroup)])
    if odd := _ODD_BLANKS.search(code):
        raise _odd(f"an unusual blank ({odd[0]!r}); write a plain one")
    return code


def _check_gap(gap: str, dialect: Dialect) -> None:
    """Blanks and comments may stand there."""
    if _gaps(dialect).fullmatch(gap):
        return
    if odd := _ODD_BLANKS.search(gap):
        raise _odd(f"an unusual blank ({odd[0]!r}); write a plain one")
    if re.search(r"/\*(?:[!+]|M!)", gap, re.I):
        raise _odd("a comment that a server would execute or obey")
    if dialect == "mysql" and re.search(r"--\S", gap):
        raise _odd("a comment that MySQL does not take for one: write `-- ` with a space behind it")
    raise _odd("a comment that does not end, is within another, or is none for the server")


def _sign(token: Token, raw: str, dialect: Dialect) -> str | None:
    """Of what is in quotes; None: it is not."""
    kinds = _KINDS.get(raw[:1])
    if kinds and token.token_type not in kinds:
        return None
    if not kinds and not re.match(r"['\"`]|\w{0,2}&?['\"]", raw):
        return None
    if not _quoted(dialect).fullmatch(raw):
        raise _odd(f"a text or a name in quotes that is not plain ({raw[:40]})")
    if dialect != "mysql" and re.search(r"\\['\"`]", raw):
        # A quote for some servers, and the end of the text for others.
        raise _odd("a backslash before a quote; write '' for a quote in a text")
    return _NAME if token.token_type == TokenType.IDENTIFIER else _TEXT


def _odd(words: str) -> DriverFailed:
    return DriverFailed("not_allowed", f"The statement has {words}.")


@cache
def _gaps(dialect: Dialect) -> re.Pattern[str]:
    return re.compile(_gap(dialect), re.S)


@cache
def _beginning(dialect: Dialect) -> re.Pattern[str]:
    return re.compile(rf"{_gap(dialect)}(?P<word>\w+|\()", re.S)


def _gap(dialect: Dialect) -> str:
    return rf"(?:[ \t\r\n]|{_LINE_COMMENTS.get(dialect, _ELSEWHERE)}|{_BLOCK_COMMENT})*+"


@cache
def _quoted(dialect: Dialect) -> re.Pattern[str]:
    """The forms of texts and names in quotes."""
    match dialect:
        case "mysql":  # its driver sees to it that a backslash counts for the next character
            forms = [r"[nNxXbB]?'(?:[^'\\]|''|\\.)*+'", r'"(?:[^"\\]|""|\\.)*+"']
        case "bigquery":
            prefix = "(?:[rR][bB]?|[bB][rR]?)?"
            forms = [rf"{prefix}'(?:[^'\n]*+|''[^'\\]*+'')'", rf'{prefix}"(?:[^"\n]*+|""[^"\\]*+"")"']
        case _:
            forms = [r"[nNxXbBeE]?'(?:[^']|'')*+'", r'"(?:[^"]|"")*+"']
    forms += [_TICKS[dialect]] if dialect in _TICKS else []
    forms += [_DOLLARS[dialect]] if dialect in _DOLLARS else []
    forms += [_BRACKETS] if dialect in ("tsql", "sqlite") else []
    return re.compile("|".join(forms), re.S)


def explained(sql: str, tokens: Sequence[Token]) -> int | None:
    """Where the query behind EXPLAIN and its options begins, of the tokens behind that word; None: there is
    none."""
    depth = 0
    for n, token in enumerate(tokens):
        raw = sql[token.start : token.end + 1].lower()
        if depth == 0 and raw.upper() in _BEGINNINGS:
            return n
        if raw == "(" and depth == 0:
            if n + 1 == len(tokens) or tokens[n + 1].text.lower() not in _EXPLAIN_WORDS - {"="}:
                return n
            depth = 1
        elif raw == ")" and depth == 1:
            depth = 0
        elif not (raw in _EXPLAIN_WORDS or raw == "," or raw in ("0", "1")):
            return None
    return None
