"""Typed endpoints over aiohttp.web: a handler's signature binds the request and documents it.

`str` parameters named in the path come from the path, `query`, `body` and `form` are pydantic models, and the
return annotation is what the endpoint sends. The same signature serves binding and OpenAPI.
"""

import json
import re
import typing
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import NoneType, UnionType
from typing import Any, NoReturn, TypeVar

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from cowork_desktop.errors import (
    CoworkError,
    InvalidJson,
    InvalidRequest,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from cowork_desktop.http.uploads import read_form
from cowork_desktop.schemas.base import Encoded, StreamedForm

Handler = Callable[..., Awaitable[Any]]
H = TypeVar("H", bound=Handler)
PATH_PARAM = re.compile(r"{(\w+)(?::[^}]*)?}")
MAX_BODY_BYTES = 4 * 1024 * 1024


def an_id(parameter: str, *, but: str) -> str:
    """The path of a thing by its id. The words of `but`, with bars between them, are paths of their own and
    have no method but theirs."""
    return f"/{{{parameter}:(?!(?:{but})/?$)[^/]+}}"


@dataclass(frozen=True, eq=False)
class Endpoint:
    method: str
    path: str
    tag: str
    handler: Handler
    status: int
    errors: tuple[type[CoworkError], ...] = ()
    """What it raises besides the refusals that every endpoint shares."""
    streams: Any = None
    """The union of events, where it answers with `text/event-stream`."""
    is_page: bool = False
    """A static page without data: a link on a foreign page may lead here."""
    is_open: bool = False
    """Needs no token."""
    is_listed: bool = True
    """Stands in the OpenAPI description."""

    @cached_property
    def hints(self) -> dict[str, Any]:
        hints = typing.get_type_hints(self.handler)
        unknown = hints.keys() - {"request", "query", "body", "form", "return", *self.path_params}
        if unknown:
            raise TypeError(f"{self.handler.__qualname__}: cannot bind {sorted(unknown)}.")
        return hints

    @cached_property
    def path_params(self) -> tuple[str, ...]:
        return tuple(PATH_PARAM.findall(self.path))

    @cached_property
    def query(self) -> type[BaseModel] | None:
        return self.hints.get("query")

    @cached_property
    def body(self) -> type[BaseModel] | None:
        return self.hints.get("body")

    @cached_property
    def form(self) -> type[BaseModel] | None:
        return self.hints.get("form")

    @cached_property
    def returns(self) -> TypeAdapter[Any] | None:
        """What the JSON answer is made of; None where there is no body, or the handler makes the answer
        itself."""
        hint = self.hints.get("return")
        is_union = typing.get_origin(hint) in (UnionType, typing.Union)
        options = typing.get_args(hint) if is_union else (hint,)
        shapes = [_decoded(option) for option in options if not _is_raw(option)]
        return TypeAdapter(shapes[0]) if shapes else None

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        arguments: dict[str, Any] = {name: request.match_info[name] for name in self.path_params}
        if self.query:
            arguments["query"] = bind_query(self.query, request)
        if self.body:
            arguments["body"] = bind_body(self.body, await read_body(request))
        if self.form:
            async with read_form(request, is_streamed=issubclass(self.form, StreamedForm)) as fields:
                arguments["form"] = bind_form(self.form, fields)
                return self._answer(await self.handler(request, **arguments))
        return self._answer(await self.handler(request, **arguments))

    def _answer(self, result: Any) -> web.StreamResponse:
        if isinstance(result, web.StreamResponse):
            return result
        if self.returns is None:
            return web.Response(status=self.status)
        encoded = isinstance(result, Encoded)
        body = result.json if encoded else self.returns.dump_json(result, by_alias=True)
        return web.Response(body=body, status=self.status, content_type="application/json")


class Endpoints:
    """The endpoints of one resource, in the order of their declaration."""

    def __init__(self, prefix: str, *, tag: str) -> None:
        self._prefix, self._tag = prefix, tag
        self._endpoints: list[Endpoint] = []

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._endpoints)

    def get(self, path: str = "", *, status: int = 200, **options: Any) -> Callable[[H], H]:
        return self._add("GET", path, status, options)

    def post(self, path: str = "", *, status: int = 201, **options: Any) -> Callable[[H], H]:
        return self._add("POST", path, status, options)

    def put(self, path: str = "", *, status: int = 204, **options: Any) -> Callable[[H], H]:
        return self._add("PUT", path, status, options)

    def patch(self, path: str = "", *, status: int = 200, **options: Any) -> Callable[[H], H]:
        return self._add("PATCH", path, status, options)

    def delete(self, path: str = "", *, status: int = 204, **options: Any) -> Callable[[H], H]:
        return self._add("DELETE", path, status, options)

    def _add(self, method: str, path: str, status: int, options: dict[str, Any]) -> Callable[[H], H]:
        def decorate(handler: H) -> H:
            endpoint = Endpoint(method, self._prefix + path, self._tag, handler, status, **options)
            self._endpoints.append(endpoint)
            return handler

        return decorate


def _is_raw(shape: Any) -> bool:
    return shape in (None, NoneType) or (isinstance(shape, type) and issubclass(shape, web.StreamResponse))


def _decoded(shape: Any) -> Any:
    return typing.get_args(shape)[0] if typing.get_origin(shape) is Encoded else shape


def bind_query(model: type[BaseModel], request: web.Request) -> BaseModel:
    values = dict(request.query)
    if len(values) != len(request.query):
        repeated = next(name for name in values if len(request.query.getall(name)) > 1)
        raise InvalidRequest(f"query.{repeated}: stands more than once.", param=f"query.{repeated}")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        _refuse(error, "query")


async def read_body(request: web.Request) -> bytes:
    if request.can_read_body and request.content_type != "application/json":
        raise UnsupportedMediaType("The body must be application/json.")
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise PayloadTooLarge(f"The body is larger than {MAX_BODY_BYTES:,} bytes.") from error
    except web.RequestPayloadError as error:
        raise InvalidJson(
            "The body cannot be read: it is cut off or wrongly encoded.", param="body"
        ) from error


def bind_body(model: type[BaseModel], body: bytes) -> BaseModel:
    if b"NaN" in body or b"Infinity" in body:
        # Pydantic takes these numbers, which JSON does not have, where a field does not forbid them.
        _check_json(body, "it holds a number that JSON does not have")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        if fault["type"] == "json_invalid":
            reason = fault.get("ctx", {}).get("error", "it cannot be read")
            _check_json(body, reason)
            # It is JSON, but of text that cannot be stored, or deeper than anybody nests.
            if "hex escape" in reason:
                place = reason.rpartition(" at ")[2]
                reason = f"holds half of a surrogate pair at {place}, and so is not valid Unicode"
            raise InvalidRequest(f"body: {reason}.", param="body") from error
        _refuse(error, "body")


def bind_form(model: type[BaseModel], fields: Mapping[str, Any]) -> BaseModel:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        _refuse(error, "form")


def _check_json(body: bytes, reason: str) -> None:
    """Refuse what is no JSON in UTF-8 (https://www.rfc-editor.org/rfc/rfc8259)."""
    try:
        json.loads(body.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidJson(f"The body is not JSON: {reason}.", param="body") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refuse(error: ValidationError, place: str) -> NoReturn:
    details = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        param = ".".join([place, *(str(step)[:100] for step in fault["loc"])])
        message = (
            f"is not a field of this {place}." if fault["type"] == "extra_forbidden" else f"{fault['msg']}."
        )
        details.append({"param": param, "message": message, "type": fault["type"]})
    raise InvalidRequest.of(details) from error
