"""Handlers of responses: turns as clients start, follow and end them."""

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.agent.running import TurnStart
from cowork_desktop.errors import Conflict, NotFound
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.http.sse import last_event_id, send_events, wants_events, wants_only_json
from cowork_desktop.schemas.base import Page
from cowork_desktop.schemas.events import TurnEvent
from cowork_desktop.schemas.responses import (
    AgentResponse,
    EventsQuery,
    InFlightListQuery,
    InFlightQuery,
    ResponseCreate,
    ResponseDetail,
)

endpoints = Endpoints("/api/v1/responses", tag="Responses")


@endpoints.post(status=200, errors=(Conflict,), streams=TurnEvent)
async def create_response(request: web.Request, body: ResponseCreate) -> AgentResponse | web.StreamResponse:
    """Create a streaming response.

    Starts a turn, which goes on without its reader; a conversation has one at a time. Answers with the
    turn's events (`stream` true or absent), or with the response when it has ended.
    """
    turns = request.app[keys.TURNS]
    come_again = body.replaces is not None and "file_ids" not in body.model_fields_set
    start = TurnStart(
        body.conversation_id,
        body.input,
        model=body.model,
        skill_ids=body.skill_ids,
        file_ids=None if come_again else body.file_ids,
        replaces=body.replaces,
    )
    response = await turns.start(start)
    is_streamed = not wants_only_json(request) if body.stream is None else body.stream
    if is_streamed:
        return await send_events(request, turns.follow(response.id), request.app[keys.CLOCK])
    return await turns.ended(response.id)


@endpoints.get("/in-flight-list")
async def list_in_flight_responses(request: web.Request, query: InFlightListQuery) -> Page[AgentResponse]:
    """List active streams."""
    running = await request.app[keys.TURNS].in_flight(query.conversation_id)
    return Page(data=running, total=len(running), has_more=False)


@endpoints.get("/in-flight", errors=(NotFound,), streams=TurnEvent)
async def get_in_flight_response(
    request: web.Request, query: InFlightQuery
) -> AgentResponse | web.StreamResponse:
    """Check a specific in-flight stream.

    404 where no turn runs in the conversation. With `Accept: text/event-stream`: the turn's events from the
    first on.
    """
    turns = request.app[keys.TURNS]
    running = await turns.in_flight(query.conversation_id)
    if not running:
        raise NotFound(f"No response is in progress in the conversation {query.conversation_id[:80]!r}.")
    if wants_events(request):
        return await send_events(request, turns.follow(running[0].id), request.app[keys.CLOCK])
    return running[0]


@endpoints.get("/{response_id}", errors=(NotFound,))
async def get_response(request: web.Request, response_id: str) -> ResponseDetail:
    """Get a response.

    With the parts of its answer, whose tool calls link to what they made and read.
    """
    return await request.app[keys.TURNS].detail(response_id)


@endpoints.get("/{response_id}/events", errors=(NotFound,), streams=TurnEvent)
async def follow_response(request: web.Request, response_id: str, query: EventsQuery) -> web.StreamResponse:
    """Replay a response's events, and follow it while it runs.

    Every reader gets the same events, byte for byte. `after` (or the `Last-Event-ID` header) is the last one
    it has.
    """
    turns = request.app[keys.TURNS]
    response = await turns.get(response_id)
    after = query.after if query.after is not None else last_event_id(request)
    frames = turns.follow(response.id, -1 if after is None else max(after, -1))
    return await send_events(request, frames, request.app[keys.CLOCK])


@endpoints.post("/{response_id}/cancel", status=200, errors=(NotFound,))
async def cancel_response(request: web.Request, response_id: str) -> AgentResponse:
    """Cancel a response.

    Answers when it has ended, with the text that had arrived; one that had ended before stays as it was.
    """
    return await request.app[keys.TURNS].cancel(response_id)
