"""What a party is at the edge: `kind:code`, letter by letter, and only what the role may stand for (rule 13)."""

from __future__ import annotations

import pytest

from shared.adapters.http.party import NotAParty, parties_for, party_of
from shared.contracts.party import Party


def test_rule_13_a_party_is_its_kind_and_its_code():
    assert party_of("supplier:S-001") == Party(kind="supplier", code="S-001")
    assert party_of("supplier:S-001") != party_of("department:S-001")
    assert str(party_of("post:press:2")) == "post:press:2"
    assert party_of("post:press:2").code == "press:2"


@pytest.mark.parametrize("other", ["supplier:s-001", "supplier:S-0001", "supplier:S-001.", "carrier:S-001"])
def test_rule_13_a_code_written_otherwise_is_another_party(other):
    assert party_of(other) != party_of("supplier:S-001")


@pytest.mark.parametrize(
    "text",
    [
        "", ":", "S-001", "supplier", "supplier:", ":S-001", "Supplier:S-001", "SUPPLIER:S-001", "vendor:S-001",
        "supplier: S-001", " supplier:S-001", "supplier:S-001 ", "supplier:S-001\n", "supplier：S-001",
        "supplier:Ｓ-001", "supplier:Ѕ-001", "supplier:S-00\u200b1", "supplier:S-001\x00", "supplier:" + "x" * 65,
        "none:none", "customer_use:x",
    ],
)  # fmt: skip
def test_what_names_no_party_is_refused_in_both_languages(text):
    with pytest.raises(NotAParty, match=r"责任方应写作 类别:代码.* · a party is written KIND:CODE"):
        party_of(text)


@pytest.mark.parametrize(
    ("roles", "party"),
    [
        (["supplier"], "supplier:S-001"),
        (["department_lead"], "department:press"),
        (["department_lead"], "post:purchasing_manager"),
        (["quality_manager"], "carrier:K-1"),
        (["quality_manager", "department_lead"], "department:quality"),
    ],
)
def test_rule_13_a_role_stands_for_parties_of_its_kind(roles, party):
    assert parties_for(roles, [party, party]) == {party_of(party)}


@pytest.mark.parametrize(
    ("roles", "party"),
    [
        (["supplier"], "department:press"),
        (["supplier"], "post:press_manager"),
        (["supplier"], "carrier:K-1"),
        (["department_lead"], "supplier:S-001"),
        (["quality_manager", "supplier"], "department:quality"),
        (["department_lead", "supplier"], "supplier:S-001"),
    ],
)
def test_rule_13_a_role_stands_for_no_other_kind(roles, party):
    with pytest.raises(NotAParty, match=rf"不能代表 {party} · the role \w+ can't speak for {party}"):
        parties_for(roles, [party])
