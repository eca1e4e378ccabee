"""Tries a model with the smallest call, before or after its key and address are stored."""

import asyncio
from contextlib import aclosing

from cowork_desktop.agent import offline_model
from cowork_desktop.agent.anthropic_failures import Failure
from cowork_desktop.agent.model import Message, Model, ModelError, ModelRequest, Text
from cowork_desktop.agent.models import Models
from cowork_desktop.clock import Clock
from cowork_desktop.schemas.responses import TurnError
from cowork_desktop.schemas.settings import ModelTest, ModelTestResult, UserSettings

_SECONDS = 15.0
_OUTPUT_TOKENS = 1
_NOT_CONFIGURED = TurnError(
    type="not_configured",
    message="There is no API key, and no base URL of a server that wants none. Set a key in the settings.",
)


async def try_model(models: Models, settings: UserSettings, clock: Clock, body: ModelTest) -> ModelTestResult:
    """What the body leaves out is as it is in force."""
    name, started = body.model or settings.model, clock.monotonic()
    base_url = body.model_dump().get("base_url", settings.base_url)
    if name == offline_model.NAME:
        error = None
    elif body.key is None and base_url is None and models.key_source is None:
        error = _NOT_CONFIGURED
    else:
        error = await _fault(models, body.key, base_url, name)
    latency = round((clock.monotonic() - started) * 1000)
    return ModelTestResult(ok=error is None, model=name, latency_ms=latency, error=error)


async def _fault(models: Models, key: str | None, base_url: str | None, name: str) -> TurnError | None:
    try:
        async with asyncio.timeout(_SECONDS):
            model = await models.fresh(key, base_url)
            try:
                await _call(model, name)
            finally:
                await model.close()
    except ModelError as error:
        return TurnError(type=error.kind, message=error.message)
    except TimeoutError:
        return TurnError(type="timeout", message=Failure("timeout").message)
    return None


async def _call(model: Model, name: str) -> None:
    request = ModelRequest(
        model=name,
        system=[],
        messages=[Message("user", [Text("Hi")])],
        max_output_tokens=_OUTPUT_TOKENS,
        max_retries=0,
    )
    async with aclosing(model.stream(request)) as events:
        async for _ in events:
            pass
