"""A folder of exports as a company's MES, WMS and SRM would hand them over: files, and the mapping that reads each."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MAPPINGS = Path(__file__).parent / "mappings"


@dataclass(frozen=True, slots=True)
class Export:
    """One file under one mapping. `rows` counts data rows; `derived`: what was made of it (None: it is as it came)."""

    path: Path
    mapping: str
    kind: str
    rows: int
    sha256: str
    synthetic: bool
    derived: str | None = None


def mapping_document(name: str) -> dict[str, Any]:
    """The mapping of that name, as data: `mappings/<name>.json`."""
    document: dict[str, Any] = json.loads((MAPPINGS / f"{name}.json").read_text(encoding="utf-8"))
    return document


def manifest_bytes(exports: tuple[Export, ...], **about: Any) -> bytes:
    """What `manifest.json` holds: the files by name (no folder), sorted keys, the same bytes for the same exports."""
    files = [asdict(one) | {"path": one.path.name} for one in exports]
    text = json.dumps(about | {"files": files}, ensure_ascii=False, indent=1, sort_keys=True)
    return (text + "\n").encode()
