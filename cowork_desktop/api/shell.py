"""Handlers for the desktop shell."""

import logging

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.errors import NotFound
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.http.sse import send_events, wants_events
from cowork_desktop.schemas.shell import Acknowledgement, OpenArtifact, PowerChange, ShellState

logger = logging.getLogger(__name__)
endpoints = Endpoints("/api/v1/shell", tag="Shell")


@endpoints.get("/commands", streams=OpenArtifact)
async def follow_shell_commands(request: web.Request) -> ShellState | web.StreamResponse:
    """Follow what the desktop shell is to do.

    With `Accept: text/event-stream`; else this tells whether a shell does.
    """
    bridge = request.app[keys.SHELL]
    if wants_events(request):
        return await send_events(request, bridge.follow(), request.app[keys.CLOCK])
    return ShellState(is_connected=bridge.is_connected)


@endpoints.post("/commands/{command_id}/acknowledge", status=204, errors=(NotFound,))
async def acknowledge_shell_command(request: web.Request, command_id: str, body: Acknowledgement) -> None:
    """Tell that a command was done, or could not be."""
    if not request.app[keys.SHELL].acknowledge(command_id, done=body.done):
        raise NotFound("No such command waits for this, or not any more.")


@endpoints.post("/power", status=204)
async def note_power_change(request: web.Request, body: PowerChange) -> None:
    """Tell that the machine goes to sleep, or woke.

    When it woke, schedules whose time has passed meanwhile are caught up with at once.
    """
    logger.info("The machine %s", "goes to sleep" if body.state == "suspend" else "woke")
    if body.state == "resume":
        request.app[keys.SCHEDULES].look_at_clock()
