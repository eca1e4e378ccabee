"""What a cell can say besides Python: `%pip` into the user's own folder, and `%%sql` on the kernel's data."""

import importlib
import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from cowork_desktop.kernels.guarded_sql import GuardedSql
from cowork_desktop.program import program

_QUIETLY = dict.fromkeys(
    ("PIP_DISABLE_PIP_VERSION_CHECK", "PIP_NO_INPUT", "PIP_NO_WARN_SCRIPT_LOCATION", "PIP_NO_COLOR"), "1"
)


@magics_class
class CellMagics(Magics):
    def __init__(
        self,
        shell: InteractiveShell,
        packages: Path,
        guarded_folders: Callable[[], tuple[str, ...] | None] = lambda: None,
    ) -> None:
        """`guarded_folders`: where the cell that runs may read and write, where it is guarded."""
        super().__init__(shell)
        self._guarded_folders, self._sql = guarded_folders, GuardedSql()
        self._user_ns, self._packages = shell.user_ns, packages

    @line_magic
    def pip(self, line: str) -> None:
        """Run pip on the user's own folder of packages, which outlives kernels and updates.

        What came with Cowork stays as it is: a package that wants another version of it is refused by pip.
        """
        if self._guarded_folders():
            raise UsageError(
                "%pip installs packages outside the project's folder. Call run_code with outside: true, which"
                " asks the user."
            )
        arguments = shlex.split(line)
        if arguments[:1] == ["uninstall"] and not {"-y", "--yes"} & set(arguments):
            arguments.append("--yes")  # nobody could answer
        command = [*program(), "pip", str(self._packages), *arguments]
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=os.environ | _QUIETLY,
        ) as running:
            assert running.stdout
            for printed in running.stdout:
                print(printed, end="")  # noqa: T201
        importlib.invalidate_caches()
        if running.returncode:
            raise UsageError(f"pip ended with code {running.returncode}; what it printed says why.")

    @cell_magic
    def sql(self, line: str, cell: str) -> Any:
        """Run SQL with DuckDB on files and on the DataFrames of this kernel; the last result is a DataFrame.

        `%%sql name` also gives it a name.
        """
        name = line.strip()
        if name and not name.isidentifier():
            raise UsageError(f"%%sql {name}: this is no name for the result.")
        if folders := self._guarded_folders():
            result = self._sql.run(cell, self._user_ns, folders)
        else:
            # DuckDB finds DataFrames by name in the globals of its caller.
            found = eval("__import__('duckdb').sql(_cell_)", self._user_ns, {"_cell_": cell})
            result = None if found is None else found.df()
        if name:
            self._user_ns[name] = result
        return result
