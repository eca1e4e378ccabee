"""A turn on the real SDK, over a Messages endpoint on loopback."""

from pathlib import Path

from cowork_desktop.settings import ServerSettings
from tests.fakes.messages_endpoint import MessagesEndpoint, reply, unauthorized
from tests.fakes.secrets import MemorySecrets
from tests.fakes.server import running_server

KEY = "sk-ant-test-canary-0123456789"


async def test_a_key_that_is_set_is_used_at_once_and_reaches_the_provider_alone(tmp_path: Path) -> None:
    async with MessagesEndpoint([reply(text="Hello there")]) as endpoint:
        secrets = MemorySecrets()
        settings = ServerSettings(base_url=endpoint.url)
        async with running_server(tmp_path / "data", secrets=secrets, settings=settings) as server:
            assert (await server.call("PUT", "/settings/model-key", json={"key": KEY})).status == 204
            assert (await server.get("/settings"))["model_key"] == "keyring"
            conversation = await server.conversation(title="T", goal="Be polite")
            response = await server.say(conversation, "Hi", model="claude-test")
            assert response["output"] == [{"type": "text", "text": "Hello there"}]
            assert response["provider"] == "anthropic"
        [request] = endpoint.requests
    assert KEY in str(dict(request.headers))
    assert request.body["model"] == "claude-test"
    assert "Be polite" in request.body["system"][-1]["text"]
    assert request.body["system"][-1]["cache_control"] == {"type": "ephemeral"}
    assert request.body["messages"][-1]["content"][0]["text"] == "Hi"
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert KEY.encode() not in kept


async def test_a_refused_key_fails_the_turn_with_words_that_help_and_the_next_key_works(
    tmp_path: Path,
) -> None:
    async with MessagesEndpoint([unauthorized(), reply(text="Now it works")]) as endpoint:
        settings = ServerSettings(base_url=endpoint.url)
        async with running_server(tmp_path / "data", settings=settings) as server:
            await server.call("PUT", "/settings/model-key", json={"key": "wrong-key-0123"})
            conversation = await server.conversation(title="T")
            failed = await server.say(conversation, "Hi")
            assert failed["status"] == "failed"
            assert failed["error"]["type"] == "authentication"
            assert "Check the key in the settings" in failed["error"]["message"]
            await server.call("PUT", "/settings/model-key", json={"key": KEY})
            assert (await server.say(conversation, "Again"))["status"] == "completed"
            texts = [
                block["text"]
                for message in endpoint.requests[-1].body["messages"]
                for block in message["content"]
            ]
            assert texts[:-1] == ["Hi", "Again"]


async def test_without_its_key_the_offline_model_answers_again(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        await server.call("PUT", "/settings/model-key", json={"key": KEY})
        assert (await server.get("/health"))["model_configured"] is True
        assert (await server.call("DELETE", "/settings/model-key")).status == 204
        assert (await server.get("/health"))["model_configured"] is False
        response = await server.say(await server.conversation(), "help")
        assert response["provider"] == "offline"
        assert response["model"] == "claude-opus-4-8"
