"""Finds out who holds a port, for the message that says that it is taken."""

import json
import os
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any


def describe_holder(port: int) -> str:
    """In brackets, who listens on this port of loopback, where that can be known; else nothing."""
    if health := health_of(port):
        return f" by another Cowork (version {health['version']!s:.40}, {health['instance_id']!s:.60})"
    if pid := _pid_of(port):
        with suppress(OSError):
            return f" by process {pid} ({Path(f'/proc/{pid}/comm').read_text().strip()})"
    return ""


def health_of(port: int) -> dict[str, Any] | None:
    """What a Cowork that listens on this port of loopback says of itself: `version` and `instance_id` at
    least; None where there is none, or where it does not answer within a second."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{port}/api/v1/health", timeout=1) as answer:
            health: dict[str, Any] = json.loads(answer.read(10_000))
            return health if health["version"] and health["instance_id"] else None
    return None


def _pid_of(port: int) -> int | None:
    """By Linux's /proc/net/tcp and the open files of the processes that we may look into."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[1].endswith(f":{port:04X}") and columns[3] == "0A":
                    inodes.add(f"socket:[{columns[9]}]")
    for entry in Path("/proc").glob("[0-9]*/fd/*") if inodes else ():
        with suppress(OSError):
            if os.readlink(entry) in inodes:
                return int(entry.parts[2])
    return None
