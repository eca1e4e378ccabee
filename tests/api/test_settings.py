"""Settings and the model key, operation by operation."""

import logging
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.settings import ServerSettings
from tests.fakes.model import ScriptedModel, call, done, say
from tests.fakes.secrets import MemorySecrets, NoSecrets
from tests.fakes.server import Server, running_server

DEFAULTS: dict[str, Any] = {
    "model": "claude-opus-4-8",
    "base_url": None,
    "limits": {
        "rounds": 50,
        "seconds": 3600,
        "tokens": 2_000_000,
        "output_tokens": 16_000,
        "retries": 4,
        "context_tokens": 200_000,
        "cost_usd": None,
    },
    "kernels": {"spare": True, "idle_seconds": 3600, "output_bytes": 10_485_760, "timeout_seconds": None},
    "memories": {"characters": 8_000},
    "files": {"largest_bytes": 209_715_200},
    "approvals": {"project": "allow", "outside": "ask", "wait_seconds": 86_400},
    "web": {"fetch": True},
    "schedules": {"concurrency": 4, "grace_seconds": 43_200, "pause_after": None},
    "model_key": None,
    "overridden": [],
}
CANARY = "sk-ant-canary-9f8e7d6c5b4a39281706"


async def patch(server: Server, **fields: Any) -> Any:
    answer = await server.call("PATCH", "/settings", json=fields)
    assert answer.status == 200, answer.body
    return without_folders(answer.json())


async def current(server: Server) -> Any:
    return without_folders(await server.get("/settings"))


def without_folders(settings: Any) -> Any:
    return {name: value for name, value in settings.items() if name not in ("data_dir", "backups_dir")}


async def test_the_settings_of_a_new_server_are_the_defaults(server: Server) -> None:
    assert await current(server) == DEFAULTS


async def test_the_settings_tell_where_all_is_kept(server: Server, data: Path) -> None:
    settings = await server.get("/settings")
    assert (settings["data_dir"], settings["backups_dir"]) == (str(data), str(data / "backups"))
    made = await server.post("/backup", {})
    assert Path(made["path"]).parent == Path(settings["backups_dir"])


async def test_a_patch_changes_what_it_names(server: Server) -> None:
    changed = {**DEFAULTS, "model": "claude-haiku-4-5"}
    assert await patch(server, model="claude-haiku-4-5") == changed
    assert await current(server) == changed
    changed["base_url"] = "http://127.0.0.1:9/proxy"
    assert await patch(server, base_url="http://127.0.0.1:9/proxy") == changed


async def test_a_patch_of_one_limit_leaves_the_others(server: Server) -> None:
    limits = {**DEFAULTS["limits"], "rounds": 7}
    assert await patch(server, limits={"rounds": 7}) == {**DEFAULTS, "limits": limits}
    limits |= {"seconds": 60, "retries": 0}
    assert await patch(server, limits={"seconds": 60, "retries": 0}) == {**DEFAULTS, "limits": limits}
    assert await patch(server, model="other") == {**DEFAULTS, "model": "other", "limits": limits}


async def test_a_patch_of_how_kernels_live_leaves_the_rest(server: Server) -> None:
    kernels = {**DEFAULTS["kernels"], "idle_seconds": 60, "timeout_seconds": 5}
    asked = {"idle_seconds": 60, "timeout_seconds": 5}
    assert await patch(server, kernels=asked) == {**DEFAULTS, "kernels": kernels}
    kernels["timeout_seconds"] = None
    assert await patch(server, kernels={"timeout_seconds": None}) == {**DEFAULTS, "kernels": kernels}


async def test_a_patch_of_how_memories_are_used_leaves_the_rest(server: Server) -> None:
    for characters in (0, 200_000):
        changed = {**DEFAULTS, "memories": {"characters": characters}}
        assert await patch(server, memories={"characters": characters}) == changed
        assert await patch(server, memories={}) == changed


async def test_a_patch_of_what_is_asked_for_leaves_the_rest(server: Server) -> None:
    approvals = {**DEFAULTS["approvals"], "outside": "deny"}
    assert await patch(server, approvals={"outside": "deny"}) == {**DEFAULTS, "approvals": approvals}
    approvals |= {"project": "ask", "wait_seconds": 60}
    asked = {"project": "ask", "wait_seconds": 60}
    assert await patch(server, approvals=asked) == {**DEFAULTS, "approvals": approvals}
    web = {"fetch": False}
    assert await patch(server, web=web) == {**DEFAULTS, "approvals": approvals, "web": web}


