"""The value of a correction, held to the same limits as the field of the registration form whose place it takes."""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from services.intake.domain.complaint.correction import HEADER, ITEM
from services.intake.entrypoints.bodies import CustomerBody, ItemBody, RegisterBody
from shared.adapters.http.validation import body_errors
from shared.kernel.codec import encode_plain

_ITEM = re.compile(r"items\[[0-9]+\]\.")
_STRICT = ConfigDict(strict=True, hide_input_in_errors=True)


def check_value(path: str, value: Any) -> None:
    """Raises InvalidRequest as the form would. A field that can't be corrected is the domain's to refuse."""
    item = _ITEM.match(path)
    if (path[item.end() :] not in ITEM) if item else (path not in HEADER):
        return
    holder, name = _holder(path)
    try:
        _adapter(holder, name).validate_json(encode_plain(value))
    except ValidationError as wrong:
        found = [{**each, "loc": ("value", *each["loc"])} for each in wrong.errors(include_url=False)]
        raise body_errors(found, {"value": value}) from None


def _holder(path: str) -> tuple[type[BaseModel], str]:
    if item := _ITEM.match(path):
        return ItemBody, path[item.end() :]
    if path.startswith("customer."):
        return CustomerBody, path.removeprefix("customer.")
    return RegisterBody, path


@cache
def _adapter(holder: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = holder.model_fields[name]
    limited: Any = Annotated[field.annotation, field]
    return TypeAdapter(limited, config=_STRICT)
