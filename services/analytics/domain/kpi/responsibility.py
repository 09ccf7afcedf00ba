"""Who was confirmed to answer for what? Records as they stand, and what they come to by party.

A list of where improvement has to begin, not a ranking of guilt: an appealed share is counted apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from services.analytics.domain.facts import ShareFact
from shared.contracts.words import PartyKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyRecord:
    """Counts are of shares in root causes. `percent` is the sum of the shares that stand (100 = one whole cause)."""

    party_kind: PartyKind
    party_code: str
    primary: int
    secondary: int
    management: int
    appealed: int
    percent: Decimal


def by_party(shares: Iterable[ShareFact]) -> list[PartyRecord]:
    """Parties by falling percent, then by kind and code."""
    groups: dict[tuple[PartyKind, str], list[ShareFact]] = {}
    for share in shares:
        groups.setdefault((share.party_kind, share.party_code), []).append(share)
    records = [_record(kind, code, group) for (kind, code), group in groups.items()]
    return sorted(records, key=lambda one: (-one.percent, one.party_kind, one.party_code))


def _record(kind: PartyKind, code: str, group: list[ShareFact]) -> PartyRecord:
    standing = [share for share in group if not share.appealed]
    return PartyRecord(
        party_kind=kind,
        party_code=code,
        primary=sum(share.share_kind == "primary" for share in standing),
        secondary=sum(share.share_kind == "secondary" for share in standing),
        management=sum(share.share_kind == "management" for share in standing),
        appealed=len(group) - len(standing),
        percent=sum((share.percent for share in standing if share.percent is not None), Decimal(0)),
    )
