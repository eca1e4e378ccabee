"""The limit of a start: aiohttp with one handler, and nothing else."""

import asyncio

from aiohttp import web

from bench.limit import serve


async def get_health(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def main() -> None:
    app = web.Application()
    app.router.add_get("/api/v1/health", get_health)
    await serve(app)


if __name__ == "__main__":
    asyncio.run(main())
