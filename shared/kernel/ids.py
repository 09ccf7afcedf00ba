"""The one place where ids come from. The edge asks; the domain gets them in its command."""

from __future__ import annotations

from uuid import UUID, uuid5

import uuid_utils.compat

NAMESPACE = UUID("7d1c7d5e-6f0a-5c53-9b0e-5c1d4b7f2a10")
"""Root of every derived id of Suyuan (uuid5)."""


def new_id() -> UUID:
    """A fresh time-ordered id (UUIDv7, RFC 9562)."""
    return uuid_utils.compat.uuid7()


def derived_id(*parts: str) -> UUID:
    """The same id for the same parts, for ever: commands of reactions and timers are made with it."""
    return uuid5(NAMESPACE, "\x1f".join(parts))
