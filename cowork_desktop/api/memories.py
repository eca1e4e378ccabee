"""Handlers of memories."""

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.errors import NotFound
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.memories import (
    Memory,
    MemoryCreate,
    MemoryPatch,
    MemoryQuery,
    MemoryUse,
    MemoryUseQuery,
)
from cowork_desktop.store import memories, uses

endpoints = Endpoints("/api/v1/memories", tag="Memories")


@endpoints.get()
async def list_memories(request: web.Request, query: MemoryQuery) -> Encoded[Page[Memory]]:
    """List memories.

    Newest first: the global ones, or those of one project.
    """
    return await request.app[keys.DB].scan(memories.list_, query)


@endpoints.post()
async def create_memory(request: web.Request, body: MemoryCreate) -> Memory:
    """Create a memory."""
    id, now = request.app[keys.IDS].new("mem"), request.app[keys.CLOCK].now()
    return await request.app[keys.DB].write(memories.create, id, now, body)


@endpoints.get("/{memory_id}", errors=(NotFound,))
async def get_memory(request: web.Request, memory_id: str) -> Memory:
    """Get a memory."""
    return await request.app[keys.DB].read(memories.get, memory_id)


@endpoints.patch("/{memory_id}", errors=(NotFound,))
async def update_memory(request: web.Request, memory_id: str, body: MemoryPatch) -> Memory:
    """Update a memory."""
    return await request.app[keys.DB].write(memories.patch, memory_id, request.app[keys.CLOCK].now(), body)


@endpoints.delete("/{memory_id}", errors=(NotFound,))
async def delete_memory(request: web.Request, memory_id: str) -> None:
    """Delete a memory."""
    await request.app[keys.DB].write(memories.delete, memory_id)


@endpoints.get("/{memory_id}/uses", errors=(NotFound,))
async def list_memory_uses(
    request: web.Request, memory_id: str, query: MemoryUseQuery
) -> Encoded[Page[MemoryUse]]:
    """List the responses that were told a memory, newest first."""
    return await request.app[keys.DB].scan(uses.of_memory, memory_id, query)
