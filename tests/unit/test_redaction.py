"""What the log never says."""

import logging
from pathlib import Path

import pytest

from cowork_desktop import logs
from cowork_desktop.logs import redact

RANDOM = "Zq4_xT9bLw2Rv8Ky5NcHd7Mf"

KEYS = [
    "sk-ant-api03-" + RANDOM,
    "sk-proj-" + RANDOM,
    "sk_live_" + RANDOM,
    "rk_live_" + RANDOM,
    "whsec_" + RANDOM,
    "ghp_" + RANDOM,
    "gho_" + RANDOM,
    "github_pat_11" + RANDOM,
    "glpat-" + RANDOM,
    "xoxb-12345-" + RANDOM,
    "xoxp-12345-" + RANDOM,
    "xapp-1-" + RANDOM,
    "ya29.a0" + RANDOM,
    "AIza" + RANDOM,
    "GOCSPX-" + RANDOM,
    "lin_api_" + RANDOM,
    "AKIA" + "Q4XT9BLW2RV8KY5N",
    "ASIA" + "Q4XT9BLW2RV8KY5N",
    "eyJhbGciOiJIUzI1NiJ9." + RANDOM + "." + RANDOM,
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "around", ["{}", "before {} after", "['{}']", "https://x.example/a?b={}&c=d", "({}),"]
)
def test_a_key_is_known_by_its_form(key: str, around: str) -> None:
    shown = redact(around.format(key))
    assert "[redacted]" in shown
    assert key[-16:] not in shown
    before, after = around.split("{}")
    assert shown.startswith(before)
    assert shown.endswith(after)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Authorization: Bearer abc.def-1", "Authorization: [redacted]"),
        ("sent Basic dXNlcjpwdw==, then", "sent Basic [redacted], then"),
        ("x-api-key: abc", "x-api-key: [redacted]"),
        ("api_key=abc&x=1", "api_key=[redacted]&x=1"),
        ("token: Bearer abc", "token: [redacted]"),
        ("Authorization: SharedKey=abc", "Authorization: [redacted]"),
        ('{"password": "two words, \\" and more", "a": 1}', '{"password": "[redacted]", "a": 1}'),
        ("{'password': 'two words', 'a': 1}", "{'password': '[redacted]', 'a': 1}"),
        ("{'password': b'two words', 'a': 1}", "{'password': b'[redacted]', 'a': 1}"),
        ('"{\\"secret\\": \\"two words\\", \\"a\\": 1}"', '"{\\"secret\\": \\"[redacted]\\", \\"a\\": 1}"'),
        (
            '{"access_token":"x y","refresh_token":"z"}',
            '{"access_token":"[redacted]","refresh_token":"[redacted]"}',
        ),
        ("client_secret=a%20b&grant_type=x", "client_secret=[redacted]&grant_type=x"),
        ("redirect%3Faccess_token%3Dabc", "redirect%3Faccess_token%3D[redacted]"),
        ("aws_secret_access_key = abc/def+1", "aws_secret_access_key = [redacted]"),
        ("AccountKey=abc==;EndpointSuffix=x", "AccountKey=[redacted];EndpointSuffix=x"),
        ("Server=x;Pwd={a;b};Encrypt=yes", "Server=x;Pwd={[redacted]};Encrypt=yes"),
        ("host=x password='a b' user=y", "host=x password='[redacted]' user=y"),
        ("GET /callback?code=4/0Adeu&state=1", "GET /callback?code=[redacted]&state=1"),
        ("https://x.example/?key=abc#top", "https://x.example/?key=[redacted]#top"),
        ("https://x.example/a?sv=1&sig=a%2Fb&se=2", "https://x.example/a?sv=1&sig=[redacted]&se=2"),
        ('{"code": "4/0AdeuX", "state": 1}', '{"code": "[redacted]", "state": 1}'),
        ("postgres://me:pass@db.example:5432/x", "postgres://me:[redacted]@db.example:5432/x"),
        ("redis://:p@ss/word@localhost/0", "redis://:[redacted]@localhost/0"),
    ],
)
def test_a_credential_is_known_by_its_place(said: str, shown: str) -> None:
    assert redact(said) == shown


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
@pytest.mark.parametrize("line", ["\n", "\\n"])
def test_a_private_key_is_taken_out_whole(kind: str, line: str) -> None:
    block = line.join(
        [f"-----BEGIN {kind}PRIVATE KEY-----", "MIIEvQ", "IBADAN", f"-----END {kind}PRIVATE KEY-----"]
    )
    assert redact(f"before {block} after") == "before [redacted] after"


def test_of_a_private_key_that_is_cut_off_nothing_is_left() -> None:
    assert redact("got -----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN") == "got [redacted]"


@pytest.mark.parametrize(
    "said",
    [
        "conv_01hxyz8k2 took 12 ms and 1,200 tokens",
        "GET /api/v1/connectors/specs?limit=50&q=post 200",
        '{"error": {"type": "not_found", "code": "invalid_grant"}}',
        "http://localhost:26866/api/v1/docs is where it is",
        "exit code=1, status code: 200, code 42P01",
        "me@example.com wrote to https://x.example/@me about a keyring",
        "-----BEGIN CERTIFICATE----- is for all to see",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "5f0c2d5e-8f3b-4d0e-9b59-0d9c1a6f2f11",
        '{"password": "", "token": ""}',
    ],
)
def test_what_is_no_credential_is_said(said: str) -> None:
    assert redact(said) == said


def test_redacting_twice_changes_nothing_more() -> None:
    said = "password='a b' Authorization: Bearer x https://a:b@c/?code=d&token=e " + " ".join(KEYS)
    assert redact(redact(said)) == redact(said)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    [
        "eyJ",
        "://a:",
        "://",
        "password",
        "password=\\",
        'token"',
        "'code':",
        'secret="\\\\',
        "-----BEGIN ",
        "xox",
        "a-",
        "Basic ",
        "?code",
        "api ",
        "-----BEGIN PRIVATE KEY-----",
        "sk-",
        "1//0",
        "@",
        "pwd={",
        "\\",
        " ",
    ],
)
def test_no_text_makes_it_slow(piece: str) -> None:
    assert redact(piece * (400_000 // len(piece)))


def test_neither_file_nor_message_nor_traceback_of_the_log_has_a_credential(tmp_path: Path) -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {
        name: logging.getLogger(name).level
        for name in ("aiosqlite", "asyncio", "anthropic", "httpx2", "httpcore2")
    }
    try:
        logs.configure("info", tmp_path)
        words = "cannot sign in at postgres://me:hunter2@db.example"
        try:
            raise RuntimeError(words)
        except RuntimeError:
            logging.getLogger("test").exception("failed with %s", {"password": "hunter2 hunter3"})
    finally:
        for handler in [handler for handler in root.handlers if handler not in handlers]:
            root.removeHandler(handler)
            handler.close()
        root.setLevel(level)
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)
    written = (tmp_path / "cowork.log").read_text("utf-8")
    assert written.count("[redacted]") == 2
    assert "hunter" not in written
