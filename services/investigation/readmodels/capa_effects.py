"""Did the measures of the CAPAs that answer an investigation's causes work? Their effectiveness, for the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.investigation.domain.report.sources import ReportEffect
from shared.adapters.postgres.reader import Reader
from shared.contracts.capa.capa import (
    ActionPlanned,
    CapaClosed,
    CapaOpened,
    CapaReopened,
    EffectivenessCheckPlanned,
    EffectivenessConfirmed,
    EffectivenessFailed,
    EffectivenessMeasured,
    RecurrenceReviewed,
)
from shared.contracts.event import Event
from shared.kernel.readmodel import Column, ReadModel, Row, RowKey, Rows
from shared.kernel.recorded import Recorded

EffectEvent = (
    CapaOpened
    | EffectivenessCheckPlanned
    | EffectivenessMeasured
    | EffectivenessConfirmed
    | EffectivenessFailed
    | CapaClosed
    | CapaReopened
    | RecurrenceReviewed
    | ActionPlanned
)
_UNMEASURED: Row = {
    "units": None,
    "confirmed_bad": None,
    "pending_bad": None,
    "bad_undated": None,
    "ppm": None,
    "verdict": None,
}
"""A further measure against the cause: the effect is to be measured anew, as capa has it."""

_UNPLANNED: Row = _UNMEASURED | {"baseline_ppm": None, "target_ppm": None, "made_from": None, "made_to": None}
"""Reopened, or a recurrence of the same cause: what was shown doesn't hold any more."""


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    event = recorded.event
    if isinstance(event, EffectEvent):
        yield (event.capa_id,)


def _apply(rows: Rows, recorded: Recorded) -> None:
    event = recorded.event
    if isinstance(event, CapaOpened):
        rows.put({"capa_id": event.capa_id, "capa_no": event.capa_no, "closed": False} | _UNPLANNED)
    elif isinstance(event, EffectEvent) and (row := rows.get(event.capa_id)) is not None:
        rows.put(row | _changes(event, row))


def _changes(event: Event, before: Row) -> Row:  # noqa: PLR0911 - one return an event
    match event:
        case EffectivenessCheckPlanned():
            return _UNMEASURED | {
                "baseline_ppm": event.baseline_ppm,
                "target_ppm": event.target_ppm,
                "made_from": event.made_from,
                "made_to": event.made_to,
            }
        case EffectivenessMeasured():
            return {
                "units": event.units,
                "confirmed_bad": event.confirmed_bad,
                "pending_bad": event.pending_bad,
                "bad_undated": event.bad_undated,
                "ppm": event.ppm,
                "verdict": None,
            }
        case EffectivenessConfirmed():
            return {"verdict": "effective"}
        case EffectivenessFailed():
            return {"verdict": "not_effective"}
        case CapaClosed():
            return {"closed": True}
        case CapaReopened():
            return _UNPLANNED | {"closed": False}
        case RecurrenceReviewed(verdict="same_cause"):
            return _UNPLANNED
        case ActionPlanned(kind="corrective" | "supplier_corrective") if before["verdict"] != "not_effective":
            return _UNMEASURED
        case _:
            return {}


MODEL = ReadModel(
    name="capa_effects",
    sources=frozenset({"capa"}),
    columns=(
        Column("capa_id", "uuid", nullable=False),
        Column("capa_no", "text", nullable=False),
        Column("closed", "boolean", nullable=False),
        Column("baseline_ppm", "numeric"),
        Column("target_ppm", "numeric"),
        Column("made_from", "date"),
        Column("made_to", "date"),
        Column("units", "bigint"),
        Column("confirmed_bad", "numeric"),
        Column("pending_bad", "numeric"),
        Column("bad_undated", "numeric"),
        Column("ppm", "numeric"),
        Column("verdict", "text"),
    ),
    key=("capa_id",),
    touches=_touches,
    apply=_apply,
)

_QUERY = """
select e.* from read.capa_effects e
where e.tenant = $1 and e.capa_id in (
  select c.capa_id from read.capa_causes c where c.tenant = $1 and c.investigation_id = $2
)
order by e.capa_no collate "C"
"""


async def effects_of(reader: Reader, tenant: str, investigation_id: UUID) -> Sequence[ReportEffect]:
    """Of every CAPA that answers this investigation's causes, by its number."""
    return [_effect(row) for row in await reader.fetch(_QUERY, tenant, investigation_id)]


def effects_in(investigation_id: UUID, causes: Iterable[Row], effects: Iterable[Row]) -> Sequence[ReportEffect]:
    """The same, of folded tables (capa_causes, capa_effects)."""
    capas = {row["capa_id"] for row in causes if row["investigation_id"] == investigation_id}
    found = [_effect(row) for row in effects if row["capa_id"] in capas]
    return sorted(found, key=lambda effect: effect.capa_no)


def _effect(row: Mapping[str, Any]) -> ReportEffect:
    return ReportEffect(**{name: row[name] for name in _FIELDS})


_FIELDS = tuple(column.name for column in MODEL.columns if column.name != "capa_id")
