"""A user of cells, on a raw socket: runs one over and over, and sees to it that no output is missing."""

import hashlib
import json
import socket
from statistics import median
from time import perf_counter
from typing import Any

from bench.processes import commands, say
from bench.readers import LAST_CHUNK, body_of, connect, receive

_LENGTH = b"\r\nContent-Length: "


def run(port: int, path: str, times: int) -> dict[str, Any]:
    """Run a cell so many times in a row; the seconds that one run took, and the print of its text."""
    request = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\n\r\n".encode()
    seconds, answers = [], []
    with connect(port) as connection:
        for _ in range(times):
            begun = perf_counter()
            connection.sendall(request)
            answers.append(_read(connection))
            seconds.append(perf_counter() - begun)
    [text] = {fingerprint(_text(answer)) for answer in answers}
    return {"seconds": median(seconds), "text": text}


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def streamed(cell: dict[str, Any] | None) -> str:
    """What an output cell, or none, has of printed text."""
    outputs = (cell and cell["outputs"]) or []
    return "".join(output["data"] for output in outputs if output["kind"] == "stream")


def _read(connection: socket.socket) -> bytearray:
    answer = bytearray()
    while (head := answer.find(b"\r\n\r\n")) < 0:
        answer += receive(connection)
    at = answer.find(_LENGTH, 0, head)
    if at < 0:
        while not answer.endswith(LAST_CHUNK):
            answer += receive(connection)
    else:
        at += len(_LENGTH)
        end = head + 4 + int(answer[at : answer.index(b"\r\n", at)])
        while len(answer) < end:
            answer += receive(connection)
    return answer


def _text(answer: bytearray) -> str:
    """The text that came; ValueError where the run has not ended well."""
    head, _, content = bytes(answer).partition(b"\r\n\r\n")
    if b"text/event-stream" not in head:
        result = json.loads(content)
        if result.get("status") != "success":
            raise ValueError(f"the run failed: {content[:1000]!r}")
        return streamed(result["output_cell"])
    lines = body_of(answer).splitlines()
    events = [json.loads(line[6:]) for line in lines if line.startswith(b"data: ")]
    if events[-1].get("status") != "success":
        raise ValueError(f"the run failed: {events[-1]!r:.1000}")
    return "".join(event["data"] for event in events if event["type"] == "output")


if __name__ == "__main__":
    for command in commands():
        say(**run(**command))
