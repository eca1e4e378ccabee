"""GNOME Keyring on a bus of its own, and a process that keeps credentials there."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30.0
_BUS = """<busconfig><type>session</type><listen>unix:path={}</listen>
<policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy>
</busconfig>"""
"""Without folders of services: what is not started is not there."""

_KEEPER = """
import asyncio, json, sys
from cowork_desktop.connectors.secrets import KeyringSecrets
from cowork_desktop.errors import NotConfigured

async def main():
    secrets = KeyringSecrets("owner_1", seconds=float(sys.argv[1]))
    for line in sys.stdin:
        call, *arguments = json.loads(line)
        try:
            told = {"is": await getattr(secrets, call)(*arguments)}
        except NotConfigured as error:
            told = {"failed": error.message}
        print(json.dumps(told | {"state": secrets.state()}), flush=True)

asyncio.run(main())
"""

_SILENT_PROMPTER = """
from jeepney import MessageType
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

connection = open_dbus_connection()
connection.send_and_get_reply(message_bus.RequestName("org.gnome.keyring.SystemPrompter"))
print("ready", flush=True)
while True:
    message = connection.receive()
    if message.header.message_type is MessageType.method_call:
        print("asked", flush=True)
"""


class Keeper:
    """A process with our `KeyringSecrets`."""

    def __init__(
        self, environment: dict[str, str], seconds: float, *, python: Sequence[str] = (sys.executable,)
    ) -> None:
        self._process = subprocess.Popen(
            [*python, "-c", _KEEPER, str(seconds)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ask(self, call: str, *arguments: str) -> dict[str, Any]:
        """`is`: what it gave, or `failed`: with which words; and the `state` then."""
        process = self._process
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps([call, *arguments]) + "\n")
        process.stdin.flush()
        line = _line(process)
        assert line, process.communicate()[1]
        return dict(json.loads(line))

    def end(self) -> int:
        """Ask it to end; the exit code."""
        self._process.communicate(timeout=PATIENCE_SECONDS)
        return int(self._process.returncode)

    def __enter__(self) -> "Keeper":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _end(self._process)


class SecretService:
    """A bus, and the daemon with the keyrings of a folder."""

    def __init__(self, folder: Path) -> None:
        self._bus_place = folder / "bus"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "LANG")},
            **{name: str(folder / name.lower()) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")},
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self._bus_place}",
        }
        for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
            Path(self.environment[name]).mkdir(mode=0o700)
        (folder / "bus.conf").write_text(_BUS.format(self._bus_place))
        self._bus = self._start(
            "dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", "--print-address"
        )
        self._others: list[subprocess.Popen[str]] = []
        self._daemon: subprocess.Popen[str] | None = None
        assert _line(self._bus), "the bus does not start"

    def start_daemon(self, *, is_unlocked: bool = True) -> None:
        """Returns when it is on the bus; unlocked its default keyring is there, made where there was none."""
        flags = ["--foreground", "--components=secrets", *(["--unlock"] if is_unlocked else [])]
        self._daemon = self._start("gnome-keyring-daemon", *flags)
        assert self._daemon.stdin
        self._daemon.stdin.write("of the test" if is_unlocked else "")
        self._daemon.stdin.close()
        self._await(is_unlocked)

    def _await(self, is_unlocked: bool) -> None:
        from jeepney import DBusAddress, new_method_call  # type: ignore[import-untyped]
        from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]
        from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]

        name = "org.freedesktop.secrets"
        keyrings = DBusAddress("/org/freedesktop/secrets", name, "org.freedesktop.Secret.Service")
        asked = new_method_call(keyrings, "ReadAlias", "s", ("default",))
        end = time.monotonic() + PATIENCE_SECONDS
        with open_dbus_connection(bus=self.environment["DBUS_SESSION_BUS_ADDRESS"]) as bus:
            while time.monotonic() < end:
                [is_there] = bus.send_and_get_reply(message_bus.NameHasOwner(name)).body
                if is_there and (not is_unlocked or bus.send_and_get_reply(asked).body != ("/",)):
                    return
        raise AssertionError("the daemon does not start")

    def kill_daemon(self) -> None:
        assert self._daemon
        _end(self._daemon)

    def signal_daemon(self, number: signal.Signals) -> None:
        assert self._daemon
        self._daemon.send_signal(number)

    def start_silent_prompter(self) -> subprocess.Popen[str]:
        """Where the daemon asks for a password, in a window for all it knows. It says `asked` when it was."""
        prompter = self._start(sys.executable, "-c", _SILENT_PROMPTER)
        self._others.append(prompter)
        assert _line(prompter) == "ready\n"
        return prompter

    def kept(self) -> list[str]:
        """The names under which there is something, as `secret-tool` tells them."""
        told = subprocess.run(
            ["secret-tool", "search", "--all", "service", "cowork-desktop"],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        words = "attribute.username = "
        said = (told.stdout + told.stderr).splitlines()
        return [line.removeprefix(words) for line in said if line.startswith(words)]

    def close(self) -> None:
        for process in (*self._others, self._daemon, self._bus):
            if process:
                _end(process)

    def _start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )


def _line(process: subprocess.Popen[str]) -> str:
    """The next one that it says; empty where there is none in time."""
    assert process.stdout
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE_SECONDS)
    return process.stdout.readline() if ready else ""


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()


@contextmanager
def secret_service() -> Iterator[SecretService]:
    for program in ("dbus-daemon", "gnome-keyring-daemon", "secret-tool"):
        if shutil.which(program) is None:
            pytest.skip(f"NOT RUN: {program} is not installed")
    pytest.importorskip("secretstorage", reason="NOT RUN: secretstorage is not installed")
    with tempfile.TemporaryDirectory(prefix="cowork-test-") as folder:  # a short name, for the socket
        service = SecretService(Path(folder))
        try:
            yield service
        finally:
            service.close()
