"""The published reference is the law: each operation in it, with each field, is in the API."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.api import ENDPOINTS
from cowork_desktop.http import openapi
from tests.fakes.artifacts import save
from tests.fakes.connections import a_connection
from tests.fakes.files import new_file, pdf, until_read
from tests.fakes.server import Server
from tests.fakes.waiting import until

REFERENCE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
SECTIONS = (
    "Responses",
    "Conversations",
    "Projects",
    "Artifacts",
    "Schedules",
    "Files",
    "Connectors",
    "Memories",
    "Skills",
    "Scratchpads",
    "Cells",
)
_OPERATION = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S+) (.+)")
_FIELD = re.compile(r"([a-z_]+?)(string\[\]|string|boolean|integer|object|file)(required|optional)(.*)")
_TABLES = {
    "Query parameters": "query",
    "Body": "body",
    "Form fields": "form",
    "Path parameters": "path",
    "Path parameter": "path",
}
_SCHEMAS: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "object": {"type": "object"},
    "string[]": {"type": "array", "items": {"type": "string"}},
    "file": {"type": "string", "format": "binary"},
}


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    is_required: bool
    about: str


@dataclass(frozen=True)
class Operation:
    section: str
    method: str
    path: str
    summary: str
    fields: dict[str, list[Field]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def read_operations(text: str) -> Iterator[Operation]:
    """The operations of the reference, each with its tables of fields."""
    section, table = "", ""
    operation: Operation | None = None
    for line in text.splitlines():
        if line in SECTIONS:
            section = line
        elif found := _OPERATION.fullmatch(line):
            if operation:
                yield operation
            operation, table = Operation(section, found[1], found[2], found[3]), ""
        elif line in _TABLES:
            table = _TABLES[line]
        elif operation and table and (found := _FIELD.fullmatch(line)):
            name, type, need, about = found.groups()
            operation.fields.setdefault(table, []).append(Field(name, type, need == "required", about))
    if operation:
        yield operation


OPERATIONS = list(read_operations(REFERENCE))
DESCRIPTION = openapi.build(ENDPOINTS, version="0")
_DESCRIBED = {
    (method.upper(), re.sub(r"{\w+}", "{}", path)): operation
    for path, operations in DESCRIPTION["paths"].items()
    for method, operation in operations.items()
}


def described(operation: Operation) -> dict[str, Any]:
    """The operation as OpenAPI has it; how a parameter in the path is called makes no difference."""
    found = _DESCRIBED.get((operation.method, re.sub(r"{\w+}", "{}", f"/api/v1{operation.path}")))
    assert found is not None, f"{operation} is not in the API"
    return dict(found)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself in the place of a reference to it, and without its null."""
    if "$ref" in schema:
        return resolved(DESCRIPTION["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    given = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    return resolved({**schema, **given[0], "anyOf": []}) if given else schema


def check(place: Field, schema: dict[str, Any]) -> None:
    """The schema takes what the reference says of the field: type, default and range."""
    schema = resolved(schema)
    wanted = _SCHEMAS[place.type]
    assert schema["type"] == wanted["type"], place
    if "items" in wanted:
        assert resolved(schema["items"])["type"] == wanted["items"]["type"], place
    if place.type == "integer" and (default := re.search(r"Default (\d+)", place.about)):
        assert schema["default"] == int(default[1]), place
    if most := re.search(r"max (\d+)", place.about):
        assert schema["maximum"] == int(most[1]), place
    if words := re.search(
        r"^(?:Filter by who created it: )?([a-z]+)(?:, ([a-z]+))*,? or ([a-z]+)\.", place.about
    ):
        assert set(schema["enum"]) >= {word for word in words.groups() if word}, place


def each_operation() -> list[Any]:
    return [
        pytest.param(
            operation,
            id=str(operation),
        )
        for operation in OPERATIONS
    ]


def test_the_reference_has_47_operations_in_11_sections() -> None:
    assert len(OPERATIONS) == len({str(operation) for operation in OPERATIONS}) == 47
    assert list(dict.fromkeys(operation.section for operation in OPERATIONS)) == list(SECTIONS)


def test_the_tables_of_the_reference_are_read_whole() -> None:
    of_responses = next(operation for operation in OPERATIONS if str(operation) == "POST /responses")
    assert [(f.name, f.type, f.is_required) for f in of_responses.fields["body"]] == [
        ("conversation_id", "string", True),
        ("input", "string", True),
        ("stream", "boolean", False),
        ("model", "string", False),
        ("skill_ids", "string[]", False),
    ]
    read = sum(len(fields) for operation in OPERATIONS for fields in operation.fields.values())
    assert read == len(
        re.findall(r"^[a-z_]+(?:required|optional)|^[a-z_]+\[\](?:required|optional)", REFERENCE, re.M)
    )


@pytest.mark.parametrize("operation", each_operation())
def test_each_operation_of_the_reference_is_in_the_api(operation: Operation) -> None:
    assert described(operation)["summary"].startswith(operation.summary)


@pytest.mark.parametrize("operation", each_operation())
def test_each_parameter_of_the_reference_is_in_the_api(operation: Operation) -> None:
    parameters = {(p["in"], p["name"]): p for p in described(operation)["parameters"]}
    for place in operation.fields.get("query", []):
        assert ("query", place.name) in parameters, place
        parameter = parameters["query", place.name]
        assert parameter["required"] == place.is_required, place
        check(place, parameter["schema"])


@pytest.mark.parametrize("operation", each_operation())
def test_each_field_of_a_body_of_the_reference_is_in_the_api(operation: Operation) -> None:
    request = described(operation).get("requestBody", {"content": {}})
    for table, media_type in (("body", "application/json"), ("form", "multipart/form-data")):
        if fields := operation.fields.get(table):
            body = resolved(request["content"][media_type]["schema"])
            assert {f.name for f in fields} <= set(body["properties"])
            assert {f.name for f in fields if f.is_required} == set(body.get("required", []))
            for place in fields:
                check(place, body["properties"][place.name])


def example(name: str) -> Any:
    """The example of an object in the reference, without its comments."""
    found = re.search(rf"^{name} object\n\njson\n({{\n.*?^}})", REFERENCE, re.M | re.S)
    assert found is not None
    return json.loads(re.sub(r"\s+// .*|/\*.*?\*/", "", found[1]))


def assert_has_shape(answer: Any, shown: Any, place: str) -> None:
    """The answer has what the example has, in values of the same kind; it may have more."""
    assert type(answer) is type(shown), place
    if isinstance(shown, dict):
        for name in shown:
            assert name in answer, f"{place}.{name}"
            assert_has_shape(answer[name], shown[name], f"{place}.{name}")
    elif isinstance(shown, list):
        assert answer, place
        for one in answer:
            assert_has_shape(one, shown[0], f"{place}[]")
    elif isinstance(shown, str) and "_" in shown:
        assert answer.partition("_")[0] == shown.partition("_")[0], place


async def test_a_response_has_every_field_of_the_reference(server: Server) -> None:
    response = await server.say(await server.conversation(), "Summarise last week's sales data")
    assert_has_shape(response, example("Response"), "Response")
    assert response["input"] == "Summarise last week's sales data"


async def test_a_conversation_has_every_field_of_the_reference(server: Server) -> None:
    shown = example("Conversation")
    project = (await server.post("/projects", {"name": "P"}))["id"]
    body = {"project_id": project, "title": shown["title"], "goal": shown["goal"]}
    made = await server.post("/conversations", body)
    for conversation in (
        made,
        await server.get(f"/conversations/{made['id']}"),
        (await server.get("/conversations"))["data"][0],
        (await server.call("PATCH", f"/conversations/{made['id']}", json={})).json(),
    ):
        assert_has_shape(conversation, shown, "Conversation")
        assert {name: conversation[name] for name in body} == body
        assert conversation["status"] == "active"


async def test_a_project_has_every_field_of_the_reference(server: Server) -> None:
    shown = example("Project")
    skill = await server.post("/skills", {"name": "s", "description": "S"})
    body = {name: shown[name] for name in ("name", "description")}
    body |= {"skill_ids": [skill["id"]], "connector_ids": [await a_connection(server)]}
    made = await server.post("/projects", body)
    for project in (
        made,
        (await server.get("/projects"))["data"][0],
        (await server.call("PATCH", f"/projects/{made['id']}", json={})).json(),
    ):
        assert_has_shape(project, shown, "Project")
        assert {name: project[name] for name in body} == body


async def test_a_message_has_every_field_of_the_reference(server: Server) -> None:
    conversation = await server.conversation()
    await server.say(conversation, "Hello")
    items = (await server.get(f"/conversations/{conversation}/items"))["data"]
    assert [item["role"] for item in items] == ["user", "assistant"]
    assert all(isinstance(item["content"], str) and isinstance(item["created_at"], str) for item in items)


async def test_an_artifact_has_every_field_of_the_reference(server: Server) -> None:
    shown = example("Artifact")
    project = (await server.post("/projects", {"name": "P"}))["id"]
    made = await save(server, project_id=project, title=shown["title"], type=shown["type"])
    query = {"project_id": project, "path": made["path"]}
    for artifact in (
        made,
        (await server.get("/artifacts"))["data"][0],
        (await server.get("/artifacts/preview", params=query))["artifact"],
        await server.post(f"/artifacts/{made['id']}/versions/1/restore"),
    ):
        assert_has_shape(artifact, shown, "Artifact")
        assert {name: artifact[name] for name in ("title", "type", "project_id")} == {
            "title": shown["title"],
            "type": shown["type"],
            "project_id": project,
        }
        assert re.fullmatch(r"sales_dashboard_\w+/index\.html", artifact["path"])


async def test_a_schedule_has_every_field_of_the_reference(server: Server) -> None:
    shown = example("Schedule")
    project = (await server.post("/projects", {"name": "P"}))["id"]
    body = {"project_id": project} | {name: shown[name] for name in ("cron", "timezone", "prompt")}
    made = await server.post("/schedules", body)
    assert (await server.call("POST", f"/schedules/{made['id']}/run")).status == 202

    async def has_run() -> bool:
        return (await server.get(f"/schedules/{made['id']}"))["last_run_at"] is not None

    await until(has_run)
    for schedule in (
        made | {"last_run_at": shown["last_run_at"]},
        await server.get(f"/schedules/{made['id']}"),
        (await server.get("/schedules"))["data"][0],
        (await server.call("PATCH", f"/schedules/{made['id']}", json={})).json(),
    ):
        assert_has_shape(schedule, shown, "Schedule")
        assert {name: schedule[name] for name in body} == body
        assert schedule["status"] == "active"


async def test_a_file_has_every_field_of_the_reference_that_what_it_belongs_to_gives_it(
    server: Server,
) -> None:
    shown = example("File")
    homes = {
        "project_id": (await server.post("/projects", {"name": "P"}))["id"],
        "conversation_id": await server.conversation(),
    }
    for name, other in (("project_id", "conversation_id"), ("conversation_id", "project_id")):
        made = await new_file(server, pdf("Q2"), name=shown["name"], **{name: homes[name]})
        await until_read(server, made["id"])
        for file in (made, await server.get(f"/files/{made['id']}"), (await server.get("/files"))["data"][0]):
            assert_has_shape({**file, name: None}, {**shown, name: None, other: None}, "File")
            assert {key: file[key] for key in ("name", "mime_type", name)} == {
                "name": shown["name"],
                "mime_type": shown["mime_type"],
                name: homes[name],
            }


async def test_a_memory_has_every_field_of_the_reference(server: Server) -> None:
    shown = example("Memory")
    made = await server.post("/memories", {"content": shown["content"]})
    for memory in (
        made,
        (await server.get("/memories"))["data"][0],
        (await server.call("PATCH", f"/memories/{made['id']}", json={})).json(),
    ):
        assert_has_shape(memory, shown, "Memory")
        assert {name: memory[name] for name in ("content", "project_id", "source")} == {
            name: shown[name] for name in ("content", "project_id", "source")
        }


async def test_a_skill_has_every_field_of_the_reference(server: Server) -> None:
    shown = example("Skill")
    body = {name: shown[name] for name in ("name", "description", "instructions", "tools")}
    made = await server.post("/skills", body)
    for skill in (
        made,
        (await server.get("/skills"))["data"][0],
        (await server.call("PATCH", f"/skills/{made['id']}", json={})).json(),
    ):
        assert {name: skill[name] for name in body} == body
        assert_has_shape(skill | {"tools": skill["tools"][:1]}, shown, "Skill")


async def test_a_scratchpad_has_every_field_of_the_reference(server: Server) -> None:
    shown = example("Scratchpad")
    conversation = await server.conversation()
    body = {"conversation_id": conversation, "title": shown["title"], "cells": shown["cells"]}
    made = await server.post("/scratchpads", body)
    for scratchpad in (
        made,
        await server.get(f"/scratchpads/{made['id']}"),
        (await server.get("/scratchpads", params={"conversation_id": conversation}))["data"][0],
        (await server.call("PATCH", f"/scratchpads/{made['id']}", json={})).json(),
    ):
        assert scratchpad["cells"] == []
        assert scratchpad["saved"] is False
        assert_has_shape({**scratchpad, "cells": ["one"]}, {**shown, "cells": ["one"]}, "Scratchpad")
        assert {name: scratchpad[name] for name in body} == body


async def test_a_cell_has_every_field_of_the_reference_that_its_type_has(server: Server) -> None:
    shown = example("Cell")
    outputs = shown.pop("outputs")
    cells = [
        {"type": "code", "content": shown["content"], "language": shown["language"]},
        {"type": "output", "outputs": outputs},
        {"type": "markdown", "content": "Prose"},
    ]
    pad = await server.post("/scratchpads", {"conversation_id": await server.conversation(), "cells": cells})
    got = [await server.get(f"/scratchpads/{pad['id']}/cells/{cell['id']}") for cell in pad["cells"]]
    for code, output, prose in (pad["cells"], got):
        assert_has_shape(code, shown, "Cell")
        assert {name: code[name] for name in ("type", "content", "language")} == cells[0]
        language = shown["language"]
        assert_has_shape(output | {"language": language}, {**shown, "outputs": outputs}, "Cell")
        assert output["outputs"] == outputs
        assert_has_shape(prose | {"language": language}, shown, "Cell")
        assert "outputs" not in code
        assert not {"language", "outputs"} & prose.keys()
        assert "language" not in output
