"""Rule 16: however a name is written and wherever it stands, the customer edition doesn't say it."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.investigation.domain.errors import ComplaintNotJoined, ComplaintUnnamed, ConfidentialLeft
from services.investigation.domain.flow.default import DEFAULT_FLOW
from services.investigation.domain.investigation.commands import JoinComplaint, StateProblem
from services.investigation.domain.investigation.dossier import Dossier, gathered
from services.investigation.domain.report.confidential import blackened, named_in
from services.investigation.domain.report.customer import BLACKENED, Hidden, page_texts, refuse_left, whose
from services.investigation.domain.report.document import canonical, document, refuse_leaking
from services.investigation.domain.report.plain import plain
from services.investigation.domain.report.sources import Sources
from services.investigation.readmodels.traceability_report import render
from shared.contracts.intake.complaint import ComplaintItem
from tests.unit.investigation.case import states as s
from tests.unit.investigation.test_report import ACTION, header

NAMES = ("恒达塑料", "Hengda Plastics", "HD-17", "C-200", "Subei_Appliances", "S-07", "Q2026-0003", "4711-0815")
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u30fc\u00ad\u02d7"
PARTING = [*DASHES, " ", "\u00a0", "\u3000", "_", "\uff3f", "/", ".", "·", "", "\u2011 ", " - "]
UNSEEN = ["", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202e", "\ufe0f", "\u3164", "\u0301"]


@st.composite
def written(draw: st.DrawFn) -> str:
    """A name with its letters full width or of other case, its dashes and spaces others or none, and unseen ones in."""
    told = []
    for character in draw(st.sampled_from(NAMES)):
        if character.isalnum():
            wide = chr(ord(character) + 0xFEE0) if character.isascii() else character
            told.append(draw(st.sampled_from([character, character.upper(), character.lower(), wide, wide.lower()])))
            told.append(draw(st.sampled_from(UNSEEN)))
        else:
            told.append(draw(st.sampled_from(PARTING)))
    return "".join(told)


def core(text: str) -> str:
    """An independent, blunter normal form: letters and figures only."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum() and c not in "ー\u1160")


def saying(text: str, item: dict[str, Any] | None = None) -> Sources:
    """A case that says the text wherever somebody can write something that the customer edition might show."""
    mine = replace(s.joined(), items=(replace(s.joined().items[0], **(item or {})),))
    theirs = replace(
        s.joined(s.OTHER_COMPLAINT, "C-200"),
        order_no="4711-0815",
        items=(ComplaintItem(item_no=1, product="P-2", lot="LOT-B-9", quantity_affected=Decimal(1)),),
    )
    opened = [replace(e, **vars_of(mine)) if type(e) is type(mine) else e for e in s.opened()]
    verified = replace(s.verified(), note=text, product=text, lot=text, defect_codes=(text,))
    events = s.after(
        JoinComplaint(complaint_id=s.OTHER_COMPLAINT, joined=theirs),
        StateProblem(statement=text),
        verified,
        s.ask(0),
        s.answer(0),
        s.ask(1),
        s.answer(1, "managerial"),
        s.confirm_root(statement=text, lots=("L-1", "RAW-0042")),
        s.propose(),
        given=opened,
    )
    dossier = gathered([*events, s.concluded(text)])
    names = frozenset({"恒达塑料", "Hengda Plastics", "HD-17", "Subei_Appliances", "4711-0815"})
    return Sources(dossier=dossier, flow=DEFAULT_FLOW, actions=[replace(ACTION, title=text)], confidential=names)


def vars_of(event: Any) -> dict[str, Any]:
    return {"items": event.items}


def edition(sources: Sources) -> tuple[str, str]:
    told = document(header("customer"), sources)
    refuse_leaking(header("customer"), sources, told, lambda one: render(one, "en"))
    content = canonical(told)
    return content.decode(), render(json.loads(content), "en").decode()


@given(written(), st.sampled_from(["{}", "由 {} 供货", "lot({})!", "来自{}的料", "see “{}”, again {}"]))
def test_rule_16_a_name_however_it_is_written_is_read_nowhere_in_the_customer_edition(name, around):
    content, page = edition(saying(around.replace("{}", name), {"model": name, "serials": (name,)}))
    assert name not in content
    assert core(name) not in core(content.replace(BLACKENED, "/"))
    assert core(name) not in core(page)
    assert core(json.loads(content)["problem"]) == core(around)


