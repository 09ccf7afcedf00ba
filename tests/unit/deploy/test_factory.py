"""The synthetic factory: same plan same bytes, every row readable, planted causes really there."""

from __future__ import annotations

import csv
import itertools
import json
import tracemalloc
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from deploy.demo.exports import mapping_document
from deploy.demo.factory import CAUSES, COLUMNS, SMALL, Plan, mapping_name, rows, truth, write
from services.investigation.domain.facts.document import parse
from services.investigation.domain.facts.kinds import KINDS, NODES
from services.investigation.domain.facts.rows import interpret

MANIFEST = "9857c916e7ecc5a90f06ae4b6d0030ef36cb7b99b85d9595fcb6c550008a751e"
TRUTH = "0053056881bd6f71d9fbfcd9a0d1e04f9770d99c401981917dd808dd62a5a01c"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALL = Plan(seed=7, lots=600, causes=CAUSES)


@pytest.fixture(scope="module")
def facts():
    """The small factory as canonical records, by kind."""
    found = {kind: [] for kind in COLUMNS}
    mappings = {kind: parse(mapping_document(mapping_name(kind))) for kind in COLUMNS}
    for kind, values in rows(ALL):
        outcome = interpret(mappings[kind], dict(zip(COLUMNS[kind], values, strict=True)), NOW)
        assert outcome.errors == ()
        found[kind].extend(outcome.records)
    return found


def test_the_same_seed_gives_the_same_bytes_on_every_machine(tmp_path):
    write(SMALL, tmp_path)
    assert sha256((tmp_path / "manifest.json").read_bytes()).hexdigest() == MANIFEST
    assert sha256((tmp_path / "truth.json").read_bytes()).hexdigest() == TRUTH


def test_the_manifest_names_every_file_with_its_own_digest_and_rows(tmp_path):
    exports = write(Plan(lots=40), tmp_path)
    listed = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert listed["synthetic"] is True
    assert {one["kind"] for one in listed["files"]} == set(KINDS)
    for one, export in zip(listed["files"], exports, strict=True):
        content = (tmp_path / one["path"]).read_bytes()
        assert one["sha256"] == sha256(content).hexdigest() == export.sha256
        assert one["rows"] == content.count(b"\n") - 1
        assert next(csv.reader(content.decode().splitlines())) == list(COLUMNS[one["kind"]])


def test_another_seed_gives_other_lots():
    assert list(rows(Plan(seed=1, lots=20))) != list(rows(Plan(seed=2, lots=20)))


def test_every_row_carries_its_synthetic_source_system():
    prefixes = {kind: f"SYN-{spec.system}" for kind, spec in KINDS.items()}
    assert all(values[0] == prefixes[kind] for kind, values in rows(SMALL))


def test_no_two_rows_share_a_natural_key(facts):
    for kind, records in facts.items():
        mapping = parse(mapping_document(mapping_name(kind)))
        keys = [mapping.natural_key(record) for record in records]
        assert len(keys) == len(set(keys)), kind


def test_every_finished_lot_leads_back_to_received_raw_lots(facts):
    parents = {}
    for edge in facts["genealogy"]:
        parents.setdefault(edge["output_lot"], set()).add(edge["input_lot"])
    received = {one["lot"]: one["received_at"] for one in facts["supplier_receipt"]}
    for order in facts["production_order"]:
        level, raw = {order["lot"]}, set()
        for _ in range(3):
            level = set().union(*(parents.get(lot, set()) for lot in level))
            raw |= level & set(received)
        assert {lot.split("-")[0] for lot in raw} == {"SIL", "CUR", "POT", "HTR", "PCB", "CTN"}
        assert all(received[lot] < order["made_at"] for lot in raw)


def test_genealogy_splits_and_merges(facts):
    seals = [e for e in facts["genealogy"] if e["input_material"] == "SR"]
    assert len({e["input_lot"] for e in seals}) < len(seals)
    assert len({e["output_lot"] for e in seals}) < len(seals)


def test_seals_used_are_as_many_as_pieces_made(facts):
    used = {}
    for edge in facts["genealogy"]:
        if edge["input_material"] == "SR":
            used[edge["output_lot"]] = used.get(edge["output_lot"], 0) + edge["quantity"]
    assert used == {order["lot"]: order["quantity"] for order in facts["production_order"]}


