"""Credentials that move from one store into another, and a server that does it."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Literal

import pytest

from cowork_desktop.connectors.moving_secrets import MovingSecrets, open_secrets
from cowork_desktop.errors import NotConfigured
from tests.fakes.secrets import Failing, FailingSecrets, MemorySecrets, NoSecrets
from tests.fakes.small_keyring import SmallKeyring, keyring_of
from tests.fakes.waiting import until
from tests.faults.process import ServerProcess, running_process

KEPT = {"model": "sk-hunter2", "connection/a": "hunter3 😀", "connection/long": "hunter4 " * 9_000}
Kind = Literal["keyring", "file"]


async def test_what_has_not_moved_yet_is_found(tmp_path: Path) -> None:
    current, previous = MemorySecrets(), MemorySecrets()
    previous.kept = dict(KEPT)
    secrets = MovingSecrets(current, previous)
    assert {name: await secrets.get(name) for name in KEPT} == KEPT
    assert await secrets.get("another") is None
    assert current.kept == {}


async def test_moving_leaves_nothing_behind() -> None:
    current, previous = MemorySecrets(), MemorySecrets()
    previous.kept = dict(KEPT)
    secrets = MovingSecrets(current, previous)
    assert secrets.is_moving
    assert await secrets.move([*KEPT, "not there"])
    assert (current.kept, previous.kept) == (KEPT, {})
    assert await secrets.move(KEPT)


async def test_what_is_put_is_put_into_the_new_place_alone() -> None:
    current, previous = MemorySecrets(), MemorySecrets()
    previous.kept = dict(KEPT)
    secrets = MovingSecrets(current, previous)
    await secrets.put("model", "newer")
    assert (current.kept, "model" in previous.kept) == ({"model": "newer"}, False)
    assert await secrets.get("model") == "newer"


async def test_what_is_deleted_is_deleted_from_both_places() -> None:
    current, previous = MemorySecrets(), MemorySecrets()
    current.kept, previous.kept = {"model": "newer"}, dict(KEPT)
    secrets = MovingSecrets(current, previous)
    await secrets.delete("model")
    assert await secrets.get("model") is None


async def test_moving_never_replaces_what_is_newer() -> None:
    current, previous = MemorySecrets(), MemorySecrets()
    current.kept, previous.kept = {"model": "newer"}, dict(KEPT)
    assert await MovingSecrets(current, previous).move(KEPT)
    assert (current.kept, previous.kept) == (KEPT | {"model": "newer"}, {})


async def test_an_old_place_that_does_not_answer_keeps_nobody_from_putting_something_new() -> None:
    current = MemorySecrets()
    secrets = MovingSecrets(current, NoSecrets())
    await secrets.put("model", "new")
    assert await secrets.get("model") == "new"
    assert not await secrets.move(["model"])
    with pytest.raises(NotConfigured):
        await secrets.get("what may be there")


async def test_an_old_place_that_fails_at_a_deletion_is_told_and_the_new_place_is_cleared() -> None:
    current, previous = MemorySecrets(), FailingSecrets(Failing(1))
    current.kept = {"model": "newer"}
    with pytest.raises(NotConfigured):
        await MovingSecrets(current, previous).delete("model")
    assert current.kept == {}


async def test_a_place_that_gives_back_something_else_is_not_trusted() -> None:
    class Forgetful(MemorySecrets):
        async def put(self, name: str, secret: str) -> None:
            self.kept[name] = secret[:100]

    previous = MemorySecrets()
    previous.kept = dict(KEPT)
    assert not await MovingSecrets(Forgetful(), previous).move(KEPT)
    assert "connection/long" in previous.kept


@pytest.mark.parametrize("is_late", [False, True])
async def test_moving_can_be_cut_off_at_any_call_and_gone_on_with(is_late: bool) -> None:
    call = 0
    while True:
        call += 1
        failing = Failing(call)
        current, previous = (FailingSecrets(failing, is_late=is_late) for _ in range(2))
        previous.kept = dict(KEPT)
        secrets = MovingSecrets(current, previous)
        is_done = await secrets.move(KEPT)
        failing.at = None
        assert {name: await secrets.get(name) for name in KEPT} == KEPT
        assert await secrets.move(KEPT)
        assert (current.kept, previous.kept) == (KEPT, {})
        if is_done:
            break
    assert call > 4 * len(KEPT)


class Slow(MemorySecrets):
    """Others have their turn before and after each effect."""

    async def get(self, name: str) -> str | None:
        await asyncio.sleep(0)
        found = await super().get(name)
        await asyncio.sleep(0)
        return found

    async def put(self, name: str, secret: str) -> None:
        await asyncio.sleep(0)
        await super().put(name, secret)

    async def delete(self, name: str) -> None:
        await asyncio.sleep(0)
        await super().delete(name)


async def test_what_is_put_while_all_is_moving_is_never_replaced() -> None:
    for delay in range(12):
        current, previous = Slow(), Slow()
        previous.kept = {"a": "old", "b": "stays"}
        secrets = MovingSecrets(current, previous)
        moving = asyncio.create_task(secrets.move(["a", "b"]))
        for _ in range(delay):
            await asyncio.sleep(0)
        await secrets.put("a", "new")
        assert await moving
        assert (current.kept, previous.kept) == ({"a": "new", "b": "stays"}, {})


async def test_what_moves_while_it_is_looked_for_is_found() -> None:
    class Late(MemorySecrets):
        """The first answer comes when all has been moved."""

        def __init__(self) -> None:
            super().__init__()
            self.is_moved = asyncio.Event()
            self.asked = 0

        async def get(self, name: str) -> str | None:
            self.asked += 1
            found = await super().get(name)
            if self.asked == 1:
                await self.is_moved.wait()
            return found

    current, previous = Late(), MemorySecrets()
    previous.kept = dict(KEPT)
    secrets = MovingSecrets(current, previous)
    reading = asyncio.create_task(secrets.get("model"))

    async def is_asked() -> bool:
        return current.asked == 1

    await until(is_asked)
    assert await secrets.move(KEPT)
    current.is_moved.set()
    assert await reading == KEPT["model"]


@pytest.mark.parametrize(("first", "second"), [("keyring", "file"), ("file", "keyring")])
async def test_all_moves_between_keyring_and_file_in_both_directions(
    data: Path, tmp_path: Path, first: Kind, second: Kind
) -> None:
    data.mkdir()
    with keyring_of(small := SmallKeyring(110_000)):
        places: dict[Kind, Callable[[], bool]] = {
            "keyring": lambda: bool(small.kept),
            "file": lambda: (data / "secrets.enc").exists(),
        }

        def opened(wanted: Kind | None, noted: Kind | None) -> MovingSecrets:
            return open_secrets(wanted, noted, "owner_1", data, key_folder=tmp_path / "config")

        before = opened(first, None)
        for name, secret in KEPT.items():
            await before.put(name, secret)
        assert (before.state(), before.is_moving) == (first, False)
        assert (places[first](), places[second]()) == (True, False)

        between = opened(second, first)
        assert {name: await between.get(name) for name in KEPT} == KEPT
        assert between.state() == second
        assert await between.move(KEPT)
        assert (places[first](), places[second]()) == (False, True)

        after = opened(None, second)
        assert {name: await after.get(name) for name in KEPT} == KEPT
        assert (after.state(), after.is_moving) == (second, False)


async def test_a_move_that_was_not_finished_loses_nothing_when_it_is_taken_back(
    data: Path, tmp_path: Path
) -> None:
    data.mkdir()
    with keyring_of(small := SmallKeyring(110_000)):
        for name, secret in KEPT.items():
            await open_secrets("keyring", None, "owner_1", data).put(name, secret)
        cut_off = open_secrets("file", "keyring", "owner_1", data, key_folder=tmp_path / "config")
        assert await cut_off.move(["connection/a"])
        await cut_off.put("connection/new", "hunter5")
        back = open_secrets("keyring", "keyring", "owner_1", data, key_folder=tmp_path / "config")
        assert back.is_moving
        assert {name: await back.get(name) for name in KEPT} == KEPT
        assert await back.move([*KEPT, "connection/new"])
        assert await back.get("connection/new") == "hunter5"
        assert not (data / "secrets.enc").exists()
        assert len(small.kept) > len(KEPT)


async def test_a_move_that_was_not_finished_is_gone_on_with_where_the_other_place_is_noted_already(
    data: Path, tmp_path: Path
) -> None:
    data.mkdir()
    with keyring_of(small := SmallKeyring(110_000)):
        await open_secrets("keyring", None, "owner_1", data).put("model", "hunter2")
        on = open_secrets(None, "file", "owner_1", data, is_unfinished=True, key_folder=tmp_path / "config")
        assert await on.get("model") == "hunter2"
        assert await on.move(["model"])
        assert small.kept == {}
        assert await on.get("model") == "hunter2"


async def test_opening_asks_and_writes_nothing(data: Path, tmp_path: Path) -> None:
    data.mkdir()
    with keyring_of(small := SmallKeyring(110_000)):
        for wanted in ("keyring", "file"):
            open_secrets(wanted, "keyring", "owner_1", data, key_folder=tmp_path / "config")
        assert small.calls == 0
    assert list(data.iterdir()) == []
    assert not (tmp_path / "config").exists()


@asynccontextmanager
async def _server(tmp_path: Path, *flags: str, **environment: str) -> AsyncIterator[ServerProcess]:
    """One with a keyring that is a file, and the user's configuration in the test's folder."""
    of_the_test = {
        "PYTHON_KEYRING_BACKEND": "tests.fakes.small_keyring.DiskKeyring",
        "TEST_KEYRING": str(tmp_path / "keyring.json"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    async with running_process(tmp_path / "data", *flags, environment=of_the_test | environment) as server:
        yield server


async def _set_up(server: ServerProcess) -> None:
    async with server.session.put(f"{server.api}/settings/model-key", json={"key": "sk-hunter2"}) as answer:
        assert answer.status < 300, await answer.text()
    credentials = {"host": "127.0.0.1", "port": 9, "database": "x", "user": "x", "password": "hunter3"}
    await server.post(
        "/connectors/connections", {"spec_id": "postgres", "name": "A", "credentials": credentials}
    )


def _in_keyring(tmp_path: Path) -> int:
    place = tmp_path / "keyring.json"
    return len(json.loads(place.read_text())) if place.exists() else 0


def _is_noted(tmp_path: Path, kind: Kind) -> bool:
    """The next start knows of it. A kill before that is no harm, but goes back."""
    with closing(sqlite3.connect(tmp_path / "data" / "cowork.db")) as db:
        return (json.dumps(kind),) in db.execute("SELECT value FROM settings WHERE key = 'secrets_kind'")


@pytest.mark.slow
async def test_a_server_moves_what_it_has_and_stays_where_it_was_told(tmp_path: Path) -> None:
    encrypted = tmp_path / "data" / "secrets.enc"

    async def is_in_the_file() -> bool:
        return encrypted.exists() and _in_keyring(tmp_path) == 0 and _is_noted(tmp_path, "file")

    async def is_in_the_keyring() -> bool:
        return not encrypted.exists() and _in_keyring(tmp_path) == 2

    async with _server(tmp_path) as server:
        assert (await server.get("/health"))["secrets"] == "keyring"
        await _set_up(server)
        assert await is_in_the_keyring()
    async with _server(tmp_path, "--secrets", "file") as server:
        assert (await server.get("/health"))["secrets"] == "file"
        await until(is_in_the_file)
    assert b"hunter" not in encrypted.read_bytes()
    async with _server(tmp_path, PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring") as server:
        assert (await server.get("/health"))["secrets"] == "file"
        await _set_up(server)
        assert (await server.get("/settings"))["model_key"] == "file"
    assert await is_in_the_file()
    async with _server(tmp_path, COWORK_SECRETS="keyring") as server:
        assert (await server.get("/health"))["secrets"] == "keyring"

        async def all_are_in_the_keyring() -> bool:
            return not encrypted.exists() and _in_keyring(tmp_path) == 3

        await until(all_are_in_the_keyring)
    written = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert b"hunter" not in written


@pytest.mark.slow
async def test_a_server_keeps_credentials_in_a_file_by_a_passphrase(tmp_path: Path) -> None:
    passphrase = {"COWORK_SECRETS_PASSPHRASE": "correct horse"}
    async with _server(tmp_path, "--secrets", "file", **passphrase) as server:
        await _set_up(server)
    assert not (tmp_path / "config" / "Cowork").exists()
    async with _server(tmp_path) as server:
        key = {"key": "sk-hunter4"}
        async with server.session.put(f"{server.api}/settings/model-key", json=key) as answer:
            assert answer.status == 409
            assert "COWORK_SECRETS_PASSPHRASE" in (await answer.json())["error"]["message"]
        assert (await server.get("/health"))["secrets"] == "unavailable"
