"""SQL of who Cowork is to providers of OAuth."""

from dataclasses import dataclass

from cowork_desktop.store import connections
from cowork_desktop.store.database import Tx


@dataclass(frozen=True)
class StoredClient:
    provider: str
    client_id: str
    secret_name: str | None
    """Under which the keyring has its secret; None: it has none."""


def all_(tx: Tx) -> dict[str, StoredClient]:
    """By provider."""
    rows = tx.execute("SELECT provider, client_id, secret_name FROM oauth_clients")
    return {row[0]: StoredClient(*row) for row in rows}


def put(tx: Tx, client: StoredClient) -> None:
    """In the place of what is there, whose secret becomes a loose one."""
    delete(tx, client.provider)
    tx.execute(
        "INSERT INTO oauth_clients VALUES (?, ?, ?)", (client.provider, client.client_id, client.secret_name)
    )
    connections.settle_secret(tx, client.secret_name)


def delete(tx: Tx, provider: str) -> None:
    """What is not there stays so."""
    rows = tx.execute(
        "DELETE FROM oauth_clients WHERE provider = ? RETURNING secret_name", (provider,)
    ).fetchall()
    for (secret_name,) in rows:
        connections.loosen(tx, secret_name)
