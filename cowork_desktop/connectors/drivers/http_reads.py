"""Tells requests that change nothing from those that may: by a spec's patterns, of GraphQL by the query."""

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from cowork_desktop.connectors.drivers.http_asked import Asked
from cowork_desktop.connectors.drivers.http_urls import Place

_READS = ("GET *", "HEAD *")
_OVERRIDES = frozenset(
    (
        "$httpmethod",
        "_httpmethod",
        "_method",
        "httpmethod",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
    )
)
"""Parameters that some servers take the method from."""
_MATRIX = re.compile(";[^/]*")
_JSON = ("application/json", "application/json;charset=utf-8")
_GRAPHQL_KEYS = {"query", "variables", "operationName"}
# https://spec.graphql.org/October2021/#sec-Appendix-Grammar-Summary.Lexical-Tokens
_TOKEN = re.compile(
    r"""
      (?P<ignored> [ \t\r\n,\ufeff]+ | \#[^\r\n\v\f\x85\u2028\u2029]* )
    | (?P<text>    \"""(?: [^"\\] | \\\""" | \\(?!\""") | "(?!"") )*\"""
                 | "(?!"")(?: [^"\\\r\n] | \\["\\/bfnrtu] )*" | ""(?!") )
    | (?P<name>    [_A-Za-z][_0-9A-Za-z]* )
    | (?P<number>  -?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)? )
    | (?P<sign>    \.\.\. | [!$&()=:@\[\]{|}] )
    """,
    re.VERBOSE,
)


def is_read(options: Mapping[str, Any], asked: Asked) -> bool:
    """Whether the spec with these options says that it changes nothing."""
    if _OVERRIDES & {name.lower() for name in asked.place.url.query}:
        return False
    if (endpoint := options.get("graphql")) and _is_at(asked.place, endpoint):
        return _only_queries(asked)
    patterns = [pattern.split(" ", 1) for pattern in options.get("reads", _READS)]
    return any(
        fnmatchcase(asked.method, method) and all(fnmatchcase(form, path) for form in _forms(asked.place))
        for method, path in patterns
    )


def is_query(document: str) -> bool:
    """Whether a GraphQL document can only be a query. What cannot be read for sure is none."""
    position, names, has_braces = 0, set(), False
    while position < len(document):
        token = _TOKEN.match(document, position)
        if token is None:
            return False
        position = token.end()
        if token.lastgroup == "name":
            names.add(token[0])
        has_braces = has_braces or token[0] == "{"
    return has_braces and not names & {"mutation", "subscription"}


def _forms(place: Place) -> set[str]:
    """A path as servers may understand it: all must match."""
    decoded = place.decoded
    return {place.path, decoded, _MATRIX.sub("", decoded)}


def _is_at(place: Place, endpoint: str) -> bool:
    path = _MATRIX.sub("", place.decoded)
    return path.rstrip("/").casefold() == endpoint.rstrip("/").casefold()


def _only_queries(asked: Asked) -> bool:
    """https://graphql.github.io/graphql-over-http/draft/#sec-Request"""
    parameters = asked.place.url.query
    if asked.method == "GET":
        documents = parameters.getall("query", [])
        return asked.body is None and len(documents) == 1 and is_query(documents[0])
    # A query in the URL may go before the one in the body; as a form, the same bytes say something else.
    if asked.method != "POST" or parameters or asked.media_type not in _JSON:
        return False
    return _is_query_body(asked.body or b"")


def _is_query_body(body: bytes) -> bool:
    try:
        told = json.loads(body.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return False
    is_plain = isinstance(told, dict) and set(told) <= _GRAPHQL_KEYS
    return is_plain and isinstance(told.get("query"), str) and is_query(told["query"])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Which of two that have one name counts is up to the reader."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)
