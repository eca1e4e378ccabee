"""Sees to it that kernels end with the server, even where it is killed: the server's side of the reaper."""

import asyncio
import os
import subprocess
from contextlib import suppress

from cowork_desktop.program import program
from cowork_desktop.tasks import wholly


class Watch:
    """Tells a process of its own which process groups must not outlive this one; it starts with the first.

    Without effect where there are no process groups: there ipykernel itself waits for the server's end.
    """

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = asyncio.Lock()
        self._is_closed = False

    async def add(self, group: int) -> None:
        self._groups.add(group)
        await wholly(self._tell(group))

    async def remove(self, group: int) -> None:
        if group in self._groups:
            self._groups.discard(group)
            await wholly(self._tell(-group))

    async def close(self) -> None:
        async with self._lock:
            self._is_closed = True
            process, self._process = self._process, None
            if process:
                await asyncio.to_thread(_end, process)

    async def _tell(self, group: int) -> None:
        if os.name != "posix":
            return
        async with self._lock:
            # A kernel that was starting meanwhile ends by itself.
            if self._is_closed:
                return
            if self._process is None or self._process.poll() is not None:
                if not self._groups:
                    return
                self._process = await asyncio.to_thread(_start)
                words = sorted(self._groups)
            else:
                words = [group]
            await asyncio.to_thread(_write, self._process, words)


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*program(), "reaper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _write(process: subprocess.Popen[bytes], words: list[int]) -> None:
    assert process.stdin
    with suppress(BrokenPipeError):
        process.stdin.write("".join(f"{word}\n" for word in words).encode())
        process.stdin.flush()


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    with suppress(BrokenPipeError):
        process.stdin.close()
    process.wait()
