"""Waiting for what only asking tells, over HTTP for one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 60.0


async def until(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until the answer is true, or something, and return it.

    It ends by itself: what pytest-timeout raises can come to a callback of the loop, which swallows it.
    """
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (answer := await ask()):
            await asyncio.sleep(0)
        return answer
