"""Handlers of approvals: the inbox, the answers, what is allowed always; and of undo."""

from aiohttp import web

from cowork_desktop import keys
from cowork_desktop.errors import Conflict, NotFound
from cowork_desktop.http.endpoint import Endpoints, an_id
from cowork_desktop.schemas.approvals import (
    Approval,
    ApprovalAnswer,
    ApprovalQuery,
    ApprovalRule,
    ApprovalRuleQuery,
)
from cowork_desktop.schemas.base import Page
from cowork_desktop.schemas.undo import Undone
from cowork_desktop.store import approvals

endpoints = Endpoints("/api/v1/approvals", tag="Approvals")
of_responses = Endpoints("/api/v1/responses", tag="Approvals")


@endpoints.get()
async def list_approvals(request: web.Request, query: ApprovalQuery) -> Page[Approval]:
    """List what the agent has asked, newest first.

    With `status=pending` it is the inbox: what waits for an answer, in all conversations.
    """
    return await request.app[keys.DB].scan(approvals.list_, query)


@endpoints.get("/rules")
async def list_approval_rules(request: web.Request, query: ApprovalRuleQuery) -> Page[ApprovalRule]:
    """List what is allowed always, newest first."""
    return await request.app[keys.DB].scan(approvals.list_rules, query)


@endpoints.delete("/rules/{rule_id}", errors=(NotFound,))
async def delete_approval_rule(request: web.Request, rule_id: str) -> None:
    """Have something asked for again that was allowed always."""
    await request.app[keys.DB].write(approvals.delete_rule, rule_id)


@endpoints.get(an_id("approval_id", but="rules"), errors=(NotFound,))
async def get_approval(request: web.Request, approval_id: str) -> Approval:
    """Get an approval or a question."""
    return await request.app[keys.DB].read(approvals.get, approval_id)


@of_responses.post("/{response_id}/approvals/{approval_id}", status=200, errors=(NotFound, Conflict))
async def answer_approval(
    request: web.Request, response_id: str, approval_id: str, body: ApprovalAnswer
) -> Approval:
    """Decide about a call, or answer a question.

    The turn goes on with it. `allow_always` allows the same in the project from now on. 409 where it does
    not wait any more.
    """
    return await request.app[keys.APPROVALS].answer(response_id, approval_id, body)


@of_responses.post("/{response_id}/undo", status=200, errors=(NotFound, Conflict))
async def undo_response(request: web.Request, response_id: str) -> Undone:
    """Take back what a response and its sub-tasks changed.

    What has been changed since is left as it is, and told with the reason. 409 while the turn runs.
    """
    return await request.app[keys.UNDO].undo(response_id)