def test_what_is_not_shipped_is_in_stock(facts):
    made = {order["lot"]: order["quantity"] for order in facts["production_order"]}
    for record in (*facts["shipment"], *(s for s in facts["stock"] if s["location"] == "FG-WH")):
        made[record["lot"]] -= record["quantity"]
    assert set(made.values()) == {0}


def test_every_node_of_the_default_flow_has_records(facts):
    seen = {KINDS[kind].node_of(record) for kind, records in facts.items() for record in records}
    assert set(NODES) <= seen


def test_every_shipment_arrives_after_it_left(facts):
    assert all(shipment["delivered_at"] > shipment["shipped_at"] for shipment in facts["shipment"])


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_planted_cause_is_really_there(cause, seed):
    answer = truth(Plan(seed=seed, lots=600, causes=(cause,)))
    (planted,) = answer.planted
    inside = len(planted.bad) / len(planted.exposed)
    outside = len(answer.background) / (answer.lots - len(planted.exposed))
    assert len(planted.exposed) >= 16
    assert 0.3 <= inside <= 0.9
    assert outside <= 0.04
    assert set(planted.bad) <= set(planted.exposed)
    assert answer.bad == {*planted.bad, *answer.background}


def test_without_causes_only_background_is_bad():
    answer = truth(Plan(lots=600, causes=()))
    assert answer.planted == ()
    assert 0 < len(answer.background) < 24


def test_the_poor_material_lot_is_where_genealogy_says(facts):
    planted = truth(ALL).planted[0]
    reached = {planted.value}
    for edge in facts["genealogy"]:  # rows come in order of time: inputs before outputs
        if edge["input_lot"] in reached:
            reached.add(edge["output_lot"])
    assert {lot for lot in reached if lot.startswith("FG-")} == set(planted.exposed)
    test = next(t for t in facts["incoming_inspection"] if t["lot"] == planted.value)
    assert test["result"] == "pass"
    assert test["value"] == max(t["value"] for t in facts["incoming_inspection"] if t["product"] == "SIL")


def test_the_drifting_press_is_below_its_limit_in_the_window_only(facts):
    planted = next(p for p in truth(ALL).planted if p.cause == "parameter_drift")
    cold = [
        p
        for p in facts["equipment_parameter"]
        if p["parameter"] == "curing_temperature" and p["value"] < p["lower_limit"]
    ]
    assert {p["equipment"] for p in cold} == {planted.value}
    assert len(cold) == 18
    assert max(p["measured_at"] for p in cold) - min(p["measured_at"] for p in cold) < planted.until - planted.since


def test_the_lapsed_operator_worked_without_a_valid_certificate(facts):
    planted = next(p for p in truth(ALL).planted if p.cause == "unqualified_operator")
    valid_to = {(q["operator"], q["operation"]): q["valid_to"] for q in facts["qualification"]}
    without = [o for o in facts["operation"] if o["started_at"].date() > valid_to[o["operator"], o["operation"]]]
    assert {o["operator"] for o in without} == {planted.value}
    assert {o["lot"] for o in without} == set(planted.exposed)


def test_bad_lots_leak_more_yet_pass_the_wide_limit(facts):
    bad = truth(ALL).bad
    leaks = [t for t in facts["final_inspection"] if t["characteristic"] == "leak_rate"]
    assert min(t["value"] for t in leaks if t["lot"] in bad) > max(t["value"] for t in leaks if t["lot"] not in bad)
    assert {t["result"] for t in leaks} == {"pass"}


def test_a_million_lots_stream_in_bounded_memory():
    stream = rows(Plan(lots=1_000_000))
    qualified = 2 * 700 * 5 * 3  # lines × operations × crew come first
    next(itertools.islice(stream, qualified, None))
    tracemalloc.start()
    try:
        next(itertools.islice(stream, 60_000, None))
        early = tracemalloc.get_traced_memory()[0]
        next(itertools.islice(stream, 60_000, None))
        assert tracemalloc.get_traced_memory()[0] < early + 2_000_000
    finally:
        tracemalloc.stop()
