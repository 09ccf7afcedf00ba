"""The hard rules of the domain that an investigation keeps, each under its number."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from services.investigation.domain.errors import (
    AlreadyConcluded,
    AlreadyDecided,
    ApproverIsAuthor,
    BlankText,
    BoundaryPassed,
    ConfirmedCauseStands,
    ConfirmedItemStands,
    ConfirmerBears,
    ConfirmerProposed,
    DeviationOpen,
    EvidenceMissing,
    EvidenceSuperseded,
    FinalWithoutActions,
    HearingOver,
    LegHasCause,
    LegWithoutCause,
    MoreThanDelivered,
    NoConfirmedCause,
    NodeExcluded,
    NodeFaulty,
    NodeNotExamined,
    NodeUnknown,
    NotYetRoot,
    NotYourShare,
    PartyBearsNothing,
    PartyNotHeard,
    RootCauseStands,
    ShareContested,
    ShareInvalid,
    SharesDontAddUp,
    StatementNames,
    WhyUnanswered,
    WhyWithoutEvidence,
)
from services.investigation.domain.investigation.chain import missing_legs
from services.investigation.domain.investigation.commands import (
    AcceptShare,
    CorrectEvidence,
    Correction,
    DeclareCapaNotRequired,
    JoinComplaint,
    Reopen,
    ReviseResponsibility,
    UpholdShare,
    WithdrawRootCause,
)
from services.investigation.domain.investigation.dossier import gathered
from shared.contracts.investigation.cause import RootCauseConfirmed
from shared.contracts.investigation.investigation import NodeCleared, NodeReopened
from shared.contracts.investigation.responsibility import ResponsibilityConfirmed, ResponsibilityContested
from shared.contracts.party import Party
from tests.unit.investigation.case import states as s


def test_rule_08_a_node_is_cleared_only_with_evidence():
    given = s.case.given(s.opened(), s.examined())
    given.when(s.clear(evidence=())).refused(EvidenceMissing)
    given.when(s.clear()).then(
        NodeCleared(
            investigation_id=s.CASE,
            node="production",
            evidence=(s.fact(9),),
            ground="排查无异常 / examined, all in order",
        )
    )


def test_rule_08_a_node_with_an_open_deviation_or_gap_needs_a_ground():
    for answer in ("deviation", "gap"):
        given = s.case.given(s.opened(), s.examined("production", s.finding(), s.finding(answer)))
        given.when(s.clear()).refused(DeviationOpen, node="production", lot="L-1", finding_en="too hot")
        (cleared,) = given.when(s.clear(ground="传感器误报，已复测")).events
        assert cleared.ground == "传感器误报，已复测"


def test_rule_08_a_node_nobody_examined_needs_a_ground():
    s.case.given(s.opened()).when(s.clear()).refused(NodeNotExamined, node="production")
    s.case.given(s.opened()).when(s.clear(node="nowhere")).refused(NodeUnknown, node="nowhere")


def corrections(*rows: int) -> CorrectEvidence:
    return CorrectEvidence(
        corrections=tuple(Correction(corrected=s.fact(r), correction=s.fact(r, s.CORRECTING)) for r in rows)
    )


@pytest.mark.parametrize("row", [9, 7], ids=["the evidence it was cleared by", "a record its examination quotes"])
def test_rule_08_a_correction_to_that_evidence_reopens_it(row: int):
    cleared = s.after(s.clear(), given=[*s.opened(), s.examined()])
    reopened = NodeReopened(
        investigation_id=s.CASE,
        node="production",
        corrected=s.fact(row),
        correction=s.fact(row, s.CORRECTING),
    )
    s.case.given(cleared).when(corrections(row)).then(reopened)
    s.case.given(cleared).when(corrections(8)).then_nothing()
    given = s.case.given(cleared, reopened)
    assert given.state.nodes["production"].status == "reopened"
    given.when(corrections(row)).then_nothing()


def test_rule_08_a_correction_reopens_a_node_that_was_only_examined_and_leaves_a_suspect_one_suspect():
    reopened = NodeReopened(
        investigation_id=s.CASE, node="production", corrected=s.fact(7), correction=s.fact(7, s.CORRECTING)
    )
    given = s.case.given(s.opened(), s.examined())
    given.when(corrections(9)).then_nothing()
    given.when(corrections(7)).then(reopened)
    anew = s.case.given(s.opened(), s.examined(), reopened, s.examined("production", s.finding("in_order", s.fact(5))))
    anew.when(corrections(7)).then_nothing()
    assert len(anew.when(corrections(5)).events) == 1
    bad = s.case.given(s.opened(), s.examined("production", s.finding("deviation")))
    bad.when(corrections(7)).then_nothing()
    assert bad.state.nodes["production"].status == "suspect"


def test_rule_08_a_reopened_node_isnt_cleared_by_the_corrected_evidence_again():
    given = [*s.after(s.clear(), given=[*s.opened(), s.examined()])]
    given = s.after(corrections(9), given=given)
    s.case.given(given).when(s.clear()).refused(EvidenceSuperseded, row=9)
    s.case.given(given).when(s.clear(evidence=(s.fact(9, s.CORRECTING),))).then(
        NodeCleared(
            investigation_id=s.CASE,
            node="production",
            evidence=(s.fact(9, s.CORRECTING),),
            ground="排查无异常 / examined, all in order",
        )
    )


def test_rule_08_evidence_corrected_before_the_clearing_doesnt_count_and_reopening_holds_after_the_conclusion():
    superseded = s.clear(superseded=frozenset({(s.BATCH, 9)}))
    s.case.given(s.opened(), s.examined()).when(superseded).refused(EvidenceSuperseded, row=9)
    ended = s.after(s.clear(), s.conclude("undetermined"), given=[*s.opened(), s.examined()])
    assert len(s.case.given(ended).when(corrections(9)).events) == 1


def test_rule_08_a_faulty_node_isnt_cleared_and_a_cleared_one_holds_no_cause():
    s.case.given(s.rooted()).when(s.clear(ground="x")).refused(NodeFaulty)
    cleared = s.after(s.clear(ground="x"), given=s.chain())
    s.case.given(cleared).when(s.confirm_root()).refused(NodeExcluded, node="production")


def test_rule_10_a_root_cause_holds_its_unbroken_chain_with_the_evidence_of_every_answer():
    (confirmed,) = s.case.given(s.chain()).when(s.confirm_root()).events
    assert isinstance(confirmed, RootCauseConfirmed)
    assert confirmed.chain == s.WHYS[:2]
    assert confirmed.evidence == (s.fact(20), s.fact(21))
    assert (confirmed.level, confirmed.boundary) == ("managerial", "inside")


def test_rule_10_the_refusal_names_the_question_that_is_still_open():
    asked = s.after(s.ask(0), s.answer(0), s.ask(1), given=s.opened())
    s.case.given(asked).when(s.confirm_root(1)).refused(WhyUnanswered, why_id=str(s.WHYS[1]), question="为什么 1?")
    s.case.given(asked).when(s.confirm_root(0)).refused(WhyUnanswered, question="为什么 1?")


def test_rule_10_an_answer_without_evidence_breaks_the_chain():
    answered = s.after(s.ask(0), s.answer(0, evidence=()), s.ask(1), s.answer(1, "systemic"), given=s.opened())
    s.case.given(answered).when(s.confirm_root(1)).refused(WhyWithoutEvidence, question="为什么 0?")


def test_rule_10_inside_the_house_technical_is_an_intermediate_answer():
    answered = s.after(s.ask(0), s.answer(0, "technical"), given=s.opened())
    s.case.given(answered).when(s.confirm_root(0)).refused(NotYetRoot, question="为什么 0?", answer="因为 0")
    for level in ("managerial", "systemic"):
        done = s.after(s.ask(1), s.answer(1, level), given=answered)
        assert s.case.given(done).when(s.confirm_root(1)).refusal is None


def test_rule_10_a_chain_that_leads_outside_ends_at_that_boundary():
    answered = s.after(s.ask(0), s.answer(0, "technical", "supplier"), given=s.opened())
    (confirmed,) = s.case.given(answered).when(s.confirm_root(0)).events
    assert confirmed.boundary == "supplier"
    s.case.given(answered).when(s.ask(1)).refused(BoundaryPassed, question="为什么 0?")


def test_rule_10_a_later_answer_outside_breaks_a_chain_that_went_on():
    answered = s.after(
        s.ask(0),
        s.answer(0),
        s.ask(1),
        s.answer(1, "managerial"),
        s.answer(0, "technical", "carrier"),
        given=s.opened(),
    )
    s.case.given(answered).when(s.confirm_root(1)).refused(BoundaryPassed, question="为什么 0?")


def test_no_more_is_verified_than_was_delivered():
    """Five were complained about, ten delivered: seven may be bad, eleven can't."""
    joined = s.joined()
    item = replace(joined.items[0], quantity_delivered=Decimal(10))
    opened = [replace(e, items=(item,)) if isinstance(e, type(joined)) else e for e in s.opened()]
    for quantity in (7, 10):
        assert s.case.given(opened).when(replace(s.verified(), quantity=Decimal(quantity))).refusal is None
    s.case.given(opened).when(replace(s.verified(), quantity=Decimal(11))).refused(
        MoreThanDelivered, quantity=Decimal(11), delivered=Decimal(10)
    )


