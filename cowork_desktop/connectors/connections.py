"""Connections: made, changed, tested, deleted, and opened for a conversation that may reach them."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from cowork_desktop.clock import Clock
from cowork_desktop.connectors.drivers.driver import DriverFailed
from cowork_desktop.connectors.fields import Parted, parted
from cowork_desktop.connectors.live import Live, told_as_errors
from cowork_desktop.connectors.opening import Opening
from cowork_desktop.connectors.server_tools import ServerTools, accepted, drift
from cowork_desktop.connectors.specs import MethodData, SpecData, Specs
from cowork_desktop.connectors.vault import Vault
from cowork_desktop.errors import Conflict, ConnectorFailed, CoworkError, InvalidRequest, NotFound
from cowork_desktop.ids import Ids
from cowork_desktop.notifications import Notifications
from cowork_desktop.schemas.connectors import (
    Access,
    Catalog,
    Connection,
    ConnectionCreate,
    ConnectionPatch,
)
from cowork_desktop.schemas.notifications import ConnectionChanged, ConnectionDeleted
from cowork_desktop.store import connections
from cowork_desktop.store.connections import Stored, Tested
from cowork_desktop.store.database import Database
from cowork_desktop.tasks import Tasks, wholly

_TEST_SECONDS = 15.0
_CATALOG_SECONDS = 60.0
_TOO_LONG = (
    f"Nothing answered within {_TEST_SECONDS:g} s. Look at the address, and whether a firewall is in between."
)
_CHANGED = "The connection was changed by somebody else meanwhile. Try again."


class Connections:
    def __init__(
        self,
        db: Database,
        specs: Specs,
        vault: Vault,
        opening: Opening,
        server_tools: ServerTools,
        notifications: Notifications,
        clock: Clock,
        ids: Ids,
        tasks: Tasks,
    ) -> None:
        self._db, self._specs, self._vault, self._opening = db, specs, vault, opening
        self._server_tools, self._notifications = server_tools, notifications
        self._clock, self._ids, self._tasks = clock, ids, tasks

    async def recover(self) -> None:
        """Go on with what an earlier process left: secrets to be cleared, and tests that did not end."""
        await self._vault.clear()
        for id in await self._db.read(connections.untested):
            self._start_test(id)

    async def create(self, body: ConnectionCreate) -> Connection:
        """Its test starts at once. Raises InvalidRequest, and NotConfigured where there is nowhere to keep
        secrets."""
        spec = await self.spec(body.spec_id)
        method = _method(spec, body.method)
        given = parted(method, body.credentials)
        return await self.add(spec, method, body.name, body.access, given)

    async def add(
        self, spec: SpecData, method: MethodData, name: str, access: Access, given: Parted
    ) -> Connection:
        """Raises NotConfigured where there is nowhere to keep secrets."""
        return await wholly(self._add(spec, method, name, access, given))

    async def _add(
        self, spec: SpecData, method: MethodData, name: str, access: Access, given: Parted
    ) -> Connection:
        id = self._ids.new("conn")
        async with self._vault.new(f"connection/{id}", given.secrets) as secret_name:
            connection = await self._db.write(
                connections.create,
                id,
                self._clock.now(),
                spec_id=spec.id,
                name=name,
                method=method.id,
                access=access,
                fields=given.fields,
                secret_name=secret_name,
                secret_keys=sorted(given.secrets),
            )
        self._changed(connection)
        self._start_test(id)
        return connection

    async def patch(self, id: str, body: ConnectionPatch) -> Connection:
        """Raises NotFound, InvalidRequest, Conflict, and NotConfigured."""
        changes = body.model_dump()
        given = changes.pop("credentials", None)
        stored = await self._db.read(connections.stored, id)
        if given is None:
            return await wholly(self._patch(stored, changes, None))
        spec = await self.spec(stored.connection.spec_id)
        method = _method(spec, stored.connection.method)
        # Not beside a refresh of tokens: neither is to write back what the other has replaced.
        async with self._opening.tokens.changing(id):
            stored, before = await self._opening.tokens.now(id)
            keys = {field.key for field in method.fields}
            tokens = {key: secret for key, secret in before.items() if key not in keys}
            known = {**stored.fields, **before}
            kept = {key: value for key, value in known.items() if key in keys}
            merged = parted(method, {**kept, **given})
            changes |= {"fields": merged.fields}
            return await wholly(self._patch(stored, changes, {**tokens, **merged.secrets}))

    async def sign_in(self, id: str, method: MethodData, tokens: Mapping[str, str]) -> Connection:
        """Fresh tokens in the place of those that it had. Raises NotFound, and Conflict."""
        async with self._opening.tokens.changing(id):
            stored = await self._db.read(connections.stored, id)
            keys = {field.key for field in method.fields}
            kept = {key: value for key, value in stored.fields.items() if key in keys}
            return await wholly(self._patch(stored, {"method": method.id, "fields": kept}, tokens))

    async def _patch(
        self, stored: Stored, changes: dict[str, Any], secrets: Mapping[str, str] | None
    ) -> Connection:
        id = stored.connection.id
        if secrets is None:
            connection = await self._stored_patch(stored, changes)
        else:
            async with self._vault.new(f"connection/{id}", secrets) as name:
                changes |= {"secret_name": name, "secret_keys": sorted(secrets)}
                connection = await self._stored_patch(stored, changes)
        await self._vault.clear()
        if changes.keys() - {"name"}:
            await self._server_tools.sessions.drop(id)
        self._changed(connection)
        if connection.status == "pending":
            self._start_test(id)
        return connection

    async def _stored_patch(self, stored: Stored, changes: Mapping[str, Any]) -> Connection:
        now, id = self._clock.now(), stored.connection.id
        connection = await self._db.write(connections.patch, id, now, changes, stored)
        if connection is None:
            raise Conflict(_CHANGED)
        return connection

    async def delete(self, id: str) -> None:
        """Raises NotFound."""
        await wholly(self._delete(id))

    async def _delete(self, id: str) -> None:
        stored = await self._db.read(connections.stored, id)
        spec = (await asyncio.to_thread(lambda: self._specs.all)).get(stored.connection.spec_id)
        method = spec.method(stored.connection.method) if spec else None
        tokens: Mapping[str, str] = {}
        if method and method.oauth:
            with suppress(CoworkError):
                tokens = await self._vault.get(stored.secret_name)
        await self._db.write(connections.delete, id, self._clock.now())
        self._notifications.tell(ConnectionDeleted, connection_id=id)
        await self._server_tools.sessions.drop(id)
        await self._vault.clear()
        if method and tokens:
            self._tasks.start(self._opening.tokens.revoke(method, tokens), name="revocation")

    async def test(self, id: str) -> Connection:
        """Try it now; returns it as that ended. Raises NotFound."""
        stored = await self._db.read(connections.stored, id)
        tested = await self._tested(stored)
        connection = await self._db.write(
            connections.note_test, id, self._clock.now(), stored.revision, tested
        )
        if connection is None:
            return await self._db.read(connections.get, id)
        self._changed(connection)
        return connection

    async def catalog(self, id: str) -> Catalog:
        """What there is in it. Raises NotFound, and ConnectorFailed."""
        stored = await self._db.read(connections.stored, id)
        try:
            with told_as_errors():
                async with asyncio.timeout(_CATALOG_SECONDS):
                    return await (await self._opening.open(stored)).catalog()
        except TimeoutError:
            raise ConnectorFailed(f"It did not tell within {_CATALOG_SECONDS:g} s what there is.") from None

    async def spec(self, id: str) -> SpecData:
        """Raises InvalidRequest."""
        spec = (await asyncio.to_thread(lambda: self._specs.all)).get(id)
        if spec is None:
            raise InvalidRequest.unknown_reference("body.spec_id", "connector spec", id)
        return spec

    def _start_test(self, id: str) -> None:
        async def test() -> None:
            with suppress(NotFound):
                await self.test(id)

        self._tasks.start(test(), name="test of a connection")

    async def _tested(self, stored: Stored) -> Tested:
        try:
            async with asyncio.timeout(_TEST_SECONDS):
                live = await self._opening.open(stored)
                if live.use == "mcp":
                    return await self._server_tested(stored, live)
                return Tested("connected", server=await live.probe())
        except DriverFailed as error:
            return Tested("error", error=error.message)
        except TimeoutError:
            return Tested("error", error=_TOO_LONG)

    async def _server_tested(self, stored: Stored, live: Live) -> Tested:
        offered = await self._server_tools.offered(stored, live)
        if stored.tools is not None and (differs := drift(accepted(stored), offered)):
            return Tested("error", error=differs)
        count = f"{len(offered)} tool{'' if len(offered) == 1 else 's'}"
        server = f"{await self._server_tools.server(stored, live)} ({count})"
        return Tested("connected", server=server, tools=[asdict(one) for one in offered])

    def _changed(self, connection: Connection) -> None:
        self._notifications.tell(ConnectionChanged, connection=connection)


def _method(spec: SpecData, id: str | None) -> MethodData:
    """The way in that is named, or the first one that takes credentials. Raises InvalidRequest."""
    if id is None:
        found = next((method for method in spec.methods if method.oauth is None), None)
    else:
        found = spec.method(id)
    if found is None and id is not None:
        raise InvalidRequest.unknown_reference("body.method", "method", id)
    if found is None:
        words = f"For {spec.name} somebody signs in: GET /connectors/oauth/{spec.id}/start."
        raise InvalidRequest.at("body.method", words, "sign_in")
    return found
