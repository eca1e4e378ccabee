"""Slots as time goes by: on time, late, skipped, missed, and after the clock was set."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.schedules import Timetable, ms, timetable

pytestmark = pytest.mark.no_spare_kernel

THURSDAY = "2026-01-01T"


@pytest.fixture
async def plan(data: Path) -> AsyncIterator[Timetable]:
    """On 2026-01-01, a Thursday, at midnight UTC."""
    async with timetable(data) as made:
        yield made


async def test_each_slot_runs_when_it_comes_and_has_one_row(plan: Timetable) -> None:
    id = await plan.new("*/20 * * * *")
    await plan.awake_until(f"{THURSDAY}01:10:00Z")
    assert await plan.told(id) == [
        (f"{THURSDAY}00:20", "schedule", "success"),
        (f"{THURSDAY}00:40", "schedule", "success"),
        (f"{THURSDAY}01:00", "schedule", "success"),
    ]
    assert plan.model.inputs == ["Work."] * 3
    assert (await plan.get(id))["next_run_at"] == f"{THURSDAY}01:20:00.000Z"
    conversations = {run["conversation_id"] for run in await plan.runs(id)}
    assert len(conversations) == 3


async def test_runs_are_appended_to_the_conversation_that_the_schedule_names(plan: Timetable) -> None:
    conversation = await plan.server.conversation(project_id=plan.project)
    id = await plan.new("0 * * * *", conversation_id=conversation)
    await plan.awake_until(f"{THURSDAY}02:10:00Z", step=3_600)
    assert [run["conversation_id"] for run in await plan.runs(id)] == [conversation] * 2
    items = (await plan.server.get(f"/conversations/{conversation}/items"))["data"]
    assert [item["content"] for item in items] == ["Work.", "Done."] * 2


async def test_a_new_conversation_is_made_again_when_that_conversation_was_deleted(plan: Timetable) -> None:
    conversation = await plan.server.conversation()
    id = await plan.new("0 * * * *", conversation_id=conversation)
    assert (await plan.server.call("DELETE", f"/conversations/{conversation}")).status == 204
    assert (await plan.get(id))["conversation_id"] is None
    await plan.awake_until(f"{THURSDAY}01:00:00Z", step=3_600)
    [run] = await plan.runs(id)
    assert run["status"] == "success"
    assert run["conversation_id"] != conversation


async def test_a_slot_is_skipped_while_the_run_before_is_going_and_says_so(plan: Timetable) -> None:
    id = await plan.new("0 * * * *")
    plan.model.gate.clear()
    await plan.awake_until(f"{THURSDAY}02:30:00Z", step=1_800)
    going, skipped = await plan.runs(id)
    assert (going["status"], skipped["status"]) == ("running", "skipped")
    assert skipped["error"]["type"] == "still_running"
    assert going["id"] in skipped["error"]["message"]
    assert (skipped["started_at"], skipped["response_id"], skipped["conversation_id"]) == (None, None, None)
    plan.model.gate.set()
    await plan.ended(id)
    await plan.awake_until(f"{THURSDAY}03:00:00Z", step=1_800)
    assert [status for _, _, status in await plan.told(id)] == ["success", "skipped", "success"]
    assert len(plan.model.inputs) == 2


async def test_a_run_waits_for_its_conversation_where_that_is_busy(plan: Timetable) -> None:
    plan.model.gate.clear()
    conversation = await plan.server.conversation()
    body = {"conversation_id": conversation, "input": "First."}
    async with plan.server.stream("POST", "/responses", json=body) as frames:
        await anext(frames)
        id = await plan.new("0 * * * *", conversation_id=conversation)
        other = await plan.new("0 * * * *")
        await plan.settings(concurrency=1)
        await plan.awake_until(f"{THURSDAY}01:00:00Z", step=3_600)
        await plan.begun(other)  # the one that waits for its conversation keeps no place
        [waiting] = await plan.runs(id)
        assert (waiting["status"], waiting["started_at"]) == ("running", None)
        explained = await plan.explain(id, f"{THURSDAY}01:00:00Z")
        assert (explained["verdict"], "waits" in explained["words"]) == ("running", True)
        plan.model.gate.set()
    await plan.ended(id)
    items = (await plan.server.get(f"/conversations/{conversation}/items"))["data"]
    assert [item["content"] for item in items] == ["First.", "Done.", "Work.", "Done."]


async def test_after_a_week_asleep_one_run_stands_for_all_slots_that_were_missed(plan: Timetable) -> None:
    hourly, daily = await plan.new("0 * * * *"), await plan.new("0 9 * * *")
    weekly = await plan.new("0 12 * * 4")
    await plan.asleep_until("2026-01-08T11:30:00Z")
    await plan.ended(hourly)
    await plan.ended(daily)
    runs = await plan.runs(hourly)
    *missed, caught_up = runs
    assert (caught_up["scheduled_for"], caught_up["trigger"], caught_up["status"]) == (
        "2026-01-08T11:00:00.000Z",
        "catch_up",
        "success",
    )
    assert {run["status"] for run in missed} == {"missed"}
    assert {run["caught_up_by"] for run in missed} == {caught_up["id"]}
    assert sum(run["slots"] for run in runs) == 7 * 24 + 11, "every slot is accounted for"
    older, *alone = missed
    assert (older["scheduled_for"], older["scheduled_until"], older["slots"]) == (
        f"{THURSDAY}01:00:00.000Z",
        "2026-01-04T06:00:00.000Z",
        78,
    )
    assert len(alone) == 100
    assert [run["scheduled_until"] for run in alone] == [None] * 100
    assert [run["status"] for run in await plan.runs(daily)] == ["missed"] * 7 + ["success"]
    assert await plan.told(weekly) == [(f"{THURSDAY}12:00", "schedule", "missed")], "it was too long ago"
    assert plan.model.inputs == ["Work."] * 2
    assert (await plan.get(hourly))["next_run_at"] == "2026-01-08T12:00:00.000Z"


async def test_a_slot_that_passed_in_sleep_is_caught_up_with_as_soon_as_the_machine_wakes(
    plan: Timetable,
) -> None:
    hourly = await plan.new("0 * * * *")
    await plan.asleep_until_told(f"{THURSDAY}01:20:00Z")
    await plan.ended(hourly)
    assert await plan.told(hourly) == [(f"{THURSDAY}01:00", "catch_up", "success")]
    assert plan.clock.monotonic() == 0, "no timer had to run down"


async def test_a_machine_that_goes_to_sleep_changes_no_schedule(plan: Timetable) -> None:
    hourly = await plan.new("0 * * * *")
    await plan.power("suspend")
    await plan.awake_until(f"{THURSDAY}01:00:00Z", step=1_800)
    assert await plan.told(hourly) == [(f"{THURSDAY}01:00", "schedule", "success")]


async def test_a_missed_slot_is_caught_up_with_only_within_the_grace(plan: Timetable) -> None:
    await plan.settings(grace_seconds=3_600)
    within, beyond = await plan.new("0 9 * * *"), await plan.new("59 8 * * *")
    await plan.asleep_until(f"{THURSDAY}10:00:00Z")
    await plan.ended(within)
    assert await plan.told(within) == [(f"{THURSDAY}09:00", "catch_up", "success")]
    [missed] = await plan.runs(beyond)
    assert (missed["status"], missed["caught_up_by"], missed["error"]["type"]) == ("missed", None, "missed")
    assert "grace" in missed["error"]["message"]


async def test_a_laptop_that_is_closed_while_the_clocks_go_forward_misses_and_doubles_nothing(
    data: Path,
) -> None:
    async with timetable(data, now=ms("2026-03-28T20:00:00Z")) as plan:
        id = await plan.new("30 2 * * *", timezone="Europe/Berlin")
        hourly = await plan.new("0 * * * *", timezone="Europe/Berlin")
        await plan.asleep_until("2026-03-29T08:00:00Z")
        await plan.ended(id)
        assert await plan.told(id) == [("2026-03-29T01:00", "catch_up", "success")], "02:30 was skipped"
        assert sum(run["slots"] for run in await plan.runs(hourly)) == 12
        assert (await plan.get(id))["next_run_at"] == "2026-03-30T00:30:00.000Z"
        explained = await plan.explain(id, "2026-03-29T01:00:00Z")
        assert explained["verdict"] == "ran"
        assert "02:30" in explained["words"]


async def test_a_laptop_that_is_closed_while_the_clocks_go_back_misses_and_doubles_nothing(
    data: Path,
) -> None:
    async with timetable(data, now=ms("2026-10-24T20:00:00Z")) as plan:
        id = await plan.new("30 2 * * *", timezone="Europe/Berlin")
        hourly = await plan.new("0 * * * *", timezone="Europe/Berlin")
        await plan.asleep_until("2026-10-25T08:00:00Z")
        await plan.ended(id)
        assert await plan.told(id) == [("2026-10-25T00:30", "catch_up", "success")]
        assert sum(run["slots"] for run in await plan.runs(hourly)) == 12
        assert (await plan.get(id))["next_run_at"] == "2026-10-26T01:30:00.000Z"


async def test_slots_over_the_change_of_clocks_run_once_each_when_awake(data: Path) -> None:
    async with timetable(data, now=ms("2026-10-24T22:00:00Z")) as plan:
        fixed = await plan.new("30 2 * * *", timezone="Europe/Berlin")
        wild = await plan.new("*/30 * * * *", timezone="Europe/Berlin")
        await plan.awake_until("2026-10-25T02:00:00Z", step=600)
        assert await plan.told(fixed) == [("2026-10-25T00:30", "schedule", "success")]
        assert [slot[11:] for slot, _, _ in await plan.told(wild)] == [
            *("22:30", "23:00", "23:30", "00:00", "00:30", "01:00", "01:30", "02:00")
        ]


async def test_what_has_run_does_not_run_again_when_the_clock_is_set_back_an_hour(plan: Timetable) -> None:
    hourly, later = await plan.new("0 * * * *"), await plan.new("30 3 * * *")
    await plan.awake_until(f"{THURSDAY}03:10:00Z", step=600)
    before = await plan.told(hourly)
    await plan.asleep_until(f"{THURSDAY}02:10:00Z")
    await plan.awake_until(f"{THURSDAY}03:50:00Z", step=600)
    assert await plan.told(hourly) == before
    assert await plan.told(later) == [(f"{THURSDAY}03:30", "schedule", "success")]
    await plan.awake_until(f"{THURSDAY}04:00:00Z", step=600)
    assert await plan.told(hourly) == [*before, (f"{THURSDAY}04:00", "schedule", "success")]


async def test_a_clock_that_was_a_day_ahead_costs_no_slot_that_has_not_run(plan: Timetable) -> None:
    """It is set ahead by mistake, and a day later set right."""
    twice, daily = await plan.new("0 6,18 * * *"), await plan.new("0 12 * * *")
    await plan.awake_until(f"{THURSDAY}06:10:00Z", step=600)
    await plan.asleep_until("2026-01-02T07:00:00Z")
    await plan.ended(twice)
    assert await plan.told(twice) == [
        (f"{THURSDAY}06:00", "schedule", "success"),
        (f"{THURSDAY}18:00", "schedule", "missed"),
        ("2026-01-02T06:00", "catch_up", "success"),
    ]
    assert await plan.told(daily) == [(f"{THURSDAY}12:00", "schedule", "missed")]
    plan.clock.set_now(ms(f"{THURSDAY}07:00:00Z"))
    plan.clock.advance(60)
    await plan.next_run_is(daily, f"{THURSDAY}12:00:00.000Z")
    assert (await plan.get(twice))["next_run_at"] == f"{THURSDAY}18:00:00.000Z"
    assert await plan.told(daily) == [], "it was not missed after all"
    await plan.awake_until("2026-01-02T18:00:00Z", step=3_600)
    assert await plan.told(twice) == [
        (f"{THURSDAY}06:00", "schedule", "success"),
        (f"{THURSDAY}18:00", "schedule", "success"),
        ("2026-01-02T06:00", "catch_up", "success"),
        ("2026-01-02T18:00", "schedule", "success"),
    ]
    assert [told[2] for told in await plan.told(daily)] == ["success"] * 2


async def test_a_clock_that_was_years_ahead_for_a_moment_leaves_schedules_as_they_were(
    plan: Timetable,
) -> None:
    id = await plan.new("0 * * * *")
    await plan.asleep_until("2031-01-01T00:30:00Z")
    await plan.ended(id)
    plan.clock.set_now(ms(f"{THURSDAY}00:10:00Z"))
    plan.clock.advance(60)
    await plan.next_run_is(id, f"{THURSDAY}01:00:00.000Z")
    [run] = await plan.runs(id)
    assert run["scheduled_for"] == "2031-01-01T00:00:00.000Z", "the one that has run"
    await plan.awake_until(f"{THURSDAY}02:00:00Z", step=600)
    assert [slot for slot, _, _ in await plan.told(id)] == [
        *(f"{THURSDAY}01:00", f"{THURSDAY}02:00", "2031-01-01T00:00")
    ]


async def test_a_clock_that_is_set_back_in_the_middle_of_what_was_missed_counts_the_slots_anew(
    plan: Timetable,
) -> None:
    id = await plan.new("* * * * *")
    await plan.asleep_until(f"{THURSDAY}10:00:00Z")
    await plan.ended(id)
    assert (await plan.runs(id))[0]["slots"] == 499
    plan.clock.set_now(ms(f"{THURSDAY}02:00:00Z"))
    plan.clock.advance(60)
    await plan.next_run_is(id, f"{THURSDAY}02:02:00.000Z")
    runs = await plan.runs(id)
    assert [(run["slots"], run["scheduled_until"]) for run in runs] == [
        (121, f"{THURSDAY}02:01:00.000Z"),
        (1, None),
    ]


async def test_a_clock_that_was_behind_for_a_moment_makes_no_slots_of_when_there_was_no_schedule(
    plan: Timetable,
) -> None:
    resumed = await plan.new("0 * * * *")
    await plan.patch(resumed, status="paused")
    await plan.awake_until(f"{THURSDAY}04:30:00Z", step=1_800)
    await plan.patch(resumed, status="active")
    new = await plan.new("0 * * * *")
    await plan.asleep_until(f"{THURSDAY}02:30:00Z")
    await plan.next_run_is(new, f"{THURSDAY}03:00:00.000Z")
    await plan.asleep_until(f"{THURSDAY}04:35:00Z")
    for id in (resumed, new):
        await plan.next_run_is(id, f"{THURSDAY}05:00:00.000Z")
        assert await plan.told(id) == []
    assert plan.model.inputs == []


async def test_a_clock_that_was_behind_for_a_moment_runs_nothing_that_was_caught_up_with(
    plan: Timetable,
) -> None:
    id = await plan.new("0 * * * *")
    await plan.asleep_until(f"{THURSDAY}05:30:00Z")
    await plan.ended(id)
    await plan.asleep_until(f"{THURSDAY}02:30:00Z")
    await plan.next_run_is(id, f"{THURSDAY}03:00:00.000Z")
    await plan.asleep_until(f"{THURSDAY}05:35:00Z")
    await plan.next_run_is(id, f"{THURSDAY}06:00:00.000Z")
    assert [status for _, _, status in await plan.told(id)] == ["missed"] * 4 + ["success"]
    assert len(plan.model.inputs) == 1
    assert "newer slot has run" in (await plan.explain(id, f"{THURSDAY}04:00:00Z"))["words"]


async def test_a_clock_that_shows_a_time_before_the_data_folder_was_made_is_not_believed(
    plan: Timetable,
) -> None:
    id = await plan.new("0 * * * *")
    await plan.asleep_until(f"{THURSDAY}05:30:00Z")
    await plan.ended(id)
    before = await plan.told(id)
    plan.clock.set_now(60_000)
    plan.clock.advance(7_200)
    await plan.patch(plan.tick, status="paused")  # claims what has come
    assert await plan.told(id) == before
    await plan.patch(plan.tick, status="active")
    await plan.asleep_until(f"{THURSDAY}06:00:00Z")
    await plan.next_run_is(id, f"{THURSDAY}07:00:00.000Z")
    await plan.ended(id)
    assert await plan.told(id) == [*before, (f"{THURSDAY}06:00", "schedule", "success")]


async def test_a_changed_schedule_goes_on_behind_slots_that_ran_before_the_clock_was_set_back(
    plan: Timetable,
) -> None:
    id = await plan.new("0 * * * *")
    await plan.awake_until(f"{THURSDAY}03:10:00Z", step=600)
    await plan.asleep_until(f"{THURSDAY}01:30:00Z")
    changed = await plan.patch(id, cron="0 */1 * * *")
    assert changed["next_run_at"] == f"{THURSDAY}04:00:00.000Z"


async def test_a_catch_up_that_did_not_come_about_is_not_told_as_one_that_ran(plan: Timetable) -> None:
    id = await plan.new("0 * * * *")
    plan.model.gate.clear()
    await plan.awake_until(f"{THURSDAY}01:00:00Z", step=1_800)
    await plan.begun(id)
    await plan.asleep_until(f"{THURSDAY}04:30:00Z")
    skipped = await plan.explain(id, f"{THURSDAY}04:00:00Z")
    assert (skipped["verdict"], "It ran late" in skipped["words"]) == ("skipped", False)
    missed = await plan.explain(id, f"{THURSDAY}03:00:00Z")
    assert missed["words"].endswith("of 2026-01-01 04:00, is skipped.")
    plan.model.gate.set()
    await plan.ended(id)


@pytest.mark.slow
async def test_a_thousand_schedules_that_are_due_in_the_same_minute_all_run_a_few_at_a_time(
    plan: Timetable,
) -> None:
    ids = [await plan.new("0 1 * * *", prompt=f"Work {n}.") for n in range(1_000)]
    plan.model.gate.clear()
    plan.clock.advance(3_600)
    await plan.claimed()
    await plan.model.works.wait()
    waiting = [run for id in ids for run in await plan.runs(id)]
    assert [run["status"] for run in waiting] == ["running"] * 1_000, "all are claimed"
    assert sum(run["started_at"] is not None for run in waiting) <= 4
    plan.model.gate.set()
    for id in ids:
        await plan.ended(id)
    assert plan.model.most_working == 4
    assert sorted(plan.model.inputs) == sorted(f"Work {n}." for n in range(1_000))
    assert {await _only_status(plan, id) for id in ids} == {"success"}


async def _only_status(plan: Timetable, id: str) -> str:
    [run] = await plan.runs(id)
    return str(run["status"])


async def test_a_new_schedule_and_a_changed_one_are_not_slept_through(plan: Timetable) -> None:
    far = await plan.new("@yearly")
    soon = await plan.new("1 0 * * *")
    await plan.patch(far, cron="1 0 * * *")
    plan.clock.advance(60)
    for id in (far, soon):
        await plan.begun(id)
        await plan.ended(id)
        assert await plan.told(id) == [(f"{THURSDAY}00:01", "schedule", "success")]


async def test_a_slot_that_has_come_is_not_lost_by_a_change_in_the_same_moment(plan: Timetable) -> None:
    ids = [await plan.new("0 1 * * *") for _ in range(3)]
    plan.clock.set_now(ms(f"{THURSDAY}01:00:00Z"))  # nobody has noticed yet
    for id, change in zip(
        ids, ({"status": "paused"}, {"cron": "5 5 * * *"}, {"timezone": "Asia/Tokyo"}), strict=True
    ):
        await plan.patch(id, **change)
        await plan.ended(id)
        assert await plan.told(id) == [(f"{THURSDAY}01:00", "schedule", "success")]


async def test_what_comes_due_while_a_schedule_is_paused_is_no_slot(plan: Timetable) -> None:
    id = await plan.new("0 * * * *")
    await plan.patch(id, status="paused")
    await plan.awake_until(f"{THURSDAY}00:30:00Z", step=1_800)
    await plan.patch(id, timezone="Africa/Abidjan")
    await plan.awake_until(f"{THURSDAY}02:30:00Z", step=1_800)
    await plan.patch(id, status="active")
    await plan.awake_until(f"{THURSDAY}03:00:00Z", step=1_800)
    assert await plan.told(id) == [(f"{THURSDAY}03:00", "schedule", "success")]
    explained = await plan.explain(id, f"{THURSDAY}02:00:00Z")
    assert explained["verdict"] == "paused"
    assert "It was paused at 2026-01-01 00:00" in explained["words"]


async def test_each_time_of_a_schedule_can_be_explained(plan: Timetable) -> None:
    id = await plan.new("0 * * * *", timezone="Europe/Berlin")
    await plan.awake_until(f"{THURSDAY}01:00:30Z", step=3_600)
    await plan.asleep_until(f"{THURSDAY}04:30:00Z")
    await plan.ended(id)
    plan.model.gate.clear()
    await plan.awake_until(f"{THURSDAY}06:00:00Z", step=1_800)
    for at, verdict, words in (
        ("2025-12-31T23:00:00Z", "not_created", "later"),
        (f"{THURSDAY}01:00:00Z", "ran", "2026-01-01 02:00"),
        (f"{THURSDAY}01:00:59Z", "ran", "Europe/Berlin"),
        (f"{THURSDAY}01:30:00Z", "no_slot", "0 * * * *"),
        (f"{THURSDAY}02:00:00Z", "missed", "not running"),
        (f"{THURSDAY}04:00:00Z", "ran", "late"),
        (f"{THURSDAY}05:00:00Z", "running", "began"),
        (f"{THURSDAY}06:00:00Z", "skipped", "still going"),
        (f"{THURSDAY}09:00:00+02:00", "will_run", "08:00"),
        (f"{THURSDAY}09:10:00+02:00", "no_slot", "0 * * * *"),
    ):
        explained = await plan.explain(id, at)
        assert (explained["verdict"], words in explained["words"]) == (verdict, True), explained
    assert explained == explained | {
        "schedule_id": id,
        "at": f"{THURSDAY}07:10:00.000Z",
        "run": None,
        "previous_slot": f"{THURSDAY}07:00:00.000Z",
        "next_slot": f"{THURSDAY}08:00:00.000Z",
    }
    plan.model.gate.set()
    await plan.ended(id)
    ran = await plan.explain(id, f"{THURSDAY}01:00:00Z")
    assert ran["run"] == (await plan.runs(id))[0]
    assert ran["run"]["cost_usd"] > 0


async def test_what_a_schedule_was_explains_its_past(plan: Timetable) -> None:
    id = await plan.new("0 * * * *")
    await plan.awake_until(f"{THURSDAY}01:10:00Z", step=600)
    await plan.patch(id, cron="30 * * * *")
    await plan.awake_until(f"{THURSDAY}01:40:00Z", step=600)
    told = [await plan.explain(id, f"{THURSDAY}{at}:00Z") for at in ("00:30", "01:00", "01:30", "02:00")]
    assert [one["verdict"] for one in told] == ["no_slot", "ran", "ran", "no_slot"]
    assert "“0 * * * *”" in told[0]["words"]
    assert "“30 * * * *”" in told[3]["words"]
    assert told[2]["previous_slot"] is None, "since it is what it was then there was none"
