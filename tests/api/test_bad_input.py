"""What the server says to input that it cannot take: always the same shape, never a 500."""

import asyncio
import gzip
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from cowork_desktop.api import ENDPOINTS
from cowork_desktop.http.endpoint import MAX_BODY_BYTES, PATH_PARAM, Endpoint
from tests.fakes.connections import a_connection
from tests.fakes.secrets import MemorySecrets
from tests.fakes.server import Answer, Server, running_server

pytestmark = pytest.mark.slow

JSON = {"Content-Type": "application/json"}
UNKNOWN = {
    "conversation": "conv_01jz0000000000000000000000",
    "project": "proj_01jz0000000000000000000000",
    "response": "resp_01jz0000000000000000000000",
    "item": "msg_01jz0000000000000000000000",
    "artifact": "art_01jz0000000000000000000000",
    "file": "file_01jz0000000000000000000000",
    "memory": "mem_01jz0000000000000000000000",
    "skill": "skill_01jz0000000000000000000000",
    "approval": "appr_01jz0000000000000000000000",
    "rule": "rule_01jz0000000000000000000000",
}
on_shared = pytest.mark.asyncio(loop_scope="module")
"""For tests of the server that they share."""
WITH_BODY = [
    pytest.param(endpoint, id=f"{endpoint.method} {endpoint.path}")
    for endpoint in ENDPOINTS
    if endpoint.body and endpoint.path.startswith("/api/v1")
]
LISTS = {
    "/conversations": 200,
    "/projects": 1000,
    "/artifacts": 1000,
    "/files": 1000,
    "/memories": 1000,
    "/skills": 1000,
    "/scratchpads": 1000,
    "/approvals": 1000,
    "/approvals/rules": 1000,
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """One server for all requests that are refused, whatever they are about: they leave it as it was."""
    async with running_server(tmp_path_factory.mktemp("shared") / "data") as running:
        yield running


def error(answer: Answer, status: int, type: str, param: str | None = None) -> dict[str, Any]:
    """The error, which must have the one shape, this status, this type and this place."""
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"].startswith("application/json")
    body = answer.json()
    assert body.keys() == {"error"}
    told: dict[str, Any] = body["error"]
    details = told.get("details", [{}])
    assert told == {
        "type": type,
        "message": told["message"],
        "param": param,
        "request_id": answer.headers["X-Request-Id"],
    } | ({"details": details} if "details" in told else {})
    assert isinstance(told["message"], str)
    assert told["message"]
    assert re.fullmatch(r"req_[0-9a-z]+", told["request_id"])
    assert details
    return told


def path_of(endpoint: Endpoint) -> str:
    return "/" + PATH_PARAM.sub("x", endpoint.path)


async def send(server: Server, endpoint: Endpoint, body: bytes) -> Answer:
    return await server.call(endpoint.method, path_of(endpoint), data=body, headers=JSON)


async def send_raw(server: Server, request: bytes) -> Answer:
    """The answer to bytes that no HTTP client would send."""
    address, _, port = server.url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    writer.write(request)
    raw = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return Answer(int(status.split(" ")[1]), dict(line.split(": ", 1) for line in lines), body)


@pytest.mark.parametrize("endpoint", WITH_BODY)
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"}",
        b"nonsense",
        b"{'title': 'single quotes'}",
        b'{"title": "no end',
        b'{"title": "a",}',
        b'{"title": "a"} {"title": "b"}',
        b'{"title": "a\nb"}',
        b"{} // comment",
        b'\xff\xfe{"a": 1}',
        b'{"title": "\xff"}',
        b" ",
        b"\x00",
    ],
)
@on_shared
async def test_a_body_that_is_no_json_is_told_so(endpoint: Endpoint, body: bytes, shared: Server) -> None:
    error(await send(shared, endpoint, body), 400, "invalid_json", "body")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
async def test_a_body_in_another_encoding_than_utf_8_is_no_json(encoding: str, server: Server) -> None:
    body = '{"name": "x"}'.encode(encoding)
    answer = await server.call("POST", "/projects", data=body, headers=JSON)
    error(answer, 400, "invalid_json", "body")


async def test_a_surrogate_in_the_bytes_of_a_body_is_no_utf_8(server: Server) -> None:
    answer = await server.call("POST", "/projects", data=b'{"name": "\xed\xa0\x80"}', headers=JSON)
    error(answer, 400, "invalid_json", "body")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("field", ["name", "description", "color"])
async def test_a_number_that_json_does_not_have_is_refused(number: str, field: str, server: Server) -> None:
    body = f'{{"name": "P", "{field}": {number}}}'.encode()
    answer = await server.call("POST", "/projects", data=body, headers=JSON)
    assert answer.status in (400, 422)
    error(answer, answer.status, answer.json()["error"]["type"], answer.json()["error"]["param"])


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
async def test_a_number_that_json_does_not_have_is_refused_even_where_nobody_reads_it(
    number: str, server: Server
) -> None:
    conversation = await server.conversation()
    body = f'{{"conversation_id": "{conversation}", "input": "Hi", "temperature": {number}}}'.encode()
    answer = await server.call("POST", "/responses", data=body, headers=JSON)
    error(answer, 400, "invalid_json", "body")


@pytest.mark.parametrize("endpoint", WITH_BODY)
async def test_a_missing_body_is_told_so(endpoint: Endpoint, server: Server) -> None:
    error(await server.call(endpoint.method, path_of(endpoint)), 400, "invalid_json", "body")
    error(await send(server, endpoint, b""), 400, "invalid_json", "body")


@pytest.mark.parametrize("endpoint", WITH_BODY)
@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"true", b"null", b'[{"title": "a"}]'])
@on_shared
async def test_a_body_that_is_no_object_is_invalid(endpoint: Endpoint, body: bytes, shared: Server) -> None:
    error(await send(shared, endpoint, body), 422, "invalid_request", "body")


@pytest.mark.parametrize("endpoint", WITH_BODY)
async def test_a_body_of_a_form_is_an_unsupported_type(endpoint: Endpoint, server: Server) -> None:
    form = await server.call(endpoint.method, path_of(endpoint), data={"name": "x"})
    error(form, 415, "unsupported_media_type")
    plain = await server.call(endpoint.method, path_of(endpoint), data="{}")
    error(plain, 415, "unsupported_media_type")


