"""Logging to stderr and to a rotating file, with everything that looks like a credential taken out."""

import logging
import re
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

_SECRETS = re.compile(
    r"(sk-[A-Za-z0-9_-]{6})[A-Za-z0-9_-]+|((?:Bearer|Basic)\s+)[^\s\"',;]+|((?:x-api-key|api[_-]?key|token|password)[\"']?\s*[:=]\s*[\"']?)[^\s\"',;&]+",
    re.I,
)
_TALKATIVE = ("aiosqlite", "asyncio", "anthropic", "httpx2", "httpcore2")
"""They log each statement or request, some with the user's words in it."""
_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def redact(text: str) -> str:
    return _SECRETS.sub(lambda found: f"{found[1] or found[2] or found[3]}[redacted]", text)


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
