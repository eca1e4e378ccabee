"""Scratchpads of a server that runs, and the kernels that it holds for them."""

import http.client
import json
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import Broken, Child, cpu_seconds

API = "/api/v1"
_SAMPLE_SECONDS = 0.1
_QUIET_SAMPLES = 5
_QUIET_CPU_SECONDS = 5e-3
_SPARE_SECONDS = 30.0


@dataclass(frozen=True)
class Server:
    process: Child
    port: int
    conversation_id: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request(method, API + path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise Broken(f"{method} {path} was answered with {answer.status}: {content[:1000]!r}")
        return json.loads(content or b"null")

    def set_kernels(self, **settings: Any) -> None:
        self.call("PATCH", "/settings", {"kernels": settings})

    @contextmanager
    def scratchpad(self, *codes: str) -> Iterator[list[str]]:
        """The paths of its cells; at the end it goes, and its kernel with it."""
        cells = [{"type": "code", "content": code} for code in codes]
        body = {"conversation_id": self.conversation_id, "title": "Bench", "cells": cells}
        made = self.call("POST", "/scratchpads", body)
        path = f"/scratchpads/{made['id']}"
        try:
            yield [f"{path}/cells/{cell['id']}" for cell in made["cells"]]
        finally:
            self.call("DELETE", path)

    def output_cell(self, path: str) -> dict[str, Any] | None:
        """What is stored behind the code cell of that path."""
        pad, _, id = path.partition("/cells/")
        cells: list[dict[str, Any]] = self.call("GET", pad)["cells"]
        at = [cell["id"] for cell in cells].index(id) + 1
        return cells[at] if at < len(cells) and cells[at]["type"] == "output" else None

    def await_spare(self) -> None:
        """Until a kernel is there and neither starts nor loads any more: no endpoint says so, its use of the
        processor does."""
        until = time.monotonic() + _SPARE_SECONDS
        samples: deque[float] = deque(maxlen=_QUIET_SAMPLES)
        while time.monotonic() < until:
            samples.append(self._kernels_cpu_seconds())
            if len(samples) == _QUIET_SAMPLES and 0 < samples[-1] < samples[0] + _QUIET_CPU_SECONDS:
                return
            time.sleep(_SAMPLE_SECONDS)
        raise Broken(f"There was no spare kernel within {_SPARE_SECONDS:g} s.")

    def _kernels_cpu_seconds(self) -> float:
        """What all its kernels have used by now; 0 while there is none."""
        used = 0.0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid and b"\0kernel\0" in (stat.parent / "cmdline").read_bytes():
                    used += cpu_seconds(int(stat.parent.name))
        return used
