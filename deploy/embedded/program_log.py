"""The file that a program started by us writes into, and its last words where it failed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO

LOG_BYTES = 8 << 20
LAST_LINES = 12


@dataclass(frozen=True)
class ProgramLog:
    path: Path

    def open(self) -> IO[bytes]:
        """For appending; the previous one is kept once it has grown."""
        if self.path.exists() and self.path.stat().st_size > LOG_BYTES:
            self.path.replace(self.path.with_suffix(f"{self.path.suffix}.1"))
        return self.path.open("ab")

    def last_words(self, since: int) -> str:
        """The last lines written after byte `since`, or `-`."""
        with self.path.open("rb") as log:
            log.seek(since)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-LAST_LINES:]) or "-"
