"""The limit of files: aiohttp that writes one from a form to the disk for good, and sends any."""

import asyncio
import os
import sys
from pathlib import Path

from aiohttp import BodyPartReader, web

from bench.limit import serve

_CHUNK = 256 * 1024


class Limit:
    """Neither a digest nor a place under it nor a row: only the bytes."""

    def __init__(self, received: Path) -> None:
        self._received = received

    async def receive(self, request: web.Request) -> web.Response:
        run = asyncio.get_running_loop().run_in_executor
        part = await (await request.multipart()).next()
        assert isinstance(part, BodyPartReader)
        size = 0
        file = await run(None, self._received.open, "xb")
        while chunk := await part.read_chunk(_CHUNK):
            size += len(chunk)
            await run(None, file.write, chunk)
        await run(None, file.flush)
        await run(None, os.fsync, file.fileno())
        await run(None, file.close)
        return web.json_response({"size": size}, status=201)

    async def send(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(request.query["place"])


async def main(received: Path) -> None:
    limit, app = Limit(received), web.Application()
    app.router.add_post("/files", limit.receive)
    app.router.add_get("/content", limit.send)
    await serve(app)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
