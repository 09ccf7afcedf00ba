"""What the next decision about a CAPA asks, and how events change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.capa.domain.effectiveness import Window
from shared.contracts.words import ActionKind, RecurrenceVerdict

ActionStatus = Literal["planned", "approved", "returned", "started", "completed", "verified", "cancelled"]
Effectiveness = Literal["none", "planned", "measured", "confirmed", "failed"]

SETTLED: frozenset[ActionStatus] = frozenset({"verified", "cancelled"})
ANSWERS_A_CAUSE: frozenset[ActionKind] = frozenset({"corrective", "supplier_corrective"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """`made_from` is the production date of the cut-in, once completed and until a verification sends it back."""

    kind: ActionKind
    status: ActionStatus
    owner: str
    planned_by: str
    first_due_date: date
    due_date: date
    root_cause_id: UUID | None
    completed_by: str | None = None
    made_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    target_ppm: Decimal
    minimum_units: int
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The last measurement; `made_from` is where its count really began."""

    measured_on: date
    made_from: date
    made_to: date
    units: int
    confirmed_bad: Decimal
    bad_undated: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a cause was found on. `defect_codes` empty: every defect."""

    products: frozenset[str]
    defect_codes: frozenset[str]


ItemKey = tuple[UUID, int]
"""A complaint and the number of its item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A suspected recurrence; `verdict` None: nobody has reviewed it."""

    complaint_no: str
    production_date: date
    verdict: RecurrenceVerdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capa:
    """`causes` maps each root cause to whether it still stands here (False: released), `scopes` to what it is about."""

    capa_id: UUID | None = None
    capa_no: str = ""
    closed: bool = False
    causes: Mapping[UUID, bool] = field(default_factory=dict)
    investigations: Mapping[UUID, UUID] = field(default_factory=dict)
    scopes: Mapping[UUID, Scope] = field(default_factory=dict)
    actions: Mapping[int, Action] = field(default_factory=dict)
    similarity_searched: bool = False
    control_plan_reviewed: bool = False
    effectiveness: Effectiveness = "none"
    check: Check | None = None
    measured: Measured | None = None
    lesson_recorded: bool = False
    suspicions: Mapping[ItemKey, Suspicion] = field(default_factory=dict)

    def with_action(self, action_no: int, **changes: object) -> Capa:
        action = replace(self.actions[action_no], **changes)  # type: ignore[arg-type]  # names are Action's own
        return replace(self, actions={**self.actions, action_no: action})

    @property
    def standing_causes(self) -> list[UUID]:
        return [cause for cause, stands in self.causes.items() if stands]

    @property
    def unreviewed(self) -> list[ItemKey]:
        return [key for key, suspicion in self.suspicions.items() if suspicion.verdict is None]

    @property
    def unsettled(self) -> list[int]:
        return [no for no, action in self.actions.items() if action.status not in SETTLED]


def cut_in(capa: Capa) -> date | None:
    """Production date from which every completed measure is in place: that of the last one that answers a cause.

    A CAPA whose completed actions answer no cause (containment, prevention) counts from the last of those.
    """
    done = [action for action in capa.actions.values() if action.status in ("completed", "verified")]
    answering = [action for action in done if action.kind in ANSWERS_A_CAUSE]
    return max(_dates(answering or done), default=None)


def window(capa: Capa) -> Window | None:
    """What a measurement of today must count: the planned window, from the cut-in on (rule 18)."""
    since = cut_in(capa)
    if capa.check is None or since is None:
        return None
    return replace(capa.check.window, made_from=max(capa.check.window.made_from, since))


def _dates(actions: list[Action]) -> Iterator[date]:
    return (action.made_from for action in actions if action.made_from is not None)
