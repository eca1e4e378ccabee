"""Why a turn ends before its time."""

from cowork_desktop.schemas.responses import TurnError


class TurnStopped(Exception):
    """The turn ends here, as `failed` for this reason."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.error = TurnError(type=type, message=message)
