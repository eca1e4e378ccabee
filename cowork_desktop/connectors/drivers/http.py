"""Drives APIs over HTTP, as their specs describe them.

`options` of a spec:

- `base_url`: `https://api.github.com`. May name fields that are not secret: `https://{domain}.atlassian.net`,
  `{base_url}`, `{base_url}/api/v4`. What stands first is a whole address, all else a part of a host or path.
- `also`: further base URLs. A request's path may be a whole URL below one of them, or below `base_url`.
- `name`: what the API is called; else the host is named.
- `headers`: constant headers, such as `{"Notion-Version": "2022-06-28"}`. A caller can replace those that
  callers may set (`http_asked.py`), no others.
- `allowed_headers`: further headers that a caller may set, such as `["Dropbox-API-Arg"]`.
- `probe`: the request that shows whether the credentials are good: `method` (GET), `path` (may name fields,
  as `{field}`), `body` (JSON), `name` (where the account's name stands in the answer: `["user", "login"]`),
  `ok` (`{"path": ["ok"], "equals": true}`, for APIs that answer 200 in any case). Without it `GET /`, where
  anything but 401, 403 and 5xx will do.
- `reads`: what changes nothing, as `METHOD PATH`; `*` stands for anything, slashes too. Absent:
  `["GET *", "HEAD *"]`.
- `graphql`: the path of a GraphQL endpoint: there a query is a read, a mutation is none.
- `notes`: for the agent: what to ask and how.

`auth` of a method:

- `{"type": "none"}`
- `{"type": "bearer", "field": "token"}`
- `{"type": "basic", "user": "email", "password": "token"}`, or one of the two
- `{"type": "header", "header": "X-API-Key", "field": "key", "prefix": ""}`; with `header_field` a field names
  the header
- `{"type": "query", "parameter": "api_key", "field": "key"}`
- `{"type": "oauth2"}`: `access_token` as Bearer
- `{"type": "sigv4", "service": "s3"}`: the fields `access_key_id`, `secret_access_key`, `region`, and maybe
  `session_token`

The field `insecure` allows http:// to hosts other than this one.
"""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cowork_desktop.clock import Clock, SystemClock
from cowork_desktop.connectors.drivers.driver import ApiAnswer, ApiRequest, DriverFailed, Target
from cowork_desktop.connectors.drivers.http_answers import at, check_status, one_line, told, words_of
from cowork_desktop.connectors.drivers.http_asked import Asked, asked
from cowork_desktop.connectors.drivers.http_reads import is_read
from cowork_desktop.connectors.drivers.http_sending import Sending
from cowork_desktop.connectors.drivers.http_urls import bases, filled_path
from cowork_desktop.schemas.connectors import Catalog

_PROBE_SECONDS = 15.0


@dataclass(frozen=True)
class HttpDriver:
    """`tls`: whom to trust in the system's stead; for tests."""

    clock: Clock
    tls: ssl.SSLContext | None = None

    async def probe(self, target: Target) -> str:
        base = bases(target)[0]
        host, probe = base.host_port_subcomponent or "", target.options.get("probe")
        if probe is None:
            answer = await self._sent(target, asked(target, ApiRequest("GET", "/")), _PROBE_SECONDS)
            if answer.status in (401, 403) or answer.status >= 500:
                check_status(answer, host)
            return str(target.options.get("name", host))
        answer = await self._sent(target, asked(target, _request(target, probe)), _PROBE_SECONDS)
        check_status(answer, host)
        return _answerer(target, host, probe, told(answer))

    async def catalog(self, target: Target) -> Catalog:
        """An API has no tables; its notes say what there is."""
        bases(target)
        return Catalog(tables=[], is_complete=True, notes=target.options.get("notes"))

    def is_read(self, target: Target, request: ApiRequest) -> bool:
        return is_read(target.options, asked(target, request))

    async def request(self, target: Target, request: ApiRequest, *, seconds: float) -> ApiAnswer:
        made = asked(target, request)
        if target.access == "read" and not is_read(target.options, made):
            raise DriverFailed(
                "not_allowed",
                f"{made.method} {made.place.path} may change something, and this connection is for reading.",
            )
        return await self._sent(target, made, seconds)

    async def _sent(self, target: Target, made: Asked, seconds: float) -> ApiAnswer:
        return await Sending(target, self.clock.now, self.tls).send(made, seconds)


def _request(target: Target, probe: Mapping[str, Any]) -> ApiRequest:
    body = json.dumps(probe["body"]).encode() if "body" in probe else None
    return ApiRequest(probe.get("method", "GET"), filled_path(target, probe["path"]), body=body)


def _answerer(target: Target, host: str, probe: Mapping[str, Any], answered: Any) -> str:
    """Who answers, and as whom. Raises DriverFailed where the answer says that it is no."""
    if (ok := probe.get("ok")) and at(answered, ok["path"]) != ok["equals"]:
        said = words_of(answered) or "no reason"
        raise DriverFailed("authentication", f"{host} does not accept these credentials: {said}.")
    account = at(answered, probe.get("name", [])) if probe.get("name") else None
    server = str(target.options.get("name", host))
    is_shown = isinstance(account, (str, int)) and not isinstance(account, bool) and str(account).strip()
    return f"{server} as {one_line(str(account))}" if is_shown else server


DRIVER = HttpDriver(SystemClock())
