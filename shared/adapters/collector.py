"""When the cyclic garbage collector runs, in a process that decodes events by the thousand.

Events, rows and requests die by reference counting; each collection on the way only looks at them all in vain (a
quarter of a projection's time, measured). What start-up made lives as long as the process and is never looked at again.
"""

from __future__ import annotations

import gc

_THRESHOLDS = (50_000, 20, 100)
"""Objects made and not yet gone before the youngest are looked at; then how many of those before the older ones."""


def collect_rarely() -> None:
    """To be called once everything is loaded. Cycles are still found, a little later."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
