"""Handlers of settings, the model key and usage."""

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.agent import costs, known_models
from cowork_desktop.agent.trying import try_model
from cowork_desktop.errors import NotConfigured
from cowork_desktop.http.endpoint import Endpoints
from cowork_desktop.schemas.backup import BACKUPS
from cowork_desktop.schemas.base import Page
from cowork_desktop.schemas.settings import (
    ModelChoice,
    ModelKey,
    ModelTest,
    ModelTestResult,
    Settings,
    SettingsPatch,
)
from cowork_desktop.schemas.usage import UsageQuery, UsageReport

endpoints = Endpoints("/api/v1", tag="Settings")


@endpoints.get("/settings")
async def get_settings(request: web.Request) -> Settings:
    """Get the settings in force."""
    preferences, models = request.app[keys.PREFERENCES], request.app[keys.MODELS]
    return Settings(
        **preferences.current.model_dump(),
        model_key=models.key_source,
        overridden=sorted(preferences.overrides),
        data_dir=str(request.app[keys.DATA_DIR]),
        backups_dir=str(request.app[keys.DATA_DIR] / BACKUPS),
    )


@endpoints.patch("/settings")
async def update_settings(request: web.Request, body: SettingsPatch) -> Settings:
    """Update settings."""
    await request.app[keys.PREFERENCES].patch(request.app[keys.DB], body)
    request.app[keys.SCHEDULES].settings_changed()
    return await get_settings(request)


@endpoints.put("/settings/model-key", errors=(NotConfigured,))
async def put_model_key(request: web.Request, body: ModelKey) -> None:
    """Set the model provider's API key.

    It goes to the OS keyring and is never given back.
    """
    await request.app[keys.MODELS].put_key(body.key)


@endpoints.delete("/settings/model-key", errors=(NotConfigured,))
async def delete_model_key(request: web.Request) -> None:
    """Remove the model provider's API key from the keyring."""
    await request.app[keys.MODELS].delete_key()


@endpoints.get("/models")
async def list_models(request: web.Request) -> Page[ModelChoice]:
    """List the models to choose from.

    Those that are known by name, the one of the settings, and the built-in one. Others can be named too.
    """
    choices = known_models.choices(request.app[keys.PREFERENCES].current.model)
    return Page(data=choices, total=len(choices), has_more=False)


@endpoints.post("/settings/model-test", status=200)
async def test_model(request: web.Request, body: ModelTest) -> ModelTestResult:
    """Try the model with the smallest call there is.

    With the key and the address in force, or with others before they are stored. Answers within 15 s, also
    where the model does not: `error` says why, and nothing of the key.
    """
    app = request.app
    return await try_model(app[keys.MODELS], app[keys.PREFERENCES].current, app[keys.CLOCK], body)


@endpoints.get("/usage")
async def get_usage(request: web.Request, query: UsageQuery) -> UsageReport:
    """Sum the tokens used and their cost by day, model, day and model, conversation or project."""
    return await request.app[keys.DB].scan(costs.report, query)
