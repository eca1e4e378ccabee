"""Servers of MCP that tests run as processes: `stdio` and `http PORT` are made with the SDK, `bare` writes
the wire itself, and also what must not stand there.

It is told what to do by its environment: FAKE_NOTES (a file that it writes to), FAKE_TOOLS (a file with its
tools, read each time), FAKE_TOKEN, FAKE_ELSEWHERE, FAKE_CERTIFICATE, FAKE_KEY, FAKE_START.
"""

import base64
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def tools() -> list[dict[str, Any]]:
    file = os.environ.get("FAKE_TOOLS")
    if file and Path(file).exists():
        found: list[dict[str, Any]] = json.loads(Path(file).read_text())
        return found
    names = (
        "echo",
        "environment",
        "wait",
        "chatter",
        "ask",
        "pictures",
        "fail",
        "structured",
        "change",
        "headers",
    )
    return [tool(name) for name in names]


def tool(name: str, description: str = "A tool of the fake.", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": description, "inputSchema": {"type": "object"}, **more}


def note(words: str) -> None:
    if file := os.environ.get("FAKE_NOTES"):
        with Path(file).open("a") as notes:
            notes.write(f"{words}\n")


def change(arguments: Mapping[str, Any]) -> None:
    """Let the tools be others from now on."""
    Path(os.environ["FAKE_TOOLS"]).write_text(json.dumps(arguments["tools"]))


def sdk_server() -> Any:
    import anyio
    from mcp import types
    from mcp.server.lowlevel import NotificationOptions, Server

    page = 50

    async def list_tools(ctx: Any, params: Any) -> Any:
        begin = int((params and params.cursor) or 0)
        found = [types.Tool.model_validate(one) for one in tools()]
        more = str(begin + page) if begin + page < len(found) else None
        return types.ListToolsResult(tools=found[begin : begin + page], next_cursor=more)

    async def call_tool(ctx: Any, params: Any) -> Any:
        arguments = params.arguments or {}
        match params.name:
            case "echo":
                return said(str(arguments.get("text", "")))
            case "environment":
                return said(json.dumps(dict(os.environ)))
            case "headers":
                return said(json.dumps(dict(ctx.request.headers)))
            case "wait":
                try:
                    note("waiting")
                    await anyio.sleep(arguments["seconds"])
                except anyio.get_cancelled_exc_class():
                    note("cancelled")
                    raise
                return said("waited")
            case "chatter":
                for number in range(100):
                    await ctx.session.report_progress(number, 100, "still at it")
                return said("done")
            case "ask":
                return said(await asked(ctx.session))
            case "pictures":
                return types.CallToolResult(content=pictures(arguments["count"]))
            case "structured":
                return types.CallToolResult(content=[], structured_content={"degrees": 21})
            case "change":
                change(arguments)
                await ctx.session.send_tool_list_changed()
                return said("changed")
        return types.CallToolResult(content=said("It is broken.").content, is_error=True)

    def said(text: str) -> Any:
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)])

    def pictures(count: int) -> list[Any]:
        encoded = base64.b64encode(PNG).decode()
        return [types.ImageContent(type="image", data=encoded, mime_type="image/jpeg")] * count

    async def asked(session: Any) -> str:
        """What the client answers to what it has not offered, and what it has offered."""
        try:
            await session.list_roots()
        except Exception as error:
            offered = session.client_params.capabilities.model_dump(exclude_none=True)
            return f"{type(error).__name__} {json.dumps(offered)}"
        return "roots"

    server = Server(
        "fake",
        version="1.2.3",
        instructions="Ask it for echoes.",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    return server, server.create_initialization_options(NotificationOptions(tools_changed=True))


def serve_stdio() -> None:
    import anyio
    from mcp.server.stdio import stdio_server

    async def run() -> None:
        server, options = sdk_server()
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, options)

    anyio.run(run)


