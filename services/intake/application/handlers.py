"""Everything that can be asked of intake: one method a command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from uuid import UUID

from services.intake.application.answers import (
    attachment_answer,
    complaint_answer,
    first_registration_answer,
    registration_answer,
    subject_answer,
    version_answer,
)
from services.intake.application.customers import Customers
from services.intake.application.defaults import default_triage
from services.intake.application.ports import Lookups, SubjectComplaints, TriageTable
from services.intake.domain.complaint import registration
from services.intake.domain.complaint.commands import (
    AddAttachment,
    ComplaintCommand,
    CorrectDetail,
    RegisterAgain,
    RegisterComplaint,
    TriageComplaint,
)
from services.intake.domain.complaint.decider import COMPLAINT
from services.intake.domain.complaint.state import Complaint
from services.intake.domain.data_subject.decider import (
    DATA_SUBJECT,
    DataSubject,
    EraseSubject,
    SubjectCommand,
)
from services.intake.domain.reference.decider import (
    REFERENCE,
    PublishSlaPolicy,
    PublishTriageRules,
    Reference,
    ReferenceCommand,
)
from services.intake.domain.reference.defaults import DEFAULT_SLA
from services.intake.domain.triage.inputs import answer_of, check_rules, named, triage_inputs
from shared.contracts.event import Event
from shared.contracts.intake.complaint import TriageAnswer
from shared.contracts.intake.reference import (
    RetentionPolicyPublished,
    SlaPolicyPublished,
    TriageRulesPublished,
)
from shared.kernel.errors import ClaimTaken, LookupTaken, NotFound
from shared.kernel.handling import ATTEMPTS, Handled, Handler
from shared.kernel.ports import Appended, Claim, Context, EventStore, Lookup, Numbers, Reaction, SubjectKeys, Vault

HandledComplaint = Handled[Complaint]

REMEMBERED_SECONDS = 0.5
"""How long a published rule is taken for the newest without looking again."""

TRIAGE_RULES, SLA, RETENTION = "triage-rules", "sla", "retention"


class IntakeHandlers:
    """`lookups` makes the keyed hashes by which a customer is found again; `keys` finds by them."""

    def __init__(
        self,
        store: EventStore,
        vault: Vault,
        keys: SubjectKeys,
        lookups: Lookups,
        numbers: Numbers,
        table: TriageTable,
        subject_complaints: SubjectComplaints,
        phone_region: str,
    ) -> None:
        self._store = store
        self._customers = Customers(lookups, keys, phone_region)
        self._numbers = numbers
        self._table = table
        self._subject_complaints = subject_complaints
        self._complaints: Handler[Complaint, ComplaintCommand] = Handler(COMPLAINT, store, vault)
        self._subjects: Handler[DataSubject, SubjectCommand] = Handler(DATA_SUBJECT, store, vault)
        self._references: Handler[Reference, ReferenceCommand] = Handler(REFERENCE, store, vault)
        self._remembered: dict[tuple[str, str], tuple[float, Event | None]] = {}

    # complaints

    async def register(
        self, context: Context, command: RegisterComplaint, message: UUID | None = None
    ) -> HandledComplaint:
        """A number is drawn and the customer found again. Raises SourceReferenceDiffers (rule 1).

        `command.complaint_no` is set here, and `subject_id` where the customer is known. `message`: the one
        it came by, if by one; it stands for this complaint for ever, long after its idempotency key is forgotten.
        """
        year = command.received_at.year
        for _ in range(ATTEMPTS):
            number = await self._numbers.next(context.tenant, registration.NUMBER_SCOPE, year)
            command = replace(command, complaint_no=registration.complaint_no(year, number))
            lookups = self._customers.lookups_of(context.tenant, command.customer, command.subject_id)
            known = await self._customers.known(context.tenant, lookups)
            command = replace(command, subject_id=known or command.subject_id)
            try:
                return await self._complaints.handle(
                    context,
                    command.complaint_id,
                    command,
                    claims=_claims(command, message),
                    lookups=[replace(one, owner=command.subject_id) for one in lookups],
                    answer=registration_answer,
                )
            except LookupTaken as taken:
                command = replace(command, subject_id=UUID(taken.holder))
            except ClaimTaken as taken:
                if taken.scope in (registration.SOURCE_SCOPE, registration.MESSAGE_SCOPE):
                    return await self._first_registration(context, command, taken.holder)
        raise ClaimTaken(scope=registration.NUMBER_SCOPE, value=command.complaint_no, holder="")

    async def complaint(
        self, context: Context, complaint_id: UUID, command: ComplaintCommand, reaction: Reaction | None = None
    ) -> HandledComplaint:
        """Every command on a registered complaint that needs nothing looked up."""
        lookups: Sequence[Lookup] = ()
        if isinstance(command, CorrectDetail) and command.path in ("customer.phone", "customer.email"):
            lookups = await self._corrected_lookup(context.tenant, complaint_id, command)
        try:
            return await self._complaints.handle(
                context, complaint_id, command, reaction=reaction, lookups=lookups, answer=complaint_answer
            )
        except NotFound as missing:
            raise NotFound(what=missing.what, id=str(complaint_id)) from None

    async def triage(
        self,
        context: Context,
        complaint_id: UUID,
        *,
        answer: TriageAnswer | None = None,
        override_reason: str | None = None,
    ) -> HandledComplaint:
        """By the newest published table; `answer` overrides it, which needs the reason (rule 3)."""
        state = await self.state(context.tenant, complaint_id)
        if state.form is None:
            raise NotFound(what="complaint", id=str(complaint_id))
        rules = await self.triage_rules(context.tenant)
        inputs = triage_inputs(state.form)
        row = self._table.evaluate(rules.document, inputs)
        command = TriageComplaint(
            now=context.now,
            rules=rules.rules,
            rules_version=rules.version,
            inputs=named(inputs),
            matched_row=row.row,
            why_zh=str(row.outputs.get("why_zh", "")),
            why_en=str(row.outputs.get("why_en", "")),
            rule_answer=answer_of(row.row, row.outputs),
            sla=await self.sla(context.tenant),
            answer=answer,
            override_reason=override_reason,
        )
        return await self._complaints.handle(context, complaint_id, command, answer=complaint_answer)

    async def first_attached(self, context: Context, complaint_id: UUID) -> Appended | None:
        """What this very upload was answered before: the customer may have been erased since, and nothing be sealed."""
        first = await self._complaints.answered(context, complaint_id)
        return None if first is None else first.appended

    def check_attachment(self, command: AddAttachment, state: Complaint) -> None:
        """Refuse before anything is stored. Raises AttachmentRefused, AttachmentEmpty."""
        COMPLAINT.decide(command, state)

    async def add_attachment(self, context: Context, complaint_id: UUID, command: AddAttachment) -> HandledComplaint:
        def said(state: Complaint, events: Sequence[Event]) -> dict[str, object]:
            return attachment_answer(state, events, command)

        return await self._complaints.handle(context, complaint_id, command, answer=said)

    async def state(self, tenant: str, complaint_id: UUID) -> Complaint:
        loaded = await self._store.load(tenant, COMPLAINT.stream(complaint_id))
        return COMPLAINT.fold(r.event for r in loaded.events)

    # data subjects

    async def erase(self, context: Context, command: EraseSubject) -> Handled[DataSubject]:
        """`complaints` and `retention` are looked up here. The key is destroyed by the same append."""
        command = replace(
            command,
            complaints=await self._subject_complaints.of(context.tenant, command.subject_id),
            retention=await self.retention(context.tenant),
        )
        return await self._subjects.handle(
            context, command.subject_id, command, destroy=(command.subject_id,), answer=subject_answer
        )

    async def subject(self, context: Context, subject_id: UUID, command: SubjectCommand) -> Handled[DataSubject]:
        return await self._subjects.handle(context, subject_id, command, answer=subject_answer)

    async def is_known(self, tenant: str, subject_id: UUID) -> bool:
        return bool(await self._subject_complaints.of(tenant, subject_id))

    async def find_subjects(self, tenant: str, kind: str, value: str) -> Sequence[UUID]:
        """The living data subjects with this phone or email."""
        known = await self._customers.known(tenant, [self._customers.lookup(tenant, kind, value, UUID(int=0))])
        return [] if known is None else [known]

    # published rules

    async def publish(self, context: Context, command: ReferenceCommand) -> Handled[Reference]:
        """A table is checked before it is published. Raises Invalid naming what is wrong, and where."""
        if isinstance(command, PublishTriageRules):
            table = self._table.table(command.document)
            check_rules(table.inputs, ((row.row, row.outputs) for row in table.rows))
        name = _reference(command)
        handled = await self._references.handle(context, name, command, answer=version_answer)
        self._remembered.pop((context.tenant, name), None)
        return handled

    async def triage_rules(self, tenant: str) -> TriageRulesPublished:
        newest = await self._newest(tenant, TRIAGE_RULES)
        return newest if isinstance(newest, TriageRulesPublished) else default_triage()

    async def sla(self, tenant: str) -> SlaPolicyPublished:
        newest = await self._newest(tenant, SLA)
        return newest if isinstance(newest, SlaPolicyPublished) else DEFAULT_SLA

    async def retention(self, tenant: str) -> RetentionPolicyPublished | None:
        """Always looked up: what it allows can't be undone."""
        newest = await self._published(tenant, RETENTION)
        return newest if isinstance(newest, RetentionPolicyPublished) else None

    async def _newest(self, tenant: str, name: str) -> Event | None:
        """Remembered for a moment: every registration asks. Other replicas follow a publication within that moment."""
        until, event = self._remembered.get((tenant, name), (0.0, None))
        if monotonic() >= until:
            event = await self._published(tenant, name)
            self._remembered[tenant, name] = (monotonic() + REMEMBERED_SECONDS, event)
        return event

    async def _published(self, tenant: str, name: str) -> Event | None:
        loaded = await self._store.load(tenant, REFERENCE.stream(name))
        return loaded.events[-1].event if loaded.events else None

    async def _corrected_lookup(self, tenant: str, complaint_id: UUID, command: CorrectDetail) -> Sequence[Lookup]:
        state = await self.state(tenant, complaint_id)
        if state.form is None or not isinstance(command.value, str):
            return ()
        kind = command.path.removeprefix("customer.")
        return [self._customers.lookup(tenant, kind, command.value, state.form.subject_id)]

    async def _first_registration(self, context: Context, command: RegisterComplaint, holder: str) -> HandledComplaint:
        """The same reference with the same content is the first complaint, told as it was registered.

        Not once its person was erased: the comparison would tell whether a guess about them is right.
        """
        first = COMPLAINT.fold(recorded.event for recorded in (await self._store.load(context.tenant, holder)).events)
        if first.form is None:
            raise NotFound(what="complaint", id=holder)
        await self._customers.refuse_erased(context.tenant, first.form.subject_id)
        again = RegisterAgain(content_sums=command.content_sums)
        return await self._complaints.handle(context, first.form.complaint_id, again, answer=first_registration_answer)


def _claims(command: RegisterComplaint, message: UUID | None) -> list[Claim]:
    claims = [*registration.claims(command.complaint_no, command.channel, command.source_reference)]
    if message is not None:
        claims.append(Claim(registration.MESSAGE_SCOPE, str(message)))
    return claims


def _reference(command: ReferenceCommand) -> str:
    """The stream of each kind of rule."""
    if isinstance(command, PublishTriageRules):
        return TRIAGE_RULES
    return SLA if isinstance(command, PublishSlaPolicy) else RETENTION