def test_rule_10_a_chain_is_one_root_cause_of_a_leg_until_that_is_withdrawn():
    again = s.confirm_root(root_cause_id=UUID(int=44), statement="换一种说法")
    s.case.given(s.rooted()).when(again).refused(RootCauseStands)
    withdrawn = s.after(WithdrawRootCause(root_cause_id=s.ROOT, reason="证据有误"), given=s.rooted())
    assert s.case.given(withdrawn).when(again).refusal is None


def test_rule_10_8d_needs_occurrence_and_escape():
    assert missing_legs(s.case.given(s.opened()).state) == ("occurrence", "escape")
    assert missing_legs(s.case.given(s.rooted()).state) == ("escape",)


@pytest.mark.parametrize(
    ("shares", "error"),
    [
        ((s.share(s.PRODUCTION, "primary", 60), s.share(s.SUPPLIER, "secondary", 39)), SharesDontAddUp),
        ((s.share(s.PRODUCTION, "secondary", 100),), ShareInvalid),
        ((s.share(s.PRODUCTION, "primary", 100), s.share(s.MANAGER, "management", 10)), ShareInvalid),
        ((s.share(s.PRODUCTION, "primary", 100, clause=" "),), ShareInvalid),
        ((s.share(s.PRODUCTION, "primary", 100, rule=""),), ShareInvalid),
        ((s.share(s.PRODUCTION, "primary", 100, evidence=()),), ShareInvalid),
        ((s.share(s.PRODUCTION, "primary", 50), s.share(s.PRODUCTION, "primary", 50)), ShareInvalid),
    ],
)
def test_rule_11_shares_add_up_to_100_and_name_rule_clause_and_evidence(shares, error):
    s.case.given(s.rooted()).when(s.propose(shares)).refused(error)


