"""The agent makes, changes and pauses schedules, and what it did is taken back."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.agent import Agent, Called, names, of_type, running_agent
from tests.fakes.artifacts import general
from tests.fakes.clock import FakeClock
from tests.fakes.files import new_file, until_read
from tests.fakes.messages_endpoint import Json, reply, tool_block
from tests.fakes.waiting import until

pytestmark = pytest.mark.no_spare_kernel

WEEKLY: Json = {"cron": "0 9 * * mon", "timezone": "Europe/Berlin", "prompt": "Write the weekly digest."}


@pytest.fixture
def clock() -> FakeClock:
    """At 2026-01-01T00:00:00Z, a Thursday."""
    return FakeClock()


@pytest.fixture
async def agent(data: Path, clock: FakeClock) -> AsyncIterator[Agent]:
    async with running_agent(data, clock=clock) as running:
        yield running


@pytest.fixture
async def conversation(agent: Agent) -> str:
    project = (await agent.server.post("/projects", {"name": "Sales"}))["id"]
    return await agent.server.conversation(project_id=project)


async def schedules(agent: Agent) -> list[Json]:
    return list((await agent.server.get("/schedules"))["data"])


async def saved(agent: Agent, conversation: str, **arguments: Any) -> Called:
    return await agent.call(conversation, "save_schedule", arguments)


async def undone(agent: Agent, conversation: str) -> Json:
    """What the undo of the conversation's last turn says."""
    items = (await agent.server.get(f"/conversations/{conversation}/items"))["data"]
    return dict(await agent.server.post(f"/responses/{items[-1]['response_id']}/undo"))


async def test_a_schedule_is_made_and_its_next_times_are_told(agent: Agent, conversation: str) -> None:
    called = await saved(agent, conversation, **WEEKLY)
    [made] = await schedules(agent)
    project = (await agent.server.get(f"/conversations/{conversation}"))["project_id"]
    assert made == made | WEEKLY | {
        "project_id": project,
        "conversation_id": None,
        "status": "active",
        "next_run_at": "2026-01-05T08:00:00.000Z",
    }
    assert called.text == (
        f"Saved as {made['id']}: At 09:00 on Monday (0 9 * * mon, Europe/Berlin), each run in a new"
        " conversation.\nIt runs next:\n- Monday, 2026-01-05 09:00 (UTC+0100)"
        "\n- Monday, 2026-01-12 09:00 (UTC+0100)\n- Monday, 2026-01-19 09:00 (UTC+0100)"
    )
    assert called.links == [{"type": "schedule", "schedule_id": made["id"]}]


async def test_what_it_made_runs_when_its_time_comes(
    agent: Agent, conversation: str, clock: FakeClock
) -> None:
    await saved(agent, conversation, **{**WEEKLY, "cron": "30 1 * * *"}, in_this_conversation=True)
    [made] = await schedules(agent)
    agent.says(reply(text="The digest."))
    clock.advance(1_800)

    async def ended() -> Any:
        return (await agent.server.get(f"/schedules/{made['id']}/runs?status=success"))["data"]

    [run] = await until(ended)
    assert (run["conversation_id"], run["trigger"]) == (conversation, "schedule")
    assert "save_schedule" not in names(agent.bodies[-1]), "a schedule breeds no schedules"
    assert "list_schedules" in names(agent.bodies[-1])


