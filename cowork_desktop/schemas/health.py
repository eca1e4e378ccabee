"""The server's state on the wire."""

from typing import Literal

from cowork_desktop.schemas.base import Schema


class Health(Schema):
    status: Literal["ok"] = "ok"
    version: str
    instance_id: str
    """New at every start of the server."""
    uptime_s: float
    model_configured: bool
    """True where a provider's key or a server's address is set; else the built-in offline model answers."""
    secrets: Literal["keyring", "file", "unavailable"]
    """Where credentials are kept."""
    schema_version: int
    """The number of migrations that the database file has had."""
