"""The tool that sends a request to the API of a connection."""

import asyncio
import json
from contextlib import suppress
from typing import Any, Literal

from pydantic import Field

from cowork_desktop.agent.shortening import one_line, shortened
from cowork_desktop.agent.tools.connections import CONNECTION, failures_told, opened, source_of
from cowork_desktop.agent.tools.tool import READ, Arguments, Demand, Outcome, Tool, ToolContext, ToolFailed
from cowork_desktop.connectors.drivers.driver import ApiAnswer, ApiRequest
from cowork_desktop.connectors.live import Live
from cowork_desktop.schemas.conversations import QueryLink
from cowork_desktop.workspace.working_folder import place_of

_SECONDS = 60.0
_ROOM = 16_000
_LONGEST_FILE = 50_000_000


class HttpRequest(Arguments):
    connection: str = Field(min_length=1, max_length=200, description=CONNECTION)
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = Field(
        default="GET", description="As the API asks for it."
    )
    path: str = Field(
        min_length=1,
        max_length=4_000,
        description="Below the API's address, beginning with /, such as /repos/owner/name/issues.",
    )
    query: dict[str, str | int | float | bool | list[str]] = Field(
        default_factory=dict, max_length=100, description="The query parameters, not encoded."
    )
    body: Any = Field(default=None, description="The body as JSON, where one is sent.")
    text: str | None = Field(
        default=None,
        max_length=1_000_000,
        description="A body that is not JSON; give its Content-Type in the headers.",
    )
    headers: dict[str, str] = Field(
        default_factory=dict,
        max_length=20,
        description="Such as Accept. Signing in is done by the connection.",
    )
    save_as: str | None = Field(
        default=None,
        min_length=1,
        max_length=500,
        description="Keep the body of the answer as this file of the working folder, such as"
        " data/orders.json.",
    )


async def _demand(context: ToolContext, arguments: HttpRequest) -> Demand:
    live = await opened(context, arguments.connection, "http")
    with failures_told(live.connection.name):
        if live.is_read_request(_request(arguments)):
            return READ if arguments.save_as is None else Demand("project", summary=_summary(live, arguments))
    if live.connection.access == "read":
        raise ToolFailed(
            "This connection is for reading, and the request may change something. The user can allow"
            " writing in the connection's settings."
        )
    # To allow one always is to allow the same request with another body, no other.
    subject = f"{live.connection.id} {arguments.method} {arguments.path}"[:1_000]
    return Demand("outside", subject, _summary(live, arguments), live.identity)


def _summary(live: Live, arguments: HttpRequest) -> str:
    sent = arguments.text if arguments.body is None else json.dumps(arguments.body, ensure_ascii=False)
    return one_line(
        f"{arguments.method} {arguments.path} at {live.connection.name}: {sent or 'no body'}", 400
    )


def _request(arguments: HttpRequest) -> ApiRequest:
    if arguments.body is not None and arguments.text is not None:
        raise ToolFailed("Give body or text, not both.")
    headers, content = dict(arguments.headers), None
    if arguments.body is not None:
        content = json.dumps(arguments.body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", **headers}
    elif arguments.text is not None:
        content = arguments.text.encode()
    query = {name: _parameter(value) for name, value in arguments.query.items()}
    return ApiRequest(arguments.method, arguments.path, query, headers, content)


def _parameter(value: str | int | float | bool | list[str]) -> str | list[str]:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, list) else str(value)


async def _run(context: ToolContext, arguments: HttpRequest) -> Outcome:
    live = await opened(context, arguments.connection, "http")
    if arguments.save_as:  # before anything is sent
        root = await asyncio.to_thread(context.means.project_files.root, context.project_id)
        await asyncio.to_thread(place_of, root, arguments.save_as)
    with failures_told(live.connection.name):
        answer = await live.request(_request(arguments), seconds=_SECONDS)
    kept = await _keep(context, arguments.save_as, answer) if arguments.save_as else None
    asked = f"{arguments.method} {arguments.path}"
    link = QueryLink(connection_id=live.connection.id, name=live.connection.name, query=asked[:2_000])
    return Outcome(
        _told(answer, kept),
        source=source_of(live.connection.name),
        links=[link],
        is_error=answer.status >= 400,
    )


async def _keep(context: ToolContext, path: str, answer: ApiAnswer) -> str:
    if answer.is_cut:
        return f"The answer is larger than {len(answer.body):,} bytes, so it was not kept as a file."
    await context.means.project_files.write(
        context.project_id, path, lambda before: answer.body, context.response_id, context.content_index
    )
    return f"Kept as {path} ({len(answer.body):,} bytes)."


def _told(answer: ApiAnswer, kept: str | None) -> str:
    lines = [f"Status {answer.status}", *(f"{name}: {value}" for name, value in answer.headers.items())]
    if kept:
        lines.append(kept)
    if answer.is_cut:
        lines.append(f"[The body goes on after {len(answer.body):,} bytes; ask for less.]")
    return "\n".join([*lines, "", _body(answer)])


def _body(answer: ApiAnswer) -> str:
    if not answer.body:
        return "(no body)"
    try:
        text = answer.body.decode()
    except UnicodeDecodeError:
        return f"({len(answer.body):,} bytes that are no text; keep them with save_as)"
    with suppress(ValueError):
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    return shortened(text, _ROOM)


TOOL = Tool(
    name="http_request",
    description=(
        "Send one request to the API of a connection, which signs it. Requests that only read are made at"
        " once; on a connection for writing the user is asked before others. describe_connection tells how"
        " the API is asked. Returns the status, some headers, and the body; save_as keeps all of it."
    ),
    input=HttpRequest,
    run=_run,
    demand=_demand,
    timeout_seconds=_SECONDS + 30.0,
    is_offered=lambda situation: "http" in situation.connections_for,
)
