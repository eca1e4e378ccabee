"""Credentials in a real keyring: GNOME's, over the Secret Service API."""

import signal
from collections.abc import Iterator

import pytest

from tests.fakes.secret_service import Keeper, SecretService, secret_service

pytestmark = pytest.mark.slow

LONG = "long and 😀 " * 10_000


@pytest.fixture
def service() -> Iterator[SecretService]:
    with secret_service() as running:
        yield running


@pytest.mark.parametrize("secret", ["hunter2", "ä 😀 \n 中", LONG], ids=["short", "unicode", "100 KB"])
def test_a_secret_is_kept_replaced_and_removed(service: SecretService, secret: str) -> None:
    service.start_daemon()
    with Keeper(service.environment, 20) as keeper:
        assert keeper.ask("get", "model") == {"is": None, "state": "keyring"}
        assert keeper.ask("put", "model", secret) == {"is": None, "state": "keyring"}
        assert keeper.ask("get", "model")["is"] == secret
        assert "owner_1/model" in service.kept()
        for other in ("short again", secret[::-1]):
            assert keeper.ask("put", "model", other)["state"] == "keyring"
            assert keeper.ask("get", "model")["is"] == other
        assert keeper.ask("delete", "model") == {"is": None, "state": "keyring"}
        assert keeper.ask("get", "model")["is"] is None
        assert service.kept() == []
        assert keeper.end() == 0


def test_what_is_kept_outlives_the_process_and_the_daemon(service: SecretService) -> None:
    service.start_daemon()
    with Keeper(service.environment, 20) as keeper:
        assert keeper.ask("put", "model", LONG)["state"] == "keyring"
    service.kill_daemon()
    service.start_daemon()
    with Keeper(service.environment, 20) as keeper:
        assert keeper.ask("get", "model")["is"] == LONG


def test_a_daemon_that_dies_is_told_of_and_one_that_comes_back_is_used(service: SecretService) -> None:
    service.start_daemon()
    with Keeper(service.environment, 20) as keeper:
        assert keeper.ask("put", "model", "hunter2")["state"] == "keyring"
        service.kill_daemon()
        for call in (("get", "model"), ("put", "model", "hunter3"), ("delete", "model")):
            answer = keeper.ask(*call)
            assert answer["state"] == "unavailable"
            assert "--secrets file" in answer["failed"]
        service.start_daemon()
        assert keeper.ask("get", "model") == {"is": "hunter2", "state": "keyring"}


def test_a_daemon_that_starts_after_the_server_is_found(service: SecretService) -> None:
    with Keeper(service.environment, 20) as keeper:
        answer = keeper.ask("put", "model", "hunter2")
        assert answer["state"] == "unavailable"
        assert answer["failed"].startswith("This system has no keyring")
        service.start_daemon()
        assert keeper.ask("put", "model", "hunter2") == {"is": None, "state": "keyring"}
        assert service.kept() == ["owner_1/model"]


def test_a_keyring_that_is_locked_with_nobody_to_ask_is_told(service: SecretService) -> None:
    service.start_daemon()
    with Keeper(service.environment, 20) as keeper:
        assert keeper.ask("put", "model", "hunter2")["state"] == "keyring"
    service.kill_daemon()
    service.start_daemon(is_unlocked=False)
    with Keeper(service.environment, 20) as keeper:
        answer = keeper.ask("get", "model")
        assert answer["state"] == "unavailable"
        assert answer["failed"].startswith("The system's keyring is locked")
        assert keeper.end() == 0


def test_a_prompt_that_nobody_answers_is_given_up_and_holds_up_no_end(service: SecretService) -> None:
    service.start_daemon()
    with Keeper(service.environment, 20) as keeper:
        assert keeper.ask("put", "model", "hunter2")["state"] == "keyring"
    service.kill_daemon()
    service.start_daemon(is_unlocked=False)
    prompter = service.start_silent_prompter()
    with Keeper(service.environment, 1) as keeper:
        for call in (("get", "model"), ("put", "model", "hunter3")):
            answer = keeper.ask(*call)
            assert answer["state"] == "unavailable"
            assert "did not answer within 1 s: it may be locked, or ask for its password" in answer["failed"]
        assert prompter.stdout
        assert prompter.stdout.readline() == "asked\n"
        assert keeper.end() == 0


def test_a_daemon_that_hangs_is_given_up_and_used_again_when_it_goes_on(service: SecretService) -> None:
    service.start_daemon()
    with Keeper(service.environment, 1) as keeper:
        assert keeper.ask("put", "model", "hunter2")["state"] == "keyring"
        service.signal_daemon(signal.SIGSTOP)
        answer = keeper.ask("put", "model", LONG)
        assert answer["state"] == "unavailable"
        assert "did not answer within 1 s" in answer["failed"]
        service.signal_daemon(signal.SIGCONT)
        assert keeper.ask("get", "model") == {"is": "hunter2", "state": "keyring"}
        assert keeper.ask("put", "model", LONG)["state"] == "keyring"
        assert keeper.ask("get", "model")["is"] == LONG
        assert keeper.ask("delete", "model")["state"] == "keyring"
        assert service.kept() == []
