"""What every request passes: the gate, a request id, and the one error body."""

import logging

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import CIMultiDict

from cowork_desktop.errors import (
    CoworkError,
    Internal,
    InvalidRequest,
    MethodNotAllowed,
    MisdirectedRequest,
    NotFound,
    PayloadTooLarge,
)
from cowork_desktop.http import sandbox
from cowork_desktop.http.endpoint import MAX_BODY_BYTES, Endpoint
from cowork_desktop.http.guard import SECURITY_HEADERS, Gate
from cowork_desktop.http.sandbox import SANDBOX
from cowork_desktop.ids import random_id
from cowork_desktop.schemas.errors import error_body

GATE = web.AppKey("GATE", Gate)
ELSEWHERE = web.AppKey("ELSEWHERE", Endpoint)
"""Answers where no route is, outside the API."""
REQUEST_ID = web.RequestKey("REQUEST_ID", str)
logger = logging.getLogger(__name__)


@web.middleware
async def every_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[REQUEST_ID] = random_id("req")
    try:
        endpoint = _endpoint(request)
        refusal = request.app[GATE].refusal(
            request.method,
            request.headers,
            has_body=request.can_read_body,
            is_page=endpoint is not None and endpoint.is_page,
            is_open=endpoint is not None and endpoint.is_open,
        )
        if refusal is not None:
            if isinstance(refusal, MisdirectedRequest) and (answer := await _sandboxed(request)):
                return answer
            raise refusal
        return await (endpoint or handler)(request)
    except CoworkError as error:
        return error_response(error, request[REQUEST_ID])
    except web.HTTPException as error:
        return error_response(_translate(request, error), request[REQUEST_ID])
    except Exception:
        logger.exception("%s %s failed (%s)", request.method, request.path, request[REQUEST_ID])
        return error_response(Internal(), request[REQUEST_ID])


def _endpoint(request: web.Request) -> Endpoint | None:
    """What answers the request; None where nothing does."""
    handles = getattr(request.match_info.handler, "__self__", None)
    if isinstance(handles, Endpoint):
        return handles
    is_unknown = isinstance(request.match_info.http_exception, web.HTTPNotFound)
    return request.app[ELSEWHERE] if is_unknown and not sandbox.is_of_api(request.path) else None


async def _sandboxed(request: web.Request) -> web.StreamResponse | None:
    """The answer to a request for a document on an origin of its own; None where it is for something else."""
    hosts = list(request.headers.getall(hdrs.HOST, ()))
    id = request.app[SANDBOX].id_at(hosts[0], request.path) if len(hosts) == 1 else None
    if id is None:
        return None
    if refusal := sandbox.refusal(request.method, request.headers, hosts[0]):
        raise refusal
    return await request.app[SANDBOX].serve(request, id, request.path[1:])


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """A signal for `on_response_prepare`: streams have their headers too."""
    host = request.headers.get(hdrs.HOST, "")
    if host not in request.app[GATE].hosts and request.app[SANDBOX].is_at(host):
        response.headers.update(request.app[SANDBOX].headers)
    complete_headers(response.headers, request.get(REQUEST_ID) or random_id("req"))


def complete_headers(headers: CIMultiDict[str], request_id: str) -> None:
    headers["X-Request-Id"] = request_id
    headers["Server"] = "Cowork"
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)


def error_response(error: CoworkError, request_id: str, *, status: int | None = None) -> web.Response:
    """The one error body; `status` where it is not the error's own."""
    body = error_body(
        type=error.type,
        message=error.message,
        param=error.param,
        request_id=request_id,
        details=error.details,
    )
    return web.json_response(body, status=status or error.status, headers=error.headers)


def _translate(request: web.Request, error: web.HTTPException) -> CoworkError:
    match error:
        case web.HTTPNotFound():
            return NotFound(f"There is nothing at {request.path[:200]!r}.")
        case web.HTTPMethodNotAllowed():
            return MethodNotAllowed(request.method, error.headers[hdrs.ALLOW])
        case web.HTTPRequestEntityTooLarge():
            return PayloadTooLarge(f"The body is larger than {MAX_BODY_BYTES:,} bytes.")
        case web.HTTPException(status=status) if 400 <= status < 500:
            return InvalidRequest(error.reason)
        case _:
            raise error
