"""A Messages API on loopback, as lean as it can be, so that whoever reads from it is what is measured.

The model's name is the script: `bench-2000` sends 2,000 deltas at once, `bench-2000-pace` one each
millisecond, `bench-2000-hold` sends them half a second after the stream has begun, and `bench-2000-write`
sends Markdown, a word every ten milliseconds, which is faster than a model that is read while it writes.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable
from functools import cache
from itertools import cycle, islice
from typing import Any, TypeVar

from bench.processes import say

T = TypeVar("T")

HOLD_SECONDS = 0.5
PACE_SECONDS = {"pace": 0.001, "write": 0.01}
MARKDOWN = """## The quarter

Revenue rose by **12 %**, most of it in the *north*; see `sales.csv`.

1. Kettles sold best in March.
2. Grinders did not, and were [returned](https://example.org/returns).

| region | revenue | change |
|--------|--------:|-------:|
| North  |   1,402 |  +12 % |
| South  |     983 |   -3 % |

```python
by_region = sales.groupby("region")["revenue"].sum()
by_region.plot.barh(color="#c2410c")
```

> What is unusual is the last week of August.

"""
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_DELTAS_A_CHUNK = 100
# An event a chunk would cost the SDK's HTTP parser as much again as the event, and drown the product's share.


def _sse(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind} | fields)}\n\n".encode()


def _chunk(events: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(events), events)


_MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "bench",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 10, "output_tokens": 1},
}
_BEGIN = _chunk(_sse("message_start", message=_MESSAGE) + _sse("ping"))
_BEGIN_BLOCK = _chunk(_sse("content_block_start", index=0, content_block={"type": "text", "text": ""}))
_END = _chunk(
    _sse("content_block_stop", index=0)
    + _sse("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2000})
    + _sse("message_stop")
)
_LAST_CHUNK = b"0\r\n\r\n"


def written(count: int) -> list[str]:
    """Markdown, word by word."""
    return list(islice(cycle(re.findall(r"\S+\s*", MARKDOWN)), count))


async def paced(pieces: Iterable[T], seconds: float) -> AsyncIterator[T]:
    """One each so many seconds, and none late because of another; at once where it is 0."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    for piece in pieces:
        yield piece
        if seconds:
            due += seconds
            await asyncio.sleep(max(0.0, due - loop.time()))


@cache
def _deltas(count: int, how: str) -> list[bytes]:
    texts = written(count) if how == "write" else [f"word{n} " for n in range(count)]
    return [
        _sse("content_block_delta", index=0, delta={"type": "text_delta", "text": text}) for text in texts
    ]


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            [length] = [
                line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
            ]
            model = json.loads(await reader.readexactly(int(length)))["model"]
            _, count, how = f"{model}-".split("-")[:3]
            await _stream(writer, _deltas(int(count), how), how)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _stream(writer: asyncio.StreamWriter, deltas: list[bytes], how: str) -> None:
    writer.write(_HEAD + _BEGIN)
    if how == "hold":
        await asyncio.sleep(HOLD_SECONDS)
    writer.write(_BEGIN_BLOCK)
    pace = PACE_SECONDS.get(how, 0.0)
    size = 1 if pace else _DELTAS_A_CHUNK
    groups = [deltas[n : n + size] for n in range(0, len(deltas), size)]
    async for group in paced(groups, pace):
        writer.write(_chunk(b"".join(group)))
        await writer.drain()
    writer.write(_END + _LAST_CHUNK)
    await writer.drain()


async def main() -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    say(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