@pytest.mark.parametrize("endpoint", WITH_BODY)
async def test_a_multipart_body_is_an_unsupported_type_where_nothing_is_uploaded(
    endpoint: Endpoint, server: Server
) -> None:
    form = aiohttp.FormData({"name": "x"}, default_to_multipart=True)
    answer = await server.call(endpoint.method, path_of(endpoint), data=form)
    error(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("method", "path", "body", "param"),
    [
        ("POST", "/conversations", {"title": 1}, "body.title"),
        ("POST", "/conversations", {"title": ["a"]}, "body.title"),
        ("POST", "/conversations", {"project_id": 1}, "body.project_id"),
        ("POST", "/conversations", {"goal": {}}, "body.goal"),
        ("PATCH", "/conversations/x", {"status": "deleted"}, "body.status"),
        ("PATCH", "/conversations/x", {"status": True}, "body.status"),
        ("POST", "/projects", {}, "body.name"),
        ("POST", "/projects", {"name": None}, "body.name"),
        ("POST", "/projects", {"name": 1}, "body.name"),
        ("POST", "/projects", {"name": "P", "connector_ids": "conn_1"}, "body.connector_ids"),
        ("POST", "/projects", {"name": "P", "connector_ids": {"0": "conn_1"}}, "body.connector_ids"),
        ("POST", "/projects", {"name": "P", "connector_ids": ["conn_1", 2]}, "body.connector_ids.1"),
        ("POST", "/projects", {"name": "P", "connector_ids": ["proj_1"]}, "body.connector_ids.0"),
        ("POST", "/projects", {"name": "P", "model": "a model"}, "body.model"),
        ("POST", "/responses", {"input": "Hi"}, "body.conversation_id"),
        ("POST", "/responses", {"conversation_id": "c"}, "body.input"),
        ("POST", "/responses", {"conversation_id": 1, "input": "Hi"}, "body.conversation_id"),
        ("POST", "/responses", {"conversation_id": "c", "input": ["Hi"]}, "body.input"),
        ("POST", "/responses", {"conversation_id": "c", "input": "Hi", "stream": "true"}, "body.stream"),
        ("POST", "/responses", {"conversation_id": "c", "input": "Hi", "stream": 1}, "body.stream"),
        ("POST", "/responses", {"conversation_id": "c", "input": "Hi", "stream": 0.0}, "body.stream"),
        ("POST", "/responses", {"conversation_id": "c", "input": "Hi", "model": 4}, "body.model"),
        ("PATCH", "/settings", {"limits": {"rounds": "5"}}, "body.limits.rounds"),
        ("PATCH", "/settings", {"limits": {"rounds": 5.5}}, "body.limits.rounds"),
        ("PATCH", "/settings", {"limits": {"rounds": True}}, "body.limits.rounds"),
        ("PATCH", "/settings", {"limits": {"rounds": 0}}, "body.limits.rounds"),
        ("PATCH", "/settings", {"limits": []}, "body.limits"),
        ("PATCH", "/settings", {"base_url": "ftp://example"}, "body.base_url"),
        ("PATCH", "/settings", {"base_url": "http://user:secret@example"}, "body.base_url"),
        ("POST", "/memories", {}, "body.content"),
        ("POST", "/memories", {"content": None}, "body.content"),
        ("POST", "/memories", {"content": ["a"]}, "body.content"),
        ("POST", "/memories", {"content": "a", "project_id": 1}, "body.project_id"),
        ("POST", "/memories", {"content": "a", "source": "agent"}, "body.source"),
        ("PATCH", "/memories/x", {"content": 1}, "body.content"),
        ("PATCH", "/memories/x", {"project_id": None}, "body.project_id"),
        ("POST", "/skills", {"description": "D"}, "body.name"),
        ("POST", "/skills", {"name": "n"}, "body.description"),
        ("POST", "/skills", {"name": None, "description": "D"}, "body.name"),
        ("POST", "/skills", {"name": 1, "description": "D"}, "body.name"),
        ("POST", "/skills", {"name": "n", "description": ["D"]}, "body.description"),
        ("POST", "/skills", {"name": "n", "description": "D", "instructions": None}, "body.instructions"),
        ("POST", "/skills", {"name": "n", "description": "D", "tools": "sql_query"}, "body.tools"),
        ("POST", "/skills", {"name": "n", "description": "D", "tools": None}, "body.tools"),
        ("POST", "/skills", {"name": "n", "description": "D", "tools": ["a", 1]}, "body.tools.1"),
        ("PATCH", "/skills/x", {"tools": {"0": "a"}}, "body.tools"),
        ("PATCH", "/skills/x", {"instructions": 1}, "body.instructions"),
        ("PATCH", "/settings", {"memories": {"characters": -1}}, "body.memories.characters"),
        ("PATCH", "/settings", {"memories": {"characters": 200_001}}, "body.memories.characters"),
        ("PATCH", "/settings", {"memories": {"characters": None}}, "body.memories.characters"),
        ("PATCH", "/settings", {"approvals": {"project": "deny"}}, "body.approvals.project"),
        ("PATCH", "/settings", {"approvals": {"outside": "allow"}}, "body.approvals.outside"),
        ("PATCH", "/settings", {"approvals": {"wait_seconds": 0}}, "body.approvals.wait_seconds"),
        ("PATCH", "/settings", {"web": {"fetch": 1}}, "body.web.fetch"),
        ("POST", "/responses/x/approvals/y", {}, "body"),
        ("POST", "/responses/x/approvals/y", {"decision": "allow", "answer": "a"}, "body"),
        ("POST", "/responses/x/approvals/y", {"decision": "yes"}, "body.decision"),
        ("POST", "/responses/x/approvals/y", {"decision": True}, "body.decision"),
        ("POST", "/responses/x/approvals/y", {"answer": 5}, "body.answer"),
        ("POST", "/responses/x/approvals/y", {"answer": ""}, "body.answer"),
        ("POST", "/artifacts/open", {}, "body.artifact_id"),
        ("POST", "/artifacts/open", {"artifact_id": None}, "body.artifact_id"),
        ("POST", "/artifacts/open", {"artifact_id": ["art_1"]}, "body.artifact_id"),
        ("POST", "/artifacts/open", {"artifact_id": "conv_1"}, "body.artifact_id"),
        ("POST", "/shell/commands/x/acknowledge", {"done": 1}, "body.done"),
        ("POST", "/shell/power", {}, "body.state"),
        ("POST", "/shell/power", {"state": "off"}, "body.state"),
        ("POST", "/shell/power", {"state": True}, "body.state"),
        ("PATCH", "/settings", {"files": {"largest_bytes": "many"}}, "body.files.largest_bytes"),
        ("PATCH", "/settings", {"files": {"largest_bytes": None}}, "body.files.largest_bytes"),
        ("POST", "/scratchpads", {}, "body.conversation_id"),
        ("POST", "/scratchpads", {"conversation_id": 1}, "body.conversation_id"),
        ("POST", "/scratchpads", {"conversation_id": "c", "title": None}, "body.title"),
        ("POST", "/scratchpads", {"conversation_id": "c", "cells": None}, "body.cells"),
        ("POST", "/scratchpads", {"conversation_id": "c", "cells": [1]}, "body.cells.0"),
        ("POST", "/scratchpads", {"conversation_id": "c", "cells": [{}]}, "body.cells.0.type"),
        ("PATCH", "/scratchpads/x", {"title": None}, "body.title"),
        ("PATCH", "/scratchpads/x", {"saved": None}, "body.saved"),
        ("PATCH", "/scratchpads/x", {"saved": "true"}, "body.saved"),
        ("PATCH", "/scratchpads/x", {"saved": 1}, "body.saved"),
        ("POST", "/scratchpads/x/cells", {"content": "1"}, "body.type"),
        ("POST", "/scratchpads/x/cells", {"type": "raw"}, "body.type"),
        ("POST", "/scratchpads/x/cells", {"type": "code", "content": None}, "body.content"),
        ("POST", "/scratchpads/x/cells", {"type": "code", "content": ["1"]}, "body.content"),
        ("POST", "/scratchpads/x/cells", {"type": "code", "language": "Python"}, "body.language"),
        ("POST", "/scratchpads/x/cells", {"type": "code", "language": ""}, "body.language"),
        ("POST", "/scratchpads/x/cells", {"type": "code", "language": "x" * 41}, "body.language"),
        ("POST", "/scratchpads/x/cells", {"type": "code", "index": -1}, "body.index"),
        ("POST", "/scratchpads/x/cells", {"type": "code", "index": "0"}, "body.index"),
        ("POST", "/scratchpads/x/cells", {"type": "code", "index": 1.5}, "body.index"),
        (
            "POST",
            "/scratchpads/x/cells",
            {"type": "output", "outputs": [{"mime": "a/b"}]},
            "body.outputs.0.data",
        ),
        ("PATCH", "/scratchpads/x/cells/y", {"type": "output"}, "body.type"),
        ("PATCH", "/scratchpads/x/cells/y", {"type": None}, "body.type"),
        ("PATCH", "/scratchpads/x/cells/y", {"content": None}, "body.content"),
        ("PATCH", "/scratchpads/x/cells/y", {"language": None}, "body.language"),
        ("PATCH", "/scratchpads/x/cells/y", {"index": None}, "body.index"),
        ("PATCH", "/scratchpads/x/cells/y", {"index": -1}, "body.index"),
        ("POST", "/scratchpads/x/complete", {}, "body.code"),
        ("POST", "/scratchpads/x/complete", {"code": "a", "cursor_pos": -1}, "body.cursor_pos"),
        ("PATCH", "/settings", {"kernels": {"output_bytes": 999}}, "body.kernels.output_bytes"),
        ("PATCH", "/settings", {"kernels": {"spare": "no"}}, "body.kernels.spare"),
        ("PATCH", "/settings", {"kernels": {"idle_seconds": None}}, "body.kernels.idle_seconds"),
        ("PUT", "/settings/model-key", {}, "body.key"),
        ("PUT", "/settings/model-key", {"key": "short"}, "body.key"),
        ("PUT", "/settings/model-key", {"key": "with a space in it"}, "body.key"),
    ],
)
@on_shared
async def test_a_value_of_a_wrong_type_is_named(
    method: str, path: str, body: Any, param: str, shared: Server
) -> None:
    told = error(await shared.call(method, path, json=body), 422, "invalid_request", param)
    assert told["message"].startswith(f"{param}: ")
    assert [detail["param"] for detail in told["details"]] == [param]


