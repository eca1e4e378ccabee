"""Requests to the REST API of BigQuery: https://cloud.google.com/bigquery/docs/reference/rest."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from cowork_desktop.connectors.drivers.bigquery_auth import ALL, READ, access_token, service_key
from cowork_desktop.connectors.drivers.driver import DriverFailed, FailureKind, Target
from cowork_desktop.connectors.drivers.unreached import reaching

_BASE_URL = "https://bigquery.googleapis.com"
_CONNECT_SECONDS = 10.0
_MOST_BYTES = 64 * 1024 * 1024
"""Of one answer. Pages have 10 MB of values at most."""
_KINDS: Mapping[str, FailureKind] = {
    "accessDenied": "forbidden",
    "authError": "authentication",
    "billingNotEnabled": "forbidden",
    "bytesBilledLimitExceeded": "not_allowed",
    "insufficientPermissions": "forbidden",
    "invalidQuery": "bad_query",
    "notFound": "not_found",
    "stopped": "timeout",
    "timeout": "timeout",
}
"""https://cloud.google.com/bigquery/docs/error-messages."""
_OF_STATUS: Mapping[int, FailureKind] = {
    400: "bad_query",
    401: "authentication",
    403: "forbidden",
    404: "not_found",
}


class ScopeMissing(DriverFailed):
    """The token is not good for this method, whatever its user may do."""


@dataclass(frozen=True)
class Api:
    session: aiohttp.ClientSession
    base: URL
    project: str
    token: str = field(repr=False)
    """For what is asked: of a read-only connection it can only read."""
    full_token: str = field(repr=False)
    """For dry runs and for ending jobs, which are no reading to Google; the same where there is but one."""

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Below the project. Raises DriverFailed."""
        return await self._ask("GET", path, self.token, query=query)

    async def post(self, path: str, body: object, *, is_full: bool = False) -> dict[str, Any]:
        return await self._ask("POST", path, self.full_token if is_full else self.token, body=body)

    async def cancel(self, job: str, location: str | None) -> None:
        query = {"location": location} if location else {}
        await self._ask("POST", f"/jobs/{quote(job, safe='')}/cancel", self.full_token, query=query)

    async def _ask(
        self,
        method: str,
        path: str,
        token: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> dict[str, Any]:
        project = quote(self.project, safe=":")
        url = URL(f"{self.base}/bigquery/v2/projects/{project}{path}", encoded=True).with_query(query or {})
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        with reaching(self.base):
            async with self.session.request(
                method, url, json=body, headers=headers, allow_redirects=False
            ) as answer:
                return await asyncio.to_thread(_parsed, answer.status, await _body(answer))


@asynccontextmanager
async def api(target: Target) -> AsyncIterator[Api]:
    """Signed in. Raises DriverFailed."""
    base = URL(str(target.options.get("base_url", _BASE_URL)).rstrip("/"))
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        if token := target.text("access_token"):
            project = target.text("project")
            if not project:
                raise DriverFailed(
                    "failed", "The connection needs the id of the project that queries are billed to."
                )
            yield Api(session, base, project, token, token)
            return
        key = service_key(target)
        full = await access_token(session, key, ALL)
        token = await access_token(session, key, READ) if target.access == "read" else full
        yield Api(session, base, target.text("project", key.project), token, full)


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for part in answer.content.iter_any():
        body += part
        if len(body) > _MOST_BYTES:
            raise DriverFailed("failed", "BigQuery answers with more than fits. Select fewer columns.")
    return bytes(body)


def _parsed(status: int, body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body) if body else {}
    except ValueError:
        told = None
    if isinstance(told, dict) and status == 200:
        return told
    error = told.get("error") if isinstance(told, dict) else None
    if not isinstance(error, dict):
        raise DriverFailed("failed", f"What answers is not BigQuery, or is not well: HTTP status {status}.")
    raise _failure(status, error)


def _failure(status: int, error: Mapping[str, Any]) -> DriverFailed:
    details = [*error.get("errors", []), *error.get("details", [])]
    reasons = [str(detail.get("reason")) for detail in details if isinstance(detail, dict)]
    message = str(error.get("message", f"HTTP status {status}"))[:1_000]
    if status == 401:
        return DriverFailed("authentication", f"Google does not accept the access token: {message}")
    if "ACCESS_TOKEN_SCOPE_INSUFFICIENT" in reasons or "insufficientPermissions" in reasons:
        return ScopeMissing("forbidden", message)
    kinds = [_KINDS[reason] for reason in reasons if reason in _KINDS]
    # Other reasons with 403 are of quotas and rates: https://cloud.google.com/bigquery/docs/error-messages
    is_quota = any("quota" in reason.lower() or "rate" in reason.lower() for reason in reasons)
    kind = "failed" if is_quota else kinds[0] if kinds else _OF_STATUS.get(status, "failed")
    return DriverFailed(kind, message)
