"""How this process runs: defaults under COWORK_* variables under command-line flags."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from cowork_desktop.schemas.settings import UserSettings

DEFAULT_PORT = 26866
LOG_LEVELS = ("debug", "info", "warning", "error")
SECRETS = ("keyring", "file")
_WORDS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


class BadSetting(Exception):
    """A variable or flag with a value that it cannot have."""


@dataclass(frozen=True)
class ServerSettings:
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    """0 takes a free one."""
    data_dir: Path | None = None
    """None: the user's own folder, as the platform has it."""
    no_open: bool = False
    model: str | None = None
    """Over the stored setting."""
    base_url: str | None = None
    """Over the stored setting."""
    token: str | None = field(default=None, repr=False)
    token_stdin: bool = False
    secrets: Literal["keyring", "file"] | None = None
    """Where credentials are to be kept. None: where they are, and in the keyring at first."""
    log_level: str = "info"

    def resolved_data_dir(self) -> Path:
        if self.data_dir is not None:
            return self.data_dir.expanduser().resolve()
        import platformdirs

        return platformdirs.user_data_path("Cowork", appauthor=False)

    def overrides(self) -> dict[str, str]:
        """The user's settings that are set here over what is stored."""
        return {name: value for name in ("model", "base_url") if (value := getattr(self, name)) is not None}


def read_settings(flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> ServerSettings:
    """Raises BadSetting."""
    settings = ServerSettings()
    for place in fields(ServerSettings):
        name = f"COWORK_{place.name.upper()}"
        if place.name != "token" and environment.get(name):
            settings = replace(settings, **{place.name: _parse(place.name, environment[name], name)})
    given = {
        name: _parse(name, value, f"--{name.replace('_', '-')}")
        for name, value in flags.items()
        if value is not None
    }
    settings = replace(settings, **given)
    try:
        UserSettings.model_validate(settings.overrides())
    except ValidationError as error:
        name, value = str(error.errors()[0]["loc"][0]), error.errors()[0]["input"]
        raise BadSetting(f"--{name.replace('_', '-')}: {value!r} cannot be used for this.") from error
    return settings


def _parse(name: str, value: Any, source: str) -> Any:
    match name:
        case "port":
            if not str(value).isascii() or not str(value).isdigit() or not 0 <= int(value) <= 65535:
                raise BadSetting(f"{source}: {value!r} is not a port (0 to 65535).")
            return int(value)
        case "data_dir":
            return Path(value)
        case "no_open" | "token_stdin":
            if str(value).lower() not in _WORDS:
                raise BadSetting(f"{source}: {value!r} is neither true nor false.")
            return _WORDS[str(value).lower()]
        case "log_level" | "secrets":
            known = LOG_LEVELS if name == "log_level" else SECRETS
            if value not in known:
                raise BadSetting(f"{source}: {value!r} is none of {', '.join(known)}.")
    return value
