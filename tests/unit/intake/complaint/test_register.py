from datetime import date
from decimal import Decimal

import pytest

from services.intake.domain.complaint.registration import complaint_no, source_claim
from services.intake.domain.errors import InTheFuture, ItemWrong, NoItems, TimesOutOfOrder
from shared.contracts.intake.complaint import ComplaintRegistered, Promise
from tests.unit.intake import states as s


def test_a_registration_keeps_every_field_of_the_form():
    form = {
        "source_reference": "M-77",
        "customer_claim_no": "KD-1",
        "order_no": "O-1",
        "delivery_no": "V-1",
        "occurred_at": s.RECEIVED - s.DAY,
        "occurred_where": "厨房",
        "scenario": "use",
        "harm": "property",
        "sample_available": True,
        "desired_resolution": "refund",
        "content_sums": s.sums(channel="ab"),
        "items": (s.item(1), s.item(2, serials=("S-1",), udi="U", expiry_date=date(2027, 1, 1))),
    }
    (event,) = s.complaint.given().when(s.register(**form)).events
    assert isinstance(event, ComplaintRegistered)
    assert {name: getattr(event, name) for name in form} == form
    assert (event.complaint_id, event.complaint_no, event.subject_id) == (s.ID, s.NUMBER, s.SUBJECT)
    assert (event.channel, event.received_at, event.aware_at) == ("phone", s.RECEIVED, s.RECEIVED)
    assert (event.customer.name, event.description) == ("王小明", "开机冒烟")


def test_it_promises_an_acknowledgement_and_an_answer_from_receipt_on():
    (event,) = s.registered(now=s.RECEIVED + 9 * s.DAY)
    by = {"policy": "sla", "policy_version": 3, "calendar": "24x7", "calendar_version": 1}
    assert event.promises == (
        Promise(clock="acknowledgement", due_at=s.RECEIVED + s.DAY, **by),
        Promise(clock="final_answer", due_at=s.RECEIVED + 30 * s.DAY, **by),
    )


def test_registering_again_is_nothing_new():
    s.complaint.given(s.registered()).when(s.register()).then_nothing()


def test_a_complaint_has_at_least_one_item():
    s.complaint.given().when(s.register(items=())).refused(NoItems)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"number": 2}, "item_no should be 1"),
        ({"quantity_affected": Decimal(0)}, "quantity_affected must be above 0"),
        ({"quantity_affected": Decimal(11)}, "quantity_affected can't exceed quantity_delivered"),
        (
            {"production_date": date(2026, 1, 2), "expiry_date": date(2026, 1, 1)},
            "expiry_date can't be before production_date",
        ),
        ({"production_date": date(2026, 1, 6)}, "production_date can't lie in the future"),
    ],
)
def test_an_item_that_cant_be(more, problem):
    s.complaint.given().when(s.register(items=(s.item(**more),))).refused(ItemWrong, item_no=1, problem_en=problem)


def test_items_are_numbered_in_their_order():
    s.complaint.given().when(s.register(items=(s.item(1), s.item(1)))).refused(ItemWrong, item_no=2)


@pytest.mark.parametrize(
    ("more", "earlier", "later"),
    [
        ({"occurred_at": s.RECEIVED + s.HOUR}, "occurred_at", "received_at"),
        ({"aware_at": s.RECEIVED - s.HOUR}, "received_at", "aware_at"),
    ],
)
def test_times_follow_each_other(more, earlier, later):
    s.complaint.given().when(s.register(**more)).refused(TimesOutOfOrder, earlier=earlier, later=later)


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"aware_at": s.NOW + s.HOUR}, "aware_at"),
        ({"received_at": s.NOW + s.HOUR, "aware_at": s.NOW + s.HOUR}, "received_at"),
    ],
)
def test_nothing_is_received_or_known_before_it_happens(more, name):
    refusal = s.complaint.given().when(s.register(**more)).refused(InTheFuture, name=name)
    assert [one.field for one in refusal.wrong] == [name]


def test_a_day_that_has_begun_somewhere_is_no_future():
    ahead = s.START.replace(hour=23)
    form = {"now": ahead, "items": (s.item(production_date=date(2026, 1, 6)),)}
    assert s.complaint.given().when(s.register(**form)).refusal is None


def test_a_wrong_item_is_named_by_where_it_stands_in_the_request():
    refusal = (
        s.complaint.given()
        .when(s.register(items=(s.item(), s.item(2, quantity_affected=Decimal(0)))))
        .refused(ItemWrong, item_no=2)
    )
    assert [one.field for one in refusal.wrong] == ["items.1.quantity_affected"]


def test_numbers_and_claims():
    assert complaint_no(2026, 123) == "C2026-000123"
    assert source_claim("email", "x") != source_claim("emai", "lx")
