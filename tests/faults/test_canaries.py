"""Credentials that can be recognised, put in everywhere: none comes out again but where it is used."""

import asyncio
import base64
import json
import os
import signal
import zipfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from tests.fakes.api_server import ApiServer, running_api
from tests.fakes.messages_endpoint import Json, MessagesEndpoint, Reply, reply, tool_block
from tests.faults.process import ServerProcess, running_process

pytestmark = pytest.mark.slow

CANARIES = {
    name: f"Canary {name} ä\"\\&'/+=%7#42{name}"
    for name in (
        "key",
        "api",
        "rotated",
        "postgres",
        "mysql",
        "redis",
        "smtp",
        "imap",
        "client",
        "tool",
        "bad",
    )
} | {name: f"sk-canary-{name}-731-{name}" for name in ("model", "bearer", "rotated-bearer")}
"""The first with all that is written otherwise somewhere; the second of the signs that a header takes."""


def forms(secret: str) -> Iterable[bytes]:
    """The ways in which it could be written."""
    texts = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}
    texts |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    texts |= {encoded, encoded.replace("+", "-").replace("/", "_")}
    texts |= {base64.b64encode(b"\0" * n + secret.encode()).decode()[4:-4] for n in (1, 2)}
    for text in texts:
        yield text.encode()
        yield text.encode("utf-16-le")


def found(content: bytes) -> set[str]:
    return {name for name, secret in CANARIES.items() if any(form in content for form in forms(secret))}


def everything_below(folder: Path) -> dict[str, bytes]:
    """All files, and what is in archives, by their names."""
    files = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in folder.rglob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            files |= {f"{path}!{name}": archive.read(name) for name in archive.namelist()}
    return files


def test_a_canary_is_found_in_whatever_way_it_is_written() -> None:
    for name, secret in CANARIES.items():
        for written in (secret, json.dumps({"x": secret}), f"?a={quote_plus(secret)}", repr(secret)):
            assert found(written.encode()) >= {name}
        assert found(base64.b64encode(f"ada:{secret}".encode())) == {name}


class Heard:
    """Every byte that the server says to anybody."""

    def __init__(self, server: ServerProcess) -> None:
        self.server, self.said = server, list[bytes]()

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with self.server.session.request(method, self.server.api + path, json=body) as response:
            content = await response.read()
            self.said.append(content + str(response.headers).encode())
            return response.status, json.loads(content) if content[:1] in (b"{", b"[") else None

    async def made(self, path: str, body: Any, method: str = "POST") -> Any:
        status, told = await self.call(method, path, body)
        assert status in (200, 201, 204), told
        return told

    async def connection(self, spec_id: str, name: str, credentials: Any, **fields: Any) -> str:
        body = {"spec_id": spec_id, "name": name, "credentials": credentials, **fields}
        return str((await self.made("/connectors/connections", body))["id"])

    async def tested(self, id: str) -> Any:
        async with asyncio.timeout(40):
            while (told := (await self.call("GET", f"/connectors/connections/{id}"))[1])[
                "status"
            ] == "pending":
                await asyncio.sleep(0.02)
        return told

    async def turn(self, conversation: str) -> None:
        """One turn to its end, with all of its events."""
        url, body = f"{self.server.api}/responses", {"conversation_id": conversation, "input": "Go on."}
        async with self.server.session.post(url, json=body) as response:
            self.said.append(await response.read())

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """To what windows are told."""

        async def listen() -> None:
            async with self.server.session.get(f"{self.server.api}/events") as response:
                async for chunk in response.content.iter_any():
                    self.said.append(chunk)

        task = asyncio.create_task(listen())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])


CODE = (
    "import os\n"
    "print(dict(os.environ))\n"
    "for name in ('environ', 'cmdline'):\n"
    "    try: print(open(f'/proc/self/{name}').read())\n"
    "    except OSError as error: print(error)"
)


async def set_up(heard: Heard, api: ApiServer) -> dict[str, str]:
    """One connection of each kind; their ids."""
    await heard.made("/settings/model-key", {"key": CANARIES["model"]}, method="PUT")
    client = {"client_id": "cowork", "client_secret": CANARIES["client"]}
    await heard.made("/settings/oauth-clients/google", client, method="PUT")
    nowhere = {"host": "127.0.0.1", "port": 9}
    access = {"user": "ada", "database": "d"}
    ids = {
        "api": await heard.connection(
            "http-api",
            "api",
            {"base_url": api.url, "user": "ada", "password": CANARIES["api"]},
            method="basic",
        ),
        "bearer": await heard.connection(
            "http-api", "bearer", {"base_url": api.url, "token": CANARIES["bearer"]}, method="bearer"
        ),
        "postgres": await heard.connection(
            "postgres", "postgres", {**nowhere, **access, "password": CANARIES["postgres"]}
        ),
        "mysql": await heard.connection(
            "mysql", "mysql", {**nowhere, **access, "password": CANARIES["mysql"]}
        ),
        "redis": await heard.connection("redis", "redis", {**nowhere, "password": CANARIES["redis"]}),
        "imap": await heard.connection(
            "imap", "imap", {**nowhere, "user": "a", "password": CANARIES["imap"]}
        ),
        "smtp": await heard.connection(
            "smtp",
            "smtp",
            {**nowhere, "user": "a", "password": CANARIES["smtp"], "from_address": "ada@example.com"},
        ),
        "tool": await heard.connection(
            "mcp-stdio", "tool", {"command": "false", "environment": f"HERON_PHRASE={CANARIES['tool']}"}
        ),
    }
    for id in ids.values():
        await heard.tested(id)
    return ids


