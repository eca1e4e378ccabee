"""A server as a process of its own, to be signalled and killed."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp


@dataclass(frozen=True)
class ServerProcess:
    process: asyncio.subprocess.Process
    ready: dict[str, Any]
    session: aiohttp.ClientSession

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.ready['port']}/api/v1"

    async def get(self, path: str) -> Any:
        async with self.session.get(self.api + path) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def post(self, path: str, body: Any) -> Any:
        async with self.session.post(self.api + path, json=body) as response:
            assert response.status in (200, 201), await response.text()
            return await response.json()


FROM_SOURCE = (sys.executable, "-m", "cowork_desktop")


async def spawn(
    data_dir: Path,
    *flags: str,
    environment: dict[str, str] | None = None,
    port: str = "0",
    program: Sequence[str] = FROM_SOURCE,
    is_apart: bool = False,
) -> asyncio.subprocess.Process:
    """`is_apart`: it inherits nothing but `environment`."""
    return await asyncio.create_subprocess_exec(
        *program,
        "serve",
        "--port",
        port,
        "--no-open",
        "--data-dir",
        str(data_dir),
        *flags,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=({} if is_apart else dict(os.environ)) | (environment or {}),
    )


async def start(*arguments: str) -> asyncio.subprocess.Process:
    """Another verb of the program."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cowork_desktop",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def end_of(process: asyncio.subprocess.Process) -> tuple[int | None, str, str]:
    """The exit code, and what was said on stdout and stderr."""
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), errors.decode()


@asynccontextmanager
async def running_process(
    data_dir: Path,
    *flags: str,
    environment: dict[str, str] | None = None,
    first_lines: Sequence[str] = (),
    program: Sequence[str] = FROM_SOURCE,
    is_apart: bool = False,
) -> AsyncIterator[ServerProcess]:
    """A process that has said that it is ready; killed at the end if it still runs."""
    process = await spawn(data_dir, *flags, environment=environment, program=program, is_apart=is_apart)
    assert process.stdin
    assert process.stdout
    assert process.stderr
    try:
        process.stdin.write("".join(f"{line}\n" for line in first_lines).encode())
        line = await process.stdout.readline()
        assert line, (await process.stderr.read()).decode()
        async with aiohttp.ClientSession() as session:
            yield ServerProcess(process, json.loads(line), session)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
