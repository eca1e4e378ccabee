"""OpenAPI 3.1 made from the endpoints; at 3.1 pydantic's JSON Schema needs no translation."""

import ast
import inspect
import itertools
import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter

from cowork_desktop.errors import (
    CoworkError,
    Forbidden,
    InvalidJson,
    InvalidRequest,
    MisdirectedRequest,
    PayloadTooLarge,
    StorageFull,
    Unauthorized,
    UnsupportedMediaType,
)
from cowork_desktop.http.endpoint import PATH_PARAM, Endpoint
from cowork_desktop.schemas.base import Schema
from cowork_desktop.schemas.errors import ErrorBody

_REF = "#/components/schemas/{model}"
_JSON = "application/json"
_FORM = "multipart/form-data"
_ABOUT = (
    "The local API of Cowork. All of it is on this machine: it answers only to callers here, and asks for a"
    " bearer token where it was"
    " started with one."
)
_SHARED: tuple[type[CoworkError], ...] = (Forbidden, MisdirectedRequest)
_OF_BODIES: tuple[type[CoworkError], ...] = (
    InvalidJson,
    PayloadTooLarge,
    UnsupportedMediaType,
    InvalidRequest,
)


@dataclass(frozen=True)
class Description:
    """The description of these endpoints, made when somebody asks for it."""

    endpoints: Sequence[Endpoint]
    version: str

    @cached_property
    def json(self) -> bytes:
        return json.dumps(build(self.endpoints, version=self.version), indent=2, ensure_ascii=False).encode()


def build(endpoints: Sequence[Endpoint], *, version: str) -> dict[str, Any]:
    """OpenAPI of all listed endpoints, as plain JSON values."""
    listed = [endpoint for endpoint in endpoints if endpoint.is_listed]
    schemas, components = _schemas(listed)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in listed:
        operations = paths.setdefault(PATH_PARAM.sub(r"{\1}", endpoint.path), {})
        operations[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cowork",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": name} for name in dict.fromkeys(endpoint.tag for endpoint in listed)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


Schemas = dict[tuple[Endpoint | None, str], dict[str, Any]]


def _schemas(endpoints: Sequence[Endpoint]) -> tuple[Schemas, dict[str, Any]]:
    """The schema of each part of each endpoint, and the components that they refer to."""
    inputs: dict[tuple[Endpoint | None, str], tuple[str, TypeAdapter[Any]]] = {
        (None, "error"): ("serialization", TypeAdapter(ErrorBody))
    }
    for endpoint in endpoints:
        if endpoint.query:
            inputs[endpoint, "query"] = ("validation", TypeAdapter(endpoint.query))
        if endpoint.body:
            inputs[endpoint, "body"] = ("validation", TypeAdapter(endpoint.body))
        if endpoint.form:
            inputs[endpoint, "form"] = ("validation", TypeAdapter(endpoint.form))
        if endpoint.returns:
            inputs[endpoint, "returns"] = ("serialization", endpoint.returns)
        if endpoint.streams:
            inputs[endpoint, "streams"] = ("serialization", TypeAdapter(endpoint.streams))
    keys = list(inputs)
    made, definitions = TypeAdapter.json_schemas(
        [(str(n), inputs[key][0], inputs[key][1]) for n, key in enumerate(keys)],  # type: ignore[misc]
        ref_template=_REF,
    )
    found = {keys[int(n)]: schema for (n, _), schema in made.items()}
    components = definitions.get("$defs", {})
    shapes = {shape.__name__: shape for shape in _subclasses(Schema)}
    for name, schema in components.items():
        _describe(schema, shapes.get(name))
    for key, schema in found.items():
        if key[1] == "query" and "$ref" in schema:
            found[key] = components[schema["$ref"].rsplit("/", 1)[1]]
    queries = {schema["title"] for key, schema in found.items() if key[1] == "query"}
    return found, {name: schema for name, schema in sorted(components.items()) if name not in queries}


