"""Servers of other people's making, as processes of their own in folders of their own, which end for sure."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

_PATIENCE_SECONDS = 30.0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def program(name: str, *places: str) -> str:
    """Where it is; the test is skipped where it is not installed."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *places])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"NOT RUN: {name} is not installed")
    return found


@contextmanager
def folder_of(user: str) -> Iterator[Path]:
    """A new folder that belongs to that user, where we may give it away."""
    folder = Path(tempfile.mkdtemp(prefix="cowork-test-"))
    try:
        give(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def give(path: Path, user: str) -> None:
    if as_user(user):
        shutil.chown(path, user, pwd.getpwnam(user).pw_gid)


def as_user(user: str) -> dict[str, Any]:
    """For subprocess: as that user, where we are root, which such servers refuse to be."""
    if os.geteuid() != 0:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


@contextmanager
def running(
    command: Sequence[str],
    *,
    user: str,
    folder: Path,
    is_ready: Callable[[], bool],
    ended_by: signal.Signals = signal.SIGKILL,
) -> Iterator[subprocess.Popen[bytes]]:
    """What it prints is in `log` in its folder. Of processes that leave their parent's group, only it knows:
    `ended_by` makes it end them."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **as_user(user),
        )
    try:
        _wait(process, is_ready, folder / "log")
        yield process
    finally:
        process.send_signal(ended_by)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_SECONDS / 3)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(process: subprocess.Popen[bytes], is_ready: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not is_ready():
        if process.poll() is not None or time.monotonic() > end:
            pytest.fail(f"The server did not start: {log.read_text('utf-8', 'replace')[-2_000:]}")
        time.sleep(0.02)
