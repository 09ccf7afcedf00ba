"""The wiring of analytics: the only place where everything meets."""

from __future__ import annotations

from fastapi import APIRouter

from services.analytics.entrypoints import http
from services.analytics.readmodels.as_of import MODELS
from shared.adapters.http.audit import audited_service
from shared.adapters.runtime import Resources, Views, Wired
from shared.kernel.erasure import erasure_rule


def wire(resources: Resources, views: Views) -> Wired:
    router = APIRouter()
    for part in (http.routes(resources, views), audited_service(resources)):
        router.include_router(part)
    return Wired(router, models=MODELS, reactions=(erasure_rule(resources.store, resources.vault),))
