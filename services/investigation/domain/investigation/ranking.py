"""A localisation's answer as the event that records it: every figure a decimal text of six significant digits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from services.investigation.domain.localisation import Group, Localisation, explain, rounded, tell_apart
from shared.contracts.investigation.investigation import Candidate, SuspectGroup, SuspectsRanked


def ranking(result: Localisation, investigation_id: UUID, bad_when: str, facts_position: int) -> SuspectsRanked:
    """`bad_when` says what counted as bad; `facts_position` up to where facts were seen."""
    why = result.abstained
    return SuspectsRanked(
        investigation_id=investigation_id,
        bad_when=bad_when,
        stratified_by=("product",) if result.settings.stratified else (),
        units=result.units,
        bad=result.bad,
        without_lot=result.without_lot,
        tests=result.tests,
        alpha=Decimal(str(result.settings.alpha)),
        groups=tuple(_group(group) for group in result.groups),
        facts_position=facts_position,
        sentence_zh=explain(result, "zh-CN"),
        sentence_en=explain(result, "en"),
        abstained=None if why is None else f"{why.reason}: {why.have} < {why.enough}",
    )


def _group(group: Group) -> SuspectGroup:
    figures = cast("dict[str, Any]", rounded(group))
    odds = figures["odds"] or {}
    return SuspectGroup(
        rank=group.rank,
        members=tuple(Candidate(attribute=member.attribute, level=member.level) for member in group.members),
        units=group.units,
        bad=group.bad,
        expected_bad=Decimal(figures["expected_bad"]),
        p_exact=Decimal(figures["p_exact"]),
        p_adjusted=Decimal(figures["p_adjusted"]),
        p_permutation=_decimal(figures["p_permutation"]),
        p_time_blocks=_decimal(figures["p_time_blocks"]),
        odds_ratio=_decimal(odds.get("estimate")),
        odds_low=_decimal(odds.get("low")),
        odds_high=_decimal(odds.get("high")),
        verdict=group.verdict,
        nested_in=group.nested.inside if group.nested else None,
        apart_zh=tell_apart(group, "zh-CN"),
        apart_en=tell_apart(group, "en"),
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