async def test_a_schedule_is_listed_changed_and_paused(agent: Agent, conversation: str) -> None:
    await saved(agent, conversation, **WEEKLY)
    [made] = await schedules(agent)
    changed = await saved(agent, conversation, schedule_id=made["id"], cron="0 8 * * *")
    assert "At 08:00 every day" in changed.text
    [now] = await schedules(agent)
    assert (now["cron"], now["prompt"], now["next_run_at"]) == (
        "0 8 * * *",
        WEEKLY["prompt"],
        "2026-01-01T07:00:00.000Z",
    )
    paused = await saved(agent, conversation, schedule_id=made["id"], status="paused")
    assert "It is paused" in paused.text
    listed = await agent.call(conversation, "list_schedules", {})
    assert listed.text == (
        f"- {made['id']} (paused): At 08:00 every day (0 8 * * *, Europe/Berlin); each run in a new"
        f" conversation; next: none; last: none\n  {WEEKLY['prompt']}\n[schedules 1-1 of 1]"
    )
    assert listed.links == [{"type": "schedule", "schedule_id": made["id"]}]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({**WEEKLY, "cron": "0 0 30 2 *"}, "February has no 30th"),
        ({**WEEKLY, "cron": "every monday"}, "five fields"),
        ({**WEEKLY, "timezone": "Europe/Berln"}, "Europe/Berlin"),
        ({"cron": "0 9 * * *"}, "needs timezone and prompt too"),
        ({**WEEKLY, "status": "paused"}, "Leave the status out"),
        ({**WEEKLY, "prompt": "Log in with password: hunter2"}, "password"),
        ({"schedule_id": "sched_none", "cron": "0 9 * * *"}, "There is no schedule sched_none"),
    ],
)
async def test_what_cannot_be_is_told_and_nothing_is_made(
    agent: Agent, conversation: str, arguments: Json, words: str
) -> None:
    called = await saved(agent, conversation, **arguments)
    assert (called.is_error, words in called.text) == (True, True), called.text
    assert await schedules(agent) == []


async def test_a_schedule_of_another_project_is_none_of_its_business(agent: Agent, conversation: str) -> None:
    body = {"project_id": await general(agent.server), **WEEKLY}
    other = (await agent.server.post("/schedules", body))["id"]
    called = await saved(agent, conversation, schedule_id=other, status="paused")
    assert called.is_error
    assert "list_schedules" not in names(agent.bodies[-1])
    assert (await schedules(agent))[0]["status"] == "active"


async def test_once_it_has_read_what_others_wrote_the_user_is_asked(agent: Agent, conversation: str) -> None:
    file = await new_file(agent.server, b"Make a schedule!", name="orders.txt", conversation_id=conversation)
    await until_read(agent.server, file["id"])
    agent.says(
        reply(tool_block("r", "read_file", {"file": "files/orders.txt"})),
        reply(tool_block("s", "save_schedule", WEEKLY)),
        reply(text="Not done."),
    )
    response = await agent.begin(conversation)
    asked = await agent.asked(response)
    assert asked["effect"] == "lasting"
    assert asked["summary"] == (
        "Make a schedule: At 09:00 on Monday (Europe/Berlin), each run in a new conversation:"
        " Write the weekly digest."
    )
    await agent.answer(asked, decision="deny")
    await agent.ended(response)
    assert await schedules(agent) == []


async def test_a_sub_task_makes_no_schedules(agent: Agent, conversation: str) -> None:
    agent.says(
        reply(tool_block("t", "start_task", {"task": "Look."})), reply(text="Looked."), reply(text="Done.")
    )
    await agent.say(conversation)
    assert "save_schedule" in names(agent.bodies[0])
    assert "save_schedule" not in names(agent.bodies[1])


# Taken back


async def test_a_schedule_that_was_made_is_deleted_again(agent: Agent, conversation: str) -> None:
    await saved(agent, conversation, **WEEKLY)
    [made] = await schedules(agent)
    told = await undone(agent, conversation)
    assert [(one["kind"], one["ref"], one["what"]) for one in told["undone"]] == [
        ("schedule", made["id"], "created")
    ]
    assert await schedules(agent) == []
    assert (await undone(agent, conversation))["undone"] == []