async def test_all_faults_of_a_body_are_told_at_once(server: Server) -> None:
    body = {"name": "", "description": 5, "color": "red"}
    told = error(await server.call("POST", "/projects", json=body), 422, "invalid_request", "body.name")
    assert [detail["param"] for detail in told["details"]] == ["body.name", "body.description", "body.color"]
    assert all(detail.keys() == {"param", "message", "type"} for detail in told["details"])


@pytest.mark.parametrize("endpoint", [p for p in WITH_BODY if p.id != "POST /api/v1/responses"])
async def test_a_field_that_is_not_known_is_named(endpoint: Endpoint, server: Server) -> None:
    answer = await send(server, endpoint, b'{"titel": "misspelt"}')
    told = error(answer, 422, "invalid_request", answer.json()["error"]["param"])
    [fault] = [detail for detail in told["details"] if detail["param"] == "body.titel"]
    assert fault == {
        "param": "body.titel",
        "message": "is not a field of this body.",
        "type": "extra_forbidden",
    }


async def test_a_field_that_is_not_known_is_named_at_every_depth(server: Server) -> None:
    answer = await server.call("PATCH", "/settings", json={"limits": {"minutes": 5}})
    error(answer, 422, "invalid_request", "body.limits.minutes")


async def test_a_response_lets_fields_pass_that_it_does_not_know(server: Server) -> None:
    response = await server.say(await server.conversation(), "Hi", temperature=0.5, metadata={"a": [None]})
    assert response["status"] == "completed"


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/conversations", {"project_id": UNKNOWN["project"]}, "body.project_id"),
        ("/conversations", {"project_id": ""}, "body.project_id"),
        ("/conversations", {"project_id": "a\0b"}, "body.project_id"),
        ("/conversations", {"project_id": "x" * 100_000}, "body.project_id"),
        ("/responses", {"conversation_id": UNKNOWN["conversation"], "input": "Hi"}, "body.conversation_id"),
        ("/responses", {"conversation_id": UNKNOWN["project"], "input": "Hi"}, "body.conversation_id"),
        ("/projects", {"name": "P", "skill_ids": ["skill_1"]}, "body.skill_ids"),
        ("/artifacts/open", {"artifact_id": UNKNOWN["artifact"]}, "body.artifact_id"),
        ("/artifacts/open", {"artifact_id": "art_1"}, "body.artifact_id"),
        ("/memories", {"content": "M", "project_id": UNKNOWN["project"]}, "body.project_id"),
        ("/memories", {"content": "M", "project_id": ""}, "body.project_id"),
        ("/memories", {"content": "M", "project_id": "a\0b"}, "body.project_id"),
        ("/scratchpads", {"conversation_id": UNKNOWN["conversation"]}, "body.conversation_id"),
        ("/scratchpads", {"conversation_id": ""}, "body.conversation_id"),
        ("/scratchpads", {"conversation_id": "a\0b"}, "body.conversation_id"),
    ],
)
async def test_an_id_in_a_body_that_nothing_has_is_named(
    path: str, body: Any, param: str, server: Server
) -> None:
    told = error(await server.call("POST", path, json=body), 422, "invalid_request", param)
    [fault] = told["details"]
    assert fault == {"param": param, "message": told["message"], "type": "unknown_id"}
    assert len(told["message"]) < 200


