"""Approvals: the inbox, the answers, what is allowed always, and the waiting for all of it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from cowork_desktop import keys
from cowork_desktop.agent.approvals import Approvals
from cowork_desktop.agent.tools.tool import Demand
from cowork_desktop.schemas.approvals import Approval, Effect
from cowork_desktop.schemas.responses import Usage
from cowork_desktop.store import approvals, turns
from cowork_desktop.store.approvals import Request
from cowork_desktop.store.database import Tx
from tests.fakes.approvals import page_request
from tests.fakes.artifacts import general, swept
from tests.fakes.clock import START, FakeClock
from tests.fakes.model import ScriptedModel, call, say
from tests.fakes.server import Answer, Server, fault, running_server

DEMAND = Demand("outside", "example.org", "Fetch a page of example.org.")
REASON = "It reaches beyond the project."


async def a_turn(server: Server, conversation: str | None = None) -> tuple[str, str]:
    """A turn, which has ended so that nothing but the test asks in it, and its conversation."""
    conversation = conversation or await server.conversation()
    id, now = server.app[keys.IDS].new("resp"), server.app[keys.CLOCK].now()

    def create(tx: Tx) -> None:
        about: dict[str, Any] = {"input": "Hello", "model": "m", "provider": "offline"}
        turns.create(tx, id=id, conversation_id=conversation, now=now, **about)
        turns.finish(tx, id, output=[], usage=Usage(), error=None, now=now)

    await server.app[keys.DB].write(create)
    return id, conversation


async def request(
    server: Server, *, demand: Demand = DEMAND, turn: tuple[str, str] | None = None, **fields: Any
) -> Approval:
    """An approval that is asked for, as the agent's loop does it; of a new turn unless told otherwise."""
    turn_id, conversation_id = turn or await a_turn(server)
    given: dict[str, Any] = {
        "project_id": await general(server),
        "content_index": 1,
        "arguments": {"url": "https://example.org/"},
        "reason": REASON,
    }
    told = {"effect": demand.effect, "subject": demand.subject, "summary": demand.summary}
    about = {"turn_id": turn_id, "conversation_id": conversation_id, **told}
    return await server.app[keys.APPROVALS].ask(page_request(**(about | given | fields)))


async def ask(server: Server, **fields: Any) -> Approval:
    """A question that is asked."""
    turn_id, conversation_id = await a_turn(server)
    return await server.app[keys.APPROVALS].ask(
        Request(
            turn_id=turn_id,
            conversation_id=conversation_id,
            project_id=await general(server),
            content_index=0,
            kind="question",
            tool="ask_user",
            effect="read",
            subject="",
            summary="Which year?",
            reason="The agent cannot go on without your answer.",
            arguments={},
            options=["2024", "2025"],
            **fields,
        )
    )


async def answer(server: Server, approval: Approval, **body: Any) -> Answer:
    path = f"/responses/{approval.response_id}/approvals/{approval.id}"
    return await server.call("POST", path, json=body)


async def listed(server: Server, **query: Any) -> list[str]:
    return [one["id"] for one in (await server.get("/approvals", params=query))["data"]]


async def is_allowed(server: Server, *, tool: str = "fetch_page", demand: Demand = DEMAND) -> bool:
    """Whether it is allowed always in General."""
    home = await general(server)
    return await server.app[keys.DB].read(approvals.is_allowed, home, tool, demand.effect, demand.subject)


async def waiting(server: Server, approval: Approval) -> asyncio.Task[Approval]:
    """Somebody who waits for the decision, as a turn does."""
    task = asyncio.create_task(server.app[keys.APPROVALS].decided(approval.id))
    await asyncio.sleep(0)
    assert not task.done()
    return task


async def until_it_looks_again(clock: FakeClock) -> None:
    """Wait until who waits for a decision has set its alarm."""
    while 60 not in clock.slept:
        await asyncio.sleep(0)


async def test_an_approval_tells_what_would_be_done_and_why_it_is_asked(timed: Server) -> None:
    turn, conversation = await a_turn(timed)
    asked = await request(timed, turn=(turn, conversation), expires_at=START + 60_000)
    assert await timed.get(f"/approvals/{asked.id}") == {
        "id": asked.id,
        "response_id": turn,
        "conversation_id": conversation,
        "project_id": await general(timed),
        "kind": "approval",
        "tool": "fetch_page",
        "effect": "outside",
        "subject": "example.org",
        "summary": "Fetch a page of example.org.",
        "reason": REASON,
        "arguments": {"url": "https://example.org/"},
        "options": [],
        "status": "pending",
        "answer": None,
        "created_at": "2026-01-01T00:00:00.000Z",
        "expires_at": "2026-01-01T00:01:00.000Z",
        "decided_at": None,
    }