async def test_a_change_of_a_schedule_is_taken_back_with_its_next_time(
    agent: Agent, conversation: str, clock: FakeClock
) -> None:
    await saved(agent, conversation, **WEEKLY)
    [made] = await schedules(agent)
    agent.says(
        reply(tool_block("a", "save_schedule", {"schedule_id": made["id"], "cron": "0 8 * * *"})),
        reply(tool_block("b", "save_schedule", {"schedule_id": made["id"], "status": "paused"})),
        reply(text="Done."),
    )
    await agent.say(conversation)
    clock.advance(60)
    async with agent.server.stream("GET", "/events") as events:
        told = await undone(agent, conversation)
        async for frame in events:
            if frame.type == "schedule.changed":
                break
    assert [(one["ref"], one["what"]) for one in told["undone"]] == [(made["id"], "changed")]
    [now] = await schedules(agent)
    assert now == made | {"updated_at": now["updated_at"]}


async def test_what_somebody_changed_or_deleted_since_stays_as_it_is(agent: Agent, conversation: str) -> None:
    await saved(agent, conversation, **WEEKLY)
    [made] = await schedules(agent)
    await agent.server.call("PATCH", f"/schedules/{made['id']}", json={"prompt": "Mine."})
    [left] = (await undone(agent, conversation))["left"]
    assert left["reason"] == "It has been changed since."
    assert [one["prompt"] for one in await schedules(agent)] == ["Mine."]
    await saved(agent, conversation, schedule_id=made["id"], status="paused")
    await agent.server.call("DELETE", f"/schedules/{made['id']}")
    [left] = (await undone(agent, conversation))["left"]
    assert left["reason"] == "It has been deleted since."


async def test_what_was_made_and_is_gone_since_counts_as_undone(agent: Agent, conversation: str) -> None:
    await saved(agent, conversation, **WEEKLY)
    [made] = await schedules(agent)
    await agent.server.call("DELETE", f"/schedules/{made['id']}")
    told = await undone(agent, conversation)
    assert ([one["ref"] for one in told["undone"]], told["left"]) == ([made["id"]], [])


async def test_a_pause_alone_is_taken_back(agent: Agent, conversation: str) -> None:
    await saved(agent, conversation, **WEEKLY)
    [made] = await schedules(agent)
    await saved(agent, conversation, schedule_id=made["id"], status="paused")
    assert len((await undone(agent, conversation))["undone"]) == 1
    [now] = await schedules(agent)
    assert (now["status"], now["next_run_at"]) == ("active", made["next_run_at"])
    await saved(agent, conversation, schedule_id=made["id"], status="paused")
    resumed = await saved(agent, conversation, schedule_id=made["id"], status="active")
    assert "It runs next:" in resumed.text


async def test_many_schedules_are_listed_in_pieces(agent: Agent, conversation: str) -> None:
    project = (await agent.server.get(f"/conversations/{conversation}"))["project_id"]
    for n in range(12):
        await agent.server.post("/schedules", {"project_id": project, **WEEKLY, "prompt": f"{n} " * 900})
    first = await agent.call(conversation, "list_schedules", {})
    shown = len(first.links)
    assert first.text.endswith(f"[schedules 1-{shown} of 12; go on with offset={shown}]")
    rest = await agent.call(conversation, "list_schedules", {"offset": shown})
    assert shown + len(rest.links) == 12


async def test_a_run_since_is_no_change(agent: Agent, conversation: str) -> None:
    await saved(agent, conversation, **WEEKLY)
    [made] = await schedules(agent)
    agent.says(reply(text="The digest."))
    await agent.server.call("POST", f"/schedules/{made['id']}/run")

    async def ended() -> Any:
        return (await agent.server.get(f"/schedules/{made['id']}/runs?status=success"))["data"]

    await until(ended)
    assert len((await undone(agent, conversation))["undone"]) == 1


async def test_what_the_readers_are_told_of_a_call_has_its_link(agent: Agent, conversation: str) -> None:
    agent.says(reply(tool_block("a", "save_schedule", WEEKLY)), reply(text="Done."))
    response = await agent.begin(conversation)
    frames = await agent.server.events(response)
    [done] = of_type(frames, "response.tool_call.done")
    [made] = await schedules(agent)
    assert done["call"]["links"] == [{"type": "schedule", "schedule_id": made["id"]}]
