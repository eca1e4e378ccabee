"""The endpoints, all of them."""

from cowork_desktop.api import (
    cells,
    conversations,
    openai,
    projects,
    responses,
    scratchpads,
    settings,
    system,
)
from cowork_desktop.http.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *responses.endpoints,
    *conversations.endpoints,
    *projects.endpoints,
    *scratchpads.endpoints,
    *cells.endpoints,
    *settings.endpoints,
    *openai.endpoints,
    *system.endpoints,
    *system.pages,
)
