"""Facts apart from events: anchored by batch, unseen before, corrected by later ones, verified against the log."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import asyncpg
import pytest

from deploy.demo.exports import mapping_document
from deploy.demo.factory import SMALL, write
from services.investigation.domain.facts.document import parse
from services.investigation.domain.facts.errors import EncodingRefused, FileEmpty
from services.investigation.readmodels.fact_rows import FactRows
from shared.contracts.investigation.facts import FactsCaptured, FactsSuperseded, VolumesRecorded
from shared.kernel.errors import KeyReused, StoreUnavailable

SHIPMENTS = parse(
    {
        "mapping": "wms",
        "version": 1,
        "kind": "shipment",
        "system": "WMS",
        "source": "WMS-1",
        "time_zone": "Asia/Shanghai",
        "fields": {
            "shipment": {"column": "no"},
            "lot": {"column": "lot"},
            "product": {"column": "product"},
            "customer": {"column": "dealer"},
            "quantity": {"column": "qty", "type": "decimal"},
            "shipped_at": {"column": "out", "type": "datetime", "format": "%Y-%m-%d %H:%M"},
        },
    }
)
HEADER = "no,lot,product,dealer,qty,out\n"
GOOD = HEADER + "S1,L1,P,D1,10,2026-01-05 08:00\nS2,L2,P,D2,5,2026-01-05 09:00\n"


def file(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


async def events(facts, tenant="t1"):
    return [r.event for r in await facts.log.read(tenant, 0, 100)]


async def test_a_file_becomes_rows_anchored_in_the_log_with_its_volumes(facts):
    done = await facts.capture.capture(facts.context(), SHIPMENTS, file(GOOD))
    captured, volumes = await events(facts)
    assert isinstance(captured, FactsCaptured)
    assert (captured.rows, captured.refused_rows, captured.kind, captured.source) == (2, 0, "shipment", "WMS-1")
    assert isinstance(volumes, VolumesRecorded)
    assert [(v.product, v.day.isoformat(), v.units) for v in volumes.volumes] == [("P", "2026-01-05", 15)]
    [one] = await facts.rows.current("t1", ["shipment"], lot=["L1"])
    assert (one.record["customer"], one.record["quantity"], one.position) == ("D1", Decimal(10), 1)
    assert one.evidence.batch == done.batch_id
    assert await facts.rows.verify("t1", captured) is None


async def test_a_day_of_production_is_the_plants_day(facts):
    """07:30 on the 5th in Shanghai is still the 4th in UTC: a cut-in on the 5th counts it (rule 18)."""
    done = await facts.capture.capture(facts.context(), SHIPMENTS, file(HEADER + "S1,L1,P,D1,10,2026-01-05 07:30\n"))
    for zone, day in (("Asia/Shanghai", 5), ("UTC", 4)):
        [volume] = await FactRows(facts.pool, zone).volumes("t1", done.batch_id)
        assert (volume.day, volume.units) == (date(2026, 1, day), 10)


async def test_bad_rows_are_reported_by_line_and_column_and_good_rows_kept(facts):
    text = HEADER + "S1,L1,P,D1,ten,2026-01-05 08:00\nS2,L2,P,D2,5,2026-01-05 09:00\nS3,,P,D3,-1,2026-01-05 09:00\n"
    done = await facts.capture.capture(facts.context(), SHIPMENTS, file(text))
    assert [(e.line, e.error.column) for e in done.errors] == [(2, "qty"), (4, "lot"), (4, "qty")]
    assert (done.captured.rows, done.captured.refused_rows) == (1, 2)


async def test_the_same_file_again_changes_nothing(facts):
    first = await facts.capture.capture(facts.context(), SHIPMENTS, file(GOOD))
    again = await facts.capture.capture(facts.context(), SHIPMENTS, file(GOOD))
    assert (again.batch_id, again.repeated, again.captured) == (first.batch_id, True, first.captured)
    assert len(await facts.rows.current("t1", ["shipment"])) == 2


async def test_the_retry_of_a_lost_answer_hears_of_the_bad_rows_too(facts):
    context, text = facts.context(), HEADER + "S1,L1,P,D1,ten,2026-01-05 08:00\n"
    first = await facts.capture.capture(context, SHIPMENTS, file(text))
    again = await facts.capture.capture(context, SHIPMENTS, file(text))
    assert repr(again) == repr(first)
    assert [(e.line, e.error.column) for e in again.errors] == [(2, "qty")]


async def test_the_key_of_one_import_serves_no_other_not_even_of_a_file_already_here(facts):
    context = facts.context()
    await facts.capture.capture(context, SHIPMENTS, file(GOOD))
    text = HEADER + "S9,L1,P,D1,9,2026-01-05 08:00\n"
    await facts.capture.capture(facts.context(), SHIPMENTS, file(text))
    other = replace(context, key=replace(context.key, fingerprint=b"another"))
    with pytest.raises(KeyReused):
        await facts.capture.capture(other, SHIPMENTS, file(text))


END_THE_LOCK = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted"


async def test_a_lock_whose_connection_breaks_after_the_append_takes_nothing_from_the_answer(facts):
    async with facts.rows.one_at_a_time("t1"):
        assert await facts.pool.fetch(END_THE_LOCK)
    async with asyncio.timeout(5), facts.rows.one_at_a_time("t1"):  # free again
        pass


async def test_a_lock_that_cannot_be_had_is_unavailable(facts):
    async def taken():
        async with facts.rows.one_at_a_time("t1"):
            pass

    async with facts.rows.one_at_a_time("t1"):
        waiting = asyncio.create_task(taken())
        while not await facts.pool.fetchval("select count(*) from pg_locks where not granted"):  # noqa: ASYNC110 - Postgres offers no event
            await asyncio.sleep(0.01)
        await facts.pool.fetch(END_THE_LOCK.replace("granted", "not granted"))
        with pytest.raises(StoreUnavailable):
            await waiting


async def test_a_batch_killed_half_way_is_invisible_and_can_be_sent_again(facts, monkeypatch):
    async def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(facts.rows, "volumes", killed)
    with pytest.raises(KeyboardInterrupt):
        await facts.capture.capture(facts.context(), SHIPMENTS, file(GOOD))
    assert await facts.pool.fetchval("select count(*) from facts.row") == 2
    assert await facts.rows.current("t1", ["shipment"]) == []
    assert await events(facts) == []
    monkeypatch.undo()
    done = await facts.capture.capture(facts.context(), SHIPMENTS, file(GOOD))
    assert not done.repeated
    assert await facts.pool.fetchval("select count(*) from facts.row") == 2
    assert len(await facts.rows.current("t1", ["shipment"])) == 2


async def test_a_later_row_of_the_same_key_supersedes_and_what_was_known_before_stays_askable(facts):
    await facts.capture.capture(facts.context(), SHIPMENTS, file(GOOD))
    corrected = HEADER + "S1,L1,P,D9,10,2026-01-05 08:00\nS2,L2,P,D2,5,2026-01-05 09:00\n"
    done = await facts.capture.capture(facts.context(), SHIPMENTS, file(corrected))
    [change] = [e for e in await events(facts) if isinstance(e, FactsSuperseded)]
    assert [(s.natural_key, s.new_row) for s in change.superseded] == [('["S1","L1"]', 0)]
    now = await facts.rows.current("t1", ["shipment"], lot=["L1"])
    before = await facts.rows.current("t1", ["shipment"], until=2, lot=["L1"])
    assert ([f.record["customer"] for f in now], [f.record["customer"] for f in before]) == (["D9"], ["D1"])
    assert done.superseded == len(change.superseded)


async def test_a_changed_row_is_found_by_verify(facts):
    await facts.capture.capture(facts.context(), SHIPMENTS, file(GOOD))
    [captured, _] = await events(facts)
    owner = await asyncpg.connect(**facts.owner)
    for sql, problem in (
        ("update facts.row set lot = 'L7' where row = 1", "the copy in column lot was changed"),
        ("update facts.row set lot = 'L2', record = record || ' ' where row = 1", "the row's content was changed"),
        ("delete from facts.row where row = 1", "1 rows, 2 were anchored"),
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(sql)
        async with owner.transaction():
            await owner.execute("alter table facts.row disable trigger user")
            await owner.execute(sql)
            await owner.execute("alter table facts.row enable trigger user")
        fault = await facts.rows.verify("t1", captured)
        assert fault is not None
        assert fault.problem == problem
    await owner.close()


async def test_tenants_do_not_see_each_others_facts(facts):
    await facts.capture.capture(facts.context("t1"), SHIPMENTS, file(GOOD))
    assert await facts.rows.current("t2", ["shipment"]) == []
    other = await facts.capture.capture(facts.context("t2"), SHIPMENTS, file(GOOD))
    assert not other.repeated


async def test_an_empty_file_and_a_wrong_encoding_are_said_so(facts):
    with pytest.raises(FileEmpty):
        await facts.capture.capture(facts.context(), SHIPMENTS, file(HEADER))
    with pytest.raises(EncodingRefused):
        await facts.capture.capture(facts.context(), SHIPMENTS, io.BytesIO("no,lot\n批次".encode("gb18030")))
    gb = replace(SHIPMENTS, encoding="gb18030")
    text = GOOD.replace("D1", "经销商一").encode("gb18030")
    await facts.capture.capture(facts.context(), gb, io.BytesIO(text))
    [one] = await facts.rows.current("t1", ["shipment"], lot=["L1"])
    assert one.record["customer"] == "经销商一"


async def test_the_synthetic_factory_is_captured_whole(facts, tmp_path):
    for export in write(replace(SMALL, lots=40), tmp_path):
        mapping = parse(mapping_document(export.mapping))
        with export.path.open("rb") as source:
            done = await facts.capture.capture(facts.context(), mapping, source)
        assert (done.errors, done.captured.rows) == ((), export.rows), export.kind
        assert await facts.rows.verify("t1", done.captured) is None


async def test_a_row_that_was_corrected_to_another_lot_is_gone_from_the_old_one(facts):
    await facts.capture.capture(facts.context(), SHIPMENTS, file(GOOD))
    by_key = replace(SHIPMENTS, key=("shipment",))
    await facts.capture.capture(facts.context("t3"), by_key, file(GOOD))
    await facts.capture.capture(facts.context("t3"), by_key, file(GOOD.replace("S1,L1", "S1,L9")))
    assert await facts.rows.current("t3", ["shipment"], lot=["L1"]) == []
    assert len(await facts.rows.current("t3", ["shipment"], lot=["L9"])) == 1
    assert len(await facts.rows.current("t3", ["shipment"], until=2, lot=["L1"])) == 1


async def test_volumes_are_what_a_batch_adds_so_that_batches_can_be_added_up(facts):
    await facts.capture.capture(facts.context(), SHIPMENTS, file(GOOD))
    await facts.capture.capture(facts.context(), SHIPMENTS, file(GOOD.replace("D1,10", "D1,4")))
    told = [v for e in await events(facts) if isinstance(e, VolumesRecorded) for v in e.volumes]
    assert [v.units for v in told] == [15, -6]
    twice = GOOD + "S2,L2,P,D2,7,2026-01-05 09:00\n"
    await facts.capture.capture(facts.context("t4"), SHIPMENTS, file(twice))
    told = [v for e in await events(facts, "t4") if isinstance(e, VolumesRecorded) for v in e.volumes]
    assert [v.units for v in told] == [17]


async def test_corrections_name_what_took_a_facts_place(facts):
    first = await facts.capture.capture(facts.context(), SHIPMENTS, file(GOOD))
    second = await facts.capture.capture(facts.context(), SHIPMENTS, file(GOOD.replace("D1,10", "D1,4")))
    found = await facts.rows.corrections("t1", {(first.batch_id, 0), (first.batch_id, 1), (second.batch_id, 0)})
    assert {key: (ref.batch, ref.row) for key, ref in found.items()} == {(first.batch_id, 0): (second.batch_id, 0)}
