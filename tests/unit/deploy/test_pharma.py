"""The 1,005 real batches through their mappings; figures of the data as its README and the issue state them."""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from deploy.demo import pharma
from deploy.demo.exports import mapping_document
from services.investigation.domain.facts.document import parse
from services.investigation.domain.facts.rows import interpret

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BESIDE = Path(__file__).resolve().parents[3].parent / "shared" / "data"
DATA = Path(os.environ.get("SUYUAN_DATA", BESIDE))

if not (DATA / "pharma" / "Laboratory.csv").is_file():
    MISSING = f"real data missing: {DATA}/pharma/Laboratory.csv (set SUYUAN_DATA)"
    if os.environ.get("CI") == "true":
        pytest.fail(MISSING, pytrace=False)
    pytest.skip(MISSING, allow_module_level=True)

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    return {one.kind: one for one in pharma.write(DATA, tmp_path_factory.mktemp("pharma"))}


@pytest.fixture(scope="module")
def facts(exports):
    found = {}
    for kind, export in exports.items():
        mapping = parse(mapping_document(export.mapping))
        with export.path.open(encoding=mapping.encoding, newline="") as file:
            raw = list(csv.DictReader(file, delimiter=mapping.delimiter))
        assert len(raw) == export.rows
        outcomes = [interpret(mapping, row, NOW) for row in raw]
        assert [error for outcome in outcomes for error in outcome.errors] == []
        found[kind] = [record for outcome in outcomes for record in outcome.records]
        keys = {mapping.natural_key(record) for record in found[kind]}
        assert len(keys) == len(found[kind])
    return found


def test_every_batch_is_one_lot_of_its_product(facts):
    orders = facts["production_order"]
    assert len({order["lot"] for order in orders}) == 1005
    assert len({order["product"] for order in orders}) == 25
    first = next(order for order in orders if order["lot"] == "TAB-1")
    assert first["order"] == "25/1"
    assert first["product"] == "TABLET-25"
    assert (first["quantity"], first["unit"]) == (Decimal(240000), "tablets")
    assert first["made_at"] == datetime(2018, 11, 1, tzinfo=UTC)


def test_batch_numbers_follow_the_start_months_within_each_product(facts):
    orders = sorted(facts["production_order"], key=lambda order: order["sequence"])
    for product in {order["product"] for order in orders}:
        months = [order["made_at"] for order in orders if order["product"] == product]
        assert months == sorted(months)


def test_104_batches_are_bad(facts):
    failed = [r["lot"] for r in facts["final_inspection"] if r["result"] == "fail"]
    assert len(failed) == 104
    assert sorted(failed) == sorted(pharma.bad_lots(DATA))


def test_each_batch_has_four_raw_material_lots(facts):
    edges = facts["genealogy"]
    assert len(edges) == 4 * 1005
    lots = {edge["input_lot"] for edge in edges}
    counts = {name: sum(lot.startswith(name) for lot in lots) for name in ("API", "SMCC", "LACTOSE", "STARCH")}
    assert counts == {"API": 238, "SMCC": 18, "LACTOSE": 22, "STARCH": 17}


def test_blank_measurements_are_left_out(facts):
    tests = facts["incoming_inspection"]
    assert sum(t["characteristic"] == "api_water" for t in tests) == 1005 - 26
    assert sum(t["characteristic"] == "api_l_impurity" for t in tests) == 1005 - 370
    assert all(t["value"] is not None for t in tests)


def test_what_is_derived_or_synthetic_says_so(exports):
    assert exports["production_order"].derived is None
    assert exports["operation"].derived == "start month joined by batch"
    assert [kind for kind, export in exports.items() if export.synthetic] == ["shipment"]
    assert exports["final_inspection"].path == exports["genealogy"].path


def test_every_bad_batch_went_to_two_dealers(facts):
    dealers = {}
    for shipment in facts["shipment"]:
        dealers.setdefault(shipment["lot"], set()).add(shipment["customer"])
    assert all(len(dealers[lot]) == 2 for lot in pharma.bad_lots(DATA))
