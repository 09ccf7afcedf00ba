"""A complaint's states as the events that lead to them, and the commands that come next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from services.intake.domain.complaint import commands as ask
from services.intake.domain.complaint.decider import COMPLAINT
from services.intake.domain.reference.defaults import DEFAULT_SLA
from shared.contracts.event import Event
from shared.contracts.intake import complaint as said
from shared.kernel.testing import START, Specification

complaint = Specification(COMPLAINT)

ID, SUBJECT, INVESTIGATION, OTHER_INVESTIGATION = (UUID(int=n) for n in (1, 2, 3, 4))
NUMBER = "C2026-000001"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RECEIVED = START
NOW = START + HOUR
SLA = replace(DEFAULT_SLA, policy="sla", version=3)

MINOR = said.TriageAnswer(severity="minor", scope="single", priority="normal")
MAJOR = said.TriageAnswer(severity="major", scope="lot", priority="high")
SAFETY = said.TriageAnswer(severity="safety", scope="lot", priority="urgent", response_plan="safety")


def item(number=1, **more):
    given = {"product": f"P-{number}", "quantity_affected": Decimal(3), "quantity_delivered": Decimal(10)}
    return said.ComplaintItem(item_no=number, **{**given, "lot": f"L-{number}", "defect_codes": ("D-7",), **more})


def sums(**more):
    return tuple(said.NamedValue(name=name, value=value) for name, value in sorted(more.items()))


def register(**more):
    given = {
        "complaint_id": ID,
        "complaint_no": NUMBER,
        "now": NOW,
        "channel": "phone",
        "received_at": RECEIVED,
        "aware_at": RECEIVED,
        "subject_id": SUBJECT,
        "customer": said.Customer(name="王小明", phone="13800000000", account="K-1", region="华东"),
        "description": "开机冒烟",
        "items": (item(),),
        "sla": SLA,
    }
    return ask.RegisterComplaint(**{**given, **more})


def triage(answer=None, at=NOW, rule=MAJOR, **more):
    given = {
        "now": at,
        "rules": "triage",
        "rules_version": 2,
        "inputs": sums(harm='"none"'),
        "matched_row": "some",
        "why_zh": "数量不少",
        "why_en": "some are affected",
        "rule_answer": rule,
        "sla": SLA,
        "answer": answer,
    }
    return ask.TriageComplaint(**{**given, **more})


def after(*commands, given=()) -> list[Event]:
    """The events that these commands lead to, one after the other."""
    events = list(given)
    for command in commands:
        outcome = complaint.given(events).when(command)
        assert outcome.refusal is None, outcome.refusal
        events += outcome.events
    return events


HAND_OVER = ask.HandOver(investigation_id=INVESTIGATION, mode="open")
OUTCOME = ask.RecordOutcome(investigation_id=INVESTIGATION, outcome="root_cause_confirmed", statement="保压不足")
DECISION = ask.Respond(now=NOW + 3 * HOUR, channel="phone", body="给您换新", tells_decision=True)
OFFER = ask.OfferResolution(now=NOW + 4 * HOUR, resolution="replace", terms="换新一件", sla=SLA)
ACCEPT = ask.AcceptResolution(now=NOW + 5 * HOUR)
REJECT = ask.RejectResolution(recourse="可向消费者协会申诉", words="不同意")
REMEDY = ask.CompleteRemedy(now=NOW + 6 * HOUR, replacement_serial="S-2")
CLOSE = ask.CloseComplaint(now=NOW + 7 * HOUR)
REOPEN = ask.ReopenComplaint(reason="换新后再次冒烟")


def registered(**more):
    return after(register(**more))


def triaged(**more):
    return after(register(**more), triage())


def handed_over():
    return after(HAND_OVER, given=triaged())


def outcome_known():
    return after(OUTCOME, given=handed_over())


def offered():
    return after(DECISION, OFFER, given=outcome_known())


def ready_to_close():
    return after(ACCEPT, REMEDY, given=offered())


def closed():
    return after(CLOSE, given=ready_to_close())
