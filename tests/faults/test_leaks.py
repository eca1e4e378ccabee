"""Nothing is left behind, and nothing blocks the loop."""

import asyncio
import gc
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from blockbuster import BlockBuster

from cowork_desktop.agent.model import TextDelta
from cowork_desktop.http.sandbox import SANDBOX
from tests.fakes.model import ScriptedModel, done, say
from tests.fakes.scratchpad import new_pad
from tests.fakes.server import Server, running_server

pytestmark = pytest.mark.slow

CYCLES = 50


def _held() -> tuple[int, int, int]:
    """Open descriptors, threads beside the loop's own pool, tasks."""
    gc.collect()
    descriptors = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    threads = [thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")]
    return descriptors, len(threads), len(asyncio.all_tasks())


async def test_fifty_starts_and_stops_with_a_turn_in_flight_leave_nothing(tmp_path: Path) -> None:
    async def cycle(n: int) -> None:
        model = ScriptedModel([TextDelta("So far"), asyncio.Event()], title="T")
        async with running_server(tmp_path / str(n), model=model) as server:
            body = {"conversation_id": await server.conversation(), "input": "Hi"}
            async with server.stream("POST", "/responses", json=body) as followed:
                async for frame in followed:
                    if frame.type == "response.output_text.delta":
                        break
        assert model.is_closed

    for n in range(3):
        await cycle(n)
    before = _held()
    for n in range(3, CYCLES + 3):
        await cycle(n)
    # A thread that has told of its end may take a moment to be gone.
    for _ in range(100):
        if _held() == before:
            break
        await asyncio.sleep(0.02)
    assert _held() == before


async def test_starts_and_stops_with_a_cell_that_runs_leave_nothing(tmp_path: Path) -> None:
    async def cycle(n: int) -> None:
        async with running_server(tmp_path / str(n)) as server:
            pad = await new_pad(server)
            cell = await pad.cell("print('So far', flush=True); import time; time.sleep(600)")
            path = f"/scratchpads/{pad.id}/cells/{cell}/run"
            async with server.stream("POST", path) as followed:
                assert (await anext(followed)).data["data"] == "So far\n"
        assert list((tmp_path / str(n) / "kernels" / "run").iterdir()) == []

    await cycle(0)
    before, children = _held(), _children()
    for n in range(1, 8):
        await cycle(n)
    for _ in range(100):
        if _held() == before:
            break
        await asyncio.sleep(0.02)
    assert _held() == before
    assert _children() == children


def _children() -> set[str]:
    """The processes that this one has started and that are there."""
    return {
        child
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text().split()
    }


@pytest.fixture
def blockbuster() -> Iterator[BlockBuster]:
    """Raises where the loop's thread blocks; small reads of the database are meant to run there."""
    guard = BlockBuster("cowork_desktop")
    for function in guard.functions.values():
        function.can_block_in("cowork_desktop/store/database.py", {"read"})
    for name in ("sqlite3.Connection.execute", "sqlite3.Cursor.execute"):
        guard.functions[name].can_block_in("cowork_desktop/store/database.py", {"_open"})
    # What starts and ends processes runs loops of its own, in threads that may wait.
    for function in guard.functions.values():
        function.can_block_in("cowork_desktop/kernels/process.py", {"await_it"})
    guard.activate()
    yield guard
    guard.deactivate()


@pytest.mark.usefixtures("blockbuster")
async def test_a_server_at_work_never_blocks_the_loop(tmp_path: Path) -> None:
    model = ScriptedModel(say("One"), [TextDelta("Two"), done("Two")], title="A title")
    async with running_server(tmp_path / "data", model=model) as server:
        conversation = await server.conversation()
        response = await server.say(conversation, "First")
        await server.say(conversation, "Second")
        await server.events(response["id"])
        for path in (
            "/conversations",
            "/projects",
            "/settings",
            "/usage",
            "/health",
            "/docs",
            "//",
            "/openapi.json",
        ):
            assert (await server.call("GET", path)).status == 200
        assert (await server.call("PATCH", "/settings", json={"limits": {"rounds": 3}})).status == 200
        pad = await new_pad(server)
        for code in ("print(1); 2", "1/0", "import time; time.sleep(9)"):
            assert (await pad.run(code, seconds=1))["cell"]["execution_count"]
        for path in ("", "/kernel", "/export?format=html", "/export?format=ipynb", "/export?format=py"):
            assert (await server.call("GET", f"/scratchpads/{pad.id}{path}")).status == 200
        await server.post(f"/scratchpads/{pad.id}/restart")
        await server.call("PATCH", f"/scratchpads/{pad.id}", json={"saved": True})
        await _work_with_files(server)
        assert (await server.call("DELETE", f"/scratchpads/{pad.id}")).status == 204
        assert (await server.call("DELETE", f"/conversations/{conversation}")).status == 204


async def _work_with_files(server: Server) -> None:
    [artifact] = (await server.get("/artifacts"))["data"]
    form = aiohttp.FormData({"file": io.BytesIO(b"Some words. " * 100_000)})
    file = (await server.call("POST", "/files", data=form)).json()
    await server.post("/memories", {"content": "Words are remembered."})
    host = server.app[SANDBOX].url(artifact["id"]).removeprefix("http://").rstrip("/")
    assert (await server.call("GET", "//", headers={"Host": host})).status == 200
    for path in (
        f"/files/{file['id']}",
        f"/files/{file['id']}/content",
        f"/files/{file['id']}/text",
        "/search?q=words",
        f"/artifacts/{artifact['id']}/versions",
        f"/artifacts/{artifact['id']}/export",
        f"/artifacts/serve/{artifact['project_id']}/{artifact['path']}",
        f"/artifacts/preview?project_id={artifact['project_id']}&path={artifact['path']}",
        f"/projects/{artifact['project_id']}/export",
    ):
        assert (await server.call("GET", path)).status == 200, path
    await server.post(f"/artifacts/{artifact['id']}/versions/1/restore")
    await server.post("/backup", {})
    assert (await server.call("DELETE", f"/artifacts/{artifact['id']}")).status == 204
    assert (await server.call("DELETE", f"/files/{file['id']}")).status == 204


async def test_a_hundred_readers_of_a_turn_get_the_same_bytes(tmp_path: Path) -> None:
    gate = asyncio.Event()
    model = ScriptedModel([gate, *(TextDelta(f"{n} ") for n in range(500)), done("x")])
    async with running_server(tmp_path / "data", model=model) as server:
        body = {"conversation_id": await server.conversation(), "input": "Count"}
        async with server.stream("POST", "/responses", json=body) as followed:
            id = (await anext(followed)).data["response_id"]
            readers = [asyncio.create_task(server.events(id)) for _ in range(100)]
            await asyncio.sleep(0)
            gate.set()
            streams = {b"".join(frame.raw for frame in await reader) for reader in readers}
        assert len(streams) == 1
