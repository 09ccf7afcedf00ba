"""The hard rules of the domain that intake keeps, each under its number."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.application import reactions
from services.intake.domain.complaint.clocks import deadlines
from services.intake.domain.complaint.commands import AcceptResolution, AcknowledgeComplaint, CorrectDetail
from services.intake.domain.complaint.registration import refuse_other_content
from services.intake.domain.errors import (
    ComplaintIsClosed,
    NotReadyToClose,
    NotSilentYet,
    OverrideWithoutReason,
    ReasonMissing,
    SourceReferenceDiffers,
)
from shared.contracts.intake.complaint import ComplaintClosed, ComplaintDetailsCorrected, ComplaintTriaged
from tests.unit.intake import states as s
from tests.unit.intake.walks import lives, log_of

LATER = s.NOW + 40 * s.DAY


def clock(events, name):
    return next(one.clock for one in deadlines(log_of(events).events) if one.clock.clock == name)


class TestRule01OneIdForLife:
    def test_rule_01_the_same_content_is_the_first_complaint(self):
        (form,) = s.registered(content_sums=s.sums(description="aa", items="bb"))
        refuse_other_content(form, s.sums(description="aa", items="bb"))

    @pytest.mark.parametrize(
        ("sent", "fields"),
        [
            ({"description": "zz", "items": "bb"}, ("description",)),
            ({"items": "bb"}, ("description",)),
            ({"description": "zz", "items": "bb", "harm": "cc"}, ("description", "harm")),
        ],
    )
    def test_rule_01_other_content_is_refused_with_the_difference(self, sent, fields):
        (form,) = s.registered(content_sums=s.sums(description="aa", items="bb"))
        with pytest.raises(SourceReferenceDiffers) as refused:
            refuse_other_content(form, s.sums(**sent))
        assert refused.value.facts == {"complaint_id": str(s.ID), "complaint_no": s.NUMBER, "fields": fields}

    @given(lives())
    def test_rule_01_no_life_changes_id_number_or_whose_it_is(self, events):
        form = s.complaint.given(events).state.form
        assert (form.complaint_id, form.complaint_no, form.subject_id) == (s.ID, s.NUMBER, s.SUBJECT)


class TestRule02Corrections:
    def test_rule_02_a_correction_keeps_the_old_value(self):
        correct = CorrectDetail(path="items[1].lot", value="L-9", now=s.NOW, reason="看错批号")
        again = replace(correct, value="L-8", reason="又看错")
        events = s.after(correct, again, given=s.registered())
        assert [(event.old, event.new, event.reason) for event in events[1:]] == [
            ('"L-1"', '"L-9"', "看错批号"),
            ('"L-9"', '"L-8"', "又看错"),
        ]

    def test_rule_02_a_correction_needs_a_reason(self):
        for reason in ("", " \n"):
            correct = CorrectDetail(path="items[1].lot", value="L-9", now=s.NOW, reason=reason)
            s.complaint.given(s.registered()).when(correct).refused(ReasonMissing)


class TestRule03Triage:
    def test_rule_03_triage_follows_the_published_version(self):
        (event,) = s.complaint.given(s.registered()).when(s.triage(rules_version=7)).events
        assert (event.rules, event.rules_version, event.answer) == ("triage", 7, s.MAJOR)

    def test_rule_03_an_override_needs_a_reason_and_is_marked(self):
        for reason in (None, "", "  "):
            s.complaint.given(s.registered()).when(s.triage(s.MINOR, override_reason=reason)).refused(
                OverrideWithoutReason
            )
        (event,) = s.complaint.given(s.registered()).when(s.triage(s.MINOR, override_reason="已核实仅一件")).events
        assert (event.rule_answer, event.answer, event.override_reason) == (s.MAJOR, s.MINOR, "已核实仅一件")

    def test_rule_03_agreeing_with_the_rule_is_no_override(self):
        (event,) = s.complaint.given(s.registered()).when(s.triage(s.MAJOR, override_reason="同意")).events
        assert event.override_reason is None

    @given(st.integers(0, 2000), st.sampled_from([s.MINOR, s.MAJOR, s.SAFETY]))
    def test_rule_03_a_retriage_makes_nobody_late_retroactively(self, hours, rule):
        at = s.NOW + hours * s.HOUR
        event = s.complaint.given(s.triaged()).when(s.triage(at=at, rule=rule)).events[0]
        assert event.triage_no == 2
        assert {promise.clock for promise in event.promises} == {"first_response", "final_answer"}
        assert all(promise.due_at > at for promise in event.promises)

    def test_rule_03_a_retriage_starts_new_clocks_from_its_own_moment(self):
        events = s.after(s.triage(at=LATER, rule=s.SAFETY), given=s.triaged())
        assert clock(events, "first_response").due_at == LATER + 4 * s.HOUR
        assert clock(events, "final_answer").due_at == LATER + 3 * s.DAY

    def test_rule_03_on_a_closed_case_a_retriage_sets_a_flag(self):
        told = replace(s.DECISION, automatic=True)  # so that a first response is still owed
        closed = s.after(told, s.OFFER, s.ACCEPT, s.REMEDY, s.CLOSE, given=s.triaged())
        (event,) = s.complaint.given(closed).when(s.triage(rule=s.SAFETY, at=LATER)).events
        assert isinstance(event, ComplaintTriaged)
        assert (event.after_closure, event.promises) == (True, ())


class TestRule04Deadlines:
    def test_rule_04_service_clocks_start_at_received_not_at_registration(self):
        late = s.RECEIVED + 9 * s.DAY
        events = s.after(s.register(now=late), s.triage(at=late, rule=s.SAFETY))
        assert clock(events, "acknowledgement").due_at == s.RECEIVED + s.DAY
        assert clock(events, "first_response").due_at == s.RECEIVED + 4 * s.HOUR
        assert clock(events, "first_response").started_at == s.RECEIVED

    def test_rule_04_a_retarget_keeps_the_first_promise(self):
        events = s.after(s.triage(at=LATER, rule=s.SAFETY), given=s.triaged())
        assert clock(events, "final_answer").first_due_at == s.RECEIVED + 30 * s.DAY

    def test_rule_04_the_policy_and_calendar_version_stand_in_the_promise(self):
        promises = s.registered()[0].promises
        assert {(p.policy, p.policy_version, p.calendar, p.calendar_version) for p in promises} == {
            ("sla", 3, "24x7", 1)
        }

    @given(lives())
    def test_rule_04_deadlines_are_a_fold_over_events(self, events):
        """Read to any earlier event, they are what they were then."""
        for until in range(1, len(events) + 1):
            then = tuple(one.clock for one in deadlines(log_of(events[:until]).events))
            assert then == s.complaint.given(events[:until]).state.clocks


class TestRule15Closing:
    def test_rule_15_it_closes_when_told_remedied_and_accepted(self):
        s.complaint.given(s.ready_to_close()).when(s.CLOSE).then(
            ComplaintClosed(complaint_id=s.ID, closed_at=s.CLOSE.now, accepted_by="customer")
        )

    def test_rule_15_it_never_waits_for_an_investigation_or_a_capa(self):
        without = s.after(s.DECISION, s.OFFER, s.ACCEPT, s.REMEDY, given=s.registered())
        assert len(s.complaint.given(without).when(s.CLOSE).events) == 1
        (rule,) = reactions.rules(None)
        assert (rule.source, rule.on) == ("investigation", {"investigation.InvestigationConcluded"})

    @pytest.mark.parametrize(
        ("steps", "missing"),
        [
            ((), ("decision_told", "resolution_accepted", "remedy_done")),
            ((s.OFFER, s.ACCEPT, s.REMEDY), ("decision_told",)),
            ((s.DECISION, s.OFFER, s.ACCEPT), ("remedy_done",)),
            ((s.DECISION, s.OFFER), ("resolution_accepted", "remedy_done")),
            ((s.OFFER, s.ACCEPT), ("decision_told", "remedy_done")),
        ],
    )
    def test_rule_15_whatever_is_missing_is_named(self, steps, missing):
        given_ = s.after(*steps, given=s.outcome_known())
        s.complaint.given(given_).when(s.CLOSE).refused(NotReadyToClose, missing=missing)

    def test_rule_15_an_accepted_explanation_is_its_own_remedy(self):
        explanation = replace(s.OFFER, resolution="explanation")
        accepted = s.after(s.DECISION, explanation, s.ACCEPT, given=s.outcome_known())
        assert len(s.complaint.given(accepted).when(s.CLOSE).events) == 1
        untold = s.after(explanation, s.ACCEPT, given=s.outcome_known())
        s.complaint.given(untold).when(s.CLOSE).refused(NotReadyToClose, missing=("decision_told",))
        unanswered = s.after(s.DECISION, explanation, given=s.outcome_known())
        s.complaint.given(unanswered).when(s.CLOSE).refused(NotReadyToClose, missing=("resolution_accepted",))

    def test_rule_15_silence_counts_only_after_the_published_period(self):
        respond_by = s.OFFER.now + 14 * s.DAY
        silence = AcceptResolution(now=respond_by, by="silence")
        s.complaint.given(s.offered()).when(replace(silence, now=respond_by - s.HOUR)).refused(NotSilentYet)
        events = s.after(silence, s.REMEDY, given=s.offered())
        (closed,) = s.complaint.given(events).when(s.CLOSE).events
        assert closed.accepted_by == "silence"

    def test_rule_15_a_rejected_resolution_keeps_it_open_and_states_recourse(self):
        rejected = s.after(s.REJECT, given=s.offered())
        assert rejected[-1].recourse == "可向消费者协会申诉"
        s.complaint.given(rejected).when(s.CLOSE).refused(
            NotReadyToClose, missing=("resolution_accepted", "remedy_done")
        )

    def test_rule_15_after_reopening_it_is_told_offered_and_remedied_anew(self):
        reopened = s.after(s.REOPEN, given=s.closed())
        s.complaint.given(reopened).when(s.CLOSE).refused(
            NotReadyToClose, missing=("decision_told", "resolution_accepted", "remedy_done")
        )

    def test_rule_15_closed_is_closed_until_reopened(self):
        for command in (s.CLOSE, s.OFFER, s.ACCEPT, s.REMEDY, AcknowledgeComplaint(now=LATER)):
            s.complaint.given(s.closed()).when(command).refused(ComplaintIsClosed, complaint_no=s.NUMBER)


class TestRule17NobodyEditsHistory:
    def test_rule_17_a_correction_is_a_new_event_that_names_its_field_and_changes_none_before_it(self):
        before = s.closed()
        correct = CorrectDetail(path="items[1].lot", value="L-9", now=s.NOW, reason="看错批号")
        outcome = s.complaint.given(before).when(correct)
        assert [(type(event), event.field) for event in outcome.events] == [(ComplaintDetailsCorrected, "items[1].lot")]
        assert before[0].items[0].lot == "L-1"
        assert s.complaint.given(before, outcome.events).state.form.items[0].lot == "L-9"
