"""Real MariaDB servers of their own, on loopback."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pymysql  # type: ignore[import-untyped]

from cowork_desktop.connectors.drivers.driver import Target
from cowork_desktop.schemas.connectors import Access
from tests.fakes.certificates import Certificates, make_certificates
from tests.fakes.programs import as_user, folder_of, free_port, give, program, running

PASSWORD = "Gänse-füßchen 1 €"
_USER = "mysql"
_FIRST = f"""
CREATE DATABASE shop;
CREATE USER cowork@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON *.* TO cowork@'127.0.0.1' WITH GRANT OPTION;
"""


@dataclass(frozen=True)
class MariaDb:
    port: int
    process: subprocess.Popen[bytes] = field(repr=False)
    certificates: Certificates

    def target(self, access: Access = "read", options: dict[str, Any] | None = None, **fields: str) -> Target:
        """As the superuser `cowork` to the database `shop`, but for what is said."""
        settings: dict[str, str | int | bool] = {
            "host": "127.0.0.1",
            "port": self.port,
            "database": "shop",
            "user": "cowork",
        }
        secrets = {"password": fields.pop("password", PASSWORD)}
        return Target({**settings, **fields}, secrets, access, options or {})

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """As the superuser, not by the driver; returns what the last one gives."""
        connection = _connect(self.port, "shop")
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())


@contextmanager
def running_mariadb(*names: str, tls: bool = True) -> Iterator[MariaDb]:
    """`names`: of hosts, which its certificate has instead of loopback's."""
    server, install = program("mariadbd"), program("mariadb-install-db")
    with folder_of(_USER) as folder:
        certificates, port = make_certificates(folder, *names), free_port()
        for file in (certificates.key, certificates.certificate):
            give(file, _USER)
        files, first = folder / "files", folder / "first.sql"
        subprocess.run(
            [install, "--no-defaults", f"--datadir={files}", "--auth-root-authentication-method=normal"],
            cwd=folder,
            check=True,
            capture_output=True,
            **as_user(_USER),
        )
        first.write_text(_FIRST, "utf-8")
        give(first, _USER)
        command = [
            server,
            "--no-defaults",
            f"--datadir={files}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--socket={folder / 'socket'}",
            f"--init-file={first}",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=32M",
            "--secure-file-priv=",
        ]
        if tls:
            command += [f"--ssl-cert={certificates.certificate}", f"--ssl-key={certificates.key}"]
        else:
            command.append("--skip-ssl")
        with running(command, user=_USER, folder=folder, is_ready=lambda: _answers(port)) as process:
            yield MariaDb(port, process, certificates)


def _connect(port: int, database: str) -> Any:
    return pymysql.connect(
        host="127.0.0.1",
        port=port,
        user="cowork",
        password=PASSWORD.encode(),
        database=database,
        charset="utf8mb4",
        autocommit=True,
    )


def _answers(port: int) -> bool:
    try:
        _connect(port, "shop").close()
    except pymysql.MySQLError:
        return False
    return True
