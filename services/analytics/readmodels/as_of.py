"""The same facts as of an earlier moment of knowledge: the logs up to a vector of positions, folded anew.

Tables know only now. What was known then is the fold of what had been recorded then, through the very same models, so
the answer to one vector is the same for ever. It costs a reading of the logs up to there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.analytics.domain.facts import CapaFact, Case, CauseFact, InvestigationFact, Item, ShareFact
from services.analytics.domain.slices import Slice
from services.analytics.readmodels import (
    capa_facts,
    case_facts,
    cause_facts,
    investigation_facts,
    item_facts,
    responsibility_facts,
)
from services.analytics.readmodels.cases import put_together
from shared.kernel.readmodel import ReadModel, Row, project
from shared.kernel.recorded import Recorded

MODELS: tuple[ReadModel, ...] = (
    case_facts.MODEL,
    item_facts.MODEL,
    investigation_facts.MODEL,
    cause_facts.MODEL,
    responsibility_facts.MODEL,
    capa_facts.MODEL,
)
"""Every read model of this service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that was known. Narrow it with `in_slice`."""

    cases: list[Case]
    items: list[Item]
    investigations: list[InvestigationFact]
    causes: list[CauseFact]
    shares: list[ShareFact]
    capas: list[CapaFact]


def facts_of(logs: Mapping[str, Sequence[Recorded]]) -> Facts:
    """`logs` maps intake, investigation and capa to one tenant's events up to the vector's positions, in order."""
    events = [recorded for source in sorted(logs) for recorded in logs[source]]
    rows = {model.name: _rows(model, events) for model in MODELS}
    put = put_together(
        sorted(rows["case_facts"], key=lambda row: (str(row["received_at"]), row["complaint_id"])),
        sorted(rows["item_facts"], key=lambda row: (row["complaint_id"], row["item_no"])),
        rows["investigation_facts"],
    )
    causes = sorted(rows["cause_facts"], key=lambda row: (row["confirmed_at"], row["root_cause_id"]))
    standing = {row["root_cause_id"] for row in causes}
    shares = responsibility_facts.current(rows["responsibility_facts"], standing)
    return Facts(
        cases=put.cases,
        items=put.items,
        investigations=[
            investigation_facts.investigation(row)
            for row in sorted(rows["investigation_facts"], key=lambda row: (row["opened_at"], row["investigation_id"]))
        ],
        causes=[cause_facts.cause(row) for row in causes],
        shares=[responsibility_facts.share(row) for row in shares],
        capas=[
            capa_facts.capa(row)
            for row in sorted(rows["capa_facts"], key=lambda row: (row["opened_at"], row["capa_id"]))
        ],
    )


def _rows(model: ReadModel, events: Sequence[Recorded]) -> list[Row]:
    heard = (recorded for recorded in events if recorded.meta.service in model.sources)
    return list(project(model, heard).values())


def in_slice(facts: Facts, asked: Slice) -> Facts:
    """Cases received, causes and shares confirmed, investigations and CAPAs opened in the slice.

    Of the cases' items those of the asked product. An investigation is about the products of its complaints and causes.
    """
    cases = [case for case in facts.cases if asked.holds(case.received_at, case.products)]
    chosen = {case.complaint_id for case in cases}
    about = _products_of_investigations(facts)
    return Facts(
        cases=cases,
        items=of_product([item for item in facts.items if item.complaint_id in chosen], asked),
        investigations=[
            one
            for one in facts.investigations
            if asked.holds(one.opened_at, tuple(about.get(one.investigation_id, ())))
        ],
        causes=[cause for cause in facts.causes if asked.holds(cause.confirmed_at, cause.products)],
        shares=[share for share in facts.shares if asked.holds(share.confirmed_at, share.products)],
        capas=[capa for capa in facts.capas if asked.holds(capa.opened_at, capa.products)],
    )


def of_product(items: list[Item], asked: Slice) -> list[Item]:
    """A complaint about several products is in the slice of each, with the items of that product."""
    return items if asked.product is None else [item for item in items if item.product == asked.product]


def _products_of_investigations(facts: Facts) -> dict[UUID, set[str]]:
    about: dict[UUID, set[str]] = {}
    for case in facts.cases:
        if case.investigation_id is not None:
            about.setdefault(case.investigation_id, set()).update(case.products)
    for cause in facts.causes:
        about.setdefault(cause.investigation_id, set()).update(cause.products)
    return about


def due_in(facts: Facts, asked: Slice) -> list[Case]:
    """Cases whose first promise fell due in the slice: what on-time closure is about."""
    return [case for case in facts.cases if asked.holds(case.promised_at, case.products)]