def test_rule_11_silence_past_the_deadline_counts_as_accepted_and_is_marked():
    accept = AcceptShare(root_cause_id=s.ROOT, party=s.PRODUCTION, by="lead", speaks_for=frozenset({s.PRODUCTION}))
    heard = s.case.given(s.after(accept, given=s.proposed()))
    heard.when(s.confirm(now=s.HEAR_BY)).refused(PartyNotHeard, parties=("supplier:S-07", "post:production_manager"))
    (confirmed,) = heard.when(s.confirm()).events
    assert isinstance(confirmed, ResponsibilityConfirmed)
    assert confirmed.silent == (s.SUPPLIER, s.MANAGER)
    assert confirmed.shares == s.SHARES


def test_rule_11_who_confirms_is_neither_the_proposer_nor_of_a_bearing_party():
    given = s.case.given(s.proposed())
    given.when(s.confirm(by="qe")).refused(ConfirmerProposed)
    given.when(s.confirm(speaks_for=frozenset({s.PRODUCTION}))).refused(ConfirmerBears, party="department:production")
    given.when(s.confirm(speaks_for=frozenset({s.MANAGER}))).refused(ConfirmerBears)
    assert given.when(s.confirm()).refusal is None


def test_rule_11_who_answered_for_a_bearing_party_confirms_in_no_other_role():
    accept = AcceptShare(root_cause_id=s.ROOT, party=s.PRODUCTION, by="lead", speaks_for=frozenset({s.PRODUCTION}))
    answered = s.after(accept, s.contest(by="agent"), given=s.proposed())
    uphold = UpholdShare(root_cause_id=s.ROOT, party=s.SUPPLIER, grounds="复检不合格", by="qe", speaks_for=frozenset())
    s.case.given(answered).when(replace(uphold, by="agent")).refused(ConfirmerBears, party="supplier:S-07")
    given = s.case.given(s.after(uphold, given=answered))
    given.when(s.confirm(by="lead", speaks_for=frozenset())).refused(ConfirmerBears, party="department:production")
    given.when(s.confirm(by="agent", speaks_for=frozenset())).refused(ConfirmerBears, party="supplier:S-07")
    assert given.when(s.confirm(speaks_for=frozenset())).refusal is None


