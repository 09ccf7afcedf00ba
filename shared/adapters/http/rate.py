"""How many requests one caller may send: a token bucket each, held as one number (GCRA, ITU-T I.371 annex A).

The number is the moment at which the bucket will be full again, in whole nanoseconds of a clock that never goes back:
integers, so that the bound (never more than `burst` and one for each interval passed) holds exactly.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Self

from shared.adapters.http.edge_errors import TooManyRequests

SECOND = 1_000_000_000
REMEMBERED_CALLERS = 20_000


@dataclass(frozen=True, slots=True)
class Rate:
    """A token comes every `interval` nanoseconds; the bucket holds `burst` of them."""

    interval: int
    burst: int

    @classmethod
    def of(cls, per_second: float, burst: int) -> Self | None:
        """None where 0 a second means: no limit."""
        return cls(math.ceil(SECOND / per_second), burst) if per_second else None


def draw(rate: Rate, full_at: int, now: int) -> tuple[int, int]:
    """Take a token: when the bucket is full again, and 0; or `full_at` as it was, and how long until one is there."""
    after = max(full_at, now) + rate.interval
    wait = after - now - rate.burst * rate.interval
    return (after, 0) if wait <= 0 else (full_at, wait)


class Limiter:
    """The buckets of this process. Replicas count apart: N of them let N times as much pass."""

    def __init__(self, rate: Rate | None, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._rate = rate
        self._clock = clock
        self._full_at: OrderedDict[Hashable, int] = OrderedDict()

    def admit(self, caller: Hashable) -> None:
        """Count one request of this caller. Raises TooManyRequests (429) with the seconds until the next may come."""
        if self._rate is None:
            return
        now = self._clock()
        self._full_at[caller], wait = draw(self._rate, self._full_at.get(caller, now), now)
        self._full_at.move_to_end(caller)
        if len(self._full_at) > REMEMBERED_CALLERS:
            self._full_at.popitem(last=False)  # whoever was silent longest: most likely full again
        if wait:
            raise TooManyRequests(seconds=math.ceil(wait / SECOND))
