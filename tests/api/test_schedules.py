"""Schedules: made, listed, changed, previewed, and asked about."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clock import START
from tests.fakes.schedules import Timetable, timetable
from tests.fakes.server import Server, fault

NOTHING = dict.fromkeys(("run_tokens", "run_cost_usd", "month_tokens", "month_cost_usd"))


@pytest.fixture
async def plan(data: Path) -> AsyncIterator[Timetable]:
    """On 2026-01-01, a Thursday, at midnight UTC."""
    async with timetable(data, now=START) as made:
        yield made


async def test_a_schedule_has_its_defaults_and_its_next_time(plan: Timetable) -> None:
    body = {"project_id": plan.project, "cron": "  30   9 * *  MON ", "prompt": "Report"}
    made = await plan.server.post("/schedules", body)
    assert made == {
        "id": made["id"],
        "project_id": plan.project,
        "cron": "30 9 * * MON",
        "timezone": "UTC",
        "prompt": "Report",
        "conversation_id": None,
        "status": "active",
        "last_run_at": None,
        "next_run_at": "2026-01-05T09:30:00.000Z",
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
        "pause_reason": None,
        "budget": NOTHING,
    }
    detail = await plan.get(made["id"])
    spent = {"since": "2026-01-01T00:00:00.000Z", "runs": 0, "tokens": 0, "cost_usd": 0.0}
    assert detail == made | {"words": detail["words"], "spent_this_month": spent}
    assert "Monday" in detail["words"]
    assert "09:30" in detail["words"]


async def test_the_times_of_a_schedule_are_those_of_its_timezone(plan: Timetable) -> None:
    id = await plan.new("0 9 * * *", timezone="America/New_York")
    assert (await plan.get(id))["next_run_at"] == "2026-01-01T14:00:00.000Z"
    await plan.patch(id, timezone="Asia/Kathmandu")
    assert (await plan.get(id))["next_run_at"] == "2026-01-01T03:15:00.000Z"


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("* * * *", "five fields"),
        ("0 * * * * *", "Seconds"),
        ("0 0 30 2 *", "February"),
        ("60 * * * *", "0"),
        ("0 0 * * L", "weekday"),
        ("@reboot", "@reboot"),
        ("", "empty"),
        ("x" * 1000, ""),
    ],
)
async def test_a_cron_expression_that_is_none_is_refused_in_words(
    plan: Timetable, cron: str, words: str
) -> None:
    id = await plan.new()
    body = {"project_id": plan.project, "cron": cron, "prompt": "Report"}
    for answer in (
        await plan.server.call("POST", "/schedules", json=body),
        await plan.server.call("PATCH", f"/schedules/{id}", json={"cron": cron}),
        await plan.server.call("POST", "/schedules/preview", json={"cron": cron}),
    ):
        assert fault(answer) == (422, "invalid_request", "body.cron")
        assert words.lower() in answer.json()["error"]["message"].lower()
    assert (await plan.get(id))["cron"] == "0 * * * *"


@pytest.mark.parametrize(
    "zone", ["Europe/Berln", "../../etc/passwd", "", "localtime", "posixrules", "CET+99"]
)
async def test_an_unknown_timezone_is_refused_in_words(plan: Timetable, zone: str) -> None:
    id = await plan.new()
    body = {"project_id": plan.project, "cron": "@daily", "prompt": "Report", "timezone": zone}
    for answer in (
        await plan.server.call("POST", "/schedules", json=body),
        await plan.server.call("PATCH", f"/schedules/{id}", json={"timezone": zone}),
        await plan.server.call("POST", "/schedules/preview", json={"cron": "@daily", "timezone": zone}),
    ):
        assert fault(answer) == (422, "invalid_request", "body.timezone")
        assert "timezone" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"project_id": "proj_none"}, "body.project_id"),
        ({"project_id": None}, "body.project_id"),
        ({"conversation_id": "conv_none"}, "body.conversation_id"),
        ({"prompt": "  "}, "body.prompt"),
        ({"cron": 5}, "body.cron"),
        ({"status": "paused"}, "body.status"),
        ({"budget": {"run_tokens": 0}}, "body.budget.run_tokens"),
        ({"budget": {"run_cost": 1}}, "body.budget.run_cost"),
        ({"timezone": None}, "body.timezone"),
    ],
)
async def test_a_faulty_field_is_refused_and_nothing_is_stored(
    plan: Timetable, fields: dict[str, Any], param: str
) -> None:
    body = {"project_id": plan.project, "cron": "@daily", "prompt": "Report", **fields}
    before = await plan.server.get("/schedules")
    assert fault(await plan.server.call("POST", "/schedules", json=body)) == (422, "invalid_request", param)
    assert await plan.server.get("/schedules") == before


async def test_a_conversation_of_another_project_is_refused(plan: Timetable) -> None:
    other = (await plan.server.post("/projects", {"name": "Other"}))["id"]
    conversation = await plan.server.conversation(project_id=other)
    body = {"project_id": plan.project, "cron": "@daily", "prompt": "P", "conversation_id": conversation}
    refused = await plan.server.call("POST", "/schedules", json=body)
    assert fault(refused) == (422, "invalid_request", "body.conversation_id")
    for project_id in (plan.project, None):
        body["conversation_id"] = await plan.server.conversation(project_id=project_id)
        assert (await plan.server.post("/schedules", body))["conversation_id"] == body["conversation_id"]


async def test_schedules_are_listed_newest_first_by_project_and_status(plan: Timetable) -> None:
    other = (await plan.server.post("/projects", {"name": "Other"}))["id"]
    first, second = await plan.new(), await plan.new(project_id=other)
    await plan.patch(second, status="paused")

    async def ids(**query: Any) -> list[str]:
        return [one["id"] for one in (await plan.server.get("/schedules", params=query))["data"]]

    assert await ids() == [second, first, plan.tick]
    assert await ids(project_id=plan.project) == [first, plan.tick]
    assert await ids(status="paused") == [second]
    assert await ids(status="active", project_id=other) == []
    page = await plan.server.get("/schedules", params={"limit": 1, "offset": 1})
    assert ([one["id"] for one in page["data"]], page["total"], page["has_more"]) == ([first], 3, True)
    refused = await plan.server.call("GET", "/schedules", params={"status": "stopped"})
    assert fault(refused) == (422, "invalid_request", "query.status")


async def test_a_change_of_the_prompt_alone_leaves_the_next_time(plan: Timetable) -> None:
    id = await plan.new("0 9 * * *")
    before = await plan.get(id)
    plan.clock.advance(1)
    after = await plan.patch(id, prompt="Other", budget={"run_tokens": 100})
    assert after["next_run_at"] == before["next_run_at"]
    assert after["budget"] == NOTHING | {"run_tokens": 100}
    assert after["updated_at"] > before["updated_at"]
    assert await plan.patch(id) == after


@pytest.mark.parametrize("field", ["cron", "timezone", "prompt", "status", "budget"])
async def test_what_cannot_be_null_is_not_cleared(plan: Timetable, field: str) -> None:
    id = await plan.new()
    answer = await plan.server.call("PATCH", f"/schedules/{id}", json={field: None})
    assert fault(answer) == (422, "invalid_request", f"body.{field}")


async def test_a_paused_schedule_has_no_next_time_until_it_is_resumed(plan: Timetable) -> None:
    id = await plan.new("0 * * * *")
    paused = await plan.patch(id, status="paused")
    assert (paused["status"], paused["next_run_at"], paused["pause_reason"]) == ("paused", None, None)
    assert (await plan.patch(id, cron="30 * * * *"))["next_run_at"] is None
    plan.clock.advance(3_600)
    resumed = await plan.patch(id, status="active")
    assert resumed["next_run_at"] == "2026-01-01T01:30:00.000Z"


async def test_a_deleted_schedule_is_gone_with_its_runs(plan: Timetable) -> None:
    id = await plan.new()
    await plan.run_now(id)
    await plan.ended(id)
    assert (await plan.server.call("DELETE", f"/schedules/{id}")).status == 204
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/run"),
        ("GET", "/runs"),
        ("GET", "/explain?at=2026-01-01T00:00:00Z"),
    ):
        options: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
        answer = await plan.server.call(method, f"/schedules/{id}{path}", **options)
        assert fault(answer) == (404, "not_found", None)
    assert id not in [one["id"] for one in (await plan.server.get("/schedules"))["data"]]
    assert len((await plan.server.get("/conversations"))["data"]) == 1, "that of the run stays"


async def test_a_deleted_project_takes_its_schedules_along(plan: Timetable) -> None:
    other = (await plan.server.post("/projects", {"name": "Other"}))["id"]
    id = await plan.new(project_id=other)
    await plan.server.call("DELETE", f"/projects/{other}")
    assert fault(await plan.server.call("GET", f"/schedules/{id}")) == (404, "not_found", None)


async def test_a_run_that_is_asked_for_is_a_turn_in_a_new_conversation(plan: Timetable) -> None:
    id = await plan.new("0 9 * * *", prompt="Report")
    await plan.patch(id, status="paused")
    run = await plan.run_now(id)
    assert run == run | {
        "schedule_id": id,
        "status": "running",
        "trigger": "manual",
        "scheduled_for": "2026-01-01T00:00:00.000Z",
        "finished_at": None,
        "error": None,
    }
    await plan.ended(id)
    [ended] = await plan.runs(id)
    response = await plan.server.get(f"/responses/{ended['response_id']}")
    assert (response["input"], response["status"]) == ("Report", "completed")
    conversation = await plan.server.get(f"/conversations/{ended['conversation_id']}")
    assert (conversation["project_id"], conversation["title"]) == (plan.project, "Report")
    assert ended == ended | {
        "id": run["id"],
        "status": "success",
        "started_at": response["created_at"],
        "finished_at": response["finished_at"],
        "usage": response["usage"],
        "model": response["model"],
        "cost_usd": response["cost_usd"],
    }
    schedule = await plan.get(id)
    assert (schedule["last_run_at"], schedule["next_run_at"]) == (response["created_at"], None)
    assert schedule["spent_this_month"]["runs"] == 1
    assert schedule["spent_this_month"]["tokens"] == sum(response["usage"].values())


async def test_a_second_run_is_refused_while_one_is_going(plan: Timetable) -> None:
    plan.model.gate.clear()
    id = await plan.new()
    run = await plan.run_now(id)
    refused = await plan.server.call("POST", f"/schedules/{id}/run")
    assert fault(refused) == (409, "conflict", None)
    assert refused.json()["error"]["details"][0]["run_id"] == run["id"]
    plan.model.gate.set()
    await plan.ended(id)
    await plan.run_now(id)
    await plan.ended(id)


async def test_runs_are_listed_by_status_and_trigger_in_pages(plan: Timetable) -> None:
    id = await plan.new("0 * * * *")
    await plan.awake_until("2026-01-01T03:00:30Z", step=3_600)
    await plan.ended(id)
    await plan.run_now(id)
    await plan.ended(id)
    assert await plan.told(id) == [
        ("2026-01-01T01:00", "schedule", "success"),
        ("2026-01-01T02:00", "schedule", "success"),
        ("2026-01-01T03:00", "schedule", "success"),
        ("2026-01-01T03:00", "manual", "success"),
    ]
    assert len(await plan.runs(id, trigger="manual")) == 1
    assert len(await plan.runs(id, status="success")) == 4
    assert await plan.runs(id, status="failed") == []
    page = await plan.server.get(f"/schedules/{id}/runs", params={"limit": 1, "offset": 1})
    assert (page["data"][0]["scheduled_for"], page["total"], page["has_more"]) == (
        "2026-01-01T03:00:00.000Z",
        4,
        True,
    )
    refused = await plan.server.call("GET", f"/schedules/{id}/runs", params={"status": "late"})
    assert fault(refused) == (422, "invalid_request", "query.status")


async def test_a_preview_tells_the_words_and_the_next_times_with_the_change_of_clocks(
    plan: Timetable,
) -> None:
    body = {"cron": "30 2 28-30 3 *", "timezone": "Europe/Berlin", "count": 3}
    preview = await plan.server.call("POST", "/schedules/preview", json=body)
    assert preview.status == 200
    told = preview.json()
    assert told == told | {"cron": "30 2 28-30 3 *", "timezone": "Europe/Berlin"}
    assert [(fire["at"], fire["local"]) for fire in told["next_runs"]] == [
        ("2026-03-28T01:30:00.000Z", "2026-03-28T02:30:00+01:00"),
        ("2026-03-29T01:00:00.000Z", "2026-03-29T03:00:00+02:00"),
        ("2026-03-30T00:30:00.000Z", "2026-03-30T02:30:00+02:00"),
    ]
    assert [fire["note"] is None for fire in told["next_runs"]] == [True, False, True]
    assert "02:30" in told["words"]
    assert told["estimate"] == {
        "based_on": None,
        "runs": 0,
        "runs_per_month": 0,
        "tokens_per_run": None,
        "cost_usd_per_run": None,
        "tokens_per_month": None,
        "cost_usd_per_month": None,
    }
    assert len((await plan.server.get("/schedules"))["data"]) == 1, "nothing is stored"


async def test_an_estimate_is_made_of_past_runs_of_the_schedule_else_of_its_project(plan: Timetable) -> None:
    id = await plan.new("0 0 * * *")
    for _ in range(2):
        await plan.run_now(id)
        await plan.ended(id)
    [first, _] = await plan.runs(id)
    other = (await plan.server.post("/projects", {"name": "Other"}))["id"]
    for fields, basis in (
        ({"schedule_id": id}, "schedule"),
        ({"project_id": plan.project}, "project"),
        ({"project_id": other}, "all"),
        ({}, "all"),
    ):
        body = {"cron": "0 9 * * *", **fields}
        estimate = (await plan.server.call("POST", "/schedules/preview", json=body)).json()["estimate"]
        assert estimate == {
            "based_on": basis,
            "runs": 2,
            "runs_per_month": 30,
            "tokens_per_run": 15,
            "cost_usd_per_run": pytest.approx(first["cost_usd"]),
            "tokens_per_month": 450,
            "cost_usd_per_month": pytest.approx(30 * first["cost_usd"]),
        }
    for name in ("schedule_id", "project_id"):
        body = {"cron": "0 9 * * *", name: "none"}
        answer = await plan.server.call("POST", "/schedules/preview", json=body)
        assert fault(answer) == (422, "invalid_request", f"body.{name}")


@pytest.mark.parametrize(
    "at",
    [
        "yesterday",
        "2026-01-01",
        "2026-13-01T00:00:00Z",
        "2026-01-01T09:00:00",
        "",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "9998-12-31T14:00:00Z",
    ],
)
async def test_a_time_that_is_none_cannot_be_explained(plan: Timetable, at: str) -> None:
    answer = await plan.server.call("GET", f"/schedules/{plan.tick}/explain", params={"at": at})
    assert fault(answer) == (422, "invalid_request", "query.at")


async def test_many_clients_at_once_lose_no_change(server: Server) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    body = {"project_id": project, "cron": "@yearly", "prompt": "P"}
    made = await asyncio.gather(*(server.post("/schedules", body) for _ in range(50)))
    ids = [one["id"] for one in made]
    await asyncio.gather(
        *(
            server.call("PATCH", f"/schedules/{id}", json={"cron": f"{n} 9 * * *"})
            for n, id in enumerate(ids)
        ),
        *(server.call("PATCH", f"/schedules/{id}", json={"timezone": "Asia/Tokyo"}) for id in ids),
    )
    for n, id in enumerate(ids):
        schedule = await server.get(f"/schedules/{id}")
        assert (schedule["cron"], schedule["timezone"]) == (f"{n} 9 * * *", "Asia/Tokyo")
        assert schedule["next_run_at"][10:] == f"T00:{n:02}:00.000Z"
