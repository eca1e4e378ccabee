"""What the application holds, one key an object."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from cowork_desktop.agent.approvals import Approvals
from cowork_desktop.agent.models import Models
from cowork_desktop.agent.preferences import Preferences
from cowork_desktop.agent.turns import Turns
from cowork_desktop.agent.undo import Undo
from cowork_desktop.clock import Clock
from cowork_desktop.connectors.secrets import Secrets
from cowork_desktop.http.openapi import Description
from cowork_desktop.ids import Ids
from cowork_desktop.kernels.cell_runs import CellRuns
from cowork_desktop.kernels.pool import Kernels
from cowork_desktop.later import Later
from cowork_desktop.notifications import Notifications
from cowork_desktop.scheduling.schedules import Schedules
from cowork_desktop.shell.bridge import ShellBridge
from cowork_desktop.shell.browser import Browser
from cowork_desktop.store.database import Database
from cowork_desktop.store.search_index import SearchIndex
from cowork_desktop.tasks import Stop, Tasks
from cowork_desktop.workspace.artifacts import Artifacts
from cowork_desktop.workspace.contents import Contents
from cowork_desktop.workspace.deletion import Deletion
from cowork_desktop.workspace.paths import ProjectFolders
from cowork_desktop.workspace.promotion import Promotion
from cowork_desktop.workspace.texts import Texts

if TYPE_CHECKING:
    from cowork_desktop.connectors.connectors import Connectors


@dataclass(frozen=True)
class Instance:
    """This run of the server."""

    id: str
    version: str
    started_at: float
    """By the clock's `monotonic`."""


DATA_DIR = web.AppKey("DATA_DIR", Path)
INSTANCE = web.AppKey("INSTANCE", Instance)
DESCRIPTION = web.AppKey("DESCRIPTION", Description)
UI = web.AppKey("UI", Path)
"""The folder of the built app; it may not be there."""
DB = web.AppKey("DB", Database)
CLOCK = web.AppKey[Clock]("CLOCK")
IDS = web.AppKey("IDS", Ids)
TASKS = web.AppKey("TASKS", Tasks)
ENDING = web.AppKey("ENDING", Stop)
"""Set when the server is asked to end."""
SECRETS = web.AppKey[Secrets]("SECRETS")
PREFERENCES = web.AppKey("PREFERENCES", Preferences)
MODELS = web.AppKey("MODELS", Models)
TURNS = web.AppKey("TURNS", Turns)
APPROVALS = web.AppKey("APPROVALS", Approvals)
CONNECTORS: "web.AppKey[Later[Connectors]]" = web.AppKey("CONNECTORS")
SCHEDULES = web.AppKey("SCHEDULES", Schedules)
NOTIFICATIONS = web.AppKey("NOTIFICATIONS", Notifications)
UNDO = web.AppKey("UNDO", Undo)
KERNELS = web.AppKey("KERNELS", Kernels)
CELL_RUNS = web.AppKey("CELL_RUNS", CellRuns)
PROMOTION = web.AppKey("PROMOTION", Promotion)
FOLDERS = web.AppKey("FOLDERS", ProjectFolders)
CONTENTS = web.AppKey("CONTENTS", Contents)
TEXTS = web.AppKey("TEXTS", Texts)
ARTIFACTS = web.AppKey("ARTIFACTS", Artifacts)
DELETION = web.AppKey("DELETION", Deletion)
SEARCH_INDEX = web.AppKey("SEARCH_INDEX", SearchIndex)
SHELL = web.AppKey("SHELL", ShellBridge)
BROWSER = web.AppKey[Browser]("BROWSER")
