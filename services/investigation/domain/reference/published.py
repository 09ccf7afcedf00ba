"""A published version of the responsibility rules, as it is evaluated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublishedRules:
    """One version of the responsibility rules; `document` is JDM (JSON text)."""

    rules: str
    version: int
    document: str
    hearing_days: int
