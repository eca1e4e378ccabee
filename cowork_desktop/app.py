"""The composition root: builds each object once, in order, and closes them in reverse."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.agent.approvals import Approvals
from cowork_desktop.agent.model import Model
from cowork_desktop.agent.models import SECRET_NAME, Models
from cowork_desktop.agent.preferences import Preferences
from cowork_desktop.agent.turns import Turns
from cowork_desktop.agent.undo import Undo
from cowork_desktop.api import ENDPOINTS, ui
from cowork_desktop.api.artifacts import serve_origin
from cowork_desktop.clock import Clock, SystemClock
from cowork_desktop.connectors.moving_secrets import MovingSecrets, open_secrets
from cowork_desktop.connectors.secrets import Secrets
from cowork_desktop.http.downloads import MADE_AT_ONCE, MAKING
from cowork_desktop.http.endpoint import MAX_BODY_BYTES
from cowork_desktop.http.guard import Gate
from cowork_desktop.http.middleware import ELSEWHERE, GATE, add_headers, every_request
from cowork_desktop.http.openapi import Description
from cowork_desktop.http.sandbox import SANDBOX, Sandbox
from cowork_desktop.http.server import add_routes
from cowork_desktop.http.uploads import SPOOL, Spool
from cowork_desktop.ids import Ids, random_id
from cowork_desktop.kernels.cell_runs import CellRuns
from cowork_desktop.kernels.pool import Kernels
from cowork_desktop.later import Later
from cowork_desktop.notifications import Notifications
from cowork_desktop.scheduling.runs import Runs
from cowork_desktop.scheduling.scheduler import Scheduler
from cowork_desktop.scheduling.schedules import Schedules
from cowork_desktop.schemas.backup import BACKUPS
from cowork_desktop.schemas.notifications import ResourceChanged
from cowork_desktop.settings import ServerSettings
from cowork_desktop.shell.bridge import ShellBridge
from cowork_desktop.shell.browser import Browser
from cowork_desktop.store import connections as stored_connections
from cowork_desktop.store import newest_id, news, projects
from cowork_desktop.store import settings as stored_settings
from cowork_desktop.store.database import Database, Tx
from cowork_desktop.store.search_index import SearchIndex
from cowork_desktop.tasks import Stop, Tasks
from cowork_desktop.version import __version__
from cowork_desktop.workspace.artifacts import Artifacts
from cowork_desktop.workspace.contents import Contents
from cowork_desktop.workspace.deletion import Deletion
from cowork_desktop.workspace.paths import ProjectFolders
from cowork_desktop.workspace.project_files import ProjectFiles
from cowork_desktop.workspace.promotion import Promotion
from cowork_desktop.workspace.texts import Texts

if TYPE_CHECKING:
    from cowork_desktop.agent.answering import Answering
    from cowork_desktop.agent.tools.tool import Tool
    from cowork_desktop.connectors.connectors import Connectors
    from cowork_desktop.web.pages import Pages


UI_FOLDER = Path(__file__).parent / "ui"
SECRETS_KIND, SECRETS_MOVING = "secrets_kind", "secrets_moving"
"""Under which the stored settings have where credentials are, and whether some are still where they were."""
OWNER = "owner"
"""Under which they have the name by which the keyring knows the data folder."""


def make_anthropic_model(key: str, base_url: str | None, clock: Clock) -> Model:
    from cowork_desktop.agent.anthropic_model import AnthropicModel

    return AnthropicModel(api_key=key, base_url=base_url, clock=clock)


@asynccontextmanager
async def create_app(
    server_settings: ServerSettings,
    data_dir: Path,
    port: int,
    *,
    clock: Clock | None = None,
    secrets: Secrets | None = None,
    model: Model | None = None,
    browser: Browser | None = None,
    tools: "Mapping[str, Tool[Any]] | None" = None,
    pages: "Pages | None" = None,
    ui_folder: Path = UI_FOLDER,
) -> AsyncIterator[web.Application]:
    """The application on an open database. `model`: answers in the provider's stead. `tools`: other ones than
    the agent's own. `pages`: where those of the web are read in its stead. `ui_folder`: where the app is that
    people see."""
    clock = clock or SystemClock()
    async with Database.open(data_dir / "cowork.db", backups=data_dir / BACKUPS) as db:
        made = Ids(clock, await db.read(newest_id.newest_id))
        owner = await db.write(_first_rows, made, clock.now())
        tasks = Tasks()
        moving = None if secrets else await _kept_secrets(db, server_settings, owner, data_dir)
        secrets = secrets or moving
        assert secrets
        preferences = await Preferences.load(db, server_settings.overrides())
        models = Models(
            db, secrets, preferences, lambda key, url: model or make_anthropic_model(key, url, clock)
        )
        await models.load()
        folders = ProjectFolders(data_dir / "projects")
        kernels = Kernels(data_dir / "kernels", lambda: preferences.current.kernels, clock, tasks)
        cell_runs = CellRuns(
            db, kernels, lambda: preferences.current.kernels, folders.work, clock, made, tasks
        )
        contents = Contents(db, data_dir / "contents")
        texts = Texts(db, contents, tasks)
        artifacts = Artifacts(db, folders, contents, texts, clock, made)
        project_files = ProjectFiles(db, folders, contents)
        deletion = Deletion(db, folders, contents, texts, artifacts, project_files, tasks)
        shell, search_index = ShellBridge(clock), SearchIndex(db, clock)
        promotion = Promotion(db, artifacts, clock)
        running = keys.Instance(random_id("inst"), __version__, clock.monotonic())
        notifications = Notifications(running.id)
        await db.watch(news.watch, news.take, _telling(notifications))
        approvals = Approvals(db, clock, made, tasks, notifications)

        def make_connectors() -> "Connectors":
            from cowork_desktop.connectors.connectors import Connectors

            own_specs, url = data_dir / "connectors", f"http://localhost:{port}"
            return Connectors.over(db, secrets, own_specs, url, notifications, clock, made, tasks)

        connectors = Later(make_connectors)

        def make_answering() -> "Answering":
            # What only a turn needs: many modules, which a start does not wait for.
            from cowork_desktop.agent.answering import Answering
            from cowork_desktop.agent.toolbox import TOOLS
            from cowork_desktop.agent.tools.means import Means
            from cowork_desktop.web.pages import Pages
            from cowork_desktop.workspace.page_texts import PageTexts

            means = Means(
                clock=clock,
                ids=made,
                cell_runs=cell_runs,
                artifacts=artifacts,
                promotion=promotion,
                contents=contents,
                project_files=project_files,
                search_index=search_index,
                pages=pages or Pages(PageTexts(contents.incoming).read),
                schedules=schedules,
                connections=connectors.now().in_reach,
            )
            return Answering(db, preferences, means, approvals, clock, TOOLS if tools is None else tools)

        turns = Turns(db, models, preferences, make_answering, clock, made, tasks, notifications)
        schedule_runs = Runs(db, turns, kernels, preferences, notifications, clock)
        scheduler = Scheduler(db, schedule_runs, preferences, notifications, clock, made)
        schedules = Schedules(db, scheduler, schedule_runs, notifications, clock, made)

        app = web.Application(middlewares=[every_request], client_max_size=MAX_BODY_BYTES)
        app[GATE] = Gate.at(port, bound_to=server_settings.host, token=server_settings.token)
        app[keys.DATA_DIR], app[keys.INSTANCE] = data_dir, running
        app[keys.NOTIFICATIONS] = notifications
        app[keys.UI], app[ELSEWHERE] = ui_folder, ui.elsewhere
        app[keys.DESCRIPTION] = Description(ENDPOINTS, __version__)
        app[keys.DB], app[keys.CLOCK], app[keys.IDS], app[keys.TASKS] = db, clock, made, tasks
        app[keys.SECRETS], app[keys.PREFERENCES], app[keys.MODELS], app[keys.TURNS] = (
            secrets,
            preferences,
            models,
            turns,
        )
        app[keys.PROMOTION], app[keys.APPROVALS] = promotion, approvals
        app[keys.SCHEDULES] = schedules
        app[keys.CONNECTORS] = connectors
        app[keys.UNDO] = Undo(db, artifacts, deletion, project_files, schedules, clock, made)
        app[keys.CONTENTS], app[keys.TEXTS], app[keys.ARTIFACTS] = contents, texts, artifacts
        app[keys.DELETION], app[keys.SHELL], app[keys.BROWSER] = deletion, shell, browser or Browser()
        app[keys.SEARCH_INDEX] = search_index
        app[SPOOL] = Spool(contents.incoming, lambda: preferences.current.files.largest_bytes)
        app[MAKING] = asyncio.Semaphore(MADE_AT_ONCE)
        app[SANDBOX] = Sandbox(port, serve_origin)
        app[keys.KERNELS], app[keys.CELL_RUNS], app[keys.FOLDERS] = kernels, cell_runs, folders
        add_routes(app, ENDPOINTS)
        app.on_response_prepare.append(add_headers)

        app[keys.ENDING] = ending = Stop()

        async def end_work(_: web.Application) -> None:
            ending.set()
            shell.close()
            notifications.close()
            await schedule_runs.close()  # before the turns: none begins where another one has ended
            await asyncio.gather(turns.close(), cell_runs.close(), texts.close())

        async def recover_texts() -> None:
            await artifacts.recover()
            await texts.recover()

        async def move_secrets() -> None:
            if moving and moving.is_moving:
                names = [SECRET_NAME, *await db.read(stored_connections.secret_names)]
                if await moving.move(names):
                    await db.write(stored_settings.put, {SECRETS_MOVING: False})

        async def recover_connections() -> None:
            if await db.read(stored_connections.need_recovery):
                await (await connectors.get()).connections.recover()

        # Readers of a turn or a run go when it ends; without this an open stream would hold the shutdown up.
        app.on_shutdown.append(end_work)
        await cell_runs.recover()
        await asyncio.to_thread(contents.clear_incoming)
        await artifacts.load()
        await scheduler.load()
        # After what it may work with: a turn that waited goes on from here.
        await turns.recover()
        tasks.start(move_secrets(), name="move of credentials")
        tasks.start(recover_connections(), name="recovery of connections")
        tasks.start(scheduler.keep_up(), name="scheduler")
        tasks.start(recover_texts(), name="recovery of texts")
        tasks.start(search_index.keep_up(), name="search index")
        tasks.start(deletion.recover(), name="sweep")
        try:
            yield app
        finally:
            await end_work(app)
            await tasks.close()
            if connectors.made:
                await connectors.made.close()
            await models.close()


def _telling(notifications: Notifications) -> Callable[[Sequence[news.News]], None]:
    def tell(changes: Sequence[news.News]) -> None:
        for change in changes:
            notifications.tell(ResourceChanged, **change._asdict())

    return tell


async def _kept_secrets(db: Database, settings: ServerSettings, owner: str, data_dir: Path) -> MovingSecrets:
    """Where credentials are from now on, which is noted before any is put there."""
    stored = await db.read(stored_settings.get)
    noted, is_unfinished = stored.get(SECRETS_KIND), bool(stored.get(SECRETS_MOVING))
    kind = settings.secrets or noted or "keyring"
    moving = open_secrets(kind, noted, owner, data_dir, is_unfinished=is_unfinished)
    if (kind, moving.is_moving) != (noted, is_unfinished):
        await db.write(stored_settings.put, {SECRETS_KIND: kind, SECRETS_MOVING: moving.is_moving})
    return moving


def _first_rows(tx: Tx, made: Ids, now: int) -> str:
    """Make what every data folder has; returns the name under which the keyring knows this one."""
    projects.create_general(tx, made.new("proj"), now)
    owner = stored_settings.get(tx).get(OWNER)
    if owner is None:
        owner = random_id("owner")
        stored_settings.put(tx, {OWNER: owner})
    return str(owner)