def test_rule_11_who_answered_for_a_party_that_bears_no_more_may_confirm():
    answered = s.after(s.contest(by="agent"), revise(), given=s.proposed())
    later = s.confirm(now=s.HEAR_BY + timedelta(days=8), by="agent", speaks_for=frozenset())
    assert s.case.given(answered).when(later).refusal is None
    back = s.after(s.contest(s.PRODUCTION, by="agent"), revise(answers=(s.PRODUCTION,)), given=s.proposed())
    s.case.given(back).when(later).refused(ConfirmerBears, party="department:production")


def revise(**changes) -> ReviseResponsibility:
    base = ReviseResponsibility(
        root_cause_id=s.ROOT,
        shares=(s.share(s.PRODUCTION, "primary", 100), s.SHARES[2]),
        grounds="来料检验合格",
        answers=(s.SUPPLIER,),
        hear_by=s.HEAR_BY + timedelta(days=7),
        now=s.NOW,
        by="qe2",
        speaks_for=frozenset(),
    )
    return replace(base, **changes)


def test_rule_11_who_bears_more_than_they_accepted_is_heard_anew_though_another_share_of_theirs_stays():
    """Production accepted 60 % and stood beside as management; revised to 100 % it has accepted nothing."""
    beside = s.share(s.PRODUCTION, "management", None)
    before = replace(s.proposed()[-1], shares=(*s.SHARES, beside))
    accept = AcceptShare(root_cause_id=s.ROOT, party=s.PRODUCTION, by="lead", speaks_for=frozenset({s.PRODUCTION}))
    more = revise(shares=(s.share(s.PRODUCTION, "primary", 100), s.SHARES[2], beside))
    given = s.after(accept, s.contest(), more, given=[*s.proposed()[:-1], before])
    refused = s.case.given(given).when(s.confirm()).refused(PartyNotHeard)
    assert "department:production" in refused.parties
    instead = s.share(Party(kind="department", code="logistics"), "secondary", 40)
    same = revise(shares=(s.SHARES[0], instead, s.SHARES[2], beside))
    given = s.after(accept, s.contest(), same, given=[*s.proposed()[:-1], before])
    refused = s.case.given(given).when(s.confirm()).refused(PartyNotHeard)
    assert "department:production" not in refused.parties


def test_rule_11_nobody_rewrites_what_their_own_party_bears_or_is_to_bear():
    contested = s.after(s.contest(), given=s.proposed())
    given = s.case.given(contested)
    away = revise(shares=(s.share(Party(kind="customer_use", code="C-1"), "primary", 100),))
    for own in (s.SUPPLIER, s.PRODUCTION, s.MANAGER):
        given.when(replace(away, speaks_for=frozenset({own}))).refused(ConfirmerBears, party=str(own))
    given.when(revise(speaks_for=frozenset({s.PRODUCTION}))).refused(ConfirmerBears, party="department:production")
    given.when(revise(by="of-supplier:S-07")).refused(ConfirmerBears, party="supplier:S-07")  # who contested for it
    assert given.when(revise(speaks_for=frozenset({Party(kind="department", code="logistics")}))).refusal is None


def test_rule_11_who_revised_is_a_proposer_too():
    revised = s.after(s.contest(), revise(), given=s.proposed())
    later = s.HEAR_BY + timedelta(days=8)
    for proposer in ("qe", "qe2"):
        s.case.given(revised).when(s.confirm(now=later, by=proposer)).refused(ConfirmerProposed)


