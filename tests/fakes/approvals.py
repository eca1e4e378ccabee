"""What the agent's loop asks of the user, without a loop."""

from typing import Any

from cowork_desktop.store.approvals import Request


def page_request(**fields: Any) -> Request:
    """A call that would fetch a page; `fields` in the place of what it asks for."""
    given: dict[str, Any] = {
        "content_index": 0,
        "kind": "approval",
        "tool": "fetch_page",
        "effect": "outside",
        "subject": "example.org",
        "summary": "Fetch a page of example.org.",
        "arguments": {},
        "reason": "It reaches beyond the project.",
    }
    return Request(**(given | fields))
