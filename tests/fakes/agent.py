"""A server whose model is a script on the Messages endpoint, which the provider's own SDK asks."""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cowork_desktop.agent.fence import as_data
from cowork_desktop.connectors.secrets import Secrets
from cowork_desktop.settings import ServerSettings
from tests.fakes.messages_endpoint import Json, MessagesEndpoint, Reply, reply, tool_block
from tests.fakes.scratchpad import no_spare_kernel
from tests.fakes.secrets import MemorySecrets
from tests.fakes.server import Frame, Server, running_server

KEY = "sk-ant-test-canary-0123456789"

Step = Reply | Callable[[Json], Reply]
"""What a request gets, or what makes it of the request's body."""


@dataclass(frozen=True)
class Called:
    """A call of a tool, as everybody who is told of it was told: the model, the readers, the store."""

    name: str
    text: str
    """What the model got, without the fence around it."""
    source: str | None
    is_error: bool
    links: Sequence[Json]
    images: Sequence[Json]
    part: Json
    """What is stored."""


@dataclass(eq=False)
class Agent:
    server: Server
    endpoint: MessagesEndpoint
    script: list[Step]
    summary: Step = field(default_factory=lambda: reply(text="(a summary)"))
    """What requests for a summary get."""
    summaries: list[Json] = field(default_factory=list)
    """Their bodies."""
    bodies: list[Json] = field(default_factory=list)
    """Those of all requests with tools, so of the turns' own."""

    def says(self, *steps: Step) -> None:
        """What the model says next."""
        self.script += steps

    def route(self, body: Json) -> Reply | None:
        if "tools" not in body:
            if "title" in body["system"][0]["text"]:
                return reply(text="A title")
            self.summaries.append(body)
            return self.summary if isinstance(self.summary, Reply) else self.summary(body)
        self.bodies.append(body)
        if not self.script:
            return None
        step = self.script.pop(0)
        return step if isinstance(step, Reply) else step(body)

    async def say(self, conversation_id: str, input: str = "Do it.", **fields: Any) -> Any:
        """The response to a message, when it has ended, with its parts."""
        return await self.ended(await self.begin(conversation_id, input, **fields))

    async def begin(self, conversation_id: str, input: str = "Do it.", **fields: Any) -> str:
        """The id of the response to a message, which runs."""
        body = {"conversation_id": conversation_id, "input": input, **fields}
        async with self.server.stream("POST", "/responses", json=body) as frames:
            return str((await anext(frames)).data["response_id"])

    async def ended(self, response_id: str) -> Any:
        """The response, when it has ended."""
        await self.server.events(response_id)
        return await self.server.get(f"/responses/{response_id}")

    async def asked(self, response_id: str, n: int = 1) -> Json:
        """The nth approval or question that the turn asks for, once it does."""
        seen = 0
        async with self.server.stream("GET", f"/responses/{response_id}/events") as frames:
            async for frame in frames:
                if frame.type == "response.approval.requested":
                    seen += 1
                    if seen == n:
                        return dict(frame.data["approval"])
                assert frame.type not in ("response.completed", "response.failed"), frame.data
        raise AssertionError("The stream ended before the turn.")

    async def answer(self, approval: Json, **body: str) -> None:
        path = f"/responses/{approval['response_id']}/approvals/{approval['id']}"
        await self.server.post(path, body)

    async def waiting(self) -> list[Json]:
        """What waits for the user."""
        return list((await self.server.get("/approvals", params={"status": "pending"}))["data"])

    async def calls(self, conversation_id: str, *calls: tuple[str, Json], **fields: Any) -> list[Called]:
        """What comes of these calls, all of one round, of a turn of their own."""
        blocks = [tool_block(f"call_{n}", name, given) for n, (name, given) in enumerate(calls)]
        self.says(reply(*blocks), reply(text="Done."))
        response = await self.say(conversation_id, **fields)
        assert response["status"] == "completed", response["error"]
        return await self.told(response)

    async def call(self, conversation_id: str, name: str, arguments: Json, **fields: Any) -> Called:
        """What comes of one call, of a turn of its own."""
        [called] = await self.calls(conversation_id, (name, arguments), **fields)
        return called

    async def told(self, response: Json) -> list[Called]:
        """The calls whose results the last request has; readers and store agree on them."""
        items = await self.server.get(f"/conversations/{response['conversation_id']}/items")
        assert items["data"][-1]["parts"] == response["parts"]
        frames = await self.server.events(response["id"])
        ended = {
            frame.data["call_id"]: frame.data["call"]
            for frame in frames
            if frame.type == "response.tool_call.done"
        }
        stored = {part["call_id"]: part for part in response["parts"] if part["type"] == "tool_call"}
        assert ended == stored
        return [_called(block, stored[block["tool_use_id"]]) for block in results(self.bodies[-1])]


def _called(block: Json, part: Json) -> Called:
    assert block.get("is_error", False) == (part["status"] == "error")
    content = block.get("content", "")
    images = [] if isinstance(content, str) else [one for one in content if one["type"] == "image"]
    text = content if isinstance(content, str) else "".join(one.get("text", "") for one in content)
    assert text == as_data(part["output"], part["source"])
    is_error = part["status"] == "error"
    return Called(part["name"], part["output"], part["source"], is_error, part["links"], images, part)


def results(body: Json) -> list[Json]:
    """The results of calls in the last message of a request."""
    return [block for block in body["messages"][-1]["content"] if block["type"] == "tool_result"]


def names(body: Json) -> list[str]:
    """The tools that a request offers."""
    return [tool["name"] for tool in body["tools"]]


def of_type(frames: Iterable[Frame], type: str) -> list[Json]:
    """The data of a stream's events of one type."""
    return [frame.data for frame in frames if frame.type == type]


def whole(body: Json) -> str:
    """A request as one text, to look for what must not be in it."""
    return json.dumps(body, ensure_ascii=False)


@asynccontextmanager
async def running_agent(
    data: Path,
    *script: Step,
    secrets: Secrets | None = None,
    count: Reply | None = None,
    **options: Any,
) -> AsyncIterator[Agent]:
    """`count` is what requests to count tokens get, and `options` are those of `running_server`. Every reply
    of the script must have been asked for."""
    endpoint = MessagesEndpoint(route=lambda body: agent.route(body), count=count)
    async with endpoint:
        settings = ServerSettings(base_url=endpoint.url)
        async with running_server(
            data, secrets=secrets or MemorySecrets(), settings=settings, **options
        ) as server:
            await no_spare_kernel(server)
            assert (await server.call("PUT", "/settings/model-key", json={"key": KEY})).status == 204
            agent = Agent(server, endpoint, list(script))
            yield agent
    assert agent.script == [], "The model was asked less often than the test has replies."
