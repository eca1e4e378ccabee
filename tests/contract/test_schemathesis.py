"""Requests that a machine makes up of the API's own description, against the live application."""

import asyncio
import itertools
import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, reject, settings
from requests import Session

from cowork_desktop import keys
from cowork_desktop.agent.approvals import Approvals
from cowork_desktop.agent.offline_model import OfflineModel
from cowork_desktop.api import ENDPOINTS
from cowork_desktop.http import openapi
from cowork_desktop.schemas.approvals import Approval
from tests.fakes.approvals import page_request
from tests.fakes.connections import make_database
from tests.fakes.server import running_server

pytestmark = pytest.mark.slow

# COWORK_* variables are taken away before each test, so this one is read here.
EXAMPLES = int(os.environ.get("COWORK_FUZZ_EXAMPLES", "25"))
"""For each operation."""

FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {"database": "none", "with-security-parameters": False},
        "checks": {
            # A body can be valid and yet name a project that does not exist: 422 by design. 400 never is.
            "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "422"]},
            # A path takes any text as an id, so that the answer to a made-up one is 404.
            "negative_data_rejection": {"expected-statuses": ["400", "404", "409", "413", "415", "422"]},
        },
    }
)
SCHEMA = schemathesis.openapi.from_dict(openapi.build(ENDPOINTS, version="0"), config=CONFIG)


class Fuzzed:
    """A server in a thread of its own, and what there is on it."""

    def __init__(self, folder: Path) -> None:
        self.url = ""
        self.session = Session()
        self.session.trust_env = False
        self._folder = folder
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._numbers = itertools.count()
        self._approvals: Approvals | None = None
        self._thread = threading.Thread(target=self._run, name="fuzzed server")

    def start(self) -> None:
        self._thread.start()
        assert self._started.wait(30), "the server did not start"

    def stop(self) -> None:
        self.session.close()
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def ids(self, parameters: Iterable[str]) -> dict[str, str]:
        """The ids that a path wants, of things that were made for this one request."""
        if "approval_id" in parameters:
            approval = self._asked()
            found = {"approval_id": approval.id, "response_id": approval.response_id}
            return {name: found[name] for name in parameters}
        if "item_id" in parameters:
            conversation = self.an_id("conversation_id")
            self._post("/responses", {"conversation_id": conversation, "input": "Hello", "stream": False})
            [item, _] = self._answered("GET", f"/conversations/{conversation}/items")["data"]
            return {"conversation_id": conversation, "item_id": str(item["id"])}
        if "scratchpad_id" not in parameters:
            return {name: self.an_id(name) for name in parameters}
        # Prose, so that no code that a machine made up is ever run.
        cells = [{"type": "markdown", "content": "Fuzzed"}]
        pad = self._made("/scratchpads", {"conversation_id": self.an_id("conversation_id"), "cells": cells})
        found = {"scratchpad_id": pad["id"], "cell_id": pad["cells"][0]["id"]}
        return {name: found[name] for name in parameters}

    def an_id(self, parameter: str) -> str:
        """The id of something that was made for this one request."""
        conversation = self._post("/conversations", {})
        match parameter:
            case "conversation_id":
                return conversation
            case "project_id":
                return self._post("/projects", {"name": "Fuzzed"})
            case "artifact_id":
                pad = self._post("/scratchpads", {"conversation_id": conversation})
                saved = self._made(f"/scratchpads/{pad}", {"saved": True}, method="PATCH")
                return str(saved["artifact_id"])
            case "file_id":
                return str(self._answered("POST", "/files", files={"file": ("fuzzed.txt", b"Fuzzed")})["id"])
            case "path":
                return "index.html"
            case "version":
                return "1"
            case "command_id":
                return "cmd_00000000000000000000"
            case "memory_id":
                return self._post("/memories", {"content": "Fuzzed"})
            case "schedule_id":
                project = self._post("/projects", {"name": "Fuzzed"})
                return self._post(
                    "/schedules", {"project_id": project, "cron": "@yearly", "prompt": "Fuzzed"}
                )
            case "connection_id":
                place = self._folder.with_name("fuzzed.db")
                if not place.exists():
                    make_database(place)
                credentials = {"path": str(place)}
                return self._post(
                    "/connectors/connections",
                    {"spec_id": "sqlite", "name": "Fuzzed", "credentials": credentials},
                )
            case "spec_id":
                return "postgres"
            case "spec" | "provider":
                return "notion"
            case "skill_id":
                name = f"fuzzed-{next(self._numbers)}"
                return self._post("/skills", {"name": name, "description": "Fuzzed"})
            case "rule_id":
                approval = self._asked()
                path = f"/responses/{approval.response_id}/approvals/{approval.id}"
                self._made(path, {"decision": "allow_always"})
                return str(self._answered("GET", "/approvals/rules")["data"][0]["id"])
            case "response_id":
                return self._post(
                    "/responses", {"conversation_id": conversation, "input": "Hello", "stream": False}
                )
        raise AssertionError(f"nothing makes a {parameter}")

    def _asked(self) -> Approval:
        """An approval that a response asks for."""
        conversation = self._post("/conversations", {})
        body: dict[str, str | bool] = {"conversation_id": conversation, "input": "Hello", "stream": False}
        projects = self._answered("GET", "/projects?limit=1000")["data"]
        assert self._approvals
        request = self._approvals.ask(
            page_request(
                turn_id=self._post("/responses", body),
                conversation_id=conversation,
                project_id=next(str(project["id"]) for project in projects if project["is_general"]),
                subject=f"{next(self._numbers)}.example",
                reason="Fuzzed",
            )
        )
        return asyncio.run_coroutine_threadsafe(request, self._loop).result(20)

    def _post(self, path: str, body: dict[str, Any]) -> str:
        return str(self._made(path, body)["id"])

    def _made(self, path: str, body: Mapping[str, Any], *, method: str = "POST") -> Any:
        return self._answered(method, path, json=body)

    def _answered(self, method: str, path: str, **options: Any) -> Any:
        answer = self.session.request(method, f"{self.url}/api/v1{path}", timeout=20, **options)
        answer.raise_for_status()
        return answer.json()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()
            self._started.set()

    async def _serve(self) -> None:
        # The rules of the offline model answer in the provider's stead: no made-up address is ever called.
        async with running_server(self._folder, model=OfflineModel()) as server:
            await server.call("PATCH", "/settings", json={"kernels": {"spare": False}})
            self.url = server.url
            self._approvals = server.app[keys.APPROVALS]
            self._started.set()
            await self._ended.wait()


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("ANTHROPIC_")]:
            environment.delenv(name)
        server = Fuzzed(tmp_path_factory.mktemp("fuzzed") / "data")
        server.start()
        try:
            yield server
        finally:
            server.stop()


