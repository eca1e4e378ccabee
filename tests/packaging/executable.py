"""The executable as a user has it: in a home of its own, where no Python is."""

import asyncio
import json
import os
import shutil
import subprocess
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cowork_desktop.frozen import AS_INTERPRETER
from tests.faults.process import ServerProcess, running_process

DIST = Path(__file__).parents[2] / "dist"
_SUFFIX = ".exe" if os.name == "nt" else ""
ONE_FOLDER = DIST / "cowork-server" / f"cowork-server{_SUFFIX}"
ONE_FILE = DIST / f"cowork{_SUFFIX}"
_SECONDS = 60
_MOST_TRIES = 1_000


@dataclass(frozen=True)
class Installed:
    """An executable below a home; everything else that it could find there is empty."""

    program: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PATH": str(self.home / "bin"),
            "LANG": "C.UTF-8",
            "PYTHONTZPATH": "",
        }

    @property
    def temporary(self) -> Path:
        return self.home / "tmp"

    def server(
        self, *flags: str, data: str = "data", token: str | None = None, **environment: str
    ) -> AbstractAsyncContextManager[ServerProcess]:
        return running_process(
            self.home / data,
            *flags,
            environment=self.environment | environment,
            first_lines=() if token is None else (f'{{"token": "{token}"}}',),
            program=(str(self.program),),
            is_apart=True,
        )

    def python(self, *arguments: str, **environment: str) -> str:
        """What it prints when cells start it as Python."""
        return self.run(*arguments, **{AS_INTERPRETER: "1"}, **environment)

    def run(self, *arguments: str, **environment: str) -> str:
        """What a verb of it prints."""
        done = subprocess.run(
            [str(self.program), *arguments],
            env=self.environment | environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def processes(self) -> dict[int, str]:
        """The command lines of those that run from here, by their ids."""
        found = {}
        for place in Path("/proc").glob("[0-9]*/exe"):
            with suppress(OSError):
                if place.readlink() == self.program:
                    words = (place.parent / "cmdline").read_bytes().split(b"\0")
                    found[int(place.parent.name)] = b" ".join(words).decode()
        return found

    async def until_alone(self) -> None:
        """Wait until no process is left."""
        for _ in range(250):
            if not self.processes():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"still running: {self.processes()}")


def install(built: Path, home: Path) -> Installed:
    """A copy below that folder; of one folder its files are linked, which is quick."""
    for name in ("bin", "tmp"):
        (home / name).mkdir(parents=True)
    target = home / "Applications" / built.name
    if built == ONE_FILE:
        target.parent.mkdir()
        shutil.copy2(built, target)
    else:
        shutil.copytree(built.parent, target.parent, symlinks=True, copy_function=_link)
    return Installed(target, home)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)


def check_built(program: Path) -> None:
    if not program.exists():
        assert not os.environ.get("CI"), "make test builds the executable"
        pytest.skip("NOT RUN: the executable is not built (make executable)")


class Pad:
    """A scratchpad of a server in another process."""

    def __init__(self, server: ServerProcess, id: str) -> None:
        self.server, self.id = server, id

    async def run(self, code: str) -> Any:
        """The result of a new cell."""
        body = {"type": "code", "language": "python", "content": code}
        cell = (await self.server.post(f"/scratchpads/{self.id}/cells", body))["id"]
        return await self.server.post(f"/scratchpads/{self.id}/cells/{cell}/run?stream=false", {})

    async def printed(self, code: str) -> str:
        """What a cell prints, which must succeed."""
        result = await self.run(code)
        outputs = result["output_cell"]["outputs"] if result["output_cell"] else []
        text = "".join(one["data"] for one in outputs if one["mime"] == "text/plain")
        assert result["status"] == "success", (result["cell"]["error"], text)
        return text


async def new_pad(server: ServerProcess) -> Pad:
    conversation = (await server.post("/conversations", {"title": "T"}))["id"]
    body = {"conversation_id": conversation, "title": "Pad"}
    return Pad(server, (await server.post("/scratchpads", body))["id"])


async def upload(server: ServerProcess, content: bytes, name: str) -> str:
    """What is read of a new file."""
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("file", content, filename=name)
    async with server.session.post(f"{server.api}/files", data=form) as response:
        assert response.status == 201, await response.text()
        id = (await response.json())["id"]
    for _ in range(_MOST_TRIES):
        file = await server.get(f"/files/{id}")
        if file["text_status"] not in ("pending", "extracting"):
            assert file["text_status"] == "ready", file
            return json.dumps(await server.get(f"/files/{id}/text"))
        await asyncio.sleep(0.02)
    raise AssertionError(f"{file} is not read to its end")
