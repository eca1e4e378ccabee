"""Why a turn ends before its time."""

from cowork_desktop.schemas.responses import TurnError

INTERRUPTED = TurnError(
    type="interrupted",
    message="The server ended while this turn ran. What had arrived is kept; send the message again.",
)
CANCELLED = TurnError(type="cancelled", message="The turn was cancelled. What had arrived is kept.")
INTERNAL = TurnError(
    type="internal", message="Something went wrong inside the server; its log has the details."
)


class TurnStopped(Exception):
    """The turn ends here, as `failed` for this reason."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.error = TurnError(type=type, message=message)
