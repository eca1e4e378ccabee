"""SQL of guarded cells: DuckDB does its own reading and writing, so DuckDB itself is told where it may."""

import os
import re
from collections.abc import Mapping
from typing import Any

_SETTINGS = (
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_persistent_secrets = false",
    "SET enable_external_access = false",  # but for the allowed directories
    "SET lock_configuration = true",
)


class GuardedSql:
    """A database in memory, apart from the one of cells that are not guarded, which may be set to do more. It
    sees the kernel's DataFrames too."""

    def __init__(self) -> None:
        self._connection: Any = None

    def run(self, query: str, names: Mapping[str, Any], folders: tuple[str, ...]) -> Any:
        """The last result as a DataFrame; None where there is none. The first of the folders is the working
        folder. PermissionError where the query would reach beyond them."""
        import duckdb

        connection = self._connection = self._connection or _connect(folders)
        frames = _frames(query, names, {name for (name,) in connection.execute(_TABLES).fetchall()})
        for name, frame in frames.items():
            connection.register(name, frame)
        try:
            found = connection.sql(query)
            return None if found is None else found.df()
        except duckdb.PermissionException as error:
            raise PermissionError(
                "This query would reach outside the project's folder. Call run_code with outside: true, which"
                f" asks the user. ({error})"
            ) from None
        finally:
            for name in frames:
                connection.unregister(name)


_TABLES = (
    "SELECT table_name FROM duckdb_tables() UNION SELECT view_name FROM duckdb_views() WHERE NOT internal"
)


def _connect(folders: tuple[str, ...]) -> Any:
    import duckdb

    connection = duckdb.connect(":memory:")
    listed = ", ".join(_quoted(folder + os.sep) for folder in folders)
    connection.execute(f"SET allowed_directories = [{listed}]")
    connection.execute(f"SET temp_directory = {_quoted(os.path.join(folders[1], 'duckdb'))}")
    for setting in _SETTINGS:
        connection.execute(setting)
    return connection


def _frames(query: str, names: Mapping[str, Any], tables: set[str]) -> dict[str, Any]:
    """The DataFrames that the query may mean: DuckDB looks for them by itself only where it may read all. Of
    names that differ in case alone, which DuckDB takes for one, the spelling of the query comes first."""
    import pandas as pd  # type: ignore[import-untyped]

    frames = {name: value for name, value in list(names.items()) if isinstance(value, pd.DataFrame)}
    spelled = {name.lower(): name for name in frames}
    taken, found = {table.lower() for table in tables}, {}
    for word in sorted(dict.fromkeys(re.findall(r"\w+", query)), key=lambda word: word not in frames):
        folded = word.lower()
        if folded in spelled and folded not in taken:
            taken.add(folded)
            found[word] = frames.get(word, frames[spelled[folded]])
    return found


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
