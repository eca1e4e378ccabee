"""The secrets of connections in the keyring: each under a name of its own that is never used again, so that
the row and the keyring agree whatever happens in between."""

import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from cowork_desktop.connectors.secrets import Secrets
from cowork_desktop.errors import CoworkError
from cowork_desktop.ids import random_id
from cowork_desktop.store import connections
from cowork_desktop.store.database import Database

logger = logging.getLogger(__name__)


class Vault:
    """A name is noted as loose before the keyring has anything under it, and until nothing is left there:
    what a crash leaves is cleared at the next start."""

    def __init__(self, db: Database, secrets: Secrets) -> None:
        self._db, self._secrets = db, secrets
        self._held = set[str]()
        """Names that are about to be used by a row."""

    @asynccontextmanager
    async def new(self, owner: str, values: Mapping[str, str]) -> AsyncIterator[str | None]:
        """Put secrets under a new name, which a row is to use before this ends; None where there are none.
        Raises NotConfigured where there is nowhere to keep them."""
        if not values:
            yield None
            return
        name = f"{owner}/{random_id('secret')}"
        self._held.add(name)
        try:
            await self._db.write(connections.loosen, name)
            await self._secrets.put(name, json.dumps(values, ensure_ascii=False))
            yield name
        finally:
            self._held.discard(name)

    async def get(self, name: str | None) -> dict[str, str]:
        """The secrets under a name; none where it is None, or where they are gone. Raises NotConfigured."""
        if name is None:
            return {}
        stored = await self._secrets.get(name)
        return json.loads(stored) if stored else {}

    async def clear(self) -> None:
        """Take away what no row uses. What cannot be taken away now is at the next time."""
        for name in await self._db.read(connections.loose_secrets):
            # While others were waited for, a row may have begun to use it.
            if name in self._held or not await self._db.read(connections.is_loose, name):
                continue
            try:
                await self._secrets.delete(name)
            except CoworkError as error:
                logger.warning("A secret that is not used any more cannot be removed yet: %s", error.message)
                return
            await self._db.write(connections.settle_secret, name)
