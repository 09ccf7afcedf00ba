"""The handlers against a store in memory: what is looked up, claimed and told again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.intake.application import reactions, timers
from services.intake.application.handlers import IntakeHandlers
from services.intake.domain.complaint import commands as ask
from services.intake.domain.data_subject.decider import EraseSubject, SubjectComplaint
from services.intake.domain.errors import NotTriaged, SourceReferenceDiffers, TriageRulesInvalid, UnderRetention
from services.intake.domain.reference.decider import PublishRetentionPolicy, PublishSlaPolicy, PublishTriageRules
from services.intake.domain.reference.defaults import DEFAULT_SLA
from services.intake.readmodels import due_times
from shared.adapters.decision_table import FirstMatch
from shared.adapters.privacy import SealingVault
from shared.contracts.intake.complaint import ComplaintTriaged, DeadlineBreached, ResolutionAccepted
from shared.contracts.investigation.investigation import InvestigationConcluded
from shared.kernel import codec
from shared.kernel.errors import KeyOwnerErased, NotFound
from shared.kernel.ids import derived_id, new_id
from shared.kernel.memory import MemoryNumbers, MemoryStore
from shared.kernel.ports import Context, Key
from shared.kernel.reacting import trigger
from shared.kernel.recorded import Actor
from shared.kernel.testing import LogBook
from shared.kernel.timing import Due, due_context
from tests.unit.intake import states as s


class Complaints:
    """The port that says whose complaints these are."""

    def __init__(self):
        self.found = ()

    async def of(self, *_):
        return self.found


class Intake:
    def __init__(self):
        self.store = MemoryStore("intake")
        self.complaints = Complaints()
        vault = SealingVault(bytes(32), self.store)
        self.handlers = IntakeHandlers(
            store=self.store,
            vault=vault,
            keys=self.store,
            lookups=vault,
            numbers=MemoryNumbers(),
            table=FirstMatch(),
            subject_complaints=self.complaints,
            phone_region="CN",
        )

    async def register(self, tenant="t1", **more):
        fresh = {"complaint_id": new_id(), "subject_id": new_id()}
        handled = await self.handlers.register(context(tenant), s.register(**{**fresh, **more}))
        return codec.decode_plain(handled.appended.answer, dict[str, object])

    async def events(self, id_, tenant="t1"):
        return [r.event for r in (await self.store.load(tenant, f"complaint-{id_}")).events]


def always(severity="critical"):
    """A table of one row that fits whatever there is."""
    said = {"severity": severity, "scope": "lot", "priority": "high", "why_zh": "一律严重", "why_en": "always"}
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": "harm", "field": "harm"}],
        "outputs": [{"id": name, "field": name} for name in said],
        "rules": [{"_id": "all", **{name: f'"{value}"' for name, value in said.items()}}],
    }
    return codec.encode_plain({"nodes": [{"type": "decisionTableNode", "content": content}]}).decode()


def context(tenant="t1", now=s.NOW, key=None):
    fresh = new_id()
    own = Key("test", key or str(fresh), b"same")
    return Context(tenant=tenant, actor=Actor(subject="li"), now=now, key=own, command_id=fresh, correlation_id=fresh)


@pytest.fixture
def intake():
    return Intake()


async def test_numbers_rise_by_tenant_and_year_of_receipt(intake):
    last_year = s.RECEIVED.replace(year=2025)
    given = [await intake.register(), await intake.register(), await intake.register("t2")]
    given.append(await intake.register(received_at=last_year, aware_at=last_year))
    assert [one["complaint_no"] for one in given] == [
        "C2026-000001",
        "C2026-000002",
        "C2026-000001",
        "C2025-000001",
    ]


async def test_the_same_reference_and_content_is_the_first_complaint_again(intake):
    sent = {"source_reference": "M-77", "content_sums": s.sums(description="aa", items="bb")}
    first = await intake.register(**sent)
    again = await intake.register(**sent)
    assert (again["id"], again["complaint_no"]) == (first["id"], first["complaint_no"])
    assert (await intake.register(**sent, channel="email"))["id"] != first["id"]
    assert (await intake.register("t2", **sent))["id"] != first["id"]


async def test_other_content_is_refused_and_the_fields_named(intake):
    await intake.register(source_reference="M-77", content_sums=s.sums(description="aa", items="bb"))
    with pytest.raises(SourceReferenceDiffers) as refused:
        await intake.register(source_reference="M-77", content_sums=s.sums(description="zz", items="bb", harm="c"))
    assert (refused.value.fields, refused.value.complaint_no) == (("description", "harm"), "C2026-000001")


async def test_a_customer_is_found_again_by_phone_however_it_is_written(intake):
    first = await intake.register()
    phone = replace(s.register().customer, phone="138-0000 0000")
    assert (await intake.register(customer=phone))["subject_id"] == first["subject_id"]
    assert (await intake.register("t2"))["subject_id"] != first["subject_id"]
    assert await intake.handlers.find_subjects("t1", "phone", "13800000000") == [UUID(first["subject_id"])]


async def test_a_corrected_phone_finds_the_customer_too(intake):
    first = await intake.register()
    command = ask.CorrectDetail(path="customer.phone", value="139 1111", now=s.NOW, reason="来电更正")
    await intake.handlers.complaint(context(), UUID(first["id"]), command)
    assert await intake.handlers.find_subjects("t1", "phone", "1391111") == [UUID(first["subject_id"])]


async def test_triage_goes_by_the_newest_published_table_and_policy(intake):
    id_ = UUID((await intake.register())["id"])
    await intake.handlers.triage(context(), id_)
    document = always()
    await intake.handlers.publish(context(), PublishTriageRules(rules="strict", document=document, reason="收紧"))
    lengths = tuple(replace(one, hours=1) for one in DEFAULT_SLA.lengths)
    policy = PublishSlaPolicy(policy="quick", lengths=lengths, silence_days=3, reason="加快")
    await intake.handlers.publish(context(), policy)
    await intake.handlers.triage(context(), id_)
    first, second = (event for event in await intake.events(id_) if isinstance(event, ComplaintTriaged))
    assert (first.rules, first.rules_version, first.matched_row, first.answer.severity) == (
        "default",
        0,
        "single",
        "minor",
    )
    assert (second.rules, second.rules_version, second.matched_row, second.answer.severity) == (
        "strict",
        1,
        "all",
        "critical",
    )
    assert {(promise.policy, promise.due_at) for promise in second.promises} == {("quick", s.NOW + s.HOUR)}


async def test_a_table_that_couldnt_answer_is_not_published(intake):
    bad = PublishTriageRules(rules="bad", document=always("grave"), reason="x")
    with pytest.raises(TriageRulesInvalid):
        await intake.handlers.publish(context(), bad)
    assert (await intake.handlers.triage_rules("t1")).rules == "default"


async def test_what_isnt_there_is_not_found_by_its_id(intake):
    missing = new_id()
    for ask_for in (
        intake.handlers.complaint(context(), missing, s.REOPEN),
        intake.handlers.triage(context(), missing),
    ):
        with pytest.raises(NotFound) as refused:
            await ask_for
        assert refused.value.facts == {"what": "complaint", "id": str(missing)}


async def test_a_retry_hears_the_first_answer_even_if_it_would_be_refused_now(intake):
    id_ = UUID((await intake.register())["id"])
    acknowledge = ask.AcknowledgeComplaint(now=s.NOW)
    first = await intake.handlers.complaint(context(key="k"), id_, acknowledge)
    again = await intake.handlers.complaint(context(key="k"), id_, acknowledge)
    assert again.appended == replace(first.appended, repeated=True)
    assert len(await intake.events(id_)) == 2


async def test_erasing_destroys_the_key_with_the_very_append(intake):
    first = await intake.register()
    subject = UUID(first["subject_id"])
    intake.complaints.found = (SubjectComplaint(complaint_no="C2026-000001", closed_on=date(2026, 1, 1)),)
    command = EraseSubject(subject_id=subject, today=date(2026, 2, 1), reason="本人要求", complaints=(), retention=None)
    policy = PublishRetentionPolicy(policy="r", keep_days=365, basis="产品质量法", reason="合规")
    await intake.handlers.publish(context(), policy)
    with pytest.raises(UnderRetention) as refused:
        await intake.handlers.erase(context(), command)
    assert (refused.value.basis, refused.value.until) == ("产品质量法", date(2027, 1, 1))
    await intake.handlers.erase(context(), replace(command, today=date(2027, 1, 2)))
    assert await intake.store.wrapped("t1", [subject]) == {subject: None}
    assert await intake.handlers.find_subjects("t1", "phone", "13800000000") == []
    with pytest.raises(KeyOwnerErased):
        await intake.handlers.complaint(context(), UUID(first["id"]), s.DECISION)


async def handed_over(intake):
    id_ = UUID((await intake.register())["id"])
    await intake.handlers.triage(context(), id_)
    await intake.handlers.complaint(context(), id_, s.HAND_OVER)
    return id_


async def react(intake, *complaints):
    concluded = InvestigationConcluded(
        investigation_id=s.INVESTIGATION,
        outcome="external",
        tried="现场测试",
        statement="外部电压波动",
        complaints=complaints,
    )
    (recorded,) = LogBook("investigation").add("investigation-3", concluded).events
    (rule,) = reactions.rules(intake.handlers)
    for target in await rule.targets(recorded):
        await rule.run(trigger("intake", rule, target, recorded, s.NOW), target)


async def test_a_conclusion_reaches_each_complaint_once(intake):
    one, two = await handed_over(intake), await handed_over(intake)
    await react(intake, one, two)
    await react(intake, one, two)
    for id_ in (one, two):
        outcomes = [e.outcome for e in await intake.events(id_) if type(e).__name__ == "InvestigationOutcomeRecorded"]
        assert outcomes == ["external"]


async def test_a_conclusion_about_a_complaint_that_moved_on_or_isnt_ours_is_noted_without_effect(intake):
    moved = UUID((await intake.register())["id"])
    before = await intake.events(moved)
    await react(intake, moved, new_id())
    assert await intake.events(moved) == before


async def fire(intake, id_, timer, due_at, now):
    (rule,) = timers.rules(intake.handlers, due_times.MODEL)
    due = Due("t1", str(id_), timer, due_at)
    await rule.run(due, *due_context("intake", due, now))


async def test_a_deadline_breaks_once_also_after_days_of_downtime(intake):
    id_ = UUID((await intake.register())["id"])
    due_at = s.RECEIVED + s.DAY
    await fire(intake, id_, "acknowledgement", due_at, due_at + 5 * s.DAY)
    await fire(intake, id_, "acknowledgement", due_at, due_at + 6 * s.DAY)
    breaches = [event for event in await intake.events(id_) if isinstance(event, DeadlineBreached)]
    assert breaches == [DeadlineBreached(complaint_id=id_, clock="acknowledgement", due_at=due_at)]


async def test_silence_past_the_published_period_accepts(intake):
    id_ = await handed_over(intake)
    await intake.handlers.complaint(context(), id_, s.OFFER)
    respond_by = s.OFFER.now + 14 * s.DAY
    await fire(intake, id_, due_times.SILENCE, respond_by, respond_by + s.HOUR)
    accepted = [event for event in await intake.events(id_) if isinstance(event, ResolutionAccepted)]
    assert [event.by for event in accepted] == ["silence"]


async def test_a_refusal_of_a_person_is_raised_but_of_a_reaction_recorded(intake):
    id_ = UUID((await intake.register())["id"])
    with pytest.raises(NotTriaged):
        await intake.handlers.complaint(context(), id_, s.HAND_OVER)
    await fire(intake, id_, "final_answer", s.NOW, s.NOW)
    due = Due("t1", str(id_), "final_answer", s.NOW)
    mark = derived_id("timer", "intake", due.id, due.timer, due.due_at.isoformat())
    assert await intake.store.reacted("t1", "timer:final_answer", [mark]) == {mark}
