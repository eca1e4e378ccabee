"""The connector specs and OAuth providers that come with Cowork: whole, and true to each other."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import cowork_desktop
from cowork_desktop.connectors.drivers.driver import ApiRequest, Target
from cowork_desktop.connectors.drivers.http import DRIVER
from cowork_desktop.connectors.drivers.registry import DRIVERS, driver
from cowork_desktop.connectors.fields import with_defaults
from cowork_desktop.connectors.specs import FieldData, MethodData, ProviderData, SpecData, Specs

CONNECTORS = Path(cowork_desktop.__file__).parent / "connectors"
DOCS = Path(__file__).parents[2] / "docs"
FILES = sorted((CONNECTORS / "specs").glob("*.json"))
SPECS = {path.stem: SpecData.model_validate_json(path.read_bytes()) for path in FILES}
PROVIDERS = {
    path.stem: ProviderData.model_validate_json(path.read_bytes())
    for path in sorted((CONNECTORS / "providers").glob("*.json"))
}
HTTP = {id: spec for id, spec in SPECS.items() if spec.driver == "http"}
OPTIONS = {"base_url", "headers", "allowed_headers", "also", "probe", "reads", "graphql", "notes"}
NOT_SECRET = {"access_key_id"}
"""What sounds like a secret and is none."""
SOUNDS_SECRET = re.compile(r"password|token|secret|private|credential|(^|_)key($|_)|authorization|passphrase")


def each_method() -> list[Any]:
    return [
        pytest.param(spec, method, id=f"{spec.id}-{method.id}")
        for spec in SPECS.values()
        for method in spec.methods
    ]


def example(field: FieldData) -> str | int | bool:
    """A value that the field can have."""
    if field.default is not None:
        return field.default
    if field.key.endswith("url"):
        return "https://service.example.com"
    return 1 if field.type == "number" else True if field.type == "boolean" else "example"


def target(spec: SpecData, method: MethodData) -> Target:
    """As the driver is given it, with every field filled in."""
    fields = {field.key: example(field) for field in method.fields if not field.secret}
    secrets = {field.key: "s3cr3t-example" for field in method.fields if field.secret}
    return Target(
        settings=with_defaults(method, fields),
        secrets=secrets | {"access_token": "t0ken-example"},
        access="read",
        options=spec.options,
        method={"id": method.id, "auth": method.auth},
    )


def test_there_are_at_least_forty_and_of_every_category() -> None:
    assert len(SPECS) >= 40
    categories = {spec.category for spec in SPECS.values()}
    assert categories == {"database", "storage", "work", "mail", "web", "mcp"}


def test_every_file_is_named_after_its_id() -> None:
    assert {id: spec.id for id, spec in SPECS.items()} == {id: id for id in SPECS}
    assert {id: provider.id for id, provider in PROVIDERS.items()} == {id: id for id in PROVIDERS}


def test_every_driver_is_used_and_the_list_has_them_all() -> None:
    assert {spec.driver for spec in SPECS.values()} == set(DRIVERS)
    assert list(Specs().all) == sorted(SPECS, key=lambda id: SPECS[id].name.lower())


@pytest.mark.parametrize("name", [name for name in DRIVERS if not DRIVERS[name].missing])
def test_every_driver_can_do_what_it_is_for(name: str) -> None:
    wanted = {
        "sql": ("query", "is_read", "sample"),
        "query": ("query", "is_read", "sample"),
        "http": ("request", "is_read"),
        "email": ("send",),
        "mcp": ("session",),
    }
    found = driver(name)
    for function in ("probe", "catalog", *wanted[DRIVERS[name].use]):
        assert callable(getattr(found, function)), function


def test_the_postgres_spec_is_that_of_the_reference() -> None:
    reference = (DOCS / "api.md").read_text("utf-8")
    shown = reference[reference.index("ConnectorSpec object") :]
    shown = shown[shown.index("{") : shown.index("Connection object")]
    told = json.loads(re.sub(r"//.*", "", shown))
    wire = SPECS["postgres"].wire.model_dump()
    assert told == {name: wire[name] for name in told} | {
        "fields": [{name: field[name] for name in ("key", "label", "secret")} for field in wire["fields"]]
    }


@pytest.mark.parametrize("id", ["google-sheets", "notion"])
def test_those_that_the_reference_signs_in_for_do_so_first(id: str) -> None:
    assert SPECS[id].wire.auth_type == "oauth2"


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.id)
def test_a_spec_says_what_it_is_for(spec: SpecData) -> None:
    assert re.fullmatch(r"[A-Z][^\n]{18,198}\.", spec.description)
    assert spec.docs_url.startswith("https://")
    assert len(spec.options.get("notes", "")) <= 1_500


@pytest.mark.parametrize(("spec", "method"), each_method())
def test_what_is_secret_is_marked_so(spec: SpecData, method: MethodData) -> None:
    for field in method.fields:
        if SOUNDS_SECRET.search(field.key) and field.key not in NOT_SECRET:
            assert field.secret, field.key


@pytest.mark.parametrize(("spec", "method"), each_method())
def test_a_sign_in_has_a_provider(spec: SpecData, method: MethodData) -> None:
    assert method.oauth is None or method.oauth.provider in PROVIDERS


def test_every_provider_is_used_and_is_reached_with_tls() -> None:
    used = {method.oauth.provider for spec in SPECS.values() for method in spec.methods if method.oauth}
    assert used == set(PROVIDERS)
    for provider in PROVIDERS.values():
        for url in (provider.docs_url, provider.authorize_url, provider.token_url, provider.revoke_url):
            assert url is None or url.startswith("https://")


@pytest.mark.parametrize("spec", HTTP.values(), ids=lambda spec: spec.id)
def test_an_api_has_a_probe_and_no_option_that_its_driver_does_not_know(spec: SpecData) -> None:
    assert set(spec.options) <= OPTIONS
    assert {"base_url", "notes"} <= set(spec.options)
    # What the user has of their own is known to nobody: there anything but a refusal will do.
    assert ("probe" in spec.options) == (spec.id != "http-api")
    for pattern in spec.options.get("reads", []):
        assert re.fullmatch(r"(GET|HEAD|POST) [/*]\S*", pattern)


@pytest.mark.parametrize(("spec", "method"), [one for one in each_method() if one.values[0].driver == "http"])
def test_what_an_api_is_signed_with_are_fields_of_the_method(spec: SpecData, method: MethodData) -> None:
    keys = {field.key: field.secret for field in method.fields}
    match method.auth:
        case {"type": "bearer" | "query", "field": field}:
            assert keys[field]
        case {"type": "header", "field": field, **rest}:
            assert keys[field]
            assert "header" in rest or rest["header_field"] in keys
        case {"type": "basic", "user": user, "password": password}:
            assert user in keys
            assert keys[password]
        case {"type": "sigv4", "service": "s3"}:
            assert keys["secret_access_key"]
        case {"type": "oauth2"}:
            assert method.oauth
        case {"type": "none"}:
            assert not any(keys.values())
        case auth:
            raise AssertionError(auth)


@pytest.mark.parametrize(("spec", "method"), [one for one in each_method() if one.values[0].driver == "http"])
def test_an_api_can_be_probed_and_only_reads_by_that(spec: SpecData, method: MethodData) -> None:
    probe = spec.options.get("probe", {"method": "GET", "path": "/"})
    body = json.dumps(probe["body"]).encode() if "body" in probe else None
    assert DRIVER.is_read(target(spec, method), ApiRequest(probe["method"], probe["path"], body=body))


@pytest.mark.parametrize(("spec", "method"), [one for one in each_method() if one.values[0].driver == "http"])
@pytest.mark.parametrize("verb", ["DELETE", "PUT", "PATCH"])
def test_no_api_takes_a_change_for_a_read(verb: str, spec: SpecData, method: MethodData) -> None:
    assert not DRIVER.is_read(target(spec, method), ApiRequest(verb, "/some/thing", body=b"{}"))


@pytest.mark.parametrize(
    ("id", "method", "path"),
    [
        ("slack", "GET", "/api/chat.postMessage"),
        ("slack", "POST", "/api/chat.postMessage"),
        ("slack", "GET", "/api/conversations.archive"),
        ("notion", "POST", "/v1/pages"),
        ("dropbox", "POST", "/2/files/delete_v2"),
        ("dropbox", "POST", "/2/files/upload"),
        ("elasticsearch", "POST", "/orders/_delete_by_query"),
        ("elasticsearch", "POST", "/_bulk"),
        ("elasticsearch", "POST", "/orders/_doc/_search"),
        ("opensearch", "POST", "/orders/_create/_count"),
        ("influxdb", "POST", "/api/v2/query"),
        ("influxdb", "GET", "/query?db=d&q=DROP MEASUREMENT m"),
        ("grafana", "POST", "/api/ds/query"),
        ("grafana", "GET", "/api/datasources/proxy/uid/u/query"),
        ("hubspot", "POST", "/crm/v3/objects/contacts"),
        ("stripe", "POST", "/v1/refunds"),
        ("github", "POST", "/repos/o/r/issues"),
        ("jira", "POST", "/rest/api/3/issue"),
        ("google-sheets", "POST", "/spreadsheets/x/values/A1:append"),
    ],
)
def test_what_writes_in_an_api_is_no_read(id: str, method: str, path: str) -> None:
    spec = SPECS[id]
    assert not DRIVER.is_read(target(spec, spec.methods[0]), ApiRequest(method, path, body=b"{}"))


@pytest.mark.parametrize(
    ("id", "method", "path"),
    [
        ("slack", "GET", "/api/conversations.history"),
        ("notion", "POST", "/v1/databases/0a1b/query"),
        ("notion", "POST", "/v1/search"),
        ("dropbox", "POST", "/2/files/list_folder"),
        ("elasticsearch", "GET", "/orders/_search"),
        ("elasticsearch", "POST", "/_search"),
        ("grafana", "GET", "/api/datasources/proxy/uid/u/api/v1/query_range"),
        ("hubspot", "POST", "/crm/v3/objects/deals/search"),
        ("google-analytics", "POST", "/properties/1:runReport"),
        ("jira", "GET", "/rest/api/3/search/jql"),
    ],
)
def test_what_reads_in_an_api_is_a_read(id: str, method: str, path: str) -> None:
    spec = SPECS[id]
    assert DRIVER.is_read(target(spec, spec.methods[0]), ApiRequest(method, path, body=b"{}"))


@pytest.mark.parametrize("id", ["linear", "monday", "github", "shopify", "graphql"])
def test_a_query_of_graphql_is_a_read_and_a_mutation_is_none(id: str) -> None:
    spec = SPECS[id]
    given, path = target(spec, spec.methods[0]), spec.options["graphql"]
    query = ApiRequest("POST", path, body=b'{"query": "{ viewer { id } }"}')
    mutation = ApiRequest("POST", path, body=b'{"query": "mutation { x { id } }"}')
    assert DRIVER.is_read(given, query)
    assert not DRIVER.is_read(given, mutation)


def test_the_examples_of_the_docs_are_whole() -> None:
    text = (DOCS / "connector-specs.md").read_text("utf-8")
    spec, provider = re.findall(r"```json\n(.*?)```", text, re.S)
    parsed = SpecData.model_validate_json(spec)
    assert ProviderData.model_validate_json(provider).id == parsed.methods[1].oauth.provider  # type: ignore[union-attr]
    assert DRIVER.is_read(target(parsed, parsed.methods[0]), ApiRequest("GET", "/v2/readings"))
