"""Handlers of the strict OpenAI Responses shape, under a base path of its own."""

from collections.abc import Sequence
from contextlib import aclosing

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.agent import known_models
from cowork_desktop.agent.running import TurnStart
from cowork_desktop.api.openai_events import item_id_of, response_of, translate
from cowork_desktop.errors import Conflict, InvalidRequest, NotFound
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.http.sse import last_event_id, send_events
from cowork_desktop.schemas.openai import (
    OpenAIEvent,
    OpenAIModel,
    OpenAIModelList,
    OpenAIResponse,
    OpenAIResponseCreate,
    OpenAIResponseQuery,
)
from cowork_desktop.schemas.responses import AgentResponse
from cowork_desktop.store import conversations, turns
from cowork_desktop.store.database import Tx

endpoints = Endpoints("/v1", tag="OpenAI")


@endpoints.post("/responses", status=200, errors=(Conflict,), streams=OpenAIEvent)
async def create_openai_response(
    request: web.Request, body: OpenAIResponseCreate
) -> OpenAIResponse | web.StreamResponse:
    """Create a response in OpenAI's shape.

    Starts a turn, which goes on without its reader; a conversation has one at a time. Answers with OpenAI's
    events (`stream` true), or with the response when it has ended.
    """
    turn = await _start(request, body)
    if body.stream:
        return await _send(request, turn.id)
    await request.app[keys.TURNS].ended(turn.id)
    return await _response(request, turn.id)


@endpoints.get("/responses/{response_id}", errors=(NotFound,), streams=OpenAIEvent)
async def get_openai_response(
    request: web.Request, response_id: str, query: OpenAIResponseQuery
) -> OpenAIResponse | web.StreamResponse:
    """Get a response in OpenAI's shape.

    With `stream=true`: its events after `starting_after` (or the `Last-Event-ID` header), the same for every
    reader.
    """
    if not query.stream:
        return await _response(request, response_id)
    turn = await request.app[keys.TURNS].get(response_id)
    after = query.starting_after if query.starting_after is not None else last_event_id(request)
    return await _send(request, turn.id, -1 if after is None else after)


@endpoints.post("/responses/{response_id}/cancel", status=200, errors=(NotFound,))
async def cancel_openai_response(request: web.Request, response_id: str) -> OpenAIResponse:
    """Cancel a response, and get it in OpenAI's shape.

    Answers when it has ended, with the text that had arrived; one that had ended before stays as it was.
    """
    await request.app[keys.TURNS].cancel(response_id)
    return await _response(request, response_id)


@endpoints.get("/models")
async def list_openai_models(request: web.Request) -> OpenAIModelList:
    """List the models to choose from in OpenAI's shape."""
    choices = known_models.choices(request.app[keys.PREFERENCES].current.model)
    provider_of = request.app[keys.MODELS].provider_of
    return OpenAIModelList(data=[OpenAIModel(id=one.id, owned_by=provider_of(one.id)) for one in choices])


async def _send(request: web.Request, id: str, after: int = -1) -> web.StreamResponse:
    frames = translate(request.app[keys.TURNS].follow(id), after)
    return await send_events(request, frames, request.app[keys.CLOCK])


async def _response(request: web.Request, id: str) -> OpenAIResponse:
    turn = await request.app[keys.TURNS].get(id)
    async with aclosing(request.app[keys.TURNS].follow(id)) as batches:
        frames: Sequence[bytes] = await anext(batches)  # what there is comes at once, for a running turn too
    return response_of(turn, item_id_of(frames))


async def _start(request: web.Request, body: OpenAIResponseCreate) -> AgentResponse:
    *earlier, last = [message for message in body.input if message.role in ("user", "assistant")]
    start = TurnStart(
        await request.app[keys.DB].read(_named_conversation, body),
        last.content,
        model=body.model,
        instructions=_instructions(body),
        earlier=[("user" if message.role == "user" else "assistant", message.content) for message in earlier],
    )
    return await request.app[keys.TURNS].start(start)


def _named_conversation(tx: Tx, body: OpenAIResponseCreate) -> str | None:
    if body.conversation is not None:
        conversations.check(tx, body.conversation, "body.conversation")
        return body.conversation
    if body.previous_response_id is None:
        return None
    try:
        return turns.get(tx, body.previous_response_id).conversation_id
    except NotFound as error:
        place = "body.previous_response_id"
        raise InvalidRequest.unknown_reference(place, "response", body.previous_response_id) from error


def _instructions(body: OpenAIResponseCreate) -> str | None:
    told = [message.content for message in body.input if message.role in ("system", "developer")]
    return "\n\n".join([*([body.instructions] if body.instructions else []), *told]) or None
