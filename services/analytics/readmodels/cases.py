"""Cases put together from their rows: the one way, whether the rows come from tables or from a fold of the logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal
from uuid import UUID

from services.analytics.domain.facts import Case, Item, verdict_of
from services.analytics.domain.slices import Slice
from services.analytics.readmodels.case_facts import case_rows
from services.analytics.readmodels.investigation_facts import investigation_rows
from services.analytics.readmodels.item_facts import item, item_rows
from shared.adapters.postgres.reader import Reader

_JOINED = {"products", "verdict", "root_cause_at", "concluded_at"}
_OWN = tuple(field.name for field in fields(Case) if field.name not in _JOINED)
"""What a case takes from its own row; the rest is joined from its items and its investigation."""


@dataclass(frozen=True, slots=True)
class CasesAndItems:
    """`items` are all items of `cases`, whatever product they are of."""

    cases: list[Case]
    items: list[Item]


async def cases(
    reader: Reader, tenant: str, asked: Slice, moment: Literal["received_at", "promised_at"] = "received_at"
) -> CasesAndItems:
    """Registered complaints received (or due) in the slice, with their items."""
    rows = await case_rows(reader, tenant, asked, moment)
    items = await item_rows(reader, tenant, [row["complaint_id"] for row in rows])
    return put_together(rows, items, await investigation_rows(reader, tenant))


def put_together(
    case: Iterable[Mapping[str, Any]],
    item_facts: Iterable[Mapping[str, Any]],
    investigations: Iterable[Mapping[str, Any]],
) -> CasesAndItems:
    """Rows of complaints that were not registered yet, as far as this service has heard, are left out."""
    by_case: dict[UUID, list[Item]] = {}
    for row in item_facts:
        by_case.setdefault(row["complaint_id"], []).append(item(row))
    known = {row["investigation_id"]: row for row in investigations}
    registered = [row for row in case if row["received_at"] is not None]
    made = [_case(row, by_case.get(row["complaint_id"], []), known.get(row["investigation_id"])) for row in registered]
    return CasesAndItems(made, [one for fact in made for one in by_case.get(fact.complaint_id, [])])


def _case(row: Mapping[str, Any], items: list[Item], investigation: Mapping[str, Any] | None) -> Case:
    return Case(
        products=tuple(dict.fromkeys(one.product for one in items)),
        verdict=verdict_of(items),
        root_cause_at=investigation["root_cause_at"] if investigation else None,
        concluded_at=investigation["concluded_at"] if investigation else None,
        **{name: row[name] for name in _OWN},
    )
