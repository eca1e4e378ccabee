"""A turn from its input to its end, over HTTP."""

import asyncio
from pathlib import Path

import pytest

from cowork_desktop.agent.model import ModelError, TextDelta
from tests.fakes.model import ScriptedModel, call, done, say
from tests.fakes.server import Server, running_server


async def test_a_streamed_turn_tells_each_step_once_and_ends_with_what_is_stored(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data", model=ScriptedModel(say("Hel", "lo"))) as server:
        conversation = await server.conversation(title="T")
        body = {"conversation_id": conversation, "input": "Hi"}
        async with server.stream("POST", "/responses", json=body) as followed:
            frames = [frame async for frame in followed]
        assert [frame.type for frame in frames] == [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.done",
            "response.output_item.done",
            "response.completed",
        ]
        assert [frame.id for frame in frames] == list(range(8))
        assert [frame.data["sequence_number"] for frame in frames] == list(range(8))
        stored = await server.get(f"/responses/{frames[0].data['response_id']}")
        assert stored.pop("parts") == [{"type": "text", "text": "Hello"}]
        assert stored.pop("cost_usd") == pytest.approx((10 * 5 + 5 * 25) / 1_000_000)
        assert stored.pop("parent_response_id") is None
        assert frames[-1].data["response"] == stored
        assert stored["output"] == [{"type": "text", "text": "Hello"}]
        assert stored["usage"]["input_tokens"] == 10


async def test_a_tool_is_called_and_its_result_goes_back_to_the_model(tmp_path: Path) -> None:
    model = ScriptedModel(
        say("Nice."),
        call("search_conversation", {"query": "budget"}, '{"query": "budget"}'),
        say("You said 5."),
    )
    async with running_server(tmp_path / "data", model=model) as server:
        conversation = await server.conversation()
        await server.say(conversation, "The budget is 5 million.")
        response = await server.say(conversation, "What did I say about it?")
        assert response["output"] == [{"type": "text", "text": "You said 5."}]
        items = await server.get(f"/conversations/{conversation}/items")
        [tool_call, text] = items["data"][-1]["parts"]
        assert tool_call["status"] == "success"
        assert "The budget is 5 million." in tool_call["output"]
        assert text == {"type": "text", "text": "You said 5."}
        assert [part.call_id for part in model.requests[-1].messages[-1].content] == ["call_1"]  # type: ignore[union-attr]


async def test_a_failing_provider_ends_the_turn_as_failed_and_keeps_its_text(tmp_path: Path) -> None:
    model = ScriptedModel([TextDelta("Half"), ModelError("network", "The line broke.")], say("Whole."))
    async with running_server(tmp_path / "data", model=model) as server:
        conversation = await server.conversation()
        response = await server.say(conversation, "Go")
        assert response["status"] == "failed"
        assert response["error"] == {"type": "network", "message": "The line broke."}
        assert response["output"] == [{"type": "text", "text": "Half"}]
        assert (await server.say(conversation, "Again"))["status"] == "completed"


async def test_a_second_turn_in_a_conversation_is_a_conflict_that_names_the_first(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running_server(tmp_path / "data", model=ScriptedModel([gate, done("x")])) as server:
        conversation = await server.conversation()
        body = {"conversation_id": conversation, "input": "Hi"}
        async with server.stream("POST", "/responses", json=body) as followed:
            first = await anext(followed)
            answer = await server.call("POST", "/responses", json=body)
            assert answer.status == 409
            assert answer.json()["error"]["details"] == [{"response_id": first.data["response_id"]}]
            gate.set()


async def test_cancelling_keeps_the_text(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with running_server(tmp_path / "data", model=ScriptedModel([TextDelta("So far"), gate])) as server:
        conversation = await server.conversation()
        body = {"conversation_id": conversation, "input": "Hi"}
        async with server.stream("POST", "/responses", json=body) as followed:
            async for frame in followed:
                if frame.type == "response.output_text.delta":
                    break
            ended = await server.post(f"/responses/{frame.data['response_id']}/cancel")
            assert ended["status"] == "failed"
            assert ended["error"]["type"] == "cancelled"
            assert ended["output"] == [{"type": "text", "text": "So far"}]
            assert [frame.type async for frame in followed][-1] == "response.failed"
        items = await server.get(f"/conversations/{conversation}/items")
        assert [item["content"] for item in items["data"]] == ["Hi", "So far"]


async def test_readers_early_late_and_resumed_see_the_same_bytes(tmp_path: Path) -> None:
    gate = asyncio.Event()
    model = ScriptedModel([TextDelta("a"), TextDelta("b"), gate, TextDelta("c"), done("abc")])
    async with running_server(tmp_path / "data", model=model) as server:
        conversation = await server.conversation()
        body = {"conversation_id": conversation, "input": "Hi"}
        async with server.stream("POST", "/responses", json=body) as followed:
            early = [await anext(followed) for _ in range(4)]
        id = early[0].data["response_id"]
        late = asyncio.create_task(server.events(id))
        resumed = asyncio.create_task(server.events(id, headers={"Last-Event-ID": "3"}))
        await asyncio.sleep(0)
        gate.set()
        after_the_end = await server.events(id)
        whole = [frame.raw for frame in after_the_end]
        assert [frame.raw for frame in await late] == whole
        assert [frame.raw for frame in early + await resumed] == whole
        assert [frame.raw for frame in await server.events(id, params={"after": "5"})] == whole[6:]


async def test_the_title_is_a_cut_at_once_and_the_models_later(tmp_path: Path) -> None:
    model = ScriptedModel(say("Sure."), title='"Sales of last week"')
    async with running_server(tmp_path / "data", model=model) as server:
        conversation = await server.conversation()
        body = {
            "conversation_id": conversation,
            "input": "# Please look at the sales of last week\nand tell me more",
        }
        async with server.stream("POST", "/responses", json=body) as followed:
            titles = [
                frame.data["title"] async for frame in followed if frame.type == "response.title.updated"
            ]
        assert titles == ["Please look at the sales of last week", "Sales of last week"]
        assert (await server.get(f"/conversations/{conversation}"))["title"] == "Sales of last week"


async def test_a_title_of_the_users_stays(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data", model=ScriptedModel(say("Sure."), title="Other")) as server:
        conversation = await server.conversation(title="Mine")
        await server.say(conversation, "Hello there")
        assert (await server.get(f"/conversations/{conversation}"))["title"] == "Mine"


async def test_the_offline_model_says_what_it_is_and_finds_what_was_said(server: Server) -> None:
    conversation = await server.conversation()
    await server.say(conversation, "Our launch date is the 14th of March.")
    response = await server.say(conversation, "When is the launch?")
    assert response["provider"] == "offline"
    text = response["output"][0]["text"]
    assert "> [20" in text
    assert "Our launch date is the 14th of March." in text
    assert "No language model is set up" in text
