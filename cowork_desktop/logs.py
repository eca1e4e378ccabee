"""Logging to stderr and to a rotating file, with everything that looks like a credential taken out."""

import logging
import re
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

_KEY_BLOCK = r"-----{0} [A-Z0-9 ]{{0,40}}PRIVATE KEY(?: BLOCK)?-----"
_NAMES = (
    r"token|secret|password|passwd|passphrase|pwd|authorization"
    r"|(?:api|access|account|private|secret|shared)[ _-]?(?:access[ _-]?)?key"
)
"""How the name of a credential ends."""
_SECRETS = (
    re.compile(rf"{_KEY_BLOCK.format('BEGIN')}.*?(?:{_KEY_BLOCK.format('END')}|\Z)", re.S),
    # Keys whose makers let them be known by their beginning.
    re.compile(
        r"(sk-[\w-]{6})[\w-]+|([sr]k_(?:live|test)_|whsec_|GOCSPX-|ya29\.)[\w.-]+|(gh[pousr]_|github_pat_|glpat-|lin_api_|ntn_"
        r"|xox[a-z]-|xapp-)[\w-]{8,}|(A[KS]IA)[A-Z0-9]{16}|(AIza|1//0)[\w-]{20,}|(?<![\w-])(eyJ)[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?"
    ),
    re.compile(r"((?:Bearer|Basic)\s+)[^\s\"',;]+", re.I),
    # `name: value` as JSON, JSON within JSON, Python, headers, forms and connection strings write it.
    re.compile(
        rf"""((?:{_NAMES})\\*["']?\s*(?:[:=]|%3[AD])\s*)"""
        r"""(?:(\\+")[^"\\]+|(b?")(?:[^"\\]|\\.)+|(b?')(?:[^'\\]|\\.)+|(\{)[^}]+"""
        r"""|(?:(?:Bearer|Basic|Token|Key)\s+)?[^\s"',;&]+)""",
        re.I | re.S,
    ),
    re.compile(r"""([?&#](?:code|key|sig|signature|x-amz-signature|code_verifier)=)[^&\s"'<>#]+""", re.I),
    # OAuth's code; errors have codes too, which are words.
    re.compile(r"""(["']code\\*["']\s*:\s*\\*["'])(?![a-z_.-]+[\\"'])[^"'\\]+"""),
    re.compile(r"""(://[^/\s:@"']{0,200}:)[^\s"'<>]{1,300}(?=@)"""),
)
"""What is a credential by its form or by its place; the groups are what of it may be shown. The time that
each takes grows with the length of the text, whatever that is, and not faster."""
_TALKATIVE = ("aiosqlite", "asyncio", "anthropic", "httpx2", "httpcore2")
"""They log each statement or request, some with the user's words in it."""
_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def redact(text: str) -> str:
    """With every credential that can be told by its looks taken out."""
    for pattern in _SECRETS:
        text = pattern.sub(_masked, text)
    return text


def _masked(found: re.Match[str]) -> str:
    return "".join(shown for shown in found.groups() if shown) + "[redacted]"


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def configure(level: str, folder: Path) -> None:
    """Send the log to stderr and to `folder`/cowork.log, 4 files of 5 MB at most."""
    folder.mkdir(parents=True, exist_ok=True)
    file = RotatingFileHandler(
        folder / "cowork.log", maxBytes=5_000_000, backupCount=3, encoding="utf-8", delay=True
    )
    for handler in (logging.StreamHandler(sys.stderr), file):
        handler.setFormatter(_Redacting(_FORMAT))
        logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