async def test_a_skill_of_a_response_that_does_not_exist_is_named(server: Server) -> None:
    body = {"conversation_id": await server.conversation(), "input": "Hi", "skill_ids": ["skill_1"]}
    answer = await server.call("POST", "/responses", json=body)
    error(answer, 422, "invalid_request", "body.skill_ids")
    items = await server.get(f"/conversations/{body['conversation_id']}/items")
    assert items["data"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/conversations/{id}"),
        ("PATCH", "/conversations/{id}"),
        ("DELETE", "/conversations/{id}"),
        ("GET", "/conversations/{id}/items"),
        ("GET", "/projects/{id}"),
        ("PATCH", "/projects/{id}"),
        ("DELETE", "/projects/{id}"),
        ("GET", "/projects/{id}/export"),
        ("GET", "/artifacts/{id}"),
        ("DELETE", "/artifacts/{id}"),
        ("GET", "/artifacts/{id}/export"),
        ("GET", "/artifacts/{id}/versions"),
        ("POST", "/artifacts/{id}/versions/1/restore"),
        ("GET", "/artifacts/serve/{id}/index.html"),
        ("GET", "/files/{id}"),
        ("DELETE", "/files/{id}"),
        ("GET", "/files/{id}/content"),
        ("GET", "/files/{id}/text"),
        ("POST", "/shell/commands/{id}/acknowledge"),
        ("GET", "/memories/{id}"),
        ("PATCH", "/memories/{id}"),
        ("DELETE", "/memories/{id}"),
        ("GET", "/skills/{id}"),
        ("PATCH", "/skills/{id}"),
        ("DELETE", "/skills/{id}"),
        ("GET", "/skills/{id}/export"),
        ("GET", "/responses/{id}"),
        ("GET", "/responses/{id}/events"),
        ("POST", "/responses/{id}/cancel"),
        ("POST", "/responses/{id}/undo"),
        ("GET", "/approvals/{id}"),
    ],
)
@pytest.mark.parametrize(
    "id",
    [
        *UNKNOWN.values(),
        "x",
        "%00",
        "%ED%A0%80",
        "%F0%9F%98%80",
        "%2e%2e",
        "..%2f..%2fetc",
        "a%20b",
        "'%20OR%201=1--",
        "x" * 5000,
    ],
)
@on_shared
async def test_an_id_in_a_path_that_nothing_has_is_not_found(
    method: str, path: str, id: str, shared: Server
) -> None:
    body: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
    if path.endswith("/acknowledge"):
        body = {"json": {"done": True}}
    if path.format(id=id) == "/responses/%2e%2e/events":
        return  # The client asks for `/events` then, which is there and has no end.
    answer = await shared.call(method, path.format(id=id), **body)
    told = error(answer, 404, "not_found")
    assert len(told["message"]) < 600


async def test_a_deleted_thing_is_not_found_and_no_longer_a_reference(server: Server) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    conversation = await server.conversation()
    memory = (await server.post("/memories", {"content": "M"}))["id"]
    skill = (await server.post("/skills", {"name": "s", "description": "S"}))["id"]
    for path in (
        f"/projects/{project}",
        f"/conversations/{conversation}",
        f"/memories/{memory}",
        f"/skills/{skill}",
    ):
        assert (await server.call("DELETE", path)).status == 204
        error(await server.call("DELETE", path), 404, "not_found")
        error(await server.call("GET", path), 404, "not_found")
        error(await server.call("PATCH", path, json={}), 404, "not_found")
    answer = await server.call("POST", "/conversations", json={"project_id": project})
    error(answer, 422, "invalid_request", "body.project_id")
    answer = await server.call("POST", "/memories", json={"content": "M", "project_id": project})
    error(answer, 422, "invalid_request", "body.project_id")
    answer = await server.call("POST", "/projects", json={"name": "P", "skill_ids": [skill]})
    error(answer, 422, "invalid_request", "body.skill_ids")
    answer = await server.call("POST", "/responses", json={"conversation_id": conversation, "input": "Hi"})
    error(answer, 422, "invalid_request", "body.conversation_id")


async def test_an_item_to_page_from_must_be_of_the_conversation(server: Server) -> None:
    mine, other = await server.conversation(), await server.conversation()
    await server.say(other, "Hi")
    foreign = (await server.get(f"/conversations/{other}/items"))["data"][0]["id"]
    for before in (foreign, UNKNOWN["item"], "", "x"):
        answer = await server.call("GET", f"/conversations/{mine}/items", params={"before": before})
        error(answer, 422, "invalid_request", "query.before")


def padded(size: int) -> bytes:
    """A valid body of so many bytes."""
    body = b'{"title": "T"}'
    return body + b" " * (size - len(body))


def file_of(size: int) -> io.BytesIO:
    return io.BytesIO(padded(size))


async def in_chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


async def test_a_body_may_be_as_large_as_the_limit(server: Server) -> None:
    answer = await server.call("POST", "/conversations", data=file_of(MAX_BODY_BYTES), headers=JSON)
    assert answer.status == 201


async def test_a_body_over_the_limit_is_refused(server: Server) -> None:
    answer = await server.call("POST", "/conversations", data=file_of(MAX_BODY_BYTES + 1), headers=JSON)
    error(answer, 413, "payload_too_large")
    assert (await server.get("/conversations"))["total"] == 0


async def test_a_body_over_the_limit_in_chunks_is_refused(server: Server) -> None:
    body = in_chunks(padded(MAX_BODY_BYTES + 1))
    answer = await server.call("POST", "/conversations", data=body, headers=JSON)
    error(answer, 413, "payload_too_large")
    assert (await server.get("/conversations"))["total"] == 0


async def test_a_body_in_chunks_below_the_limit_is_taken(server: Server) -> None:
    answer = await server.call("POST", "/conversations", data=in_chunks(padded(200_000)), headers=JSON)
    assert answer.status == 201


async def test_a_small_body_that_unpacks_to_a_large_one_is_refused(server: Server) -> None:
    headers = JSON | {"Content-Encoding": "gzip"}
    packed = gzip.compress(padded(64 * 1024 * 1024))
    assert len(packed) < 100_000
    answer = await server.call("POST", "/conversations", data=packed, headers=headers)
    assert answer.status in (400, 413, 415)
    assert (await server.get("/conversations"))["total"] == 0


