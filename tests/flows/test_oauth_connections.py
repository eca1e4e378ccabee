"""Signing in with OAuth over the API, from the settings to a request with a fresh token."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cowork_desktop import keys
from tests.fakes.agent import running_agent
from tests.fakes.clock import FakeClock
from tests.fakes.connections import until_tested
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET, Fault, OAuthServer, running_oauth
from tests.fakes.secrets import MemorySecrets
from tests.fakes.server import Server, fault, running_server


def spec(url: str) -> dict[str, Any]:
    """A service whose API and provider are at that address."""
    return {
        "id": "herons",
        "name": "Herons",
        "description": "What herons do.",
        "category": "work",
        "docs_url": "https://example.com/",
        "driver": "http",
        "options": {"base_url": url, "probe": {"method": "GET", "path": "/me"}},
        "methods": [
            {
                "id": "oauth",
                "name": "Sign in",
                "oauth": {"provider": "fake", "scopes": ["read"]},
                "auth": {"type": "oauth2"},
            },
            {
                "id": "token",
                "name": "Token",
                "fields": [{"key": "token", "label": "Token", "secret": True}],
                "auth": {"type": "bearer", "field": "token"},
            },
        ],
    }


async def lay_out(data: Path, provider: OAuthServer) -> None:
    """Have the provider and the service among the user's own specs."""
    for folder, name, told in (
        ("specs", "herons", json.dumps(spec(provider.url))),
        ("providers", "fake", provider.provider().model_dump_json()),
    ):
        place = data / "connectors" / folder
        await asyncio.to_thread(place.mkdir, parents=True, exist_ok=True)
        await asyncio.to_thread((place / f"{name}.json").write_text, told)


async def set_client(server: Server) -> Any:
    body = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    answer = await server.call("PUT", "/settings/oauth-clients/fake", json=body)
    assert answer.status == 200, answer.body
    return answer.json()


@asynccontextmanager
async def herons(data: Path, clock: FakeClock | None = None) -> AsyncIterator[tuple[Server, OAuthServer]]:
    """A server that knows the service, and is a client of its provider."""
    async with running_oauth() as provider:
        await lay_out(data, provider)
        async with running_server(data, clock=clock) as server:
            await set_client(server)
            yield server, provider


async def come_back(server: Server, provider: OAuthServer, **query: str) -> Any:
    """What the callback answers when the user has signed in."""
    begun = await server.get("/connectors/oauth/herons/start", params=query)
    back = await provider.visit(begun["redirect_url"])
    return await server.call("GET", "/connectors/oauth/callback", params=back)


async def signed_in(server: Server, provider: OAuthServer, **query: str) -> Any:
    """The connection, tested."""
    answer = await come_back(server, provider, **query)
    assert answer.status == 200, answer.body
    [newest, *_] = (await server.get("/connectors/connections"))["data"]
    return await until_tested(server, newest["id"])


async def test_a_sign_in_makes_a_connection_that_works(data: Path) -> None:
    async with herons(data) as (server, provider):
        made = await signed_in(server, provider, name="My herons", access="write")
        assert made == made | {
            "spec_id": "herons",
            "name": "My herons",
            "method": "oauth",
            "access": "write",
            "status": "connected",
            "error": None,
        }
        assert provider.seen["me"] == 1


@asynccontextmanager
async def a_shell(server: Server) -> AsyncIterator[None]:
    """The desktop shell follows its commands."""
    events = {"Accept": "text/event-stream"}
    async with server.stream("GET", "/shell/commands", headers=events):
        while not (await server.get("/shell/commands"))["is_connected"]:
            await asyncio.sleep(0.01)
        yield


async def test_with_a_shell_the_page_leads_back_to_the_connection_in_the_app(data: Path) -> None:
    async with herons(data) as (server, provider), a_shell(server):
        page = (await come_back(server, provider)).body.decode()
        [made] = (await server.get("/connectors/connections"))["data"]
        assert f'<a href="cowork://connection/{made["id"]}">Back to Cowork</a>' in page
        provider.denies = True
        page = (await come_back(server, provider, connection_id=made["id"])).body.decode()
        assert f'<a href="cowork://connection/{made["id"]}">Back to Cowork</a>' in page
        page = (await come_back(server, provider)).body.decode()
        assert '<a href="cowork://connectors">Back to Cowork</a>' in page


async def test_without_a_shell_nothing_would_open_such_a_link_and_there_is_none(data: Path) -> None:
    async with herons(data) as (server, provider):
        signed_in = (await come_back(server, provider)).body
        provider.denies = True
        refused = (await come_back(server, provider)).body
        assert b"You are signed in" in signed_in
        assert b"Signing in did not work" in refused
        assert b"href" not in signed_in + refused


