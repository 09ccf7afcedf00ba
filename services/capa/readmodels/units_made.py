"""How many units of a product were made on a day? The denominator of every effectiveness check."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from services.capa.domain.effectiveness import Made
from shared.adapters.postgres.reader import Reader
from shared.contracts.investigation.facts import DailyVolume, VolumesRecorded
from shared.kernel.readmodel import Column, ReadModel, RowKey, Rows
from shared.kernel.recorded import Recorded

MADE = "made"
"""The measure of VolumesRecorded that counts production."""


def _volumes(recorded: Recorded) -> Iterable[DailyVolume]:
    event = recorded.event
    return event.volumes if isinstance(event, VolumesRecorded) and event.measure == MADE else ()


def _touches(recorded: Recorded) -> Iterable[RowKey]:
    return ((volume.product, volume.day) for volume in _volumes(recorded))


def _apply(rows: Rows, recorded: Recorded) -> None:
    """Batches add up: one that corrects earlier rows states the difference."""
    for volume in _volumes(recorded):
        row = rows.get(volume.product, volume.day)
        units = volume.units + (row["units"] if row else 0)
        rows.put({"product": volume.product, "day": volume.day, "units": units})


MODEL = ReadModel(
    name="units_made",
    sources=frozenset({"investigation"}),
    columns=(
        Column("product", "text", nullable=False),
        Column("day", "date", nullable=False),
        Column("units", "bigint", nullable=False),
    ),
    key=("product", "day"),
    touches=_touches,
    apply=_apply,
)

_QUERY = """
select product, day, units from read.units_made
where tenant = $1 and product = any ($2::text[]) and day between $3 and $4
"""


async def units_made(reader: Reader, tenant: str, products: tuple[str, ...], first: date, last: date) -> list[Made]:
    """Both days included."""
    rows = await reader.fetch(_QUERY, tenant, list(products), first, last)
    return [Made(product=row["product"], day=row["day"], units=row["units"]) for row in rows]
