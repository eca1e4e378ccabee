"""The handler of the events that windows and the desktop shell follow."""

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.errors import InvalidRequest
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.http.sse import send_events
from cowork_desktop.notifications import Seen
from cowork_desktop.schemas.notifications import NotificationsQuery, ServerEvent

endpoints = Endpoints("/api/v1/events", tag="Notifications")


@endpoints.get(streams=ServerEvent)
async def follow_events(request: web.Request, query: NotificationsQuery) -> web.StreamResponse:
    """Follow what happens in all conversations and schedules.

    Server-sent events that tell what to look at, from `stream.opened` on until the server ends; whoever
    connects again with the `id` of the last one gets what it has missed.
    """
    frames = request.app[keys.NOTIFICATIONS].follow(_seen(request, query))
    return await send_events(request, frames, request.app[keys.CLOCK])


def _seen(request: web.Request, query: NotificationsQuery) -> Seen | None:
    if given := request.headers.get("Last-Event-ID", "").strip():
        if seen := Seen.parse(given):
            return seen
        raise InvalidRequest("Last-Event-ID must be the id of an event.", param="header.Last-Event-ID")
    return Seen.parse(query.after) if query.after else None
