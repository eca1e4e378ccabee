"""What may run, what is asked for and what may not, over the whole table."""

import itertools
from typing import get_args

import pytest

from cowork_desktop.agent.policy import TABLE, Verdict, decide
from cowork_desktop.agent.tools.tool import Demand
from cowork_desktop.schemas.approvals import Effect
from cowork_desktop.schemas.settings import ApprovalSettings

SETTINGS = [
    ApprovalSettings(project=project, outside=outside)
    for project in ("allow", "ask")
    for outside in ("ask", "deny")
]
EFFECTS: tuple[Effect, ...] = get_args(Effect)
WORDS = {
    # effect, project, outside:       clean, remembered, tainted, tainted and remembered
    ("read", "allow", "ask"): "allow allow allow allow",
    ("read", "allow", "deny"): "allow allow allow allow",
    ("read", "ask", "ask"): "allow allow allow allow",
    ("read", "ask", "deny"): "allow allow allow allow",
    ("project", "allow", "ask"): "allow allow allow allow",
    ("project", "allow", "deny"): "allow allow allow allow",
    ("project", "ask", "ask"): "ask allow ask allow",
    ("project", "ask", "deny"): "ask allow ask allow",
    ("lasting", "allow", "ask"): "allow allow ask ask",
    ("lasting", "allow", "deny"): "allow allow ask ask",
    ("lasting", "ask", "ask"): "allow allow ask ask",
    ("lasting", "ask", "deny"): "allow allow ask ask",
    ("outside", "allow", "ask"): "ask allow ask ask",
    ("outside", "ask", "ask"): "ask allow ask ask",
    ("outside", "allow", "deny"): "deny deny deny deny",
    ("outside", "ask", "deny"): "deny deny deny deny",
}
OF_OTHERS = (
    "The turn has read content that somebody else may have written (files, pages, outputs); it could carry"
    " instructions that are not yours."
)


def verdict(effect: Effect, settings: ApprovalSettings, *, remembered: bool, tainted: bool) -> Verdict:
    return decide(Demand(effect), settings=settings, is_remembered=remembered, is_tainted=tainted)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: f"{s.project}-{s.outside}")
@pytest.mark.parametrize("effect", EFFECTS)
def test_each_effect_has_its_verdict_in_every_situation(effect: Effect, settings: ApprovalSettings) -> None:
    found = [
        verdict(effect, settings, remembered=remembered, tainted=tainted).word
        for tainted, remembered in itertools.product((False, True), repeat=2)
    ]
    assert " ".join(found) == WORDS[effect, settings.project, settings.outside]


def test_the_table_has_a_row_for_what_can_be_set_and_no_other() -> None:
    used = {
        (effect, getattr(settings, effect) if effect in ("project", "outside") else "")
        for effect in EFFECTS
        for settings in SETTINGS
    }
    assert used == TABLE.keys()


def test_what_is_not_allowed_says_why_and_what_is_allowed_says_nothing() -> None:
    for row in TABLE.values():
        for found in vars(row).values():
            assert bool(found.reason) is (found.word != "allow")


@pytest.mark.parametrize("effect", ["lasting", "outside"])
@pytest.mark.parametrize("remembered", [False, True])
def test_a_turn_that_has_read_content_of_others_is_asked_about_with_these_words(
    effect: Effect, remembered: bool
) -> None:
    found = verdict(effect, ApprovalSettings(), remembered=remembered, tainted=True)
    assert found == Verdict("ask", OF_OTHERS)


def test_what_the_settings_forbid_names_the_setting() -> None:
    settings = ApprovalSettings(outside="deny")
    found = verdict("outside", settings, remembered=True, tainted=False)
    assert "settings.approvals.outside" in found.reason
