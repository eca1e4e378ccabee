"""The endpoints, all of them."""

from cowork_desktop.api import (
    approvals,
    artifacts,
    backup,
    cells,
    conversations,
    files,
    memories,
    openai,
    projects,
    responses,
    scratchpads,
    search,
    settings,
    shell,
    skills,
    system,
)
from cowork_desktop.http.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *responses.endpoints,
    *approvals.of_responses,
    *approvals.endpoints,
    *conversations.endpoints,
    *projects.endpoints,
    *artifacts.endpoints,
    *files.endpoints,
    *memories.endpoints,
    *skills.endpoints,
    *scratchpads.endpoints,
    *cells.endpoints,
    *search.endpoints,
    *settings.endpoints,
    *shell.endpoints,
    *openai.endpoints,
    *system.endpoints,
    *backup.endpoints,
    *system.pages,
)
