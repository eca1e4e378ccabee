"""Requests that a machine makes up of the API's own description, against the live application."""

import asyncio
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from requests import Session

from cowork_desktop.agent.offline_model import OfflineModel
from cowork_desktop.api import ENDPOINTS
from cowork_desktop.http import openapi
from tests.fakes.server import running_server

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
        self._thread = threading.Thread(target=self._run, name="fuzzed server")

    def start(self) -> None:
        self._thread.start()
        assert self._started.wait(30), "the server did not start"

    def stop(self) -> None:
        self.session.close()
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def an_id(self, parameter: str) -> str:
        """The id of something that was made for this one request."""
        conversation = self._post("/conversations", {})
        match parameter:
            case "conversation_id":
                return conversation
            case "project_id":
                return self._post("/projects", {"name": "Fuzzed"})
            case "response_id":
                return self._post(
                    "/responses", {"conversation_id": conversation, "input": "Hello", "stream": False}
                )
        raise AssertionError(f"nothing makes a {parameter}")

    def _post(self, path: str, body: dict[str, str | bool]) -> str:
        answer = self.session.post(f"{self.url}/api/v1{path}", json=body, timeout=20)
        answer.raise_for_status()
        return str(answer.json()["id"])

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
            self.url = server.url
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


@SCHEMA.parametrize()
@FUZZ
def test_no_request_of_the_description_breaks_the_server(
    case: schemathesis.Case[Any], fuzzed: Fuzzed
) -> None:
    case.call_and_validate(base_url=fuzzed.url, session=fuzzed.session, timeout=20)


@SCHEMA.include(path_regex="{").parametrize()
@FUZZ
def test_no_request_about_something_that_exists_breaks_the_server(
    case: schemathesis.Case[Any], fuzzed: Fuzzed
) -> None:
    case.path_parameters = {name: fuzzed.an_id(name) for name in case.path_parameters}
    case.call_and_validate(base_url=fuzzed.url, session=fuzzed.session, timeout=20)


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
            body["skill_ids"] = []  # there is no skill yet that could be named
    case.call_and_validate(base_url=fuzzed.url, session=fuzzed.session, timeout=20)
