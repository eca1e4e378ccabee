"""Turns that wait for the user: what they ask, and the answers."""

import asyncio
from typing import Any

from tests.fakes.model import Script, call
from tests.fakes.server import Server


async def begin(server: Server, conversation_id: str, input: str = "Do it.", **fields: Any) -> str:
    """Start a turn and return its id; it goes on by itself."""
    body = {"conversation_id": conversation_id, "input": input, **fields}
    async with server.stream("POST", "/responses", json=body) as frames:
        return str((await anext(frames)).data["response_id"])


async def asked(server: Server, n: int = 1) -> list[dict[str, Any]]:
    """What the user is asked, when there are `n` requests, the oldest first."""
    async with asyncio.timeout(20):
        while len(waiting := (await server.get("/approvals?status=pending"))["data"]) < n:
            await asyncio.sleep(0.01)
    return list(reversed(waiting))


async def answer(server: Server, approval: dict[str, Any], **body: Any) -> Any:
    return await server.post(f"/responses/{approval['response_id']}/approvals/{approval['id']}", body)


async def ended(server: Server, response_id: str) -> Any:
    """The response with its parts, when it has ended."""
    async with asyncio.timeout(30):
        await server.events(response_id)
    return await server.get(f"/responses/{response_id}")


async def set_approvals(server: Server, **fields: Any) -> None:
    answer = await server.call("PATCH", "/settings", json={"approvals": fields})
    assert answer.status == 200, answer.body


def writes(path: str = "a.txt", content: str = "one", *, call_id: str = "call_1") -> Script:
    """A script that writes a file."""
    arguments: dict[str, object] = {"path": path, "content": content}
    return call("write_file", arguments, "{}", call_id=call_id)
