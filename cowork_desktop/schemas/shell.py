"""What the server and the desktop shell tell each other, on the wire."""

from typing import Literal

from cowork_desktop.schemas.base import Body, Schema


class OpenArtifact(Schema):
    """Show this artifact in a window of its own, or bring its window to the front."""

    type: Literal["shell.open_artifact"] = "shell.open_artifact"
    sequence_number: int
    command_id: str
    """To be acknowledged."""
    artifact_id: str
    title: str
    url: str


class ShellState(Schema):
    is_connected: bool
    """Whether a shell follows the commands."""


class Acknowledgement(Body):
    done: bool
    """False: the shell could not do it."""


class PowerChange(Body):
    state: Literal["suspend", "resume"]
    """The machine goes to sleep, or woke."""
