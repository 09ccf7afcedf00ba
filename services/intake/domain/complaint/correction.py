"""Correcting one field of the registration form: which paths there are, what fits them, old and new side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.intake.domain.errors import NothingChanges, UnknownField, ValueDoesNotFit
from shared.contracts.intake.complaint import ComplaintDetailsCorrected, ComplaintRegistered
from shared.contracts.words import Harm, Resolution, Scenario
from shared.kernel import codec

_ITEM = re.compile(r"items\[([1-9][0-9]{0,3})\]\.([a-z_]+)")
MAX_TEXT = 4000
MAX_CODE = 200


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a field takes: its type for decoding, and how that is said."""

    type: Any
    zh: str
    en: str
    personal: bool = False
    longest: int = MAX_CODE


_TEXT = _Kind(str | None, "文本或 null", "a text or null")
_PERSONAL = _Kind(str | None, "文本或 null", "a text or null", personal=True)
_NEEDED_TEXT = _Kind(str, "文本", "a text")
_MOMENT = _Kind(datetime | None, "RFC 3339 时间或 null", "an RFC 3339 time or null")
_DAY = _Kind(date | None, "日期（YYYY-MM-DD）或 null", "a date (YYYY-MM-DD) or null")
_TEXTS = _Kind(tuple[str, ...], "文本列表", "a list of texts")

HEADER: Mapping[str, _Kind] = {
    "customer.name": _Kind(str, "文本", "a text", personal=True),
    "customer.contact": _PERSONAL,
    "customer.phone": _PERSONAL,
    "customer.email": _PERSONAL,
    "customer.account": _TEXT,
    "customer.region": _TEXT,
    "description": _Kind(str, "文本", "a text", personal=True, longest=50_000),
    "occurred_where": _PERSONAL,
    "customer_claim_no": _TEXT,
    "order_no": _TEXT,
    "delivery_no": _TEXT,
    "occurred_at": _MOMENT,
    "scenario": _Kind(Scenario | None, "storage、installation、use、transport 或 null", "a scenario or null"),
    "harm": _Kind(Harm, "none、property 或 injury", "none, property or injury"),
    "sample_available": _Kind(bool, "true 或 false", "true or false"),
    "desired_resolution": _Kind(Resolution | None, "解决方式或 null", "a resolution or null"),
}
ITEM: Mapping[str, _Kind] = {
    "product": _NEEDED_TEXT,
    "model": _TEXT,
    "customer_part_no": _TEXT,
    "lot": _TEXT,
    "serials": _TEXTS,
    "gtin": _TEXT,
    "udi": _TEXT,
    "production_date": _DAY,
    "expiry_date": _DAY,
    "quantity_affected": _Kind(Decimal, "大于 0 的数量", "a quantity above 0"),
    "quantity_delivered": _Kind(Decimal | None, "大于 0 的数量或 null", "a quantity above 0 or null"),
    "defect_codes": _TEXTS,
}


def corrected(form: ComplaintRegistered, path: str, value: Any, reason: str) -> ComplaintDetailsCorrected:
    """The event of this correction. Raises UnknownField, ValueDoesNotFit, NothingChanges."""
    kind = _kind(form, path)
    new = _fitting(kind, path, value)
    old = read(form, path)
    if not kind.personal and old == new:
        raise NothingChanges(path=path)
    both = {"old_personal": old, "new_personal": new} if kind.personal else {"old": _json(old), "new": _json(new)}
    return ComplaintDetailsCorrected(
        complaint_id=form.complaint_id, field=path, reason=reason, subject_id=form.subject_id, **both
    )


def apply(form: ComplaintRegistered, event: ComplaintDetailsCorrected) -> ComplaintRegistered:
    """The form with that field as corrected."""
    kind = _kind(form, event.field)
    value = event.new_personal if kind.personal else codec.decode_plain(event.new or "null", kind.type)
    return _write(form, event.field, value)


def read(form: ComplaintRegistered, path: str) -> Any:
    item = _ITEM.fullmatch(path)
    if item:
        return getattr(form.items[int(item[1]) - 1], item[2])
    holder = form.customer if path.startswith("customer.") else form
    return getattr(holder, path.removeprefix("customer."))


def plain_text(event: ComplaintDetailsCorrected) -> str | None:
    """The new value of a corrected text that is not personal."""
    text: str | None = codec.decode_plain(event.new or "null", str | None)
    return text


def is_personal(path: str) -> bool:
    return path in HEADER and HEADER[path].personal


def _write(form: ComplaintRegistered, path: str, value: Any) -> ComplaintRegistered:
    item = _ITEM.fullmatch(path)
    if item:
        at = int(item[1]) - 1
        changed = replace(form.items[at], **{item[2]: value})
        return replace(form, items=(*form.items[:at], changed, *form.items[at + 1 :]))
    if path.startswith("customer."):
        return replace(form, customer=replace(form.customer, **{path.removeprefix("customer."): value}))
    return replace(form, **{path: value})


def _kind(form: ComplaintRegistered, path: str) -> _Kind:
    item = _ITEM.fullmatch(path)
    if item and int(item[1]) <= len(form.items) and item[2] in ITEM:
        return ITEM[item[2]]
    if path in HEADER:
        return HEADER[path]
    raise UnknownField(path=path[:MAX_CODE])


def _fitting(kind: _Kind, path: str, value: Any) -> Any:
    misfit = ValueDoesNotFit(path=path, expected_zh=kind.zh, expected_en=kind.en)
    try:
        new = codec.decode_plain(codec.encode_plain(value), kind.type)
    except ValueError:
        raise misfit from None
    texts = new if isinstance(new, tuple) else (new,)
    if any(isinstance(text, str) and not 0 < len(text.strip()) <= len(text) <= kind.longest for text in texts):
        raise misfit
    if isinstance(new, Decimal) and not (new.is_finite() and new > 0):
        raise misfit
    if isinstance(new, datetime) and new.tzinfo is None:
        raise misfit
    return new


def _json(value: Any) -> str:
    return codec.encode_plain(value).decode()
