"""Marks on contract fields whose plain text must never be stored: they are sealed before an event is appended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Personal:
    """A person's identity or own words. Sealed under the key of the data subject the event names in `owner`."""

    owner: str = "subject_id"


@dataclass(frozen=True, slots=True)
class Private:
    """A party's own note. Sealed under the key of the party the event names in `owner`."""

    owner: str = "party_key"


PersonalText = Annotated[str, Personal()]
PrivateText = Annotated[str, Private()]
