"""The drivers by the names that specs use; each is imported when it is first used, as their libraries are
large."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from cowork_desktop.schemas.connectors import Use


@dataclass(frozen=True)
class Entry:
    use: Use
    library: str | None = None
    """What must be there to import it, where it does not come with Cowork."""
    extra: str | None = None
    """The extra of this package that brings the library."""

    @property
    def missing(self) -> str | None:
        """How to get its library, where it is not installed."""
        if self.library is None or find_spec(self.library.partition(".")[0]):
            return None
        command = f"pip install 'cowork-desktop[{self.extra}]'"
        return f"This connector needs a library that is not installed: {command}"


DRIVERS: Mapping[str, Entry] = {
    "postgres": Entry("sql"),
    "mysql": Entry("sql"),
    "sqlite": Entry("sql"),
    "duckdb": Entry("sql"),
    "clickhouse": Entry("sql"),
    "sqlserver": Entry("sql", "pytds", "sqlserver"),
    "snowflake": Entry("sql", "snowflake", "snowflake"),
    "bigquery": Entry("sql"),
    "mongodb": Entry("query", "pymongo", "mongodb"),
    "redis": Entry("query"),
    "imap": Entry("query"),
    "smtp": Entry("email"),
    "http": Entry("http"),
    "mcp": Entry("mcp"),
}


def driver(name: str) -> Any:
    """A new driver of that name: `cowork_desktop.connectors.drivers.<name>.DRIVER`. Imports what it needs, so
    call it in a thread."""
    return import_module(f"cowork_desktop.connectors.drivers.{name}").DRIVER
