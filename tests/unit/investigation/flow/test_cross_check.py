"""Rule 7: both values, the record's source, and missing is a finding."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from services.investigation.domain.crosscheck.checks import Claim, LotRecords, cross_check, production_day
from tests.unit.investigation.case import states as s

MADE = datetime(2026, 2, 1, 3, tzinfo=UTC)
CLAIM = Claim(item=s.joined().items[0], failed_at=datetime(2026, 2, 20, tzinfo=UTC), account="C-100", region="华东")
ORDER = s.record("production_order", 1, order="O-1", lot="L-1", product="P-1", quantity=Decimal(100), made_at=MADE)
SHIPPED = s.record(
    "shipment", 2, shipment="S-1", lot="L-1", customer="C-100", region="华东", quantity=Decimal(4), shipped_at=MADE
)
MORE = s.record(
    "shipment", 4, shipment="S-2", lot="L-1", customer="C-200", region="华北", quantity=Decimal(90), shipped_at=MADE
)
PASSED = s.record("incoming_inspection", 3, lot="R-1", report="I-1", characteristic="MFR", result="pass")


def checks(claim: Claim = CLAIM, **records):
    return {one.check: one for one in cross_check(claim, LotRecords(**records))}


def test_rule_07_a_check_records_both_values_and_the_records_source():
    found = checks(orders=[ORDER], shipments=[SHIPPED, MORE], raw_lots=["R-1"], incoming=[PASSED])
    assert [c.answer for c in found.values()] == ["match", "match", "match", "match", "mismatch", "match"]
    assert (found["product_fits"].claimed, found["product_fits"].recorded) == ("P-1", "P-1")
    assert found["product_fits"].record == ORDER.evidence
    plausible = found["quantity_plausible"]
    assert (plausible.claimed, plausible.recorded, plausible.record) == ("5", "4", SHIPPED.evidence)
    assert found["incoming_inspection"].recorded == "R-1: pass"


def test_rule_07_missing_is_a_finding_not_a_match():
    found = checks()
    assert {c.answer for c in found.values()} == {"missing"}
    assert len(found) == 6
    unnamed = replace(CLAIM, item=replace(CLAIM.item, lot=None))
    assert checks(unnamed)["lot_exists"].answer == "missing"


def test_a_raw_lot_that_nobody_inspected_is_missing_and_named():
    found = checks(raw_lots=["R-1", "R-2"], incoming=[PASSED])["incoming_inspection"]
    assert (found.answer, found.recorded) == ("missing", "R-2: —")


def test_a_failed_incoming_inspection_is_a_mismatch_and_cited():
    failed = s.record("incoming_inspection", 5, lot="R-2", report="I-2", characteristic="MFR", result="fail")
    found = checks(raw_lots=["R-1", "R-2"], incoming=[PASSED, failed])["incoming_inspection"]
    assert (found.answer, found.recorded, found.record) == ("mismatch", "R-2: MFR fail", failed.evidence)


def test_an_incoming_inspection_that_nobody_judged_is_missing_and_no_failure():
    def incoming(**told):
        record = s.record("incoming_inspection", 5, lot="R-2", report="I-2", characteristic="MFR", **told)
        found = checks(raw_lots=["R-1", "R-2"], incoming=[PASSED, record])["incoming_inspection"]
        return found.answer, found.recorded

    limits = {"lower_limit": Decimal(3), "upper_limit": Decimal(5)}
    assert incoming() == ("missing", "R-2: —")
    assert incoming(value=Decimal(4)) == ("missing", "R-2: —")
    assert incoming(value=Decimal(4), **limits) == ("match", "R-1: pass; R-2: pass")
    assert incoming(value=Decimal(6), **limits) == ("mismatch", "R-2: MFR 6")
    assert incoming(result="pass", value=Decimal(6), **limits) == ("mismatch", "R-2: MFR 6")
    assert incoming(result="concession") == ("mismatch", "R-2: MFR concession")


def test_a_check_quotes_the_same_words_once():
    failed = [
        s.record("incoming_inspection", row, lot="R-2", report=f"I-{row}", characteristic="MFR", result="fail")
        for row in range(5, 25)
    ]
    found = checks(raw_lots=["R-2"], incoming=failed)["incoming_inspection"]
    assert (found.answer, found.recorded) == ("mismatch", "R-2: MFR fail")


def test_what_was_made_after_it_failed_is_a_mismatch():
    early = replace(CLAIM, failed_at=datetime(2026, 1, 31, tzinfo=UTC))
    assert checks(early, orders=[ORDER])["made_before_failed"].answer == "mismatch"


def test_the_region_counts_where_the_customer_has_no_shipment():
    by_region = replace(CLAIM, account="C-999", region="华北")
    there = checks(by_region, shipments=[SHIPPED, MORE])
    assert (there["shipped_to_customer"].answer, there["quantity_plausible"].recorded) == ("match", "90")
    nowhere = replace(CLAIM, account="C-999", region="西南")
    assert checks(nowhere, shipments=[SHIPPED])["shipped_to_customer"].answer == "mismatch"


def order(number, made, product="P-1"):
    return s.record("production_order", number, order=f"O-{number}", lot="L-1", product=product, made_at=made)


def test_a_lots_production_day_is_the_plants_by_the_orders_of_its_product():
    late = datetime(2026, 2, 1, 17, tzinfo=UTC)  # the next day in Shanghai
    shanghai = ZoneInfo("Asia/Shanghai")
    assert production_day([order(1, late)], "P-1", shanghai) == date(2026, 2, 2)
    both = [order(1, MADE), order(2, late + timedelta(days=9), "P-2")]
    assert production_day(both, "P-1", shanghai) == date(2026, 2, 1)
    assert production_day(both, "P-2", shanghai) == date(2026, 2, 11)
    assert production_day(both[:1], "P-9", shanghai) == date(2026, 2, 1)


def test_a_lot_made_on_several_days_or_known_to_nobody_has_no_production_day():
    assert production_day([order(1, MADE), order(2, MADE + timedelta(days=1))], "P-1", UTC) is None
    assert production_day([], "P-1", UTC) is None
