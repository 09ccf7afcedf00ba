"""The default responsibility rules, evaluated by the engine that evaluates them in service."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import get_args

import pytest
import zen

from services.investigation.domain.errors import DepartmentIsTheNodes, PartyUnnamed, RulesInvalid, ShareInvalid
from services.investigation.domain.responsibility.shares import CauseFacts, check_rules, row_from, shares_from
from services.investigation.readmodels.default_rules import default_rules
from shared.contracts.words import Boundary, CauseCategory, CauseLeg
from tests.unit.investigation.case import states as s

TABLE = zen.ZenEngine().create_decision(default_rules().document)
(ROOT,) = [event for event in s.rooted() if type(event).__name__ == "RootCauseConfirmed"]


def shares(department="production", parties=(("supplier", "S-07"), ("carrier", "K-1"), ("dealer", "D-1")), **changes):
    facts = CauseFacts(
        root=replace(ROOT, **changes), department=department, parties=dict(parties), evidence=(s.fact(20),)
    )
    rows = [row_from(outputs) for outputs in TABLE.evaluate(facts.inputs)["result"]]
    return shares_from(rows, facts)


@pytest.mark.parametrize("leg", get_args(CauseLeg))
@pytest.mark.parametrize("boundary", get_args(Boundary))
@pytest.mark.parametrize("category", get_args(CauseCategory))
def test_rule_11_the_default_rules_give_sound_shares_for_every_cause(leg, boundary, category):
    found = shares(leg=leg, boundary=boundary, category=category)
    assert sum(share.percent for share in found if share.percent is not None) == 100
    assert all(share.clause.startswith("QM ") and share.evidence == (s.fact(20),) for share in found)


def test_a_machine_cause_inside_falls_to_the_nodes_department_with_its_manager_beside():
    found = [(share.party.kind, share.party.code, share.kind, share.percent) for share in shares()]
    assert found == [
        ("department", "production", "primary", 60),
        ("department", "equipment", "secondary", 40),
        ("post", "production_manager", "management", None),
    ]


def test_a_suppliers_cause_needs_to_know_which_supplier():
    assert shares(boundary="supplier")[0].party == s.SUPPLIER
    with pytest.raises(PartyUnnamed) as refused:
        shares(boundary="supplier", parties=())
    assert refused.value.facts == {"rule": "R-SUPPLIER", "name": "supplier"}


def test_rule_11_the_nodes_department_is_not_the_proposers_to_name():
    with pytest.raises(DepartmentIsTheNodes) as refused:
        shares(parties=(("department", "cleaning"),))
    assert (refused.value.department, refused.value.field) == ("production", "parties/department")
    assert shares(parties=(("department", "production"),)) == shares(parties=())
    named = shares(department="", parties=(("department", "cleaning"),))  # a node that the flow gives to nobody
    assert named[0].party.code == "cleaning"


ROW = {"rule": "R-1", "clause": "QM 7.1", "share": "primary", "party": "department:{department}", "percent": 60}


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": "tertiary"},
        {"party": "nobody:x"},
        {"party": "department"},
        {"party": "supplier: S"},
        {"party": "supplier:S "},
        {"party": None},
        {"percent": "abc"},
        {"percent": True},
        {"percent": "NaN"},
        {"percent": "Infinity"},
        {"percent": 0},
        {"percent": -5},
        {"percent": 101},
        {"percent": None},
    ],
    ids=str,
)
def test_rule_11_a_row_that_isnt_a_share_is_refused_when_published_and_when_evaluated(wrong):
    with pytest.raises(ShareInvalid):
        row_from(ROW | wrong)
    with pytest.raises(RulesInvalid) as refused:
        check_rules(["leg"], [("r1", ROW), ("r2", ROW | wrong)])
    assert (refused.value.where, refused.value.field) == ("r2", "document")


def test_rule_11_published_rules_name_rule_and_clause_and_ask_for_what_is_known():
    for wrong in ({"rule": " "}, {"clause": None}):
        with pytest.raises(RulesInvalid):
            check_rules([], [("r1", ROW | wrong)])
    with pytest.raises(RulesInvalid) as refused:
        check_rules(["leg", "weather"], [])
    assert refused.value.where == "weather"
    check_rules(["leg", "node"], [("r1", ROW), ("r2", ROW | {"share": "management", "percent": None})])


def test_a_percentage_may_be_a_decimal_as_text():
    assert row_from(ROW | {"percent": "33.3"}).percent == Decimal("33.3")


def test_a_row_that_isnt_a_share_is_refused():
    with pytest.raises(ShareInvalid):
        row_from({"share": "some", "party": "department:x", "percent": 10})
