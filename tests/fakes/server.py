"""A whole server inside the test's event loop, on a real socket, and a client that speaks to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from cowork_desktop.agent.model import Model
from cowork_desktop.agent.tools.tool import Tool
from cowork_desktop.app import UI_FOLDER, create_app
from cowork_desktop.clock import Clock
from cowork_desktop.connectors.secrets import Secrets
from cowork_desktop.serve import listen, serving
from cowork_desktop.settings import ServerSettings
from cowork_desktop.shell.browser import Browser
from cowork_desktop.web.pages import Pages
from tests.fakes.browser import NotingBrowser
from tests.fakes.secrets import MemorySecrets


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Any
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def fault(answer: Answer) -> tuple[int, str, str | None]:
    """Status, type and place of an error, which must have the one shape."""
    told = answer.json()["error"]
    assert told.keys() - {"details"} == {"type", "message", "param", "request_id"}
    return answer.status, told["type"], told["param"]


@dataclass(frozen=True)
class Frame:
    """One server-sent event."""

    id: int
    """Without the run of the server that may stand before it."""
    type: str
    data: dict[str, Any]
    raw: bytes


@dataclass(frozen=True)
class Server:
    url: str
    app: web.Application
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        """`path` is below /api/v1, or whole where it begins with `//`: `//v1/models` is /v1/models."""
        url = self.url + (path[1:] if path.startswith("//") else f"/api/v1{path}")
        async with self.session.request(method, url, allow_redirects=False, **options) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, **options: Any) -> Any:
        """The JSON of a GET that must succeed."""
        answer = await self.call("GET", path, **options)
        assert answer.status == 200, answer.body
        return answer.json()

    async def post(self, path: str, body: Any = None) -> Any:
        """The JSON of a POST that must succeed."""
        answer = await self.call("POST", path, **({} if body is None else {"json": body}))
        assert answer.status in (200, 201), answer.body
        return answer.json()

    async def conversation(self, **fields: Any) -> str:
        """The id of a new conversation."""
        return str((await self.post("/conversations", fields))["id"])

    async def say(self, conversation_id: str, input: str, **fields: Any) -> Any:
        """The response to a message, when it has ended."""
        return await self.post(
            "/responses", {"conversation_id": conversation_id, "input": input, "stream": False, **fields}
        )

    @asynccontextmanager
    async def stream(self, method: str, path: str, **options: Any) -> AsyncIterator[AsyncIterator[Frame]]:
        async with self.session.request(method, f"{self.url}/api/v1{path}", **options) as response:
            assert response.status == 200, await response.read()
            assert response.content_type == "text/event-stream"
            yield frames(response)

    async def events(self, response_id: str, **options: Any) -> list[Frame]:
        """All events of a response, to its end."""
        async with self.stream("GET", f"/responses/{response_id}/events", **options) as followed:
            return [frame async for frame in followed]


async def frames(response: aiohttp.ClientResponse) -> AsyncIterator[Frame]:
    while raw := await _until_blank_line(response):
        if raw.startswith(b":"):
            continue
        fields = dict(line.split(": ", 1) for line in raw.decode().strip().split("\n"))
        yield Frame(int(fields["id"].rpartition(":")[2]), fields["event"], json.loads(fields["data"]), raw)


async def _until_blank_line(response: aiohttp.ClientResponse) -> bytes:
    raw = b""
    while line := await response.content.readline():
        raw += line
        if line == b"\n":
            return raw
    return raw


@asynccontextmanager
async def running_server(
    data_dir: Path,
    *,
    model: Model | None = None,
    clock: Clock | None = None,
    secrets: Secrets | None = None,
    settings: ServerSettings | None = None,
    browser: Browser | None = None,
    tools: Mapping[str, Tool[Any]] | None = None,
    pages: Pages | None = None,
    ui_folder: Path = UI_FOLDER,
) -> AsyncIterator[Server]:
    """`model`: answers in the provider's stead, as if a key were set; else the offline model does.
    `browser`: shows what is to be shown; else nothing is, as on a machine without a display. `ui_folder`:
    where the app is that people see; else where it is built, if it is."""
    secrets = secrets or MemorySecrets()
    settings = settings or ServerSettings()
    if model is not None and settings.base_url is None:
        settings = replace(settings, base_url="http://127.0.0.1:9")
    sockets = listen(settings.host, 0)
    port: int = sockets[0].getsockname()[1]
    await asyncio.to_thread(data_dir.mkdir, exist_ok=True)
    async with (
        create_app(
            settings,
            data_dir,
            port,
            clock=clock,
            secrets=secrets,
            model=model,
            browser=browser or NotingBrowser(),
            tools=tools,
            pages=pages,
            ui_folder=ui_folder,
        ) as app,
        serving(app, sockets),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        yield Server(f"http://127.0.0.1:{port}", app, session)
