"""Credentials in an encrypted file: closed to whoever has the data folder alone, and never half written."""

import asyncio
import base64
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cowork_desktop.connectors.secret_file import SecretFile
from cowork_desktop.connectors.secret_key import KeyFile, KeySource, Passphrase
from cowork_desktop.errors import NotConfigured, StorageFull

SECRETS = {"model": "sk-hunter2", "connection/a": "hunter3 ä 😀\n\0", "connection/long": "hunter4 " * 20_000}


@pytest.fixture
def key(data: Path, tmp_path: Path) -> KeyFile:
    data.mkdir()
    return KeyFile("owner_1", data, tmp_path / "config" / "Cowork")


@pytest.fixture
def place(data: Path) -> Path:
    return data / "secrets.enc"


@pytest.fixture
def key_place(tmp_path: Path) -> Path:
    return tmp_path / "config" / "Cowork" / "secrets-owner_1.key"


async def _refuses(secrets: SecretFile, words: str) -> None:
    """Reads nothing and changes nothing, and says that in these words."""
    for call in (secrets.get("model"), secrets.put("model", "another"), secrets.delete("model")):
        with pytest.raises(NotConfigured, match=words):
            await call
    assert secrets.state() == "unavailable"


async def test_what_is_put_is_there_for_the_next_process(data: Path, key: KeyFile, tmp_path: Path) -> None:
    secrets = SecretFile(data, key)
    assert await secrets.get("model") is None
    for name, secret in SECRETS.items():
        await secrets.put(name, secret)
    again = SecretFile(data, KeyFile("owner_1", data, tmp_path / "config" / "Cowork"))
    assert {name: await again.get(name) for name in SECRETS} == SECRETS
    assert (again.state(), await again.check()) == ("file", "file")
    await again.put("model", "another")
    assert await secrets.get("model") == "another"


async def test_nothing_of_it_can_be_read_and_nobody_else_may_try(
    data: Path, key: KeyFile, place: Path, key_place: Path
) -> None:
    secrets = SecretFile(data, key)
    for name, secret in SECRETS.items():
        await secrets.put(name, secret)
    content = place.read_bytes()
    assert b"hunter" not in content + base64.urlsafe_b64decode(json.loads(content)["secrets"])
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (place, key_place, key_place.parent)}
    assert modes == {"secrets.enc": "0o600", "secrets-owner_1.key": "0o600", "Cowork": "0o700"}
    assert [path.name for path in data.iterdir()] == ["secrets.enc"]
    assert [path.name for path in key_place.parent.iterdir()] == ["secrets-owner_1.key"]


async def test_what_others_could_read_is_closed_again(
    data: Path, key: KeyFile, place: Path, key_place: Path
) -> None:
    await SecretFile(data, key).put("model", "hunter2")
    for path in (place, key_place):
        path.chmod(0o644)
    assert await SecretFile(data, key).get("model") == "hunter2"
    assert [oct(path.stat().st_mode & 0o777) for path in (place, key_place)] == ["0o600", "0o600"]


async def test_the_file_goes_with_its_last_secret(data: Path, key: KeyFile, place: Path) -> None:
    secrets = SecretFile(data, key)
    await secrets.put("model", "hunter2")
    await secrets.delete("another")
    assert place.exists()
    await secrets.delete("model")
    assert list(data.iterdir()) == []
    assert await secrets.get("model") is None
    await secrets.put("model", "hunter3")
    assert await secrets.get("model") == "hunter3"


async def test_who_has_the_data_folder_alone_has_nothing(data: Path, key: KeyFile, tmp_path: Path) -> None:
    await SecretFile(data, key).put("model", "hunter2")
    copied = tmp_path / "copy"
    shutil.copytree(data, copied)
    before = (copied / "secrets.enc").read_bytes()
    await _refuses(
        SecretFile(copied, KeyFile("owner_1", copied, tmp_path / "elsewhere")), "is not there. Put it back"
    )
    assert (copied / "secrets.enc").read_bytes() == before
    assert not (tmp_path / "elsewhere").exists()


async def test_another_key_opens_nothing(data: Path, key: KeyFile, place: Path, key_place: Path) -> None:
    await SecretFile(data, key).put("model", "hunter2")
    before = place.read_bytes()
    key_place.write_bytes(base64.urlsafe_b64encode(bytes(32)))
    await _refuses(SecretFile(data, key), "is not the one that the credentials are locked with")
    assert place.read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"too short", b"=" * 44, b"x" * 100])
