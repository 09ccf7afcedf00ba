"""What events of others, and our own, lead to in an investigation."""

from __future__ import annotations

from uuid import UUID

from services.investigation.application.handlers import InvestigationHandlers
from services.investigation.application.ports import CitedEvidence
from services.investigation.domain.investigation.commands import CorrectEvidence, Correction
from shared.contracts.evidence import EvidenceRef
from shared.contracts.intake.complaint import ComplaintHandedOver
from shared.contracts.investigation.facts import FactsSuperseded
from shared.contracts.investigation.investigation import ComplaintJoined, NodeCleared, NodeExamined
from shared.kernel.reacting import ReactionRule, Trigger
from shared.kernel.recorded import Recorded

OWN = "investigation"


def rules(handlers: InvestigationHandlers, cited: CitedEvidence) -> tuple[ReactionRule, ...]:
    return (
        _receives_complaint(handlers),
        _reopens_nodes(handlers, cited),
        _looks_again(handlers),
    )


def _receives_complaint(handlers: InvestigationHandlers) -> ReactionRule:
    """A hand-over opens an investigation or joins the one it names; a concluded one refuses, and that is recorded."""

    async def targets(recorded: Recorded) -> list[str]:
        return [str(_handed(recorded).investigation_id)]

    async def run(trigger: Trigger, target: str) -> object:
        event, investigation_id = _handed(trigger.recorded), UUID(target)
        joined = joined_by(event)
        if event.mode == "join":
            return await handlers.join(trigger.context, investigation_id, joined, trigger.reaction)
        product = event.items[0].product if event.items else None
        return await handlers.open(trigger.context, investigation_id, product, joined, trigger.reaction)

    on = frozenset({"intake.ComplaintHandedOver"})
    return ReactionRule(name="investigation_receives_complaint", source="intake", on=on, run=run, targets=targets)


def _reopens_nodes(handlers: InvestigationHandlers, cited: CitedEvidence) -> ReactionRule:
    """Rule 8: correcting the evidence of an examined or cleared node reopens it, in every investigation citing it."""

    async def targets(recorded: Recorded) -> list[str]:
        facts = [(one.old_batch, one.old_row) for one in _superseded(recorded).superseded]
        found = await cited.investigations(recorded.meta.tenant, facts, recorded.position)
        return [str(investigation_id) for investigation_id in found]

    async def run(trigger: Trigger, target: str) -> object:
        tenant = trigger.context.tenant
        command = CorrectEvidence(corrections=corrections_of(tenant, _superseded(trigger.recorded)))
        return await handlers.correct_evidence(trigger.context, UUID(target), command, trigger.reaction)

    on = frozenset({"investigation.FactsSuperseded"})
    return ReactionRule(name="investigation_reopens_nodes", source=OWN, on=on, run=run, targets=targets)


def _looks_again(handlers: InvestigationHandlers) -> ReactionRule:
    """A node may be judged while the correction of its evidence is being written: each judgement is looked at again."""

    async def targets(recorded: Recorded) -> list[str]:
        return [str(_judged(recorded).investigation_id)]

    async def run(trigger: Trigger, target: str) -> object:
        node = _judged(trigger.recorded).node
        return await handlers.look_again(trigger.context, UUID(target), node, trigger.reaction)

    on = frozenset({"investigation.NodeExamined", "investigation.NodeCleared"})
    return ReactionRule(name="investigation_looks_again", source=OWN, on=on, run=run, targets=targets)


def joined_by(event: ComplaintHandedOver) -> ComplaintJoined:
    return ComplaintJoined(
        investigation_id=event.investigation_id,
        complaint_id=event.complaint_id,
        complaint_no=event.complaint_no,
        items=event.items,
        received_at=event.received_at,
        aware_at=event.aware_at,
        severity=event.severity,
        harm=event.harm,
        account=event.account,
        region=event.region,
        order_no=event.order_no,
        delivery_no=event.delivery_no,
        occurred_at=event.occurred_at,
    )


def corrections_of(tenant: str, event: FactsSuperseded) -> tuple[Correction, ...]:
    return tuple(
        Correction(
            corrected=_fact(tenant, one.old_batch, one.old_row, one.old_sha256),
            correction=_fact(tenant, event.batch_id, one.new_row, one.new_sha256),
        )
        for one in event.superseded
    )


def _fact(tenant: str, batch: UUID, row: int, sha256: str) -> EvidenceRef:
    return EvidenceRef(kind="fact", tenant=tenant, sha256=sha256, batch=batch, row=row)


def _handed(recorded: Recorded) -> ComplaintHandedOver:
    event = recorded.event
    assert isinstance(event, ComplaintHandedOver)  # noqa: S101 - the rule's `on` names nothing else
    return event


def _superseded(recorded: Recorded) -> FactsSuperseded:
    event = recorded.event
    assert isinstance(event, FactsSuperseded)  # noqa: S101 - the rule's `on` names nothing else
    return event


def _judged(recorded: Recorded) -> NodeExamined | NodeCleared:
    event = recorded.event
    assert isinstance(event, NodeExamined | NodeCleared)  # noqa: S101 - the rule's `on` names nothing else
    return event
