"""Handlers of conversations and their items."""

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.agent import conversation_contents
from cowork_desktop.api.deletion import end_work_of
from cowork_desktop.errors import Conflict, NotFound
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.conversation_contents import ConversationContents
from cowork_desktop.schemas.conversations import (
    Conversation,
    ConversationBranch,
    ConversationCreate,
    ConversationPatch,
    ConversationQuery,
    Item,
    ItemPage,
    ItemQuery,
    ItemVersionQuery,
)
from cowork_desktop.store import branches, conversations, hiding, items, versions

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


@endpoints.post("/{conversation_id}/branch", errors=(NotFound, Conflict))
async def branch_conversation(
    request: web.Request, conversation_id: str, body: ConversationBranch
) -> Conversation:
    """Create a conversation that goes on from a message of this one.

    It begins with copies of the messages and of the files that came with them; scratchpads stay where they
    are. What a turn that runs has said so far is not taken over.
    """
    app, new = request.app, request.app[keys.IDS].new
    taken = await app[keys.DB].scan(branches.gather, conversation_id, body.item_id)
    made, to_read = await app[keys.DB].write(
        branches.create,
        new("conv"),
        app[keys.CLOCK].now(),
        conversation_id,
        taken,
        item_ids=[new("msg") for _ in taken.places],
        file_ids=[new("file") for _ in taken.file_ids],
        body=body,
    )
    for file_id in to_read:
        app[keys.TEXTS].start(file_id)
    return made


_ITEM = "/{conversation_id}/items/{item_id}"


@endpoints.get(f"{_ITEM}/versions", errors=(NotFound,))
async def list_item_versions(
    request: web.Request, conversation_id: str, item_id: str, query: ItemVersionQuery
) -> Encoded[Page[Item]]:
    """List the versions of a message of the user, oldest first.

    It has several where `replaces` of `POST /responses` has named it.
    """
    return await request.app[keys.DB].scan(versions.list_, conversation_id, item_id, query)


@endpoints.post(f"{_ITEM}/restore", status=200, errors=(NotFound, Conflict))
async def restore_item(request: web.Request, conversation_id: str, item_id: str) -> Item:
    """Bring a version of a message back, with what had followed it.

    The version that is shown leaves with what follows it, and can be brought back in the same way.
    """
    now = request.app[keys.CLOCK].now()
    return await request.app[keys.DB].write(versions.restore, conversation_id, item_id, now)


@endpoints.get("/{conversation_id}/contents", errors=(NotFound,))
async def get_conversation_contents(request: web.Request, conversation_id: str) -> ConversationContents:
    """Get what a conversation made and used.

    Its scratchpads, artifacts, files, memories and skills, the newest of each, and what it cost.
    """
    return await request.app[keys.DB].scan(conversation_contents.gather, conversation_id)
