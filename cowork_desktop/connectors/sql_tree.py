"""Walks what a parser made of a statement, and refuses all in it that would change something or reach out."""

import re
from collections.abc import Collection
from typing import Any

from sqlglot import exp

from cowork_desktop.connectors.sql_functions import Dialect, is_builtin
from cowork_desktop.connectors.sql_words import refused

_QUERIES = (exp.Select, exp.SetOperation, exp.Values, exp.Subquery, exp.Table, exp.Pivot)
"""What reads, as a whole or within another."""
_TELLS = (exp.Describe, exp.Summarize)
_CHANGING = r"""
    Insert Update Delete Merge Create Drop Alter AlterSession TruncateTable Copy Command Attach Detach
    Set SetItem Use Transaction Commit Rollback Kill LoadData Grant Revoke Analyze Cache Uncache Refresh
    Pragma Export Execute ExecuteSql Comment Declare Semicolon Block IfBlock WhileBlock Install Put Get
    Return Returning StoredProcedure MultitableInserts ConditionalInsert LockingStatement Show
"""
_EFFECTS = tuple(kind for name in _CHANGING.split() if (kind := getattr(exp, name, None)))
"""Of what the installed parser knows."""
_FILE = re.compile(r"[/\\*:]|\.\w+$")


def check_tree(statement: exp.Expression, names: Collection[str], dialect: Dialect) -> None:
    """`names`: those that stand in quotes. Raises DriverFailed."""
    if not isinstance(statement, _QUERIES + _TELLS):
        raise refused(f"{_name(statement)} does not only read")
    for node in statement.walk():
        _check_node(node, names, dialect)


def own_names(statement: exp.Expression) -> set[str]:
    """What has a list of its columns behind its name, in small letters: no function."""
    return {alias.name.lower() for alias in statement.find_all(exp.TableAlias) if alias.columns}


def _check_node(node: Any, names: Collection[str], dialect: Dialect) -> None:
    match node:
        case exp.CTE() | exp.Subquery() if not isinstance(node.this, _QUERIES):
            raise refused(f"{_name(node.this)} in a query would change something")
        case exp.Describe() if not isinstance(node.this, (*_QUERIES, exp.Column)):
            raise refused(f"it explains {_name(node.this)}")
        case exp.Summarize() if not isinstance(node.this, _QUERIES):
            raise refused("it is about a file, not a table")
        case exp.Into():
            raise refused("SELECT ... INTO makes something")
        case exp.Lock():
            raise refused("FOR UPDATE and FOR SHARE lock rows")
        case exp.Query() if node.args.get("settings"):
            raise refused("SETTINGS changes how the server works")
        case exp.NextValueFor():
            raise refused("NEXT VALUE FOR moves a sequence")
        case exp.PropertyEQ() if dialect == "mysql":
            raise refused(":= sets a variable")
        case exp.Table() if words := _foreign(node, names, dialect):
            raise refused(words)
        case exp.Anonymous() if dialect == "mysql" and not is_builtin(node.name):
            raise refused(not_builtin(node.name))
        case _ if isinstance(node, _EFFECTS):
            raise refused(f"{_name(node)} would change something")


def not_builtin(function: str) -> str:
    return (
        f"the function {function} is none that comes with the server, and could have effects; a connection"
        " with access write can call it"
    )


def _foreign(table: exp.Table, names: Collection[str], dialect: Dialect) -> str | None:
    """Why a table is none of the database."""
    name = table.this
    if isinstance(name, exp.Literal):
        return f"{name.name[:100]!r} is a text, not a table"
    if dialect == "snowflake" and name.sql().lstrip("\"'").startswith("@"):
        return "a stage is no table"
    if dialect == "tsql" and isinstance(name, exp.Dot):
        return "a name with four parts is of another server"
    if dialect != "duckdb" or not isinstance(name, exp.Identifier):
        return None
    if _FILE.search(name.name) or (name.args.get("quoted") and name.name not in names):
        return f"{name.name[:100]!r} is a file, not a table"
    return None


def _name(node: Any) -> str:
    if isinstance(node, exp.Command):
        return str(node.this).upper()
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).upper()
