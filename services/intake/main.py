"""The wiring of intake: the only place where everything meets."""

from __future__ import annotations

from fastapi import APIRouter

from services.intake.application import reactions, timers
from services.intake.application.beside import KEEPING
from services.intake.application.handlers import IntakeHandlers
from services.intake.entrypoints import attachments, consumer, http, rules
from services.intake.readmodels import complaint_list, due_times, open_investigations, subject_complaints
from shared.adapters.anchors import blobs_anchor
from shared.adapters.decision_table import FirstMatch
from shared.adapters.http.audit import audited_service
from shared.adapters.runtime import Resources, Views, Wired
from shared.contracts.intake.complaint import AttachmentAdded


def wire(resources: Resources, views: Views) -> Wired:
    handlers = IntakeHandlers(
        store=resources.store,
        vault=resources.vault,
        keys=resources.keys,
        lookups=resources.vault,
        numbers=resources.numbers,
        table=FirstMatch(),
        subject_complaints=subject_complaints.SubjectComplaintsView(resources.look_ups, resources.log, views),
        phone_region=resources.settings.phone_region,
    )
    anchors = (blobs_anchor(resources.blobs, AttachmentAdded, lambda added: (added.sha256,)),)
    router = APIRouter()
    for part in (
        http.routes(handlers, open_investigations.OpenInvestigations(resources, views), resources, views),
        attachments.routes(handlers, resources, views),
        rules.rule_routes(handlers),
        rules.subject_routes(handlers),
        audited_service(resources, anchors),
    ):
        router.include_router(part)
    return Wired(
        router,
        models=(complaint_list.MODEL, due_times.MODEL, subject_complaints.MODEL, open_investigations.MODEL),
        reactions=reactions.rules(handlers),
        timers=timers.rules(handlers, due_times.MODEL),
        anchors=anchors,
        messages=(consumer.complaints(handlers),),
        keeping=KEEPING,
    )