@pytest.mark.parametrize("word", ["LOT-B-9", "lot b9", "P-2", "RAW-0042", "ｒａｗ0042", "A2026-0001", "QM 7.1.3"])
def test_rule_16_another_customers_lot_and_product_raw_lots_and_inner_numbers_are_black(word):
    content, page = edition(saying(f"批 {word} 不良"))
    assert word not in content + page
    assert json.loads(content)["root_causes"][0]["statement"] == f"批 {BLACKENED} 不良"


def test_rule_16_what_the_customer_named_itself_stays_where_no_name_is_in_it():
    told = json.loads(edition(saying("批 L-1、LOT-B-9、LOT-B-9-2 与 P-1", {"lot": "LOT-B-9-2"}))[0])
    assert told["problem"] == f"批 {BLACKENED}、{BLACKENED}、LOT-B-9-2 与 P-1"
    assert told["complaint"]["items"][0]["lot"] == "LOT-B-9-2"
    assert told["complaint"]["complaint_no"] == "Q2026-0002"
    held = json.loads(edition(saying("好", {"lot": "HD-17-003"}))[0])
    assert held["complaint"]["items"][0]["lot"] == f"{BLACKENED}-003"


def test_rule_16_a_lot_that_both_customers_have_stays():
    told = json.loads(edition(saying("批 lot_b 9", {"lot": "LOT-B-9"}))[0])
    assert (told["problem"], told["complaint"]["items"][0]["lot"]) == ("批 lot_b 9", "LOT-B-9")


def test_rule_16_a_new_field_is_blackened_or_refused_at_any_depth_and_in_the_page():
    hidden = Hidden(frozenset({"HD-17"}), frozenset())
    assert plain({"new": [{"deeper": ("x", "ＨＤ 17")}]}, hidden.say) == {"new": [{"deeper": ["x", BLACKENED]}]}
    for page in (b"<p>by h\xc2\xadd17</p>", b'<a title="HD_17">x</a>', b"<!-- hd17 -->", b"<p>HD&#8209;17</p>"):
        with pytest.raises(ConfidentialLeft, match="hd17"):
            refuse_left(hidden, page_texts(page), page_texts(b"<p>by</p>"))
    refuse_left(hidden, page_texts(b"<p>HD-17</p>"), page_texts(b"<b>HD-17</b>"))


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        ("批次 1 有 1 件不良", {"1"}, "批次 1 有 1 件不良"),
        ("1", {"1"}, "■■■"),
        (" １ ", {"1"}, " ■■■ "),
        ("A supplier of grade A", {"A"}, "A supplier of grade A"),
        ("in 2026, lot 0815", {"0815", "202"}, "in 2026, lot ■■■"),
        ("08:15", {"0815"}, "08:15"),
        ("a, b and A_B", {"AB"}, "a, b and A_B"),
        ("by AB, ab.", {"AB"}, "by ■■■, ■■■."),
        ("S1 s 1 S-1 is 1", {"S-1"}, "■■■ ■■■ ■■■ is 1"),
        ("江苏、北京", {"苏北"}, "江苏、北京"),
        ("LABEL", {"ABE", "LAB"}, "LABEL"),
        ("恒达XX塑料", {"恒达塑料", "XX"}, "恒达■■■塑料"),
        ("恒达塑料制品", {"恒达塑料", "塑料制品"}, "■■■"),
    ],
)
def test_a_short_name_hides_no_ordinary_word_or_number(text, words, told):
    assert blackened(text, words, BLACKENED) == told
    assert named_in(told, words) is None


def test_a_customer_edition_is_for_the_one_complaint_there_is_and_else_names_the_field():
    assert whose(gathered(s.opened()), None) == s.COMPLAINT
    for dossier, complaints in ((Dossier(), 0), (saying("x").dossier, 2)):
        with pytest.raises(ComplaintUnnamed) as refused:
            whose(dossier, None)
        assert (refused.value.field, refused.value.complaints) == ("complaint_id", complaints)
        assert f"有 {complaints} 个投诉" in refused.value.text("zh-CN")
        assert f"has {complaints} complaints" in refused.value.text("en")
    with pytest.raises(ComplaintNotJoined):
        whose(gathered(s.opened()), s.OTHER_COMPLAINT)
