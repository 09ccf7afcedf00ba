"""What holds until a tenant publishes its own."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from services.investigation.domain.reference.published import PublishedRules

HEARING_DAYS = 7


@lru_cache
def default_rules() -> PublishedRules:
    folder = resources.files("services.investigation.domain.responsibility")
    document = folder.joinpath("default_rules.json").read_text(encoding="utf-8")
    return PublishedRules("default", 0, document, HEARING_DAYS)
