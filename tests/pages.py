"""What the pages for readers hold: fenced blocks, links, and the tables that the code says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from services.investigation.domain.facts.fields import CODE_LENGTH, Field, Kind
from services.investigation.domain.facts.kinds import KINDS

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SENT = re.compile(r"^`(PUT|POST) (/api/v1/[^`]*)`\n\n```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


class Sent(NamedTuple):
    """A request that a page shows: its JSON text stands right below the line with method and path."""

    method: str
    path: str
    body: str


def page(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return [text for found, text in _BLOCK.findall(page(name)) if found == language]


def sent(name: str) -> list[Sent]:
    return [Sent(*found) for found in _SENT.findall(page(name))]


def linked(source: Path) -> set[Path]:
    """The files and folders of the project that a page links to."""
    return {(source.parent / target).resolve() for target in _LINK.findall(source.read_text(encoding="utf-8"))}


def kinds_table() -> str:
    """Every kind of fact, as docs/mappings.md shows it."""
    head = "| `kind` | system | natural key | required fields | optional fields |\n|---|---|---|---|---|\n"
    return head + "".join(_kind(kind) for kind in KINDS.values())


def fields_table() -> str:
    """Every field under its type, as docs/mappings.md shows it."""
    by_type: dict[str, dict[str, list[str]]] = {}
    for kind in KINDS.values():
        for field in kind.fields:
            names = by_type.setdefault(_type(field), {}).setdefault(field.name, [])
            names += [field.zh] if field.zh not in names else []
    head = "| type | fields |\n|---|---|\n"
    return head + "".join(f"| {name} | {_meant(fields)} |\n" for name, fields in sorted(by_type.items()))


def _kind(kind: Kind) -> str:
    required, optional = (_names(f.name for f in kind.fields if f.required is one) for one in (True, False))
    return f"| `{kind.name}` {kind.zh} | {kind.system} | {_names(kind.key)} | {required} | {optional} |\n"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _meant(fields: dict[str, list[str]]) -> str:
    return ", ".join(f"`{name}` {'/'.join(zh)}" for name, zh in fields.items())


def _type(field: Field) -> str:
    if field.type == "choice":
        return f"choice of {_names(field.choices)}"
    if field.type == "text":
        return "code" if field.max_length == CODE_LENGTH else "text"
    return f"{field.type}, not below 0" if field.not_negative else field.type
