"""Named places at which a chaos run lets this process die as by kill -9. Nothing happens unless one is armed.

`SUYUAN_FAILPOINT=after-append-before-answer:3` (read by Settings) dies at the third passing of that place: between two
steps that a crash may fall between, which random kills would hit once in a thousand.
"""

from __future__ import annotations

import os
import signal
from typing import Literal, get_args

Failpoint = Literal[
    "before-append",
    "after-append-before-answer",
    "before-projection-commit",
    "after-projection-commit",
    "before-reaction",
    "after-reaction-before-checkpoint",
    "before-head-signing",
    "after-blob-before-append",
    "capture-after-stage",
    "before-produce",
    "after-produce-before-checkpoint",
    "after-message-before-offset",
]
FAILPOINTS: tuple[Failpoint, ...] = get_args(Failpoint)

_left: dict[str, int] = {}


def checked(order: str) -> tuple[str, int]:
    """`name:count` as (name, count). Raises ValueError."""
    name, _, count = order.partition(":")
    if name not in FAILPOINTS or not count.isdecimal() or int(count) == 0:
        raise ValueError(f"{order!r} is not name:count with one of {', '.join(FAILPOINTS)}")
    return name, int(count)


def arm(order: str | None) -> None:
    """Die at the count-th passing of the named place; None: at none. Raises ValueError."""
    _left.clear()
    if order is not None:
        name, count = checked(order)
        _left[name] = count


def failpoint(name: Failpoint) -> None:
    """Passing the place: one look into an empty dict unless armed."""
    if name not in _left:
        return
    _left[name] -= 1
    if _left[name] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
