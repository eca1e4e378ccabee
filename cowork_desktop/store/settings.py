"""SQL of the settings, one JSON value a name."""

import json
from typing import Any

from cowork_desktop.store.database import Tx
from cowork_desktop.store.rows import to_json


def get(tx: Tx) -> dict[str, Any]:
    return {key: json.loads(value) for key, value in tx.execute("SELECT key, value FROM settings")}


def put(tx: Tx, values: dict[str, Any]) -> None:
    tx.executemany(
        "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        [(key, to_json(value)) for key, value in values.items()],
    )