async def test_a_limit_of_cost_can_be_set_and_taken_away(server: Server) -> None:
    limits = {**DEFAULTS["limits"], "cost_usd": 2.5}
    assert await patch(server, limits={"cost_usd": 2.5}) == {**DEFAULTS, "limits": limits}
    assert await patch(server, limits={"cost_usd": None}) == DEFAULTS
    for cost in (0, -1, 100_001):
        answer = await server.call("PATCH", "/settings", json={"limits": {"cost_usd": cost}})
        assert (answer.status, answer.json()["error"]["param"]) == (422, "body.limits.cost_usd")


@pytest.mark.parametrize(
    ("limit", "least", "most"),
    [
        ("context_tokens", 8_000, 10_000_000),
        ("rounds", 1, 1_000),
        ("seconds", 1, 86_400),
        ("tokens", 1, 100_000_000),
        ("output_tokens", 1, 1_000_000),
        ("retries", 0, 10),
    ],
)
async def test_each_limit_has_its_range(limit: str, least: int, most: int, server: Server) -> None:
    for value in (least, most):
        assert (await patch(server, limits={limit: value}))["limits"][limit] == value
    for value in (least - 1, most + 1):
        answer = await server.call("PATCH", "/settings", json={"limits": {limit: value}})
        assert (answer.status, answer.json()["error"]["param"]) == (422, f"body.limits.{limit}")
    assert (await server.get("/settings"))["limits"][limit] == most


