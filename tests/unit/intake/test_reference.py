"""Published rules: versions, completeness, and triage tables that can answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from services.intake.application.defaults import default_triage
from services.intake.domain.errors import LengthNotPositive, PolicyIncomplete, ReasonMissing, TriageRulesInvalid
from services.intake.domain.reference.decider import (
    REFERENCE,
    PublishRetentionPolicy,
    PublishSlaPolicy,
    PublishTriageRules,
)
from services.intake.domain.reference.defaults import DEFAULT_SLA
from services.intake.domain.triage.inputs import NAMES, answer_of, check_rules, named, triage_inputs
from shared.adapters.decision_table import FirstMatch
from shared.contracts.intake.complaint import NamedValue, TriageAnswer
from shared.contracts.intake.reference import ClockLength, RetentionPolicyPublished, TriageRulesPublished
from shared.kernel.testing import Specification
from tests.unit.intake import states as s

reference = Specification(REFERENCE)
SLA = PublishSlaPolicy(policy="sla", lengths=DEFAULT_SLA.lengths, silence_days=14, reason="新政策")
RETENTION = PublishRetentionPolicy(policy="r", keep_days=730, basis="产品质量法", reason="合规")
RULES = PublishTriageRules(rules="triage", document="{}", reason="首次发布")


def form(**more):
    (event,) = s.registered(**more)
    return event


def test_versions_count_up_from_1_and_0_is_what_ships():
    first = TriageRulesPublished(rules="triage", version=1, document="{}", reason="首次发布")
    reference.given().when(RULES).then(first)
    reference.given(first).when(RULES).then(replace(first, version=2))
    assert (DEFAULT_SLA.policy, DEFAULT_SLA.version) == ("default", 0)
    assert (default_triage().rules, default_triage().version) == ("default", 0)


def test_a_policy_in_hours_of_the_calendar():
    (event,) = reference.given().when(SLA).events
    assert (event.version, event.calendar, event.calendar_version) == (1, "24x7", 1)
    assert (event.lengths, event.silence_days) == (DEFAULT_SLA.lengths, 14)


def test_every_clock_has_one_length():
    reference.given().when(replace(SLA, lengths=SLA.lengths[1:])).refused(PolicyIncomplete, missing="acknowledgement/-")
    twice = (*SLA.lengths, ClockLength(clock="acknowledgement", hours=1))
    reference.given().when(replace(SLA, lengths=twice)).refused(PolicyIncomplete)


def test_lengths_are_positive():
    none = tuple(replace(length, hours=0) for length in SLA.lengths)
    for command in (replace(SLA, lengths=none), replace(SLA, silence_days=0), replace(RETENTION, keep_days=-1)):
        reference.given().when(command).refused(LengthNotPositive)


def test_retention():
    reference.given().when(RETENTION).then(
        RetentionPolicyPublished(policy="r", version=1, keep_days=730, basis="产品质量法", reason="合规")
    )


def test_publishing_needs_a_reason():
    for command in (SLA, RETENTION, RULES):
        reference.given().when(replace(command, reason="")).refused(ReasonMissing)


def test_the_table_that_ships_asks_for_what_we_know_and_answers_in_every_row():
    table = FirstMatch().table(default_triage().document)
    check_rules(table.inputs, ((row.row, row.outputs) for row in table.rows))
    assert table.inputs == NAMES


GOOD = {"severity": "minor", "scope": "single", "priority": "low", "why_zh": "轻", "why_en": "light"}


@pytest.mark.parametrize(
    ("asked", "outputs", "where"),
    [
        ({"harm", "colour"}, GOOD, "colour"),
        ({"harm"}, GOOD | {"severity": "grave"}, "r1"),
        ({"harm"}, GOOD | {"scope": None}, "r1"),
        ({"harm"}, GOOD | {"response_plan": 7}, "r1"),
        ({"harm"}, GOOD | {"why_zh": " "}, "r1"),
        ({"harm"}, {k: v for k, v in GOOD.items() if k != "why_en"}, "r1"),
    ],
)
def test_a_table_that_couldnt_answer_is_not_published(asked, outputs, where):
    with pytest.raises(TriageRulesInvalid) as refused:
        check_rules(asked, [("r1", outputs)])
    assert refused.value.where == where


def test_what_the_table_may_know_of_a_complaint():
    items = (s.item(1, quantity_affected=Decimal("1.2"), defect_codes=("SAFE-1",)), s.item(2, lot=None))
    assert triage_inputs(form(items=items, harm="injury", scenario="use")) == {
        "harm": "injury",
        "quantity_affected": 5,
        "item_count": 2,
        "lots_known": False,
        "safety_defect": True,
        "scenario": "use",
        "channel": "phone",
    }
    assert triage_inputs(form()).keys() == NAMES
    assert named({"b": True, "a": "x"}) == (NamedValue(name="a", value='"x"'), NamedValue(name="b", value="true"))


@pytest.mark.parametrize(
    ("more", "row", "severity", "plan"),
    [
        ({}, "single", "minor", None),
        ({"harm": "injury"}, "injury", "safety", "safety"),
        ({"harm": "property"}, "property", "critical", "containment"),
        ({"items": (s.item(1, defect_codes=("SAFE-2",)),)}, "safety-defect", "safety", "safety"),
        ({"items": (s.item(1, lot=None),)}, "lot-unknown", "major", None),
        ({"items": (s.item(1, quantity_affected=Decimal(10)),)}, "some", "major", None),
        ({"scenario": "transport"}, "transport", "minor", None),
    ],
)
def test_the_default_rules(more, row, severity, plan):
    matched = FirstMatch().evaluate(default_triage().document, triage_inputs(form(**more)))
    answer = answer_of(matched.row, matched.outputs)
    assert (matched.row, answer.severity, answer.response_plan) == (row, severity, plan)
    assert isinstance(answer, TriageAnswer)
