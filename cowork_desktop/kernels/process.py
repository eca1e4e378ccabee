"""The process of a kernel: how it is started, and how it is ended with its process group."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cowork_desktop.clock import Clock
from cowork_desktop.kernels.spec import environment
from cowork_desktop.kernels.watch import Watch
from cowork_desktop.program import program

if TYPE_CHECKING:
    import zmq.asyncio
    from jupyter_client.manager import AsyncKernelManager

_LONGEST_SOCKET_PATH = 95
"""Bytes; systems allow from 104."""


@dataclass(frozen=True)
class Launch:
    """What every kernel is started with."""

    folder: Path
    """Where sockets, packages and the like lie; also where a kernel begins."""
    context: "zmq.asyncio.Context"
    watch: Watch
    clock: Clock


def make_context() -> "zmq.asyncio.Context":
    """The sockets' context; an import of some 100 ms, so make it in a thread."""
    import zmq.asyncio

    context = zmq.asyncio.Context()
    # What is read too slowly must wait, not be dropped; bounds are kept above, and in the kernel.
    context.rcvhwm = 0
    context.reconnect_ivl = 5
    context.linger = 0
    return context


def make_manager(launch: Launch, name: str) -> "AsyncKernelManager":
    """A manager that will start this program as the kernel; call it in a thread, for it imports much."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    run = launch.folder / "run"
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    manager = AsyncKernelManager(context=launch.context, connection_file=str(run / f"{name}.json"))
    if sys.platform != "win32" and len(os.fsencode(run / name)) < _LONGEST_SOCKET_PATH:
        manager.transport, manager.ip = "ipc", str(run / name)
    else:
        # Other users of the machine can reach a port, and could read along.
        manager.transport_encryption = "required"
    manager._kernel_spec = KernelSpec(
        argv=[*program(), "kernel", "-f", "{connection_file}"],
        display_name="Cowork",
        language="python",
        interrupt_mode="signal",
        metadata={"supported_encryption": "curve"},
    )
    return manager


def spawn(manager: "AsyncKernelManager", folder: Path, log: Path, *, is_spare: bool) -> None:
    """Start the process; what it prints before it can send it goes to `log`."""
    with log.open("wb") as printed:
        finish(
            manager.start_kernel(
                env=environment(os.environ, folder, is_spare=is_spare),
                cwd=str(folder),
                stdout=printed,
                stderr=printed,
            )
        )


def last_words(log: Path) -> str:
    try:
        return log.read_text("utf-8", "replace")[-2000:].strip()
    except OSError:
        return ""


def end(manager: "AsyncKernelManager", pid: int) -> None:
    """Kill the process group, also what is left of it where its leader is gone, and tidy up."""
    if pid and os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    if manager.has_kernel:
        finish(manager.shutdown_kernel(now=True))
    else:  # it was never started
        manager.cleanup_connection_file()


def finish(work: Awaitable[Any]) -> None:
    """Let it run to its end in this thread: the manager's coroutines block where they start processes."""

    async def await_it() -> None:
        await work

    asyncio.run(await_it())
