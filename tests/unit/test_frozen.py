"""What the executable puts right when it starts, and what it takes away of others of its kind."""

import _ssl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cowork_desktop import frozen

KEEPS_ONE = """
import sys
from pathlib import Path
from cowork_desktop import frozen
lock = frozen.hold_unpacked(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(("before", "after"), [("/opt/lib", "/opt/lib"), ("", ""), (None, None)])
def test_other_programs_get_the_library_path_that_was_there_before(
    monkeypatch: pytest.MonkeyPatch, before: str | None, after: str | None
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/of/the/executable")
    monkeypatch.delenv("LD_LIBRARY_PATH_ORIG", raising=False)
    if before is not None:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", before)
    frozen.restore_library_path()
    assert os.environ.get("LD_LIBRARY_PATH") == after
    assert "LD_LIBRARY_PATH_ORIG" not in os.environ


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an executable."""
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, "")  # so that it is as before afterwards
        monkeypatch.delenv(name)
    return tmp_path


def opensslwise(monkeypatch: pytest.MonkeyPatch, file: Path, folder: Path) -> None:
    """OpenSSL looks there for certificates."""
    places = ("SSL_CERT_FILE", str(file), "SSL_CERT_DIR", str(folder))
    monkeypatch.setattr(_ssl, "get_default_verify_paths", lambda: places)


@pytest.mark.skipif(sys.platform == "win32", reason="there Python asks the system")
def test_where_the_system_has_no_certificates_those_that_came_along_are_taken(
    packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (packed / "empty").mkdir()
    opensslwise(monkeypatch, packed / "none.pem", packed / "empty")
    frozen.trust_authorities()
    assert os.environ["SSL_CERT_FILE"] == str(packed / "certifi" / "cacert.pem")


@pytest.mark.parametrize("there", ["file", "folder", "variable"])
def test_where_there_are_certificates_nothing_is_changed(
    packed: Path, monkeypatch: pytest.MonkeyPatch, there: str
) -> None:
    opensslwise(monkeypatch, packed / "cert.pem", packed / "certs")
    if there == "file":
        (packed / "cert.pem").touch()
    elif there == "folder":
        (packed / "certs").mkdir()
        (packed / "certs" / "one.pem").touch()
    else:
        monkeypatch.setenv("SSL_CERT_DIR", "/of/the/user")
    frozen.trust_authorities()
    assert "SSL_CERT_FILE" not in os.environ


@contextmanager
def running_from(place: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that was unpacked there."""
    place.mkdir()
    command = [sys.executable, "-c", KEEPS_ONE, str(place)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_only_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    others = tmp_path / "_MEIothers"
    others.mkdir()
    (others / "file").touch()
    with running_from(tmp_path / "_MEIlives"), running_from(tmp_path / "_MEIdies") as dies:
        (tmp_path / "_MEIdies" / "library.so").touch()
        dies.kill()
        dies.wait()
        own = tmp_path / "_MEIown"
        own.mkdir()
        assert frozen.hold_unpacked(own)
        assert {place.name for place in tmp_path.iterdir()} == {"_MEIothers", "_MEIlives", "_MEIown"}
        assert (others / "file").exists()


def test_what_was_not_unpacked_is_not_marked(tmp_path: Path) -> None:
    assert frozen.hold_unpacked(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
