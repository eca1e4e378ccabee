"""Which words a statement that reads begins with, and which it has nowhere, by dialect."""

import re
from collections.abc import Mapping, Sequence

from sqlglot.tokenizer_core import Token, TokenType

from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.sql_functions import Dialect

_QUERIES = frozenset(("SELECT", "WITH", "("))
_TELLS: Mapping[Dialect, str] = {
    "postgres": "VALUES TABLE SHOW EXPLAIN",
    "redshift": "VALUES SHOW EXPLAIN",
    "mysql": "VALUES TABLE SHOW EXPLAIN DESCRIBE DESC",
    "sqlite": "VALUES EXPLAIN PRAGMA",
    "duckdb": "VALUES TABLE FROM SHOW EXPLAIN DESCRIBE DESC SUMMARIZE PIVOT UNPIVOT",
    "clickhouse": "VALUES FROM SHOW EXPLAIN DESCRIBE DESC",
    "snowflake": "VALUES SHOW EXPLAIN DESCRIBE DESC",
    "bigquery": "FROM",
    # Anything else would be taken for a procedure to execute.
    "tsql": "",
}
_CHANGING = """
    alter create delete drop dumpfile grant insert into merge outfile revoke truncate unload update
"""
_CHANGING_WORDS = frozenset(_CHANGING.split())
_BATCH = r"""
    add alter backup begin bulk checkpoint close commit create dbcc deallocate declare delete deny
    disable drop dump enable exec execute get goto grant if insert into kill lineno load merge move open
    openrowset print raiserror readtext receive reconfigure restore return revert revoke rollback save
    send set setuser shutdown tablockx throw transaction truncate updatetext update updlock use waitfor
    while writetext xlock
"""
_BATCH_WORDS = frozenset(_BATCH.split())
"""Of T-SQL, where a statement may follow another without a sign between them; and the hints that lock."""
_PRAGMAS = r"""
    application_id collation_list compile_options data_version database_list encoding foreign_key_list
    freelist_count function_list index_info index_list index_xinfo module_list page_count page_size
    pragma_list schema_version table_info table_list table_xinfo user_version
"""
_READING_PRAGMAS = frozenset(_PRAGMAS.split())
_WITH_ARGUMENT = frozenset(name for name in _READING_PRAGMAS if re.search("table_|index_|foreign", name))
_QUOTED = (TokenType.IDENTIFIER, TokenType.STRING, TokenType.NATIONAL_STRING)
_TOLD = re.compile(r"[\w$]+|[.,=*%]|<>|!=", re.A)


def refused(words: str) -> DriverFailed:
    return DriverFailed("not_allowed", f"This connection is for reading: {words}.")


def check_beginning(word: str, dialect: Dialect) -> None:
    """Raises DriverFailed."""
    if word not in _QUERIES and word not in _TELLS[dialect].split():
        raise refused(f"a statement that begins with {word[:40]} does not only read, or is not known")


def check_words(tokens: Sequence[Token], dialect: Dialect) -> None:
    """Raises DriverFailed for a word that is none of a query's, which the parser took for a name."""
    words = _BATCH_WORDS if dialect == "tsql" else _CHANGING_WORDS
    for n, token in enumerate(tokens):
        word = token.text.lower()
        if word not in words or token.token_type in _QUOTED:
            continue
        # `INSERT(...)` is a function for some, `x.update` a column; of T-SQL neither.
        if dialect == "tsql" or not (_follows_dot(tokens, n) or _is_called(tokens, n)):
            shown = f"[{token.text}]" if dialect == "tsql" else "a name in quotes"
            raise refused(f"{word.upper()} does not only read; write a name like it as {shown}")


def check_show(sql: str, tokens: Sequence[Token], dialect: Dialect) -> None:
    """A SHOW that only tells something of the server has words, names and texts behind it. DuckDB takes a
    text there for the name of a file. Raises DriverFailed."""
    for n, token in enumerate(tokens):
        raw, is_quoted = sql[token.start : token.end + 1], token.token_type in _QUOTED
        if is_quoted and dialect == "duckdb":
            raise refused("a SHOW has no names in quotes here; try DESCRIBE")
        if not is_quoted and not _TOLD.fullmatch(raw):
            raise refused("a SHOW has words, names and texts alone here")
        if not is_quoted and n and raw.lower() in _CHANGING_WORDS:
            raise refused(f"{raw.upper()} in a SHOW does not only read")


def check_pragma(sql: str, tokens: Sequence[Token]) -> None:
    """Of SQLite: a name and, of some, the name of a table in brackets behind it. Raises DriverFailed."""
    raw = [sql[token.start : token.end + 1].lower() for token in tokens]
    takes = (
        raw[1:2] == ["("] and raw[3:] == [")"] and (tokens[2].token_type in _QUOTED or raw[2].isidentifier())
    )
    if raw[0] not in (_WITH_ARGUMENT if takes else _READING_PRAGMAS) or (len(raw) > 1 and not takes):
        raise refused("this PRAGMA does not only read")


def _follows_dot(tokens: Sequence[Token], n: int) -> bool:
    return n > 0 and tokens[n - 1].token_type == TokenType.DOT


def _is_called(tokens: Sequence[Token], n: int) -> bool:
    return n + 1 < len(tokens) and tokens[n + 1].token_type == TokenType.L_PAREN
