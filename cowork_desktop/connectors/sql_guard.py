"""Says of a statement of SQL whether it only reads, by a parser that refuses what it does not understand.

It is one of two fences: the driver holds the connection to reading by the service's own means, too. Where the
parser and a server could differ on where a text or a comment ends, the statement is refused.
"""

import logging
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.sql_functions import Dialect, denied, is_builtin, is_word_before_bracket
from cowork_desktop.connectors.sql_text import check_characters, code_of, explained, first_word
from cowork_desktop.connectors.sql_tree import check_tree, not_builtin, own_names
from cowork_desktop.connectors.sql_words import (
    check_beginning,
    check_pragma,
    check_show,
    check_words,
    refused,
)
from cowork_desktop.schemas.connectors import Access

# It would log what it does not understand, which nobody is to see.
logging.getLogger("sqlglot").disabled = True

_LONGEST = 100_000
_QUOTED = (TokenType.IDENTIFIER, TokenType.STRING)


@dataclass(frozen=True)
class Reading:
    """One statement that only reads."""

    sql: str
    """Without a semicolon at its end."""
    functions: frozenset[str]
    """The names of all that is written like a function, in small letters; `schema.name` where it is so."""


def is_read(sql: str, dialect: Dialect, access: Access = "write") -> bool:
    """Raises DriverFailed, as `check_read` does, for what is none on a connection for reading."""
    try:
        check_read(sql, dialect)
    except DriverFailed:
        if access == "read":
            raise
        return False
    return True


def check_read(sql: str, dialect: Dialect) -> Reading:
    """Raises DriverFailed: `not_allowed` for what would or could change something or reach out, `bad_query`
    for what cannot be understood. May take a second or two for the longest, so call it in a thread."""
    if len(sql) > _LONGEST:
        raise DriverFailed("bad_query", f"The statement is longer than {_LONGEST:,} characters.")
    check_characters(sql)
    begins = first_word(sql, dialect)
    first = begins["word"].upper()
    # The parser would take what follows these for one text.
    is_told = first in ("EXPLAIN", "SHOW", "PRAGMA")
    text = sql[: begins.start("word")] + " " * len(first) + sql[begins.end() :] if is_told else sql
    tokens = _tokens(text, dialect)
    code = code_of(text, tokens, dialect)
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    if not tokens:
        raise DriverFailed("bad_query", "There is no whole statement.")
    whole = sql[: tokens[-1].end + 1].strip()
    check_beginning(first, dialect)
    if first == "SHOW":
        check_show(text, tokens, dialect)
        return Reading(whole, frozenset())
    if first == "PRAGMA":
        check_pragma(text, tokens)
        return Reading(whole, frozenset())
    if first == "EXPLAIN":
        if (at := explained(text, tokens)) is None:
            raise refused("it explains something else than a query")
        tokens = tokens[at:]
    return Reading(whole, _checked(text, code, tokens, dialect))


def _checked(sql: str, code: str, tokens: list[Token], dialect: Dialect) -> frozenset[str]:
    """The functions of a query. Raises DriverFailed."""
    functions = frozenset(_functions(tokens))
    if name := denied(functions, sql, code, dialect):
        raise refused(f"the function {name} has effects or reaches out of the database")
    statement = _parsed(sql, tokens, dialect)
    check_tree(
        statement, {token.text for token in tokens if token.token_type == TokenType.IDENTIFIER}, dialect
    )
    if dialect == "mysql":
        _check_functions(functions - own_names(statement))
    check_words(tokens, dialect)
    return functions


def _check_functions(names: Collection[str]) -> None:
    """Of MySQL: those that are stored could have effects, whatever the parser takes them for."""
    for name in sorted(names):
        if not (is_builtin(name) or is_word_before_bracket(name)):
            raise refused(not_builtin(name))


def _tokens(sql: str, dialect: Dialect) -> list[Token]:
    try:
        return list(sqlglot.tokenize(sql, dialect=dialect))
    except SqlglotError:
        raise DriverFailed(
            "bad_query", "The statement cannot be read: a text or comment in it does not end."
        ) from None


def _parsed(sql: str, tokens: list[Token], dialect: Dialect) -> exp.Expression:
    try:
        statements = sqlglot.Dialect.get_or_raise(dialect).parser().parse(tokens, sql)
    except Exception as error:  # the parser itself fails in many ways where it does not understand
        first = str(error).split("\n")[0].split(". Line")[0]
        raise DriverFailed(
            "bad_query",
            f"The statement is not understood, and so not sent ({first[:200]}). Write it in a simpler way.",
        ) from None
    if len(statements) != 1 or statements[0] is None:
        raise refused("there is more than one statement")
    return statements[0]  # type: ignore[return-value]


def _functions(tokens: Sequence[Token]) -> Iterator[str]:
    """All names that a bracket follows, as they are written."""
    for n, token in enumerate(tokens[1:], 1):
        if token.token_type != TokenType.L_PAREN:
            continue
        before, at = tokens[n - 1], n - 2
        parts = [before.text]
        while at > 0 and tokens[at].token_type == TokenType.DOT:
            parts.insert(0, tokens[at - 1].text)
            at -= 2
        if before.token_type in _QUOTED or re.match(r"\w", before.text):
            yield ".".join(parts).lower()
