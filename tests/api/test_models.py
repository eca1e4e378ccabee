"""The models to choose from."""

from typing import Any

from cowork_desktop.agent import prices
from cowork_desktop.schemas.settings import DEFAULT_MODEL
from tests.fakes.server import Server


async def models(server: Server) -> dict[str, Any]:
    page = await server.get("/models")
    assert (page["total"], page["has_more"]) == (len(page["data"]), False)
    return {model["id"]: model for model in page["data"]}


async def test_the_models_say_what_they_cost_and_how_much_they_can_read(server: Server) -> None:
    assert (await models(server))["claude-haiku-4-5"] == {
        "id": "claude-haiku-4-5",
        "name": "Claude Haiku 4.5",
        "is_default": False,
        "context_tokens": 200_000,
        "input_usd_per_mtok": 1.0,
        "output_usd_per_mtok": 5.0,
        "provider": "anthropic",
    }


async def test_each_known_model_has_a_price_and_one_is_the_default(server: Server) -> None:
    found = await models(server)
    assert [id for id, model in found.items() if model["is_default"]] == [DEFAULT_MODEL]
    for id in found:
        assert prices.list_price(id) is not None


async def test_the_built_in_model_is_the_last_and_costs_nothing(server: Server) -> None:
    *_, last = (await models(server)).values()
    assert (last["id"], last["provider"]) == ("offline", "offline")
    assert (last["input_usd_per_mtok"], last["output_usd_per_mtok"], last["context_tokens"]) == (0, 0, None)


async def test_the_model_of_the_settings_is_there_whatever_it_is(server: Server) -> None:
    known = list(await models(server))
    await server.call("PATCH", "/settings", json={"model": "my-own:7b"})
    found = await models(server)
    assert list(found) == ["my-own:7b", *known]
    assert found["my-own:7b"] == {
        "id": "my-own:7b",
        "name": "my-own:7b",
        "is_default": True,
        "context_tokens": None,
        "input_usd_per_mtok": None,
        "output_usd_per_mtok": None,
        "provider": "anthropic",
    }
    assert not found[DEFAULT_MODEL]["is_default"]
