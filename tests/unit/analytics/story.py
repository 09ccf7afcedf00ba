"""Two complaints, one investigation, one CAPA: what three services' logs say of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from shared.contracts.capa import capa as capas
from shared.contracts.intake import complaint as intake
from shared.contracts.investigation import cause, investigation, responsibility
from shared.contracts.party import Party
from shared.kernel.testing import START, LogBook

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FIRST, SECOND = UUID(int=1), UUID(int=2)
INVESTIGATION, CAUSE, CAPA, SUBJECT = UUID(int=10), UUID(int=20), UUID(int=30), UUID(int=40)
PROMISED = START + 20 * DAY


def promise(due_at=PROMISED, clock="final_answer"):
    return intake.Promise(clock=clock, due_at=due_at, policy="sla", policy_version=1, calendar="cn", calendar_version=1)


def item(item_no=1, **fields):
    told = {"product": "P-1", "quantity_affected": Decimal(3), "defect_codes": ("D-7",)}
    return intake.ComplaintItem(item_no=item_no, **(told | fields))


def registered(complaint_id=FIRST, items=None, promises=()):
    return intake.ComplaintRegistered(
        complaint_id=complaint_id,
        complaint_no=f"C2026-{complaint_id.int:04d}",
        channel="email",
        received_at=START,
        aware_at=START,
        subject_id=SUBJECT,
        customer=intake.Customer(name="sealed", account="ACC-1"),
        description="sealed",
        items=items or (item(),),
        promises=promises,
    )


def acknowledged(hours=1, *, automatic=False, complaint_id=FIRST):
    return intake.ComplaintAcknowledged(
        complaint_id=complaint_id, acknowledged_at=START + hours * HOUR, automatic=automatic
    )


def answered(hours, *, automatic=False):
    return intake.CustomerResponseSent(
        complaint_id=FIRST,
        subject_id=SUBJECT,
        channel="email",
        body="sealed",
        automatic=automatic,
        tells_decision=False,
        sent_at=START + hours * HOUR,
    )


def triaged(complaint_id=FIRST, promises=(), severity="major"):
    answer = intake.TriageAnswer(severity=severity, scope="lot", priority="high")
    return intake.ComplaintTriaged(
        complaint_id=complaint_id,
        triage_no=1,
        rules="triage",
        rules_version=1,
        inputs=(),
        matched_row="r1",
        why_zh="",
        why_en="",
        rule_answer=answer,
        answer=answer,
        promises=promises or (promise(),),
    )


def handed_over(complaint_id=FIRST):
    return intake.ComplaintHandedOver(
        complaint_id=complaint_id,
        complaint_no="C",
        investigation_id=INVESTIGATION,
        mode="open",
        items=(),
        received_at=START,
        aware_at=START,
        severity="major",
        scope="lot",
        harm="none",
    )


def outcome_recorded():
    return intake.InvestigationOutcomeRecorded(
        complaint_id=FIRST, investigation_id=INVESTIGATION, outcome="root_cause_confirmed", statement=""
    )


def offered():
    return intake.ResolutionOffered(
        complaint_id=FIRST,
        resolution_no=1,
        resolution="replace",
        terms="",
        respond_by=START + 9 * DAY,
        policy="sla",
        policy_version=1,
    )


ACCEPTED = intake.ResolutionAccepted(complaint_id=FIRST, resolution_no=1, by="customer")
REJECTED = intake.ResolutionRejected(complaint_id=FIRST, subject_id=SUBJECT, resolution_no=1, recourse="仲裁")
REMEDIED = intake.RemedyCompleted(complaint_id=FIRST, resolution_no=1, completed_at=START + 9 * DAY)
REOPENED = intake.ComplaintReopened(complaint_id=FIRST, reason="再次发生")


def closed(days=10):
    return intake.ComplaintClosed(complaint_id=FIRST, closed_at=START + days * DAY, accepted_by="customer")


def corrected(field, new):
    return intake.ComplaintDetailsCorrected(complaint_id=FIRST, field=field, reason="更正", subject_id=SUBJECT, new=new)


OPENED = investigation.InvestigationOpened(
    investigation_id=INVESTIGATION, investigation_no="I2026-0001", flow="default", flow_version=1
)
CONCLUDED = investigation.InvestigationConcluded(
    investigation_id=INVESTIGATION,
    outcome="root_cause_confirmed",
    tried="",
    statement="",
    complaints=(FIRST, SECOND),
)


def joined(complaint_id=FIRST):
    return investigation.ComplaintJoined(
        investigation_id=INVESTIGATION,
        complaint_id=complaint_id,
        complaint_no="C",
        items=(),
        received_at=START,
        aware_at=START,
        severity="major",
        harm="none",
    )


def left(complaint_id=FIRST):
    return investigation.ComplaintLeft(investigation_id=INVESTIGATION, complaint_id=complaint_id, reason="他因")


def verified(complaint_id=FIRST, outcome="confirmed", product="P-1"):
    return investigation.ItemVerified(
        investigation_id=INVESTIGATION,
        complaint_id=complaint_id,
        item_no=1,
        outcome=outcome,
        product=product,
        quantity=Decimal(2),
        defect_codes=("D-8",),
        evidence=(),
        note="",
        lot="L-1",
    )


CAUSE_CONFIRMED = cause.RootCauseConfirmed(
    investigation_id=INVESTIGATION,
    root_cause_id=CAUSE,
    statement="保压时间未受控",
    leg="occurrence",
    level="systemic",
    boundary="inside",
    category="machine",
    node="op-20",
    chain=(),
    evidence=(),
    products=("P-1",),
    lots=(),
    defect_codes=("D-8",),
)
CAUSE_WITHDRAWN = cause.RootCauseWithdrawn(investigation_id=INVESTIGATION, root_cause_id=CAUSE, reason="证据更正")

PRODUCTION = Party(kind="department", code="production")
QUALITY = Party(kind="department", code="quality")


def share(party=PRODUCTION, kind="primary", percent=100):
    return responsibility.Share(
        party=party,
        kind=kind,
        percent=None if percent is None else Decimal(percent),
        rule="R-1",
        clause="8.5.1",
        evidence=(),
    )


def confirmed(proposal_no=1, shares=(), silent=()):
    return responsibility.ResponsibilityConfirmed(
        investigation_id=INVESTIGATION,
        root_cause_id=CAUSE,
        proposal_no=proposal_no,
        shares=shares or (share(),),
        silent=silent,
        leg="occurrence",
        node="op-20",
        products=("P-1",),
        defect_codes=("D-8",),
    )


def contested(party=PRODUCTION, stage="appeal", proposal_no=1):
    return responsibility.ResponsibilityContested(
        investigation_id=INVESTIGATION,
        root_cause_id=CAUSE,
        proposal_no=proposal_no,
        party=party,
        stage=stage,
        grounds="计量记录有误",
    )


def upheld(party=PRODUCTION, proposal_no=1):
    return responsibility.ResponsibilityUpheld(
        investigation_id=INVESTIGATION, root_cause_id=CAUSE, proposal_no=proposal_no, party=party, grounds="记录属实"
    )


CAPA_OPENED = capas.CapaOpened(capa_id=CAPA, capa_no="A2026-0001", title="", investigation_id=INVESTIGATION)
CAUSE_ADDRESSED = capas.CauseAddressed(
    capa_id=CAPA,
    investigation_id=INVESTIGATION,
    root_cause_id=CAUSE,
    statement="",
    leg="occurrence",
    node="op-20",
    products=("P-1",),
    defect_codes=(),
)
EFFECT_CONFIRMED = capas.EffectivenessConfirmed(capa_id=CAPA, note="")
CAPA_CLOSED = capas.CapaClosed(capa_id=CAPA)
CAPA_REOPENED = capas.CapaReopened(capa_id=CAPA, reason="再次发生")


def logs():
    """The whole story, one log a service."""
    own, other, inquiry = f"complaint-{FIRST}", f"complaint-{SECOND}", f"investigation-{INVESTIGATION}"
    told = LogBook("intake").add(own, registered(), acknowledged(1)).add(other, registered(SECOND))
    told.add(own, triaged(), at=START + 2 * HOUR).add(own, handed_over(), at=START + 3 * HOUR)
    found = LogBook("investigation").add(inquiry, OPENED, joined(), joined(SECOND), at=START + 3 * HOUR)
    found.add(inquiry, verified(), verified(SECOND, "ntf"), at=START + DAY)
    found.add(inquiry, CAUSE_CONFIRMED, at=START + 4 * DAY).add(inquiry, confirmed(), at=START + 5 * DAY)
    found.add(inquiry, CONCLUDED, at=START + 6 * DAY)
    told.add(own, outcome_recorded(), at=START + 6 * DAY).add(own, offered(), at=START + 7 * DAY)
    told.add(own, ACCEPTED, at=START + 8 * DAY).add(own, REMEDIED, closed(), at=START + 10 * DAY)
    mended = LogBook("capa").add(f"capa-{CAPA}", CAPA_OPENED, CAUSE_ADDRESSED, at=START + 4 * DAY)
    mended.add(f"capa-{CAPA}", EFFECT_CONFIRMED, CAPA_CLOSED, at=START + 90 * DAY)
    return {"intake": told.events, "investigation": found.events, "capa": mended.events}
