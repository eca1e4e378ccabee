"""A Messages API on loopback that the real SDK talks to: it plays a script of replies, faults among them."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from types import TracebackType
from typing import Any, Self

from aiohttp import web

Json = dict[str, Any]


class Fault(Enum):
    STALL = "say nothing until the test calls `release` or the client goes away"
    CUT = "drop the connection"


@dataclass(frozen=True)
class Reply:
    """What one request gets. Each step is one write (`reply` has a step for each SSE event), or a fault."""

    steps: Sequence[bytes | Fault]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/event-stream"})


@dataclass(eq=False)
class ReceivedRequest:
    path: str
    headers: Mapping[str, str]
    """Names compare without case."""
    body: Json
    connection: int
    """Requests with the same number came over the same connection."""
    closed_by_client: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the client went away before it had the whole reply."""
    is_cut: bool = False
    """The script dropped the connection."""


# What an answer is made of


def text_block(*pieces: str) -> Json:
    """A block of text, streamed in these pieces."""
    return {"start": {"type": "text", "text": ""}, "deltas": _deltas("text_delta", "text", pieces)}


def tool_block(call_id: str, name: str, arguments: Json | None = None, *, pieces: Iterable[str] = ()) -> Json:
    """A block that calls a tool; `pieces` of JSON text, which may be malformed, stand in for `arguments`."""
    pieces = list(pieces) or ["", json.dumps(arguments or {})]
    return {
        "start": {"type": "tool_use", "id": call_id, "name": name, "input": {}},
        "deltas": _deltas("input_json_delta", "partial_json", pieces),
    }


def thinking_block(*pieces: str, signature: str = "c2lnbmVk") -> Json:
    return {
        "start": {"type": "thinking", "thinking": "", "signature": ""},
        "deltas": [
            *_deltas("thinking_delta", "thinking", pieces),
            *_deltas("signature_delta", "signature", [signature] if signature else []),
        ],
    }


def whole_block(start: Json) -> Json:
    """A block that comes whole, such as `{"type": "redacted_thinking", "data": "..."}`."""
    return {"start": start, "deltas": []}


def _deltas(kind: str, name: str, pieces: Iterable[str]) -> list[Json]:
    return [{"type": kind, name: piece} for piece in pieces]


# Replies in order


def reply(
    *blocks: Json,
    text: str | None = None,
    stop_reason: str | None = None,
    usage: Mapping[str, int] | None = None,
) -> Reply:
    """A whole streamed answer of these blocks, or of one `text`; one step per SSE event.

    `usage` is what the endpoint counts: `output_tokens` is told at the end, the rest at the start.
    """
    if text is not None:
        blocks = (*blocks, text_block(text))
    calls_a_tool = any(block["start"]["type"] == "tool_use" for block in blocks)
    counts = {"input_tokens": 10, "output_tokens": 5, **(usage or {})}
    end = {"stop_reason": stop_reason or ("tool_use" if calls_a_tool else "end_turn"), "stop_sequence": None}
    return Reply(
        [
            sse("message_start", message=_message(counts | {"output_tokens": 1})),
            sse("ping"),
            *(step for index, block in enumerate(blocks) for step in _block_steps(index, block)),
            sse("message_delta", delta=end, usage={"output_tokens": counts["output_tokens"]}),
            sse("message_stop"),
        ]
    )


