"""What intake and the investigation say that concerns a CAPA."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from shared.contracts.intake.complaint import ComplaintDetailsCorrected, ComplaintItem, ComplaintRegistered, Customer
from shared.contracts.investigation.cause import CapaNotRequired, RootCauseConfirmed, RootCauseWithdrawn
from shared.contracts.investigation.facts import DailyVolume, VolumesRecorded
from shared.contracts.investigation.investigation import ItemVerified

COMPLAINT = UUID(int=100)
INVESTIGATION = UUID(int=2)
CAUSE = UUID(int=3)
SUBJECT = UUID(int=50)
DAY = date(2026, 5, 12)
RECEIVED = datetime(2026, 5, 20, 8, tzinfo=UTC)


def item(item_no=1, **fields):
    told = {"product": "P-1", "quantity_affected": Decimal(3), "defect_codes": ("D-7",), "production_date": DAY}
    return ComplaintItem(item_no=item_no, **(told | fields))


def registered(*items, complaint_id=COMPLAINT):
    return ComplaintRegistered(
        complaint_id=complaint_id,
        complaint_no="C2026-0001",
        channel="email",
        received_at=RECEIVED,
        aware_at=RECEIVED,
        subject_id=SUBJECT,
        customer=Customer(name="sealed"),
        description="sealed",
        items=items or (item(),),
        promises=(),
    )


def corrected(field, new, old=None):
    return ComplaintDetailsCorrected(
        complaint_id=COMPLAINT, field=field, reason="铭牌重读", subject_id=SUBJECT, old=old, new=new
    )


def verified(outcome="confirmed", item_no=1, quantity=2, complaint_id=COMPLAINT):
    return ItemVerified(
        investigation_id=INVESTIGATION,
        complaint_id=complaint_id,
        item_no=item_no,
        outcome=outcome,
        product="P-1",
        quantity=Decimal(quantity),
        defect_codes=("D-7",),
        evidence=(),
        note="复测",
        lot="L-1",
    )


def volumes(*days, measure="made", product="P-1"):
    return VolumesRecorded(
        batch_id=UUID(int=60),
        measure=measure,
        part=1,
        volumes=tuple(DailyVolume(product=product, day=day, units=units) for day, units in days),
    )


def cause_confirmed(root_cause_id=CAUSE, join_capa=None):
    return RootCauseConfirmed(
        investigation_id=INVESTIGATION,
        root_cause_id=root_cause_id,
        statement="压机保压时间未受控",
        leg="occurrence",
        level="systemic",
        boundary="inside",
        category="machine",
        node="op-20",
        chain=(),
        evidence=(),
        products=("P-1",),
        lots=("L-1",),
        defect_codes=("D-7",),
        join_capa=join_capa,
    )


def cause_withdrawn(root_cause_id=CAUSE):
    return RootCauseWithdrawn(investigation_id=INVESTIGATION, root_cause_id=root_cause_id, reason="证据已更正")


def capa_not_required(root_cause_id=CAUSE):
    return CapaNotRequired(
        investigation_id=INVESTIGATION, root_cause_id=root_cause_id, reason="产品已停产", approver="manager"
    )
