"""What `doctor` finds on a machine, what it says to do, and that it changes nothing there."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from keyring.backends import fail

from cowork_desktop import instance
from cowork_desktop.doctor import credentials, parts, place
from cowork_desktop.doctor.examination import CHECKS, examine
from cowork_desktop.doctor.here import Here
from cowork_desktop.doctor.verdict import Verdict, problem
from cowork_desktop.settings import ServerSettings
from cowork_desktop.version import __version__
from tests.fakes.programs import free_port
from tests.fakes.server import running_server
from tests.fakes.small_keyring import SmallKeyring, keyring_of
from tests.faults.process import end_of, running_process, start

KEY = "sk-test-of-the-doctor-0123456789"
DISK_KEYRING = "tests.fakes.small_keyring.DiskKeyring"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A data folder that is not there yet."""
    return tmp_path / "data"


@pytest.fixture
async def used(tmp_path: Path) -> Path:
    """One that a server has worked in."""
    async with running_server(tmp_path / "data") as server:
        await server.conversation(title="Herons")
    return tmp_path / "data"


def here(data_dir: Path, **settings: Any) -> Here:
    return Here(ServerSettings(data_dir=data_dir, **settings))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def set_stored(data_dir: Path, **values: Any) -> None:
    with closing(sqlite3.connect(data_dir / "cowork.db", isolation_level=None)) as db:
        db.executemany(
            "INSERT OR REPLACE INTO settings VALUES (?, ?)",
            [(name, json.dumps(value)) for name, value in values.items()],
        )


async def doctor(data_dir: Path, *flags: str) -> tuple[int | None, dict[str, str]]:
    """The exit code of the verb, and its lines by the checks' names."""
    code, out, errors = await end_of(await start("doctor", "--data-dir", str(data_dir), *flags))
    assert errors == ""
    lines = [line.split(maxsplit=1) for line in out.splitlines()]
    told = {rest.partition(": ")[0]: f"{state} {rest.partition(': ')[2]}" for state, rest in lines}
    assert list(told) == list(CHECKS)
    assert (code == 1) is any(line.startswith("problem ") for line in told.values())
    return code, told


def test_all_checks_of_a_new_machine_have_a_verdict_and_leave_nothing(new: Path) -> None:
    with keyring_of(SmallKeyring()):
        verdicts = dict(examine(ServerSettings(data_dir=new, port=free_port())))
    assert list(verdicts) == list(CHECKS)
    found = {name: verdict.state for name, verdict in verdicts.items() if name != "page"}
    assert found == {**dict.fromkeys(CHECKS.keys() - {"page"}, "ok"), "model key": "warning"}
    assert __version__ in verdicts["program"].words
    assert "the first start makes it" in verdicts["database"].words
    assert not new.exists()


async def test_the_files_of_a_folder_that_was_used_are_the_same_afterwards(used: Path) -> None:
    before = contents(used)
    found = await asyncio.to_thread(lambda: dict(examine(ServerSettings(data_dir=used, port=0))))
    assert (found["database"].state, found["data folder"].state) == ("ok", "ok")
    assert contents(used) == before


async def test_a_newer_database_is_told_and_left_as_it_is(used: Path) -> None:
    with closing(sqlite3.connect(used / "cowork.db")) as db:
        db.execute("PRAGMA user_version = 9999")
    before = contents(used)
    verdict = place.database(here(used))
    assert verdict.state == "problem"
    assert "was written by a newer Cowork (schema 9999" in verdict.words
    assert verdict.remedy == "Install the newer one."
    assert contents(used) == before


async def test_an_older_database_is_told_and_not_migrated(used: Path) -> None:
    with closing(sqlite3.connect(used / "cowork.db")) as db:
        [version] = db.execute("PRAGMA user_version").fetchone()
        db.execute(f"PRAGMA user_version = {version - 1}")
    verdict = place.database(here(used))
    assert verdict.state == "ok"
    assert verdict.words.endswith(f"schema {version - 1}, which the next start brings to {version}.")
    with closing(sqlite3.connect(used / "cowork.db")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (version - 1,)


def test_a_file_that_is_no_database_is_told(new: Path) -> None:
    new.mkdir()
    (new / "cowork.db").write_text("This is a letter, not a database. " * 50)
    verdict = place.database(here(new))
    assert verdict.state == "problem"
    assert "cannot be used" in verdict.words
    assert "cowork-desktop restore" in str(verdict.remedy)


async def test_a_database_with_a_page_overwritten_is_damaged(used: Path) -> None:
    with closing(sqlite3.connect(used / "cowork.db")) as db:
        sql = "SELECT rootpage FROM sqlite_master WHERE name = 'conversations'"
        [page], [size] = db.execute(sql).fetchone(), db.execute("PRAGMA page_size").fetchone()
    with (used / "cowork.db").open("rb+") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    verdict = place.database(here(used))
    assert verdict.state == "problem"
    assert "is damaged" in verdict.words


def test_a_restore_that_was_cut_off_is_told(new: Path) -> None:
    (new / "restoring").mkdir(parents=True)
    verdict = place.data_folder(here(new))
    assert (verdict.state, verdict.remedy) == ("problem", "Run it again, or empty the folder.")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "data"):
        verdict = place.data_folder(here(folder))
        assert verdict.state == "problem"
        assert "give another --data-dir" in str(verdict.remedy)


