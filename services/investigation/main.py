"""The wiring of the investigation: the only place where everything meets."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from services.investigation.application import reactions
from services.investigation.application.beside import KEEPING
from services.investigation.application.capture import Capture
from services.investigation.application.handlers import InvestigationHandlers
from services.investigation.application.population import Populations
from services.investigation.application.ports import Sight
from services.investigation.application.preview import Preview
from services.investigation.application.references import ReferenceHandlers
from services.investigation.application.report_check import ReportCheck
from services.investigation.application.report_sources import ReportSources
from services.investigation.application.reports import Reports
from services.investigation.application.responsibility import Responsibility
from services.investigation.entrypoints import (
    causes,
    consumer,
    facts,
    http,
    importing,
    localisation,
    nodes,
    references,
    reports,
    responsibility,
)
from services.investigation.readmodels import (
    fact_imports,
    hearings,
    investigation_list,
    joined_complaints,
    responsibility_records,
    sight,
    traceability_report,
)
from services.investigation.readmodels.fact_rows import FactRows
from services.investigation.readmodels.verification import anchors
from shared.adapters.decision_table import AllMatches
from shared.adapters.http.audit import audited_service
from shared.adapters.http.evidence import Citable
from shared.adapters.runtime import Resources, Views, Wired
from shared.kernel.erasure import erasure_rule


def wire(resources: Resources, views: Views) -> Wired:
    store, vault, numbers = resources.store, resources.vault, resources.numbers
    table, zone = AllMatches(), resources.settings.plant_zone
    rows = FactRows(resources.pool, zone, room=resources.room)
    in_time = FactRows(resources.pool, zone, resources.reads)
    seen = Sight(
        facts=rows,
        references=sight.PublishedReferences(resources, views),
        table=table,
        actions=sight.ActionsOfCapas(resources, views),
        names=sight.NamesInFacts(rows),
    )
    handlers = InvestigationHandlers(store, vault, numbers, seen, ZoneInfo(zone))
    sources = ReportSources(store, seen)
    template = (traceability_report.render, traceability_report.TEMPLATE_VERSION)
    issuing = Reports(handlers, sources, resources.log, resources.blobs, numbers, seen, *template, zone)
    checking = ReportCheck(sources, resources.blobs, seen, *template)
    capture = Capture(rows, store, vault)
    citable = Citable(resources.blobs, lambda: views.logs, rows.there)
    anchored = anchors(rows, resources.blobs)
    router = APIRouter()
    for part in (
        http.routes(handlers, replace(seen, facts=in_time), citable, resources, views),
        nodes.routes(handlers, in_time, citable, resources),
        localisation.routes(handlers, Populations(rows), resources, views),
        causes.routes(handlers, citable),
        responsibility.routes(handlers, Responsibility(handlers, seen), seen.references, citable, resources, views),
        reports.routes(issuing, checking, resources, views),
        references.routes(ReferenceHandlers(store, vault, table), seen.references, resources, views),
        facts.routes(in_time, resources, views),
        importing.routes(capture, Preview(rows, store), resources, views),
        audited_service(resources, anchored),
    ):
        router.include_router(part)
    return Wired(
        router,
        models=(
            investigation_list.MODEL,
            joined_complaints.MODEL,
            responsibility_records.MODEL,
            hearings.MODEL,
            fact_imports.MODEL,
            *sight.MODELS,
        ),
        reactions=(
            *reactions.rules(handlers, sight.Citations(resources, views)),
            erasure_rule(store, vault),
        ),
        anchors=anchored,
        messages=(consumer.epcis(),),
        keeping=KEEPING,
    )