async def test_a_damaged_key_is_told_and_kept(
    data: Path, key: KeyFile, key_place: Path, damage: bytes
) -> None:
    await SecretFile(data, key).put("model", "hunter2")
    key_place.write_bytes(damage)
    await _refuses(
        SecretFile(data, key), "is damaged. Put it back" if damage else "is not there. Put it back"
    )
    assert key_place.read_bytes() == damage


@pytest.mark.parametrize("left", [b"", b"cut off"])
async def test_a_key_that_a_crash_left_half_made_is_made_anew(
    data: Path, key: KeyFile, key_place: Path, left: bytes
) -> None:
    key_place.parent.mkdir(parents=True)
    key_place.write_bytes(left)
    await SecretFile(data, key).put("model", "hunter2")
    assert await SecretFile(data, key).get("model") == "hunter2"


async def test_a_key_that_is_there_is_used(data: Path, key: KeyFile, key_place: Path) -> None:
    await SecretFile(data, key).put("model", "hunter2")
    made = key_place.read_bytes()
    await SecretFile(data, key).delete("model")
    await SecretFile(data, key).put("model", "hunter3")
    assert key_place.read_bytes() == made


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: b"", "is damaged"),
        (lambda content: b"\xff\x00 no JSON", "is damaged"),
        (lambda content: b"[1]", "is damaged"),
        (lambda content: content[:-20], "is damaged"),
        (lambda content: content.replace(b'"secrets": "gAAAA', b'"secrets": "gAAAB'), "is damaged"),
        (lambda content: content.replace(b'"salt": "', b'"salt": "?'), "is damaged"),
        (lambda content: content.replace(b'"version": 1', b'"version": 2'), "of a newer Cowork"),
    ],
)
async def test_a_damaged_file_is_told_and_kept(
    data: Path, key: KeyFile, place: Path, damage: Callable[[bytes], bytes], words: str
) -> None:
    await SecretFile(data, key).put("model", "hunter2")
    damaged = damage(place.read_bytes())
    place.write_bytes(damaged)
    await _refuses(SecretFile(data, key), words)
    assert place.read_bytes() == damaged


async def test_a_passphrase_takes_the_place_of_the_key_file(
    data: Path, key: KeyFile, key_place: Path
) -> None:
    await SecretFile(data, Passphrase("correct horse")).put("model", "hunter2")
    again = SecretFile(data, Passphrase("correct horse"))
    assert await again.get("model") == "hunter2"
    await again.put("another", "hunter3")
    assert await again.get("model") == "hunter2"
    assert not key_place.exists()
    await _refuses(
        SecretFile(data, Passphrase("battery staple")), "passphrase in COWORK_SECRETS_PASSPHRASE is not"
    )
    assert await again.get("another") == "hunter3"


async def test_two_files_with_one_passphrase_have_two_keys(data: Path, tmp_path: Path) -> None:
    salts = set[str]()
    for n in range(2):
        folder = tmp_path / str(n)
        folder.mkdir()
        await SecretFile(folder, Passphrase("correct horse")).put("model", "hunter2")
        salts.add(json.loads((folder / "secrets.enc").read_bytes())["salt"])
    assert len(salts) == 2


async def test_the_other_way_of_locking_is_told(data: Path, key: KeyFile, place: Path) -> None:
    passphrase = Passphrase("correct horse")
    locks: list[tuple[KeySource, KeySource, str]] = [
        (key, passphrase, "start Cowork without COWORK_SECRETS_PASSPHRASE"),
        (passphrase, key, "start Cowork with it in COWORK_SECRETS_PASSPHRASE"),
    ]
    for lock, other, words in locks:
        await SecretFile(data, lock).put("model", "hunter2")
        await _refuses(SecretFile(data, other), words)
        await SecretFile(data, lock).delete("model")


async def test_a_key_in_the_data_folder_is_refused(data: Path, key: KeyFile) -> None:
    inside = SecretFile(data, KeyFile("owner_1", data, data / "keys"))
    with pytest.raises(NotConfigured, match="in the data folder itself"):
        await inside.put("model", "hunter2")
    assert list(data.iterdir()) == []


async def test_where_data_and_configuration_share_a_folder_the_key_is_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    data = tmp_path / "Cowork"  # as on macOS and Windows
    data.mkdir()
    await SecretFile(data, KeyFile("owner_1", data)).put("model", "hunter2")
    assert [path.name for path in data.iterdir()] == ["secrets.enc"]
    assert (tmp_path / "Cowork Keys" / "secrets-owner_1.key").exists()
    other = tmp_path / "other"
    other.mkdir()
    await SecretFile(other, KeyFile("owner_1", other)).put("model", "hunter2")
    assert (tmp_path / "Cowork" / "secrets-owner_1.key").exists()


