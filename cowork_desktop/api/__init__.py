"""The endpoints, all of them."""

from cowork_desktop.api import conversations, openai, projects, responses, settings, system
from cowork_desktop.http.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *responses.endpoints,
    *conversations.endpoints,
    *projects.endpoints,
    *settings.endpoints,
    *openai.endpoints,
    *system.endpoints,
    *system.pages,
)
