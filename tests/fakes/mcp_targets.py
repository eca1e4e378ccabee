"""Connections to the MCP servers of tests, and what is left of their processes."""

import json
import shlex
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cowork_desktop.connectors.drivers.driver import Target
from tests.fakes import mcp_server

SECRET = "sk-of-the-server-12345"
_FILE = Path(mcp_server.__file__)


def fake_command(*mode: str) -> list[str]:
    return [sys.executable, "-P", str(_FILE), *mode]


@dataclass
class Fake:
    """A server over stdio; each of its processes carries its mark."""

    folder: Path
    mode: str = "bare"
    start: str = ""
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def notes(self) -> list[str]:
        file = self.folder / "notes"
        return file.read_text().splitlines() if file.exists() else []

    def offers(self, tools: Sequence[dict[str, Any]]) -> None:
        (self.folder / "tools.json").write_text(json.dumps(tools))

    @property
    def target(self) -> Target:
        told = {
            "FAKE_MARK": self.mark,
            "FAKE_NOTES": self.folder / "notes",
            "FAKE_TOOLS": self.folder / "tools.json",
            "FAKE_START": self.start,
            "FAKE_API_KEY": SECRET,
        }
        environment = "\n".join(f"{name}={value}" for name, value in told.items())
        return stdio_target(shlex.join(fake_command(self.mode)), environment)

    @property
    def processes(self) -> list[int]:
        """Those that run, its children with it."""
        return processes_with(f"FAKE_MARK={self.mark}")


def stdio_target(command: str, environment: str = "", **settings: str) -> Target:
    return Target(
        {"command": command, **settings}, {"environment": environment}, "write", {"transport": "stdio"}
    )


def http_target(url: str, token: str = "", headers: str = "", **settings: str) -> Target:
    secrets = {name: value for name, value in (("token", token), ("headers", headers)) if value}
    return Target({"url": url, **settings}, secrets, "write", {"transport": "http"})


def processes_with(variable: str) -> list[int]:
    """Zombies have no environment any more."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if variable.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except (OSError, ValueError):
            continue
    return found
