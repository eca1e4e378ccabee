"""Connector specs and connections on the wire."""

from typing import Annotated, Any, Literal

from pydantic import MISSING, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from cowork_desktop.schemas.base import (
    VISIBLE,
    Body,
    LongLimit,
    Name,
    Offset,
    Pattern,
    Query,
    QueryText,
    Schema,
    Timestamp,
)

SPEC_ID = r"^[a-z0-9]+(-[a-z0-9]+)*$"
FIELD_KEY = r"^[a-z][a-z0-9_]*$"

AuthType = Literal["credentials", "oauth2"]
Category = Literal["database", "storage", "work", "mail", "web", "mcp"]
Use = Literal["sql", "query", "http", "email", "mcp"]
"""What a connection is for: `sql`: queries in SQL; `query`: queries in a language of its own; `http`:
requests to its API; `email`: sending mail; `mcp`: the tools of its server."""
Access = Literal["read", "write"]
ConnectionStatus = Literal["connected", "error", "pending"]
FieldType = Literal["text", "number", "boolean", "multiline", "choice"]

_LONGEST_VALUE = 100_000


def _plain(value: Any) -> Any:
    if not isinstance(value, str | bool | int):
        raise PydanticCustomError("field_value", "Input should be a text, a whole number, true or false")
    if isinstance(value, str) and (len(value) > _LONGEST_VALUE or "\0" in value):
        raise PydanticCustomError(
            "field_value", "Input should have at most 100000 characters, and no NUL character"
        )
    return value


_VALUE_TYPES: list[Any] = [
    {"type": "string", "maxLength": _LONGEST_VALUE},
    {"type": "boolean"},
    {"type": "integer"},
]
Value = Annotated[Any, BeforeValidator(_plain), WithJsonSchema({"anyOf": _VALUE_TYPES})]
"""Of one field."""
PatchedValue = Annotated[
    Any,
    BeforeValidator(lambda value: None if value is None else _plain(value)),
    WithJsonSchema({"anyOf": [*_VALUE_TYPES, {"type": "null"}]}),
]
FieldKey = Annotated[
    str,
    StringConstraints(max_length=64),
    Pattern(FIELD_KEY, "String should have small letters, digits and underscores alone"),
]
Credentials = Annotated[dict[FieldKey, Value], Field(max_length=100)]


class SpecField(Schema):
    """One field of what a connection needs."""

    key: str
    label: str
    secret: bool
    """Kept in the keyring, and never shown again."""
    required: bool
    type: FieldType
    default: str | int | bool | None
    choices: list[str]
    """Of the type `choice`: what it can be."""
    help: str
    """Where it is found, or what it should look like; may be empty."""
    advanced: bool
    """Few need it: it stands in `methods` alone, not in the spec's own `fields`."""


class SpecMethod(Schema):
    """One way into a service."""

    id: str
    name: str
    auth_type: AuthType
    provider: str | None
    """Of `oauth2`: whose OAuth client is to be set in the settings."""
    fields: list[SpecField]


class ConnectorSpec(Schema):
    """A kind of connection."""

    id: str
    name: str
    description: str
    auth_type: AuthType
    """Of the first of its methods, as are the fields."""
    fields: list[SpecField]
    category: Category
    use: Use
    docs_url: str
    methods: list[SpecMethod]
    """The ways in; a connection names one, or takes the first."""
    missing: str | None
    """How to get what has to be installed for it first; null: nothing."""


class Connection(Schema):
    """A data source that is set up. Its credentials are never returned."""

    id: str
    spec_id: str
    name: str
    status: ConnectionStatus
    """`pending` until its first test has ended."""
    method: str
    access: Access
    """Whether the agent can only read there, or also, asking each time, write."""
    error: str | None
    """Why the last test failed, and what to do."""
    server: str | None
    """What answered the last test, such as `PostgreSQL 17.2`."""
    created_at: Timestamp
    updated_at: Timestamp
    tested_at: Timestamp | None


class ConnectionCreate(Body):
    spec_id: Annotated[str, StringConstraints(max_length=64)]
    """The connector spec to use (e.g. `postgres`)."""
    name: Name
    """Human-readable label for this connection."""
    credentials: Credentials
    """The fields that the spec defines. Secret ones go to the OS keyring and are never returned."""
    method: Annotated[str, StringConstraints(max_length=64)] | None = None
    """Which of the spec's methods; null: the first that takes credentials."""
    access: Access = "read"


class ConnectionPatch(Body):
    name: Name | MISSING = MISSING
    credentials: Annotated[dict[FieldKey, PatchedValue], Field(max_length=100)] | MISSING = MISSING
    """The fields that change; null takes one out. The others stay."""
    access: Access | MISSING = MISSING


class ConnectionQuery(Query):
    spec_id: QueryText | None = None
    """Filter by connector type (e.g. `postgres`)."""
    limit: LongLimit = 50
    offset: Offset = 0


class SpecQuery(Query):
    q: QueryText | None = None
    """Words of its name, description or category."""
    category: Category | None = None


class OAuthQuery(Query):
    name: QueryText | None = None
    """What the connection is to be called; the spec's name otherwise."""
    connection_id: QueryText | None = None
    """Sign in anew for this connection, instead of making one."""
    access: Access = "read"
    """Of a connection that is made."""


class OAuthStart(Schema):
    redirect_url: str
    """Where the user's browser is to be sent."""
    state: str
    expires_at: Timestamp


class OAuthClient(Schema):
    """Who Cowork is to a provider of OAuth."""

    provider: str
    name: str
    client_id: str | None
    """Null: not set; nobody can sign in there."""
    has_secret: bool
    redirect_uri: str
    """What the provider is to be told where the client is registered."""
    docs_url: str
    """Where a client is registered."""


class OAuthClientPut(Body):
    client_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), VISIBLE]
    client_secret: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000), VISIBLE]
        | None
    ) = None
    """Goes to the OS keyring and is never shown again. Null: the provider takes public clients."""


class CatalogColumn(Schema):
    name: str
    type: str
    """As the service calls it."""
    is_nullable: bool | None = None
    """Null: not known."""
    key: str | None = None
    """`primary`, or what a foreign key refers to, such as `orders.id`."""
    comment: str | None = None


class CatalogTable(Schema):
    """A table, a view, a collection, a mail folder: what can be read from."""

    name: str
    """As a query names it, with its schema where that is needed."""
    kind: str
    columns: list[CatalogColumn] = []
    rows: int | None = None
    """About how many; null: not known."""
    comment: str | None = None


class Catalog(Schema):
    """What there is in a connection."""

    tables: list[CatalogTable]
    is_complete: bool
    """False: there are more than these."""
    notes: str | None = None
    """How it is asked."""


class ConnectionTool(Schema):
    """A tool of an MCP server."""

    name: str
    description: str
    input_schema: dict[str, object]
    status: Literal["accepted", "new", "changed", "gone"]
    """Against what the user has accepted: only `accepted` ones can be called. What the server offers at a
    connection's first test counts as accepted."""


class ConnectionTools(Schema):
    tools: list[ConnectionTool]
