"""A fact as its row is stored: canonical bytes, the copies that look-ups need, and the SHA-256 that anchors it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

from services.investigation.domain.facts.fields import FactValue, Kind, Record
from shared.kernel import codec


class StoredFact(NamedTuple):
    """`at` is when it happened, aware, UTC; `raw` the source's own row as canonical JSON."""

    row: int
    natural_key: str
    lot: str | None
    input_lot: str | None
    product: str | None
    node: str | None
    equipment: str | None
    operator: str | None
    at: datetime | None
    record: bytes
    raw: bytes
    sha256: bytes


def stored(kind: Kind, row: int, natural_key: str, record: Record, raw: Mapping[str, str]) -> StoredFact:
    """The row of a canonical record."""
    content = codec.encode_plain(record)
    source = codec.encode_plain(raw)
    return StoredFact(
        row=row,
        natural_key=natural_key,
        lot=_text(record.get(kind.lot)) if kind.lot else None,
        input_lot=_text(record.get("input_lot")),
        product=_text(record.get(kind.product)) if kind.product else None,
        node=kind.node_of(record),
        equipment=_text(record.get("equipment")),
        operator=_text(record.get("operator")),
        at=_moment(record.get(kind.occurred)),
        record=content,
        raw=source,
        sha256=row_digest(kind.name, natural_key, content, source),
    )


def row_digest(kind: str, natural_key: str, record: bytes, raw: bytes) -> bytes:
    return sha256(b"\x1f".join((kind.encode(), natural_key.encode(), record, raw))).digest()


def restored(kind: Kind, plain: Mapping[str, str | int | None]) -> Record:
    """The typed record of its plain JSON."""
    return {field.name: _typed(field.type, plain.get(field.name)) for field in kind.fields}


def _typed(field_type: str, value: str | int | None) -> FactValue:
    if value is None or field_type in ("text", "choice", "integer"):
        return value
    text = str(value)
    if field_type == "decimal":
        return Decimal(text)
    return datetime.fromisoformat(text) if field_type == "datetime" else date.fromisoformat(text)


def _text(value: FactValue) -> str | None:
    return None if value is None else str(value)


def _moment(value: FactValue) -> datetime | None:
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, time.min, UTC) if isinstance(value, date) else None