def send(case: schemathesis.Case[Any], fuzzed: Fuzzed) -> None:
    """Send the request, and hold the answer against the description."""
    # Names are counted after trimming, which JSON Schema cannot say: what only then fits is rightly taken.
    if isinstance(case.body, dict) and any(fits_when_trimmed(value) for value in case.body.values()):
        reject()
    case.call_and_validate(base_url=fuzzed.url, session=fuzzed.session, timeout=20)


def fits_when_trimmed(value: Any) -> bool:
    return isinstance(value, str) and any(len(value.strip()) <= most < len(value) for most in (200, 1024))


# A backup goes wherever a made-up path leads, and the stream of events has no end; they are tested by hand.
@SCHEMA.exclude(operation_id=["create_backup", "follow_events"]).parametrize()
@FUZZ
def test_no_request_of_the_description_breaks_the_server(
    case: schemathesis.Case[Any], fuzzed: Fuzzed
) -> None:
    send(case, fuzzed)


# These two start a kernel each time: half a second an example, and what they take is tested by hand.
@SCHEMA.include(path_regex="{").exclude(operation_id=["restart_kernel", "complete_code"]).parametrize()
@FUZZ
def test_no_request_about_something_that_exists_breaks_the_server(
    case: schemathesis.Case[Any], fuzzed: Fuzzed
) -> None:
    case.path_parameters = fuzzed.ids(case.path_parameters)
    send(case, fuzzed)


@SCHEMA.include(operation_id="create_response").parametrize()
@FUZZ
def test_no_message_to_a_conversation_that_exists_breaks_the_server(
    case: schemathesis.Case[Any], fuzzed: Fuzzed
) -> None:
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("conversation_id"), str):
        body["conversation_id"] = fuzzed.an_id("conversation_id")
        skills = body.get("skill_ids")
        if isinstance(skills, list) and all(re.fullmatch("skill_[0-9a-z]{1,40}", str(id)) for id in skills):
            body["skill_ids"] = [fuzzed.an_id("skill_id") for _ in skills]
    send(case, fuzzed)


@SCHEMA.include(operation_id=["create_scratchpad", "import_scratchpad"]).parametrize()
@FUZZ
def test_no_scratchpad_in_a_conversation_that_exists_breaks_the_server(
    case: schemathesis.Case[Any], fuzzed: Fuzzed
) -> None:
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("conversation_id"), str):
        body["conversation_id"] = fuzzed.an_id("conversation_id")
    send(case, fuzzed)
