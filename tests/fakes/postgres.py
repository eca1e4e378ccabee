"""Real PostgreSQL servers of their own, on loopback."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from cowork_desktop.connectors.drivers.driver import Target
from cowork_desktop.schemas.connectors import Access
from tests.fakes.certificates import Certificates, make_certificates
from tests.fakes.programs import as_user, folder_of, free_port, give, program, running

PASSWORD = "Gänse-füßchen 1"
_USER = "postgres"


@dataclass(frozen=True)
class Postgres:
    port: int
    process: subprocess.Popen[bytes] = field(repr=False)
    certificates: Certificates

    def target(self, access: Access = "read", options: dict[str, Any] | None = None, **fields: str) -> Target:
        """As the superuser `cowork` to the database `postgres`, but for what is said."""
        settings: dict[str, str | int | bool] = {
            "host": "127.0.0.1",
            "port": self.port,
            "database": "postgres",
            "user": "cowork",
        }
        secrets = {"password": fields.pop("password", PASSWORD)}
        return Target({**settings, **fields}, secrets, access, options or {})

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """As the superuser, not by the driver; returns what the last one gives."""
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname="postgres",
            user="cowork",
            password=PASSWORD,
            autocommit=True,
        ) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@contextmanager
def running_postgres(*names: str, tls: bool = True) -> Iterator[Postgres]:
    """`names`: of hosts, which its certificate has instead of loopback's."""
    places = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    server, initdb = program("postgres", *places), program("initdb", *places)
    with folder_of(_USER) as folder:
        certificates, port = make_certificates(folder, *names), free_port()
        for file in (certificates.key, certificates.certificate):
            give(file, _USER)
        files = folder / "files"
        _make(initdb, files, folder / "password")
        flags = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
            "ssl": "on" if tls else "off",
            "ssl_cert_file": certificates.certificate,
            "ssl_key_file": certificates.key,
        }
        command = [server, "-D", str(files), *(f"--{name}={value}" for name, value in flags.items())]
        with running(
            command,
            user=_USER,
            folder=folder,
            is_ready=lambda: _answers(port),
            ended_by=signal.SIGQUIT,
        ) as process:
            yield Postgres(port, process, certificates)


def _make(initdb: str, files: Path, password: Path) -> None:
    password.write_text(PASSWORD, "utf-8")
    give(password, _USER)
    subprocess.run(
        [
            initdb,
            f"--pgdata={files}",
            "--username=cowork",
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ],
        cwd=files.parent,
        check=True,
        capture_output=True,
        **as_user(_USER),
    )


def _answers(port: int) -> bool:
    try:
        psycopg.connect(
            host="127.0.0.1", port=port, dbname="postgres", user="cowork", password=PASSWORD
        ).close()
    except psycopg.OperationalError:
        return False
    return True
