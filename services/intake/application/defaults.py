"""What holds until a tenant publishes its own: the decision table that ships with intake."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from shared.contracts.intake.reference import TriageRulesPublished


@lru_cache
def default_triage() -> TriageRulesPublished:
    table = resources.files("services.intake.domain.triage").joinpath("default_triage.json")
    return TriageRulesPublished(
        rules="default", version=0, document=table.read_text(encoding="utf-8"), reason="built in"
    )
