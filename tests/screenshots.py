"""Pictures of every view, light, dark and narrow, of servers on which some work has been done.

`python -m tests.screenshots` writes `docs/screenshots/` anew; names after it write those alone.
"""

import asyncio
import io
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from cowork_desktop.schemas.responses import Usage
from tests.fakes import chromium
from tests.fakes.app import NARROW, TABLE, App, running_app
from tests.fakes.artifacts import save
from tests.fakes.connections import a_connection, database, until_tested
from tests.fakes.model import ScriptedModel, call, say
from tests.fakes.server import Server
from tests.fakes.waiting import until

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
DOCUMENTS = Path(__file__).parent / "documents"
WIDE = ViewportSize(width=1280, height=800)
KINDS: Mapping[str, tuple[Literal["light", "dark"], ViewportSize]] = {
    "light": ("light", WIDE),
    "dark": ("dark", WIDE),
    "narrow": ("light", NARROW),
}
_COLOURS = 128
"""Of a picture; few enough that the pictures weigh little, and enough for a chart."""
_PLANNER = """<!doctype html><html lang="en"><title>Budget planner</title><style>
body {{ font: 16px/1.5 system-ui; margin: 2rem auto; max-width: 40rem; color: #222; background: #fff }}
label {{ display: grid; grid-template-columns: 8rem 1fr 5rem; gap: 1rem; align-items: center }}
input {{ min-width: 0 }} output {{ text-align: right }} h1 {{ margin-top: 0 }}</style>
<h1>Budget planner{more}</h1><p>What is left of <b>€ {total}</b> a month.</p>
<label>Rent <input type="range" max="2000" value="{rent}"><output></output></label>
<label>Food <input type="range" max="2000" value="520"><output></output></label>
<label>Travel <input type="range" max="2000" value="310"><output></output></label>
<p>Left: <b id="left"></b></p><script>
const all = [...document.querySelectorAll("label")];
const show = () => {{
    let left = {total};
    for (const one of all) {{
        const value = +one.querySelector("input").value;
        one.querySelector("output").textContent = "€ " + value;
        left -= value;
    }}
    document.getElementById("left").textContent = "€ " + left;
}};
addEventListener("input", show);
show();
</script>"""
_REGIONS = (
    "# Revenue by region\nimport pandas as pd\nsales = pd.read_csv('sales.csv')\n"
    "by_region = sales.groupby('region')['revenue'].sum().sort_values(ascending=False)\n"
    "by_region.plot.barh(figsize=(6, 2.4), color='#c2410c', xlabel='Revenue');\nby_region.round(0)"
)
_RATES = "https://rates.example.org/eur"


@dataclass(frozen=True)
class Shot:
    path: str
    """Of the view, with the ids of what it shows."""
    prepare: Callable[[Page], Awaitable[None]] | None = None
    """What is pressed before the picture is taken."""


