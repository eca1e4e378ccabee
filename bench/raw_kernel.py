"""The limit of a cell: jupyter_client alone, with ipykernel as it comes but for its history."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from subprocess import DEVNULL
from time import perf_counter
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager

from bench.cells import fingerprint
from bench.processes import commands, say, unwind_on_sigterm

# As the product's: a history on disk costs a commit for each cell, which would make the limit a low one.
_HISTORY = "--HistoryManager.hist_file=:memory:"


@asynccontextmanager
async def kernel() -> AsyncIterator[AsyncKernelClient]:
    """What `start_new_async_kernel` does, which leaves the process where it is interrupted."""
    manager = AsyncKernelManager()
    client = None
    try:
        await manager.start_kernel(stdout=DEVNULL, stderr=DEVNULL, extra_arguments=[_HISTORY])
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready()
        yield client
    finally:
        if client:
            client.stop_channels()
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)


async def run(client: AsyncKernelClient, code: str, times: int) -> dict[str, Any]:
    """Run code so many times in a row; the seconds that one run took, and the print of its text."""
    seconds, texts = [], [""]

    def take(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            texts.append(message["content"]["text"])

    for _ in range(times):
        texts.clear()
        begun = perf_counter()
        reply = await client.execute_interactive(code, allow_stdin=False, output_hook=take)
        seconds.append(perf_counter() - begun)
        if reply["content"]["status"] != "ok":
            raise ValueError(f"the run failed: {reply['content']!r:.1000}")
    return {"seconds": median(seconds), "text": fingerprint("".join(texts))}


async def start() -> dict[str, Any]:
    """Start a kernel of its own and run two cells; seconds from the start to the first one's end, and of
    the second."""
    begun = perf_counter()
    async with kernel() as client:
        await run(client, "pass", 1)
        first = perf_counter() - begun
        return {"first": first, "second": (await run(client, "pass", 1))["seconds"]}


async def main() -> None:
    async with kernel() as client:
        say(is_ready=True)
        for command in commands():
            say(**(await run(client, **command) if command else await start()))


if __name__ == "__main__":
    unwind_on_sigterm()
    asyncio.run(main())
