"""Cross-checks (数据交叉验证): the claim beside the records of MES, WMS and SRM.

Rule 7: each check records both values and the record's source; *missing* is a finding, not a match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal

from services.investigation.domain.facts.record import FactRecord
from services.investigation.domain.flow.judge import deviates, unjudged
from shared.contracts.evidence import EvidenceRef
from shared.contracts.intake.complaint import ComplaintItem
from shared.contracts.investigation.investigation import CrossCheck
from shared.contracts.words import CheckAnswer, RecordSystem

LISTED = 10
"""Values a check quotes at most; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the customer says. `failed_at`: when it failed, else when we heard of it (nothing fails later)."""

    item: ComplaintItem
    failed_at: datetime
    account: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRecords:
    """Current facts about the claimed lot. `raw_lots` are those that went into it, by genealogy, at any level."""

    orders: Sequence[FactRecord] = ()
    shipments: Sequence[FactRecord] = ()
    raw_lots: Sequence[str] = ()
    incoming: Sequence[FactRecord] = ()


def cross_check(claim: Claim, records: LotRecords, zone: tzinfo = UTC) -> tuple[CrossCheck, ...]:
    """All checks of one item, in a fixed order. `zone` is the plant's, for dates of production."""
    checks = [
        _lot_exists(claim, records),
        _product_fits(claim, records),
        _made_before_it_failed(claim, records),
        _shipped_there(claim, records),
        _quantity_plausible(claim, records),
        _incoming_passed(records),
    ]
    if claim.item.production_date is not None:
        checks.insert(3, _production_date(claim, records, zone))
    return tuple(checks)


def _answer(
    check: str,
    system: RecordSystem,
    claimed: str | None,
    recorded: str | None,
    *,
    fits: bool,
    record: EvidenceRef | None = None,
) -> CrossCheck:
    """Missing where either side says nothing; otherwise what `fits` says."""
    answer: CheckAnswer = "match" if fits else "mismatch"
    if claimed is None or recorded is None:
        answer = "missing"
    return CrossCheck(check=check, system=system, answer=answer, claimed=claimed, recorded=recorded, record=record)


def _order(claim: Claim, records: LotRecords) -> FactRecord | None:
    """The production order of the lot: that of the claimed product where a lot has several."""
    fitting = [o for o in records.orders if _same(claim.item, o)]
    return next(iter(fitting or records.orders), None)


def _same(item: ComplaintItem, order: FactRecord) -> bool:
    return _of_product(item.product, order)


def _of_product(product: str, order: FactRecord) -> bool:
    return product in (order.text("product"), order.text("model"))


def _day(order: FactRecord, zone: tzinfo) -> date | None:
    made = order.moment("made_at")
    return made.astimezone(zone).date() if made else None


def production_day(orders: Sequence[FactRecord], product: str, zone: tzinfo) -> date | None:
    """When a lot was made (the plant's day), by its orders: those of the product where there are any.

    None where the records don't say, or say several days.
    """
    fitting = [order for order in orders if _of_product(product, order)]
    days = {_day(order, zone) for order in fitting or orders}
    return days.pop() if len(days) == 1 else None


def _lot_exists(claim: Claim, records: LotRecords) -> CrossCheck:
    order = _order(claim, records)
    lot = order.text("lot") if order else None
    where = order.evidence if order else None
    return _answer("lot_exists", "MES", claim.item.lot, lot, fits=lot == claim.item.lot, record=where)


def _product_fits(claim: Claim, records: LotRecords) -> CrossCheck:
    order = _order(claim, records)
    if order is None:
        return _answer("product_fits", "MES", claim.item.product, None, fits=False)
    fits = _same(claim.item, order)
    return _answer("product_fits", "MES", claim.item.product, order.text("product"), fits=fits, record=order.evidence)


def _made_before_it_failed(claim: Claim, records: LotRecords) -> CrossCheck:
    order = _order(claim, records)
    made = order.moment("made_at") if order else None
    return _answer(
        "made_before_failed",
        "MES",
        claim.failed_at.isoformat(),
        made.isoformat() if made else None,
        fits=made is not None and made <= claim.failed_at,
        record=order.evidence if order else None,
    )


def _production_date(claim: Claim, records: LotRecords, zone: tzinfo) -> CrossCheck:
    order = _order(claim, records)
    day = _day(order, zone) if order else None
    return _answer(
        "production_date",
        "MES",
        str(claim.item.production_date),
        str(day) if day else None,
        fits=day == claim.item.production_date,
        record=order.evidence if order else None,
    )


def _to_claimant(claim: Claim, shipments: Sequence[FactRecord]) -> list[FactRecord]:
    """The lot's shipments to this customer; without one, those to the region."""
    own = [s for s in shipments if claim.account is not None and s.text("customer") == claim.account]
    return own or [s for s in shipments if claim.region is not None and s.text("region") == claim.region]


def _shipped_there(claim: Claim, records: LotRecords) -> CrossCheck:
    claimed = " / ".join(part for part in (claim.account, claim.region) if part) or None
    there = _to_claimant(claim, records.shipments)
    shown = there or list(records.shipments)
    places = [" / ".join(p for p in (s.text("customer"), s.text("region")) if p) for s in shown]
    return _answer(
        "shipped_to_customer",
        "WMS",
        claimed,
        _listed(sorted(set(places))),
        fits=bool(there),
        record=shown[0].evidence if shown else None,
    )


def _quantity_plausible(claim: Claim, records: LotRecords) -> CrossCheck:
    relevant = _to_claimant(claim, records.shipments) or list(records.shipments)
    shipped = sum((s.number("quantity") or Decimal(0) for s in relevant), Decimal(0))
    return _answer(
        "quantity_plausible",
        "WMS",
        f"{claim.item.quantity_affected:f}",
        f"{shipped:f}" if relevant else None,
        fits=claim.item.quantity_affected <= shipped,
        record=relevant[0].evidence if relevant else None,
    )


def _incoming_passed(records: LotRecords) -> CrossCheck:
    """Every raw lot's incoming inspection passed. One failed: mismatch; one not judged: missing, by name."""
    by_lot = {lot: [r for r in records.incoming if r.text("lot") == lot] for lot in sorted(set(records.raw_lots))}
    failed = [r for found in by_lot.values() for r in found if deviates(r)]
    uninspected = [lot for lot, found in by_lot.items() if not found or any(map(unjudged, found))]
    if failed:
        said = _listed([f"{r.text('lot')}: {r.text('characteristic')} {_verdict(r)}" for r in failed])
        return _answer("incoming_inspection", "SRM", "pass", said, fits=False, record=failed[0].evidence)
    if uninspected or not by_lot:
        said = _listed([f"{lot}: —" for lot in uninspected])
        return CrossCheck(check="incoming_inspection", system="SRM", answer="missing", claimed="pass", recorded=said)
    first = next(found[0] for found in by_lot.values())
    said = _listed([f"{lot}: pass" for lot in by_lot])
    return _answer("incoming_inspection", "SRM", "pass", said, fits=True, record=first.evidence)


def _verdict(inspection: FactRecord) -> str | None:
    """What was judged; where that was a pass or nothing, the value that is outside its limits."""
    result = inspection.text("result")
    return inspection.text("value") if result in (None, "pass") else result


def _listed(values: Sequence[str]) -> str | None:
    if not values:
        return None
    each = list(dict.fromkeys(values))
    rest = f" … (+{len(each) - LISTED})" if len(each) > LISTED else ""
    return "; ".join(each[:LISTED]) + rest
