"""Which requests of an API change nothing."""

import json
from typing import Any

import pytest

from cowork_desktop.connectors.drivers.driver import ApiRequest, DriverFailed, Target
from cowork_desktop.connectors.drivers.http import DRIVER
from cowork_desktop.connectors.drivers.http_reads import is_query

BASE = "https://api.example.com"


def _target(**options: Any) -> Target:
    return Target(settings={}, secrets={}, access="read", options={"base_url": BASE, **options})


def _is_read(target: Target, method: str, path: str, **more: Any) -> bool:
    return DRIVER.is_read(target, ApiRequest(method, path, **more))


def _graphql(body: object, **more: Any) -> bool:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return _is_read(_target(graphql="/graphql"), "POST", "/graphql", body=content, **more)


def test_without_patterns_get_and_head_are_reads_and_nothing_else() -> None:
    reads = [
        method
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
        if _is_read(_target(), method, "/things/1")
    ]

    assert reads == ["GET", "HEAD"]


def test_patterns_say_what_is_a_read() -> None:
    target = _target(reads=["GET /api/*.list", "POST /v1/databases/*/query"])

    assert _is_read(target, "GET", "/api/conversations.list?limit=3")
    assert _is_read(target, "post", "/v1/databases/a/query")
    assert not _is_read(target, "GET", "/api/chat.postMessage")
    assert not _is_read(target, "POST", "/v1/databases/a/query/more")


@pytest.mark.parametrize(
    "path",
    ["/api/chat.postMessage;.list", "/api/chat.postMessage%3B.list", "/api/chat.postMessage?x=.list"],
)
def test_a_path_that_servers_may_understand_otherwise_is_no_read(path: str) -> None:
    assert not _is_read(_target(reads=["GET /api/*.list"]), "GET", path)


def test_a_parameter_that_overrides_the_method_makes_it_no_read() -> None:
    assert not _is_read(_target(), "GET", "/things/1", query={"_method": "DELETE"})
    assert not _is_read(_target(), "GET", "/things/1?X-HTTP-Method-Override=DELETE")


def test_a_request_that_cannot_be_made_is_neither() -> None:
    with pytest.raises(DriverFailed, match="dots"):
        _is_read(_target(), "GET", "/../admin")


@pytest.mark.parametrize(
    "document",
    [
        "{ viewer { login } }",
        "query Q($a: [Int!] = [1, -2.5e3]) { a(b: $a, c: E) @b(if: true) { ...F } } fragment F on T { x }",
        '{ search(text: "mutation { x }") { id } }',
        '{ a(text: """say "mutation" \\""" and subscription""") }',
        "{ a } # mutation { b }",
        '{ a(b: "", c: "\\u00e9\\"") }',
        "{ mutations subscriptionId }",
    ],
)
def test_documents_that_can_only_be_queries_are_queries(document: str) -> None:
    assert is_query(document)


@pytest.mark.parametrize(
    "document",
    [
        "mutation { delete }",
        "query A { a } mutation B { b }",
        "subscription { a }",
        "{ a } # a comment\rmutation { b }",
        '{ a(b: "\\"") } mutation { c(d: "") }',
        '{ a(b: """""") } mutation { c }',
        '{ a(b: """ \\""" """) } mutation { c(d: "") }',
        '{ a(b: "unended) } mutation { c }',
        '{ a(b: """unended) } mutation { c }',
        '{ a(b: "line\n") }',
        "{ a } # odd\u2028mutation { b }",
        "{ a } ; { b }",
        "{ ä }",
        "",
        "fragment",
    ],
)
def test_documents_that_are_or_may_be_more_than_queries_are_none(document: str) -> None:
    assert not is_query(document)


def test_a_graphql_query_by_post_is_a_read_and_a_mutation_is_none() -> None:
    assert _graphql({"query": "{ a }", "variables": {"x": "mutation"}, "operationName": None})
    assert not _graphql({"query": "mutation { a }"})


@pytest.mark.parametrize(
    "body",
    [
        [{"query": "{ a }"}],
        {"query": ["mutation { a }"]},
        {"query": "{ a }", "Query": "mutation { a }"},
        {"query": "{ a }", "extensions": {"persistedQuery": {"sha256Hash": "00"}}},
        {"id": "persisted"},
        b'{"query": "mutation { a }", "query": "{ a }"}',
        b'{"query": "{ a }"',
        '{"query": "{ a }"}'.encode("utf-16"),
        b"\xff",
        b"",
    ],
)
def test_a_graphql_body_of_another_shape_is_no_read(body: object) -> None:
    assert not _graphql(body)


def test_a_graphql_body_that_is_sent_as_something_else_is_no_read() -> None:
    polyglot = {"query": "{ a }", "variables": {"x": "&query=mutation{b}&"}}

    assert not _graphql(polyglot, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert not _graphql(polyglot, headers={"Content-Type": "application/json; charset=utf-7"})
    assert _graphql(polyglot, headers={"Content-Type": "application/json; charset=UTF-8"})


def test_a_graphql_query_in_the_url_goes_by_what_it_says() -> None:
    target = _target(graphql="/graphql")

    assert _is_read(target, "GET", "/graphql", query={"query": "{ a }"})
    assert not _is_read(target, "GET", "/graphql", query={"query": "mutation { a }"})
    assert not _is_read(target, "GET", "/GraphQL/", query={"query": "mutation { a }"})
    assert not _is_read(target, "GET", "/graphql", query={"query": ["{ a }", "mutation { a }"]})
    assert not _graphql({"query": "{ a }"}, query={"query": "mutation { a }"})