async def test_a_question_tells_itself_and_the_answers_that_the_agent_suggests(server: Server) -> None:
    asked = await server.get(f"/approvals/{(await ask(server)).id}")
    told = {name: asked[name] for name in ("kind", "tool", "effect", "summary", "options", "status")}
    assert told == {
        "kind": "question",
        "tool": "ask_user",
        "effect": "read",
        "summary": "Which year?",
        "options": ["2024", "2025"],
        "status": "pending",
    }


async def test_the_inbox_is_what_waits_in_all_conversations_newest_first(server: Server) -> None:
    first, question, third = await request(server), await ask(server), await request(server)
    await answer(server, first, decision="allow")
    assert await listed(server, status="pending") == [third.id, question.id]
    assert await listed(server) == [third.id, question.id, first.id]
    assert await listed(server, status="allowed") == [first.id]
    assert await listed(server, status="denied") == []


async def test_the_list_can_be_of_a_project_a_conversation_or_a_response(server: Server) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    turn, conversation = await a_turn(server, await server.conversation(project_id=project))
    mine = await request(server, turn=(turn, conversation), project_id=project)
    other = await request(server)
    assert await listed(server, project_id=project) == [mine.id]
    assert await listed(server, conversation_id=other.conversation_id) == [other.id]
    assert await listed(server, response_id=turn) == [mine.id]
    assert await listed(server, response_id=turn, project_id=await general(server)) == []


async def test_the_list_comes_in_pages(server: Server) -> None:
    turn = await a_turn(server)
    ids = [(await request(server, turn=turn, content_index=n)).id for n in range(5)]
    page = await server.get("/approvals", params={"limit": 2, "offset": 2})
    assert [one["id"] for one in page["data"]] == [ids[2], ids[1]]
    assert (page["total"], page["has_more"]) == (5, True)
    assert (await server.get("/approvals", params={"limit": 2, "offset": 4}))["has_more"] is False


@pytest.mark.parametrize(
    ("decision", "status"), [("allow", "allowed"), ("allow_always", "allowed"), ("deny", "denied")]
)
async def test_a_decision_is_kept_with_its_time(
    decision: str, status: str, timed: Server, clock: FakeClock
) -> None:
    asked = await request(timed)
    before = await timed.get(f"/approvals/{asked.id}")
    clock.advance(5)
    decided = await answer(timed, asked, decision=decision)
    assert decided.status == 200
    assert decided.json() == {**before, "status": status, "decided_at": "2026-01-01T00:00:05.000Z"}
    assert await timed.get(f"/approvals/{asked.id}") == decided.json()


async def test_a_question_takes_any_text_as_its_answer(server: Server) -> None:
    asked = await ask(server)
    decided = (await answer(server, asked, answer="2019, please\n")).json()
    assert (decided["status"], decided["answer"]) == ("answered", "2019, please\n")


async def test_a_question_can_be_left_unanswered(server: Server) -> None:
    decided = (await answer(server, await ask(server), decision="deny")).json()
    assert (decided["status"], decided["answer"]) == ("denied", None)


@pytest.mark.parametrize("decision", ["allow", "allow_always"])
async def test_a_question_cannot_be_allowed(decision: str, server: Server) -> None:
    asked = await ask(server)
    assert fault(await answer(server, asked, decision=decision)) == (422, "invalid_request", "body.decision")
    assert (await server.get(f"/approvals/{asked.id}"))["status"] == "pending"
    assert (await server.get("/approvals/rules"))["total"] == 0


async def test_an_approval_wants_a_decision_and_no_text(server: Server) -> None:
    asked = await request(server)
    assert fault(await answer(server, asked, answer="yes")) == (422, "invalid_request", "body.answer")
    assert (await server.get(f"/approvals/{asked.id}"))["status"] == "pending"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "body"),
        ({"decision": "allow", "answer": "yes"}, "body"),
        ({"decision": None, "answer": None}, "body"),
        ({"decision": "maybe"}, "body.decision"),
        ({"answer": ""}, "body.answer"),
        ({"answer": "a\0b"}, "body.answer"),
        ({"answer": "x" * 20_001}, "body.answer"),
    ],
)
async def test_a_body_that_is_no_answer_is_refused(body: dict[str, Any], param: str, server: Server) -> None:
    asked = await request(server)
    assert fault(await answer(server, asked, **body)) == (422, "invalid_request", param)
    assert (await server.get(f"/approvals/{asked.id}"))["status"] == "pending"