def test_rule_12_a_contested_share_cant_be_confirmed_until_revised_or_upheld():
    contested = s.after(s.contest(), given=s.proposed())
    s.case.given(contested).when(s.confirm()).refused(ShareContested, parties=("supplier:S-07",))
    uphold = UpholdShare(root_cause_id=s.ROOT, party=s.SUPPLIER, grounds="复检不合格", by="qe", speaks_for=frozenset())
    assert s.case.given(s.after(uphold, given=contested)).when(s.confirm()).refusal is None
    s.case.given(contested).when(replace(uphold, speaks_for=frozenset({s.SUPPLIER}))).refused(ConfirmerBears)
    revised = s.case.given(s.after(revise(), given=contested))
    (confirmed,) = revised.when(s.confirm(now=s.HEAR_BY + timedelta(days=8))).events
    assert [share.percent for share in confirmed.shares] == [Decimal(100), None]


def test_rule_12_a_revision_leaves_who_it_doesnt_answer_contested_and_both_versions_readable():
    both = s.after(s.contest(), s.contest(s.PRODUCTION), revise(), given=s.proposed())
    s.case.given(both).when(s.confirm(now=s.HEAR_BY + timedelta(days=8))).refused(
        ShareContested, parties=("department:production",)
    )
    history = gathered(both).responsibility[s.ROOT]
    assert [event.shares for event in history if hasattr(event, "shares")] == [s.SHARES, revise().shares]


def test_rule_12_an_appeal_after_confirmation_reopens_only_the_share():
    confirmed = s.after(s.confirm(), given=s.proposed())
    (appeal,) = s.case.given(confirmed).when(s.contest(now=s.HEAR_BY + timedelta(days=30))).events
    assert isinstance(appeal, ResponsibilityContested)
    assert appeal.stage == "appeal"
    state = s.case.given(confirmed, appeal).state
    assert list(state.roots) == [s.ROOT]
    assert not state.shares[s.ROOT].confirmed
    uphold = UpholdShare(root_cause_id=s.ROOT, party=s.SUPPLIER, grounds="维持", by="qe", speaks_for=frozenset())
    upheld = s.after(uphold, given=[*confirmed, appeal])
    s.case.given(upheld).when(s.contest(now=s.HEAR_BY)).refused(AlreadyDecided, stage="appeal")
    assert s.case.given(upheld).when(s.confirm()).refusal is None


def test_rule_12_an_objection_comes_before_the_deadline_and_from_the_party_itself():
    late = s.contest(now=s.HEAR_BY + timedelta(seconds=1))
    s.case.given(s.proposed()).when(late).refused(HearingOver)
    s.case.given(s.proposed()).when(s.contest(speaks_for=frozenset({s.QUALITY}))).refused(NotYourShare)


def test_rule_13_a_party_of_another_kind_with_the_same_code_is_another_party():
    namesake = Party(kind="department", code=s.SUPPLIER.code)
    bystander = Party(kind="dealer", code=s.SUPPLIER.code)
    shares = (s.share(s.SUPPLIER, "primary", 60), s.share(namesake, "secondary", 40))
    given = s.case.given(s.after(s.propose(shares), given=s.rooted()))
    given.when(s.contest(speaks_for=frozenset({namesake}))).refused(NotYourShare, party="supplier:S-07")
    accept = AcceptShare(root_cause_id=s.ROOT, party=namesake, by="x", speaks_for=frozenset({s.SUPPLIER}))
    given.when(accept).refused(NotYourShare, party="department:S-07")
    given.when(s.confirm(speaks_for=frozenset({namesake}))).refused(ConfirmerBears, party="department:S-07")
    assert given.when(s.confirm(speaks_for=frozenset({bystander}))).refusal is None
    lower = Party(kind="supplier", code="s-07")
    given.when(s.contest(speaks_for=frozenset({lower}))).refused(NotYourShare, party="supplier:S-07")


def test_rule_13_a_refusal_doesnt_tell_a_stranger_who_bears():
    given, stranger = s.case.given(s.proposed()), frozenset({Party(kind="supplier", code="S-99")})
    for party in (s.SUPPLIER, Party(kind="supplier", code="S-08")):
        given.when(s.contest(party, speaks_for=stranger)).refused(NotYourShare, party=str(party))
    given.when(s.contest(Party(kind="supplier", code="S-99"), speaks_for=stranger)).refused(PartyBearsNothing)


def test_rule_15_no_capa_needs_a_reason_and_another_persons_approval():
    command = DeclareCapaNotRequired(root_cause_id=s.ROOT, reason="一次性试制", by="qe")
    s.case.given(s.rooted()).when(command).refused(ApproverIsAuthor)
    s.case.given(s.rooted()).when(replace(command, by="qm", reason=" ")).refused(BlankText, name="reason")
    [approved] = s.case.given(s.rooted()).when(replace(command, by="qm")).events
    assert approved.approver == "qm"


