"""Where a start is told to keep credentials."""

import pytest

from cowork_desktop import cli
from cowork_desktop.settings import BadSetting, read_settings


def test_without_being_told_they_stay_where_they_are() -> None:
    assert read_settings({"secrets": None}, {"COWORK_SECRETS": ""}).secrets is None


def test_the_flag_wins_over_the_variable() -> None:
    assert read_settings({}, {"COWORK_SECRETS": "file"}).secrets == "file"
    assert read_settings({"secrets": "keyring"}, {"COWORK_SECRETS": "file"}).secrets == "keyring"


def test_another_place_is_refused_by_the_name_of_what_said_it() -> None:
    with pytest.raises(BadSetting, match=r"^COWORK_SECRETS: 'vault' is none of keyring, file"):
        read_settings({}, {"COWORK_SECRETS": "vault"})


def test_the_passphrase_is_no_setting_that_could_be_shown() -> None:
    settings = read_settings({}, {"COWORK_SECRETS_PASSPHRASE": "correct horse"})
    assert "correct horse" not in repr(settings)


def test_a_flag_that_is_no_place_is_a_wrong_argument(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["serve", "--secrets", "vault"])
    assert ended.value.code == cli.WRONG_ARGUMENTS
    assert "argument --secrets: invalid choice: 'vault'" in capsys.readouterr().err


def test_a_variable_that_is_no_place_is_a_wrong_argument(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COWORK_SECRETS", "vault")
    assert cli.main(["serve"]) == cli.WRONG_ARGUMENTS
    assert "COWORK_SECRETS: 'vault' is none of keyring, file." in capsys.readouterr().err
