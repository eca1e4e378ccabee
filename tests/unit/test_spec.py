"""What of the server's environment its kernels get."""

import os
import sys
from pathlib import Path

import pytest

from cowork_desktop.kernels.spec import PACKAGES, environment, packages_of, site_packages
from cowork_desktop.program import program

OURS = {"COWORK_PACKAGES", "IPYTHONDIR", "PYTHONUNBUFFERED", "PYDEVD_DISABLE_FILE_VALIDATION"}


def passed_on(**inherited: str) -> dict[str, str]:
    """What is left of these variables."""
    made = environment(inherited, Path("kernels"), is_spare=False)
    assert made.keys() >= OURS
    return {name: value for name, value in made.items() if name not in OURS}


@pytest.mark.parametrize(
    "name",
    [
        "COWORK_DATA_DIR",
        "COWORK_TOKEN",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_AUTH_TOKEN",
        "OPENAI_API_KEY",
        "OPENAI_ORG_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SESSION_TOKEN",
        "GITHUB_TOKEN",
        "GITHUB_PAT",
        "HF_TOKEN",
        "DB_PASSWORD",
        "PGPASSWORD",
        "MYSQL_PASSWD",
        "SSH_AUTH_SOCK",
        "GPG_PASSPHRASE",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "SESSION_COOKIE",
        "SENTRY_DSN",
        "my_api_key",
    ],
)
def test_a_variable_whose_name_speaks_of_a_secret_is_left_out(name: str) -> None:
    assert passed_on(**{name: "x"}) == {}


@pytest.mark.parametrize(
    "value",
    [
        "sk-ant-api03-abcdefghijklmnop",
        "Bearer abcdefgh",
        "--header 'x-api-key: abcdefgh'",
        "postgresql://user:hunter2@db.example/sales",
        "http://user:hunter2@proxy.example:3128",
        "https://example/?token=abcdefgh",
        "password=hunter2",
    ],
)
def test_a_variable_whose_value_looks_like_a_secret_is_left_out(value: str) -> None:
    assert passed_on(HARMLESS=value) == {}


def test_ordinary_variables_stay() -> None:
    ordinary = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/home/zoe",
        "LANG": "de_DE.UTF-8",
        "TZ": "Europe/Berlin",
        "TMPDIR": "/tmp",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "LD_LIBRARY_PATH": "/opt/lib",
        "PYTHONPATH": "/home/zoe/lib",
        "SSL_CERT_FILE": "/etc/ssl/cert.pem",
        "NAME_WITH_UMLAUT": "Zoë",
    }
    assert passed_on(**ordinary) == ordinary


def test_what_leads_to_another_python_is_left_out() -> None:
    assert (
        passed_on(
            PYTHONHOME="/opt",
            PYTHONSTARTUP="x.py",
            PYTHONINSPECT="1",
            PYTHONWARNINGS="error",
            PYDANTIC_DISABLE_PLUGINS="__all__",
        )
        == {}
    )


def test_only_a_spare_is_told_that_it_is_one() -> None:
    ordinary, spare = [environment({}, Path("kernels"), is_spare=is_spare) for is_spare in (False, True)]
    assert spare.items() - ordinary.items() == {("COWORK_IS_SPARE", "1")}
    assert environment({"COWORK_IS_SPARE": "1"}, Path("kernels"), is_spare=False) == ordinary


def test_what_belongs_to_kernels_lies_in_their_folder(tmp_path: Path) -> None:
    made = environment({"COWORK_PACKAGES": "elsewhere", "IPYTHONDIR": "elsewhere"}, tmp_path, is_spare=False)
    assert Path(made["IPYTHONDIR"]).is_relative_to(tmp_path)
    assert Path(made[PACKAGES]) == packages_of(tmp_path)


def test_packages_are_apart_for_each_version_of_python(tmp_path: Path) -> None:
    packages = packages_of(tmp_path)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert packages == tmp_path / "packages" / version
    assert site_packages(packages).is_relative_to(packages)
    assert site_packages(packages).name == "site-packages"


def test_the_environment_of_the_server_itself_is_not_touched() -> None:
    before = dict(os.environ)
    environment(os.environ, Path("kernels"), is_spare=True)
    assert dict(os.environ) == before


def test_the_program_is_this_interpreter_without_the_working_folder_in_its_path() -> None:
    assert program() == [sys.executable, "-P", "-m", "cowork_desktop"]


def test_the_program_is_the_executable_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert program() == [sys.executable]
