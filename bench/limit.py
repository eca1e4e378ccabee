"""How the limits are served: bare aiohttp on a free port of loopback, until the process is ended."""

import asyncio

from aiohttp import web

from bench.processes import say


async def serve(app: web.Application) -> None:
    """Say the port, and serve."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    say(port=runner.addresses[0][1])
    await asyncio.Event().wait()
