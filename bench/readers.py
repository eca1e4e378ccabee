"""Readers of event streams, on raw sockets: one that starts a turn, or many that follow what there is."""

import json
import selectors
import socket
from collections.abc import Callable
from time import perf_counter
from typing import Any

from bench.processes import commands, say

LAST_CHUNK = b"\r\n0\r\n\r\n"
_DELTA = b"event: response.output_text.delta"
_SECONDS = 20.0


def turn(port: int, conversation_id: str, model: str) -> dict[str, Any]:
    """Start a turn and read it to its end; times are in seconds from the request on."""
    with connect(port) as reader:
        received = bytearray()
        first_event = first_delta = 0.0
        begun = perf_counter()
        _start_turn(reader, port, conversation_id, model)
        while not received.endswith(LAST_CHUNK):
            received += receive(reader)
            if not first_event and b"\n\n" in received:
                first_event = perf_counter() - begun
            if not first_delta and _DELTA in received:
                first_delta = perf_counter() - begun
        whole = perf_counter() - begun
    body = body_of(received)
    if b"event: response.completed" not in body:
        raise ValueError(f"the turn failed: {body[-1000:]!r}")
    return {
        "first_event": first_event,
        "first_delta": first_delta,
        "whole": whole,
        "deltas": body.count(_DELTA),
    }


def follow_turn(port: int, conversation_id: str, model: str, readers: int) -> dict[str, Any]:
    """Start a turn that holds its deltas back until all the readers are there."""
    with connect(port) as starter:
        _start_turn(starter, port, conversation_id, model)
        received = bytearray()
        while b"event: response.in_progress" not in received:
            received += receive(starter)
        at = received.index(b'"response_id":"') + 15
        id = received[at : received.index(b'"', at)].decode()
        # The one that started it stays, but is not read from: its socket takes what fits.
        return follow(port, f"/api/v1/responses/{id}/events", readers)


def follow(port: int, path: str, readers: int) -> dict[str, Any]:
    """Read the same stream by so many connections; seconds from the first delta at any to the last byte."""
    streams = {connect(port): bytearray() for _ in range(readers)}
    try:
        for stream in streams:
            stream.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        begun, ended = _read_all(streams)
    finally:
        for stream in streams:
            stream.close()
    bodies = {body_of(received) for received in streams.values()}
    if len(bodies) > 1:
        raise ValueError("the readers did not get the same frames")
    return {"seconds": ended - begun, "deltas": bodies.pop().count(_DELTA)}


def _read_all(streams: dict[socket.socket, bytearray]) -> tuple[float, float]:
    begun = 0.0
    with selectors.DefaultSelector() as selector:
        for stream, answer in streams.items():
            selector.register(stream, selectors.EVENT_READ, answer)
        while selector.get_map():
            ready = selector.select(_SECONDS)
            if not ready:
                raise TimeoutError(f"silence for {_SECONDS:g} s")
            for key, _ in ready:
                received: bytearray = key.data
                received += receive(key.fileobj)
                if not begun and _DELTA in received:
                    begun = perf_counter()
                if received.endswith(LAST_CHUNK):
                    selector.unregister(key.fileobj)
    return begun, perf_counter()


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), _SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _start_turn(connection: socket.socket, port: int, conversation_id: str, model: str) -> None:
    body = json.dumps(
        {"conversation_id": conversation_id, "input": "Go.", "model": model, "stream": True}
    ).encode()
    connection.sendall(
        b"POST /api/v1/responses HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (port, len(body), body)
    )


def receive(connection: Any) -> bytes:
    data: bytes = connection.recv(1 << 18)
    if not data:
        raise ConnectionError("the server closed the stream before its end")
    return data


def body_of(answer: bytearray) -> bytes:
    """The body of a whole answer, out of its chunks."""
    head, _, chunks = bytes(answer).partition(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise ValueError(f"unexpected answer: {answer[:500]!r}")
    body = bytearray()
    at = 0
    while length := int(chunks[at : (start := chunks.index(b"\r\n", at))], 16):
        body += chunks[start + 2 : start + 2 + length]
        at = start + 4 + length
    return bytes(body)


if __name__ == "__main__":
    actions: dict[str, Callable[..., dict[str, Any]]] = {
        "turn": turn,
        "follow_turn": follow_turn,
        "follow": follow,
    }
    for command in commands():
        say(**actions[command.pop("action")](**command))