def test_rule_16_a_final_report_is_refused_without_actions():
    given = s.case.given(s.rooted())
    given.when(s.report(capa_actions=0)).refused(FinalWithoutActions)
    for stage in ("preliminary", "interim"):
        assert given.when(s.report(capa_actions=0, stage=stage)).refusal is None
    assert given.when(s.report(capa_actions=1)).refusal is None
    s.case.given(s.opened()).when(s.report(capa_actions=0)).refused(FinalWithoutActions)


def test_rule_10_each_leg_of_an_8d_has_its_root_cause_or_a_reason_why_it_has_none_at_the_conclusion():
    rooted = s.case.given(s.rooted())
    rooted.when(s.conclude(inapplicable=())).refused(LegWithoutCause, leg="escape")
    no_occurrence = replace(s.NO_ESCAPE, leg="occurrence")
    rooted.when(s.conclude(inapplicable=(s.NO_ESCAPE, no_occurrence))).refused(LegHasCause, leg="occurrence")
    rooted.when(s.conclude(inapplicable=(replace(s.NO_ESCAPE, reason=" "),))).refused(BlankText, name="reason")
    (concluded,) = rooted.when(s.conclude()).events
    assert concluded.inapplicable == (s.NO_ESCAPE,)
    assert s.case.given(s.opened()).when(s.conclude("undetermined")).refusal is None
    assert s.case.given(s.rooted()).when(s.conclude("external", inapplicable=())).refusal is None


def test_rule_16_the_concluding_statement_names_no_supplier_and_no_customer():
    given = s.case.given(s.proposed())
    for word, command in [
        ("s-07", s.conclude(statement="供应商 s-07 的料")),
        ("C-100", s.conclude(statement="告 C-100")),
        ("恒达塑料", s.conclude(statement="因恒达塑料来料", confidential=frozenset({"恒达塑料"}))),
    ]:
        given.when(command).refused(StatementNames, word=word)
    assert given.when(s.conclude(statement="CS-077 之外")).refusal is None


def test_rule_17_a_root_cause_is_withdrawn_by_a_new_event_and_its_id_isnt_used_again():
    withdrawn = s.after(WithdrawRootCause(root_cause_id=s.ROOT, reason="新证据"), given=s.proposed())
    state = s.case.given(withdrawn).state
    assert (dict(state.roots), dict(state.shares)) == ({}, {})
    assert state.nodes["production"].status == "unexamined"
    assert s.case.given(withdrawn).when(s.confirm_root()).refusal.code == "id-taken"
    assert s.case.given(withdrawn).when(s.confirm_root(root_cause_id=UUID(int=77))).refusal is None


def test_rule_19_a_confirmed_outcome_needs_a_confirmed_cause_and_the_others_none():
    s.case.given(s.opened()).when(s.conclude()).refused(NoConfirmedCause)
    s.case.given(s.rooted()).when(s.conclude("undetermined")).refused(ConfirmedCauseStands)
    (concluded,) = s.case.given(s.rooted()).when(s.conclude()).events
    assert (concluded.outcome, concluded.tried, concluded.complaints) == (
        "root_cause_confirmed",
        "试验与拆解",
        (s.COMPLAINT,),
    )


@pytest.mark.parametrize("outcome", ["not_confirmed", "ntf", "use_error"])
def test_rule_19_an_outcome_doesnt_contradict_a_verified_item(outcome: str):
    s.case.given(s.after(s.verified("confirmed"), given=s.opened())).when(s.conclude(outcome)).refused(
        ConfirmedItemStands, outcome=outcome
    )
    assert s.case.given(s.after(s.verified(outcome), given=s.opened())).when(s.conclude(outcome)).refusal is None


def test_rule_19_a_concluded_investigation_takes_no_complaint_until_reopened():
    ended = s.after(s.conclude("undetermined"), given=s.opened())
    join = JoinComplaint(complaint_id=s.OTHER_COMPLAINT, joined=s.joined(s.OTHER_COMPLAINT))
    s.case.given(ended).when(join).refused(AlreadyConcluded, outcome="undetermined")
    s.case.given(s.after(Reopen(reason="又一起投诉"), given=ended)).when(join).then(join.joined)
