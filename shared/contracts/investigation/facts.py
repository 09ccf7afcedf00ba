"""Facts of MES, WMS and SRM: anchored in the log by batch, kept in rows apart from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.contracts.event import Event, event
from shared.contracts.words import RecordSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyVolume:
    """Units of one product on one day, in the product's sales unit."""

    product: str
    day: date
    units: int


@event(zh="事实已采集", en="Facts captured")
class FactsCaptured(Event):
    """Makes the rows of its batch visible. `sha256` runs over the SHA-256 of each stored row, in row order."""

    batch_id: UUID
    kind: str
    system: RecordSystem
    source: str
    mapping: str
    mapping_version: int
    rows: int
    refused_rows: int
    sha256: str
    file_sha256: str


@event(zh="产量与发货量已记录", en="Volumes recorded")
class VolumesRecorded(Event):
    """What a batch says of how much was made or shipped: the denominators of rates, part by part."""

    batch_id: UUID
    measure: str
    part: int
    volumes: tuple[DailyVolume, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """A row that a later row of the same natural key corrects."""

    kind: str
    natural_key: str
    old_batch: UUID
    old_row: int
    old_sha256: str
    new_row: int
    new_sha256: str


@event(zh="事实已更正", en="Facts superseded")
class FactsSuperseded(Event):
    """`batch_id` holds the corrections. Which row is current is a query, never an update."""

    batch_id: UUID
    part: int
    superseded: tuple[Superseded, ...]