async def test_many_who_put_at_once_lose_nothing(data: Path, key: KeyFile) -> None:
    secrets = SecretFile(data, key)
    await asyncio.gather(*(secrets.put(f"name {n}", f"hunter{n}") for n in range(30)))
    assert [await secrets.get(f"name {n}") for n in range(30)] == [f"hunter{n}" for n in range(30)]


async def test_a_put_whose_caller_is_gone_is_done_or_not_before_the_next_one(
    data: Path, key: KeyFile
) -> None:
    secrets = SecretFile(data, key)
    put = asyncio.create_task(secrets.put("model", "of the one who went"))
    await asyncio.sleep(0)
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put
    await secrets.put("model", "hunter2")
    assert await secrets.get("model") == "hunter2"


async def test_a_folder_that_takes_nothing_is_told(data: Path, key: KeyFile, tmp_path: Path) -> None:
    (data / "secrets.enc.new").mkdir()
    (data / "secrets.enc.new" / "in the way").touch()
    with pytest.raises(NotConfigured, match="cannot be read"):
        await SecretFile(data, key).put("model", "hunter2")
    (tmp_path / "config").write_text("a file where a folder should be")
    shutil.rmtree(data / "secrets.enc.new")
    with pytest.raises((NotConfigured, StorageFull), match="key of the credentials"):
        await SecretFile(data, key).put("model", "hunter2")
    assert list(data.iterdir()) == []


CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from cowork_desktop.connectors.secret_file import SecretFile
from cowork_desktop.connectors.secret_key import KeyFile
import cryptography.fernet, platformdirs

data, keys, step, calls = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
seen = 0
def watch(event, arguments):
    # A file is opened, renamed, removed, given a mode: each time before that is done.
    global seen
    if event in ("open", "os.rename", "os.remove", "os.chmod", "os.mkdir") and "TEST" in os.environ:
        if any(part in str(arguments[0]) for part in ("secrets", str(keys), str(data))):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)

async def main():
    secrets = SecretFile(data, KeyFile("owner_1", data, keys))
    os.environ["TEST"] = "1"
    for call in calls:
        name, _, secret = call.partition("=")
        await (secrets.put(name, secret) if secret else secrets.delete(name))

asyncio.run(main())
print(seen)
"""


def _child(
    data: Path, keys: Path, step: int, *calls: str, limit: int | None = None
) -> subprocess.CompletedProcess[str]:
    def no_longer_files() -> None:
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-B", "-c", CHILD, str(data), str(keys), str(step), *calls],
        preexec_fn=no_longer_files,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ},
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "call"),
    [
        ({}, "model=new"),
        ({"model": "old"}, "model=new"),
        ({"model": "old", "another": "kept"}, "model=new"),
        ({"model": "old"}, "model="),
        ({"model": "old", "another": "kept"}, "model="),
    ],
)
async def test_a_kill_at_any_step_leaves_the_old_or_the_new_one_and_no_other_file(
    tmp_path: Path, old: dict[str, str], call: str
) -> None:
    new = "new" if call == "model=new" else None
    step, seen = 0, list[str | None]()
    while True:
        step += 1
        data, keys = tmp_path / f"data {step}", tmp_path / f"keys {step}"
        data.mkdir()
        secrets = SecretFile(data, KeyFile("owner_1", data, keys))
        for name, secret in old.items():
            await secrets.put(name, secret)
        ended = _child(data, keys, step, call)
        secrets = SecretFile(data, KeyFile("owner_1", data, keys))
        there = await secrets.get("model")
        assert there in (old.get("model"), new)
        assert await secrets.get("another") == old.get("another")
        assert {path.name for path in data.iterdir()} <= {"secrets.enc"}
        await secrets.put("model", "newer")
        assert await SecretFile(data, KeyFile("owner_1", data, keys)).get("model") == "newer"
        seen.append(there)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert seen[-1] == new
    assert seen[0] == old.get("model")
    assert step > 2


@pytest.mark.slow
async def test_a_disk_that_is_full_leaves_the_old_file(tmp_path: Path, data: Path, key: KeyFile) -> None:
    keys = tmp_path / "config" / "Cowork"
    await SecretFile(data, key).put("model", "old")
    before = (data / "secrets.enc").read_bytes()
    ended = _child(data, keys, -1, "model=" + "new" * 10_000, limit=8_192)
    assert ended.returncode == 1
    assert "StorageFull: Credentials cannot be stored: File too large." in ended.stderr
    assert (data / "secrets.enc").read_bytes() == before
    assert [path.name for path in data.iterdir()] == ["secrets.enc"]
    assert await SecretFile(data, key).get("model") == "old"
