"""Somebody who sends and fetches large files, on a raw socket."""

import hashlib
import json
import os
import socket
import sys
from collections.abc import Callable
from http.client import HTTPResponse
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.processes import commands, say
from bench.readers import connect

_PNG = b"\x89PNG\r\n\x1a\n"
"""What a file begins with that holds no text to be read."""
_TAIL_BYTES = 16
_BOUNDARY = "bench-0123456789abcdef"
_PART = (
    f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="photo.png"\r\n'
    "Content-Type: image/png\r\n\r\n"
).encode()
_CLOSING = f"\r\n--{_BOUNDARY}--\r\n".encode()
_RECEIVED_AT_ONCE = 1 << 20


class Sender:
    """Sends a file that is another one each time, though only by its end: so its digest is soon known."""

    def __init__(self, place: Path, size: int) -> None:
        self._place, self._size = place, size
        content = _PNG + os.urandom(size - len(_PNG))
        with place.open("wb") as file:
            file.write(content)
            file.flush()
            # What is written to the disk later would slow down somebody's round.
            os.fsync(file.fileno())
        self._digest = hashlib.sha256(memoryview(content)[:-_TAIL_BYTES])

    def upload(self, port: int, path: str) -> dict[str, Any]:
        """Send a file; seconds from the first byte that is sent to the last one of the answer."""
        tail = os.urandom(_TAIL_BYTES)
        digest = self._digest.copy()
        digest.update(tail)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\n"
            f"Content-Length: {len(_PART) + self._size + len(_CLOSING)}\r\n\r\n"
        ).encode()
        with connect(port) as connection, self._place.open("rb") as file:
            begun = perf_counter()
            connection.sendall(head + _PART)
            connection.sendfile(file, count=self._size - _TAIL_BYTES)
            connection.sendall(tail + _CLOSING)
            answer = json.loads(_answer(connection, 201).read())
            seconds = perf_counter() - begun
        return {"seconds": seconds, "sha256": digest.hexdigest(), "answer": answer}


def download(port: int, path: str, *, is_hashed: bool = False) -> dict[str, Any]:
    """Fetch a file and keep nothing of it; seconds from the request to its last byte."""
    buffer = bytearray(_RECEIVED_AT_ONCE)
    digest = hashlib.sha256()
    size = 0
    with connect(port) as connection:
        begun = perf_counter()
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        answer = _answer(connection, 200)
        while got := answer.readinto(buffer):
            size += got
            if is_hashed:
                digest.update(memoryview(buffer)[:got])
        seconds = perf_counter() - begun
    return {"seconds": seconds, "size": size, "sha256": digest.hexdigest() if is_hashed else None}


def _answer(connection: socket.socket, status: int) -> HTTPResponse:
    answer = HTTPResponse(connection)
    answer.begin()
    if answer.status != status:
        raise ValueError(f"unexpected answer: {answer.status} {answer.read()[:500]!r}")
    return answer


if __name__ == "__main__":
    place, size = sys.argv[1:]
    sender = Sender(Path(place), int(size))
    say(is_ready=True)
    actions: dict[str, Callable[..., dict[str, Any]]] = {"upload": sender.upload, "download": download}
    for command in commands():
        say(**actions[command.pop("action")](**command))
