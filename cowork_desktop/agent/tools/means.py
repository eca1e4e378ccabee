"""What tools work with; one for the server."""

from dataclasses import dataclass

from cowork_desktop.agent.schedule_desk import ScheduleDesk
from cowork_desktop.clock import Clock
from cowork_desktop.connectors.in_reach import ConnectionsInReach
from cowork_desktop.ids import Ids
from cowork_desktop.kernels.cell_runs import CellRuns
from cowork_desktop.store.search_index import SearchIndex
from cowork_desktop.web.pages import Pages
from cowork_desktop.workspace.artifacts import Artifacts
from cowork_desktop.workspace.contents import Contents
from cowork_desktop.workspace.project_files import ProjectFiles
from cowork_desktop.workspace.promotion import Promotion


@dataclass(frozen=True)
class Means:
    clock: Clock
    ids: Ids
    cell_runs: CellRuns
    artifacts: Artifacts
    promotion: Promotion
    contents: Contents
    project_files: ProjectFiles
    search_index: SearchIndex
    pages: Pages
    schedules: ScheduleDesk
    connections: ConnectionsInReach
