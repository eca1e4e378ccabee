"""The load generator: requests over kept-alive connections, without a framework, lest that be measured."""

import selectors
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter
from typing import Any

from bench.processes import commands, say

_LENGTH = b"\r\nContent-Length: "
_STALLED_SECONDS = 10.0


@dataclass(eq=False, slots=True)
class _Connection:
    socket: socket.socket
    started: float = 0.0
    answer: bytearray = field(default_factory=bytearray)

    def is_whole(self, data: bytes, status: bytes) -> bool:
        """Take in what came; ValueError for an answer that is not the one asked for."""
        self.answer += data
        head = self.answer.find(b"\r\n\r\n")
        if head < 0:
            return False
        at = self.answer.find(_LENGTH, 0, head)
        if self.answer[9:12] != status or at < 0:
            raise ValueError(f"unexpected answer: {bytes(self.answer[:500])!r}")
        at += len(_LENGTH)
        missing = head + 4 + int(self.answer[at : self.answer.index(b"\r\n", at)]) - len(self.answer)
        if missing < 0:
            raise ValueError("more than one answer to one request")
        return missing == 0


def run(
    port: int,
    *,
    connections: int,
    seconds: float,
    method: str,
    paths: Sequence[str],
    body: str | None = None,
    status: int = 200,
) -> dict[str, Any]:
    """Ask on each connection as soon as it is free, for so many seconds, and see every request to its end."""
    requests = cycle([_request(port, method, path, body) for path in paths])
    selector = selectors.DefaultSelector()
    times: list[float] = []
    begun = perf_counter()
    try:
        for _ in range(connections):
            connection = _Connection(socket.create_connection(("127.0.0.1", port)))
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        begun = perf_counter()
        for key in list(selector.get_map().values()):
            _send(key.data, next(requests))
        _loop(selector, str(status).encode(), times, begun + seconds, lambda: next(requests))
        ended = perf_counter()
    finally:
        for key in list(selector.get_map().values()):
            key.data.socket.close()
        selector.close()
    return summary(times, ended - begun)


def summary(times: list[float], seconds: float) -> dict[str, Any]:
    times.sort()
    p50, p99 = (times[int(len(times) * share)] for share in (0.5, 0.99))
    return {"requests": len(times), "seconds": seconds, "p50": p50, "p99": p99}


def _loop(
    selector: selectors.BaseSelector,
    status: bytes,
    times: list[float],
    until: float,
    request: Callable[[], bytes],
) -> None:
    running = len(selector.get_map())
    while running:
        ready = selector.select(_STALLED_SECONDS)
        if not ready:
            raise TimeoutError(f"{running} requests got no answer in {_STALLED_SECONDS:g} s")
        for key, _ in ready:
            connection = key.data
            data = connection.socket.recv(1 << 18)
            if not data:
                raise ConnectionError("the server closed a connection")
            if not connection.is_whole(data, status):
                continue
            now = perf_counter()
            times.append(now - connection.started)
            connection.answer.clear()
            if now < until:
                _send(connection, request())
            else:
                running -= 1


def _send(connection: _Connection, request: bytes) -> None:
    connection.started = perf_counter()
    connection.socket.sendall(request)


def _request(port: int, method: str, path: str, body: str | None) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    if body is None:
        return f"{head}\r\n".encode()
    content = body.encode()
    return (
        f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content
    )


if __name__ == "__main__":
    for command in commands():
        say(**run(**command))
