"""What intake answers, as complaint_view.py and application/answers.py put it together of the contracts' types."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.domain.complaint.clocks import Deadline, RunningClock
from services.intake.domain.complaint.state import Complaint
from services.intake.readmodels.complaint_list import MODEL as COMPLAINTS
from shared.contracts.intake.complaint import (
    AttachmentAdded,
    ComplaintRegistered,
    ComplaintTriaged,
    CustomerResponseSent,
    RemedyCompleted,
    ResolutionOffered,
    ResolutionRejected,
)
from shared.contracts.intake.reference import RetentionPolicyPublished, TriageRulesPublished
from shared.contracts.words import (
    Channel,
    ClockName,
    ComplaintStatus,
    InvestigationOutcome,
    Priority,
    Scope,
    Severity,
)
from shared.kernel.shapes import but, members_of, row_of, several, shape

_EVENTS = "`events`：由此发生的事件 · the events that it made"
CHANGED = shape("ComplaintChanged", _EVENTS, id=UUID, complaint_no=str, investigation_id=UUID | None, events=list[str])
REGISTERED = but(
    CHANGED, "ComplaintAccepted", "`subject_id`：数据主体，用于删除 · by which a person is erased", subject_id=UUID
)
ATTACHED = but(
    CHANGED,
    "AttachmentStored",
    "`sha256` 为加密后字节的摘要 · over the sealed bytes, as evidence cites it",
    complaint_id=UUID,
    sha256=str,
)
SUBJECT_CHANGED = shape("SubjectChanged", _EVENTS, erased=bool, events=list[str])
PUBLISHED = shape("VersionPublished", "新版本号 · the version's number", version=int)
SUBJECTS = shape("SubjectsFound", "数据主体 · data subjects", items=list[UUID])

_OWN = ("complaint_id",)
_PERSONS = (*_OWN, "subject_id")
DEADLINE = but(RunningClock, "ClockSeen", "`late`：已超期或超期后才完成 · breached, or met too late", late=bool)
DEADLINE_EXPLAINED = but(
    DEADLINE,
    "ClockExplained",
    "`because`：依据的事件 · why it is due then; `remaining_seconds` null：已停 · it runs no more",
    clock_label=str,
    remaining_seconds=int | None,
    because=members_of(Deadline)["because"],
)
FORM = but(
    ComplaintRegistered, "RegistrationForm", "客户质量投诉登记表 · as corrected", without=("promises", "content_sums")
)
REMEDY = but(RemedyCompleted, "Remedy", without=_OWN)
RESOLUTION = but(
    ResolutionOffered,
    "ResolutionSeen",
    "`answer` null：客户尚未答复 · the customer has not answered",
    without=_OWN,
    answer=members_of(Complaint)["answer"],
    remedy=REMEDY | None,
    rejections=several(but(ResolutionRejected, "Rejection", without=_PERSONS)),
)
COMPLAINT = shape(
    "ComplaintView",
    "一件投诉的全部 · all that is known of a complaint",
    id=UUID,
    status=ComplaintStatus,
    status_label=str,
    form=FORM,
    acknowledged_at=datetime | None,
    triage=but(ComplaintTriaged, "TriageSeen", without=("complaint_id", "promises"), overridden=bool) | None,
    investigation_id=UUID | None,
    outcome=InvestigationOutcome | None,
    resolution=RESOLUTION | None,
    responses=several(but(CustomerResponseSent, "ResponseSeen", without=_PERSONS)),
    attachments=several(but(AttachmentAdded, "AttachmentSeen", without=_PERSONS)),
    satisfaction=list[int],
    deadlines=several(DEADLINE),
)
TIMELINE_ENTRY = shape(
    "TimelineEntry",
    "一个事件 · an event; `data` is what it says, by its schema in shared/contracts/schemas",
    position=int,
    version=int,
    occurred_at=datetime,
    recorded_at=datetime,
    type=str,
    title=str,
    actor=str,
    on_behalf_of=str | None,
    reason=str | None,
    hash=str,
    data=dict[str, Any],
)
COMPLAINT_ROW = row_of(
    COMPLAINTS,
    "ComplaintRow",
    "`next_clock`, `next_due_at`：最近的时限 · what is due next",
    *("complaint_no", "customer_name", "account", "region", "received_at", "closed_at", "investigation_id"),
    *("products", "lots", "defect_codes"),
    id=UUID,
    status=ComplaintStatus,
    channel=Channel,
    severity=Severity | None,
    scope=Scope | None,
    priority=Priority | None,
    outcome=InvestigationOutcome | None,
    next_clock=ClockName | None,
    next_due_at=datetime | None,
)
TRIAGE_RULES = but(
    TriageRulesPublished, "TriageRules", "`document`：JDM 决策表 · a decision table", document=dict[str, Any]
)
RETENTION = shape("RetentionInForce", "null：未发布 · none was published", policy=RetentionPolicyPublished | None)
