"""What ClickHouse says when it fails: https://clickhouse.com/docs/interfaces/http#http_response_codes_caveats."""

import re
from dataclasses import dataclass

import aiohttp

from cowork_desktop.connectors.drivers.driver import DriverFailed, FailureKind

_MOST_BYTES = 100_000
_MOST_LETTERS = 1_000
_CODE = re.compile(r"Code: (\d{1,6})[.,] (?:e\.displayText\(\) = )?(?:DB::\w*Exception: )?")
_TAIL = re.compile(r"(?:, e\.what\(\) = .*| \(version [^)]*\)\)?)\s*$", re.DOTALL)

_KINDS: dict[int, FailureKind] = {
    60: "not_found",  # table
    81: "not_found",  # database
    159: "timeout",
    160: "timeout",
    164: "not_allowed",  # read-only
    192: "authentication",
    193: "authentication",
    194: "authentication",
    291: "forbidden",
    394: "timeout",  # cancelled
    497: "forbidden",
    516: "authentication",
}
"""https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp. Of all
else, what is asked is not understood, or cannot be carried out."""
_BAD_QUERY = (20, 35, 36, 41, 42, 43, 46, 47, 50, 53, 62, 63, 70, 72, 73, 115, 179, 184, 207, 215, 386, 395)


@dataclass(frozen=True)
class ServerError:
    code: int | None
    message: str


async def server_error(answer: aiohttp.ClientResponse) -> ServerError:
    """Of an answer that is none."""
    body = await answer.content.read(_MOST_BYTES)
    return parsed(body.decode("utf-8", "replace"))


def parsed(text: str) -> ServerError:
    match = _CODE.search(text[:_MOST_LETTERS])
    if not match:
        return ServerError(None, text.strip()[:_MOST_LETTERS])
    return ServerError(int(match[1]), _TAIL.sub("", text[match.end() :]).strip()[:_MOST_LETTERS])


def failure(error: ServerError, status: int = 200) -> DriverFailed:
    """For people, in the server's own words."""
    if error.code is None:
        return _of_status(status)
    kind = _KINDS.get(error.code, "bad_query" if error.code in _BAD_QUERY else "failed")
    if kind == "authentication":
        return DriverFailed(kind, "ClickHouse does not accept the user or the password.")
    return DriverFailed(kind, error.message or f"ClickHouse failed with its code {error.code}.")


def _of_status(status: int) -> DriverFailed:
    if status in (401, 403):
        return DriverFailed("authentication", "ClickHouse does not accept the user or the password.")
    return DriverFailed(
        "failed",
        f"What answers is no ClickHouse, or is not well: HTTP status {status}. Look at the host and port.",
    )
