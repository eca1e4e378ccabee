"""The description of the API: valid, complete, and the one that is committed."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from cowork_desktop import errors
from cowork_desktop.api import ENDPOINTS
from cowork_desktop.cli import main
from cowork_desktop.errors import CoworkError
from cowork_desktop.http import openapi
from cowork_desktop.http.endpoint import PATH_PARAM, Endpoint
from cowork_desktop.version import __version__
from tests.fakes.server import Server

COMMITTED = Path(__file__).parents[2] / "openapi.json"
DESCRIPTION = openapi.build(ENDPOINTS, version=__version__)
VERBS = {
    "GET": ("list_", "get_"),
    "POST": ("create_",),
    "PATCH": ("update_",),
    "PUT": ("put_",),
    "DELETE": ("delete_",),
}
OTHER_OPERATION_IDS = {
    "follow_response": "reads a stream",
    "cancel_response": "acts on a response, makes none",
    "branch_conversation": "makes a conversation of another one, beside the one that makes an empty one",
    "restore_item": "shows a message again, makes none",
    "answer_approval": "answers what was asked, makes none",
    "undo_response": "acts on a response, makes none",
    "cancel_openai_response": "acts on a response, makes none",
    "open_artifact": "shows one, makes none",
    "restore_artifact_version": "makes a version of an artifact, which is what is answered",
    "search_everything": "finds things of all kinds",
    "follow_shell_commands": "reads a stream",
    "follow_events": "reads a stream",
    "acknowledge_shell_command": "answers a command, makes none",
    "note_power_change": "tells what happened, makes nothing",
    "test_connection": "acts on a connection, makes none",
    "test_model": "calls a model, makes none",
    "accept_connection_tools": "acts on a connection, makes none",
    "start_oauth": "begins something that ends elsewhere",
    "preview_schedule": "tells what a schedule would do, makes none",
    "run_schedule": "acts on a schedule",
    "explain_schedule": "tells what a schedule did",
    "import_skill": "makes a skill of a file, beside the one that makes it of JSON",
    "import_scratchpad": "makes a scratchpad of a file, beside the one that makes it of JSON",
    "run_cell": "acts on a cell, makes none",
    "run_all_cells": "acts on cells, makes none",
    "follow_cell": "reads a stream",
    "interrupt_kernel": "acts on a kernel, makes none",
    "restart_kernel": "acts on a kernel, makes none",
    "complete_code": "asks a kernel, makes nothing",
}
NOT_OF_AN_OPERATION = {
    errors.MethodNotAllowed: "answers a method that has no operation",
    errors.Internal: "answers what no operation should do",
}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DESCRIPTION["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The value's objects, at every depth."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def kinds_of_error() -> list[type[CoworkError]]:
    found = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CoworkError)
    ]
    return [kind for kind in found if kind is not CoworkError]


def test_the_description_is_valid_openapi_3_1() -> None:
    assert DESCRIPTION["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(DESCRIPTION).validate()


def test_the_description_uses_no_word_that_json_schema_lacks() -> None:
    unknown = {"ge", "le", "gt", "lt", "min_length", "max_length", "strip_whitespace", "strict", "nullable"}
    assert [
        (sorted(unknown & found.keys()), found) for found in objects(DESCRIPTION) if unknown & found.keys()
    ] == []


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert sorted(ids) == sorted(set(ids))


def test_operation_ids_begin_with_what_the_method_does() -> None:
    ids = {operation["operationId"]: method for method, _, operation in operations()}
    odd = {id for id, method in ids.items() if not id.startswith(VERBS[method])}
    assert odd == OTHER_OPERATION_IDS.keys()


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.handler.__qualname__)
def test_every_endpoint_says_what_it_does(endpoint: Endpoint) -> None:
    assert re.match(r"[A-Z][^\n]{3,98}\.(\n|$)", endpoint.handler.__doc__ or "")


def test_every_listed_endpoint_is_described_under_its_method_and_path() -> None:
    wanted = {
        (endpoint.method, PATH_PARAM.sub(r"{\1}", endpoint.path))
        for endpoint in ENDPOINTS
        if endpoint.is_listed
    }
    assert {(method, path) for method, path, _ in operations()} == wanted


def test_what_is_not_listed_is_the_description_itself_and_pages() -> None:
    assert {endpoint.path for endpoint in ENDPOINTS if not endpoint.is_listed} == {
        "/api/v1/openapi.json",
        "/api/v1/docs",
        "/api/v1/docs/{name}",
        "/api/v1/connectors/oauth/callback",
        "/",
        "/assets/{name:.+}",
    }


@pytest.mark.parametrize("kind", kinds_of_error(), ids=lambda kind: kind.__name__)
def test_every_kind_of_error_is_documented_by_some_endpoint(kind: type[CoworkError]) -> None:
    told = [
        operation["operationId"]
        for _, _, operation in operations()
        if f"`{kind.type}`" in operation["responses"].get(str(kind.status), {}).get("description", "")
    ]
    assert bool(told) is (kind not in NOT_OF_AN_OPERATION)


def test_every_operation_has_the_error_body_in_each_of_its_refusals() -> None:
    for _, _, operation in operations():
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorBody"}, operation["operationId"]


def test_every_operation_that_takes_an_id_in_its_path_documents_that_it_may_be_unknown() -> None:
    without = [
        operation["operationId"]
        for _, path, operation in operations()
        if "{" in path and "404" not in operation["responses"]
    ]
    assert without == []


def test_every_component_is_used() -> None:
    used = {
        found["$ref"].rpartition("/")[2]
        for found in objects(DESCRIPTION)
        if isinstance(found.get("$ref"), str)
    }
    assert used == DESCRIPTION["components"]["schemas"].keys()


def test_all_operations_but_health_may_want_the_token() -> None:
    assert DESCRIPTION["security"] == [{}, {"token": []}]
    assert {op["operationId"] for _, _, op in operations() if op.get("security") == []} == {"get_health"}


async def test_the_server_gives_the_same_description(server: Server) -> None:
    assert await server.get("/openapi.json") == DESCRIPTION


def test_the_command_line_prints_the_same_description(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["openapi"]) == 0
    assert json.loads(capsys.readouterr().out) == DESCRIPTION


def test_the_committed_description_is_the_generated_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert COMMITTED.exists(), "make it: python -m cowork_desktop openapi > openapi.json"
    main(["openapi"])
    assert COMMITTED.read_text("utf-8") == capsys.readouterr().out, (
        "the API has changed: python -m cowork_desktop openapi > openapi.json"
    )