async def test_settings_outlive_the_server(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        changed = await patch(server, model="other", base_url="https://example.invalid", limits={"rounds": 3})
    async with running_server(tmp_path / "data") as server:
        assert await current(server) == changed


async def test_the_model_of_the_settings_is_the_one_that_answers(tmp_path: Path) -> None:
    model = ScriptedModel(say("Yes."))
    async with running_server(tmp_path / "data", model=model) as server:
        await patch(server, model="another-model", limits={"output_tokens": 321, "retries": 1})
        response = await server.say(await server.conversation(), "Hi")
    assert response["model"] == "another-model"
    [request] = model.requests
    assert (request.model, request.max_output_tokens, request.max_retries) == ("another-model", 321, 1)


async def test_a_turn_ends_at_the_limit_of_rounds(tmp_path: Path) -> None:
    search = call("search_conversation", {"query": "x"}, '{"query": "x"}')
    model = ScriptedModel(search, search, search)
    async with running_server(tmp_path / "data", model=model) as server:
        await patch(server, limits={"rounds": 2})
        response = await server.say(await server.conversation(), "Hi")
    assert (response["status"], response["error"]["type"]) == ("failed", "limit_reached")
    assert "settings.limits.rounds" in response["error"]["message"]
    assert len(model.requests) == 2


async def test_what_a_flag_sets_is_in_force_and_told_to_be_overridden(tmp_path: Path) -> None:
    overriding = ServerSettings(model="of-the-flag", base_url="http://127.0.0.1:9")
    async with running_server(tmp_path / "data", settings=overriding) as server:
        before = await current(server)
        assert before == {
            **DEFAULTS,
            "model": "of-the-flag",
            "base_url": "http://127.0.0.1:9",
            "overridden": ["base_url", "model"],
        }
        assert await patch(server, model="of-the-user") == before
    async with running_server(tmp_path / "data") as server:
        assert await current(server) == {**DEFAULTS, "model": "of-the-user"}


async def test_an_address_of_ones_own_makes_the_model_configured(server: Server) -> None:
    assert (await server.get("/health"))["model_configured"] is False
    await patch(server, base_url="http://127.0.0.1:9")
    assert (await server.get("/health"))["model_configured"] is True
    await patch(server, base_url=None)
    assert (await server.get("/health"))["model_configured"] is False


async def test_a_key_is_set_and_removed_and_never_shown(server: Server) -> None:
    answer = await server.call("PUT", "/settings/model-key", json={"key": CANARY})
    assert (answer.status, answer.body) == (204, b"")
    assert await current(server) == {**DEFAULTS, "model_key": "keyring"}
    assert (await server.get("/health"))["model_configured"] is True
    answer = await server.call("DELETE", "/settings/model-key")
    assert (answer.status, answer.body) == (204, b"")
    assert await current(server) == DEFAULTS
    assert (await server.get("/health"))["model_configured"] is False


async def test_removing_a_key_that_is_not_set_is_done_already(server: Server) -> None:
    for _ in range(2):
        assert (await server.call("DELETE", "/settings/model-key")).status == 204


async def test_a_key_goes_to_the_keyring_trimmed_and_leaves_it(tmp_path: Path) -> None:
    secrets = MemorySecrets()
    async with running_server(tmp_path / "data", secrets=secrets) as server:
        await server.call("PUT", "/settings/model-key", json={"key": f"  {CANARY}\n"})
        assert list(secrets.kept.values()) == [CANARY]
        await server.call("PUT", "/settings/model-key", json={"key": f"{CANARY}-2"})
        assert list(secrets.kept.values()) == [f"{CANARY}-2"]
        await server.call("DELETE", "/settings/model-key")
        assert secrets.kept == {}


async def test_a_key_outlives_the_server(tmp_path: Path) -> None:
    secrets = MemorySecrets()
    async with running_server(tmp_path / "data", secrets=secrets) as server:
        await server.call("PUT", "/settings/model-key", json={"key": CANARY})
    async with running_server(tmp_path / "data", secrets=secrets) as server:
        assert (await server.get("/settings"))["model_key"] == "keyring"


async def test_a_key_of_the_environment_counts_until_one_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    async with running_server(tmp_path / "data") as server:
        assert (await server.get("/settings"))["model_key"] == "environment"
        assert (await server.get("/health"))["model_configured"] is True
        await server.call("PUT", "/settings/model-key", json={"key": "sk-of-the-keyring"})
        assert (await server.get("/settings"))["model_key"] == "keyring"
        await server.call("DELETE", "/settings/model-key")
        assert (await server.get("/settings"))["model_key"] == "environment"


async def test_a_key_that_is_gone_from_the_keyring_fails_the_turn_with_what_to_do(tmp_path: Path) -> None:
    secrets = MemorySecrets()
    async with running_server(tmp_path / "data", secrets=secrets) as server:
        await server.call("PUT", "/settings/model-key", json={"key": CANARY})
        secrets.kept.clear()
        response = await server.say(await server.conversation(), "Hi")
    assert response["status"] == "failed"
    assert response["error"] == {
        "type": "authentication",
        "message": "The stored API key is gone from the keyring. Set it again in the settings.",
    }


async def test_without_a_keyring_a_key_cannot_be_set(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data", secrets=NoSecrets()) as server:
        answer = await server.call("PUT", "/settings/model-key", json={"key": CANARY})
        assert (answer.status, answer.json()["error"]["type"]) == (409, "not_configured")
        assert CANARY.encode() not in answer.body
        assert await current(server) == DEFAULTS
        assert (await server.get("/health"))["secrets"] == "unavailable"
        assert (await server.call("DELETE", "/settings/model-key")).status == 204


async def test_a_key_that_cannot_be_one_is_not_repeated(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bodies = [
        {"key": f"{CANARY} x"},
        {"key": f"{CANARY}\0"},
        {"key": [CANARY]},
        {"kee": CANARY},
        {"key": CANARY * 20},
    ]
    for body in bodies:
        answer = await server.call("PUT", "/settings/model-key", json=body)
        assert answer.status == 422
        assert CANARY.encode() not in answer.body
    answer = await server.call(
        "PUT",
        "/settings/model-key",
        data=f'{{"key": "{CANARY}"'.encode(),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status == 400
    assert CANARY.encode() not in answer.body
    assert CANARY not in caplog.text


async def test_a_key_is_in_no_answer_no_log_and_no_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    model = ScriptedModel(say("Yes."), [done("x")])
    async with running_server(tmp_path / "data", model=model) as server:
        answers = [await server.call("PUT", "/settings/model-key", json={"key": CANARY})]
        conversation = await server.conversation()
        response = await server.say(conversation, "Hi")
        answers += [
            await server.call("PATCH", "/settings", json={"limits": {"rounds": 5}}),
            *[
                await server.call("GET", path)
                for path in (
                    "/settings",
                    "/health",
                    "/usage",
                    "/openapi.json",
                    f"/conversations/{conversation}",
                    f"/conversations/{conversation}/items",
                    f"/responses/{response['id']}",
                    f"/responses/{response['id']}/events",
                )
            ],
        ]
    assert [answer for answer in answers if answer.status >= 400] == []
    for answer in answers:
        assert CANARY.encode() not in answer.body
        assert CANARY not in str(answer.headers)
    assert CANARY not in caplog.text
    assert CANARY not in str(model.requests)
    kept = [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
    assert kept
    assert [file for file in kept if CANARY.encode() in file.read_bytes()] == []
