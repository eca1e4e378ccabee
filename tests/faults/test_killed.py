"""Pulling the plug in the middle of a turn."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from cowork_desktop.serve import listen, serving
from tests.faults.process import ServerProcess, running_process

pytestmark = pytest.mark.slow

WORDS = [f"word{n} " for n in range(60)]
SECONDS_BETWEEN_WORDS = 0.02
TOLERANCE_SECONDS = 0.25


@asynccontextmanager
async def slow_provider() -> AsyncIterator[str]:
    """A Messages endpoint that takes its time over each word; yields its address."""

    async def messages(request: web.Request) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)

        async def send(type: str, **fields: object) -> None:
            await response.write(f"event: {type}\ndata: {json.dumps({'type': type} | fields)}\n\n".encode())

        usage = {"input_tokens": 1, "output_tokens": 1}
        message: dict[str, object] = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": [],
        }
        message |= {"stop_reason": None, "stop_sequence": None, "usage": usage}
        await send("message_start", message=message)
        await send("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for word in WORDS:
            await send("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
            await asyncio.sleep(SECONDS_BETWEEN_WORDS)
        await send("content_block_stop", index=0)
        await send("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage=usage)
        await send("message_stop")
        return response

    app = web.Application()
    app.router.add_post("/v1/messages", messages)
    sockets = listen("127.0.0.1", 0)
    async with serving(app, sockets):
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"


async def _read_until(server: ServerProcess, conversation: str, words: int, **fields: str) -> tuple[str, str]:
    """Start a turn and read `words` deltas of it: the response's id, and the text so far."""
    body = {"conversation_id": conversation, "input": "Write", "stream": True, **fields}
    text, id, count = "", "", 0
    async with server.session.post(f"{server.api}/responses", json=body) as response:
        async for line in response.content:
            if not line.startswith(b"data: "):
                continue
            event = json.loads(line[6:])
            id = event["response_id"]
            if event["type"] == "response.output_text.delta":
                text, count = text + event["delta"], count + 1
            if count >= words:
                break
    return id, text


@pytest.mark.timeout(240)
async def test_kill_at_any_point_of_a_turn_keeps_its_text_and_the_conversation_goes_on(
    tmp_path: Path,
) -> None:
    async with slow_provider() as url:
        flags = ("--base-url", url)
        environment = {"ANTHROPIC_API_KEY": "dummy-key-of-a-test"}
        async with running_process(tmp_path, *flags, environment=environment) as server:
            conversation = (await server.post("/conversations", {"title": "T"}))["id"]
        for words in range(0, 40, 3):
            async with running_process(tmp_path, *flags, environment=environment) as server:
                id, seen = await _read_until(server, conversation, words)
                server.process.kill()
                await server.process.wait()
            async with running_process(tmp_path) as server:
                response = await server.get(f"/responses/{id}")
                items = (await server.get(f"/conversations/{conversation}/items?limit=1000"))["data"]
            assert response["status"] == "failed"
            assert response["error"]["type"] == "interrupted"
            kept = "".join(part["text"] for part in response["output"])
            may_be_lost = int(TOLERANCE_SECONDS / SECONDS_BETWEEN_WORDS) + 2
            assert "".join(WORDS).startswith(kept)
            assert len(kept.split()) >= len(seen.split()) - may_be_lost
            of_turn = [item for item in items if item["response_id"] == id]
            assert [item["content"] for item in of_turn] == ["Write", *([kept] if kept else [])]
        async with running_process(tmp_path) as server:
            body = {"conversation_id": conversation, "input": "help", "stream": False}
            assert (await server.post("/responses", body))["status"] == "completed"


@pytest.mark.timeout(120)
async def test_kill_in_a_turn_that_replaces_a_message_keeps_both_versions(tmp_path: Path) -> None:
    async with slow_provider() as url:
        flags, environment = ("--base-url", url), {"ANTHROPIC_API_KEY": "dummy-key-of-a-test"}
        async with running_process(tmp_path, *flags, environment=environment) as server:
            conversation = (await server.post("/conversations", {"title": "T"}))["id"]
            body = {"conversation_id": conversation, "input": "Write", "stream": False}
            await server.post("/responses", body)
            items = f"/conversations/{conversation}/items"
            before = (await server.get(items))["data"]
            id, _ = await _read_until(server, conversation, 9, input="Write anew", replaces=before[0]["id"])
            server.process.kill()
            await server.process.wait()
    async with running_process(tmp_path) as server:
        [new, answer] = (await server.get(items))["data"]
        assert (new["content"], new["version"]) == ("Write anew", {"index": 2, "total": 2})
        assert {new["response_id"], answer["response_id"]} == {id}
        assert "".join(WORDS).startswith(answer["content"])
        await server.post(f"{items}/{before[0]['id']}/restore", {})
        before[0]["version"]["total"] = 2
        assert (await server.get(items))["data"] == before


async def test_what_was_acknowledged_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    async with running_process(tmp_path) as server:

        async def create() -> None:
            while True:
                acknowledged.append((await server.post("/conversations", {"goal": "Stay"}))["id"])

        writers = [asyncio.create_task(create()) for _ in range(16)]
        while len(acknowledged) < 300:
            await asyncio.wait(writers, timeout=0.01)
        server.process.kill()
        ended = await asyncio.gather(*writers, return_exceptions=True)
        assert all(isinstance(error, aiohttp.ClientError) for error in ended)
    async with running_process(tmp_path) as server:
        stored: set[str] = set()
        while page := (await server.get(f"/conversations?limit=200&offset={len(stored)}"))["data"]:
            stored |= {conversation["id"] for conversation in page}
    assert set(acknowledged) <= stored
    assert len(stored) <= len(acknowledged) + 16