def sse(kind: str, **fields: Any) -> bytes:
    """One event of the stream."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind} | fields)}\n\n".encode()


def _message(usage: Json) -> Json:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-4-8",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }


def _block_steps(index: int, block: Json) -> Iterable[bytes]:
    yield sse("content_block_start", index=index, content_block=block["start"])
    for delta in block["deltas"]:
        yield sse("content_block_delta", index=index, delta=delta)
    yield sse("content_block_stop", index=index)


# Faults


def raw(*steps: bytes | Fault, status: int = 200, content_type: str = "text/event-stream") -> Reply:
    """These bytes and faults as they stand."""
    return Reply(steps, status, {"Content-Type": content_type})


def in_pieces(whole: Reply, size: int) -> Reply:
    """The same bytes in writes of `size`, which split lines, characters and JSON words as it comes."""
    stream = b"".join(step for step in whole.steps if isinstance(step, bytes))
    return replace(whole, steps=[stream[at : at + size] for at in range(0, len(stream), size)])


def cut(whole: Reply, after: int) -> Reply:
    """The connection drops after so many events."""
    return replace(whole, steps=[*whole.steps[:after], Fault.CUT])


def stalled(whole: Reply, after: int = 0) -> Reply:
    """Silence after so many events, until `MessagesEndpoint.release`; then the rest."""
    return replace(whole, steps=[*whole.steps[:after], Fault.STALL, *whole.steps[after:]])


def ended(whole: Reply, after: int = -1) -> Reply:
    """The stream ends in order after so many events; as it stands, only `message_stop` is missing."""
    return replace(whole, steps=whole.steps[:after])


def error_event(error_type: str, message: str, *, after: int = 0, of: Reply | None = None) -> Reply:
    """So many events of a reply, then an `error` event."""
    error = sse("error", error={"type": error_type, "message": message})
    return Reply([*(of.steps[:after] if of else ()), error])


def failure(
    status: int, error_type: str, message: str, *, error_code: str | None = None, **headers: str
) -> Reply:
    """An error of the API; `retry_after="3"` sends the header `retry-after: 3`."""
    error: Json = {"type": error_type, "message": message}
    if error_code:
        error["details"] = {"error_code": error_code}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"type": "error", "error": error}).encode()
    return Reply([body], status, {"Content-Type": "application/json"} | names)


def rate_limited(retry_after: str | None = None) -> Reply:
    headers = {"retry_after": retry_after} if retry_after is not None else {}
    return failure(429, "rate_limit_error", "Number of requests has exceeded your rate limit", **headers)


def overloaded() -> Reply:
    return failure(529, "overloaded_error", "Overloaded")


def server_error() -> Reply:
    return failure(500, "api_error", "Internal server error")


def unauthorized() -> Reply:
    return failure(401, "authentication_error", "invalid x-api-key")


def token_count(tokens: int) -> Reply:
    """What `POST /v1/messages/count_tokens` answers."""
    body = json.dumps({"input_tokens": tokens}).encode()
    return Reply([body], 200, {"Content-Type": "application/json"})


def no_such_operation() -> Reply:
    return failure(404, "not_found_error", "Not found")


Route = Callable[[Json], Reply | None]


class MessagesEndpoint:
    """Answers `POST /v1/messages` with the script's replies, in order.

        async with MessagesEndpoint([overloaded(), reply(text="Hello")]) as endpoint:
            model = AnthropicModel(api_key="sk-test", base_url=endpoint.url, clock=clock)

    `route` sees each body first; a reply that it returns is used and the script stays where it is (for
    requests whose moment is not known, such as those for titles). A request that nothing answers gets a 400,
    and leaving the block raises AssertionError with what it was.

    `count` is what each request to count tokens gets; these stand in `counted`, and not in `requests`.
    """

    def __init__(
        self, script: Iterable[Reply] = (), *, route: Route | None = None, count: Reply | None = None
    ) -> None:
        self.url = ""
        self.requests: list[ReceivedRequest] = []
        self.counted: list[ReceivedRequest] = []
        self.unexpected: list[str] = []
        self._script = list(script)
        self._route = route
        self._count = count or no_such_operation()
        self._released = asyncio.Event()
        self._received = asyncio.Event()
        self._stalled = asyncio.Event()
        self._connections: dict[object, int] = {}
        self._runner: web.AppRunner | None = None

    @property
    def remaining(self) -> int:
        """How many replies of the script are left."""
        return len(self._script)

    def add(self, *replies: Reply) -> None:
        self._script += replies

    def release(self) -> None:
        """End every silence, also those to come."""
        self._released.set()

    async def until_stalled(self) -> None:
        """Wait until a reply has come to its silence."""
        await self._stalled.wait()

    async def until_received(self, n: int = 1) -> None:
        """Wait until `n` requests have come."""
        while len(self.requests) < n:
            self._received.clear()
            await self._received.wait()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**28)
        app.router.add_route("*", "/{path:.*}", self._serve)
        # Without this a handler would not learn that its client has gone.
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        assert self._runner is not None
        await self._runner.cleanup()
        if self.unexpected and error is None:
            raise AssertionError("Requests that no reply was written for:\n" + "\n".join(self.unexpected))

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        body = json.loads(content) if content else {}
        received = ReceivedRequest(
            path=request.path,
            headers=request.headers.copy(),
            body=body,
            connection=self._connections.setdefault(request.transport, len(self._connections)),
        )
        counts = (request.method, request.path) == ("POST", "/v1/messages/count_tokens")
        (self.counted if counts else self.requests).append(received)
        self._received.set()
        try:
            reply = self._count if counts else self._reply_to(request, body)
            return await self._send(request, received, reply)
        except (asyncio.CancelledError, ConnectionResetError):
            if not received.is_cut:
                received.closed_by_client.set()
            raise

    def _reply_to(self, request: web.Request, body: Json) -> Reply:
        if (request.method, request.path) == ("POST", "/v1/messages"):
            routed = self._route(body) if self._route else None
            if routed is not None:
                return routed
            if self._script:
                return self._script.pop(0)
        self.unexpected.append(f"{request.method} {request.path} {json.dumps(body)[:1000]}")
        return failure(400, "invalid_request_error", "The test has no reply for this request.")

    async def _send(
        self, request: web.Request, received: ReceivedRequest, reply: Reply
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=reply.status, headers=reply.headers)
        await response.prepare(request)
        for step in reply.steps:
            if step is Fault.STALL:
                self._stalled.set()
                await self._released.wait()
            elif step is Fault.CUT:
                assert request.transport is not None
                received.is_cut = True
                request.transport.close()
                return response
            elif isinstance(step, bytes):
                await response.write(step)
        await response.write_eof()
        return response
