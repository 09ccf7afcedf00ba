"""Files that are generated and committed: written, or held against what they should be."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]


def write(files: Mapping[Path, str]) -> int:
    """Write each file (path from the project's root)."""
    for path, text in files.items():
        place = ROOT / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    print(f"已写入 {len(files)} 个文件 · {len(files)} files written")
    return 0


def in_step(files: Mapping[Path, str], command: str) -> int:
    """1 where a committed file differs from what would be generated."""
    stale = [
        str(path)
        for path, text in files.items()
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(f"{path} 不是最新的，请运行 {command} · is stale: run {command}", file=sys.stderr)
    return 1 if stale else 0
