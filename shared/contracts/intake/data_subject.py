"""What happens to a person's data, as every service must hear it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from shared.contracts.event import Event, event


@event(zh="个人数据已删除", en="Data subject erased")
class DataSubjectErased(Event):
    """The person's key is destroyed by this append; every other service destroys its own on hearing it."""

    subject_id: UUID
    reason: str


@event(zh="已设置法律保全", en="Legal hold placed")
class LegalHoldPlaced(Event):
    """`until` None: until lifted."""

    subject_id: UUID
    basis: str
    until: date | None = None


@event(zh="法律保全已解除", en="Legal hold lifted")
class LegalHoldLifted(Event):
    subject_id: UUID
    reason: str
