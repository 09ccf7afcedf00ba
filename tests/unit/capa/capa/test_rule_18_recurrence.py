"""Rule 18: the same product × defect after the cut-in is suspected; a person reviews; the same cause reopens."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from services.capa.domain.capa.commands import (
    CloseCapa,
    Complained,
    ReviewRecurrence,
    SuspectRecurrences,
)
from services.capa.domain.capa.decider import CAPA
from services.capa.domain.effectiveness import BadItem
from services.capa.domain.errors import (
    CapaNotComplete,
    Missing,
    ReasonMissing,
    RecurrenceIsReviewed,
    RecurrenceUnreviewed,
    ReviewerInvolved,
)
from shared.contracts.capa import capa as said
from shared.kernel.errors import NotFound
from tests.unit.capa.capa import states as s

COMPLAINT = UUID(int=77)
DAY = timedelta(days=1)
BAD = BadItem(product="P-1", quantity=Decimal(2), defect_codes=("D-7",), standing="confirmed", production_date=s.CUT_IN)
DONE = [*s.opened(), *s.done(), s.verified()]
MEASURED = [*DONE, s.check_planned(), s.measured()]


def complained(item_no=1, **changes):
    return Complained(complaint_id=COMPLAINT, complaint_no="C2026-0077", item_no=item_no, item=replace(BAD, **changes))


def look(*items):
    return SuspectRecurrences(capa_id=s.ID, complained=items or (complained(),))


def suspected(item_no=1, made=s.CUT_IN, causes=(s.CAUSE,), **changes):
    event = said.RecurrenceSuspected(
        capa_id=s.ID,
        complaint_id=COMPLAINT,
        complaint_no="C2026-0077",
        item_no=item_no,
        product="P-1",
        defect_codes=("D-7",),
        quantity=Decimal(2),
        production_date=made,
        cut_in=s.CUT_IN,
        root_causes=causes,
    )
    return replace(event, **changes)


def review(verdict="other_cause", item_no=1, by=s.MANAGER, reason="断口形貌不同"):
    return ReviewRecurrence(
        capa_id=s.ID, complaint_id=COMPLAINT, item_no=item_no, verdict=verdict, reason=reason, by=by
    )


def reviewed(verdict="other_cause", item_no=1):
    return said.RecurrenceReviewed(
        capa_id=s.ID, complaint_id=COMPLAINT, item_no=item_no, verdict=verdict, reason="断口形貌不同"
    )


@pytest.mark.parametrize("given", [DONE, s.closed(), [*s.opened(), *s.done()]], ids=["open", "closed", "unverified"])
def test_rule_18_the_same_product_and_defect_made_from_the_cut_in_on_is_a_suspected_recurrence(given):
    s.capa.given(given).when(look()).then(suspected())


@pytest.mark.parametrize(
    "changes",
    [
        {"production_date": s.CUT_IN - DAY},
        {"production_date": None},
        {"standing": "pending"},
        {"standing": "cleared"},
        {"product": "P-2"},
        {"defect_codes": ("D-8",)},
        {"defect_codes": ()},
    ],
    ids=str,
)
def test_rule_18_what_was_made_before_or_is_another_thing_is_none(changes):
    s.capa.given(DONE).when(look(complained(**changes))).then()


@pytest.mark.parametrize(
    "given",
    [s.opened(), [*s.opened(), *s.done(), s.verified(met=False)], [*DONE, s.released()]],
    ids=["no cut-in", "sent back", "released"],
)
def test_rule_18_without_a_cut_in_or_a_standing_cause_nothing_is_suspected(given):
    s.capa.given(given).when(look()).then()


def test_rule_18_a_cause_without_defect_codes_is_about_every_defect():
    every = replace(s.A_CAUSE, defect_codes=())
    given = [s.opened()[0], s.addressed(every), *s.done()]
    s.capa.given(given).when(look(complained(defect_codes=("D-8",)))).then(suspected(defect_codes=("D-8",)))


def test_rule_18_several_items_are_named_in_order_with_the_causes_they_may_come_from():
    given = [*s.opened(), s.addressed(s.ANOTHER_CAUSE), *s.done()]
    both = (s.CAUSE, s.OTHER_CAUSE)
    s.capa.given(given).when(look(complained(2), complained(1))).then(
        suspected(1, causes=both), suspected(2, causes=both)
    )


@pytest.mark.parametrize("then", [[], [reviewed("other_cause")], [reviewed("same_cause")], [reviewed("made_before")]])
def test_rule_18_an_item_is_suspected_once(then):
    s.capa.given([*DONE, suspected(), *then]).when(look()).then()


def test_rule_18_an_item_said_to_be_made_before_is_looked_at_again_when_its_date_is_corrected():
    later = s.CUT_IN + DAY
    given = [*DONE, suspected(), reviewed("made_before")]
    s.capa.given(given).when(look(complained(production_date=later))).then(suspected(made=later))
    other = [*DONE, suspected(), reviewed("other_cause")]
    s.capa.given(other).when(look(complained(production_date=later))).then()


def test_rule_18_a_person_reviews_before_anybody_confirms_or_closes():
    confirm = s.confirm()
    refused = s.capa.given([*MEASURED, suspected()]).when(confirm).refused(RecurrenceUnreviewed)
    assert refused.items == ("C2026-0077/1",)
    s.capa.given([*MEASURED, suspected(), reviewed()]).when(confirm).then(s.confirmed())
    close = CloseCapa(capa_id=s.ID)
    kept = s.capa.given([*s.ready_to_close(), suspected()]).when(close).refused(CapaNotComplete)
    assert kept.missing == (Missing("recurrence_unreviewed", "C2026-0077/1"),)
    assert kept.text("zh").endswith("疑似复发 C2026-0077/1 未评审")
    s.capa.given([*s.ready_to_close(), suspected(), reviewed("made_before")]).when(close).then(s.CLOSED)


def test_rule_18_the_same_cause_again_reopens_and_the_effect_is_to_be_shown_anew():
    again = review("same_cause")
    reopened = said.CapaReopened(capa_id=s.ID, reason="断口形貌不同")
    s.capa.given([*s.closed(), suspected()]).when(again).then(reviewed("same_cause"), reopened)
    s.capa.given([*MEASURED, s.confirmed(), suspected()]).when(again).then(reviewed("same_cause"))
    after = [*MEASURED, s.confirmed(), suspected(), reviewed("same_cause")]
    state = CAPA.fold(after)
    assert (state.effectiveness, state.check, state.measured, state.closed) == ("none", None, None, False)


@pytest.mark.parametrize("verdict", ["other_cause", "made_before"])
def test_rule_18_another_cause_leaves_what_was_proven(verdict):
    s.capa.given([*s.closed(), suspected()]).when(review(verdict)).then(reviewed(verdict))
    state = CAPA.fold([*s.closed(), suspected(), reviewed(verdict)])
    assert (state.effectiveness, state.closed, state.unreviewed) == ("confirmed", True, [])


def test_a_review_is_refused_where_there_is_nothing_to_review():
    s.capa.given(DONE).when(review()).refused(NotFound)
    s.capa.given([*DONE, suspected()]).when(review(item_no=2)).refused(NotFound)
    s.capa.given([*DONE, suspected(), reviewed()]).when(review("same_cause")).refused(RecurrenceIsReviewed)
    s.capa.given([*DONE, suspected()]).when(review(reason=" ")).refused(ReasonMissing)


def test_rule_14_who_owns_or_completed_an_action_does_not_review_what_came_of_it():
    s.capa.given([*DONE, suspected()]).when(review(by=s.OWNER)).refused(ReviewerInvolved)
    cancelled = [*DONE, s.planned(2, owner=s.MANAGER), s.cancelled(2), suspected()]
    s.capa.given(cancelled).when(review()).then(reviewed())
