"""`deploy token --party`: written `kind:code`, and only what the role may speak for (rule 13)."""

from __future__ import annotations

import base64
import json

import pytest

from deploy.cli import USAGE_EXIT, main


def token(folder, role: str, *parties: str) -> int:
    words = [word for party in parties for word in ("--party", party)]
    return main(["token", "--data-dir", str(folder / "data"), "--role", role, *words])


def test_rule_13_a_token_names_its_parties_by_kind_and_code(tmp_path, capsys):
    assert token(tmp_path, "department_lead", "post:press_manager", "department:press") == 0
    claims = capsys.readouterr().out.split(".")[1]
    told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert told["parties"] == ["department:press", "post:press_manager"]


@pytest.mark.parametrize(
    ("role", "party", "zh", "en"),
    [
        ("supplier", "S-001", "责任方应写作 类别:代码", "a party is written KIND:CODE"),
        (
            "supplier",
            "department:press",
            "角色 supplier 不能代表",
            "role supplier can't speak for department:press",
        ),
        ("department_lead", "supplier:S-001", "不能代表", "the role department_lead can't speak for supplier:S-001"),
    ],
)
def test_rule_13_a_party_that_the_role_cant_speak_for_gets_no_token(tmp_path, capsys, role, party, zh, en):
    assert token(tmp_path, role, party) == USAGE_EXIT
    said = capsys.readouterr()
    assert (said.out, zh in said.err, en in said.err) == ("", True, True)