@pytest.mark.parametrize("first", ["allow", "deny"])
async def test_what_is_decided_stays_decided(first: str, server: Server) -> None:
    asked = await request(server)
    decided = (await answer(server, asked, decision=first)).json()
    for decision in ("allow", "allow_always", "deny"):
        again = await answer(server, asked, decision=decision)
        assert fault(again) == (409, "conflict", None)
        assert again.json()["error"]["details"] == [{"status": decided["status"]}]
    assert await server.get(f"/approvals/{asked.id}") == decided
    assert await is_allowed(server) is False


async def test_of_answers_at_the_same_time_one_counts(server: Server) -> None:
    asked = await request(server)
    answers = await asyncio.gather(*(answer(server, asked, decision="allow") for _ in range(5)))
    assert sorted(answered.status for answered in answers) == [200, 409, 409, 409, 409]


async def test_an_approval_is_answered_under_its_own_response(server: Server) -> None:
    asked, other = await request(server), await request(server)
    path = f"/responses/{other.response_id}/approvals/{asked.id}"
    answered = await server.call("POST", path, json={"decision": "allow"})
    assert fault(answered) == (404, "not_found", None)
    assert (await server.get(f"/approvals/{asked.id}"))["status"] == "pending"


async def test_what_its_turn_has_given_up_cannot_be_answered(server: Server) -> None:
    asked = await request(server)
    done = await request(server, turn=(asked.response_id, asked.conversation_id), content_index=2)
    await answer(server, done, decision="allow")
    [cancelled] = await server.app[keys.APPROVALS].cancel(asked.response_id)
    assert (cancelled.id, cancelled.status) == (asked.id, "cancelled")
    refused = await answer(server, asked, decision="allow")
    assert (refused.status, refused.json()["error"]["details"]) == (409, [{"status": "cancelled"}])
    assert (await server.get(f"/approvals/{done.id}"))["status"] == "allowed"


async def test_what_is_over_cannot_be_answered(timed: Server, clock: FakeClock) -> None:
    asked = await request(timed, expires_at=START + 1_000)
    late = await request(timed, expires_at=START + 1_001)
    clock.advance(1)
    refused = await answer(timed, asked, decision="allow_always")
    assert (refused.status, refused.json()["error"]["details"]) == (409, [{"status": "expired"}])
    assert await is_allowed(timed) is False
    assert (await answer(timed, late, decision="allow")).status == 200


async def test_what_is_allowed_always_is_remembered_for_just_that(server: Server) -> None:
    await answer(server, await request(server), decision="allow_always")
    assert await is_allowed(server) is True
    assert await is_allowed(server, tool="other_tool") is False
    others: list[tuple[Effect, str]] = [
        ("outside", "example.com"),
        ("outside", ""),
        ("lasting", "example.org"),
    ]
    for effect, subject in others:
        assert await is_allowed(server, demand=Demand(effect, subject)) is False
    project = (await server.post("/projects", {"name": "P"}))["id"]
    found = await server.app[keys.DB].read(
        approvals.is_allowed, project, "fetch_page", "outside", "example.org"
    )
    assert found is False


@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_another_decision_is_not_remembered(decision: str, server: Server) -> None:
    await answer(server, await request(server), decision=decision)
    assert await is_allowed(server) is False
    assert (await server.get("/approvals/rules"))["data"] == []


async def test_what_is_allowed_always_is_listed_once_and_can_be_taken_back(timed: Server) -> None:
    for _ in range(2):
        assert (await answer(timed, await request(timed), decision="allow_always")).status == 200
    page = await timed.get("/approvals/rules")
    [rule] = page["data"]
    assert page == {"data": [rule], "total": 1, "has_more": False}
    assert rule == {
        "id": rule["id"],
        "project_id": await general(timed),
        "tool": "fetch_page",
        "effect": "outside",
        "subject": "example.org",
        "created_at": "2026-01-01T00:00:00.000Z",
    }
    assert (await timed.call("DELETE", f"/approvals/rules/{rule['id']}")).status == 204
    assert await is_allowed(timed) is False
    again = await timed.call("DELETE", f"/approvals/rules/{rule['id']}")
    assert fault(again) == (404, "not_found", None)


