"""What is around the application: its routes, and the answers to what never reaches them."""

import logging
from collections.abc import Sequence

from aiohttp import hdrs, web
from aiohttp.web_request import BaseRequest

from cowork_desktop.errors import CoworkError, Internal, InvalidRequest
from cowork_desktop.http.endpoint import Endpoint
from cowork_desktop.http.middleware import REQUEST_ID, complete_headers, error_response
from cowork_desktop.ids import random_id

logger = logging.getLogger(__name__)


def add_routes(app: web.Application, endpoints: Sequence[Endpoint]) -> None:
    """Route each endpoint, also with a slash behind its path, and HEAD where GET is."""
    plain = [(endpoint, endpoint.path) for endpoint in endpoints]
    # Routes are tried in order: the rare ones come last.
    slashed = [(endpoint, f"{path}/") for endpoint, path in plain if not path.endswith("/")]
    for endpoint, path in plain + slashed:
        for method in ("GET", "HEAD") if endpoint.method == "GET" else (endpoint.method,):
            app.router.add_route(method, path, endpoint.__call__, expect_handler=_expect)


async def _expect(request: web.Request) -> web.StreamResponse | None:
    """Invite a body that waits to be invited; there is nothing else that a client can expect."""
    if request.headers[hdrs.EXPECT].lower() != "100-continue":
        request[REQUEST_ID] = random_id("req")
        return error_response(InvalidRequest("Expect: only 100-continue is known."), request[REQUEST_ID])
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0
    return None


class Runner(web.AppRunner):
    """An AppRunner whose connections answer what is no HTTP in the one error shape too."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made.request_handler, request_factory=made.request_factory, **made._kwargs)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if request.writer.output_size > 0:
            raise ConnectionError("The answer has begun and cannot become another.") from exc
        request_id = random_id("req")
        error: CoworkError = Internal()
        if 400 <= status < 500:
            logger.debug("A request is no HTTP (%s)", request_id, exc_info=exc)
            error = InvalidRequest("The request is not valid HTTP.")
        else:
            logger.error("A request failed (%s)", request_id, exc_info=exc)
        response = error_response(error, request_id, status=status)
        complete_headers(response.headers, request_id)
        response.force_close()
        return response
