"""A server one of whose tools kills the process, just before or just after its effect."""

import asyncio
import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from cowork_desktop.agent.toolbox import TOOLS
from cowork_desktop.agent.tools.tool import Outcome, ToolContext
from cowork_desktop.app import create_app
from cowork_desktop.serve import listen, serving
from cowork_desktop.settings import ServerSettings
from cowork_desktop.store import approvals
from tests.fakes.secrets import MemorySecrets


async def main(data: Path, base_url: str, name: str, when: str, others_ask: bool) -> None:
    tool = TOOLS[name]

    async def run(context: ToolContext, arguments: Any) -> Outcome | str:
        while others_ask and not await context.db.read(approvals.pending_of_turn, context.response_id):
            await asyncio.sleep(0.001)
        if when == "after":
            await tool.run(context, arguments)
        os.kill(os.getpid(), signal.SIGKILL)
        return "never"

    sockets = listen("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    data.mkdir(exist_ok=True)
    async with (
        create_app(
            ServerSettings(base_url=base_url),
            data,
            port,
            secrets=MemorySecrets(),
            tools={**TOOLS, name: replace(tool, run=run)},
        ) as app,
        serving(app, sockets),
    ):
        print(json.dumps({"port": port}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    folder, url, name, when, others_ask = sys.argv[1:]
    asyncio.run(main(Path(folder), url, name, when, others_ask == "True"))