async def test_rules_can_be_listed_by_project_newest_first(server: Server) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    turn = await a_turn(server, await server.conversation(project_id=project))
    await answer(server, await request(server), decision="allow_always")
    for n, host in enumerate(("a.example", "b.example")):
        asked = await request(
            server, turn=turn, demand=Demand("outside", host), project_id=project, content_index=n
        )
        await answer(server, asked, decision="allow_always")
    page = await server.get("/approvals/rules", params={"project_id": project})
    assert [rule["subject"] for rule in page["data"]] == ["b.example", "a.example"]
    page = await server.get("/approvals/rules", params={"limit": 1, "offset": 1})
    assert [rule["subject"] for rule in page["data"]] == ["a.example"]
    assert (page["total"], page["has_more"]) == (3, True)


async def test_rules_is_no_approval(server: Server) -> None:
    assert (await server.get("/approvals/rules")).keys() == {"data", "total", "has_more"}
    assert fault(await server.call("GET", "/approvals/rule")) == (404, "not_found", None)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/responses/{id}/approvals/x"),
        ("POST", "/responses/x/approvals/{id}"),
        ("DELETE", "/approvals/rules/{id}"),
    ],
)
@pytest.mark.parametrize(
    "id",
    [
        *(f"{prefix}_01jz0000000000000000000000" for prefix in ("appr", "resp", "rule")),
        "x",
        "%00",
        "%F0%9F%98%80",
        "x" * 5000,
    ],
)
async def test_an_id_that_nothing_has_is_not_found(method: str, path: str, id: str, server: Server) -> None:
    body: dict[str, Any] = {"json": {"decision": "deny"}} if method == "POST" else {}
    answered = await server.call(method, path.format(id=id), **body)
    assert fault(answered) == (404, "not_found", None)
    assert len(answered.json()["error"]["message"]) < 600


async def test_a_call_asks_once(server: Server) -> None:
    asked = await request(server)
    turn = (asked.response_id, asked.conversation_id)
    assert await request(server, turn=turn) == asked
    await answer(server, asked, decision="allow")
    found = await request(server, turn=turn)
    assert (found.id, found.status) == (asked.id, "allowed")
    assert (await request(server, turn=turn, content_index=2)).id != asked.id


async def test_a_turn_that_goes_on_after_a_restart_finds_what_it_asked(data: Path) -> None:
    async with running_server(data) as server:
        asked = await request(server)
    async with running_server(data) as server:
        assert await request(server, turn=(asked.response_id, asked.conversation_id)) == asked
        task = await waiting(server, asked)
        await answer(server, asked, decision="allow")
        assert (await task).status == "allowed"
    async with running_server(data) as server:
        assert (await server.app[keys.APPROVALS].decided(asked.id)).status == "allowed"


async def test_everybody_who_waits_is_told_the_decision(server: Server) -> None:
    asked = await request(server)
    tasks = [await waiting(server, asked) for _ in range(3)]
    decided = (await answer(server, asked, decision="deny")).json()
    assert [(await task).model_dump() for task in tasks] == [decided] * 3


async def test_who_waits_is_told_of_no_other_decision(server: Server) -> None:
    asked, other = await request(server), await request(server)
    task = await waiting(server, asked)
    await answer(server, other, decision="allow")
    assert (await server.app[keys.APPROVALS].decided(other.id)).status == "allowed"
    assert not task.done()
    await server.app[keys.APPROVALS].cancel(asked.response_id)
    assert (await task).status == "cancelled"


async def test_a_wait_that_is_cancelled_changes_nothing(timed: Server, clock: FakeClock) -> None:
    asked = await request(timed, expires_at=START + 60_000)
    task = await waiting(timed, asked)
    await until_it_looks_again(clock)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await timed.get(f"/approvals/{asked.id}"))["status"] == "pending"
    again = await waiting(timed, asked)
    await answer(timed, asked, decision="allow")
    assert (await again).status == "allowed"


async def test_without_an_answer_in_time_it_expires(timed: Server, clock: FakeClock) -> None:
    asked = await request(timed, expires_at=START + 86_400_000)
    task = await waiting(timed, asked)
    await until_it_looks_again(clock)
    clock.advance(86_399)
    await timed.get("/approvals")
    assert not task.done()
    clock.advance(1)
    decided = await task
    assert (decided.status, decided.decided_at) == ("expired", "2026-01-02T00:00:00.000Z")
    assert await listed(timed, status="expired") == [asked.id]


async def test_a_machine_that_slept_over_the_deadline_sees_that_it_is_over(
    timed: Server, clock: FakeClock
) -> None:
    asked = await request(timed, expires_at=START + 3_600_000)
    task = await waiting(timed, asked)
    await until_it_looks_again(clock)
    clock.set_now(START + 7_200_000)
    clock.advance(60)
    assert (await task).status == "expired"