async def use(heard: Heard, model: MessagesEndpoint) -> None:
    """A turn that uses them: the API echoes what it gets, the others fail, and code looks around."""
    conversation = (await heard.made("/conversations", {}))["id"]
    calls: list[tuple[str, Json]] = [
        ("http_request", {"connection": "api", "path": "/echo", "query": {"q": "herons"}}),
        ("http_request", {"connection": "bearer", "path": "/echo"}),
        ("sql_query", {"connection": "postgres", "sql": "SELECT 1"}),
        ("sql_query", {"connection": "mysql", "sql": "SELECT 1"}),
        ("run_query", {"connection": "redis", "query": "GET x"}),
        ("describe_connection", {"connection": "postgres"}),
        ("run_code", {"code": CODE}),
    ]
    replies = [
        reply(*(tool_block(f"c{n}", name, given) for n, (name, given) in enumerate(calls))),
        reply(text="Done."),
    ]
    model.add(*replies)
    await heard.turn(conversation)
    assert model.remaining == 0


async def fail_and_rotate(heard: Heard, ids: dict[str, str]) -> None:
    secret = CANARIES["bad"]
    for credentials in ({"hots": secret}, {"port": secret}, {"tls": secret}, {"password": [secret]}, secret):
        body = {"spec_id": "postgres", "name": "x", "credentials": credentials}
        assert (await heard.call("POST", "/connectors/connections", body))[0] == 422
    path = f"/connectors/connections/{ids['bearer']}"
    await heard.made(path, {"credentials": {"token": CANARIES["rotated-bearer"]}}, method="PATCH")
    await heard.tested(ids["bearer"])
    path = f"/connectors/connections/{ids['api']}"
    await heard.made(path, {"credentials": {"password": CANARIES["rotated"]}}, method="PATCH")
    await heard.tested(ids["api"])


def title(body: Json) -> Reply | None:
    return None if "tools" in body else reply(text="A title")


def sent(api: ApiServer) -> bytes:
    return b"\n".join(str(seen.headers).encode() for seen in api.seen)


async def test_no_byte_of_a_credential_is_told_kept_or_logged(tmp_path: Path) -> None:
    data, config = tmp_path / "data", tmp_path / "config"
    environment = {"XDG_CONFIG_HOME": str(config), "PYTHONFAULTHANDLER": "1"}
    async with running_api() as api, MessagesEndpoint(route=title) as model:

        async def echo(request: Any) -> Any:
            from aiohttp import web

            return web.json_response(
                {"headers": dict(request.headers)}, headers={"Link": str(request.headers)[:900]}
            )

        api.answers["/echo"] = echo
        flags = ("--secrets", "file", "--base-url", model.url, "--log-level", "debug")
        async with running_process(data, *flags, environment=environment) as server:
            heard = Heard(server)
            async with heard.listening():
                assert (await heard.call("GET", "/health"))[1]["secrets"] == "file"
                ids = await set_up(heard, api)
                await use(heard, model)
                await fail_and_rotate(heard, ids)
                await heard.made("/backup", {})
                for path in ("/connectors/connections", "/settings", "/settings/oauth-clients", "/approvals"):
                    await heard.call("GET", path)
                assert (await heard.call("DELETE", f"/connectors/connections/{ids['postgres']}"))[0] == 204
            # They were used, each: else there would be nothing to find.
            assert found(sent(api)) == {"api", "rotated", "bearer", "rotated-bearer"}
            os.kill(server.ready["pid"], signal.SIGABRT)
            out, errors = await server.process.communicate()
        async with running_process(data, *flags, environment=environment) as server:
            heard.server = server
            assert (await heard.tested(ids["api"]))["status"] == "connected"
            server.process.terminate()
            out_again, errors_again = await server.process.communicate()
    assert b"Fatal Python error" in errors
    said = b"".join(heard.said)
    assert b"'Authorization': 'Basic [credential]'" in said  # what the API has echoed
    assert b"'Authorization': 'Bearer [credential]'" in said
    assert b"VIRTUAL_ENV" in said or b"'PATH': " in said  # what the kernel has seen around it
    assert found(said) == set()
    assert found(out + errors + out_again + errors_again) == set()
    assert (
        found(b"".join(json.dumps(got.body, ensure_ascii=False).encode() for got in model.requests)) == set()
    )
    for name, content in (await asyncio.to_thread(everything_below, data)).items():
        assert (name, found(content)) == (name, set())
    assert (data / "secrets.enc").stat().st_size > 1_000
