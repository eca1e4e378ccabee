"""What a scheduled run is: a turn with its project's model and skills, a budget, and nobody there."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop.agent.model import ModelError
from cowork_desktop.schemas.responses import Usage
from tests.fakes.agent import of_type, running_agent, whole
from tests.fakes.clock import FakeClock
from tests.fakes.messages_endpoint import Json, reply, tool_block
from tests.fakes.schedules import Machine, Timetable, timetable
from tests.fakes.server import Server
from tests.fakes.waiting import until

pytestmark = pytest.mark.no_spare_kernel

THURSDAY = "2026-01-01T"
REACH = tool_block("reach", "fetch_page", {"url": "https://example.org/"})


@pytest.fixture
async def plan(data: Path) -> AsyncIterator[Timetable]:
    """On 2026-01-01, a Thursday, at midnight UTC."""
    async with timetable(data) as made:
        yield made


# The project's


async def test_a_run_works_with_the_projects_model_and_skills(plan: Timetable) -> None:
    skill = {"name": "thorough", "description": "D", "instructions": "Count everything twice."}
    skill_id = (await plan.server.post("/skills", skill))["id"]
    changes = {"model": "claude-haiku-4-5", "skill_ids": [skill_id]}
    await plan.server.call("PATCH", f"/projects/{plan.project}", json=changes)
    stray = await plan.server.conversation()
    for conversation in (None, stray, await plan.server.conversation(project_id=plan.project)):
        id = await plan.new(conversation_id=conversation)
        await plan.run_now(id)
        await plan.ended(id)
        [run] = await plan.runs(id)
        assert (run["status"], run["model"]) == ("success", "claude-haiku-4-5")
        request = plan.model.requests[-1]
        assert request.model == "claude-haiku-4-5"
        assert str(request).count("Count everything twice.") == 1


async def test_a_prompt_that_was_changed_before_its_time_is_what_runs(plan: Timetable) -> None:
    id = await plan.new("0 * * * *", prompt="Old.")
    await plan.patch(id, prompt="New.")
    await plan.awake_until(f"{THURSDAY}01:00:00Z", step=3_600)
    assert plan.model.inputs == ["New."]


# Ends


async def test_a_run_that_fails_says_why_and_the_schedule_goes_on(plan: Timetable) -> None:
    plan.model.failure = ModelError("overloaded", "Too many ask at once.")
    id = await plan.new("0 * * * *")
    await plan.awake_until(f"{THURSDAY}03:00:00Z", step=3_600)
    runs = await plan.runs(id)
    assert [run["status"] for run in runs] == ["failed"] * 3
    assert runs[0]["error"] == {"type": "overloaded", "message": "Too many ask at once."}
    assert (await plan.get(id))["status"] == "active"
    explained = await plan.explain(id, f"{THURSDAY}01:00:00Z")
    assert explained["verdict"] == "failed"
    assert "Too many ask at once." in explained["words"]


async def test_after_so_many_failures_in_a_row_a_schedule_is_paused_and_says_so(plan: Timetable) -> None:
    await plan.settings(pause_after=2)
    id = await plan.new("0 * * * *")
    plan.model.failure = ModelError("network", "Nobody answers.")
    async with plan.server.stream("GET", "/events") as events:
        await plan.awake_until(f"{THURSDAY}01:00:00Z", step=3_600)
        plan.model.failure = None
        await plan.awake_until(f"{THURSDAY}02:00:00Z", step=3_600)
        plan.model.failure = ModelError("network", "Nobody answers.")
        await plan.awake_until(f"{THURSDAY}05:00:00Z", step=3_600)
        async for frame in events:
            if frame.type == "schedule.paused":
                break
    assert [status for _, _, status in await plan.told(id)] == ["failed", "success", "failed", "failed"]
    schedule = await plan.get(id)
    assert (schedule["status"], schedule["next_run_at"]) == ("paused", None)
    assert "2 runs in a row failed" in schedule["pause_reason"]
    assert frame.data["schedule"] == {name: schedule[name] for name in frame.data["schedule"]}
    explained = await plan.explain(id, f"{THURSDAY}05:00:00Z")
    assert explained["verdict"] == "paused"
    assert "2 runs in a row failed" in explained["words"]
    resumed = await plan.patch(id, status="active")
    assert resumed["pause_reason"] is None
    await plan.awake_until(f"{THURSDAY}06:00:00Z", step=3_600)
    assert (await plan.get(id))["status"] == "active", "it is counted anew"


async def test_runs_that_the_user_ends_count_as_no_failures(plan: Timetable) -> None:
    await plan.settings(pause_after=1)
    plan.model.gate.clear()
    id = await plan.new("0 * * * *")
    await plan.awake_until(f"{THURSDAY}01:00:00Z", step=3_600)
    run = await plan.begun(id)
    await plan.server.post(f"/responses/{run['response_id']}/cancel")
    await plan.ended(id)
    [run] = await plan.runs(id)
    assert (run["status"], run["error"]["type"]) == ("failed", "cancelled")
    assert (await plan.get(id))["status"] == "active"


async def test_a_run_whose_conversation_is_deleted_ends_and_keeps_its_row(plan: Timetable) -> None:
    plan.model.gate.clear()
    id = await plan.new("0 * * * *")
    await plan.awake_until(f"{THURSDAY}01:00:00Z", step=3_600)
    run = await plan.begun(id)
    await plan.server.call("DELETE", f"/conversations/{run['conversation_id']}")
    await plan.ended(id)
    [run] = await plan.runs(id)
    assert (run["status"], run["error"]["type"]) == ("failed", "cancelled")


async def test_a_schedule_that_is_deleted_drops_what_waits_and_lets_go_on_what_has_begun(
    plan: Timetable,
) -> None:
    await plan.settings(concurrency=1)
    plan.model.gate.clear()
    begun, waiting = await plan.new("0 * * * *", prompt="A."), await plan.new("0 * * * *", prompt="B.")
    await plan.run_now(begun)
    await plan.model.works.wait()
    [run] = await plan.runs(begun)
    await plan.run_now(waiting)
    for id in (begun, waiting):
        assert (await plan.server.call("DELETE", f"/schedules/{id}")).status == 204
    plan.model.gate.set()
    await plan.server.events(run["response_id"])
    assert (await plan.server.get(f"/responses/{run['response_id']}"))["status"] == "completed"
    other = await plan.new()
    await plan.run_now(other)
    await plan.ended(other)
    assert plan.model.inputs == ["A.", "Work."]


async def test_events_tell_of_each_run(plan: Timetable) -> None:
    async with plan.server.stream("GET", "/events") as events:
        id = await plan.new("0 * * * *")
        plan.model.gate.clear()
        await plan.awake_until(f"{THURSDAY}01:00:00Z", step=3_600)
        await plan.model.works.wait()
        await plan.awake_until(f"{THURSDAY}02:00:00Z", step=3_600)
        plan.model.gate.set()
        await plan.ended(id)
        await plan.asleep_until(f"{THURSDAY}05:10:00Z")
        await plan.ended(id)
        await plan.patch(id, prompt="Other.")
        await plan.server.call("DELETE", f"/schedules/{id}")
        told: list[tuple[str, str]] = []
        async for frame in events:
            run = frame.data.get("run", {})
            if run.get("schedule_id", frame.data.get("schedule_id")) == id:
                slot = run["scheduled_for"][11:16] if run else ""
                told.append((frame.type, slot))
            if told.count(("schedule.changed", "")) == 3:
                break
    assert told == [
        ("schedule.changed", ""),
        ("schedule.run.started", "01:00"),
        ("schedule.run.skipped", "02:00"),
        ("schedule.run.finished", "01:00"),
        ("schedule.run.missed", "04:00"),
        ("schedule.run.started", "05:00"),
        ("schedule.run.finished", "05:00"),
        ("schedule.changed", ""),
        ("schedule.changed", ""),
    ]


# Budgets


async def test_a_run_ends_at_the_budget_of_a_run(data: Path) -> None:
    call = reply(
        tool_block("c", "search_conversation", {"query": "x"}),
        usage={"input_tokens": 90, "output_tokens": 20},
    )
    async with running_agent(data, call, clock=FakeClock()) as agent:
        id = await _schedule(agent.server, budget={"run_tokens": 100})
        run = await _run(agent.server, id)
    assert (run["status"], run["error"]["type"]) == ("failed", "limit_reached")
    assert "100 tokens" in run["error"]["message"]
    assert run["usage"]["input_tokens"] >= 90


async def test_the_budget_of_a_run_holds_for_its_sub_tasks_too(data: Path) -> None:
    script = (
        reply(tool_block("t", "start_task", {"task": "Look."})),
        reply(tool_block("c", "search_conversation", {"query": "x"}), usage={"input_tokens": 300}),
    )
    async with running_agent(data, *script, clock=FakeClock()) as agent:
        id = await _schedule(agent.server, budget={"run_tokens": 200})
        run = await _run(agent.server, id)
    assert (run["status"], run["error"]["type"]) == ("failed", "limit_reached")
    assert run["usage"]["input_tokens"] >= 300


async def test_a_run_ends_at_its_budget_in_dollars(data: Path) -> None:
    call = reply(
        tool_block("c", "search_conversation", {"query": "x"}),
        usage={"input_tokens": 90_000, "output_tokens": 20},
    )
    async with running_agent(data, call, clock=FakeClock()) as agent:
        id = await _schedule(agent.server, budget={"run_cost_usd": 0.25})
        run = await _run(agent.server, id)
    assert (run["status"], run["error"]["type"]) == ("failed", "limit_reached")
    assert "0.25 US dollars" in run["error"]["message"]
    assert run["cost_usd"] > 0.25


async def test_slots_are_skipped_once_the_months_budget_is_used_up_until_the_next_month(
    plan: Timetable,
) -> None:
    plan.model.usage = Usage(input_tokens=80, output_tokens=20)
    id = await plan.new("0 12 * * *", timezone="America/New_York", budget={"month_tokens": 250})
    await plan.awake_until("2026-01-05T18:00:00Z", step=3_600)
    runs = await plan.runs(id)
    assert [run["status"] for run in runs] == ["success"] * 3 + ["skipped"] * 2
    assert runs[-1]["error"]["type"] == "budget"
    assert "250 tokens" in runs[-1]["error"]["message"]
    schedule = await plan.get(id)
    assert schedule["status"] == "active", "it goes on by itself"
    assert schedule["spent_this_month"] == schedule["spent_this_month"] | {
        "since": "2026-01-01T05:00:00.000Z",
        "runs": 3,
        "tokens": 300,
    }
    assert (await plan.explain(id, "2026-01-05T17:00:00Z"))["verdict"] == "skipped"
    await plan.asleep_until("2026-02-01T16:30:00Z")
    await plan.awake_until("2026-02-01T17:00:00Z", step=600)
    assert (await plan.runs(id))[-1]["status"] == "success"
    assert (await plan.get(id))["spent_this_month"]["tokens"] == 100


async def test_a_month_in_dollars_counts_models_of_unknown_price_as_the_dearest(plan: Timetable) -> None:
    await plan.server.call("PATCH", f"/projects/{plan.project}", json={"model": "some-model"})
    plan.model.usage = Usage(output_tokens=10_000)
    id = await plan.new("0 * * * *", budget={"month_cost_usd": 1.0})
    await plan.awake_until(f"{THURSDAY}03:00:00Z", step=3_600)
    assert [run["status"] for run in await plan.runs(id)] == ["success", "success", "skipped"]
    assert (await plan.get(id))["spent_this_month"]["cost_usd"] is None


async def test_more_places_let_what_waits_begin_at_once(plan: Timetable) -> None:
    await plan.settings(concurrency=1)
    plan.model.gate.clear()
    ids = [await plan.new("0 * * * *") for _ in range(2)]
    await plan.awake_until(f"{THURSDAY}01:00:00Z", step=3_600)
    await plan.model.works.wait()
    await plan.settings(concurrency=2)
    for id in ids:
        await plan.begun(id)
    plan.model.gate.set()


# Nobody is there


async def _schedule(server: Server, **fields: Any) -> str:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    body = {"project_id": project, "cron": "0 0 1 1 *", "prompt": "Work.", **fields}
    return str((await server.post("/schedules", body))["id"])


async def _begin(server: Server, id: str) -> Json:
    """The run, when its turn has begun."""
    assert (await server.call("POST", f"/schedules/{id}/run")).status == 202

    async def run() -> Json | None:
        newest: Json = (await server.get(f"/schedules/{id}/runs"))["data"][0]
        return newest if newest["response_id"] else None

    return await until(run) or {}


async def _run(server: Server, id: str) -> Json:
    """The run, when it has ended."""
    run = await _begin(server, id)
    await server.events(run["response_id"])
    return dict((await server.get(f"/schedules/{id}/runs"))["data"][0])


async def test_what_nobody_allows_in_time_fails_the_call_and_not_the_run(data: Path) -> None:
    clock = FakeClock()
    async with running_agent(data, reply(REACH), reply(text="It was not to be had."), clock=clock) as agent:
        id = await _schedule(agent.server)
        run = await _begin(agent.server, id)
        asked = await agent.asked(run["response_id"])
        assert asked["expires_at"] is not None
        clock.advance(86_401)
        frames = await agent.server.events(run["response_id"])
        [ended] = (await agent.server.get(f"/schedules/{id}/runs"))["data"]
    assert [event["approval"]["status"] for event in of_type(frames, "response.approval.resolved")] == [
        "expired"
    ]
    assert ended["status"] == "success"
    assert "It was not to be had." in whole(frames[-1].data)


async def test_a_run_that_waits_for_the_user_gives_its_place_to_another(data: Path) -> None:
    async with running_agent(data, reply(REACH), reply(text="Other."), reply(text="Done.")) as agent:
        await agent.server.call("PATCH", "/settings", json={"schedules": {"concurrency": 1}})
        first, second = await _schedule(agent.server), await _schedule(agent.server)
        waiting = await _begin(agent.server, first)
        asked = await agent.asked(waiting["response_id"])
        assert (await _run(agent.server, second))["status"] == "success"
        await agent.answer(asked, decision="deny")
        await agent.ended(waiting["response_id"])
        [run] = (await agent.server.get(f"/schedules/{first}/runs"))["data"]
    assert run["status"] == "success"


@pytest.mark.parametrize(("has_conversation", "state"), [(False, "none"), (True, "idle")])
async def test_the_kernel_of_a_run_ends_with_it_where_the_next_run_has_another_conversation(
    data: Path, has_conversation: bool, state: str
) -> None:
    code = tool_block("c", "run_code", {"code": "6 * 7"})
    async with running_agent(data, reply(code), reply(text="42.")) as agent:
        fields = {"conversation_id": await agent.server.conversation()} if has_conversation else {}
        id = await _schedule(agent.server, **fields)
        async with agent.server.stream("GET", "/events") as events:
            run = await _run(agent.server, id)
            async for frame in events:
                if frame.type == "schedule.run.finished":
                    break
        query = {"conversation_id": run["conversation_id"]}
        [pad] = (await agent.server.get("/scratchpads", params=query))["data"]

        async def is_as_expected() -> bool:
            kernel = await agent.server.get(f"/scratchpads/{pad['id']}/kernel")
            return bool(kernel["state"] == state)

        await until(is_as_expected)
    assert run["status"] == "success"


# The server ends


async def test_a_run_in_the_middle_is_interrupted_and_what_waited_begins_at_the_next_start(
    data: Path,
) -> None:
    machine = Machine(data)
    async with machine.server() as plan:
        await plan.settings(concurrency=1)
        plan.model.gate.clear()
        first, second = await plan.new("0 1 * * *", prompt="A."), await plan.new("0 1 * * *", prompt="B.")
        await plan.awake_until(f"{THURSDAY}01:00:00Z", step=3_600)
        await plan.model.works.wait()
        begun = plan.model.inputs[0]
    async with machine.server() as plan:
        await plan.claimed()
        for id in (first, second):
            await plan.ended(id)
        runs = {prompt: (await plan.runs(id)) for prompt, id in (("A.", first), ("B.", second))}
        other = "B." if begun == "A." else "A."
        assert plan.model.inputs == [other]
        [run] = runs[begun]
        assert (run["status"], run["error"]["type"]) == ("failed", "interrupted")
        [run] = runs[other]
        assert (run["status"], run["trigger"]) == ("success", "schedule")


async def test_the_end_of_a_run_that_a_crash_cut_off_is_told_at_the_next_start(data: Path) -> None:
    machine, crashed = Machine(data), data.with_name("crashed")
    async with machine.server() as plan:
        plan.model.gate.clear()
        id = await plan.new("0 1 * * *")
        await plan.run_now(id)
        await plan.begun(id)
        await asyncio.to_thread(shutil.copytree, data, crashed)
    async with Machine(crashed, machine.clock, machine.secrets).server() as plan:
        after = {"after": "inst_00000000000000000000:0"}
        async with asyncio.timeout(20), plan.server.stream("GET", "/events", params=after) as events:
            async for frame in events:
                if frame.type == "schedule.run.finished":
                    break
        assert [frame.data["run"]] == await plan.runs(id)
    assert (frame.data["run"]["status"], frame.data["run"]["error"]["type"]) == ("failed", "interrupted")


async def test_what_waited_is_missed_where_a_newer_slot_has_come_since(data: Path) -> None:
    machine = Machine(data)
    async with machine.server() as plan:
        await plan.settings(concurrency=1)
        plan.model.gate.clear()
        first = await plan.new("0 1 * * *")
        second = await plan.new("0 * * * *")
        await plan.run_now(first)
        await plan.model.works.wait()
        await plan.awake_until(f"{THURSDAY}01:00:00Z", step=3_600)
        manual = await plan.new("0 0 1 1 *")
        await plan.run_now(manual)
    machine.clock.advance(3 * 3_600)
    async with machine.server() as plan:
        await plan.claimed()
        for id in (first, second, manual):
            await plan.ended(id)
        assert await plan.told(second) == [
            (f"{THURSDAY}01:00", "schedule", "missed"),
            (f"{THURSDAY}02:00", "schedule", "missed"),
            (f"{THURSDAY}03:00", "schedule", "missed"),
            (f"{THURSDAY}04:00", "catch_up", "success"),
        ]
        assert await plan.told(manual) == [(f"{THURSDAY}01:00", "manual", "success")]
        assert "newer slot" in (await plan.explain(second, f"{THURSDAY}01:00:00Z"))["words"]


async def test_what_waited_too_long_ago_does_not_begin_any_more(data: Path) -> None:
    machine = Machine(data)
    async with machine.server() as plan:
        await plan.settings(concurrency=1)
        plan.model.gate.clear()
        first, second = await plan.new("0 0 1 1 *"), await plan.new("0 0 1 1 *")
        yearly = await plan.new("0 1 1 1 *")
        await plan.run_now(first)
        await plan.model.works.wait()
        await plan.run_now(second)
        await plan.awake_until(f"{THURSDAY}01:00:00Z", step=3_600)
    machine.clock.advance(13 * 3_600)
    async with machine.server() as plan:
        await plan.claimed()
        [asked_for], [missed] = await plan.runs(second), await plan.runs(yearly)
        assert plan.model.inputs == []
    assert (asked_for["status"], asked_for["error"]["type"]) == ("failed", "interrupted")
    assert (missed["status"], missed["error"]["type"]) == ("missed", "missed")
    assert "grace" in missed["error"]["message"]


async def test_a_run_that_waits_for_the_user_goes_on_after_a_start_and_ends_as_the_same_run(
    data: Path,
) -> None:
    machine = Machine(data)
    options: dict[str, Any] = {"clock": machine.clock, "secrets": machine.secrets}
    async with running_agent(data, reply(REACH), **options) as agent:
        id = await _schedule(agent.server, budget={"run_tokens": 10_000})
        run = await _begin(agent.server, id)
        await agent.asked(run["response_id"])
    async with running_agent(data, reply(text="Done."), **options) as agent:
        refused = await agent.server.call("POST", f"/schedules/{id}/run")
        assert refused.status == 409, "it is still going"
        [asked] = await agent.waiting()
        async with agent.server.stream("GET", "/events") as events:
            await agent.answer(asked, decision="deny")
            async for frame in events:
                if frame.type == "schedule.run.finished":
                    break
        [ended] = (await agent.server.get(f"/schedules/{id}/runs"))["data"]
    assert frame.data["run"] == ended
    assert (ended["id"], ended["response_id"], ended["status"]) == (run["id"], run["response_id"], "success")


async def test_schedules_that_came_due_while_the_server_was_off_are_caught_up_at_its_start(
    data: Path,
) -> None:
    machine = Machine(data)
    async with machine.server() as plan:
        id = await plan.new("0 * * * *")
        await plan.awake_until(f"{THURSDAY}01:00:00Z", step=3_600)
    machine.clock.advance(3_600 * 2 + 60)
    async with machine.server() as plan:
        await plan.claimed()
        await plan.ended(id)
        assert await plan.told(id) == [
            (f"{THURSDAY}01:00", "schedule", "success"),
            (f"{THURSDAY}02:00", "schedule", "missed"),
            (f"{THURSDAY}03:00", "catch_up", "success"),
        ]


async def test_a_clock_that_is_set_back_while_the_server_is_off_is_noticed_at_its_start(data: Path) -> None:
    machine = Machine(data, FakeClock())
    async with machine.server() as plan:
        id = await plan.new("0 6 * * *")
        await plan.asleep_until("2027-01-01T00:00:00Z")
        assert (await plan.get(id))["next_run_at"] == "2027-01-01T06:00:00.000Z"
        late = await plan.new("0 9 * * *")
    machine.clock.set_now(machine.clock.now() - 365 * 86_400_000)
    async with machine.server() as plan:
        await plan.next_run_is(id, f"{THURSDAY}06:00:00.000Z")
        await plan.next_run_is(late, f"{THURSDAY}09:00:00.000Z")
        assert [told for told in await plan.told(id) if told[2] == "missed"] == []
