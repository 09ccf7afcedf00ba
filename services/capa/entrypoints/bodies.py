"""The request bodies of capa."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.adapters.http.body import Amount, Body, Code, Line, Words
from shared.adapters.http.evidence import Evidence
from shared.contracts.capa.capa import CutIn
from shared.contracts.words import ActionKind, CutInKind, RecurrenceVerdict

Day = Annotated[date, Field(strict=False)]
Id = Annotated[UUID, Field(strict=False)]
Subject = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class PlanActionBody(Body):
    """`revises`: the number of a returned action that is planned anew."""

    kind: ActionKind
    title: Line
    owner: Subject
    department: Code
    due_date: Day
    criterion: Words
    root_cause_id: Id | None = None
    complaint_id: Id | None = None
    risk: Words | None = None
    revises: Annotated[int, Field(ge=1, le=1000)] | None = None


class ReasonBody(Body):
    reason: Words


class JudgementBody(Body):
    """Whether the measures did what they should, with what supports it beside the measurement."""

    note: Words
    evidence: Evidence = ()


class CutInBody(Body):
    """断点 · the first lot, serial or date made with the measure in place."""

    kind: CutInKind
    value: Line
    made_from: Day

    def cut_in(self) -> CutIn:
        return CutIn(**self.model_dump())


class CompleteActionBody(Body):
    completed_on: Day
    cut_in: CutInBody
    note: Words
    evidence: Evidence = ()


class VerifyActionBody(Body):
    met_criterion: bool
    note: Words
    evidence: Evidence = ()


class DueDateBody(Body):
    due_date: Day
    reason: Words


class SimilarityBody(Body):
    """ISO 9001:2015 10.2.1 b."""

    searched: Words
    found: Annotated[tuple[Line, ...], Field(max_length=200, strict=False)] = ()
    conclusion: Words


class ControlPlanBody(Body):
    """PFMEA 与控制计划 · updated with its documents, or not needed with a reason."""

    updated: bool
    documents: Annotated[tuple[Line, ...], Field(max_length=50, strict=False)] = ()
    reason: Words | None = None


class EffectivenessPlanBody(Body):
    """Confirmed bad units per million made in the window, against baseline and target."""

    baseline_ppm: Annotated[Amount, Field(ge=0)]
    target_ppm: Annotated[Amount, Field(ge=0)]
    made_from: Day
    made_to: Day
    minimum_units: Annotated[int, Field(ge=1, le=10**9)]
    products: Annotated[tuple[Line, ...], Field(min_length=1, max_length=100, strict=False)]
    defect_codes: Annotated[tuple[Code, ...], Field(max_length=100, strict=False)] = ()


class RecurrenceReviewBody(Body):
    """*same_cause* puts the effect in doubt: it is to be shown anew. *made_before*: the production date is wrong."""

    verdict: RecurrenceVerdict
    reason: Words


class LessonBody(Body):
    lesson: Words
    keywords: Annotated[tuple[Line, ...], Field(max_length=50, strict=False)] = ()
