"""Where does everything stand, and how old is what is still open?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from services.analytics.domain.facts import CapaFact, Case, InvestigationFact
from shared.contracts.words import ComplaintStatus

AGES: tuple[tuple[str, timedelta | None], ...] = (
    ("≤7d", timedelta(days=7)),
    ("≤30d", timedelta(days=30)),
    ("≤90d", timedelta(days=90)),
    (">90d", None),
)
"""Age classes of the backlog, by days since receipt (elapsed)."""

ORDER: tuple[ComplaintStatus, ...] = get_args(ComplaintStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusBoard:
    """`backlog` are the open complaints by age and status; `overdue` those past the date first promised."""

    complaints: Mapping[str, int]
    backlog: Mapping[str, Mapping[str, int]]
    overdue: int
    investigations: Mapping[str, int]
    capas: Mapping[str, int]


def status_board(
    cases: Iterable[Case], investigations: Iterable[InvestigationFact], capas: Iterable[CapaFact], as_of: datetime
) -> StatusBoard:
    cases = list(cases)
    statuses = Counter(case.status for case in cases)
    open_cases = [case for case in cases if case.closed_at is None]
    return StatusBoard(
        complaints={status: statuses[status] for status in ORDER},
        backlog=_backlog(open_cases, as_of),
        overdue=sum(case.promised_at is not None and case.promised_at < as_of for case in open_cases),
        investigations=_counted("open" if one.concluded_at is None else str(one.outcome) for one in investigations),
        capas=_counted("closed" if one.closed_at else _open_capa(one) for one in capas),
    )


def _open_capa(capa: CapaFact) -> str:
    """An open CAPA by how far its proof has come."""
    return "open" if capa.effectiveness == "none" else f"open_{capa.effectiveness}"


def _backlog(cases: list[Case], as_of: datetime) -> dict[str, dict[str, int]]:
    ages = Counter((_age(as_of - case.received_at), case.status) for case in cases)
    return {age: {status: ages[age, status] for status in ORDER if ages[age, status]} for age, _ in AGES}


def _age(old: timedelta) -> str:
    return next(name for name, limit in AGES if limit is None or old <= limit)


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
