"""Everything that can be asked of an investigation, one method a command. A method looks up, the domain decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from uuid import UUID

from services.investigation.application.gathering import Gathering
from services.investigation.application.ports import Sight
from services.investigation.domain.crosscheck.checks import Claim, cross_check, production_day
from services.investigation.domain.errors import ComplaintNotJoined, ItemUnknown, LotUnknown, NodeUnknown
from services.investigation.domain.facts.record import FactId, fact_id, fact_ids
from services.investigation.domain.flow.default import Flow
from services.investigation.domain.flow.ledger import Entry
from services.investigation.domain.investigation.commands import (
    AcceptShare,
    AnswerWhy,
    AskWhy,
    AssignTeamMember,
    ClearNode,
    Conclude,
    ConfirmResponsibility,
    ConfirmRootCause,
    ContestShare,
    CorrectEvidence,
    Correction,
    DeclareCapaNotRequired,
    ExamineNode,
    InvestigationCommand,
    JoinComplaint,
    LeaveComplaint,
    OpenInvestigation,
    ProposeCause,
    RankSuspects,
    RecordCrossCheck,
    Reopen,
    ReviseResponsibility,
    RuleOutCause,
    StateProblem,
    SuspectNode,
    UpholdShare,
    VerifyItem,
    WithdrawRootCause,
)
from services.investigation.domain.investigation.decider import investigation
from services.investigation.domain.investigation.state import Investigation
from shared.contracts.event import Event
from shared.contracts.evidence import EvidenceRef
from shared.contracts.investigation.investigation import ComplaintJoined
from shared.kernel.errors import ClaimTaken, NotFound
from shared.kernel.handling import Handled, Handler
from shared.kernel.ids import derived_id
from shared.kernel.ports import Claim as Unique
from shared.kernel.ports import Context, EventStore, Numbers, Reaction, Vault

NUMBER_SCOPE = "investigation_no"
NUMBER_ATTEMPTS = 5

HandledCase = Handled[Investigation]
Answer = Callable[[Investigation, Sequence[Event]], dict[str, str]]


class InvestigationHandlers:
    """`zone` is the plant's time zone; `numbers` gives the running part of `I2026-0001`."""

    def __init__(self, store: EventStore, vault: Vault, numbers: Numbers, sight: Sight, zone: tzinfo) -> None:
        self._store = store
        self._numbers = numbers
        self._sight = sight
        self._zone = zone
        self._cases: Handler[Investigation, InvestigationCommand] = Handler(investigation, store, vault)

    async def open(
        self,
        context: Context,
        investigation_id: UUID,
        product: str | None = None,
        joined: ComplaintJoined | None = None,
        reaction: Reaction | None = None,
    ) -> HandledCase:
        """Open one, by the house itself or with the complaint that a hand-over brings. Answers id and number."""
        flow = await self._sight.references.flow(context.tenant, product)
        for attempt in range(1, NUMBER_ATTEMPTS + 1):
            year = context.now.year
            number = f"I{year}-{await self._numbers.next(context.tenant, NUMBER_SCOPE, year):04d}"
            command = OpenInvestigation(
                investigation_id=investigation_id,
                investigation_no=number,
                flow=flow.flow,
                flow_version=flow.version,
                joined=joined,
            )
            try:
                return await self._cases.handle(
                    context,
                    investigation_id,
                    command,
                    claims=[Unique(NUMBER_SCOPE, number)],
                    reaction=reaction,
                    answer=lambda _, events: _opened(investigation_id, events),
                )
            except ClaimTaken:
                if attempt == NUMBER_ATTEMPTS:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def join(
        self, context: Context, investigation_id: UUID, joined: ComplaintJoined, reaction: Reaction | None = None
    ) -> HandledCase:
        return await self._handle(
            context, investigation_id, JoinComplaint(complaint_id=joined.complaint_id, joined=joined), reaction
        )

    async def take_over(
        self, context: Context, investigation_id: UUID, complaint_id: UUID, known_in: UUID | None
    ) -> HandledCase:
        """Join a complaint that was handed over to another investigation (`known_in`), as it was said there."""
        loaded = await self._store.load(context.tenant, investigation.stream(known_in)) if known_in else None
        said = [r.event for r in loaded.events if isinstance(r.event, ComplaintJoined)] if loaded else []
        joined = next((one for one in reversed(said) if one.complaint_id == complaint_id), None)
        return await self._handle(context, investigation_id, JoinComplaint(complaint_id=complaint_id, joined=joined))

    async def leave(self, context: Context, investigation_id: UUID, command: LeaveComplaint) -> HandledCase:
        return await self._handle(context, investigation_id, command)

    async def assign(self, context: Context, investigation_id: UUID, command: AssignTeamMember) -> HandledCase:
        return await self._handle(context, investigation_id, command)

    async def state_problem(self, context: Context, investigation_id: UUID, command: StateProblem) -> HandledCase:
        return await self._handle(context, investigation_id, command)

    async def verify(self, context: Context, investigation_id: UUID, command: VerifyItem) -> HandledCase:
        """With the production date that the records tell of the lot: capa counts by it (rule 18)."""
        if (first := await self.answered(context, investigation_id)) is not None:
            return first
        state = await self.state(context.tenant, investigation_id)
        claim = _claim(state, command.complaint_id, command.item_no)
        gathering, _ = await self._gathering(context.tenant)
        orders = await gathering.orders(command.lot or claim.item.lot)
        made = production_day(orders, command.product or claim.item.product, self._zone)
        return await self._handle(context, investigation_id, replace(command, production_date=made))

    async def cross_check(
        self, context: Context, investigation_id: UUID, complaint_id: UUID, item_no: int
    ) -> HandledCase:
        """Hold one item against the facts as known now, and record what came of each check (rule 7)."""
        if (first := await self.answered(context, investigation_id)) is not None:
            return first
        state = await self.state(context.tenant, investigation_id)
        claim = _claim(state, complaint_id, item_no)
        gathering, position = await self._gathering(context.tenant)
        checks = cross_check(claim, await gathering.lot_records(claim.item.lot), self._zone)
        command = RecordCrossCheck(complaint_id=complaint_id, item_no=item_no, checks=checks, facts_position=position)
        return await self._handle(context, investigation_id, command)

    async def examine_node(self, context: Context, investigation_id: UUID, node: str, lot: str) -> HandledCase:
        flow = await self._flow(context.tenant, investigation_id)
        mapped = flow.node(node)
        if mapped is None:
            raise NodeUnknown(node=node)
        gathering, position = await self._gathering(context.tenant)
        await self._require_known(context.tenant, investigation_id, lot, position)
        command = ExamineNode(
            node=node,
            lot=lot,
            findings=await gathering.findings(mapped, lot, self._zone),
            facts_position=position,
            flow_nodes=flow.names,
        )
        return await self._handle(context, investigation_id, command)

    async def clear_node(self, context: Context, investigation_id: UUID, command: ClearNode) -> HandledCase:
        flow = await self._flow(context.tenant, investigation_id)
        corrected = await self.corrections(context.tenant, command.evidence)
        command = replace(command, flow_nodes=flow.names, superseded=frozenset(corrected))
        return await self._handle(context, investigation_id, command)

    async def suspect_node(self, context: Context, investigation_id: UUID, command: SuspectNode) -> HandledCase:
        flow = await self._flow(context.tenant, investigation_id)
        return await self._handle(context, investigation_id, replace(command, flow_nodes=flow.names))

    async def correct_evidence(
        self, context: Context, investigation_id: UUID, command: CorrectEvidence, reaction: Reaction | None = None
    ) -> HandledCase:
        return await self._handle(context, investigation_id, command, reaction)

    async def look_again(self, context: Context, investigation_id: UUID, node: str, reaction: Reaction) -> HandledCase:
        """Hold what a node was examined in or cleared by against the corrections known by now."""
        entry = (await self.state(context.tenant, investigation_id)).nodes.get(node, Entry())
        found = await self.corrections(context.tenant, entry.cited)
        corrections = tuple(
            Correction(corrected=one, correction=found[fact])
            for one in entry.cited
            if (fact := fact_id(one)) is not None and fact in found
        )
        return await self._handle(context, investigation_id, CorrectEvidence(corrections=corrections), reaction)

    async def rank_suspects(self, context: Context, investigation_id: UUID, command: RankSuspects) -> HandledCase:
        return await self._handle(context, investigation_id, command)

    async def ask_why(self, context: Context, investigation_id: UUID, command: AskWhy) -> HandledCase:
        return await self._handle(context, investigation_id, command, answer=_part(investigation_id, command.why_id))

    async def answer_why(self, context: Context, investigation_id: UUID, command: AnswerWhy) -> HandledCase:
        return await self._handle(context, investigation_id, command)

    async def propose_cause(self, context: Context, investigation_id: UUID, command: ProposeCause) -> HandledCase:
        flow = await self._flow(context.tenant, investigation_id)
        command = replace(command, flow_nodes=flow.names)
        return await self._handle(context, investigation_id, command, answer=_part(investigation_id, command.cause_id))

    async def rule_out_cause(self, context: Context, investigation_id: UUID, command: RuleOutCause) -> HandledCase:
        return await self._handle(context, investigation_id, command)

    async def confirm_root_cause(
        self, context: Context, investigation_id: UUID, command: ConfirmRootCause
    ) -> HandledCase:
        flow = await self._flow(context.tenant, investigation_id)
        command = replace(command, flow_nodes=flow.names)
        answer = _part(investigation_id, command.root_cause_id)
        return await self._handle(context, investigation_id, command, answer=answer)

    async def withdraw_root_cause(
        self, context: Context, investigation_id: UUID, command: WithdrawRootCause
    ) -> HandledCase:
        return await self._handle(context, investigation_id, command)

    async def declare_capa_not_required(
        self, context: Context, investigation_id: UUID, command: DeclareCapaNotRequired
    ) -> HandledCase:
        return await self._handle(context, investigation_id, command)

    async def accept_share(self, context: Context, investigation_id: UUID, command: AcceptShare) -> HandledCase:
        return await self._handle(context, investigation_id, command)

    async def contest_share(self, context: Context, investigation_id: UUID, command: ContestShare) -> HandledCase:
        """The private note is sealed under a key of the party's own (rule 13)."""
        key = derived_id("party", context.tenant, command.party.kind, command.party.code)
        return await self._handle(context, investigation_id, replace(command, party_key=key))

    async def revise_responsibility(
        self, context: Context, investigation_id: UUID, command: ReviseResponsibility
    ) -> HandledCase:
        return await self._handle(context, investigation_id, command)

    async def uphold_share(self, context: Context, investigation_id: UUID, command: UpholdShare) -> HandledCase:
        return await self._handle(context, investigation_id, command)

    async def confirm_responsibility(
        self, context: Context, investigation_id: UUID, command: ConfirmResponsibility
    ) -> HandledCase:
        return await self._handle(context, investigation_id, command)

    async def conclude(self, context: Context, investigation_id: UUID, command: Conclude) -> HandledCase:
        until = await self._sight.facts.position(context.tenant)
        names = await self._sight.names.confidential(context.tenant, None, until)
        return await self._handle(context, investigation_id, replace(command, confidential=names))

    async def reopen(self, context: Context, investigation_id: UUID, command: Reopen) -> HandledCase:
        return await self._handle(context, investigation_id, command)

    async def handle(
        self, context: Context, investigation_id: UUID, command: InvestigationCommand, answer: Answer | None = None
    ) -> HandledCase:
        """For commands whose look-ups were made by another part of the application (shares, reports)."""
        return await self._handle(context, investigation_id, command, answer=answer)

    async def answered(self, context: Context, investigation_id: UUID) -> HandledCase | None:
        """What this very request was answered before, whatever a look-up would say by now."""
        return await self._cases.answered(context, investigation_id)

    async def state(self, tenant: str, investigation_id: UUID) -> Investigation:
        """Raises NotFound where the tenant has no such investigation."""
        loaded = await self._store.load(tenant, investigation.stream(investigation_id))
        if not loaded.events:
            raise NotFound(what="investigation", id=str(investigation_id))
        return investigation.fold(recorded.event for recorded in loaded.events)

    async def corrections(self, tenant: str, evidence: Sequence[EvidenceRef]) -> Mapping[FactId, EvidenceRef]:
        """Which of the cited facts have been superseded, with what."""
        facts = fact_ids(evidence)
        return await self._sight.facts.corrections(tenant, facts) if facts else {}

    async def _require_known(self, tenant: str, investigation_id: UUID, lot: str, position: int) -> None:
        """A slip of the pen would find every record missing. A lot that a customer named may have none at all."""
        if await self._sight.facts.knows_lot(tenant, lot, position):
            return
        joined = (await self.state(tenant, investigation_id)).complaints.values()
        if all(item.lot != lot for one in joined for item in one.items):
            raise LotUnknown(lot=lot)

    async def _flow(self, tenant: str, investigation_id: UUID) -> Flow:
        state = await self.state(tenant, investigation_id)
        return await self._sight.references.flow_version(tenant, state.flow, state.flow_version)

    async def _gathering(self, tenant: str) -> tuple[Gathering, int]:
        position = await self._sight.facts.position(tenant)
        return Gathering(self._sight.facts, tenant, position), position

    async def _handle(
        self,
        context: Context,
        investigation_id: UUID,
        command: InvestigationCommand,
        reaction: Reaction | None = None,
        answer: Answer | None = None,
    ) -> HandledCase:
        try:
            return await self._cases.handle(
                context, investigation_id, command, reaction=reaction, answer=answer or _case(investigation_id)
            )
        except NotFound as missing:
            if missing.id:  # a why or a cause of this case, by its own id
                raise
            raise NotFound(what=missing.what, id=str(investigation_id)) from None


def _opened(investigation_id: UUID, events: Sequence[Event]) -> dict[str, str]:
    number = getattr(events[0], "investigation_no", "") if events else ""
    return {"id": str(investigation_id), "investigation_no": number}


def _part(investigation_id: UUID, id_: UUID) -> Answer:
    """What was made within the case, and the case."""
    return lambda _, __: {"id": str(id_), "investigation_id": str(investigation_id)}


def _case(investigation_id: UUID) -> Answer:
    return lambda _, __: {"id": str(investigation_id)}


def _claim(state: Investigation, complaint_id: UUID, item_no: int) -> Claim:
    joined = state.complaints.get(complaint_id)
    if joined is None:
        raise ComplaintNotJoined(complaint_id=str(complaint_id))
    item = state.item(complaint_id, item_no)
    if item is None:
        raise ItemUnknown(complaint_id=str(complaint_id), item_no=item_no)
    return Claim(
        item=item,
        failed_at=joined.occurred_at or joined.received_at,
        account=joined.account,
        region=joined.region,
    )
