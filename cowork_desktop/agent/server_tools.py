"""The tools of MCP servers, as the agent is given them: under the name of their connection."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict

from cowork_desktop.agent.model import Image, ToolSpec
from cowork_desktop.agent.shortening import one_line
from cowork_desktop.agent.tools.connections import failures_told, source_of
from cowork_desktop.agent.tools.tool import Demand, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.connectors.drivers.driver import ToolDefinition
from cowork_desktop.connectors.in_reach import Known
from cowork_desktop.schemas.connectors import Connection
from cowork_desktop.schemas.conversations import QueryLink

MOST = 128
"""Tools of servers that a turn is given."""
_LONGEST_NAME = 64
"""Of a tool, as the Messages API takes them."""
_SECONDS = 120.0
_IMAGES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))
_ODD = re.compile(r"[^A-Za-z0-9_-]+")


class ServerArguments(BaseModel):
    """Whatever the server's own schema says: the server checks it."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True)
class ServerTool(Tool[ServerArguments]):
    input_schema: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def spec(self) -> ToolSpec:
        return ToolSpec(self.name, self.description, {**self.input_schema, "type": "object"})

    def check(self, arguments: Mapping[str, Any]) -> ServerArguments:
        wanted = self.input_schema.get("required")
        names = [name for name in wanted if isinstance(name, str)] if isinstance(wanted, list) else []
        if missing := [name for name in names if name not in arguments]:
            raise ToolFailed(f"The arguments do not fit: {', '.join(missing)} is missing.")
        return ServerArguments(**arguments)


def of_connections(known: Sequence[Known], taken: Mapping[str, Any]) -> dict[str, Tool[Any]]:
    """The accepted tools of all servers by the names under which the agent calls them, none of which is taken
    already. The same connections give the same names."""
    tools: dict[str, Tool[Any]] = {}
    for one in known:
        for definition in one.tools:
            name = _name(one.connection.name, definition.name, {*taken, *tools})
            if len(tools) < MOST:
                tools[name] = _tool(name, one.connection, definition)
    return tools


def _name(connection: str, tool: str, taken: set[str]) -> str:
    server = _ODD.sub("_", connection).strip("_")[:24] or "server"
    plain = f"{server}__{_ODD.sub('_', tool)}"[:_LONGEST_NAME]
    name, n = plain, 1
    while name in taken:
        n += 1
        name = f"{plain[: _LONGEST_NAME - 3]}_{n}"
    return name


def _tool(name: str, connection: Connection, definition: ToolDefinition) -> ServerTool:
    def demand(context: ToolContext, arguments: ServerArguments) -> Demand:
        given = json.dumps(arguments.model_dump(), ensure_ascii=False)
        return Demand(
            "outside",
            subject=f"{connection.id} {definition.digest[:16]}",
            summary=one_line(f"Call {definition.name} of {connection.name} with {given}", 600),
        )

    async def run(context: ToolContext, arguments: ServerArguments) -> Outcome:
        given = arguments.model_dump()
        with failures_told(connection.name):
            answer = await context.means.connections.call(
                context.conversation_id, connection.id, definition, given, seconds=_SECONDS
            )
        asked = one_line(f"{definition.name} {json.dumps(given, ensure_ascii=False)}", 2_000)
        return Outcome(
            answer.text or "(it says nothing)",
            source=source_of(connection.name),
            links=[QueryLink(connection_id=connection.id, name=connection.name, query=asked)],
            images=[
                Image(image.mime_type, b64encode(image.content).decode())
                for image in answer.images
                if image.mime_type in _IMAGES
            ],
            is_error=answer.is_error,
        )

    return ServerTool(
        name=name,
        description=f"A tool of the MCP server {connection.name}. {definition.description}",
        input=ServerArguments,
        run=run,
        demand=demand,
        timeout_seconds=_SECONDS + 30.0,
        input_schema=definition.input_schema,
    )