async def test_a_body_that_cannot_be_unpacked_is_refused_in_the_same_shape(server: Server) -> None:
    headers = JSON | {"Content-Encoding": "gzip"}
    answer = await server.call("POST", "/conversations", data=b"this is not gzip", headers=headers)
    assert answer.status in (400, 415, 422)
    error(answer, answer.status, answer.json()["error"]["type"], answer.json()["error"]["param"])


TEXTS = [
    ("POST", "/conversations", "title", {}),
    ("POST", "/conversations", "goal", {}),
    ("PATCH", "/conversations/x", "title", {}),
    ("PATCH", "/conversations/x", "goal", {}),
    ("POST", "/projects", "name", {}),
    ("POST", "/projects", "description", {"name": "P"}),
    ("POST", "/projects", "model", {"name": "P"}),
    ("PATCH", "/projects/x", "name", {}),
    ("PATCH", "/projects/x", "description", {}),
    ("POST", "/memories", "content", {}),
    ("PATCH", "/memories/x", "content", {}),
    ("POST", "/skills", "name", {"description": "D"}),
    ("POST", "/skills", "description", {"name": "n"}),
    ("POST", "/skills", "instructions", {"name": "n", "description": "D"}),
    ("PATCH", "/skills/x", "description", {}),
    ("PATCH", "/skills/x", "instructions", {}),
    ("POST", "/responses", "input", {"conversation_id": "x"}),
    ("POST", "/responses", "model", {"conversation_id": "x", "input": "Hi"}),
    ("POST", "/scratchpads", "title", {"conversation_id": "x"}),
    ("PATCH", "/scratchpads/x", "title", {}),
    ("POST", "/scratchpads/x/cells", "content", {"type": "code"}),
    ("PATCH", "/scratchpads/x/cells/y", "content", {}),
    ("POST", "/scratchpads/x/complete", "code", {}),
    ("PATCH", "/settings", "model", {}),
    ("PATCH", "/settings", "base_url", {}),
]


@pytest.mark.parametrize("text", ["\0", "before\0after", "ends\0"])
@pytest.mark.parametrize(("method", "path", "field", "others"), TEXTS)
@on_shared
async def test_text_with_a_nul_is_invalid(
    method: str, path: str, field: str, others: dict[str, str], text: str, shared: Server
) -> None:
    answer = await shared.call(method, path, json={**others, field: text})
    error(answer, 422, "invalid_request", f"body.{field}")


@pytest.mark.parametrize("escape", [r"\ud800", r"a\udfffb", r"\ude00\ud83d", r"\ud83d!"])
@pytest.mark.parametrize(("method", "path", "field", "others"), TEXTS)
@on_shared
async def test_text_with_a_lone_surrogate_is_invalid(
    method: str, path: str, field: str, others: dict[str, str], escape: str, shared: Server
) -> None:
    body = json.dumps({**others, field: "TEXT"}).replace("TEXT", escape).encode()
    answer = await shared.call(method, path, data=body, headers=JSON)
    told = error(answer, 422, "invalid_request", "body")
    assert re.fullmatch(
        r"body: holds half of a surrogate pair at line 1 column \d+, and so is not valid Unicode\.",
        told["message"],
    )


BLANK = "String should not be blank, and should have no NUL character"
UNFIT = [
    ("POST", "/memories", {"content": "   "}, "content", BLANK),
    ("PATCH", "/memories/x", {"content": "\n"}, "content", BLANK),
    ("POST", "/responses", {"conversation_id": "x", "input": " "}, "input", BLANK),
    ("POST", "/projects", {"name": "a\0"}, "name", BLANK),
    ("POST", "/skills", {"name": "n", "description": "a\0"}, "description", BLANK),
    (
        "POST",
        "/projects",
        {"name": "P", "description": "\0"},
        "description",
        "String should have no NUL character",
    ),
    (
        "POST",
        "/projects",
        {"name": "P", "model": "two words"},
        "model",
        "String should have no other characters than letters from A to Z, digits and _ . : / @ + - [ ]",
    ),
    (
        "PATCH",
        "/projects/x",
        {"skill_ids": ["s"]},
        "skill_ids.0",
        "String should be the id of a skill, which begins with skill_",
    ),
    (
        "PATCH",
        "/projects/x",
        {"connector_ids": ["c"]},
        "connector_ids.0",
        "String should be the id of a connection, which begins with conn_",
    ),
    (
        "POST",
        "/artifacts/open",
        {"artifact_id": "a"},
        "artifact_id",
        "String should be the id of an artifact, which begins with art_",
    ),
    (
        "POST",
        "/skills",
        {"name": "Weekly Report", "description": "D"},
        "name",
        "String should have small letters and digits alone, with single hyphens between them",
    ),
    (
        "PATCH",
        "/skills/x",
        {"tools": ["a\n"]},
        "tools.0",
        "String should not be blank, and should have no control characters",
    ),
    (
        "POST",
        "/scratchpads/x/cells",
        {"type": "code", "language": "9"},
        "language",
        "String should have small letters, digits and + # _ - alone, and begin with a letter",
    ),
    (
        "PATCH",
        "/settings",
        {"base_url": "localhost:80"},
        "base_url",
        "String should be a URL of http or https, without user, query, fragment and white space",
    ),
    (
        "PUT",
        "/settings/model-key",
        {"key": "key with spaces"},
        "key",
        "String should have letters, digits and signs of ASCII alone, and no spaces",
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "field", "words"), UNFIT)
@on_shared
async def test_what_is_wanted_of_a_text_is_told_in_words(
    method: str, path: str, body: dict[str, Any], field: str, words: str, shared: Server
) -> None:
    told = error(await shared.call(method, path, json=body), 422, "invalid_request", f"body.{field}")
    assert told["message"] == f"body.{field}: {words}."
    assert told["details"] == [
        {"param": f"body.{field}", "message": f"{words}.", "type": "string_pattern_mismatch"}
    ]


@pytest.mark.parametrize(
    ("path", "field", "words"),
    [
        ("/usage?since=today", "since", "String should be a day such as 2026-06-11"),
        ("/search?q=x&cursor=!", "cursor", "String should be the next_cursor of the page before"),
    ],
)
@on_shared
async def test_what_is_wanted_of_a_parameter_is_told_in_words(
    path: str, field: str, words: str, shared: Server
) -> None:
    told = error(await shared.call("GET", path), 422, "invalid_request", f"query.{field}")
    assert told["message"] == f"query.{field}: {words}."


