"""Keyrings as bad as real ones: short entries as in Windows, failures, silence."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError, PasswordSetError

LONGEST_BYTES = 2_560
"""What Windows takes."""
Failure = Literal["before", "after"]
"""Of the effect of the call that fails."""


class KeyringFailed(Exception):
    """What a backend raises when its other end is gone."""


class SmallKeyring(KeyringBackend):
    priority = -1
    """Never chosen by itself."""

    def __init__(self, longest_bytes: int = LONGEST_BYTES) -> None:
        self._longest_bytes = longest_bytes
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[str, str] = {}
        self.calls = 0
        self.answers = threading.Event()
        """Not set: each call waits for it."""
        self.answers.set()
        self.seconds = 0.0
        """How long each call takes at least."""
        self._fails_at: int | None = None
        self._fails_on = False
        self._failure: Failure = "before"

    def fail(self, call: int | None, failure: Failure = "before", *, and_on: bool = True) -> None:
        """From now on at the call of that number, from 1, and at all after it with `and_on`. None: never."""
        self.calls, self._fails_at, self._failure, self._fails_on = 0, call, failure, and_on

    def get_password(self, service: str, username: str) -> str | None:
        with self._call():
            return self.kept.get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password.encode("utf-16")) > self._longest_bytes:
            raise PasswordSetError(f"too long: {password}")
        with self._call():
            self.kept[f"{service} {username}"] = password

    def delete_password(self, service: str, username: str) -> None:
        with self._call():
            if self.kept.pop(f"{service} {username}", None) is None:
                raise PasswordDeleteError("not there")

    @contextmanager
    def _call(self) -> Iterator[None]:
        self.calls += 1
        fails = self._fails_at is not None and (
            self.calls == self._fails_at or (self._fails_on and self.calls > self._fails_at)
        )
        self.answers.wait()
        threading.Event().wait(self.seconds)
        if fails and self._failure == "before":
            raise KeyringFailed
        yield
        if fails:
            raise KeyringFailed


class DiskKeyring(SmallKeyring):
    """For processes: `PYTHON_KEYRING_BACKEND=tests.fakes.small_keyring.DiskKeyring`, and its file in
    `TEST_KEYRING`."""

    priority = -1

    def get_password(self, service: str, username: str) -> str | None:
        self._load()
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._load()
        super().set_password(service, username, password)
        self._store()

    def delete_password(self, service: str, username: str) -> None:
        self._load()
        super().delete_password(service, username)
        self._store()

    def _load(self) -> None:
        place = Path(os.environ["TEST_KEYRING"])
        self.kept = json.loads(place.read_text("utf-8")) if place.exists() else {}

    def _store(self) -> None:
        place = Path(os.environ["TEST_KEYRING"])
        new = place.with_suffix(".new")
        new.write_text(json.dumps(self.kept), "utf-8")
        new.replace(place)


@contextmanager
def keyring_of(backend: KeyringBackend) -> Iterator[None]:
    """The keyring of this process, meanwhile."""
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield
    finally:
        keyring.set_keyring(before)
