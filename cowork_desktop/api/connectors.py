"""Handlers of connectors: specs, connections, and signing in."""

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.api.connector_pages import ended_page, place_in_app
from cowork_desktop.errors import (
    Conflict,
    ConnectorFailed,
    CoworkError,
    InvalidRequest,
    NotConfigured,
    NotFound,
)
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.schemas.base import Encoded, Page
from cowork_desktop.schemas.connectors import (
    Catalog,
    Connection,
    ConnectionCreate,
    ConnectionPatch,
    ConnectionQuery,
    ConnectionTools,
    ConnectorSpec,
    OAuthClient,
    OAuthClientPut,
    OAuthQuery,
    OAuthStart,
    SpecQuery,
)
from cowork_desktop.store import connections

if TYPE_CHECKING:
    from cowork_desktop.connectors.connectors import Connectors

endpoints = Endpoints("/api/v1/connectors", tag="Connectors")
of_settings = Endpoints("/api/v1/settings/oauth-clients", tag="Settings")
callback = Endpoints("/api/v1/connectors/oauth", tag="Pages")


async def _of(request: web.Request) -> "Connectors":
    return await request.app[keys.CONNECTORS].get()


@endpoints.get("/specs")
async def list_connector_specs(request: web.Request, query: SpecQuery) -> Page[ConnectorSpec]:
    """List available connector specs.

    By name; `q` looks for words in id, name, description and category.
    """
    specs = await asyncio.to_thread((await _of(request)).specs.found, query.q, query.category)
    return Page(data=specs, total=len(specs), has_more=False)


@endpoints.get("/specs/{spec_id}", errors=(NotFound,))
async def get_connector_spec(request: web.Request, spec_id: str) -> ConnectorSpec:
    """Get a connector spec."""
    return await asyncio.to_thread((await _of(request)).specs.one, spec_id)


@endpoints.get("/connections")
async def list_connections(request: web.Request, query: ConnectionQuery) -> Encoded[Page[Connection]]:
    """List active connections.

    Newest first.
    """
    return await request.app[keys.DB].scan(connections.list_, query)


@endpoints.post("/connections", errors=(NotConfigured,))
async def create_connection(request: web.Request, body: ConnectionCreate) -> Connection:
    """Create a connection.

    It is `pending` until its test, which starts at once, has ended. Secret fields go to the OS keyring.
    """
    return await (await _of(request)).connections.create(body)


@endpoints.get("/connections/{connection_id}", errors=(NotFound,))
async def get_connection(request: web.Request, connection_id: str) -> Connection:
    """Get a connection."""
    return await request.app[keys.DB].read(connections.get, connection_id)


@endpoints.patch("/connections/{connection_id}", errors=(NotFound, Conflict, NotConfigured))
async def update_connection(request: web.Request, connection_id: str, body: ConnectionPatch) -> Connection:
    """Update a connection.

    Credentials that are not named stay as they are. It is tested anew where they change.
    """
    return await (await _of(request)).connections.patch(connection_id, body)


@endpoints.delete("/connections/{connection_id}", errors=(NotFound,))
async def delete_connection(request: web.Request, connection_id: str) -> None:
    """Remove a connection.

    Its credentials leave the keyring, and projects that name it name it no more.
    """
    await (await _of(request)).connections.delete(connection_id)


@endpoints.post("/connections/{connection_id}/test", status=200, errors=(NotFound,))
async def test_connection(request: web.Request, connection_id: str) -> Connection:
    """Test a connection.

    Answers when the test has ended, after 15 seconds at most: `status`, `error` and `server` tell how.
    """
    return await (await _of(request)).connections.test(connection_id)


@endpoints.get("/connections/{connection_id}/catalog", errors=(NotFound, ConnectorFailed))
async def get_connection_catalog(request: web.Request, connection_id: str) -> Catalog:
    """Tell what there is in a connection.

    Its tables with their columns, its collections, its mail folders.
    """
    return await (await _of(request)).connections.catalog(connection_id)


@endpoints.get("/connections/{connection_id}/tools", errors=(NotFound, InvalidRequest, ConnectorFailed))
async def list_connection_tools(request: web.Request, connection_id: str) -> ConnectionTools:
    """List the tools of an MCP server.

    What it offers now, against what was accepted: a tool that has changed since cannot be called.
    """
    return await (await _of(request)).server_tools.listing(connection_id)


@endpoints.post(
    "/connections/{connection_id}/tools/accept",
    status=200,
    errors=(NotFound, InvalidRequest, ConnectorFailed),
)
async def accept_connection_tools(request: web.Request, connection_id: str) -> ConnectionTools:
    """Accept the tools of an MCP server as they are now.

    The connection is tested after that.
    """
    connectors = await _of(request)
    tools = await connectors.server_tools.accept(connection_id)
    await connectors.connections.test(connection_id)
    return tools


@endpoints.get("/oauth/{spec}/start", errors=(NotFound, NotConfigured))
async def start_oauth(request: web.Request, spec: str, query: OAuthQuery) -> OAuthStart:
    """Start OAuth 2.0 flow.

    Send the user's browser to `redirect_url` within 10 minutes. What it brings back makes a connection, or,
    with `connection_id`, gives that one fresh tokens.
    """
    return await (await _of(request)).signing_in.start(spec, query)


@callback.get("/callback", is_listed=False, is_page=True, is_open=True)
async def finish_oauth(request: web.Request) -> web.Response:
    """Take what the provider sends the user's browser back with, and show how that ended."""
    if request.method == "HEAD":  # nobody came back
        return ended_page(200, "Signing in", "")
    given, signing_in = request.query, (await _of(request)).signing_in
    state = given.get("state", "")
    known = signing_in.pending.connection_of(state)
    try:
        connection = await signing_in.finish(state, given.get("code"), given.get("error"))
    except CoworkError as error:
        return ended_page(error.status, "Signing in did not work", error.message, _back(request, known))
    words = f"“{connection.name}” is set up. You can close this window."
    return ended_page(200, "You are signed in", words, _back(request, connection.id))


def _back(request: web.Request, connection_id: str | None) -> str | None:
    """Where the page's link leads to; None where there is no shell that would open it."""
    return place_in_app(connection_id) if request.app[keys.SHELL].is_connected else None


@of_settings.get()
async def list_oauth_clients(request: web.Request) -> Page[OAuthClient]:
    """List the providers of OAuth, and who Cowork is to each."""
    clients = await (await _of(request)).signing_in.clients()
    return Page(data=clients, total=len(clients), has_more=False)


@of_settings.put("/{provider}", status=200, errors=(NotFound, NotConfigured))
async def put_oauth_client(request: web.Request, provider: str, body: OAuthClientPut) -> OAuthClient:
    """Set the OAuth client with which people sign in at a provider.

    Its secret goes to the OS keyring and is never given back. One that is not named here is taken away.
    """
    return await (await _of(request)).signing_in.put_client(provider, body)


@of_settings.delete("/{provider}", errors=(NotFound,))
async def delete_oauth_client(request: web.Request, provider: str) -> None:
    """Remove the OAuth client of a provider.

    Connections that were made with it work until their tokens are over.
    """
    await (await _of(request)).signing_in.delete_client(provider)