async def test_a_pair_of_surrogates_is_one_character(server: Server) -> None:
    body = rb'{"title": "\ud83d\ude00"}'
    made = (await server.call("POST", "/conversations", data=body, headers=JSON)).json()
    assert made["title"] == "\U0001f600"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
async def test_100_levels_of_nesting_are_read_and_found_to_be_of_a_wrong_type(
    opening: str, closing: str, server: Server
) -> None:
    body = f'{{"title": {opening * 100}1{closing * 100}}}'.encode()
    answer = await server.call("POST", "/conversations", data=body, headers=JSON)
    error(answer, 422, "invalid_request", "body.title")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("endpoint", WITH_BODY)
@on_shared
async def test_100_000_levels_of_nesting_are_refused(
    endpoint: Endpoint, opening: str, closing: str, shared: Server
) -> None:
    body = f'{{"title": {opening * 100_000}1{closing * 100_000}}}'.encode()
    error(await send(shared, endpoint, body), 400, "invalid_json", "body")
    assert (await shared.get("/health"))["status"] == "ok"


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + "0" * 30, "1" + "0" * 4000, "0." + "9" * 4000])
async def test_a_huge_number_is_invalid(number: str, server: Server) -> None:
    body = f'{{"limits": {{"rounds": {number}}}}}'.encode()
    answer = await server.call("PATCH", "/settings", data=body, headers=JSON)
    error(answer, 422, "invalid_request", "body.limits.rounds")


async def test_a_number_of_100_000_digits_is_refused(server: Server) -> None:
    body = b'{"limits": {"rounds": ' + b"9" * 100_000 + b"}}"
    answer = await server.call("PATCH", "/settings", data=body, headers=JSON)
    assert answer.status in (400, 422)
    error(answer, answer.status, answer.json()["error"]["type"], answer.json()["error"]["param"])


@pytest.mark.parametrize(("path", "most"), LISTS.items())
async def test_a_limit_outside_its_range_is_invalid_not_clamped(path: str, most: int, server: Server) -> None:
    for limit in (0, -1, most + 1, 10**14, 10**30):
        answer = await server.call("GET", path, params={"limit": str(limit)})
        error(answer, 422, "invalid_request", "query.limit")
    for limit in (1, most):
        assert (await server.call("GET", path, params={"limit": str(limit)})).status == 200


@pytest.mark.parametrize("path", LISTS)
async def test_an_offset_below_zero_is_invalid(path: str, server: Server) -> None:
    for offset in (-1, -(10**14), 10**30):
        answer = await server.call("GET", path, params={"offset": str(offset)})
        error(answer, 422, "invalid_request", "query.offset")
    page = await server.get(path, params={"offset": "999999999999999"})
    assert page["data"] == []
    assert page["has_more"] is False


@pytest.mark.parametrize("name", ["limit", "offset"])
@pytest.mark.parametrize(
    "value", ["", " ", "abc", "1.5", "1.0", "1e1", "0x10", "+1", " 1", "1_0", "\u0661", "null"]
)
async def test_a_number_in_a_query_is_digits(name: str, value: str, server: Server) -> None:
    for path in LISTS:
        answer = await server.call("GET", path, params={name: value})
        error(answer, 422, "invalid_request", f"query.{name}")


async def test_the_limit_of_items_has_its_range_too(server: Server) -> None:
    path = f"/conversations/{await server.conversation()}/items"
    for limit in ("0", "-1", "1001", "x"):
        error(await server.call("GET", path, params={"limit": limit}), 422, "invalid_request", "query.limit")
    for limit in ("1", "1000"):
        assert (await server.call("GET", path, params={"limit": limit})).status == 200


@pytest.mark.parametrize(
    ("path", "param"),
    [
        ("/conversations?status=deleted", "query.status"),
        ("/conversations?status=", "query.status"),
        ("/conversations?status=Active", "query.status"),
        ("/approvals?status=open", "query.status"),
        ("/approvals?status=", "query.status"),
        ("/approvals?response_id=" + "x" * 201, "query.response_id"),
        ("/approvals/rules?project_id=" + "x" * 201, "query.project_id"),
        ("/memories?source=model", "query.source"),
        ("/memories?source=", "query.source"),
        ("/memories?project_id=" + "x" * 201, "query.project_id"),
        ("/responses/in-flight", "query.conversation_id"),
        ("/responses/resp_1/events?after=x", "query.after"),
        ("/usage?group_by=hour", "query.group_by"),
        ("/usage?since=yesterday", "query.since"),
        ("/usage?since=2026-13-01", "query.since"),
        ("/usage?since=2026-02-30", "query.since"),
        ("/usage?until=2026-01-32", "query.until"),
    ],
)
async def test_a_query_that_makes_no_sense_is_named(path: str, param: str, server: Server) -> None:
    error(await server.call("GET", path), 422, "invalid_request", param)


@pytest.mark.parametrize("id", ["x", "-1", "1.0", "9" * 400, "\u0661"])
async def test_a_last_event_id_that_is_none_is_invalid(id: str, server: Server) -> None:
    response = await server.say(await server.conversation(), "Hi")
    answer = await server.call("GET", f"/responses/{response['id']}/events", headers={"Last-Event-ID": id})
    error(answer, 422, "invalid_request", "header.Last-Event-ID")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/conversations?limit=1&limit=2", "limit"),
        ("/conversations?limit=1&limit=1", "limit"),
        ("/conversations?status=active&offset=0&status=archived", "status"),
        ("/projects?offset=0&offset=0", "offset"),
        ("/responses/in-flight-list?conversation_id=a&conversation_id=b", "conversation_id"),
        ("/usage?model=a&model=b", "model"),
        ("/memories?project_id=a&project_id=b", "project_id"),
    ],
)
async def test_a_query_parameter_may_stand_once(path: str, name: str, server: Server) -> None:
    error(await server.call("GET", path), 422, "invalid_request", f"query.{name}")


async def test_a_query_parameter_that_is_not_known_is_passed_over(server: Server) -> None:
    assert (await server.get("/conversations?_=1765432100&utm=x"))["total"] == 0


def supported() -> dict[str, set[str]]:
    """The methods of each path."""
    found: dict[str, set[str]] = {}
    for endpoint in ENDPOINTS:
        methods = found.setdefault(path_of(endpoint), set())
        methods |= {"GET", "HEAD"} if endpoint.method == "GET" else {endpoint.method}
    return found