def _subclasses(shape: type[Schema]) -> Iterator[type[Schema]]:
    yield shape
    for below in shape.__subclasses__():
        yield from _subclasses(below)


def _describe(schema: dict[str, Any], shape: type[Schema] | None) -> None:
    """Add the strings below the fields. Pydantic can do it too, but at every import, from the source."""
    for owner in reversed(shape.__mro__ if shape else ()):
        if not issubclass(owner, Schema):
            continue
        [definition] = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
        assert isinstance(definition, ast.ClassDef)
        for field, below in itertools.pairwise(definition.body):
            match field, below:
                case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                    if name in schema.get("properties", {}):
                        schema["properties"][name]["description"] = inspect.cleandoc(text)


def _operation(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    summary, _, description = inspect.cleandoc(endpoint.handler.__doc__ or "").partition("\n")
    operation: dict[str, Any] = {
        "operationId": endpoint.handler.__name__,
        "tags": [endpoint.tag],
        "summary": summary.rstrip("."),
        "parameters": _parameters(endpoint, schemas),
        "responses": {str(endpoint.status): _success(endpoint, schemas)} | _errors(endpoint, schemas),
    }
    if description.strip():
        operation["description"] = " ".join(description.split())
    if endpoint.body:
        content = {_JSON: {"schema": schemas[endpoint, "body"]}}
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.form:
        content = {_FORM: {"schema": schemas[endpoint, "form"]}}
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.is_open:
        operation["security"] = []
    return operation


def _parameters(endpoint: Endpoint, schemas: Schemas) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in endpoint.path_params
    ]
    if endpoint.query:
        query = schemas[endpoint, "query"]
        for name, schema in query["properties"].items():
            description = {"description": schema["description"]} if "description" in schema else {}
            required = name in query.get("required", ())
            parameters.append(
                {"name": name, "in": "query", "required": required, "schema": _without_null(schema)}
                | description
            )
    return parameters


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is absent or given; there is no null in a URL."""
    given = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    kept = {key: value for key, value in schema.items() if key not in ("anyOf", "title", "description")}
    if kept.get("default", 0) is None:
        del kept["default"]
    return given[0] | kept if given else kept


def _success(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if endpoint.returns:
        content[_JSON] = {"schema": schemas[endpoint, "returns"]}
    if endpoint.streams:
        content["text/event-stream"] = {"schema": _server_sent_event(schemas[endpoint, "streams"])}
    headers = {"X-Request-Id": {"schema": {"type": "string"}}}
    return {"description": "Done" if endpoint.status == 204 else "OK", "headers": headers} | (
        {"content": content} if content else {}
    )


def _errors(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    classes = [*_SHARED, *endpoint.errors]
    if endpoint.body:
        classes += _OF_BODIES
    elif endpoint.form:
        classes += (PayloadTooLarge, UnsupportedMediaType, InvalidRequest)
    elif endpoint.query:
        classes.append(InvalidRequest)
    if endpoint.method != "GET":
        classes.append(StorageFull)
    classes += () if endpoint.is_open else (Unauthorized,)
    types: dict[int, list[str]] = {}
    for error in sorted(set(classes), key=lambda error: (error.status, error.type)):
        types.setdefault(error.status, []).append(f"`{error.type}`")
    content = {_JSON: {"schema": schemas[None, "error"]}}
    return {
        str(status): {"description": " or ".join(names), "content": content}
        for status, names in types.items()
    }


def _server_sent_event(data: dict[str, Any]) -> dict[str, Any]:
    """One event whose `data` is JSON, in the shape that OpenAPI 3.2 gives to event streams."""
    return {
        "type": "object",
        "required": ["id", "event", "data"],
        "properties": {
            "id": {"type": "string"},
            "event": {"type": "string"},
            "data": {"type": "string", "contentMediaType": _JSON, "contentSchema": data},
        },
    }
