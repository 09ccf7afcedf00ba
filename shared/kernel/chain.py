"""The hash chain of a log: who, when, why, type and content of every event, all under one head.

digest = sha256(sha256(meta) ‖ sha256(data));  hash = sha256(previous ‖ int64 position ‖ int64 recorded_at µs ‖ digest)
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from hashlib import sha256

GENESIS = bytes(32)
"""What the first event of every log is chained to."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_POSITION_AND_TIME = struct.Struct(">qq")


def digest(meta: bytes, data: bytes) -> bytes:
    return sha256(sha256(meta).digest() + sha256(data).digest()).digest()


def microseconds(at: datetime) -> int:
    """Whole microseconds since 1970-01-01T00:00Z, exact (no float on the way)."""
    return (at - _EPOCH) // _MICROSECOND


def link(previous: bytes, position: int, recorded_at: datetime, event_digest: bytes) -> bytes:
    stamp = _POSITION_AND_TIME.pack(position, microseconds(recorded_at))
    return sha256(previous + stamp + event_digest).digest()
