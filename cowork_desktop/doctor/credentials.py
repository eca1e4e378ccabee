"""Checks of where credentials are kept, and of the model's key; none is shown, and none is sent anywhere."""

import asyncio
import os

from cowork_desktop.agent.models import KEY_IS_STORED, SECRET_NAME
from cowork_desktop.app import OWNER, SECRETS_KIND, SECRETS_MOVING
from cowork_desktop.connectors.moving_secrets import MovingSecrets, open_secrets
from cowork_desktop.connectors.secret_file import FILE_NAME
from cowork_desktop.connectors.secrets import KeyringSecrets, backend_name
from cowork_desktop.doctor.here import Here
from cowork_desktop.doctor.verdict import Verdict, ok, problem, warning
from cowork_desktop.errors import NotConfigured

_NOBODY = "doctor"
"""In the place of a data folder's own name in the keyring."""
_PROBE = "doctor"


def credentials(here: Here) -> Verdict:
    try:
        if _kind(here) == "file":
            _open_file(here)
            return ok(f"In {here.data_dir / FILE_NAME}, encrypted.")
        asyncio.run(_come_back(KeyringSecrets(_NOBODY)))
        return ok(f"In the system's keyring ({backend_name()}).")
    except NotConfigured as error:
        words, _, remedy = error.message.partition(". ")
        return (problem if here.stored.get(KEY_IS_STORED) else warning)(f"{words}.", remedy)


def _open_file(here: Here) -> None:
    """Raises NotConfigured. The file of a server that is at work is left to it."""
    if here.holder is None:
        asyncio.run(_stored(here).get(_PROBE))
    elif here.health and here.health.get("secrets") != "file":
        raise NotConfigured(
            "The server that works in this folder cannot open its file of credentials. Its log says why."
        )


async def _come_back(keyring: KeyringSecrets) -> None:
    """Raises NotConfigured."""
    await keyring.put(_PROBE, "probe")
    try:
        if await keyring.get(_PROBE) != "probe":
            raise NotConfigured(
                "What is put into the system's keyring does not come back. Start Cowork with"
                " `--secrets file`."
            )
    finally:
        await keyring.delete(_PROBE)


def model_key(here: Here) -> Verdict:
    enter = "Enter it in the settings."
    if here.stored.get(KEY_IS_STORED):
        if here.holder is not None:
            return ok(f"Stored in the {_kind(here)}; the server that works in this folder has it.")
        try:
            is_there = asyncio.run(_stored(here).get(SECRET_NAME)) is not None
        except NotConfigured as error:
            words, _, remedy = error.message.partition(". ")
            return problem(f"The stored key cannot be read: {words}.", remedy)
        if not is_there:
            return problem(f"The stored key is gone from the {_kind(here)}.", enter)
        return ok(f"Stored in the {_kind(here)}.")
    if os.environ.get("ANTHROPIC_API_KEY"):
        return ok("In the variable ANTHROPIC_API_KEY.")
    if here.settings.base_url or here.stored.get("base_url"):
        return ok("None, which the server of models that was set may not want.")
    return warning("There is none, so the built-in model answers.", enter)


def _kind(here: Here) -> str:
    return str(here.settings.secrets or here.stored.get(SECRETS_KIND) or "keyring")


def _stored(here: Here) -> MovingSecrets:
    return open_secrets(
        here.settings.secrets,
        here.stored.get(SECRETS_KIND),
        str(here.stored.get(OWNER, _NOBODY)),
        here.data_dir,
        is_unfinished=bool(here.stored.get(SECRETS_MOVING)),
    )
