"""Investigations in the states that tests start from, and the facts they cite."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.investigation.domain.facts.kinds import KINDS
from services.investigation.domain.facts.record import FactRecord
from services.investigation.domain.flow.default import DEFAULT_FLOW
from services.investigation.domain.investigation.commands import (
    AnswerWhy,
    AskWhy,
    ClearNode,
    Conclude,
    ConfirmResponsibility,
    ConfirmRootCause,
    ContestShare,
    IssueReport,
    OpenInvestigation,
    ProposeResponsibility,
    VerifyItem,
)
from services.investigation.domain.investigation.decider import investigation
from shared.contracts.event import Event
from shared.contracts.evidence import EvidenceRef
from shared.contracts.intake.complaint import ComplaintItem
from shared.contracts.investigation.investigation import (
    ComplaintJoined,
    Finding,
    InapplicableLeg,
    InvestigationConcluded,
    NodeExamined,
)
from shared.contracts.investigation.responsibility import LogPosition, Share
from shared.contracts.party import Party
from shared.kernel.testing import Specification

CASE = UUID(int=1)
COMPLAINT = UUID(int=2)
OTHER_COMPLAINT = UUID(int=3)
ROOT = UUID(int=4)
BATCH = UUID(int=5)
CORRECTING = UUID(int=6)
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
FLOW = DEFAULT_FLOW.names

case = Specification(investigation)


def fact(row: int, batch: UUID = BATCH) -> EvidenceRef:
    return EvidenceRef(kind="fact", tenant="t1", sha256=f"{row:064x}", batch=batch, row=row)


def record(kind: str, row: int = 1, **fields: Any) -> FactRecord:
    """A stored fact of that kind; every field is there, None where a test says nothing."""
    whole = dict.fromkeys(KINDS[kind].by_name) | fields
    assert set(whole) == set(KINDS[kind].by_name), set(fields) - set(KINDS[kind].by_name)
    return FactRecord(tenant="t1", batch=BATCH, row=row, sha256=f"{row:064x}", kind=kind, record=whole, position=3)


def joined(complaint: UUID = COMPLAINT, account: str = "C-100") -> ComplaintJoined:
    return ComplaintJoined(
        investigation_id=CASE,
        complaint_id=complaint,
        complaint_no=f"Q2026-{complaint.int:04d}",
        items=(
            ComplaintItem(item_no=1, product="P-1", lot="L-1", quantity_affected=Decimal(5), defect_codes=("D-7",)),
        ),
        received_at=NOW - timedelta(days=2),
        aware_at=NOW - timedelta(days=2),
        severity="major",
        harm="none",
        account=account,
        region="华东",
    )


def after(*commands: object, given: list[Event] | None = None) -> list[Event]:
    """The events that these commands lead to, one after the other."""
    events = list(given or [])
    for command in commands:
        outcome = case.given(events).when(command)
        if outcome.refusal is not None:
            raise AssertionError(f"{command} was refused: {outcome.refusal}") from outcome.refusal
        events += outcome.events
    return events


def opened() -> list[Event]:
    command = OpenInvestigation(
        investigation_id=CASE, investigation_no="I2026-0001", flow="default", flow_version=0, joined=joined()
    )
    return after(command)


def verified(outcome: Any = "confirmed") -> VerifyItem:
    return VerifyItem(
        complaint_id=COMPLAINT,
        item_no=1,
        outcome=outcome,
        quantity=Decimal(5),
        defect_codes=("D-7",),
        evidence=(fact(1),),
        note="五件均复现",
    )


def finding(answer: Any = "in_order", *evidence: EvidenceRef) -> Finding:
    return Finding(
        kind="operation_record", answer=answer, text_zh="温度超限", text_en="too hot", evidence=evidence or (fact(7),)
    )


def examined(node: str = "production", *findings: Finding) -> NodeExamined:
    return NodeExamined(
        investigation_id=CASE, node=node, lot="L-1", findings=findings or (finding(),), facts_position=3
    )


def clear(**changes: Any) -> ClearNode:
    base = ClearNode(node="production", evidence=(fact(9),), flow_nodes=FLOW)
    return replace(base, **changes)


WHYS = tuple(UUID(int=100 + n) for n in range(5))


def ask(nth: int, **changes: Any) -> AskWhy:
    base = AskWhy(
        why_id=WHYS[nth],
        leg="occurrence",
        question=f"为什么 {nth}?",
        follows=WHYS[nth - 1] if nth else None,
    )
    return replace(base, **changes)


def answer(nth: int, level: Any = "technical", boundary: Any = "inside", **changes: Any) -> AnswerWhy:
    base = AnswerWhy(why_id=WHYS[nth], answer=f"因为 {nth}", level=level, boundary=boundary, evidence=(fact(20 + nth),))
    return replace(base, **changes)


def chain() -> list[Event]:
    """Two answered whys, the last at management level."""
    return after(ask(0), answer(0), ask(1), answer(1, "managerial"), given=opened())


def confirm_root(last: int = 1, **changes: Any) -> ConfirmRootCause:
    base = ConfirmRootCause(
        by="qe",
        root_cause_id=ROOT,
        statement="注塑温度未受控",
        leg="occurrence",
        category="machine",
        node="production",
        last_why=WHYS[last],
        products=("P-1",),
        lots=("L-1",),
        defect_codes=("D-7",),
        flow_nodes=FLOW,
    )
    return replace(base, **changes)


def rooted() -> list[Event]:
    return after(confirm_root(), given=chain())


SUPPLIER = Party(kind="supplier", code="S-07")
PRODUCTION = Party(kind="department", code="production")
MANAGER = Party(kind="post", code="production_manager")
QUALITY = Party(kind="department", code="quality")


def share(party: Party, kind: Any, percent: int | None, **changes: Any) -> Share:
    base = Share(
        party=party,
        kind=kind,
        percent=None if percent is None else Decimal(percent),
        rule="R-MACHINE",
        clause="QM 7.1.3",
        evidence=(fact(20),),
    )
    return replace(base, **changes)


SHARES = (share(PRODUCTION, "primary", 60), share(SUPPLIER, "secondary", 40), share(MANAGER, "management", None))
HEAR_BY = NOW + timedelta(days=7)


def propose(shares: tuple[Share, ...] = SHARES) -> ProposeResponsibility:
    return ProposeResponsibility(
        root_cause_id=ROOT, rules="default", rules_version=0, shares=shares, hear_by=HEAR_BY, now=NOW, by="qe"
    )


def proposed() -> list[Event]:
    return after(propose(), given=rooted())


def contest(party: Party = SUPPLIER, now: datetime = NOW, **changes: Any) -> ContestShare:
    base = ContestShare(
        root_cause_id=ROOT, party=party, grounds="来料合格", now=now, by=f"of-{party}", speaks_for=frozenset({party})
    )
    return replace(base, **changes)


def confirm(now: datetime = HEAR_BY + timedelta(hours=1), by: str = "qm", **changes: Any) -> ConfirmResponsibility:
    base = ConfirmResponsibility(root_cause_id=ROOT, now=now, by=by, speaks_for=frozenset({QUALITY}))
    return replace(base, **changes)


def report(**changes: Any) -> IssueReport:
    base = IssueReport(
        report_id=UUID(int=50),
        report_no="R2026-0001",
        stage="final",
        edition="internal",
        language="zh-CN",
        template_version=1,
        positions=(LogPosition(service="investigation", position=9),),
        json_sha256="a" * 64,
        html_sha256="b" * 64,
        capa_actions=1,
    )
    return replace(base, **changes)


NO_ESCAPE = InapplicableLeg(leg="escape", reason="客户在产品放行之前索取的样品")


def conclude(outcome: Any = "root_cause_confirmed", **changes: Any) -> Conclude:
    base = Conclude(outcome=outcome, tried="试验与拆解", statement="温度未受控，已改进")
    if outcome == "root_cause_confirmed":
        base = replace(base, inapplicable=(NO_ESCAPE,))
    return replace(base, **changes)


def concluded(statement: str) -> InvestigationConcluded:
    return InvestigationConcluded(
        investigation_id=CASE,
        outcome="root_cause_confirmed",
        tried="试验与拆解",
        statement=statement,
        complaints=(COMPLAINT,),
    )