def test_a_port_that_some_program_has_is_told_with_its_name(new: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        verdict = place.port(here(new, port=taken.getsockname()[1]))
    assert verdict.state == "problem"
    if sys.platform == "linux":
        assert f"by process {os.getpid()} (" in verdict.words
    assert verdict.remedy == "End that, or give another --port."


def test_a_port_that_another_program_has_keeps_a_server_on_another_one_from_nothing(new: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        instance.lock(new, {"port": free_port()}),
    ):
        assert place.port(here(new, port=taken.getsockname()[1])).state == "warning"


def test_a_server_that_has_the_folder_and_does_not_answer_is_a_problem(new: Path) -> None:
    with instance.lock(new, {"port": (port := free_port())}):
        verdict = place.server(here(new))
    assert verdict.state == "problem"
    assert f"Process {os.getpid()} has this folder, and does not answer on port {port}." in verdict.words


def test_a_restore_that_is_at_work_is_none(new: Path) -> None:
    with instance.lock(new, {"port": 0}):
        (new / "restoring").mkdir()
        assert place.server(here(new)).words.endswith("it restores a backup.")
        assert place.data_folder(here(new)).state == "ok"


def test_the_note_of_a_server_that_was_killed_is_not_believed(new: Path) -> None:
    with instance.lock(new, {"port": 26866}):
        note = (new / "instance.json").read_bytes()
    (new / "instance.json").write_bytes(note)
    before = contents(new)
    assert place.server(here(new)) == Verdict("ok", "None works in this folder now.")
    assert contents(new) == before


def test_a_keyring_is_tried_and_nothing_is_left_there(new: Path) -> None:
    with keyring_of(small := SmallKeyring()):
        assert credentials.credentials(here(new)).state == "ok"
    assert (small.kept, small.calls > 2) == ({}, True)


def test_without_a_keyring_it_says_what_to_do_instead(new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with keyring_of(fail.Keyring()):  # type: ignore[no-untyped-call]
        verdict = credentials.credentials(here(new))
    assert verdict.state == "warning"
    assert verdict.words.startswith("This system has no keyring")
    assert "--secrets file" in str(verdict.remedy)


async def test_a_keyring_that_fails_is_a_problem_where_the_key_is_in_it(used: Path) -> None:
    set_stored(used, model_key_is_stored=True)
    with keyring_of(small := SmallKeyring()):
        small.fail(1)
        found = [
            await asyncio.to_thread(check, here(used))
            for check in (credentials.credentials, credentials.model_key)
        ]
    assert [verdict.state for verdict in found] == ["problem", "problem"]


async def test_a_key_that_is_gone_from_the_keyring_is_told(used: Path) -> None:
    set_stored(used, model_key_is_stored=True)
    with keyring_of(SmallKeyring()):
        verdict = await asyncio.to_thread(credentials.model_key, here(used))
    assert verdict == Verdict(
        "problem", "The stored key is gone from the keyring.", "Enter it in the settings."
    )


async def test_where_no_key_is_needed_none_is_missed(used: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert credentials.model_key(here(used)).state == "warning"
    assert credentials.model_key(here(used, base_url="http://127.0.0.1:9")).state == "ok"
    set_stored(used, base_url="http://models.example:9")
    verdict = credentials.model_key(here(used))
    assert verdict.state == "ok"
    assert "models.example" not in verdict.words
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    assert credentials.model_key(here(used)) == Verdict("ok", "In the variable ANTHROPIC_API_KEY.")


def test_a_kernel_that_cannot_start_is_told_and_leaves_no_folder(
    new: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    verdict = parts.kernel(here(new))
    assert verdict.state == "problem"
    assert "The kernel could not be started" in verdict.words
    assert list((tmp_path / "tmp").iterdir()) == []


def test_an_app_that_is_not_built_is_told(new: Path, tmp_path: Path) -> None:
    empty = Here(ServerSettings(data_dir=new), ui_folder=tmp_path)
    assert parts.page(empty).state == "problem"
    (tmp_path / "index.html").write_text("<!doctype html>")
    assert parts.page(empty).state == "ok"


def test_a_check_that_stumbles_does_not_keep_the_others_from_running(new: Path) -> None:
    (new / "instance.lock").mkdir(parents=True)
    (new / "instance.json").write_text("{}")
    with keyring_of(SmallKeyring()):
        found = dict(examine(ServerSettings(data_dir=new, port=free_port())))
    assert found["server"].state == "problem"
    assert found["server"].words.startswith("This could not be checked: IsADirectoryError")
    assert (found["kernel"].state, found["time zones"].state) == ("ok", "ok")


def test_a_verdict_is_one_line_without_what_looks_like_a_credential() -> None:
    verdict = problem(f"It said:\n  key {KEY}\n", "Try\nagain.")
    assert verdict.line == "It said: key sk-test-o[redacted] Try again."


@pytest.mark.slow
async def test_beside_a_server_at_work_it_tells_of_it_and_disturbs_nothing(tmp_path: Path) -> None:
    async with running_process(tmp_path / "data") as server:
        conversation = await server.post("/conversations", {"title": "Herons"})
        port = str(server.ready["port"])
        code, told = await doctor(tmp_path / "data", "--port", port)
        assert told["server"] == (
            f"ok Process {server.process.pid} works in this folder, and answers on port {port} (version"
            f" {__version__})."
        )
        assert told["port"] == f"ok {port} is that of the server which works in this folder."
        assert told["database"].startswith("ok ")
        assert told["kernel"].startswith("ok ")
        assert code == told["page"].startswith("problem ")
        assert await server.get(f"/conversations/{conversation['id']}")
        assert await server.post("/conversations", {"title": "More herons"})


@pytest.mark.slow
async def test_what_a_killed_server_left_is_read_and_left_to_the_next_one(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running_process(data) as server:
        await server.post("/conversations", {"title": "Herons"})
        server.process.send_signal(signal.SIGKILL)
        await server.process.wait()
    kept = ("cowork.db", "cowork.db-wal")
    before = [(data / name).read_bytes() for name in kept]
    assert before[1]
    _, told = await doctor(data, "--port", "0")
    assert told["database"].startswith("ok ")
    assert told["server"] == "ok None works in this folder now."
    assert [(data / name).read_bytes() for name in kept] == before
    async with running_process(data) as server:
        assert (await server.get("/conversations"))["total"] == 1


@pytest.mark.slow
async def test_a_problem_is_told_as_json_too_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "cowork.db").write_text("This is a letter, not a database. " * 50)
    flags = ("--data-dir", str(tmp_path), "--port", "0", "--json")
    code, out, errors = await end_of(await start("doctor", *flags))
    told = json.loads(out)
    assert (code, errors, told["version"]) == (1, "", __version__)
    assert [check["check"] for check in told["checks"]] == list(CHECKS)
    [database] = [check for check in told["checks"] if check["check"] == "database"]
    assert database.keys() == {"check", "state", "words", "remedy"}
    assert database["state"] == "problem"


@pytest.mark.slow
@pytest.mark.parametrize("secrets", ["file", "keyring"])
async def test_the_models_key_is_found_and_never_shown(
    tmp_path: Path, secrets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    monkeypatch.setenv("COWORK_SECRETS_PASSPHRASE", "correct horse")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", DISK_KEYRING)
    monkeypatch.setenv("TEST_KEYRING", str(tmp_path / "keyring.json"))
    async with running_process(data, "--secrets", secrets) as server:
        async with server.session.put(f"{server.api}/settings/model-key", json={"key": KEY}) as answer:
            assert answer.status == 204
        _, beside = await doctor(data)
        server.process.send_signal(signal.SIGTERM)
        await server.process.wait()
    _, after = await doctor(data)
    for told in (beside, after):
        assert (told["credentials"][:3], told["model key"][:3]) == ("ok ", "ok ")
        assert f"Stored in the {secrets}" in told["model key"]
        assert KEY not in str(told)
    if secrets == "file":
        monkeypatch.setenv("COWORK_SECRETS_PASSPHRASE", "battery staple")
        code, told = await doctor(data)
        assert code == 1
        assert told["credentials"].startswith("problem The passphrase in COWORK_SECRETS_PASSPHRASE is not")
        assert told["model key"].startswith("problem The stored key cannot be read")


@pytest.mark.slow
@pytest.mark.parametrize("port", ["70000", "x"])
async def test_wrong_arguments_end_with_2(tmp_path: Path, port: str) -> None:
    code, out, errors = await end_of(await start("doctor", "--data-dir", str(tmp_path), "--port", port))
    assert (code, out) == (2, "")
    assert "not a port" in errors
