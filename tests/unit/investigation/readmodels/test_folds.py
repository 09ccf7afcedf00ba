"""The tables of an investigation as folds of its log."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from services.investigation.domain.investigation.commands import LeaveComplaint, Reopen, WithdrawRootCause
from services.investigation.readmodels import (
    capa_actions,
    capa_causes,
    capa_effects,
    cited_evidence,
    hearings,
    investigation_list,
    joined_complaints,
    responsibility_records,
)
from services.investigation.readmodels.investigation_view import investigation_view
from shared.contracts.capa.capa import (
    ActionPlanned,
    ActionStarted,
    CapaClosed,
    CapaOpened,
    CapaReopened,
    CauseAddressed,
    CauseReleased,
    EffectivenessCheckPlanned,
    EffectivenessConfirmed,
    EffectivenessFailed,
    EffectivenessMeasured,
    RecurrenceReviewed,
)
from shared.kernel.readmodel import project
from shared.kernel.testing import START, LogBook
from tests.unit.investigation.case import states as s
from tests.unit.investigation.test_rules import revise

STREAM = f"investigation-{s.CASE}"


def table(model, events):
    """By key, so that rows have an order."""
    rows = project(model.MODEL, LogBook("investigation").add(STREAM, *events).events)
    return {key: rows[key] for key in sorted(rows)}


def test_the_list_is_about_what_the_joined_complaints_are_about():
    other = s.joined(s.OTHER_COMPLAINT)
    row = table(investigation_list, [*s.opened(), other])[s.CASE,]
    assert (row["complaints"], row["products"], row["lots"], row["status"]) == (2, ["P-1"], ["L-1"], "open")
    left = s.after(LeaveComplaint(complaint_id=s.COMPLAINT, reason="x"), given=s.opened())
    row = table(investigation_list, left)[s.CASE,]
    assert (row["complaints"], row["products"], row["defect_codes"]) == (0, [], [])


def test_the_list_shows_outcome_and_reopening():
    ended = s.after(s.conclude(), given=s.rooted())
    row = table(investigation_list, ended)[s.CASE,]
    assert (row["status"], row["outcome"], row["root_causes"], row["concluded_at"]) == (
        "concluded",
        "root_cause_confirmed",
        [str(s.ROOT)],
        START,
    )
    again = s.after(Reopen(reason="x"), WithdrawRootCause(root_cause_id=s.ROOT, reason="x"), given=ended)
    row = table(investigation_list, again)[s.CASE,]
    assert (row["status"], row["outcome"], row["root_causes"], row["reopened"]) == ("open", None, [], 1)


def test_a_complaint_is_found_in_its_investigation_until_it_leaves():
    assert table(joined_complaints, s.opened())[s.COMPLAINT, s.CASE]["is_in"] is True
    left = s.after(LeaveComplaint(complaint_id=s.COMPLAINT, reason="x"), given=s.opened())
    assert table(joined_complaints, left)[s.COMPLAINT, s.CASE]["is_in"] is False


def test_every_cited_fact_leads_to_its_investigation_and_node():
    events = s.after(s.verified(), s.clear(), given=[*s.opened(), s.examined()])
    assert set(table(cited_evidence, events)) == {
        (s.BATCH, 1, s.CASE, ""),
        (s.BATCH, 7, s.CASE, "production"),
        (s.BATCH, 9, s.CASE, "production"),
    }


def test_a_new_confirmation_replaces_the_shares_and_a_withdrawal_removes_them():
    later = s.HEAR_BY + timedelta(days=9)
    confirmed = s.after(s.confirm(), given=s.proposed())
    rows = table(responsibility_records, confirmed)
    assert [(r["party_code"], r["percent"], r["silent"]) for r in rows.values()] == [
        ("production", Decimal(60), True),
        ("S-07", Decimal(40), True),
        ("production_manager", None, True),
    ]
    appealed = s.after(s.contest(now=later), given=confirmed)
    assert [r["appealed"] for r in table(responsibility_records, appealed).values()] == [False, True, False]
    again = s.after(revise(), s.confirm(now=later), given=appealed)
    rows = table(responsibility_records, again)
    assert [(r["party_code"], r["percent"]) for r in rows.values()] == [
        ("production", Decimal(100)),
        ("production_manager", None),
    ]
    gone = s.after(WithdrawRootCause(root_cause_id=s.ROOT, reason="x"), given=again)
    assert table(responsibility_records, gone) == {}


def test_hearings_tell_whose_answer_is_awaited_after_each_step():
    def told(events):
        [row] = table(hearings, events).values()
        return row["proposal_no"], row["awaited"], row["contested"], row["confirmed"]

    proposed = s.proposed()
    production, supplier, manager = "department:production", "supplier:S-07", "post:production_manager"
    assert told(proposed) == (1, sorted([production, manager, supplier]), [], False)
    contested = s.after(s.contest(), given=proposed)
    assert told(contested) == (1, sorted([production, manager]), [supplier], False)
    revised = s.after(revise(), given=contested)
    assert told(revised) == (2, sorted([production, manager]), [], False)
    confirmed = s.after(s.confirm(now=s.HEAR_BY + timedelta(days=9)), given=revised)
    assert told(confirmed)[3] is True
    gone = s.after(WithdrawRootCause(root_cause_id=s.ROOT, reason="x"), given=confirmed)
    assert table(hearings, gone) == {}


CAPA = UUID(int=60)
CAPA_EVENTS = [
    CapaOpened(capa_id=CAPA, capa_no="A2026-0001", title="t", investigation_id=s.CASE),
    CauseAddressed(
        capa_id=CAPA,
        investigation_id=s.CASE,
        root_cause_id=s.ROOT,
        statement="x",
        leg="occurrence",
        node="production",
        products=("P-1",),
        defect_codes=("D-7",),
    ),
    ActionPlanned(
        capa_id=CAPA,
        action_no=1,
        planned_by="qe",
        kind="corrective",
        title="t",
        owner="u",
        department="production",
        due_date=date(2026, 4, 1),
        criterion="c",
        root_cause_id=s.ROOT,
    ),
    ActionStarted(capa_id=CAPA, action_no=1),
]


def test_the_actions_of_the_capas_that_answer_a_cause_are_known_here():
    events = LogBook("capa").add(f"capa-{CAPA}", *CAPA_EVENTS).events
    assert project(capa_causes.MODEL, events)[CAPA, s.ROOT]["capa_no"] == "A2026-0001"
    assert project(capa_actions.MODEL, events)[CAPA, 1]["status"] == "started"
    folded = [project(model, events).values() for model in (capa_causes.MODEL, capa_actions.MODEL)]
    [action] = capa_actions.actions_in(s.CASE, *folded)
    assert (action.capa_no, action.action_no, action.status) == ("A2026-0001", 1, "started")
    assert capa_actions.actions_in(UUID(int=999), *folded) == []
    released = CauseReleased(
        capa_id=CAPA, investigation_id=s.CASE, root_cause_id=s.ROOT, because="root_cause_withdrawn", reason="x"
    )
    events = LogBook("capa").add(f"capa-{CAPA}", *CAPA_EVENTS, released).events
    assert (CAPA, s.ROOT) not in project(capa_causes.MODEL, events)


PLANNED_CHECK = EffectivenessCheckPlanned(
    capa_id=CAPA,
    metric="confirmed_ppm",
    baseline_ppm=Decimal(1000),
    target_ppm=Decimal(50),
    made_from=date(2026, 4, 1),
    made_to=date(2026, 5, 31),
    minimum_units=100,
    products=("P-1",),
    defect_codes=("D-7",),
)
MEASURED = EffectivenessMeasured(
    capa_id=CAPA,
    measured_on=date(2026, 6, 1),
    made_from=date(2026, 4, 1),
    made_to=date(2026, 5, 31),
    units=7660,
    confirmed_bad=Decimal(1),
    pending_bad=Decimal(2),
    bad_before=Decimal(4),
    bad_undated=Decimal(3),
    ppm=Decimal("130.548"),
    enough_units=True,
    positions=(),
)


def effect_after(*events):
    log = LogBook("capa").add(f"capa-{CAPA}", *CAPA_EVENTS, *events).events
    causes, effects = (project(model, log).values() for model in (capa_causes.MODEL, capa_effects.MODEL))
    assert capa_effects.effects_in(UUID(int=999), causes, effects) == []
    [effect] = capa_effects.effects_in(s.CASE, causes, effects)
    return effect


def test_whether_the_measures_worked_is_known_here_and_only_while_it_holds():
    effect = effect_after(PLANNED_CHECK, MEASURED)
    assert (effect.capa_no, effect.target_ppm, effect.made_to) == ("A2026-0001", Decimal(50), date(2026, 5, 31))
    assert (effect.units, effect.confirmed_bad, effect.pending_bad, effect.bad_undated) == (7660, 1, 2, 3)
    assert (effect.ppm, effect.verdict, effect.closed) == (Decimal("130.548"), None, False)
    proven = (PLANNED_CHECK, MEASURED, EffectivenessConfirmed(capa_id=CAPA, note="x"))
    closed = effect_after(*proven, CapaClosed(capa_id=CAPA))
    assert (closed.verdict, closed.closed) == ("effective", True)
    reopened = effect_after(*proven, CapaClosed(capa_id=CAPA), CapaReopened(capa_id=CAPA, reason="x"))
    again = RecurrenceReviewed(capa_id=CAPA, complaint_id=s.COMPLAINT, item_no=1, verdict="same_cause", reason="x")
    for forgotten in (reopened, effect_after(*proven, again)):
        assert (forgotten.verdict, forgotten.ppm, forgotten.target_ppm, forgotten.closed) == (None, None, None, False)
    other = effect_after(*proven, replace(again, verdict="other_cause"))
    assert (other.verdict, other.units) == ("effective", 7660)
    further = replace(CAPA_EVENTS[2], action_no=2)
    assert (effect_after(*proven, further).verdict, effect_after(*proven, further).target_ppm) == (None, 50)
    assert effect_after(*proven, replace(further, kind="preventive", risk="r")).verdict == "effective"
    failed = (PLANNED_CHECK, MEASURED, EffectivenessFailed(capa_id=CAPA, note="x"))
    assert effect_after(*failed, further).verdict == "not_effective"


@hypothesis_given(st.integers(1, len(s.after(s.confirm(), given=s.proposed()))))
def test_a_view_at_any_moment_is_the_fold_up_to_it(moment):
    events = LogBook("investigation").add(STREAM, *s.after(s.confirm(), given=s.proposed())).events
    view = investigation_view(events[:moment])
    assert view is not None
    assert (view.version, len(view.steps)) == (moment, moment)
    assert view.dossier.roots.keys() == view.state.roots.keys()
    assert view.dossier.nodes == view.state.nodes


def test_the_view_says_what_is_missing_and_who_did_what():
    assert investigation_view([]) is None
    view = investigation_view(LogBook("investigation").add(STREAM, *s.rooted(), by="qe").events)
    assert view is not None
    assert (view.status, view.missing_legs) == ("open", ("escape",))
    assert (view.steps[0].zh, view.steps[-1].en, view.steps[-1].by) == (
        "调查已启动",
        "Root cause confirmed",
        "qe",
    )
