"""All that has to do with connectors, put together once for a server."""

from dataclasses import dataclass
from pathlib import Path

from cowork_desktop.clock import Clock
from cowork_desktop.connectors.connections import Connections
from cowork_desktop.connectors.fresh_tokens import FreshTokens
from cowork_desktop.connectors.in_reach import ConnectionsInReach
from cowork_desktop.connectors.mcp_sessions import McpSessions
from cowork_desktop.connectors.oauth import SignIns
from cowork_desktop.connectors.opening import Opening
from cowork_desktop.connectors.secrets import Secrets
from cowork_desktop.connectors.server_tools import ServerTools
from cowork_desktop.connectors.signing_in import CALLBACK, SigningIn
from cowork_desktop.connectors.specs import Specs
from cowork_desktop.connectors.vault import Vault
from cowork_desktop.ids import Ids
from cowork_desktop.notifications import Notifications
from cowork_desktop.store.database import Database
from cowork_desktop.tasks import Tasks


@dataclass(frozen=True)
class Connectors:
    specs: Specs
    connections: Connections
    server_tools: ServerTools
    signing_in: SigningIn
    in_reach: ConnectionsInReach

    @classmethod
    def over(
        cls,
        db: Database,
        secrets: Secrets,
        own_specs: Path,
        url: str,
        notifications: Notifications,
        clock: Clock,
        ids: Ids,
        tasks: Tasks,
    ) -> "Connectors":
        """`own_specs`: the user's own folder of specs and providers. `url`: the server's, to which browsers
        come back from signing in."""
        specs, vault = Specs(own_specs), Vault(db, secrets)
        tokens = FreshTokens(db, specs, vault, notifications, clock)
        opening = Opening(specs, vault, tokens)
        server_tools = ServerTools(db, opening, McpSessions(clock), clock)
        connections = Connections(db, specs, vault, opening, server_tools, notifications, clock, ids, tasks)
        return cls(
            specs,
            connections,
            server_tools,
            SigningIn(db, specs, vault, tokens, connections, SignIns(clock), clock, url + CALLBACK),
            ConnectionsInReach(db, specs, opening, server_tools),
        )

    async def close(self) -> None:
        await self.server_tools.sessions.close()