@pytest.mark.parametrize(("path", "methods"), supported().items())
@on_shared
async def test_a_wrong_method_is_told_which_are_possible(
    path: str, methods: set[str], shared: Server
) -> None:
    for method in METHODS:
        if method not in methods:
            answer = await shared.call(method, path)
            assert (answer.status, set(answer.headers["Allow"].split(","))) == (405, methods)
            if method != "HEAD":
                error(answer, 405, "method_not_allowed")


@pytest.mark.parametrize(
    "path",
    [
        "//api",
        "//api/v1",
        "//api/v2/conversations",
        "/nothing",
        "/conversations//",
        "/Conversations",
        "/conversations/a/b/c",
        "/conversations/a/items/b",
        "/responses/in-flight/x/y",
        "/health/x",
        "//favicon.ico",
        "//index.php",
        "//%2e%2e/%2e%2e/etc/passwd",
        "/docs/../../cli.py",
        "/" + "%F0%9F%98%80" * 200,
    ],
)
async def test_a_path_where_nothing_is_is_not_found(path: str, server: Server) -> None:
    for method in ("GET", "POST", "PATCH", "DELETE"):
        error(await server.call(method, path), 404, "not_found")


@pytest.mark.parametrize(
    "name",
    ["x", "%2e%2e%2fcli.py", "..%2f..%2fcli.py", "%2fetc%2fpasswd", "swagger-ui.LICENSE", "index.html%00"],
)
async def test_only_the_files_of_the_page_can_be_had(name: str, server: Server) -> None:
    error(await server.call("GET", f"/docs/{name}"), 404, "not_found")


@pytest.mark.parametrize("path", ["/conversations", "/projects", "/settings", "/usage", "/openapi.json"])
async def test_a_slash_behind_a_path_means_the_same(path: str, server: Server) -> None:
    assert await server.get(f"{path}/") == await server.get(path)


async def test_a_slash_behind_the_path_of_a_thing_means_the_same(server: Server) -> None:
    made = (await server.call("POST", "/conversations/", json={"title": "T"})).json()
    assert await server.get(f"/conversations/{made['id']}/") == made
    patched = await server.call("PATCH", f"/conversations/{made['id']}/", json={"title": "U"})
    assert patched.json()["title"] == "U"
    body = {"conversation_id": made["id"], "input": "Hi", "stream": False}
    response = await server.post("/responses/", body)
    stored = await server.get(f"/responses/{response['id']}/")
    assert stored == stored | response
    assert len((await server.get(f"/conversations/{made['id']}/items/"))["data"]) == 2
    assert (await server.call("DELETE", f"/conversations/{made['id']}/")).status == 204


async def test_head_works_where_get_does(server: Server) -> None:
    conversation = await server.conversation()
    response = await server.say(conversation, "Hi")
    for path in (
        "/conversations",
        f"/conversations/{conversation}",
        f"/conversations/{conversation}/items",
        "/projects",
        "/artifacts",
        "/files",
        "/shell/commands",
        "/memories",
        "/skills",
        "/settings",
        "/usage",
        f"/responses/{response['id']}",
        "/responses/in-flight-list",
        "/openapi.json",
        "/docs",
    ):
        got, asked = await server.call("GET", path), await server.call("HEAD", path)
        assert (asked.status, asked.body) == (200, b"")
        assert asked.headers["Content-Type"] == got.headers["Content-Type"]
        assert asked.headers["Content-Length"] == str(len(got.body))


async def test_head_of_a_stream_ends_at_once(server: Server) -> None:
    response = await server.say(await server.conversation(), "Hi")
    answer = await server.call("HEAD", f"/responses/{response['id']}/events")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Type"] == "text/event-stream"


async def test_head_of_what_is_not_there_is_not_found_without_a_body(server: Server) -> None:
    answer = await server.call("HEAD", "/conversations/x")
    assert (answer.status, answer.body) == (404, b"")
    assert answer.headers["X-Request-Id"].startswith("req_")


async def test_every_answer_has_a_request_id_of_its_own(server: Server) -> None:
    paths = ["/health", "/conversations", "/nothing", "/conversations/x", "/docs", "//"]
    ids = [(await server.call("GET", path)).headers["X-Request-Id"] for path in paths * 3]
    assert len(set(ids)) == len(ids)


async def test_a_request_id_of_the_callers_is_not_taken_over(server: Server) -> None:
    answer = await server.call("GET", "/conversations/x", headers={"X-Request-Id": "req_mine"})
    assert error(answer, 404, "not_found")["request_id"] != "req_mine"


@pytest.mark.parametrize("size", [9_000, 60_000])
async def test_an_address_that_is_too_long_is_refused_in_the_same_shape(size: int, server: Server) -> None:
    answer = await server.call("GET", "/conversations", params={"project_id": "x" * size})
    assert 400 <= answer.status < 500
    error(answer, answer.status, answer.json()["error"]["type"], answer.json()["error"]["param"])


async def test_a_filter_of_200_characters_of_any_script_fits_into_an_address(server: Server) -> None:
    page = await server.get("/conversations", params={"project_id": "\U0001f600" * 200})
    assert page == {"data": [], "total": 0, "has_more": False}


async def test_an_expectation_that_is_not_known_is_refused_in_the_same_shape(server: Server) -> None:
    host = server.url.removeprefix("http://")
    request = (
        f"GET /api/v1/settings HTTP/1.1\r\nHost: {host}\r\nExpect: miracles\r\nConnection: close\r\n\r\n"
    )
    answer = await send_raw(server, request.encode())
    assert 400 <= answer.status < 500
    error(answer, answer.status, answer.json()["error"]["type"])


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET /api/v1/health HTTP/1.1\r\nHost: {host}\r\nNo colon\r\n\r\n",
        b"GET /api/v1/health HTTP/1.1\r\nHost: {host}\r\nX: \x00\r\n\r\n",
        b"GET /api/v1/\x00 HTTP/1.1\r\nHost: {host}\r\n\r\n",
        b"NONSENSE\r\n\r\n",
        b"POST /api/v1/conversations HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/conversations HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2, 3\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused_in_the_same_shape(request_head: bytes, server: Server) -> None:
    host = server.url.removeprefix("http://").encode()
    answer = await send_raw(server, request_head.replace(b"{host}", host))
    assert 400 <= answer.status < 500
    error(answer, answer.status, answer.json()["error"]["type"], answer.json()["error"]["param"])


class BrokenSecrets(MemorySecrets):
    """A keyring that fails in a way that nobody thought of."""

    async def put(self, name: str, secret: str) -> None:
        raise RuntimeError(f"canary: cannot keep {secret}")


