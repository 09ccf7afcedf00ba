"""Marks on contract fields: what is sealed before an event is appended, and what no other system is told."""

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


@dataclass(frozen=True, slots=True)
class Internal:
    """Of use to the service alone, such as a keyed sum of personal values: stored as it is, never exported."""


PersonalText = Annotated[str, Personal()]
PrivateText = Annotated[str, Private()]
