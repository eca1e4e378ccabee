"""A scratchpad on a running server, and what one does with it."""

import asyncio
from typing import Any

from cowork_desktop import keys
from tests.fakes.server import Server


class Pad:
    def __init__(self, server: Server, id: str) -> None:
        self.server, self.id = server, id

    async def cell(self, code: str, language: str = "python") -> str:
        """The id of a new code cell."""
        body = {"type": "code", "language": language, "content": code}
        return str((await self.server.post(f"/scratchpads/{self.id}/cells", body))["id"])

    async def run(self, code: str, *, language: str = "python", seconds: int | None = None) -> Any:
        """The result of a new cell."""
        limit = f"&timeout_s={seconds}" if seconds else ""
        cell = await self.cell(code, language)
        return await self.server.post(f"/scratchpads/{self.id}/cells/{cell}/run?stream=false{limit}")

    async def works(self) -> bool:
        """Whether a cell runs as it should."""
        result = await self.run("print('it', 'works')")
        assert (result["status"], text(result)[-9:]) == ("success", "it works\n"), result
        return True

    def kernel_pid(self) -> int:
        kernel = self.server.app[keys.KERNELS].peek(self.id)
        assert kernel
        return kernel.pid

    async def until_running(self) -> None:
        while (await self.server.get(f"/scratchpads/{self.id}/kernel"))["state"] != "busy":
            await asyncio.sleep(0.01)


def text(result: Any) -> str:
    """What the run's output cell says, without pictures and markup."""
    outputs = result["output_cell"]["outputs"] if result["output_cell"] else []
    return "".join(output["data"] for output in outputs if output["mime"] == "text/plain")


async def no_spare_kernel(server: Server) -> None:
    """Start no kernel in advance, where none is to run."""
    answer = await server.call("PATCH", "/settings", json={"kernels": {"spare": False}})
    assert answer.status == 200


async def new_pad(server: Server) -> Pad:
    body = {"conversation_id": await server.conversation(), "title": "Pad"}
    return Pad(server, (await server.post("/scratchpads", body))["id"])
