"""The product's own kernel and its client, without the HTTP and the SQLite of a server around them."""

import asyncio
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from bench.cells import fingerprint
from bench.processes import commands, say, unwind_on_sigterm
from cowork_desktop.clock import SystemClock
from cowork_desktop.kernels.kernel import Kernel, Message
from cowork_desktop.kernels.pool import Kernels
from cowork_desktop.schemas.settings import KernelSettings
from cowork_desktop.tasks import Tasks


async def run(kernel: Kernel, code: str, times: int) -> dict[str, Any]:
    """Run code so many times in a row; the seconds that one run took, and the print of its text."""
    seconds, texts = [], [""]

    def tell(message: Message) -> None:
        if message.type == "stream" and message.content:
            texts.append(message.content["text"])

    for _ in range(times):
        texts.clear()
        begun = perf_counter()
        reply = await kernel.execute(code, tell)
        seconds.append(perf_counter() - begun)
        if reply["status"] != "ok":
            raise ValueError(f"the run failed: {reply!r:.1000}")
    return {"seconds": median(seconds), "text": fingerprint("".join(texts))}


async def main(folder: Path) -> None:
    tasks = Tasks()
    kernels = Kernels(folder, lambda: KernelSettings(spare=False), SystemClock(), tasks)
    try:
        kernel, _ = await kernels.get("bench", folder)
        say(is_ready=True)
        for command in commands():
            say(**await run(kernel, **command))
    finally:
        await kernels.close()
        await tasks.close()


if __name__ == "__main__":
    unwind_on_sigterm()
    asyncio.run(main(Path(sys.argv[1])))
