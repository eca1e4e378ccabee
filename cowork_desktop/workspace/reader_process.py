"""Starts the process that takes the text out of one document."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

from cowork_desktop.program import program
from cowork_desktop.tasks import wholly

_LONGEST_LINE = 1024 * 1024
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH")


async def told_by_reader(path: Path, mime_type: str, name: str) -> AsyncGenerator[Mapping[str, Any]]:
    """What `extraction/worker.py` says, line by line; it is gone when the iteration ends, however that ends.

    Raises OSError where it cannot be started, ValueError for what is not JSON.
    """
    process = await asyncio.create_subprocess_exec(
        *program(),
        "extract",
        str(path),
        mime_type,
        name,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_LINE,
    )
    assert process.stdout
    try:
        while line := await process.stdout.readline():
            yield json.loads(line)
        # `kill` would reap a process that has just ended, before the loop does, which then complains.
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await wholly(process.wait())
