"""Says in words what PostgreSQL refuses: https://www.postgresql.org/docs/current/errcodes-appendix.html."""

import psycopg

from cowork_desktop.connectors.drivers import failures
from cowork_desktop.connectors.drivers.driver import DriverFailed, FailureKind

READ_ONLY = "This connection can only read. A connection with access write can do this."

_AT_CONNECTING: tuple[tuple[FailureKind, tuple[str, ...]], ...] = (
    (
        "authentication",
        (
            "password authentication failed",
            "authentication failed",
            "no pg_hba.conf entry",
            "no password supplied",
            "authentication method requirement",
        ),
    ),
    ("not_found", ("database", "does not exist")),
    ("forbidden", ("permission denied for database",)),
)


def connect_failure(error: psycopg.Error, host: str, port: int) -> DriverFailed:
    """libpq gives no codes at this time, only its own words and the server's."""
    place, words = f"{host}:{port}", str(error)
    small = words.lower()
    match small:
        case _ if "certificate" in small and "authentication failed" not in small:
            return DriverFailed("tls", failures.untrusted(place, _certificate(words)))
        case _ if "server does not support ssl" in small:
            return DriverFailed(
                "tls", f"{place} does not speak TLS. Set TLS to prefer or disable to do without."
            )
        case _ if "ssl error" in small or "ssl negotiation" in small:
            return DriverFailed("tls", f"{place} and we cannot agree on TLS: {_last(words)}")
        case _ if "connection refused" in small:
            return failures.network_failure(ConnectionRefusedError(), host, port)
        case _ if "timeout expired" in small or "timed out" in small:
            return failures.network_failure(TimeoutError(), host, port)
        case _ if "closed the connection" in small or "reset by peer" in small or "socket closed" in small:
            return failures.network_failure(ConnectionResetError(), host, port)
        case _ if "unreachable" in small or "no route" in small:
            return DriverFailed(
                "unreachable", f"{place} cannot be reached. Is the network up, or a VPN needed?"
            )
    return DriverFailed(_refusal(small), f"{place} refuses to let us in: {_last(words)}")


def query_failure(error: psycopg.Error) -> DriverFailed:
    code, words = error.sqlstate or "", _told(error)
    match code:
        case "57014" if "statement timeout" in words or "timeout" in words:
            return DriverFailed("timeout", "The query did not end in time, and the server stopped it.")
        case "55P03":
            return DriverFailed("timeout", f"Somebody else holds what the query needs: {words}")
        case "25006":
            return DriverFailed("not_allowed", f"{READ_ONLY} The server says: {words}")
        case "42501":
            return DriverFailed("forbidden", f"The user of this connection may not do this: {words}")
        case "42P01" | "3D000" | "3F000":
            return DriverFailed("not_found", words)
    if code[:2] in ("42", "22", "21", "0A", "23", "25", "44"):
        return DriverFailed("bad_query", words)
    if code[:2] == "28":
        return DriverFailed("authentication", words)
    if (
        code[:2] == "08"
        or code in ("57P01", "57P02", "57P03")
        or (not code and isinstance(error, psycopg.OperationalError))
    ):
        return DriverFailed("unreachable", "The server broke off the connection. It may have been restarted.")
    return DriverFailed("failed", words)


def _refusal(small: str) -> FailureKind:
    if "does not exist" in small and 'role "' in small and 'database "' not in small:
        return "authentication"
    for kind, signs in _AT_CONNECTING:
        found = all if kind == "not_found" else any
        if found(sign in small for sign in signs):
            return kind
    return "failed"


def _last(words: str) -> str:
    """What the server itself says, where it says something."""
    return words.splitlines()[-1].rpartition("FATAL:")[2].strip() if words else "it says nothing"


def _certificate(words: str) -> str:
    if "does not match host name" in words:
        return "it is one of another host"
    return words.rpartition(": ")[2].strip() if "verify failed" in words else ""


def _told(error: psycopg.Error) -> str:
    """The server's message with its detail, hint and place, in one paragraph."""
    told = error.diag
    words = told.message_primary or str(error).strip() or "The server does not say why."
    for more in (told.message_detail, told.message_hint):
        if more:
            words = f"{words.rstrip('.')}. {more}"
    return f"{words} (at character {told.statement_position})" if told.statement_position else words
