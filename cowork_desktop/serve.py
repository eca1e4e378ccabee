"""The life of a server process: lock, listen, say so, serve, and end in order."""

import asyncio
import contextlib
import errno
import gc
import ipaddress
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import web

from cowork_desktop import instance, keys, logs
from cowork_desktop.app import create_app
from cowork_desktop.http.server import Runner
from cowork_desktop.port_holder import describe_holder
from cowork_desktop.settings import BadSetting, ServerSettings
from cowork_desktop.version import __version__

_SHUTDOWN_SECONDS = 1.0


class PortTaken(Exception):
    """Another process listens on the port."""


def run(settings: ServerSettings) -> None:
    """Serve until a signal, or the end of stdin with `token_stdin`; raises what a start can fail with."""
    if settings.token_stdin:
        settings = replace(settings, token=_read_token())
    if settings.token is None and not _is_loopback(settings.host):
        raise BadSetting(
            f"--host {settings.host}: other machines could call in; this needs a token (--token-stdin)."
        )
    data_dir = settings.resolved_data_dir()
    sockets = listen(settings.host, settings.port)
    port: int = sockets[0].getsockname()[1]
    try:
        with instance.lock(data_dir, {"port": port}):
            logs.configure(settings.log_level, data_dir / "logs")
            _run_to_the_end(_serve(settings, data_dir, sockets, port))
    finally:
        for listening in sockets:
            listening.close()


def _run_to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Like `asyncio.run`, but a thread that cannot be stopped (an import, a keyring that prompts) does not
    hold up an end that is asked for: the caller is to leave with `os._exit`."""
    runner = asyncio.Runner()
    try:
        runner.run(work)
    except BaseException:
        runner.close()
        raise


async def _serve(settings: ServerSettings, data_dir: Path, sockets: list[socket.socket], port: int) -> None:
    asked_to_end = _ending(settings)
    async with create_app(settings, data_dir, port) as app, serving(app, sockets):
        url = f"http://localhost:{port}"
        ready = {"event": "ready", "url": url, "port": port, "pid": os.getpid(), "version": __version__}
        print(json.dumps(ready), flush=True)
        gc.freeze()
        gc.enable()
        if not settings.no_open and not settings.token_stdin:
            app[keys.BROWSER].show(f"{url}/")
        await asked_to_end.wait()


@contextlib.asynccontextmanager
async def serving(app: web.Application, sockets: list[socket.socket]) -> AsyncIterator[None]:
    runner = Runner(
        app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS, max_line_size=65_536, max_field_size=65_536
    )
    await runner.setup()
    try:
        for listening in sockets:
            await web.SockSite(runner, listening).start()
        yield
    finally:
        await runner.cleanup()


def _ending(settings: ServerSettings) -> asyncio.Event:
    """Set by SIGINT and SIGTERM, and by the end of stdin where a parent holds the other end; a second signal
    ends at once."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(*_: object) -> None:
        if ended.is_set():
            os._exit(1)
        loop.call_soon_threadsafe(ended.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    if settings.token_stdin:

        def watch() -> None:
            while sys.stdin.buffer.read(4096):
                pass
            loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=watch, name="stdin", daemon=True).start()
    return ended


def _read_token() -> str:
    try:
        token = json.loads(sys.stdin.readline())["token"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadSetting('--token-stdin: the first line of stdin must be {"token": "..."}.') from error
    if not (isinstance(token, str) and len(token) >= 16 and token.isascii() and token.isprintable()):
        raise BadSetting("--token-stdin: the token must be at least 16 printable ASCII characters.")
    return token


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    return False


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets on the same port of every address that the host means; for loopback both families, lest
    another program answers to `localhost` in the other one."""
    hosts = ["127.0.0.1", "::1"] if host in ("localhost", "127.0.0.1", "::1") else [host]
    for attempt in range(20):
        sockets: list[socket.socket] = []
        try:
            for address in hosts:
                with contextlib.suppress(_NoSuchFamily):
                    sockets.append(_bind(address, sockets[0].getsockname()[1] if sockets else port))
            return sockets
        except OSError as error:
            for bound in sockets:
                bound.close()
            if port == 0 and attempt < 19:
                continue
            if error.errno == errno.EADDRINUSE or getattr(error, "winerror", None) == 10013:
                raise PortTaken(
                    f"Port {port} is taken{describe_holder(port)}. End that, or give another --port."
                ) from error
            raise BadSetting(f"--host {host}: cannot listen there: {error.strerror or error}.") from error
    raise PortTaken("No free port was found.")


class _NoSuchFamily(Exception):
    """This machine has no addresses of this kind."""


def _bind(address: str, port: int) -> socket.socket:
    [(family, kind, protocol, _, place), *_] = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    try:
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _NoSuchFamily from error
    try:
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(place)
        bound.listen(128)
    except OSError as error:
        bound.close()
        if address == "::1" and error.errno == errno.EADDRNOTAVAIL:
            raise _NoSuchFamily from error
        raise
    return bound
