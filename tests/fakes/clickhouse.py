"""A real ClickHouse server on loopback, and answers of other versions that are said word for word."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from aiohttp import web

from cowork_desktop.connectors.drivers.driver import Target
from cowork_desktop.schemas.connectors import Access

PASSWORD = "heron-9f2c-secret"
_BINARY = shutil.which("clickhouse-server") or "/usr/sbin/clickhouse-server"
_CONFIG = """<yandex>
<logger><level>warning</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
<http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><interserver_http_port>{inter}</interserver_http_port>
<listen_host>127.0.0.1</listen_host><path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path>
<users_config>users.xml</users_config><default_profile>default</default_profile>
<default_database>default</default_database><mark_cache_size>5368709</mark_cache_size>
</yandex>"""
_USER = """<{name}><password>{password}</password><networks><ip>127.0.0.1</ip></networks>
<profile>{profile}</profile><quota>default</quota></{name}>"""
_USERS = """<yandex><profiles><default/><reader><readonly>1</readonly></reader></profiles>
<users>{users}</users><quotas><default/></quotas></yandex>"""


def target(port: int, access: Access = "read", **settings: str | int | bool) -> Target:
    named: dict[str, str | int | bool] = {
        "host": "127.0.0.1",
        "port": port,
        "database": "default",
        "user": "heron",
        "tls": False,
    }
    return Target(named | settings, {"password": PASSWORD}, access)


@contextmanager
def running_clickhouse() -> Iterator[int]:
    """Its port for HTTP. The user `heron` may all, `egret` is read-only at the server."""
    if not os.access(_BINARY, os.X_OK):
        pytest.skip("NOT RUN: there is no clickhouse-server")
    folder = Path(tempfile.mkdtemp(prefix="clickhouse-"))
    http, tcp, inter = _free_ports(3)
    process: subprocess.Popen[bytes] | None = None
    try:
        process = _start(folder, http, tcp, inter)
        _wait(process, http)
        yield http
    finally:
        if process:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, http: int, tcp: int, inter: int) -> subprocess.Popen[bytes]:
    config = _CONFIG.format(folder=folder, http=http, tcp=tcp, inter=inter)
    (folder / "config.xml").write_text(config)
    users = [("heron", "default"), ("egret", "reader")]
    listed = "".join(_USER.format(name=name, password=PASSWORD, profile=profile) for name, profile in users)
    (folder / "users.xml").write_text(_USERS.format(users=listed))
    user = None
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for path in (folder, *folder.iterdir()):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        user = nobody.pw_uid
    return subprocess.Popen(
        [_BINARY, f"--config-file={folder}/config.xml"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        user=user,
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    ends_at = time.monotonic() + 60
    while time.monotonic() < ends_at and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("clickhouse-server does not start")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@asynccontextmanager
async def saying(
    parts: Sequence[bytes], headers: dict[str, str] | None = None, *, breaks: bool = False, status: int = 200
) -> AsyncIterator[int]:
    """A port where each query is answered with this body; `breaks`: and no proper end of it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        told = {"Content-Type": "text/tab-separated-values; charset=UTF-8"} | (headers or {})
        response = web.StreamResponse(status=status, headers=told)
        response.enable_chunked_encoding()
        await response.prepare(request)
        for part in parts:
            await response.write(part)
        if breaks:
            assert request.transport is not None
            request.transport.close()
        return response

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    try:
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
