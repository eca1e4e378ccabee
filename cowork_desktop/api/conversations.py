"""Handlers of conversations and their items."""

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.api.deletion import end_work_of
from cowork_desktop.errors import NotFound
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.conversations import (
    Conversation,
    ConversationCreate,
    ConversationPatch,
    ConversationQuery,
    ItemPage,
    ItemQuery,
)
from cowork_desktop.store import conversations, hiding, items

endpoints = Endpoints("/api/v1/conversations", tag="Conversations")


@endpoints.get()
async def list_conversations(request: web.Request, query: ConversationQuery) -> Encoded[Page[Conversation]]:
    """List conversations, latest activity first."""
    return await request.app[keys.DB].read(conversations.list_, query)


@endpoints.post()
async def create_conversation(request: web.Request, body: ConversationCreate) -> Conversation:
    """Create a conversation."""
    id, now = request.app[keys.IDS].new("conv"), request.app[keys.CLOCK].now()
    return await request.app[keys.DB].write(conversations.create, id, now, body)


@endpoints.get("/{conversation_id}", errors=(NotFound,))
async def get_conversation(request: web.Request, conversation_id: str) -> Encoded[Conversation]:
    """Get a conversation."""
    return await request.app[keys.DB].read(conversations.show, conversation_id)


@endpoints.patch("/{conversation_id}", errors=(NotFound,))
async def update_conversation(
    request: web.Request, conversation_id: str, body: ConversationPatch
) -> Conversation:
    """Update title, goal, or status."""
    now = request.app[keys.CLOCK].now()
    return await request.app[keys.DB].write(conversations.patch, conversation_id, now, body)


@endpoints.delete("/{conversation_id}", errors=(NotFound,))
async def delete_conversation(request: web.Request, conversation_id: str) -> None:
    """Delete a conversation and all its messages.

    A turn that runs in it is cancelled, and its scratchpads' kernels end; its sub-tasks go with it.
    """
    now = request.app[keys.CLOCK].now()
    hidden = await request.app[keys.DB].write(hiding.delete_conversation, conversation_id, now)
    await end_work_of(request.app, hidden)


@endpoints.get("/{conversation_id}/items", errors=(NotFound,))
async def list_items(request: web.Request, conversation_id: str, query: ItemQuery) -> Encoded[ItemPage]:
    """Get messages in a conversation.

    The newest `limit` messages, or those before an item, in the order of the conversation.
    """
    return await request.app[keys.DB].read(items.list_, conversation_id, query)
