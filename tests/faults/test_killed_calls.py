"""Pulling the plug while a turn's calls wait or act: what waits goes on, and nothing is done twice."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.agent import Agent, results, running_agent
from tests.fakes.messages_endpoint import Json, MessagesEndpoint, reply, stalled, tool_block
from tests.faults.process import ServerProcess, running_process

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")]

DONE = reply(text="Done.")
QUESTION = tool_block("q", "ask_user", {"question": "Which year?"})
KEY = {"ANTHROPIC_API_KEY": "dummy-key-of-a-test"}


async def begin(server: ServerProcess, conversation: str | None = None, until: str = "") -> tuple[str, Json]:
    """A turn that runs, and its first event of a type: by default, the first of all."""
    id = conversation or (await server.post("/conversations", {"title": "T"}))["id"]
    body = {"conversation_id": id, "input": "Do it.", "stream": True}
    async with server.session.post(f"{server.api}/responses", json=body) as response:
        async for line in response.content:
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                if until in ("", event["type"]):
                    return event["response_id"], event
    raise AssertionError(f"The turn ended without {until}.")


async def kill(server: ServerProcess) -> None:
    server.process.kill()
    await server.process.wait()


async def frames(server: ServerProcess, turn: str) -> bytes:
    """All frames of a turn that has ended."""
    async with server.session.get(f"{server.api}/responses/{turn}/events") as response:
        return await response.read()


# What waits


@pytest.mark.parametrize("kind", ["question", "call"])
@pytest.mark.timeout(120)
async def test_a_turn_that_waits_goes_on_after_a_kill(data: Path, kind: str) -> None:
    outside = tool_block("q", "run_code", {"code": "6 * 7", "outside": True})
    asks = QUESTION if kind == "question" else outside
    first = reply(tool_block("s", "search_conversation", {"query": "x"}), text="I look.")
    async with MessagesEndpoint([first, reply(asks)]) as endpoint:
        flags = ("--base-url", endpoint.url)
        async with running_process(data, *flags, environment=KEY) as server:
            turn, event = await begin(server, until="response.approval.requested")
            asked = event["approval"]
            await kill(server)
        for _ in range(2):  # and once more
            async with running_process(data, *flags, environment=KEY) as server:
                assert (await server.get(f"/responses/{turn}"))["status"] == "in_progress"
                assert (await server.get("/approvals?status=pending"))["data"] == [asked]
                await kill(server)
        endpoint.add(DONE)
        async with running_process(data, *flags, environment=KEY) as server:
            path = f"/responses/{turn}/approvals/{asked['id']}"
            await server.post(path, {"answer": "2024"} if kind == "question" else {"decision": "allow"})
            raw = await frames(server, turn)
            response = await server.get(f"/responses/{turn}")
            assert response["status"] == "completed", response["error"]
            assert raw == await frames(server, turn)
    ids = [int(line[4:]) for line in raw.splitlines() if line.startswith(b"id: ")]
    assert ids == list(range(len(ids)))
    [block] = results(endpoint.requests[-1].body)
    assert ("2024" if kind == "question" else "42") in str(block["content"])
    assert response["usage"]["input_tokens"] == 30


@pytest.mark.timeout(240)
async def test_an_answer_that_was_taken_before_a_kill_is_never_asked_for_again(data: Path) -> None:
    ends = set[str]()
    for n in range(6):
        async with MessagesEndpoint([reply(QUESTION), stalled(DONE, after=1)]) as endpoint:
            flags = ("--base-url", endpoint.url)
            async with running_process(data, *flags, environment=KEY) as server:
                turn, event = await begin(server, until="response.approval.requested")
                path = f"/responses/{turn}/approvals/{event['approval']['id']}"
                await server.post(path, {"answer": "2024"})
                if n % 2:
                    await endpoint.until_stalled()
                await kill(server)
            endpoint.release()
            endpoint.add(DONE)
            async with running_process(data, *flags, environment=KEY) as server:
                assert (await server.get("/approvals?status=pending"))["data"] == []
                raw = await frames(server, turn)
                response = await server.get(f"/responses/{turn}")
        ids = [int(line[4:]) for line in raw.splitlines() if line.startswith(b"id: ")]
        assert ids == list(range(len(ids)))
        assert response["parts"][0]["output"] == "2024" or response["status"] == "failed"
        ends.add(response["error"]["type"] if response["error"] else "completed")
    assert ends <= {"completed", "interrupted"}
    assert "interrupted" in ends


# What acts


@dataclass(frozen=True)
class Act:
    tool: str
    arguments: Json
    count: Callable[[Agent, Path], Any]
    """How often its effect is there."""


async def _memories(agent: Agent, data: Path) -> int:
    return len((await agent.server.get("/memories"))["data"])


async def _artifacts(agent: Agent, data: Path) -> int:
    return len((await agent.server.get("/artifacts"))["data"])


async def _lines(agent: Agent, data: Path) -> int:
    files = await asyncio.to_thread(lambda: list((data / "projects").glob("*/work/herons.txt")))
    return sum(len(file.read_text().splitlines()) for file in files)


ACTS: Mapping[str, Act] = {
    "a memory": Act("remember", {"content": "Likes tea."}, _memories),
    "an artifact": Act("create_artifact", {"title": "H", "type": "doc", "markdown": "# H"}, _artifacts),
    "a file": Act("write_file", {"path": "herons.txt", "content": "1\n"}, _lines),
    "a cell": Act("run_code", {"code": "with open('herons.txt', 'a') as f: f.write('1\\n')"}, _lines),
}


@asynccontextmanager
async def deadly(data: Path, url: str, tool: str, when: str, *, others_ask: bool) -> AsyncIterator[Any]:
    """A server that kills itself when this tool is called."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.deadly", str(data), url, tool, when, str(others_ask)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout
    try:
        ready = json.loads(await process.stdout.readline())
        async with aiohttp.ClientSession() as session:
            yield ServerProcess(process, ready, session)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def killed(data: Path, act: Act, when: str, *, asks: bool) -> tuple[str, str]:
    """A conversation, and the turn in it whose call killed the server."""
    blocks = [tool_block("a", act.tool, act.arguments), *([QUESTION] if asks else [])]
    async with (
        MessagesEndpoint([reply(*blocks)]) as endpoint,
        deadly(data, endpoint.url, act.tool, when, others_ask=asks) as server,
    ):
        conversation = (await server.post("/conversations", {"title": "T"}))["id"]
        turn, _ = await begin(server, conversation)
        assert await asyncio.wait_for(server.process.wait(), 60) == -signal.SIGKILL
    return conversation, turn


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.timeout(120)
async def test_a_kill_between_an_effect_and_its_record_leaves_it_there_once(
    data: Path, act: Act, when: str
) -> None:
    conversation, turn = await killed(data, act, when, asks=False)
    async with running_agent(data, DONE) as agent:
        response = await agent.server.get(f"/responses/{turn}")
        assert (response["status"], response["error"]["type"]) == ("failed", "interrupted")
        assert [part["status"] for part in response["parts"]] == ["running"]
        assert await act.count(agent, data) == (when == "after")
        assert (await agent.say(conversation))["status"] == "completed"
        [block, _] = agent.bodies[-1]["messages"][2]["content"][:2]
        assert (block["tool_use_id"], block["is_error"]) == ("a", True)
        assert "whether it had its effect is not known" in block["content"]
        assert agent.bodies[-1]["messages"][1]["content"][0]["input"] == act.arguments
        assert await act.count(agent, data) == (when == "after")
        if act.tool != "run_code":
            await agent.server.post(f"/responses/{turn}/undo")
            assert await act.count(agent, data) == 0


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.timeout(120)
async def test_a_call_that_may_have_acted_before_a_kill_is_not_made_again_by_a_turn_that_goes_on(
    data: Path, act: Act, when: str
) -> None:
    _, turn = await killed(data, act, when, asks=True)
    async with running_agent(data, DONE) as agent:
        await agent.answer(await agent.asked(turn), answer="2024")
        response = await agent.ended(turn)
        assert response["status"] == "completed"
        acted, asked = await agent.told(response)
        assert acted.is_error
        assert acted.text.startswith("The server ended while this ran, and it is not known")
        assert asked.text == "2024"
        assert await act.count(agent, data) == (when == "after")