async def test_start_answers_with_address_state_and_life(data: Path, clock: FakeClock) -> None:
    async with herons(data, clock) as (server, _):
        begun = await server.get("/connectors/oauth/herons/start")
        assert begun.keys() == {"redirect_url", "state", "expires_at"}
        assert begun["expires_at"] == "2026-01-01T00:10:00.000Z"
        assert f"state={begun['state']}" in begun["redirect_url"]
        assert "code_challenge_method=S256" in begun["redirect_url"]


async def test_a_sign_in_is_good_once_and_for_ten_minutes(data: Path, clock: FakeClock) -> None:
    async with herons(data, clock) as (server, provider):
        begun = await server.get("/connectors/oauth/herons/start")
        back = await provider.visit(begun["redirect_url"])
        assert (await server.call("GET", "/connectors/oauth/callback", params=back)).status == 200
        again = await server.call("GET", "/connectors/oauth/callback", params=back)
        assert again.status == 422
        assert "Start it again" in again.body.decode()
        begun = await server.get("/connectors/oauth/herons/start")
        back = await provider.visit(begun["redirect_url"])
        clock.advance(601)
        assert (await server.call("GET", "/connectors/oauth/callback", params=back)).status == 422
        assert (await server.get("/connectors/connections"))["total"] == 1


async def test_a_made_up_state_makes_nothing(data: Path) -> None:
    async with herons(data) as (server, _):
        for params in ({}, {"state": "x", "code": "y"}, {"code": "y"}):
            answer = await server.call("GET", "/connectors/oauth/callback", params=params)
            assert (answer.status, answer.headers["Content-Type"]) == (422, "text/html; charset=utf-8")
            assert "script" not in answer.headers["Content-Security-Policy"]
        assert (await server.get("/connectors/connections"))["total"] == 0


async def test_a_user_who_says_no_is_told_so(data: Path) -> None:
    async with herons(data) as (server, provider):
        provider.denies = True
        answer = await come_back(server, provider)
        assert answer.status == 422
        assert "access_denied" in answer.body.decode()


async def test_what_a_provider_says_is_shown_as_text(data: Path) -> None:
    async with herons(data) as (server, _):
        begun = await server.get("/connectors/oauth/herons/start")
        params = {"state": begun["state"], "error": "<script>alert(1)</script>"}
        answer = await server.call("GET", "/connectors/oauth/callback", params=params)
        assert b"<script>" not in answer.body


async def test_a_provider_that_fails_makes_no_connection(data: Path) -> None:
    async with herons(data) as (server, provider):
        provider.fault = Fault.GARBAGE
        assert (await come_back(server, provider)).status == 502
        assert (await server.get("/connectors/connections"))["total"] == 0


async def test_without_a_client_nobody_signs_in(data: Path) -> None:
    async with running_oauth() as provider:
        await lay_out(data, provider)
        async with running_server(data) as server:
            answer = await server.call("GET", "/connectors/oauth/herons/start")
            assert fault(answer) == (409, "not_configured", None)
            await set_client(server)
            assert (await server.call("GET", "/connectors/oauth/herons/start")).status == 200
            assert (await server.call("DELETE", "/settings/oauth-clients/fake")).status == 204
            assert (await server.call("GET", "/connectors/oauth/herons/start")).status == 409


async def test_the_clients_are_listed_without_their_secrets(data: Path) -> None:
    async with herons(data) as (server, _):
        secrets = server.app[keys.SECRETS]
        assert isinstance(secrets, MemorySecrets)
        listed = await server.get("/settings/oauth-clients")
        [fake] = [client for client in listed["data"] if client["provider"] == "fake"]
        port = server.url.rpartition(":")[2]
        assert fake == fake | {
            "client_id": CLIENT_ID,
            "has_secret": True,
            "redirect_uri": f"http://localhost:{port}/api/v1/connectors/oauth/callback",
        }
        assert CLIENT_SECRET not in json.dumps(listed)
        assert len(secrets.kept) == 1
        again = await set_client(server)
        assert again == fake
        assert len(secrets.kept) == 1
        await server.call("DELETE", "/settings/oauth-clients/fake")
        assert secrets.kept == {}


async def test_what_has_no_sign_in_says_so(server: Server) -> None:
    assert fault(await server.call("GET", "/connectors/oauth/abacus/start"))[:2] == (404, "not_found")
    assert fault(await server.call("GET", "/connectors/oauth/postgres/start"))[:2] == (422, "invalid_request")
    answer = await server.call("PUT", "/settings/oauth-clients/abacus", json={"client_id": "x"})
    assert fault(answer)[:2] == (404, "not_found")


