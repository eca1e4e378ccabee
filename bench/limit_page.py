"""The limit of the page: text that is appended to a document as it comes, with no product around it."""

import asyncio

from aiohttp import web

from bench.limit import serve
from bench.model_endpoint import PACE_SECONDS, paced, written

MESSAGES = 500
_PAGE = (
    "<!doctype html><meta charset=utf-8><title>Limit</title><style>pre { white-space: pre-wrap }</style>"
    + "<p>Compare last quarter's sales by region with the plan and say where the gap is largest." * MESSAGES
    + """<pre></pre><p role="status"></p><textarea></textarea><script>
document.querySelector("textarea").focus();
addEventListener("keydown", async ({ key }) => {
    if (key !== "Enter") return;
    const { body } = await fetch("/stream" + location.search);
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let read; !(read = await reader.read()).done; ) {
        document.querySelector("pre").append(read.value);
        scrollTo(0, document.body.scrollHeight);
    }
    document.querySelector("[role=status]").textContent = "Finished";
});
</script>"""
)


async def get_page(_: web.Request) -> web.Response:
    return web.Response(text=_PAGE, content_type="text/html")


async def stream(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    async for text in paced(written(int(request.query["deltas"])), PACE_SECONDS["write"]):
        await answer.write(text.encode())
    return answer


async def main() -> None:
    app = web.Application()
    app.router.add_get("/", get_page)
    app.router.add_get("/stream", stream)
    await serve(app)


if __name__ == "__main__":
    asyncio.run(main())