async def test_an_unexpected_failure_tells_the_caller_only_where_to_look(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_server(tmp_path / "data", secrets=BrokenSecrets()) as server:
        answer = await server.call("PUT", "/settings/model-key", json={"key": "sk-0123456789"})
    told = error(answer, 500, "internal")
    assert b"canary" not in answer.body
    assert b"sk-" not in answer.body
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert told["request_id"] in record.getMessage()
    assert record.exc_info is not None


async def patched(server: Server, path: str, body: dict[str, Any]) -> Any:
    answer = await server.call("PATCH", path, json=body)
    assert answer.status == 200, answer.body
    return answer.json()


async def test_an_empty_patch_changes_nothing(server: Server) -> None:
    connection = await a_connection(server)
    project = await server.post("/projects", {"name": "P", "description": "D", "connector_ids": [connection]})
    conversation = await server.post(
        "/conversations", {"title": "T", "goal": "G", "project_id": project["id"]}
    )
    memory = await server.post("/memories", {"content": "M"})
    skill = await server.post("/skills", {"name": "s", "description": "S", "tools": ["t"]})
    settings = await server.get("/settings")
    assert await patched(server, f"/memories/{memory['id']}", {}) == memory
    assert await patched(server, f"/skills/{skill['id']}", {}) == skill
    assert await patched(server, f"/projects/{project['id']}", {}) == project
    assert await patched(server, f"/conversations/{conversation['id']}", {}) == conversation
    assert await patched(server, "/settings", {}) == settings
    assert await patched(server, "/settings", {"limits": {}}) == settings


async def test_null_clears_what_can_be_empty(server: Server) -> None:
    project = await server.post("/projects", {"name": "P", "model": "some-model"})
    conversation = await server.post("/conversations", {"title": "T", "goal": "G"})
    cleared = await patched(server, f"/projects/{project['id']}", {"model": None})
    assert cleared == project | {"model": None, "updated_at": cleared["updated_at"]}
    cleared = await patched(server, f"/conversations/{conversation['id']}", {"title": None, "goal": None})
    assert cleared == conversation | {"title": None, "goal": None, "updated_at": cleared["updated_at"]}
    await patched(server, "/settings", {"base_url": "http://127.0.0.1:9"})
    assert (await patched(server, "/settings", {"base_url": None}))["base_url"] is None


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/projects/{project}", "name"),
        ("/projects/{project}", "description"),
        ("/projects/{project}", "connector_ids"),
        ("/projects/{project}", "skill_ids"),
        ("/conversations/{conversation}", "status"),
        ("/memories/{memory}", "content"),
        ("/skills/{skill}", "name"),
        ("/skills/{skill}", "description"),
        ("/skills/{skill}", "instructions"),
        ("/skills/{skill}", "tools"),
        ("/settings", "model"),
        ("/settings", "limits"),
    ],
)
async def test_null_is_invalid_for_what_cannot_be_empty(path: str, field: str, server: Server) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    made = {
        "project": project,
        "conversation": await server.conversation(),
        "memory": (await server.post("/memories", {"content": "M"}))["id"],
        "skill": (await server.post("/skills", {"name": "s", "description": "S"}))["id"],
    }
    path = path.format(**made)
    before = await server.get(path)
    answer = await server.call("PATCH", path, json={field: None})
    error(answer, 422, "invalid_request", f"body.{field}")
    assert await server.get(path) == before


@pytest.mark.parametrize("limit", ["rounds", "seconds", "tokens", "output_tokens", "retries"])
async def test_null_is_invalid_for_each_limit(limit: str, server: Server) -> None:
    answer = await server.call("PATCH", "/settings", json={"limits": {limit: None}})
    error(answer, 422, "invalid_request", f"body.limits.{limit}")


async def test_a_patch_with_one_fault_changes_nothing(server: Server) -> None:
    conversation = await server.post("/conversations", {"title": "T"})
    answer = await server.call(
        "PATCH", f"/conversations/{conversation['id']}", json={"title": "New", "status": "gone"}
    )
    error(answer, 422, "invalid_request", "body.status")
    assert await server.get(f"/conversations/{conversation['id']}") == conversation


NAMES = [("POST", "/projects", "name"), ("POST", "/conversations", "title"), ("PATCH", "{made}", "title")]


async def name_it(server: Server, method: str, path: str, field: str, name: str) -> Answer:
    made = f"/conversations/{await server.conversation()}" if "{made}" in path else ""
    return await server.call(method, path.format(made=made), json={field: name})


@pytest.mark.parametrize(("method", "path", "field"), NAMES)
@pytest.mark.parametrize("name", ["a", "x" * 200, "\U0001f600" * 200, "Ünïcödé 名前", "a\tb", "<b>'\"--"])
async def test_a_name_of_1_to_200_characters_is_kept_as_it_is(
    method: str, path: str, field: str, name: str, server: Server
) -> None:
    answer = await name_it(server, method, path, field, name)
    assert answer.json()[field] == name


@pytest.mark.parametrize(("method", "path", "field"), NAMES)
async def test_a_name_is_trimmed_before_it_is_counted(
    method: str, path: str, field: str, server: Server
) -> None:
    answer = await name_it(server, method, path, field, f" \n\t{'x' * 200}\u00a0\u3000 ")
    assert answer.json()[field] == "x" * 200


@pytest.mark.parametrize(("method", "path", "field"), NAMES)
@pytest.mark.parametrize("name", ["", " ", "\n\t", "\u00a0\u3000", "x" * 201])
async def test_a_name_that_is_empty_or_too_long_is_invalid(
    method: str, path: str, field: str, name: str, server: Server
) -> None:
    error(await name_it(server, method, path, field, name), 422, "invalid_request", f"body.{field}")


async def test_a_goal_and_an_input_have_1_to_200_000_characters(server: Server) -> None:
    made = await server.post("/conversations", {"goal": "g" * 200_000})
    assert made["goal"] == "g" * 200_000
    response = await server.say(made["id"], "i" * 200_000)
    assert response["input"] == "i" * 200_000
    for text in ("", " \n", "x" * 200_001):
        answer = await server.call("POST", "/conversations", json={"goal": text})
        error(answer, 422, "invalid_request", "body.goal")
        answer = await server.call("POST", "/responses", json={"conversation_id": made["id"], "input": text})
        error(answer, 422, "invalid_request", "body.input")


async def test_an_input_is_kept_with_all_its_spaces(server: Server) -> None:
    response = await server.say(await server.conversation(), "  two\n\n  lines \n")
    assert response["input"] == "  two\n\n  lines \n"
