"""The tools of MCP servers: what each offers, what the user has accepted of it, and calls of that alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cowork_desktop.clock import Clock
from cowork_desktop.connectors.drivers.driver import DriverFailed, ToolAnswer, ToolDefinition
from cowork_desktop.connectors.live import Live, told_as_errors
from cowork_desktop.connectors.mcp_sessions import McpSessions
from cowork_desktop.connectors.opening import Opening
from cowork_desktop.errors import InvalidRequest
from cowork_desktop.schemas.connectors import ConnectionTool, ConnectionTools
from cowork_desktop.store import connections
from cowork_desktop.store.connections import Stored
from cowork_desktop.store.database import Database


@dataclass(frozen=True)
class ServerTools:
    db: Database
    opening: Opening
    sessions: McpSessions
    clock: Clock

    async def offered(self, stored: Stored, live: Live) -> Sequence[ToolDefinition]:
        """What its server offers now. Raises DriverFailed."""
        with live.words_masked():
            found = await self.sessions.tools(stored.connection.id, stored.revision, live.driver, live.target)
        return [ToolDefinition(**live.masking.value(asdict(one))) for one in found]

    async def server(self, stored: Stored, live: Live) -> str:
        """What its server calls itself. Raises DriverFailed."""
        with live.words_masked():
            name = await self.sessions.server(stored.connection.id, stored.revision, live.driver, live.target)
        return live.masking.text(name)

    async def listing(self, id: str) -> ConnectionTools:
        """Raises NotFound, InvalidRequest where it has no tools, and ConnectorFailed."""
        stored = await self.db.read(connections.stored, id)
        return _compared(accepted(stored), await self._offered(stored))

    async def accept(self, id: str) -> ConnectionTools:
        """Take what the server offers now for good. Raises as `listing` does."""
        stored = await self.db.read(connections.stored, id)
        offered = await self._offered(stored)
        told = [asdict(one) for one in offered]
        await self.db.write(connections.accept_tools, id, self.clock.now(), told)
        return _compared(offered, offered)

    async def call(
        self, stored: Stored, tool: ToolDefinition, arguments: Mapping[str, Any], *, seconds: float
    ) -> ToolAnswer:
        """Raises DriverFailed, also where the tool is not the accepted one, or another one was accepted since
        somebody allowed this call."""
        if tool.digest not in {one.digest for one in accepted(stored)}:
            raise DriverFailed("not_allowed", f"The tool {tool.name} was changed meanwhile. Ask again.")
        live = await self.opening.open(stored)
        with live.words_masked():
            answer = await self.sessions.call(
                stored.connection.id,
                stored.revision,
                live.driver,
                live.target,
                tool.name,
                arguments,
                {one.name: one.digest for one in accepted(stored)},
                seconds=seconds,
            )
        return ToolAnswer(live.masking.text(answer.text), answer.images, answer.is_error)

    async def _offered(self, stored: Stored) -> Sequence[ToolDefinition]:
        with told_as_errors():
            live = await self.opening.open(stored)
            if live.use != "mcp":
                raise InvalidRequest("This connection is no MCP server, and has no tools of its own.")
            return await self.offered(stored, live)


def accepted(stored: Stored) -> Sequence[ToolDefinition]:
    return [ToolDefinition(**one) for one in stored.tools or ()]


def drift(accepted: Sequence[ToolDefinition], offered: Sequence[ToolDefinition]) -> str | None:
    """What is to be said where the accepted tools are not what is offered now; new ones are no harm, as they
    are not called."""
    compared = _compared(accepted, offered).tools
    differing = [f"{one.name} ({one.status})" for one in compared if one.status in ("changed", "gone")]
    if not differing:
        return None
    shown = ", ".join(differing[:10])
    return f"The server's tools are not those that you accepted: {shown}. Look at them, and accept them anew."


def _compared(accepted: Sequence[ToolDefinition], offered: Sequence[ToolDefinition]) -> ConnectionTools:
    known, there = {one.name: one for one in accepted}, {one.name: one for one in offered}
    told = [_told(one, _status(known.get(one.name), one)) for one in offered]
    return ConnectionTools(tools=[*told, *(_told(one, "gone") for one in accepted if one.name not in there)])


def _status(known: ToolDefinition | None, offered: ToolDefinition) -> Any:
    if known is None:
        return "new"
    return "accepted" if known.digest == offered.digest else "changed"


def _told(one: ToolDefinition, status: Any) -> ConnectionTool:
    return ConnectionTool(
        name=one.name, description=one.description, input_schema=dict(one.input_schema), status=status
    )
