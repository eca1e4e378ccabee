"""The connections that a conversation may use; the one way by which the agent's tools come to any."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cowork_desktop.connectors.drivers.driver import DriverFailed, ToolAnswer, ToolDefinition
from cowork_desktop.connectors.drivers.registry import DRIVERS
from cowork_desktop.connectors.live import Live
from cowork_desktop.connectors.opening import Opening
from cowork_desktop.connectors.server_tools import ServerTools, accepted
from cowork_desktop.connectors.specs import Specs
from cowork_desktop.schemas.connectors import Connection, Use
from cowork_desktop.store import connections
from cowork_desktop.store.connections import Stored
from cowork_desktop.store.database import Database


@dataclass(frozen=True)
class Known:
    """A connection as the agent knows it."""

    connection: Connection
    kind: str
    """The name of its spec."""
    use: Use
    notes: str
    """How its API is asked; may be empty."""
    tools: Sequence[ToolDefinition] = ()
    """Of an MCP server those that the user accepted."""


@dataclass(frozen=True)
class ConnectionsInReach:
    """Whatever a tool is told to use, it gets no connection that the conversation's project does not name."""

    db: Database
    specs: Specs
    opening: Opening
    server_tools: ServerTools

    async def known(self, conversation_id: str) -> Sequence[Known]:
        """Oldest first."""
        stored = await self.db.read(connections.in_reach, conversation_id)
        if not stored:
            return ()
        return await asyncio.to_thread(lambda: [known for one in stored if (known := self._known(one))])

    async def open(self, conversation_id: str, name: str, *uses: Use) -> Live:
        """By name or id. Raises DriverFailed, also where there is none, or it is for something else."""
        stored = await self._stored(conversation_id, name)
        live = await self.opening.open(stored)
        if live.use not in uses:
            raise DriverFailed(
                "not_allowed", f"{name!r} is not for this: it is {live.spec.name} ({TOOLS_OF[live.use]})."
            )
        return live

    async def call(
        self,
        conversation_id: str,
        connection_id: str,
        tool: ToolDefinition,
        arguments: Mapping[str, Any],
        *,
        seconds: float,
    ) -> ToolAnswer:
        """Call a tool of an MCP server, as it is defined there. Raises DriverFailed."""
        stored = await self._stored(conversation_id, connection_id)
        return await self.server_tools.call(stored, tool, arguments, seconds=seconds)

    async def _stored(self, conversation_id: str, name: str) -> Stored:
        there = await self.db.read(connections.in_reach, conversation_id)
        found = [one for one in there if name in (one.connection.id, one.connection.name)]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(one.connection.id for one in found)
            raise DriverFailed(
                "not_found", f"Several connections are called {name!r}: give the id of one: {ids}."
            )
        names = ", ".join(one.connection.name for one in there) or "none"
        raise DriverFailed("not_found", f"There is no connection {name!r} in reach. Those that are: {names}.")

    def _known(self, stored: Stored) -> Known | None:
        """Blocks at the first time."""
        spec = self.specs.all.get(stored.connection.spec_id)
        if spec is None:
            return None
        use = DRIVERS[spec.driver].use
        notes = str(spec.options.get("notes", ""))
        return Known(stored.connection, spec.name, use, notes, accepted(stored) if use == "mcp" else ())


TOOLS_OF: Mapping[Use, str] = {
    "sql": "sql_query",
    "query": "run_query",
    "http": "http_request",
    "email": "send_email",
    "mcp": "its own tools",
}
"""What asks a connection of each use."""