async def _sample_work(server: Server, folder: Path) -> dict[str, Shot]:
    """What the offline model did, and what a user gave it; the views of that by their names."""
    memories = ("Prefers short summaries, with the figures first.", "Sums are in euros, without cents.")
    for content in memories:
        await server.post("/memories", {"content": content})
    skill = await server.post(
        "/skills",
        {
            "name": "weekly-report",
            "description": "Writes the report of the week: what was sold, where, and what is unusual.",
            "instructions": "# The report\n\n1. Sum up revenue by region and product.\n"
            "2. Compare with the week before.\n3. Name whatever differs by more than **10 %**.\n",
            "tools": ["run_code", "read_file"],
        },
    )
    shop = await database(server, folder / "shop.db", "Shop")
    nowhere = {"host": "127.0.0.1", "port": 9, "database": "orders", "user": "reader", "password": "none"}
    failing = await a_connection(server, "Warehouse", spec_id="postgres", credentials=nowhere)
    await until_tested(server, failing)
    fields: dict[str, object] = {"name": "Retail 2026", "description": "What the shops sell, week by week."}
    fields |= {"connector_ids": [shop["id"]]}
    project = (await server.post("/projects", fields))["id"]
    await server.post("/memories", {"content": "The fiscal year begins in July.", "project_id": project})

    sample = await _sales_task(server, "Summary of the year's sales", project)
    await server.say(sample, "Summarise this data")
    files = {name: await _upload(server, DOCUMENTS / name, project_id=project) for name in _DOCUMENT_NAMES}
    for title, question in _OTHER_TASKS.items():
        await server.say(await server.conversation(title=title, project_id=project), question)
    planner = await save(server, _planner("", 2900, 1180), title="Budget planner")
    await save(server, _planner(" 2026", 3100, 1240), title="Budget planner", artifact_id=planner["id"])
    schedules = [
        (await server.post("/schedules", {"project_id": project, "timezone": "Europe/Berlin", **one}))["id"]
        for one in _SCHEDULES
    ]
    await _run(server, schedules[0])
    contents = await server.get(f"/conversations/{sample}/contents")
    pad, report = contents["scratchpads"][0]["id"], contents["artifacts"][0]["id"]
    return {
        "start": Shot("/start"),
        "new-task": Shot("/"),
        "tasks": Shot("/tasks"),
        "task": Shot(f"/tasks/{sample}", _to_the_answer),
        "task-steps": Shot(f"/tasks/{sample}", _open_a_step),
        "notebook": Shot(f"/scratchpads/{pad}", _to_a_chart),
        "artifacts": Shot("/artifacts"),
        "artifact": Shot(f"/artifacts/{report}"),
        "artifact-versions": Shot(f"/artifacts/{planner['id']}", _open_versions),
        "artifact-comparison": Shot(f"/artifacts/{planner['id']}", _compare),
        "schedules": Shot("/schedules"),
        "schedule": Shot(f"/schedules/{schedules[0]}"),
        "schedule-new": Shot("/schedules/new?cron=30+2+*+3+sun"),
        "files": Shot("/files"),
        "file": Shot(f"/files/{files['ledger.xlsx']}"),
        "projects": Shot("/projects"),
        "project": Shot(f"/projects/{project}"),
        "connectors": Shot("/connectors"),
        "connector-new": Shot("/connectors/new/postgres"),
        "connection": Shot(f"/connectors/{shop['id']}"),
        "connection-failed": Shot(f"/connectors/{failing}"),
        "memories": Shot("/memories"),
        "skills": Shot("/skills"),
        "skill": Shot(f"/skills/{skill['id']}"),
        "settings": Shot("/settings"),
        "palette": Shot("/tasks", _search),
    }


_DOCUMENT_NAMES = ("columns.pdf", "ledger.xlsx", "report.docx", "talk.pptx")
_OTHER_TASKS = {
    "What can be done here": "What can you do?",
    "Where the harbour is mentioned": "Which files mention the harbour?",
}
_SCHEDULES = (
    {"cron": "0 9 * * mon", "prompt": "Write the report of the week and say what is unusual"},
    {"cron": "30 7 * * 1-5", "prompt": "Look for new orders above 10,000 euros"},
)


def _planner(more: str, total: int, rent: int) -> dict[str, bytes]:
    return {"index.html": _PLANNER.format(more=more, total=total, rent=rent).encode()}


async def _sales_task(server: Server, title: str, project: str | None = None) -> str:
    """The id of a conversation with the sample table."""
    task = await server.conversation(title=title, **({"project_id": project} if project else {}))
    await _upload(server, TABLE, conversation_id=task)
    return task


async def _upload(server: Server, file: Path, **fields: str) -> str:
    with file.open("rb") as content:
        answer = await server.call("POST", "/files", data={"file": content, **fields})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


async def _run(server: Server, schedule: str) -> None:
    """Once, to its end."""
    assert (await server.call("POST", f"/schedules/{schedule}/run")).status == 202

    async def has_ended() -> bool:
        return bool((await server.get(f"/schedules/{schedule}/runs"))["data"][0]["status"] != "running")

    await until(has_ended)


async def _asking_work(server: Server) -> dict[str, Shot]:
    """What a model of a script did, which asks before it goes outside."""
    for n, name in enumerate(("Plan of the spring sale", "Letters to suppliers", "Returns by product")):
        task = await server.conversation(title=name)
        await server.say(task, "Go on", **({"model": "claude-haiku-5-5"} if n else {}))
    task = await _sales_task(server, "Sales in dollars")
    message = {"conversation_id": task, "input": "Which region sells most, in dollars at today's rate?"}
    async with server.stream("POST", "/responses", json=message) as events:
        async for event in events:
            if event.type == "response.approval.requested":
                break
    return {
        "task-asks": Shot(f"/tasks/{task}"),
        "approvals": Shot("/approvals"),
        "usage": Shot("/settings/usage"),
    }