async def test_one_without_a_deadline_waits_as_long_as_it_takes(timed: Server, clock: FakeClock) -> None:
    asked = await request(timed)
    task = await waiting(timed, asked)
    clock.advance(10_000_000)
    await timed.get("/approvals")
    assert not task.done()
    await answer(timed, asked, decision="allow")
    assert (await task).status == "allowed"


async def test_what_expired_while_the_server_was_off_is_over_at_once(data: Path) -> None:
    clock = FakeClock()
    async with running_server(data, clock=clock) as server:
        asked = await request(server, expires_at=START + 1_000)
    clock.advance(5)
    async with running_server(data, clock=clock) as server:
        assert (await server.app[keys.APPROVALS].decided(asked.id)).status == "expired"


async def test_nothing_is_kept_of_those_who_waited(server: Server) -> None:
    waits: Approvals = server.app[keys.APPROVALS]
    asked = await request(server)
    task = await waiting(server, asked)
    assert vars(waits)["_waiting"] != {}
    await answer(server, asked, decision="allow")
    await task
    assert vars(waits)["_waiting"] == {}


async def test_approvals_go_with_their_conversation(server: Server) -> None:
    asked, kept = await request(server), await request(server)
    assert (await server.call("DELETE", f"/conversations/{asked.conversation_id}")).status == 204
    assert fault(await server.call("GET", f"/approvals/{asked.id}")) == (404, "not_found", None)
    assert fault(await answer(server, asked, decision="allow")) == (404, "not_found", None)
    assert await listed(server) == [kept.id]
    await swept()
    assert await left_of(server, "approvals") == 1


async def test_rules_go_with_their_project(server: Server) -> None:
    project = (await server.post("/projects", {"name": "P"}))["id"]
    turn = await a_turn(server, await server.conversation(project_id=project))
    asked = await request(server, turn=turn, project_id=project)
    await answer(server, asked, decision="allow_always")
    [rule] = (await server.get("/approvals/rules"))["data"]
    assert (await server.call("DELETE", f"/projects/{project}")).status == 204
    assert (await server.get("/approvals/rules"))["total"] == 0
    again = await server.call("DELETE", f"/approvals/rules/{rule['id']}")
    assert fault(again) == (404, "not_found", None)
    await swept()
    assert [await left_of(server, table) for table in ("approvals", "approval_rules")] == [0, 0]
    kept = await server.app[keys.DB].read(
        lambda tx: tx.execute("SELECT count(*) FROM projects WHERE id = ?", (project,)).fetchone()[0]
    )
    assert kept == 0


async def left_of(server: Server, table: str) -> int:
    """How many rows there are, deleted things' too."""
    rows = await server.app[keys.DB].read(lambda tx: tx.execute(f"SELECT count(*) FROM {table}").fetchone())
    return int(rows[0])


async def until_asked(server: Server) -> Any:
    """What the inbox has, as soon as it has something."""
    while not (found := (await server.get("/approvals", params={"status": "pending"}))["data"]):
        await asyncio.sleep(0.01)
    return found[0]


@pytest.mark.parametrize(
    ("body", "status", "result"),
    [({"answer": "2019"}, "answered", "2019"), ({"decision": "deny"}, "denied", "The user does not want")],
)
async def test_a_turn_waits_for_the_answer_to_its_question(
    body: dict[str, str], status: str, result: str, data: Path
) -> None:
    asked: dict[str, object] = {"question": "Which year?", "options": ["2024", "2025"]}
    model = ScriptedModel(call("ask_user", asked, json.dumps(asked)), say("Done."))
    async with running_server(data, model=model) as server:
        turn = asyncio.create_task(server.say(await server.conversation(), "Report it."))
        question = await until_asked(server)
        assert (question["summary"], question["options"]) == ("Which year?", ["2024", "2025"])
        path = f"/responses/{question['response_id']}/approvals/{question['id']}"
        answered = await server.post(path, body)
        assert (answered["status"], answered["answer"]) == (status, body.get("answer"))
        assert (await turn)["status"] == "completed"
        assert await listed(server, status="pending") == []
    assert result in str(model.requests[-1].messages[-1])


async def test_a_turn_that_is_cancelled_asks_no_more(data: Path) -> None:
    asked: dict[str, object] = {"question": "Which year?"}
    model = ScriptedModel(call("ask_user", asked, json.dumps(asked)))
    async with running_server(data, model=model) as server:
        turn = asyncio.create_task(server.say(await server.conversation(), "Report it."))
        question = await until_asked(server)
        await server.post(f"/responses/{question['response_id']}/cancel")
        assert (await turn)["error"]["type"] == "cancelled"
        assert (await server.get(f"/approvals/{question['id']}"))["status"] == "cancelled"
