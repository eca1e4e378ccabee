"""The processes of a run: spawned, asked, measured and ended, and never waited for without a limit."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

_ROOT = Path(__file__).parent.parent


class Broken(Exception):
    """A process ended, kept silent or answered what it should not."""


class Child:
    """A process that speaks JSON, one line at a time, on stdin and stdout."""

    def __init__(
        self,
        *arguments: str,
        log: Path,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = (sys.executable, "-m"),
    ) -> None:
        """`arguments`: the module's, or those of another `command`."""
        # A user's start finds compiled modules; a developer's shell may forbid them.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self._name, self._log = " ".join(arguments[:2]), log
        with log.open("ab") as stderr:
            self.spawned_at = time.perf_counter()
            self._process = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=_ROOT,
                env=inherited | dict(environment or {}),
            )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            pipe.close()

    def hear(self, seconds: float = 30) -> dict[str, Any]:
        """The next line that the process prints."""
        assert self._process.stdout
        limit = threading.Timer(seconds, self._process.kill)
        limit.start()
        try:
            line = self._process.stdout.readline()
        finally:
            limit.cancel()
        if not line:
            raise Broken(f"{self._name} ended or said nothing for {seconds:g} s:\n{self._last_words()}")
        heard: dict[str, Any] = json.loads(line)
        return heard

    def ask(self, **command: Any) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        self._process.stdin.flush()
        return self.hear()

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)

    def memory_bytes(self) -> int:
        [line] = [
            s for s in Path(f"/proc/{self.pid}/status").read_text().splitlines() if s.startswith("VmRSS:")
        ]
        return int(line.split()[1]) * 1024

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


@contextmanager
def product(
    data_dir: Path,
    *flags: str,
    command: Sequence[str] = (sys.executable, "-m", "cowork_desktop"),
    **environment: str,
) -> Iterator[tuple[Child, int]]:
    """The server as users start it, and its port."""
    arguments = ("serve", "--port", "0", "--no-open", "--data-dir", str(data_dir), *flags)
    log = data_dir.with_suffix(".log")
    with Child(*arguments, log=log, environment=environment, command=command) as server:
        yield server, server.hear()["port"]


@contextmanager
def limit(module: str, *arguments: str, log: Path) -> Iterator[tuple[Child, int]]:
    with Child(f"bench.{module}", *arguments, log=log) as server:
        yield server, server.hear()["port"]


def cpu_seconds(pid: int) -> float:
    """What all its threads have used; in nanoseconds, where /proc counts in hundredths of a second."""
    # clock_getcpuclockid(3) of the pid, which the time module knows for threads only.
    return time.clock_gettime(~pid << 3 | 2)


def unwind_on_sigterm() -> None:
    """In the child: leave by way of what is open, for a kernel ends when it is told to."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())


def commands() -> Iterator[dict[str, Any]]:
    """In the child: what it is asked, until nobody asks any more."""
    for line in sys.stdin.buffer:
        yield json.loads(line)


def say(**reply: Any) -> None:
    print(json.dumps(reply), flush=True)