def serve_http(port: int) -> None:
    import uvicorn

    inner = sdk_server()[0].streamable_http_app()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/flood":
            await flood(send)
            return
        if scope["type"] == "http":
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            note(f"{scope['method']} {scope['path']} {headers.get('authorization')}")
            if (refusal := refused(scope, headers)) is not None:
                status, extra = refusal
                await send({"type": "http.response.start", "status": status, "headers": extra})
                await send({"type": "http.response.body", "body": b""})
                return
        await inner(scope, receive, send)

    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        log_level="warning",
        ssl_certfile=os.environ.get("FAKE_CERTIFICATE"),
        ssl_keyfile=os.environ.get("FAKE_KEY"),
    )


async def flood(send: Any) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    # Sending to somebody who has gone raises nothing.
    for _ in range(1_000):
        await send({"type": "http.response.body", "body": b"[" * 100_000, "more_body": True})


def refused(scope: Any, headers: Mapping[str, str]) -> tuple[int, list[tuple[bytes, bytes]]] | None:
    if scope["path"] == "/elsewhere":
        return 307, [(b"location", os.environ["FAKE_ELSEWHERE"].encode())]
    if scope["path"].startswith("/status/"):
        return int(scope["path"].rpartition("/")[2]), []
    token = os.environ.get("FAKE_TOKEN")
    return (401, []) if token and headers.get("authorization") != f"Bearer {token}" else None


def serve_bare() -> None:
    start = os.environ.get("FAKE_START", "").split()
    if "stubborn" in start:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "child" in start:
        subprocess.Popen(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"], stdin=subprocess.DEVNULL)
    if "silent" in start:
        time.sleep(60)
    if "greets" in start:
        print("> npm start\n\nStarting the server…")
    if "breaks" in start:
        print(f"No such thing: {os.environ.get('FAKE_API_KEY')}", file=sys.stderr)
        sys.exit(3)
    for line in sys.stdin:
        message = json.loads(line)
        note(json.dumps(message))
        if "id" in message and "method" in message:
            respond(message)
    while "stubborn" in start:
        time.sleep(1)


def respond(message: dict[str, Any]) -> None:
    match message["method"]:
        case "initialize":
            told = {
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "bare", "version": "0"},
            }
            write({"id": message["id"], "result": told})
        case "tools/list":
            begin = int((message.get("params") or {}).get("cursor") or 0)
            more = {"nextCursor": str(begin + 1)} if "endless" in os.environ.get("FAKE_START", "") else {}
            write({"id": message["id"], "result": {"tools": tools(), **more}})
        case "tools/call":
            called(message["id"], message["params"]["name"], message["params"].get("arguments") or {})


def called(id: int, name: str, arguments: dict[str, Any]) -> None:
    text = "done"
    match name:
        case "crash":
            print(f"Out of luck: {os.environ.get('FAKE_API_KEY')}", file=sys.stderr)
            os._exit(7)
        case "hang":
            return
        case "deaf":
            time.sleep(60)
        case "garbage":
            print(f"Traceback (most recent call last): {os.environ.get('FAKE_API_KEY')}", flush=True)
            return
        case "unknown":
            print(json.dumps({"jsonrpc": "2.0", "hello": "world"}), flush=True)
            return
        case "odd":
            write({"id": id, "result": {"content": "not a list"}})
            return
        case "stray":
            write({"id": 9_999, "result": {}})
            write({"method": "notifications/nobody/knows"})
        case "asks":
            for number in itertools.count():
                write({"id": f"ask{number}", "method": "ping", "params": {"_meta": {"x": "x" * 100_000}}})
        case "flood":
            while True:
                write({"method": "notifications/message", "params": {"level": "info", "data": "x" * 1_000}})
        case "endless":
            while True:
                sys.stdout.write("x" * 100_000)
        case "close":
            os.close(1)
            time.sleep(60)
        case "change":
            change(arguments)
            write({"method": "notifications/tools/list_changed"})
        case "pid":
            text = str(os.getpid())
    write({"id": id, "result": {"content": [{"type": "text", "text": text}]}})


def write(message: dict[str, Any]) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["stdio"]:
            serve_stdio()
        case ["http", port]:
            serve_http(int(port))
        case ["bare"]:
            serve_bare()
