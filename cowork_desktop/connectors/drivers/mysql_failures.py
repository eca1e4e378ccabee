"""Says in words what MySQL and MariaDB refuse, and what PyMySQL makes of the network:
https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html."""

import struct
from collections.abc import Mapping

import pymysql  # type: ignore[import-untyped]

from cowork_desktop.connectors.drivers.driver import DriverFailed, FailureKind
from cowork_desktop.connectors.drivers.failures import network_failure

READ_ONLY = "This connection can only read. A connection with access write can do this."

_KINDS: Mapping[FailureKind, tuple[int, ...]] = {
    "authentication": (1045, 1130, 1251, 1524, 1698, 1862, 2059, 2061, 3118, 4151),
    "forbidden": (1044, 1142, 1143, 1227, 1290, 1370, 1410, 3879),
    "not_found": (1049, 1146),
    "timeout": (1205, 1969, 3024),
    "not_allowed": (1792, 1836),
    "unreachable": (1053, 1077, 1080, 1927, 2006, 2013, 2055),
    "tls": (2026, 3159),
    "failed": (1040, 1203, 1226, 1129, 1317),
}
_OF_CODE = {code: kind for kind, codes in _KINDS.items() for code in codes}

_NO_MYSQL = (struct.error, IndexError, KeyError, ValueError, AssertionError)
"""What PyMySQL raises where something else answers than MySQL."""


def failure_of(error: BaseException, host: str, port: int) -> DriverFailed:
    match error:
        case DriverFailed():
            return error
        case pymysql.err.InternalError() if "Packet sequence" in str(error):
            return _no_mysql(host, port)
        case pymysql.err.MySQLError():
            return _told(error, host, port)
        case OSError():
            return network_failure(error, host, port)
        case UnicodeDecodeError():
            return DriverFailed("failed", "The server sent text that is not in the encoding that it names.")
        case UnicodeEncodeError():
            return DriverFailed("bad_query", "The query holds characters that are no Unicode.")
        case RuntimeError() if "LOAD_LOCAL" in str(error):
            return DriverFailed(
                "not_allowed", "The server asked for a file of this computer. It did not get it."
            )
    if isinstance(error, _NO_MYSQL):
        return _no_mysql(host, port)
    return DriverFailed("failed", f"Something went wrong with {host}:{port}: {type(error).__name__}.")


def _no_mysql(host: str, port: int) -> DriverFailed:
    return DriverFailed("failed", f"What answers at {host}:{port} does not speak MySQL's protocol.")


def _told(error: pymysql.err.MySQLError, host: str, port: int) -> DriverFailed:
    cause = getattr(error, "original_exception", None)
    if cause is not None:
        return network_failure(cause, host, port)
    code, words = _parts(error)
    kind = _OF_CODE.get(code) or ("bad_query" if _is_of_the_query(error, code) else "failed")
    match kind:
        case "unreachable" if "timed out" in words:
            return network_failure(TimeoutError(), host, port)
        case "unreachable":
            return network_failure(ConnectionResetError(), host, port)
        case "authentication":
            return DriverFailed(kind, f"{host}:{port} refuses to let us in: {words}")
        case "timeout":
            return DriverFailed(kind, f"The query did not end in time, and the server stopped it: {words}")
        case "not_allowed":
            return DriverFailed(kind, f"{READ_ONLY} The server says: {words}")
        case "forbidden":
            return DriverFailed(kind, f"The user of this connection may not do this: {words}")
        case "tls" if code == 2026:
            return DriverFailed(
                kind, f"{host}:{port} does not speak TLS. Set TLS to prefer or disable to do without."
            )
    return DriverFailed(kind, words)


def _parts(error: pymysql.err.MySQLError) -> tuple[int, str]:
    match error.args:
        case (int(code), str(words), *_):
            return code, words or "The server does not say why."
        case (str(words), *_):
            return 0, words
    return 0, type(error).__name__


def _is_of_the_query(error: pymysql.err.MySQLError, code: int) -> bool:
    return 1000 <= code < 2000 or code >= 3000 or isinstance(error, pymysql.err.ProgrammingError)
