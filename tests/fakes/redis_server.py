"""A real Redis server on loopback, with a password, with and without TLS; and one told what to say."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import redis

from cowork_desktop.connectors.drivers.driver import Target
from cowork_desktop.schemas.connectors import Access
from tests.fakes.certificates import Certificates, make_certificates
from tests.fakes.programs import folder_of, free_port, give, program, running

PASSWORD = "heron-Canary-7Qx!"
READER, READER_PASSWORD = "reader", "stork-Canary-9"
_USER = "nobody"


@dataclass(frozen=True)
class RedisServer:
    port: int
    tls_port: int
    process: subprocess.Popen[bytes] = field(repr=False)
    certificates: Certificates

    def target(self, access: Access = "read", **fields: Any) -> Target:
        secrets = {"password": fields.pop("password", PASSWORD)}
        return Target({"host": "127.0.0.1", "port": self.port, **fields}, secrets, access)

    @contextmanager
    def client(self) -> Iterator[Any]:
        """As the administrator, not by the driver."""
        with redis.Redis(port=self.port, password=PASSWORD) as client:
            yield client

    def run(self, *commands: str) -> Any:
        """Words between blanks; returns what the last one gives."""
        with self.client() as client:
            return [client.execute_command(*command.split(" ")) for command in commands][-1]


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    command = program("redis-server")
    with folder_of(_USER) as folder:
        certificates, port, tls_port = make_certificates(folder), free_port(), free_port()
        for file in (certificates.key, certificates.certificate, certificates.authority):
            give(file, _USER)
        settings = {
            "bind": "127.0.0.1",
            "port": port,
            "tls-port": tls_port,
            "tls-cert-file": certificates.certificate,
            "tls-key-file": certificates.key,
            "tls-ca-cert-file": certificates.authority,
            "tls-auth-clients": "no",
            "requirepass": PASSWORD,
            "save": "",
            "enable-debug-command": "yes",
            "dir": folder,
        }
        words = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
        # No secret of the machine, so that it may be seen in the list of processes.
        with running(
            [command, *words], user=_USER, folder=folder, is_ready=lambda: _answers(port)
        ) as process:
            server = RedisServer(port, tls_port, process, certificates)
            server.run(f"ACL SETUSER {READER} on >{READER_PASSWORD} ~order:* +@read +ping +command")
            yield server


def _answers(port: int) -> bool:
    try:
        with redis.Redis(port=port, password=PASSWORD) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@asynccontextmanager
async def scripted_redis(*answers: bytes | None) -> AsyncIterator[int]:
    """Gives its port. To each command the next answer; None hangs up. After the last one it says nothing."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting = list(answers)
        try:
            while await reader.read(65_536):
                if not waiting:
                    continue
                if (answer := waiting.pop(0)) is None:
                    return
                writer.write(answer)
        except OSError:
            pass
        finally:
            open_ones.discard(writer)
            writer.close()

    open_ones: set[asyncio.StreamWriter] = set()

    async def handle_noted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        await handle(reader, writer)

    server = await asyncio.start_server(handle_noted, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        while open_ones:
            await asyncio.sleep(0)