async def test_a_token_is_refreshed_before_it_is_over(data: Path, clock: FakeClock) -> None:
    async with herons(data, clock) as (server, provider):
        made = await signed_in(server, provider)
        clock.advance(3_600 - 59)
        again = await server.post(f"/connectors/connections/{made['id']}/test")
        assert again["status"] == "connected"
        assert provider.seen["refresh_token"] == 1
        secrets = server.app[keys.SECRETS]
        assert isinstance(secrets, MemorySecrets)
        assert len(secrets.kept) == 2  # the client's, and the connection's


async def test_of_many_users_of_a_token_one_refreshes_it(data: Path, clock: FakeClock) -> None:
    async with herons(data, clock) as (server, provider):
        made = await signed_in(server, provider)
        clock.advance(3_600)
        path = f"/connectors/connections/{made['id']}/test"
        answers = await asyncio.gather(*(server.post(path) for _ in range(8)))
        assert {answer["status"] for answer in answers} == {"connected"}
        assert provider.seen["refresh_token"] == 1


async def test_a_token_that_is_refused_too_early_is_refreshed(data: Path) -> None:
    async with herons(data) as (server, provider):
        made = await signed_in(server, provider)
        provider.expire_access()
        again = await server.post(f"/connectors/connections/{made['id']}/test")
        assert (again["status"], again["error"]) == ("connected", None)
        assert provider.seen["refresh_token"] == 1


async def test_a_revoked_access_is_an_error_until_somebody_signs_in_anew(data: Path) -> None:
    async with herons(data) as (server, provider):
        made = await signed_in(server, provider)
        provider.revoke_all()
        after = await server.post(f"/connectors/connections/{made['id']}/test")
        assert after["status"] == "error"
        assert (await come_back(server, provider, connection_id=made["id"])).status == 200
        again = await until_tested(server, made["id"])
        assert (again["status"], again["error"]) == ("connected", None)
        assert (await server.get("/connectors/connections"))["total"] == 1


async def test_a_sign_in_is_for_a_connection_of_its_spec(data: Path) -> None:
    async with herons(data) as (server, provider):
        made = await signed_in(server, provider)
        answer = await server.call(
            "GET", "/connectors/oauth/google-sheets/start", params={"connection_id": made["id"]}
        )
        assert fault(answer)[:2] == (422, "invalid_request")
        answer = await server.call(
            "GET", "/connectors/oauth/herons/start", params={"connection_id": "conn_1"}
        )
        assert fault(answer)[:2] == (404, "not_found")


async def test_what_a_sign_in_does_not_bring_is_filled_in_before_it(data: Path) -> None:
    async with herons(data) as (server, provider):
        told = spec(provider.url)
        told["methods"][0]["fields"] = [{"key": "colony", "label": "Colony"}]
        place = data / "connectors" / "specs" / "herons.json"
        await asyncio.to_thread(place.write_text, json.dumps(told))
    async with running_server(data) as server:
        await set_client(server)
        answer = await server.call("GET", "/connectors/oauth/herons/start")
        assert fault(answer) == (422, "invalid_request", "query.connection_id")
        body = {"spec_id": "herons", "name": "H", "method": "oauth", "credentials": {"colony": "north"}}
        made = await server.post("/connectors/connections", body)
        after = await until_tested(server, made["id"])
        assert "Nobody is signed in for it." in after["error"]
        params = {"connection_id": made["id"]}
        assert (await server.call("GET", "/connectors/oauth/herons/start", params=params)).status == 200


async def test_a_deleted_connection_is_revoked_at_the_provider(data: Path) -> None:
    async with herons(data) as (server, provider):
        made = await signed_in(server, provider)
        assert (await server.call("DELETE", f"/connectors/connections/{made['id']}")).status == 204
        async with asyncio.timeout(20):
            while provider.access_tokens or provider.refresh_tokens:
                await asyncio.sleep(0.01)


async def test_the_agent_asks_the_api_with_a_fresh_token(data: Path, clock: FakeClock) -> None:
    async with running_oauth() as provider:
        await lay_out(data, provider)
        async with running_agent(data, clock=clock) as agent:
            await set_client(agent.server)
            await signed_in(agent.server, provider)
            clock.advance(7_200)
            conversation = await agent.server.conversation()
            called = await agent.call(conversation, "http_request", {"connection": "Herons", "path": "/me"})
            assert called.text.startswith("Status 200\n")
            assert not called.is_error
