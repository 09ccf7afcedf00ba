"""The wiring of intake: the only place where everything meets."""

from __future__ import annotations

from fastapi import APIRouter

from services.intake.application import reactions, timers
from services.intake.application.handlers import IntakeHandlers
from services.intake.entrypoints import attachments, http, rules
from services.intake.readmodels import complaint_list, due_times, subject_complaints
from shared.adapters.decision_table import FirstMatch
from shared.adapters.http.audit import audited_service
from shared.adapters.runtime import Resources, Views, Wired


def wire(resources: Resources, views: Views) -> Wired:
    handlers = IntakeHandlers(
        store=resources.store,
        vault=resources.vault,
        keys=resources.keys,
        lookups=resources.vault,
        numbers=resources.numbers,
        table=FirstMatch(),
        subject_complaints=subject_complaints.SubjectComplaintsView(resources.derived, resources.log, views),
    )
    router = APIRouter()
    for part in (
        http.routes(handlers, resources, views),
        attachments.routes(handlers, resources, views),
        rules.rule_routes(handlers),
        rules.subject_routes(handlers),
        audited_service(resources),
    ):
        router.include_router(part)
    return Wired(
        router,
        models=(complaint_list.MODEL, due_times.MODEL, subject_complaints.MODEL),
        reactions=reactions.rules(handlers),
        timers=timers.rules(handlers, due_times.MODEL),
    )
