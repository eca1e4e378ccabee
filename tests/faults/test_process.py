"""The life of the server's process: start, refusals, signals, and the parent's end."""

import asyncio
import json
import signal
import socket
import sqlite3
import time
from pathlib import Path

import pytest

from tests.faults.process import running_process, spawn

pytestmark = pytest.mark.slow

TOKEN = json.dumps({"token": "a-token-of-this-very-test"})
BEARER = {"Authorization": "Bearer a-token-of-this-very-test"}


async def _fail(data_dir: Path, *flags: str, port: str = "0", **environment: str) -> tuple[int | None, str]:
    """The exit code and the words of a start that must fail."""
    process = await spawn(data_dir, *flags, port=port, environment=environment)
    out, errors = await asyncio.wait_for(process.communicate(), 20)
    assert out == b""
    return process.returncode, errors.decode()


async def test_the_ready_line_is_the_only_line_on_stdout(tmp_path: Path) -> None:
    async with running_process(tmp_path) as server:
        health = await server.get("/health")
        assert server.ready == {
            "event": "ready",
            "url": f"http://localhost:{server.ready['port']}",
            "port": server.ready["port"],
            "pid": server.process.pid,
            "version": health["version"],
        }
        server.process.send_signal(signal.SIGTERM)
        out, _ = await server.process.communicate()
        assert out == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_within_two_seconds_with_a_stream_open(
    tmp_path: Path, number: signal.Signals
) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    flags = ("--base-url", f"http://127.0.0.1:{silent.getsockname()[1]}")
    with silent:
        async with running_process(
            tmp_path, *flags, environment={"ANTHROPIC_API_KEY": "dummy-key"}
        ) as server:
            conversation = (await server.post("/conversations", {}))["id"]
            body = {"conversation_id": conversation, "input": "Wait"}
            async with server.session.post(f"{server.api}/responses", json=body) as response:
                first = json.loads((await response.content.readuntil(b"\n\n")).split(b"data: ")[1])
                started = time.monotonic()
                server.process.send_signal(number)
                rest = await response.read()
                assert await server.process.wait() == 0
                assert time.monotonic() - started < 2
            assert b"event: response.failed" in rest
            assert b"interrupted" in rest
    async with running_process(tmp_path) as server:
        response = await server.get(f"/responses/{first['response_id']}")
        assert response["error"]["type"] == "interrupted"


async def test_it_ends_when_the_parent_closes_stdin(tmp_path: Path) -> None:
    async with running_process(tmp_path, "--token-stdin", first_lines=[TOKEN]) as server:
        assert server.process.stdin
        async with server.session.get(f"{server.api}/settings") as refused:
            assert refused.status == 401
        async with server.session.get(f"{server.api}/settings", headers=BEARER) as passed:
            assert passed.status == 200
        server.process.stdin.close()
        assert await asyncio.wait_for(server.process.wait(), 2) == 0


async def test_a_second_server_on_the_folder_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    async with running_process(tmp_path) as server:
        code, words = await _fail(tmp_path)
        assert code == 3
        assert f"process {server.process.pid}, port {server.ready['port']}" in words


async def test_a_port_that_another_cowork_has_is_refused_and_named(tmp_path: Path) -> None:
    async with running_process(tmp_path / "a") as server:
        code, words = await _fail(tmp_path / "b", port=str(server.ready["port"]))
        assert code == 5
        assert "another Cowork" in words


async def test_a_port_that_some_program_has_is_refused_and_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, words = await _fail(tmp_path, port=str(taken.getsockname()[1]))
        assert code == 5
        assert f"Port {taken.getsockname()[1]} is taken by process" in words


async def test_a_newer_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "cowork.db") as newer:
        newer.execute("PRAGMA user_version = 9999")
    newer.close()
    before = (tmp_path / "cowork.db").read_bytes()
    code, words = await _fail(tmp_path)
    assert code == 4
    assert "written by a newer Cowork" in words
    assert (tmp_path / "cowork.db").read_bytes() == before


async def test_a_file_that_is_no_database_is_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "cowork.db").write_text("This is a letter, not a database. " * 50)
    code, words = await _fail(tmp_path)
    assert code == 1
    assert "Traceback" not in words
    assert "cowork.db" in words


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--port", "70000"], "not a port"),
        (["--port", "²"], "not a port"),
        (["--nonsense"], "unrecognized arguments"),
        (["--host", "0.0.0.0"], "token"),
        (["--base-url", "nonsense"], "--base-url"),
    ],
)
async def test_wrong_arguments_are_told_and_exit_with_2(tmp_path: Path, flags: list[str], words: str) -> None:
    code, told = await _fail(tmp_path, *flags)
    assert code == 2
    assert words in told


async def test_a_wrong_variable_is_told_by_its_name(tmp_path: Path) -> None:
    code, words = await _fail(tmp_path, COWORK_LOG_LEVEL="loud")
    assert code == 2
    assert "COWORK_LOG_LEVEL" in words


async def test_the_token_never_stands_in_log_or_folder(tmp_path: Path) -> None:
    async with running_process(
        tmp_path, "--token-stdin", "--log-level", "debug", first_lines=[TOKEN]
    ) as server:
        async with server.session.get(f"{server.api}/nothing", headers=BEARER) as response:
            assert response.status == 404
        server.process.send_signal(signal.SIGTERM)
        _, errors = await server.process.communicate()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()) + errors
    assert b"a-token-of-this-very-test" not in written
