"""What all tests share."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.fakes.clock import FakeClock
from tests.fakes.scratchpad import Pad, new_pad, no_spare_kernel
from tests.fakes.server import Server, running_server

# What passes today passes tomorrow; `make fuzz` looks for what nobody has thought of.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=3_000, deadline=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _no_real_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches a provider by accident, or reads what the developer has set."""
    for name in [name for name in os.environ if name.startswith(("ANTHROPIC_", "COWORK_", "OPENAI_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of the server."""
    return tmp_path / "data"


@pytest.fixture
async def server(data: Path, request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    """A server with the offline model on an empty data folder."""
    async with running_server(data) as running:
        await _heed_marks(running, request)
        yield running


@pytest.fixture
async def pad(server: Server) -> Pad:
    """A scratchpad on that server."""
    return await new_pad(server)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def timed(data: Path, clock: FakeClock, request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    """A server whose time stands still until the test moves it."""
    async with running_server(data, clock=clock) as running:
        await _heed_marks(running, request)
        yield running


async def _heed_marks(server: Server, request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("no_spare_kernel"):
        await no_spare_kernel(server)
