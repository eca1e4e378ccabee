"""The one error body."""

from typing import Any

from pydantic import ConfigDict

from cowork_desktop.schemas.base import Schema


class ErrorDetail(Schema):
    """One fault; a kind of error may add fields of its own, the id of the turn in the way for one."""

    model_config = ConfigDict(extra="allow")

    param: str | None = None
    """The dotted place of the fault, `body.cron` or `query.limit`."""
    message: str | None = None
    type: str | None = None


class ErrorContent(Schema):
    type: str
    """A word for programs: `invalid_request`, `not_found`, `conflict`, ..."""
    message: str
    """A sentence for people."""
    param: str | None
    request_id: str
    """The same as the `X-Request-Id` header; the server's log has it too."""
    details: list[ErrorDetail] = []


class ErrorBody(Schema):
    error: ErrorContent


def error_body(
    *, type: str, message: str, param: str | None, request_id: str, details: list[Any]
) -> dict[str, Any]:
    content: dict[str, Any] = {"type": type, "message": message, "param": param, "request_id": request_id}
    return {"error": content | ({"details": details} if details else {})}
