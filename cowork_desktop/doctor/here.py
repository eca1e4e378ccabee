"""What the checks look at, each thing looked up once."""

from functools import cached_property
from pathlib import Path
from typing import Any

from cowork_desktop import instance
from cowork_desktop.app import UI_FOLDER
from cowork_desktop.clock import SystemClock
from cowork_desktop.instance import Holder
from cowork_desktop.port_holder import health_of
from cowork_desktop.settings import ServerSettings
from cowork_desktop.store.database import DatabaseTooNew, DatabaseUnreadable
from cowork_desktop.store.inspection import Inspected, inspect
from cowork_desktop.tasks import Stopped
from cowork_desktop.workspace.backup_format import DATABASE

INSPECTED_SECONDS = 30.0
"""How long a database is looked through; one that is larger is not looked at whole."""


class Here:
    """A machine, and on it the data folder and the port that a server would use."""

    def __init__(self, settings: ServerSettings, ui_folder: Path = UI_FOLDER) -> None:
        self.settings, self.ui_folder = settings, ui_folder
        self.data_dir = settings.resolved_data_dir()

    @cached_property
    def holder(self) -> Holder | None:
        """Who has the data folder. Raises OSError."""
        return instance.holder(self.data_dir)

    @cached_property
    def health(self) -> dict[str, Any] | None:
        """What that server says of itself; None where there is none, or where it does not answer."""
        return health_of(self.holder.port) if self.holder and self.holder.port else None

    @property
    def database(self) -> Path:
        return self.data_dir / DATABASE

    @cached_property
    def inspected(self) -> Inspected | None:
        """None where there is no database. Raises DatabaseTooNew, DatabaseUnreadable and OSError."""
        if not self.database.exists():
            return None
        clock = SystemClock()
        until = clock.monotonic() + INSPECTED_SECONDS

        def check() -> None:
            if clock.monotonic() > until:
                raise Stopped

        return inspect(self.database, check, is_in_use=self.holder is not None)

    @property
    def stored(self) -> dict[str, Any]:
        """The stored settings; none where the database cannot be read."""
        try:
            return self.inspected.settings if self.inspected else {}
        except (DatabaseTooNew, DatabaseUnreadable, OSError):
            return {}
