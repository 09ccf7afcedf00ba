"""Every good answer that a test hears, held to the OpenAPI document: no field too few, none that it does not name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker

Json = dict[str, Any]

FORMATS = FormatChecker(("uuid", "date"))
FORMATS.checks("date-time", raises=ValueError)(lambda text: not isinstance(text, str) or _has_offset(text))
FORMATS.checks("decimal", raises=ArithmeticError)(lambda text: not isinstance(text, str) or Decimal(text).is_finite())


class NotAsDocumented(AssertionError):
    """An answer that the document doesn't describe."""


class Held:
    """Called by a client with each of its answers. `heard`: which operations answered well, by method and path."""

    def __init__(self, document: Callable[[], Json]) -> None:
        self._document = document
        self._validators: dict[tuple[str, str, str], Draft202012Validator | None] | None = None
        self._paths: list[tuple[re.Pattern[str], str]] = []
        self.heard: set[str] = set()

    async def __call__(self, answer: httpx.Response) -> None:
        method, path = answer.request.method, self._template(answer.request.url.path)
        if path is None or not answer.is_success:
            return
        key = (method, path, str(answer.status_code))
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if key not in self._all():
            raise NotAsDocumented(f"{method} {path} answers {answer.status_code}, which its document doesn't name")
        self.heard.add(f"{method} {path}")
        validator = self._all()[key]
        if validator is not None and media_type in ("application/json", "application/x-ndjson"):
            await answer.aread()
            for line in answer.text.splitlines() if media_type == "application/x-ndjson" else [answer.text]:
                _hold(validator, json.loads(line), f"{method} {path}")

    def _template(self, path: str) -> str | None:
        self._all()
        return next((template for pattern, template in self._paths if pattern.fullmatch(path)), None)

    def _all(self) -> dict[tuple[str, str, str], Draft202012Validator | None]:
        if self._validators is None:
            document = strict(json.loads(json.dumps(self._document())))
            self._validators = dict(_validators(document))
            for path in sorted(document["paths"], key=lambda one: one.count("{")):
                self._paths.append((re.compile(re.sub(r"\\?\{\w+\\?\}", "[^/]+", re.escape(path))), path))
        return self._validators


def strict(schema: Any) -> Any:
    """The document as a test reads it: an object has the fields that are named, and no other."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: strict(each) for name, each in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        inner.setdefault("additionalProperties", False)
    return inner


def _validators(document: Json) -> Iterator[tuple[tuple[str, str, str], Draft202012Validator | None]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                schemas = [each["schema"] for kind, each in response.get("content", {}).items() if "json" in kind]
                whole = {**schemas[0], "components": document["components"]} if schemas else None
                made = None if whole is None else Draft202012Validator(whole, format_checker=FORMATS)
                yield (method.upper(), path, status), made


def _hold(validator: Draft202012Validator, body: Any, where: str) -> None:
    wrong = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(body)]
    if wrong:
        raise NotAsDocumented("\n".join([where, *wrong[:10]]))


def _has_offset(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None
