"""Units made and bad units, from two logs in whatever order they come."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.capa.domain.effectiveness import BadItem, Made, Window, measure
from services.capa.readmodels import bad_items, units_made
from shared.kernel.readmodel import project
from shared.kernel.testing import LogBook
from tests.unit.capa import logs

DAY = timedelta(days=1)
WINDOW = Window(made_from=logs.DAY, made_to=logs.DAY + DAY, products=("P-1",), defect_codes=("D-7",))


def made(*events):
    rows = project(units_made.MODEL, LogBook("investigation").add("facts-1", *events).events)
    return {key: row["units"] for key, row in rows.items()}


def items(intake=(), investigation=()):
    events = LogBook("intake").add("complaint-1", *intake).events
    events += LogBook("investigation").add("investigation-1", *investigation).events
    return {key: bad_items.bad_item(row) for key, row in project(bad_items.MODEL, events).items()}


def test_units_made_add_up_over_batches_and_shipments_dont_count():
    assert made(
        logs.volumes((logs.DAY, 100), (logs.DAY + DAY, 50)),
        logs.volumes((logs.DAY, 7)),
        logs.volumes((logs.DAY, 900), measure="shipped"),
    ) == {("P-1", logs.DAY): 107, ("P-1", logs.DAY + DAY): 50}


def test_a_registered_item_is_pending_a_verified_one_is_what_was_found():
    key = (logs.COMPLAINT, 1)
    assert items([logs.registered()])[key] == BadItem(
        product="P-1",
        quantity=Decimal(3),
        defect_codes=("D-7",),
        standing="pending",
        production_date=logs.DAY,
        received_on=date(2026, 5, 20),
    )
    found = items([logs.registered()], [logs.verified()])[key]
    assert (found.standing, found.quantity) == ("confirmed", 2)
    assert items([logs.registered()], [logs.verified("ntf")])[key].standing == "cleared"


def test_verified_before_it_was_heard_of_it_is_undated():
    found = items(investigation=[logs.verified()])[logs.COMPLAINT, 1]
    assert (found.standing, found.production_date) == ("confirmed", None)


def test_the_records_of_its_lot_tell_its_date_before_the_customer_does():
    recorded = replace(logs.verified(), production_date=logs.DAY + DAY)
    key = (logs.COMPLAINT, 1)
    assert items([logs.registered()], [recorded])[key].production_date == logs.DAY + DAY
    assert items([logs.registered(logs.item(production_date=None))], [recorded])[key].production_date == logs.DAY + DAY
    assert items([logs.registered()], [logs.verified()])[key].production_date == logs.DAY


def test_a_report_just_after_midnight_in_the_east_is_of_that_day():
    assert bad_items.latest_day(datetime(2026, 5, 20, 9, 59, tzinfo=UTC)) == date(2026, 5, 20)
    assert bad_items.latest_day(datetime(2026, 5, 20, 10, tzinfo=UTC)) == date(2026, 5, 21)


def test_corrections_of_an_item_are_followed_and_others_ignored():
    found = items(
        [
            logs.registered(logs.item(production_date=None)),
            logs.corrected("items[1].production_date", '"2026-05-13"'),
            logs.corrected("items[1].defect_codes", '["D-8"]'),
            logs.corrected("items[1].quantity_affected", '"4.5"'),
            logs.corrected("items[1].serials", '["s"]'),
            logs.corrected("order_no", '"O-1"'),
        ]
    )[logs.COMPLAINT, 1]
    assert (found.production_date, found.defect_codes, found.quantity) == (
        date(2026, 5, 13),
        ("D-8",),
        Decimal("4.5"),
    )


def test_from_the_logs_to_the_counts():
    complaint = logs.registered(
        logs.item(1), logs.item(2, production_date=None), logs.item(3, production_date=logs.DAY - DAY)
    )
    rows = items([complaint], [logs.verified(item_no=1, quantity=2)])
    units = [Made(product=p, day=d, units=u) for (p, d), u in made(logs.volumes((logs.DAY, 1000))).items()]
    counts = measure(units, rows.values(), WINDOW)
    assert (counts.units, counts.confirmed_bad, counts.pending_bad) == (1000, 2, 0)
    assert (counts.bad_undated, counts.bad_before) == (3, 3)


INTAKE = LogBook("intake").add(
    "complaint-1",
    logs.registered(logs.item(1), logs.item(2)),
    logs.corrected("items[2].production_date", '"2026-05-13"'),
)
INTAKE.add("complaint-2", logs.registered(complaint_id=UUID(int=101)))
INVESTIGATION = LogBook("investigation").add(
    "investigation-1",
    logs.verified(item_no=2),
    logs.verified("ntf", complaint_id=UUID(int=101)),
    logs.verified("confirmed", complaint_id=UUID(int=101)),
)


@given(st.permutations([True] * len(INTAKE.events) + [False] * len(INVESTIGATION.events)))
def test_the_interleaving_of_the_logs_makes_no_difference(turns):
    one, other = iter(INTAKE.events), iter(INVESTIGATION.events)
    shuffled = [next(one if intake_comes else other) for intake_comes in turns]
    assert project(bad_items.MODEL, shuffled) == project(bad_items.MODEL, [*INTAKE.events, *INVESTIGATION.events])
