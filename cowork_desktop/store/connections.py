"""SQL of connections, and of the names that their secrets have in the keyring."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cowork_desktop.errors import InvalidRequest, NotFound
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.connectors import Access, Connection, ConnectionQuery, ConnectionStatus
from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import conditions, expressions, json_object, page, timestamp, to_json, update

_FIELDS = expressions(
    Connection,
    created_at=timestamp("created_at"),
    updated_at=timestamp("updated_at"),
    tested_at=timestamp("tested_at"),
)
_COLUMNS = ", ".join(_FIELDS.values())
_JSON = json_object(_FIELDS)
_STORED = "fields, secret_name, secret_keys, revision, tools"


@dataclass(frozen=True)
class Stored:
    """A connection with what is needed to open it, but for its secrets."""

    connection: Connection
    fields: Mapping[str, str | int | bool]
    """Those that are not secret."""
    secret_name: str | None
    secret_keys: Sequence[str]
    """Which fields the keyring has under that name."""
    revision: int
    tools: Sequence[Mapping[str, Any]] | None
    """The tools of an MCP server that the user accepted; None where nothing was listed yet."""


@dataclass(frozen=True)
class Tested:
    """What a test has found."""

    status: ConnectionStatus
    error: str | None = None
    server: str | None = None
    tools: Sequence[Mapping[str, Any]] | None = None
    """What the server offers; counts as accepted where nothing was yet."""


def list_(tx: Tx, query: ConnectionQuery) -> Encoded[Page[Connection]]:
    """Newest first."""
    where, values = conditions(spec_id=query.spec_id)
    rows = tx.execute(
        f"SELECT {_JSON} FROM connections WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?",
        (*values, query.limit, query.offset),
    ).fetchall()
    [total] = tx.execute(f"SELECT count(*) FROM connections WHERE {where}", values).fetchone()
    return page((json for (json,) in rows), total=total, has_more=query.offset + len(rows) < total)


def get(tx: Tx, id: str) -> Connection:
    return stored(tx, id).connection


def stored(tx: Tx, id: str) -> Stored:
    row = tx.execute(f"SELECT {_COLUMNS}, {_STORED} FROM connections WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise NotFound.of("connection", id)
    return _stored(row)


def in_reach(tx: Tx, conversation_id: str) -> list[Stored]:
    """Those that may be used in a conversation, oldest first: its project's, or all where it has no
    project."""
    rows = tx.execute(
        f"SELECT {_COLUMNS}, {_STORED} FROM connections WHERE ("
        "SELECT project_id IS NULL OR EXISTS ("
        "SELECT 1 FROM projects, json_each(projects.connector_ids) listed"
        " WHERE projects.id = conversations.project_id AND listed.value = connections.id)"
        " FROM conversations WHERE conversations.id = ?) ORDER BY id",
        (conversation_id,),
    )
    return [_stored(row) for row in rows]


def need_recovery(tx: Tx) -> bool:
    """Whether an earlier process has left something to be cleared or tested."""
    return bool(loose_secrets(tx) or untested(tx))


def untested(tx: Tx) -> list[str]:
    return [id for (id,) in tx.execute("SELECT id FROM connections WHERE status = 'pending' ORDER BY id")]


def check(tx: Tx, ids: Iterable[str], param: str = "body.connector_ids") -> None:
    """Refuse ids in a body that no connection has."""
    for id in ids:
        if not tx.execute("SELECT 1 FROM connections WHERE id = ?", (id,)).fetchone():
            raise InvalidRequest.unknown_reference(param, "connection", id)


def create(
    tx: Tx,
    id: str,
    now: int,
    *,
    spec_id: str,
    name: str,
    method: str,
    access: Access,
    fields: Mapping[str, Any],
    secret_name: str | None,
    secret_keys: Sequence[str],
) -> Connection:
    tx.execute(
        "INSERT INTO connections VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, 'pending', NULL, NULL, NULL, ?, ?, NULL)",
        (
            id,
            spec_id,
            name,
            method,
            access,
            to_json(fields),
            secret_name,
            to_json(secret_keys),
            now,
            now,
        ),
    )
    settle_secret(tx, secret_name)
    return get(tx, id)


def patch(tx: Tx, id: str, now: int, changes: Mapping[str, Any], known: Stored) -> Connection | None:
    """Change columns of the connection as it is known, which is to be tested anew where it would be reached
    in another way; None where it, or its secrets, are others by now. The old secrets become loose ones."""
    before, revision = stored(tx, id), known.revision
    if (before.revision, before.secret_name) != (revision, known.secret_name):
        return None
    values = {
        name: value if name in ("name", "access", "secret_name", "method") else to_json(value)
        for name, value in changes.items()
    }
    if changes.keys() - {"name"}:
        values |= {"revision": revision + 1}
    if changes.keys() & {"fields", "secret_name", "method"}:
        values |= {"status": "pending", "error": None, "server": None}
    if values:
        update(tx, "connections", id, values | {"updated_at": now}, condition="1")
    if "secret_name" in changes:
        settle_secret(tx, changes["secret_name"])
        loosen(tx, before.secret_name)
    return get(tx, id)


def replace_secret(tx: Tx, id: str, before: str | None, after: str) -> bool:
    """The same secrets with fresh tokens; false where somebody else has changed them meanwhile."""
    done = tx.execute(
        "UPDATE connections SET secret_name = ? WHERE id = ? AND secret_name IS ?", (after, id, before)
    )
    if done.rowcount == 0:
        return False
    settle_secret(tx, after)
    loosen(tx, before)
    return True


def note_test(tx: Tx, id: str, now: int, revision: int, tested: Tested) -> Connection | None:
    """None where the connection is gone, or was changed since the test began."""
    changes: dict[str, Any] = {
        "status": tested.status,
        "error": tested.error,
        "server": tested.server,
        "tested_at": now,
    }
    if not update(tx, "connections", id, changes, condition=f"revision = {int(revision)}"):
        return None
    if tested.tools is not None:
        tx.execute(
            "UPDATE connections SET tools = ? WHERE id = ? AND tools IS NULL", (to_json(tested.tools), id)
        )
    return get(tx, id)


def accept_tools(tx: Tx, id: str, now: int, tools: Sequence[Mapping[str, Any]]) -> Connection:
    update(tx, "connections", id, {"tools": to_json(tools), "updated_at": now}, condition="1")
    return get(tx, id)


def delete(tx: Tx, id: str, now: int) -> None:
    """Delete the connection, and take it out of the projects that name it. Its secrets become loose ones."""
    loosen(tx, stored(tx, id).secret_name)
    tx.execute("DELETE FROM connections WHERE id = ?", (id,))
    tx.execute(
        "UPDATE projects SET updated_at = ?, connector_ids = (SELECT json_group_array(value) FROM"
        " (SELECT value FROM json_each(connector_ids) WHERE value != ? ORDER BY key))"
        " WHERE EXISTS (SELECT 1 FROM json_each(connector_ids) WHERE value = ?)",
        (now, id, id),
    )


def loosen(tx: Tx, secret_name: str | None) -> None:
    """Note that the keyring may have something under this name which no row uses."""
    if secret_name is not None:
        tx.execute("INSERT OR IGNORE INTO loose_secrets VALUES (?)", (secret_name,))


def loose_secrets(tx: Tx) -> list[str]:
    return [name for (name,) in tx.execute("SELECT name FROM loose_secrets")]


def is_loose(tx: Tx, name: str) -> bool:
    return tx.execute("SELECT 1 FROM loose_secrets WHERE name = ?", (name,)).fetchone() is not None


def settle_secret(tx: Tx, name: str | None) -> None:
    """It is loose no more: a row uses it, or it is gone from the keyring."""
    tx.execute("DELETE FROM loose_secrets WHERE name = ?", (name,))


def secret_names(tx: Tx) -> list[str]:
    """All that the keyring has for connections and OAuth clients."""
    rows = tx.execute(
        "SELECT secret_name FROM connections WHERE secret_name IS NOT NULL"
        " UNION SELECT secret_name FROM oauth_clients WHERE secret_name IS NOT NULL"
        " UNION SELECT name FROM loose_secrets"
    )
    return [name for (name,) in rows]


def _stored(row: tuple[Any, ...]) -> Stored:
    *columns, fields, secret_name, secret_keys, revision, tools = row
    return Stored(
        Connection(**dict(zip(_FIELDS, columns, strict=True))),
        json.loads(fields),
        secret_name,
        json.loads(secret_keys),
        revision,
        json.loads(tools) if tools else None,
    )
