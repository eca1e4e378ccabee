"""What a driver is: how one kind of service is reached, and the few things that can be asked of it.

A driver keeps no state of its own, logs nothing that it is given, and raises `DriverFailed` and nothing else
for what may go wrong at the other end. What it raises and returns is masked by `connectors/live.py` before
anybody sees it.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from cowork_desktop.schemas.connectors import Access, Catalog

BATCH_ROWS = 1_000
"""Of a result at a time, at most."""
Row = Sequence[Any]
"""Of None, bool, int, float, Decimal, str, bytes, date, time, datetime, timedelta, UUID, list and dict."""

FailureKind = Literal[
    "refused",  # nobody listens there
    "unknown_host",
    "unreachable",  # no way to it, or it went away
    "timeout",
    "tls",
    "authentication",  # wrong user, password, key, token
    "forbidden",  # these credentials may not do this
    "not_found",  # no such database, table, file
    "missing_library",
    "not_allowed",  # a read-only connection, or what no connection may do
    "bad_query",  # the service does not understand it
    "failed",
]


class DriverFailed(Exception):
    """`message`: for people, with what to do about it; no traceback, no credentials."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


@dataclass(frozen=True)
class Target:
    """One connection, as its driver is given it."""

    settings: Mapping[str, str | int | bool]
    """The fields that are not secret, with defaults filled in."""
    secrets: Mapping[str, str] = field(repr=False)
    """The secret ones. Of OAuth `access_token`, which is fresh."""
    access: Access
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the spec tells its driver."""
    method: Mapping[str, Any] = field(default_factory=dict)
    """What the spec tells the driver of the way in: `auth`, for one."""

    def text(self, key: str, default: str = "") -> str:
        """A field, secret or not, as text."""
        value = self.secrets.get(key, self.settings.get(key))
        return default if value is None or value == "" else str(value)

    def number(self, key: str, default: int) -> int:
        """Raises DriverFailed where it is no whole number."""
        text = self.text(key)
        if not text:
            return default
        if not (text.isascii() and text.isdigit()):
            raise DriverFailed("failed", f"The field {key} should be a whole number.")
        return int(text)

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.settings.get(key, default)
        return value if isinstance(value, bool) else str(value).lower() in ("true", "1", "yes", "on")


@dataclass(frozen=True)
class Column:
    name: str
    type: str = ""
    """As the service calls it; may be empty."""


@dataclass(frozen=True)
class Result:
    """What a query gives."""

    columns: Sequence[Column]
    """None: it gives no rows."""
    batches: AsyncIterator[Sequence[Row]]
    """Rows as they come, at most BATCH_ROWS at a time. The whole of a result is never held. May raise
    DriverFailed."""
    affected: int | None = None
    """How many rows a statement changed, where it changes some."""


class Driver(Protocol):
    """Each call opens what it needs and leaves nothing open. A caller that is cancelled, or leaves the
    context of a result before its end, ends the work at the other end as well."""

    async def probe(self, target: Target) -> str:
        """Sign in and look around; returns what answers, such as `PostgreSQL 17.2`. Raises DriverFailed."""

    async def catalog(self, target: Target) -> Catalog:
        """Raises DriverFailed."""


class Queries(Driver, Protocol):
    """A driver that can be queried."""

    def query(self, target: Target, query: str, *, seconds: float) -> AbstractAsyncContextManager[Result]:
        """Run one query, for at most so long. With `access: read` nothing it says can change anything, by the
        parser and by the service's own means. Entering and iterating raise DriverFailed."""

    def is_read(self, target: Target, query: str) -> bool:
        """Whether the query changes nothing, as far as can be told without asking. Raises DriverFailed where
        it cannot be run on this target: with `access: read` all that is no read."""

    def sample(self, target: Target, table: str, rows: int) -> str:
        """The query that reads a table's first rows; `table` as the catalog names it."""


@dataclass(frozen=True)
class ApiRequest:
    method: str
    path: str
    """Below the connection's base URL, beginning with `/`; or a whole URL below one of those that the spec
    names beside it."""
    query: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class ApiAnswer:
    status: int
    headers: Mapping[str, str]
    """Those that say something of the content, of pages and of limits; by small names."""
    body: bytes
    is_cut: bool
    """The body goes on; this is its beginning."""


class Requests(Driver, Protocol):
    """A driver of an API over HTTP."""

    def is_read(self, target: Target, request: ApiRequest) -> bool:
        """Whether the request changes nothing, as far as the spec knows. Raises DriverFailed for one that
        cannot be made."""

    async def request(self, target: Target, request: ApiRequest, *, seconds: float) -> ApiAnswer:
        """Any status is an answer. Raises DriverFailed."""


@dataclass(frozen=True)
class Attachment:
    name: str
    mime_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Mail:
    to: Sequence[str]
    cc: Sequence[str]
    bcc: Sequence[str]
    subject: str
    text: str
    html: str | None = None
    reply_to: str | None = None
    attachments: Sequence[Attachment] = ()


class Sends(Driver, Protocol):
    """A driver that sends mail."""

    async def send(self, target: Target, mail: Mail) -> str:
        """Hand the mail to the server for all its recipients, or for none; returns its Message-ID. Raises
        DriverFailed."""


@dataclass(frozen=True)
class ToolDefinition:
    """A tool as an MCP server defines it."""

    name: str
    description: str
    input_schema: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """What changes when anything of the definition does."""
        told = [self.name, self.description, self.input_schema]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class ToolImage:
    mime_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class ToolAnswer:
    text: str
    images: Sequence[ToolImage] = ()
    is_error: bool = False


class ToolSession(Protocol):
    """A server that runs, or a session with it, for as long as its context is open."""

    async def tools(self) -> Sequence[ToolDefinition]:
        """All that it offers now. Raises DriverFailed."""

    async def call(self, name: str, arguments: Mapping[str, Any], *, seconds: float) -> ToolAnswer:
        """Raises DriverFailed. A caller that is cancelled cancels the call at the server."""

    @property
    def is_alive(self) -> bool: ...


class OffersTools(Driver, Protocol):
    """A driver of MCP servers: https://modelcontextprotocol.io/specification."""

    def session(self, target: Target) -> AbstractAsyncContextManager[ToolSession]:
        """Entering raises DriverFailed."""
