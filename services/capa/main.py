"""The wiring of capa: the only place where everything meets."""

from __future__ import annotations

from fastapi import APIRouter

from services.capa.application import reactions
from services.capa.application.beside import KEEPING
from services.capa.application.handlers import CapaHandlers
from services.capa.entrypoints import actions, http
from services.capa.readmodels import (
    action_list,
    bad_items,
    capa_list,
    captured_batches,
    lessons,
    recurrences,
    units_made,
)
from shared.adapters.http.audit import audited_service
from shared.adapters.http.evidence import Citable
from shared.adapters.runtime import Resources, Views, Wired
from shared.kernel.erasure import erasure_rule


def wire(resources: Resources, views: Views) -> Wired:
    handlers = CapaHandlers(resources.store, resources.vault, resources.numbers)
    facts = captured_batches.CapturedFacts(resources, views)
    citable = Citable(resources.blobs, lambda: views.logs, facts.there)
    router = APIRouter()
    for part in (
        http.routes(handlers, resources, views),
        actions.routes(handlers, citable, resources, views),
        audited_service(resources),
    ):
        router.include_router(part)
    return Wired(
        router,
        models=(
            capa_list.MODEL,
            action_list.MODEL,
            bad_items.MODEL,
            units_made.MODEL,
            lessons.MODEL,
            captured_batches.MODEL,
        ),
        reactions=(
            *reactions.rules(handlers, recurrences.KnownItems(resources, views)),
            erasure_rule(resources.store, resources.vault),
        ),
        keeping=KEEPING,
    )
