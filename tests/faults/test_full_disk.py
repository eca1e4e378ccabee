"""A disk that takes nothing more in the middle of a turn."""

import asyncio
from pathlib import Path

import pytest

from cowork_desktop import keys
from cowork_desktop.agent.model import TextDelta
from cowork_desktop.store.database import Tx
from tests.fakes.model import ScriptedModel, done, say
from tests.fakes.server import running_server


def _let_the_file_grow_no_more(tx: Tx) -> None:
    [pages] = tx.execute("PRAGMA page_count").fetchone()
    tx.execute(f"PRAGMA max_page_count = {pages}").fetchone()


async def test_a_turn_whose_end_cannot_be_stored_says_so_and_is_interrupted_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gate = asyncio.Event()
    much = [TextDelta(f"{n} " * 60) for n in range(1_000)]
    model = ScriptedModel([TextDelta("So far"), gate, *much, done("x")])
    async with running_server(tmp_path / "data", model=model) as server:
        conversation = await server.conversation(title="T")
        body = {"conversation_id": conversation, "input": "Go"}
        async with server.stream("POST", "/responses", json=body) as followed:
            frames = [await anext(followed)]
            await server.app[keys.DB].write(_let_the_file_grow_no_more)
            gate.set()
            frames += [frame async for frame in followed]
        assert frames[-1].type == "response.failed"
        assert "could not be stored" in frames[-1].data["response"]["error"]["message"]
        assert [frame.id for frame in frames] == list(range(len(frames)))
        id = frames[0].data["response_id"]
        assert (await server.get("/health"))["status"] == "ok"
    assert "database or disk is full" in caplog.text
    async with running_server(tmp_path / "data", model=ScriptedModel(say("Fine"))) as server:
        assert (await server.get(f"/responses/{id}"))["error"]["type"] == "interrupted"
        assert (await server.say(conversation, "And now?"))["status"] == "completed"
