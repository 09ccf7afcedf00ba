"""How long a fault lasts, and what was seen meanwhile, for docs/measurements.md.

`SUYUAN_FAULT_SECONDS=60 … -s` is a fault at its full length.
"""

from __future__ import annotations

import json
import os

SECONDS = float(os.environ.get("SUYUAN_FAULT_SECONDS", "3"))


def seen(fault: str, **figures: object) -> None:
    print(json.dumps({"fault": fault, "seconds": SECONDS, **figures}))  # noqa: T201 - shown with -s
