"""Asking a driver, and what it says when it fails."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.connectors.drivers.driver import BATCH_ROWS, DriverFailed, Queries, Row, Target

SECONDS = 30.0


async def rows_of(driver: Queries, target: Target, query: str, *, seconds: float = SECONDS) -> list[Row]:
    rows: list[Row] = []
    async with driver.query(target, query, seconds=seconds) as result:
        async for batch in result.batches:
            assert 0 < len(batch) <= BATCH_ROWS
            rows.extend(batch)
    return rows


async def failure_of(work: Coroutine[Any, Any, Any]) -> DriverFailed:
    with pytest.raises(DriverFailed) as raised:
        await work
    return raised.value


def resident_bytes() -> int:
    """What this process holds in memory now."""
    told = Path("/proc/self/statm")
    if not told.exists():
        pytest.skip("NOT RUN: the system does not tell how much memory a process holds")
    return int(told.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """Lets everybody in and says nothing; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


async def until_running(work: "asyncio.Task[Any]", is_running: Any) -> None:
    """Until the server says so, which is asked in a thread; at once where the work has ended."""
    async with asyncio.timeout(SECONDS):
        while not work.done() and not await asyncio.to_thread(is_running):
            await asyncio.sleep(0.01)