def _asking_model() -> ScriptedModel:
    spent = [Usage(input_tokens=n * 9_400, output_tokens=n * 1_150) for n in (3, 1, 2)]
    code: dict[str, object] = {"code": _REGIONS}
    page: dict[str, object] = {"url": _RATES}
    return ScriptedModel(
        *(say("Here is the plan.", usage=usage) for usage in spent),
        call("run_code", code, json.dumps(code)),
        call("fetch_page", page, json.dumps(page), call_id="call_2"),
    )


async def _to_the_answer(page: Page) -> None:
    await expect(page.get_by_role("article", name="Cowork").first).to_be_visible()


async def _open_a_step(page: Page) -> None:
    answer = page.get_by_role("article", name="Cowork").first
    await answer.get_by_role("button", name="Ran 11 cells, made a report").click()
    await answer.get_by_role("button", name="Libraries, and how tables and charts are shown").click()
    await expect(answer.get_by_text("import pandas")).to_be_visible()


async def _to_a_chart(page: Page) -> None:
    await page.locator("main img").first.scroll_into_view_if_needed()


async def _open_versions(page: Page) -> None:
    await page.get_by_role("button", name="Versions", exact=True).click()
    await expect(page.get_by_role("heading", name="Version 1")).to_be_visible()


async def _compare(page: Page) -> None:
    await _open_versions(page)
    await page.get_by_role("link", name="Compare version 1 with the current").click()
    await expect(page.get_by_role("group", name="Differences")).to_be_visible()


async def _search(page: Page) -> None:
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox", name="Search and commands").fill("sales")
    await expect(page.get_by_role("option").filter(has_text="sales").first).to_be_visible()


async def _take(app: App, browser: Browser, shots: Mapping[str, Shot], wanted: Collection[str]) -> set[str]:
    """The names of those that are taken: all, or the wanted ones."""
    names = {name for name in shots if not wanted or name in wanted}
    for name in sorted(names):
        for kind, (theme, viewport) in KINDS.items():
            context = await browser.new_context(
                viewport=viewport, color_scheme=theme, reduced_motion="reduce", locale="en-GB"
            )
            try:
                picture = await _picture(app, context, shots[name])
            finally:
                await context.close()
            (FOLDER / f"{name}-{kind}.png").write_bytes(picture)
            print(f"{name}-{kind}: {len(picture) / 1e3:.0f} kB", flush=True)
    return names


async def _picture(app: App, context: BrowserContext, shot: Shot) -> bytes:
    page = await context.new_page()
    await page.add_init_script("localStorage.setItem('cowork.started', 'true')")
    await page.goto(app.url + shot.path)
    await expect(page.locator("main#view")).to_be_attached()
    await expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    if shot.prepare:
        await shot.prepare(page)
    await page.wait_for_timeout(1_000)  # until frames and charts are drawn
    return _small(await page.screenshot())


def _small(png: bytes) -> bytes:
    picture, made = Image.open(io.BytesIO(png)).convert("RGB"), io.BytesIO()
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(made, "PNG", optimize=True)
    return made.getvalue()


async def main(wanted: Collection[str]) -> int:
    program = chromium.program()
    if program is None:
        print("Pictures need Chromium, and none is installed.", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    if not wanted:
        for old in FOLDER.glob("*.png"):
            old.unlink()
    with tempfile.TemporaryDirectory(prefix="cowork-pictures-") as made:
        folder = Path(made)
        async with chromium.launched(program) as browser:
            async with running_app(browser, folder / "sample") as app:
                taken = await _take(app, browser, await _sample_work(app.server, folder), wanted)
            async with running_app(browser, folder / "asking", model=_asking_model()) as app:
                taken |= await _take(app, browser, await _asking_work(app.server), wanted)
    if unknown := set(wanted) - taken:
        print(f"There is no picture of that name: {', '.join(sorted(unknown))}", file=sys.stderr)
    return int(bool(unknown))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
