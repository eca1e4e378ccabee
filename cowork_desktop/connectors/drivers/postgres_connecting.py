"""Signing in to PostgreSQL with what the connection says and nothing else, and ending what runs there.

libpq's environment variables, password and service files, and the user's own certificates are for psql:
https://www.postgresql.org/docs/current/libpq-connect.html.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
from psycopg import pq
from psycopg.generators import fetch

from cowork_desktop.connectors.drivers.driver import DriverFailed, Target
from cowork_desktop.connectors.drivers.failures import network_failure
from cowork_desktop.connectors.drivers.lines import CONNECT_SECONDS, look_up
from cowork_desktop.connectors.drivers.postgres_failures import connect_failure
from cowork_desktop.connectors.drivers.postgres_streaming import settled
from cowork_desktop.connectors.drivers.postgres_values import prepare
from cowork_desktop.connectors.drivers.trust import authorities

Connection = psycopg.AsyncConnection[Any]

_NOWHERE = os.path.join(os.devnull, "none")
"""A path where nothing can be, on any system."""
_CANCEL_SECONDS = 5.0
_AGAIN_SECONDS = 0.3
"""A server that is just reading its next message forgets that it was to cancel, so it is told again."""


@asynccontextmanager
async def connected(target: Target) -> AsyncIterator[Connection]:
    """Raises DriverFailed. Whatever still runs at its end is cancelled at the server."""
    connection = await _connect(target)
    try:
        prepare(connection)
        yield connection
    finally:
        await asyncio.shield(asyncio.ensure_future(_end(connection)))


async def _connect(target: Target) -> Connection:
    host, port = target.text("host"), target.number("port", 5432)
    seconds = float(target.options.get("connect_seconds", CONNECT_SECONDS))
    if not host.startswith("/"):
        await look_up(host, port, seconds)
    parameters = await asyncio.to_thread(_parameters, target, host, port)
    failed: DriverFailed
    try:
        async with asyncio.timeout(seconds):
            return await psycopg.AsyncConnection.connect(autocommit=True, **parameters)
    except TimeoutError as error:
        failed = network_failure(error, host, port)
    except psycopg.Error as error:
        failed = connect_failure(error, host, port)
    # The cause's context may hold the password.
    raise failed from None


def _parameters(target: Target, host: str, port: int) -> Mapping[str, Any]:
    """Every one that libpq would otherwise look up elsewhere. `service` has to be left out, as an empty one
    is looked for; that of the environment can only fill in what is not said here."""
    ours = {
        "host": host,
        "port": port,
        "dbname": target.text("database"),
        "user": target.text("user"),
        "password": target.text("password"),
        "connect_timeout": 0,
        "application_name": "cowork",
        "client_encoding": "utf8",
        "passfile": _NOWHERE,
        "gssencmode": "disable",
        "require_auth": "password,md5,scram-sha-256,none",
        "min_protocol_version": "3.0",
        "max_protocol_version": "3.0",
        "replication": "",
        "sslkeylogfile": "",
        **_tls(target),
    }
    known = {option.keyword.decode(): option for option in pq.Conninfo.get_defaults()}
    neutral = {
        name: (option.compiled or b"").decode()
        for name, option in known.items()
        if option.envvar and name != "service"
    }
    return {**neutral, **{name: value for name, value in ours.items() if name in known}}


def _tls(target: Target) -> Mapping[str, str]:
    mode, file = target.text("tls", "prefer"), target.text("ca_file")
    if mode not in ("prefer", "require", "verify-full", "disable"):
        raise DriverFailed("failed", f"The field tls cannot be {mode}.")
    trusted = _NOWHERE
    if mode == "verify-full":
        trusted = file or authorities() or "system"
    if file and mode == "verify-full" and not os.path.isfile(file):
        raise DriverFailed("tls", f"There is no file {file} with the certificates to trust.")
    return {
        "sslmode": mode,
        "sslrootcert": trusted,
        "sslcertmode": "disable",
        "sslcrl": _NOWHERE,
    }


async def _end(connection: Connection) -> None:
    try:
        # Where it cannot be told, its limit of time stands at the server.
        with suppress(psycopg.Error, TimeoutError):
            async with asyncio.timeout(_CANCEL_SECONDS):
                await _cancel(connection)
    finally:
        await connection.close()


async def _cancel(connection: Connection) -> None:
    """Returns when nothing runs any more. Raises psycopg.Error."""
    pgconn = connection.pgconn
    while pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
        await connection.cancel_safe(timeout=_CANCEL_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(_AGAIN_SECONDS):
                while await settled(pgconn, fetch(pgconn)) is not None:
                    pass
