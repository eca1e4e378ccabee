"""Reads what an API answers: as much of the body as is wanted, and the headers that may be seen."""

import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import aiohttp
from yarl import URL

from cowork_desktop.connectors.drivers.driver import ApiAnswer, DriverFailed, FailureKind

MOST_BYTES = 5 * 1024 * 1024
"""Of a body, as it is when it is unpacked."""
_HEADERS = frozenset(
    (
        "content-disposition",
        "content-range",
        "content-type",
        "etag",
        "last-modified",
        "link",
        "location",
        "retry-after",
        "x-total-count",
    )
)
_LIMITS = ("ratelimit", "x-ratelimit-")
_LONGEST_HEADER = 4_000
_SECRET = re.compile("sig|token|secret|password|credential|auth|key|code", re.I)
_WORDS = ("message", "error_description", "detail", "error", "errors", "title", "msg")
"""Where APIs say what is wrong."""


async def read_answer(response: aiohttp.ClientResponse) -> ApiAnswer:
    content = bytearray()
    # aiohttp unpacks as much at a time as it buffers, so that counting here bounds it.
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > MOST_BYTES:
            break
    is_cut = len(content) > MOST_BYTES
    return ApiAnswer(response.status, _headers(response.headers), bytes(content[:MOST_BYTES]), is_cut)


def check_status(answer: ApiAnswer, host: str) -> None:
    """Raises DriverFailed where an API does not say yes."""
    if 200 <= answer.status < 300:
        return
    said = words_of(told(answer))
    status = _status(answer.status) + (f": {said}" if said else "")
    raise DriverFailed(*_failure(answer.status, host, status))


def told(answer: ApiAnswer) -> Any:
    """The JSON in it; None: there is none."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def at(value: Any, path: Sequence[str | int]) -> Any:
    """What is there in plain JSON; None: nothing."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and str(step).isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def words_of(value: Any) -> str:
    """What an API says is wrong, in one short line; may be empty."""
    for _ in range(5):
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, dict):
            value = next((value[name] for name in _WORDS if value.get(name)), None)
    return one_line(value) if isinstance(value, str) else ""


def one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= 200 else f"{line[:199]}…"


def _failure(status: int, host: str, words: str) -> tuple[FailureKind, str]:
    match status:
        case 401:
            return "authentication", f"{host} does not accept these credentials ({words}). Renew them."
        case 403:
            return "forbidden", f"{host} does not let these credentials in there ({words})."
        case 404 | 410:
            return "not_found", f"{host} knows no such address ({words}). Is the connection's address right?"
        case 429:
            return "failed", f"{host} was asked too often ({words}). Try again later."
        case _ if 300 <= status < 400:
            return "failed", f"{host} sends on to another address ({words}). Is the connection's right?"
    return "failed", f"{host} answered {words}."


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    passed: dict[str, str] = {}
    for name, value in headers.items():
        small = name.lower()
        if small in _HEADERS or small.startswith(_LIMITS):
            value = _without_secrets(value) if small == "location" else value
            passed[small] = f"{passed[small]}, {value}" if small in passed else value
    return {name: value[:_LONGEST_HEADER] for name, value in passed.items()}


def _without_secrets(location: str) -> str:
    try:
        url = URL(location).with_fragment(None)
        url = url.with_user(None) if url.raw_user or url.raw_password else url
        return str(url.without_query_params(*(name for name in url.query if _SECRET.search(name))))
    except ValueError:
        return ""
