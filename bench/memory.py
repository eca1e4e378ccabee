"""The memory that a process takes while something is done."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench.processes import Child

T = TypeVar("T")


def watched(server: Child, work: Callable[[], T]) -> tuple[T, int]:
    """What the work returns, and how many bytes the server had at most above what it had before."""
    # proc(5): 5 sets the peak back to what is there now.
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")
    before = server.memory_bytes()
    done = work()
    return done, max(0, _peak_bytes(server.pid) - before)


def _peak_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
