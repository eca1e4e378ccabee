"""The errors a caller can see; each class owns its HTTP status and its type."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class CoworkError(Exception):
    """The base of every error that becomes an error body.

    `param` is the dotted place of the fault (`body.cron`, `query.limit`); `details` holds one object a fault;
    `headers` are added to the answer.
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "internal"

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        details: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.details = list(details)
        self.headers = dict(headers or {})


class InvalidJson(CoworkError):
    status, type = 400, "invalid_json"


class Unauthorized(CoworkError):
    status, type = 401, "unauthorized"

    def __init__(self, message: str) -> None:
        super().__init__(message, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(CoworkError):
    status, type = 403, "forbidden"


class NotFound(CoworkError):
    status, type = 404, "not_found"

    @classmethod
    def of(cls, kind: str, id: str) -> "NotFound":
        return cls(f"There is no {kind} {id[:80]!r}.")


class MethodNotAllowed(CoworkError):
    status, type = 405, "method_not_allowed"

    def __init__(self, method: str, allowed: str) -> None:
        super().__init__(f"{method} is not possible here; allowed: {allowed}.", headers={"Allow": allowed})


class Conflict(CoworkError):
    status, type = 409, "conflict"


class NotConfigured(CoworkError):
    status, type = 409, "not_configured"


class PayloadTooLarge(CoworkError):
    status, type = 413, "payload_too_large"


class NoDisplay(CoworkError):
    """There is neither a shell nor a browser that could show something."""

    status, type = 409, "no_display"


class UnsupportedMediaType(CoworkError):
    status, type = 415, "unsupported_media_type"


class RangeNotSatisfiable(CoworkError):
    status, type = 416, "range_not_satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(
            f"The range begins behind the file's {size:,} bytes.",
            headers={"Content-Range": f"bytes */{size}"},
        )


class MisdirectedRequest(CoworkError):
    status, type = 421, "misdirected_request"


class InvalidRequest(CoworkError):
    status, type = 422, "invalid_request"

    @classmethod
    def at(cls, param: str, words: str, type: str) -> "InvalidRequest":
        """One fault at that place, beside those that the shapes refuse by themselves."""
        return cls.of([{"param": param, "message": words, "type": type}])

    @classmethod
    def of(cls, faults: Sequence[Mapping[str, Any]]) -> "InvalidRequest":
        """All faults of a request, each with `param`, `message` and `type`; at least one."""
        first = faults[0]
        more = f" (and {len(faults) - 1} more faults)" if len(faults) > 1 else ""
        return cls(f"{first['param']}: {first['message']}{more}", param=first["param"], details=faults[:100])

    @classmethod
    def unknown_reference(cls, param: str, kind: str, id: str) -> "InvalidRequest":
        message = f"There is no {kind} {id[:80]!r}."
        return cls(message, param=param, details=[{"param": param, "message": message, "type": "unknown_id"}])


class NotExecutable(CoworkError):
    status, type = 422, "not_executable"


class ConnectorFailed(CoworkError):
    """The service of a connection could not be reached, or refused what was asked of it."""

    status, type = 502, "connector_error"


class StorageFull(CoworkError):
    """The disk takes no more, or refuses the file."""

    status, type = 507, "storage_full"


class Internal(CoworkError):
    """What a caller sees of an unexpected exception: nothing but where to look."""

    def __init__(self) -> None:
        super().__init__(
            "Something went wrong inside the server. Its log has the details under this request id."
        )
