"""Facts of causes, shares, investigations and CAPAs; all of them together, now and as of an earlier moment."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.domain.kpi.stage_times import stage_times
from services.analytics.domain.slices import Slice
from services.analytics.readmodels import as_of, item_facts, responsibility_facts
from shared.kernel.readmodel import project
from shared.kernel.testing import START, LogBook
from tests.unit.analytics import story as s


def facts(*investigation, intake=(), capa=()):
    said = {"intake": intake, "investigation": investigation, "capa": capa}
    return as_of.facts_of({name: LogBook(name).add("x-1", *events).events for name, events in said.items()})


def test_the_whole_story():
    known = as_of.facts_of(s.logs())
    first, second = known.cases
    assert (first.products, first.verdict, first.status) == (("P-1",), "justified", "closed")
    assert (second.verdict, second.status) == ("ntf", "registered")
    assert first.root_cause_at == second.root_cause_at == START + 4 * s.DAY
    assert first.concluded_at == START + 6 * s.DAY
    assert [(i.product, i.quantity, i.defect_codes, i.lot) for i in known.items] == [("P-1", 2, ("D-8",), "L-1")] * 2
    assert [(c.node, c.leg, c.confirmed_at) for c in known.causes] == [("op-20", "occurrence", START + 4 * s.DAY)]
    assert [(x.party_code, x.percent, x.appealed) for x in known.shares] == [("production", Decimal(100), False)]
    assert [(i.investigation_no, i.outcome) for i in known.investigations] == [("I2026-0001", "root_cause_confirmed")]
    assert [(c.capa_no, c.effectiveness, c.closed_at) for c in known.capas] == [
        ("A2026-0001", "confirmed", START + 90 * s.DAY)
    ]


def test_as_of_a_vector_only_what_was_recorded_by_then_is_known():
    logs = s.logs()
    then = as_of.facts_of({"intake": logs["intake"][:4], "investigation": logs["investigation"][:3], "capa": []})
    first, _ = then.cases
    assert (first.status, first.verdict, first.closed_at) == ("triaged", "pending", None)
    assert (then.causes, then.shares, then.capas) == ([], [], [])
    closure = {one.stage: one for one in stage_times(then.cases, START + 9 * s.DAY)}["closure"]
    assert (closure.under_way, closure.median) == (2, None)


def test_what_was_not_registered_yet_is_no_case():
    assert facts(s.OPENED, s.joined(), s.verified(), s.CONCLUDED).cases == []


def test_a_withdrawn_cause_leaves_causes_and_its_shares():
    known = facts(s.CAUSE_CONFIRMED, s.confirmed(), s.CAUSE_WITHDRAWN)
    assert (known.causes, known.shares) == ([], [])


def test_a_later_confirmation_replaces_the_shares_and_keeps_the_old_readable():
    revised = s.confirmed(2, shares=(s.share(percent=60), s.share(s.QUALITY, "secondary", 40)), silent=(s.QUALITY,))
    known = facts(s.CAUSE_CONFIRMED, s.confirmed(1), revised)
    assert [(x.party_code, x.percent, x.silent) for x in known.shares] == [
        ("production", 60, False),
        ("quality", 40, True),
    ]
    log = LogBook("investigation").add("x-1", s.confirmed(1), revised).events
    assert len(project(responsibility_facts.MODEL, log)) == 3


def test_an_appeal_marks_the_share_until_it_is_upheld():
    two = s.confirmed(shares=(s.share(percent=60), s.share(s.QUALITY, "secondary", 40)))
    appealed = facts(s.CAUSE_CONFIRMED, two, s.contested())
    assert [(x.party_code, x.appealed) for x in appealed.shares] == [("production", True), ("quality", False)]
    assert not facts(s.CAUSE_CONFIRMED, two, s.contested(), s.upheld()).shares[0].appealed
    assert not facts(s.CAUSE_CONFIRMED, s.contested(stage="objection"), two).shares[0].appealed


def test_a_share_confirmed_again_after_its_appeal_was_upheld_counts_once():
    two = s.confirmed(shares=(s.share(percent=60), s.share(s.QUALITY, "secondary", 40)))
    known = facts(s.CAUSE_CONFIRMED, two, s.contested(), s.upheld(), two)
    assert [(x.party_code, x.percent, x.rule, x.appealed) for x in known.shares] == [
        ("production", 60, "R-1", False),
        ("quality", 40, "R-1", False),
    ]


def test_two_shares_of_one_party_and_kind_are_one_record():
    (one,) = facts(s.CAUSE_CONFIRMED, s.confirmed(shares=(s.share(percent=60), s.share(percent=40)))).shares
    assert one.percent == 100


def test_a_reopened_capa_is_open_without_proof():
    (capa,) = facts(capa=[s.CAPA_OPENED, s.CAUSE_ADDRESSED, s.EFFECT_CONFIRMED, s.CAPA_CLOSED, s.CAPA_REOPENED]).capas
    assert (capa.closed_at, capa.effectiveness, capa.products) == (None, "none", ("P-1",))


def test_items_follow_corrections_and_then_verification():
    log = LogBook("intake").add("x-1", s.registered(), s.corrected("items[1].product", '"P-2"')).events
    assert item_facts.item(project(item_facts.MODEL, log)[s.FIRST, 1]).product == "P-2"
    log += LogBook("investigation").add("x-1", s.verified(product="P-3")).events
    assert item_facts.item(project(item_facts.MODEL, log)[s.FIRST, 1]).product == "P-3"


def test_a_slice_narrows_cases_causes_and_shares():
    known = as_of.facts_of(s.logs())
    early = as_of.in_slice(known, Slice(until=START + s.DAY))
    assert (len(early.cases), len(early.items), early.causes, early.shares) == (2, 2, [], [])
    other = as_of.in_slice(known, Slice(product="P-9"))
    assert (other.cases, other.items, other.causes) == ([], [], [])
    assert [case.complaint_no for case in as_of.due_in(known, Slice(since=s.PROMISED))] == ["C2026-0001"]


LOGS = s.logs()
WHOLE = as_of.facts_of(LOGS)
TURNS = [name for name, events in LOGS.items() for _ in events]


@given(st.permutations(TURNS))
def test_the_interleaving_of_the_logs_makes_no_difference(turns):
    left = {name: iter(events) for name, events in LOGS.items()}
    shuffled = [next(left[name]) for name in turns]
    for model in as_of.MODELS:
        heard = [recorded for recorded in shuffled if recorded.meta.service in model.sources]
        straight = [recorded for name in LOGS for recorded in LOGS[name] if name in model.sources]
        assert project(model, heard) == project(model, straight)


@given(st.permutations(TURNS), st.integers(0, len(TURNS)))
def test_half_heard_logs_still_give_facts(turns, heard):
    """Whatever part of each log has arrived: no fold fails, and no case shows what it can't know."""
    left = {name: iter(events) for name, events in LOGS.items()}
    logs = {name: [] for name in LOGS}
    for name in turns[:heard]:
        logs[name].append(next(left[name]))
    known = as_of.facts_of(logs)
    assert {case.complaint_id for case in known.cases} <= {case.complaint_id for case in WHOLE.cases}
