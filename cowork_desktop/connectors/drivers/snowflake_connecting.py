"""Signing in to Snowflake by its connector, and its failures.

https://docs.snowflake.com/developer-guide/python-connector/python-connector-connect

Nothing of this machine's is read or kept: no configuration files, no cached tokens, no browser.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from cowork_desktop.connectors.drivers.driver import DriverFailed, FailureKind, Target
from cowork_desktop.connectors.drivers.registry import DRIVERS

_CONNECT_SECONDS = 10
_LOGIN_SECONDS = 20
_CANCEL_SECONDS = 5
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ENDING = re.compile(r"\.(?:privatelink\.)?snowflakecomputing\.(?:com|cn)$")
_TOLD = re.compile(r"(?:\d{5,6} \([0-9A-Z]{5}\): )+")
_KINDS: dict[int, FailureKind] = {
    603: "failed",
    604: "timeout",  # cancelled
    630: "timeout",
    1003: "bad_query",
    2003: "not_found",
    2043: "not_found",
    3001: "forbidden",
    251001: "failed",
    251007: "authentication",  # the private key
    390100: "authentication",
    390101: "authentication",
    390144: "authentication",  # the token that is signed with the private key
    390201: "forbidden",  # the role
    390422: "forbidden",  # the network policy
}
"""The connector's and the server's own codes."""
_WORDS: tuple[tuple[str, FailureKind, str], ...] = (
    ("lookup address", "unknown_host", "There is no such Snowflake account, or it cannot be looked up now."),
    ("Connection refused", "refused", "Nobody listens where the Snowflake account should be."),
    ("timed out", "timeout", "Snowflake did not answer in time."),
    ("certificate", "tls", "Snowflake's certificate is not trusted here."),
    ("Incorrect username or password", "authentication", ""),
    ("JWT token is invalid", "authentication", ""),
)
"""Where a code stands for much."""


class Session:
    """One connection, for one query, in one thread; `cancel` is for others."""

    def __init__(self, target: Target, seconds: float) -> None:
        self._target, self._seconds = target, seconds
        self._connection: Any = None

    def cursor(self) -> Any:
        """Signed in. Raises DriverFailed."""
        arguments = _arguments(self._target, self._seconds)
        connector = _connector()
        with failures():
            self._connection = connector.connect(**arguments)
            return self._connection.cursor()

    def cancel(self) -> None:
        """As far as it can be done: the statement has a time limit at the server as well."""
        connection = self._connection
        if connection is None:
            return
        with suppress(Exception), connection.cursor() as cursor:
            id = int(connection.session_id)
            cursor.execute(f"SELECT SYSTEM$CANCEL_ALL_QUERIES({id})", timeout=_CANCEL_SECONDS)

    def close(self) -> None:
        if self._connection is None:
            return
        with suppress(Exception):
            if self._target.access == "read":
                self._connection.rollback()
        with suppress(Exception):
            self._connection.close()


@contextmanager
def failures() -> Iterator[None]:
    """What the connector raises within is a DriverFailed."""
    failed: DriverFailed
    try:
        yield
        return
    except DriverFailed:
        raise
    except Exception as error:
        failed = _failed(error)
    # Outside the handler: what the connector says may hold what it was given.
    raise failed from None


def _failed(error: Exception) -> DriverFailed:
    code = getattr(error, "errno", None)
    if not isinstance(code, int):
        return DriverFailed("failed", f"Something went wrong with Snowflake: {type(error).__name__}.")
    message = str(getattr(error, "raw_msg", None) or error)
    known = next((known for known in _WORDS if known[0] in message), None)
    kind: FailureKind = known[1] if known else _KINDS.get(code, "failed")
    if kind == "authentication":
        return DriverFailed(kind, "Snowflake does not accept the user with this password or key.")
    if known:
        return DriverFailed(kind, known[2])
    if kind == "failed" and getattr(error, "sqlstate", None) in ("42000", "42601", "22000", "22018"):
        kind = "bad_query"
    return DriverFailed(kind, _TOLD.sub("", message, count=1)[:1_000])


def _connector() -> Any:
    try:
        return import_module("snowflake.connector")
    except ImportError:
        raise DriverFailed(
            "missing_library", DRIVERS["snowflake"].missing or "Snowflake's connector cannot be loaded."
        ) from None


def _arguments(target: Target, seconds: float) -> dict[str, Any]:
    named = {key: target.text(key) for key in ("warehouse", "database", "schema", "role") if target.text(key)}
    return {
        "account": _account(target.text("account")),
        "user": target.text("user"),
        **_proof(target),
        **named,
        "autocommit": target.access == "write",
        "session_parameters": {
            "ABORT_DETACHED_QUERY": True,
            "CLIENT_TELEMETRY_ENABLED": False,
            "QUERY_TAG": "cowork-desktop",
            "STATEMENT_TIMEOUT_IN_SECONDS": max(1, round(seconds)),
        },
        "application": "CoworkDesktop",
        "auto_cleanup": False,
        "client_store_temporary_credential": False,
        "connect_timeout": _CONNECT_SECONDS,
        "crl_enable_disk_caching": False,
        "enable_server_session_keep_alive_auto_detection": False,
        "login_timeout": _LOGIN_SECONDS,
        "query_timeout": max(1, round(seconds)),
        "request_timeout": _CONNECT_SECONDS,
        "retry_max_attempts": 2,
        "server_session_keep_alive": False,
        # Of tests alone: where another than Snowflake answers.
        **{key: target.options[key] for key in ("host", "port", "protocol") if key in target.options},
    }


def _proof(target: Target) -> dict[str, Any]:
    if not (key := target.text("private_key")):
        return {"authenticator": "snowflake", "password": target.text("password")}
    phrase = target.text("passphrase")
    locked = {"private_key_password": phrase} if phrase else {}
    return {"authenticator": "SNOWFLAKE_JWT", "private_key": key.strip() + "\n", **locked}


def _account(text: str) -> str:
    """The identifier, or the whole address that it stands in. Raises DriverFailed."""
    account = _ENDING.sub("", text.strip().removeprefix("https://").rstrip("/"))
    if not _ACCOUNT.fullmatch(account):
        raise DriverFailed("failed", "The account should be its identifier, such as myorg-account123.")
    return account
