"""The limit of a turn: the SDK alone, reading raw events from the same endpoint to no end."""

import asyncio
import sys
from time import perf_counter, process_time
from typing import Any

import anthropic
import httpx2

from bench.processes import commands, say


async def read(client: anthropic.AsyncAnthropic, model: str) -> dict[str, Any]:
    """One streamed answer; times are in seconds from the call on."""
    begun, cpu = perf_counter(), process_time()
    first_event = first_delta = 0.0
    deltas = 0
    async with await client.messages.create(
        model=model, max_tokens=16_000, messages=[{"role": "user", "content": "Go."}], stream=True
    ) as stream:
        async for event in stream:
            first_event = first_event or perf_counter() - begun
            if event.type == "content_block_delta":
                first_delta = first_delta or perf_counter() - begun
                deltas += 1
    return {
        "first_event": first_event,
        "first_delta": first_delta,
        "whole": perf_counter() - begun,
        "deltas": deltas,
        "cpu": process_time() - cpu,
    }


async def main(base_url: str) -> None:
    http = httpx2.AsyncClient(trust_env=False, timeout=30)
    async with anthropic.AsyncAnthropic(
        api_key="dummy", base_url=base_url, max_retries=0, http_client=http
    ) as client:
        _ = client.messages
        for command in commands():
            say(**await read(client, command["model"]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
