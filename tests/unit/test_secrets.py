"""Credentials in a keyring: of any length, whole or not at all, and never waited for without end."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.backends import fail, null

from cowork_desktop.connectors import secret_parts
from cowork_desktop.connectors.secrets import KeyringSecrets
from cowork_desktop.errors import NotConfigured
from tests.fakes.small_keyring import Failure, SmallKeyring, keyring_of
from tests.fakes.waiting import until

ENTRY = "cowork-desktop me/it"
LONG, LONGER = "long " * 700, "longer 😀 " * 900
LIKE_A_HEAD = f"cowork-parts:a:2:{'0' * 64}"


as_on_windows = partial(KeyringSecrets, entry_bytes=2_000)


@pytest.fixture
def small() -> Iterator[SmallKeyring]:
    backend = SmallKeyring()
    with keyring_of(backend):
        yield backend
        backend.answers.set()


async def _no_thread_is_left() -> bool:
    return not [thread for thread in threading.enumerate() if thread.name == "keyring"]


async def test_a_short_secret_is_one_plain_entry(small: SmallKeyring) -> None:
    secrets = as_on_windows("me")
    await secrets.put("it", "hunter2")
    assert small.kept == {ENTRY: "hunter2"}
    assert await secrets.get("it") == "hunter2"
    assert secrets.state() == "keyring"


@pytest.mark.parametrize(
    "secret",
    [
        *("", "a" * 1_000, "a" * 1_001, "ä" * 2_000, "😀" * 501, "a" + "😀" * 5_000, "x" * 100_000),
        *(LIKE_A_HEAD, "cowork-parts:", "-----BEGIN PRIVATE KEY-----\n" + "MIIE\r\n" * 400),
    ],
    ids=lambda secret: f"{secret[:2]!r} {len(secret)}",
)
async def test_a_secret_of_any_length_comes_back_from_where_entries_are_short(
    small: SmallKeyring, secret: str
) -> None:
    secrets = as_on_windows("me")
    await secrets.put("it", secret)
    assert await secrets.get("it") == secret
    assert await as_on_windows("another").get("it") is None
    await secrets.delete("it")
    assert small.kept == {}


async def test_an_entry_of_before_that_only_begins_like_one_in_parts_is_what_it_says(
    small: SmallKeyring,
) -> None:
    small.kept[ENTRY] = "cowork-parts:of:mine"
    assert await as_on_windows("me").get("it") == "cowork-parts:of:mine"


@pytest.mark.parametrize("before", [None, "short", LONG, LONGER])
@pytest.mark.parametrize("after", ["short too", LONG[::-1], LONGER[::-1], LIKE_A_HEAD])
async def test_of_what_is_replaced_nothing_is_left(
    small: SmallKeyring, before: str | None, after: str
) -> None:
    secrets = as_on_windows("me")
    await secrets.put("it", after)
    alone = len(small.kept)
    await secrets.delete("it")
    if before is not None:
        await secrets.put("it", before)
    await secrets.put("it", after)
    assert await secrets.get("it") == after
    assert len(small.kept) == alone


@pytest.mark.parametrize("failure", ["before", "after"])
@pytest.mark.parametrize("and_on", [True, False])
@pytest.mark.parametrize("old", [None, "short", LONG, LONGER])
@pytest.mark.parametrize("new", [None, "short too", LONG[::-1], LONGER[::-1]])
async def test_whichever_call_fails_the_old_or_the_new_one_is_there_whole_and_can_be_taken_away(
    small: SmallKeyring, old: str | None, new: str | None, failure: Failure, and_on: bool
) -> None:
    secrets = as_on_windows("me")

    async def change() -> None:
        await (secrets.delete("it") if new is None else secrets.put("it", new))

    async def begin() -> None:
        small.fail(None)
        small.kept.clear()
        if old is not None:
            await secrets.put("it", old)

    await begin()
    small.fail(None)
    await change()
    steps = small.calls
    assert steps > 1
    seen = set[str | None]()
    for step in range(1, steps + 1):
        await begin()
        small.fail(step, failure, and_on=and_on)
        try:
            await change()
            went_well = True
        except NotConfigured:
            went_well = False
        small.fail(None)
        there = await secrets.get("it")
        assert there == new or (not went_well and there == old)
        seen.add(there)
        if step % 2:  # what a crash has left is also in nobody's way
            await secrets.put("it", LONG)
            assert await secrets.get("it") == LONG
        await secrets.delete("it")
        assert small.kept == {}
    assert new in seen


async def test_a_secret_that_is_torn_counts_as_missing(
    small: SmallKeyring, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = as_on_windows("me")
    await secrets.put("it", LONG)
    whole = dict(small.kept)
    parts = [name for name in whole if name != ENTRY]
    assert len(parts) == 4
    for part in parts:
        small.kept = {name: text for name, text in whole.items() if name != part}
        assert await secrets.get("it") is None
        small.kept = whole | {part: whole[part][::-1]}
        assert await secrets.get("it") is None
    assert "incomplete" in caplog.text
    small.kept = whole
    assert await secrets.get("it") == LONG


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring])
async def test_without_a_keyring_it_says_so_and_what_to_do(
    backend: Callable[[], KeyringBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    secrets = as_on_windows("me")
    with keyring_of(backend()):
        for call in (secrets.get("it"), secrets.put("it", "hunter2"), secrets.delete("it")):
            with pytest.raises(NotConfigured, match=r"This system has no keyring.*--secrets file"):
                await call
        assert secrets.state() == "unavailable"
        assert await secrets.check() == "unavailable"


async def test_a_keyring_that_starts_later_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    with keyring_of(fail.Keyring()):  # type: ignore[no-untyped-call]
        monkeypatch.setattr(SmallKeyring, "priority", 1_000)
        assert await as_on_windows("me").check() == "keyring"


async def test_a_keyring_that_answers_again_is_used_again(small: SmallKeyring) -> None:
    secrets = as_on_windows("me")
    small.fail(1)
    assert await secrets.check() == "unavailable"
    small.fail(None)
    assert await secrets.check() == "keyring"


async def test_what_a_backend_says_of_a_secret_goes_nowhere(
    small: SmallKeyring, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: SmallKeyring, service: str, username: str, password: str) -> None:
        raise ValueError(f"what is {password}?")

    monkeypatch.setattr(SmallKeyring, "set_password", refuse)
    with pytest.raises(NotConfigured) as failed:
        await as_on_windows("me").put("it", "hunter2")
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
    assert "hunter2" not in failed.value.message + caplog.text


async def test_a_keyring_that_is_silent_is_given_up_and_holds_up_nothing_else(small: SmallKeyring) -> None:
    secrets = as_on_windows("me", seconds=0.2)
    small.answers.clear()
    calls = [secrets.get("it"), secrets.put("it", "hunter2"), *(secrets.delete("it") for _ in range(40))]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(answer) for answer in answers} == {NotConfigured}
    assert "did not answer within 0.2 s" in str(answers[0])
    assert secrets.state() == "unavailable"
    hanging = [thread for thread in threading.enumerate() if thread.name == "keyring"]
    assert [thread.daemon for thread in hanging] == [True]
    assert await asyncio.to_thread(lambda: "at work") == "at work"


async def test_what_was_given_up_before_it_began_is_never_done(small: SmallKeyring) -> None:
    secrets = as_on_windows("me", seconds=0.1)
    small.answers.clear()
    with pytest.raises(NotConfigured):
        await secrets.get("it")
    with pytest.raises(NotConfigured):
        await secrets.put("it", "hunter2")
    small.answers.set()
    await until(_no_thread_is_left)
    assert small.kept == {}
    await secrets.put("it", "hunter3")
    assert await secrets.get("it") == "hunter3"


async def test_a_put_whose_caller_is_gone_ends_at_its_next_step(small: SmallKeyring) -> None:
    secrets = as_on_windows("me")
    await secrets.put("it", "old")
    small.fail(None)
    small.answers.clear()
    put = asyncio.create_task(secrets.put("it", LONGER))

    async def has_begun() -> bool:
        return small.calls == 1

    await until(has_begun)
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put
    small.answers.set()
    await until(_no_thread_is_left)
    assert small.calls == 1
    assert await secrets.get("it") == "old"


async def test_a_long_secret_may_take_longer_than_one_step_may(small: SmallKeyring) -> None:
    secrets = as_on_windows("me", seconds=1)
    small.seconds = 0.02
    await secrets.put("it", "x" * 70_000)
    small.seconds = 0
    assert await secrets.get("it") == "x" * 70_000


async def test_too_many_who_wait_are_told_at_once(small: SmallKeyring) -> None:
    secrets = as_on_windows("me", seconds=60)
    small.answers.clear()
    waiting = [asyncio.create_task(secrets.get("it")) for _ in range(110)]
    done, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert {type(one.exception()) for one in done} == {NotConfigured}
    small.answers.set()
    assert await asyncio.gather(*others) == [None] * len(others)
    assert len(others) >= 100


async def test_its_thread_is_gone_when_nothing_is_asked(small: SmallKeyring) -> None:
    secrets = as_on_windows("me")
    assert await asyncio.gather(*(secrets.get(str(n)) for n in range(20))) == [None] * 20
    await until(_no_thread_is_left)
    assert await secrets.get("it") is None


class Texts(dict[str, str]):
    """Entries in memory."""

    def read(self, name: str) -> str | None:
        return self.get(name)

    def write(self, name: str, text: str) -> None:
        assert len(text.encode("utf-16")) <= 2_560
        self[name] = text

    def remove(self, name: str) -> None:
        del self[name]


@given(
    st.lists(st.tuples(st.text(), st.integers(1, 1_500)).map(lambda of: (of[0] * of[1])[:20_000]), min_size=1)
)
def test_whatever_is_put_comes_back_and_goes(secrets: list[str]) -> None:
    entries = Texts()
    for secret in secrets:
        secret_parts.put(entries, "it", secret, 2_000)
        assert secret_parts.get(entries, "it") == secret
    secret_parts.delete(entries, "it")
    assert entries == {}
