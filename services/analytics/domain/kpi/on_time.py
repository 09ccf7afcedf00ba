"""On-time closure: closed by the date first promised ÷ all that fell due, open ones included."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.analytics.domain.facts import Case
from services.analytics.domain.kpi.pareto import share_of


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTime:
    """`due` = on_time + closed_late + open_late. `rate` from 0 to 1, None where nothing fell due.

    `not_due` has a promise that lies ahead, `without_promise` none: both stand outside the rate.
    """

    due: int
    on_time: int
    closed_late: int
    open_late: int
    not_due: int
    without_promise: int
    rate: Decimal | None


def on_time(cases: Iterable[Case], as_of: datetime) -> OnTime:
    """As of that moment. A reopened case counts by its last closure, and as open until there is one."""
    tally = {"on_time": 0, "closed_late": 0, "open_late": 0, "not_due": 0, "without_promise": 0}
    for case in cases:
        tally[_standing(case, as_of)] += 1
    due = tally["on_time"] + tally["closed_late"] + tally["open_late"]
    return OnTime(due=due, rate=share_of(tally["on_time"], due) if due else None, **tally)


def _standing(case: Case, as_of: datetime) -> str:
    if case.promised_at is None:
        return "without_promise"
    if case.promised_at > as_of:
        return "not_due"
    if case.closed_at is None or case.closed_at > as_of:
        return "open_late"
    return "on_time" if case.closed_at <= case.promised_at else "closed_late"
