"""What `GET /usage` says that turns cost, which is what each of them says."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.schemas.responses import Usage
from tests.fakes.clock import FakeClock
from tests.fakes.model import ScriptedModel, say
from tests.fakes.server import Server, running_server

DAY = 86_400
OPUS, HAIKU = "claude-opus-4-8", "claude-haiku-5-5"
TURNS = [
    (OPUS, Usage(input_tokens=1_000_000, output_tokens=10)),  # 5.00025
    (HAIKU, Usage(input_tokens=90_000, cache_read_input_tokens=10_000)),  # 0.0091
    (HAIKU, Usage(input_tokens=90_000, cache_read_input_tokens=10_001)),  # five times as much for input
    ("mystery", Usage(input_tokens=7)),
    (HAIKU, Usage(input_tokens=60_000)),
    ("mystery", Usage()),
]
"""One a day, but for the first four, which are of one day."""


class Costs:
    def __init__(self, server: Server, responses: list[Any]) -> None:
        self.server, self.responses = server, responses

    async def report(self, **query: str) -> Any:
        return await self.server.get("/usage", params=query)

    async def by(self, group_by: str) -> dict[Any, float | None]:
        groups = (await self.report(group_by=group_by))["data"]
        return {
            (group["key"], group["model"]) if group["model"] else group["key"]: group["cost_usd"]
            for group in groups
        }


@pytest.fixture
async def costs(data: Path) -> AsyncIterator[Costs]:
    clock, responses = FakeClock(), []
    model = ScriptedModel(*(say("x", usage=usage) for _, usage in TURNS))
    async with running_server(data, clock=clock, model=model) as server:
        conversation = await server.conversation()
        for n, (name, _) in enumerate(TURNS):
            clock.advance(DAY if n > 3 else 0)
            said = await server.say(conversation, "Hi", model=name)
            responses.append(await server.get(f"/responses/{said['id']}"))
        yield Costs(server, responses)


async def test_a_group_costs_what_its_responses_cost(costs: Costs) -> None:
    opus, short, long, unknown, last, nothing = [one["cost_usd"] for one in costs.responses]
    assert (opus, short) == (pytest.approx(5.00025), pytest.approx(0.0091))
    assert long == pytest.approx(0.0455, rel=1e-3)
    assert unknown is None
    assert await costs.by("model") == {
        OPUS: pytest.approx(opus),
        HAIKU: pytest.approx(short + long + last),
        "mystery": None,
    }
    assert nothing is None


async def test_a_sum_with_a_price_that_is_not_known_is_not_known(costs: Costs) -> None:
    last = costs.responses[4]["cost_usd"]
    assert await costs.by("day") == {"2026-01-03": 0, "2026-01-02": pytest.approx(last), "2026-01-01": None}
    assert (await costs.report())["cost_usd"] is None
    assert (await costs.report(since="2026-01-02"))["cost_usd"] == pytest.approx(last)


async def test_usage_is_summed_by_day_and_model(costs: Costs) -> None:
    opus, short, long, _, last, _ = [one["cost_usd"] for one in costs.responses]
    assert list((await costs.by("day_model")).items()) == [
        (("2026-01-03", "mystery"), 0),
        (("2026-01-02", HAIKU), pytest.approx(last)),
        (("2026-01-01", OPUS), pytest.approx(opus)),
        (("2026-01-01", HAIKU), pytest.approx(short + long)),
        (("2026-01-01", "mystery"), None),
    ]
    report = await costs.report(group_by="day_model")
    assert [group["responses"] for group in report["data"]] == [1, 1, 1, 2, 1]
    assert report["responses"] == 6
    assert report["usage"] == (await costs.report())["usage"]


async def test_the_offline_model_costs_nothing(server: Server) -> None:
    await server.say(await server.conversation(), "Hello")
    report = await server.get("/usage")
    assert (report["responses"], report["cost_usd"]) == (1, 0)
