"""A response with all that it is made of, while it runs and after, over HTTP."""

from pathlib import Path

import pytest

from tests.fakes.agent import running_agent
from tests.fakes.messages_endpoint import Json, reply, stalled, text_block, tool_block, unauthorized
from tests.fakes.server import Server, fault

ALLOWED = {"input_tokens": 1_000, "output_tokens": 100}
REMEMBER = tool_block("r", "remember", {"content": "Likes tea."})


async def test_a_turn_that_runs_shows_what_it_has_done_and_what_it_cost_so_far(data: Path) -> None:
    script = (
        reply(REMEMBER, text="I note it.", usage=ALLOWED),
        stalled(reply(text_block("So", " far")), after=4),
    )
    async with running_agent(data, *script) as agent:
        turn = await agent.begin(await agent.server.conversation(title="T"))
        await agent.endpoint.until_stalled()
        async with agent.server.stream("GET", f"/responses/{turn}/events") as frames:
            async for frame in frames:
                if frame.type == "response.output_text.delta" and frame.data["delta"] == "So":
                    break
        response = await agent.server.get(f"/responses/{turn}")
        [memory] = (await agent.server.get("/memories"))["data"]
        assert response["status"] == "in_progress"
        call, said, saying = sorted(response["parts"], key=lambda part: part["type"] == "text")
        assert call["links"] == [{"type": "memory", "memory_id": memory["id"]}]
        assert (said["text"], saying["text"]) == ("I note it.", "So")
        assert response["usage"]["input_tokens"] == 1_000
        assert response["cost_usd"] == pytest.approx((1_000 * 5 + 100 * 25) / 1_000_000)
        agent.endpoint.release()
        ended = await agent.ended(turn)
        assert ended["status"] == "completed"
        assert ended["cost_usd"] == pytest.approx((1_010 * 5 + 105 * 25) / 1_000_000)


async def test_a_turn_that_has_ended_links_to_what_its_figures_come_from(data: Path) -> None:
    calls: list[Json] = [
        tool_block("c", "run_code", {"code": "6 * 7"}),
        tool_block("a", "create_artifact", {"title": "H", "type": "doc", "markdown": "# H"}),
    ]
    async with running_agent(data, reply(*calls), reply(text="42")) as agent:
        response = await agent.say(await agent.server.conversation(title="T"))
        code, made = (part for part in response["parts"] if part["type"] == "tool_call")
        [cell] = code["links"]
        pad = await agent.server.get(f"/scratchpads/{cell['scratchpad_id']}")
        assert cell["type"] == "cell"
        assert cell["cell_id"] == pad["cells"][0]["id"]
        [artifact] = made["links"]
        assert (artifact["type"], artifact["version"], artifact["title"]) == ("artifact", 1, "H")
        [part] = [part for part in response["parts"] if part["type"] == "artifact"]
        assert part["artifact_id"] == artifact["artifact_id"]
        items = (await agent.server.get(f"/conversations/{response['conversation_id']}/items"))["data"]
        assert items[-1]["parts"] == response["parts"]


async def test_a_turn_that_failed_shows_what_it_had_done(data: Path) -> None:
    async with running_agent(data, reply(REMEMBER), unauthorized()) as agent:
        response = await agent.say(await agent.server.conversation(title="T"))
    assert (response["status"], response["error"]["type"]) == ("failed", "authentication")
    assert [part["name"] for part in response["parts"]] == ["remember"]
    assert response["cost_usd"] == pytest.approx((10 * 5 + 5 * 25) / 1_000_000)


async def test_what_a_model_without_a_known_price_costs_is_not_known(data: Path) -> None:
    async with running_agent(data, reply(text="Yes.")) as agent:
        response = await agent.say(await agent.server.conversation(title="T"), model="other-model")
    assert response["cost_usd"] is None


async def test_the_offline_model_costs_nothing(server: Server) -> None:
    response = await server.say(await server.conversation(), "help")
    assert (await server.get(f"/responses/{response['id']}"))["cost_usd"] == 0.0


async def test_a_response_that_there_is_not_is_404(server: Server) -> None:
    assert fault(await server.call("GET", "/responses/resp_unknown")) == (404, "not_found", None)
