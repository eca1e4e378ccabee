"""Says of each call whether it may run, the user is asked first, or it may not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cowork_desktop.agent.tools.tool import Demand
from cowork_desktop.schemas.approvals import Effect
from cowork_desktop.schemas.settings import ApprovalSettings


@dataclass(frozen=True)
class Verdict:
    word: Literal["allow", "ask", "deny"]
    reason: str = ""
    """For the user, and of what is denied for the model; empty where it is allowed."""


ALLOW = Verdict("allow")
ASK_PROJECT = Verdict("ask", "The settings say to ask before files or artifacts of the project are changed.")
ASK_OUTSIDE = Verdict("ask", "It reaches beyond the project, and what it does there cannot be undone.")
ASK_TAINTED = Verdict(
    "ask",
    "The turn has read content that somebody else may have written (files, pages, outputs); it could carry"
    " instructions that are not yours.",
)
DENY = Verdict("deny", "The settings forbid what reaches beyond the project (settings.approvals.outside).")


@dataclass(frozen=True)
class Row:
    """What becomes of one effect, by what the turn has read and what the user has allowed always."""

    clean: Verdict
    clean_remembered: Verdict
    tainted: Verdict
    tainted_remembered: Verdict


TABLE: Mapping[tuple[Effect, str], Row] = {
    # effect, setting         clean        remembered   tainted      tainted, remembered
    ("read", ""): Row(ALLOW, ALLOW, ALLOW, ALLOW),
    ("project", "allow"): Row(ALLOW, ALLOW, ALLOW, ALLOW),
    ("project", "ask"): Row(ASK_PROJECT, ALLOW, ASK_PROJECT, ALLOW),
    ("lasting", ""): Row(ALLOW, ALLOW, ASK_TAINTED, ASK_TAINTED),
    ("outside", "ask"): Row(ASK_OUTSIDE, ALLOW, ASK_TAINTED, ASK_TAINTED),
    ("outside", "deny"): Row(DENY, DENY, DENY, DENY),
}
"""Where content of others may speak through the agent, what the user allowed before is asked for again: it
was allowed to the user's own words."""


def decide(demand: Demand, *, settings: ApprovalSettings, is_remembered: bool, is_tainted: bool) -> Verdict:
    chosen = {"project": settings.project, "outside": settings.outside}
    row = TABLE[demand.effect, chosen.get(demand.effect, "")]
    if is_tainted:
        return row.tainted_remembered if is_remembered else row.tainted
    return row.clean_remembered if is_remembered else row.clean
