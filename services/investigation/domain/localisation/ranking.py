"""The order in which a person reads the groups, and what each of them says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.investigation.domain.localisation.exact import conditional, odds_ratio
from services.investigation.domain.localisation.groups import Candidate, Carriers, apart, lies_inside, within
from services.investigation.domain.localisation.result import Group, Nested, Settings
from shared.contracts.words import SuspectVerdict

_GRADE: Mapping[SuspectVerdict, int] = {"suspect": 0, "lot_or_period": 1, "not_significant": 2}
TIMES = frozenset({"period", "campaign"})


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    candidate: Candidate
    log_p_adjusted: float
    p_permutation: float | None
    p_time_blocks: float | None
    verdict: SuspectVerdict


@dataclass(frozen=True, slots=True, eq=False)
class _Nest:
    """The tightest of the candidates that a narrower one lies inside."""

    narrow: Candidate
    wide: Candidate
    nested: Nested


def ranked(
    judged: list[Judged], carriers: Carriers, products_of: Mapping[int, tuple[int, ...]], settings: Settings
) -> tuple[Group, ...]:
    """By verdict, then by exact p, the level that explains before the one it lies in or holds."""
    nests = {}
    for one in judged:
        wider = [w.candidate for w in judged if lies_inside(one.candidate, w.candidate, carriers, products_of)]
        if wider:
            wide = min(wider, key=lambda w: sum(t.inside for t in w.tables.values()))
            nests[one.candidate.levels] = _Nest(one.candidate, wide, _nested(one.candidate, wide, settings.alpha))
    judged = [_tied_to_time(j, nests.get(j.candidate.levels), carriers) for j in judged]
    ordered = sorted(judged, key=lambda j: (_GRADE[j.verdict], j.candidate.log_p, j.candidate.levels))
    for nest in nests.values():
        _prefer(ordered, nest)
    rank = {j.candidate.levels: r for r, j in enumerate(ordered, start=1)}
    groups = []
    for j in ordered:
        found = nests.get(j.candidate.levels)
        nested = None if found is None else replace(found.nested, inside=rank[found.wide.levels])
        groups.append(_group(j, rank[j.candidate.levels], nested, carriers, settings))
    return tuple(groups)


def _nested(narrow: Candidate, wide: Candidate, alpha: float) -> Nested:
    p_within, p_rest = within(narrow, wide)
    if p_within <= alpha:
        return Nested(0, p_within, p_rest, "both" if p_rest <= alpha else "narrower")
    return Nested(0, p_within, p_rest, "wider" if p_rest <= alpha else "undecided")


def _tied_to_time(judged: Judged, nest: _Nest | None, carriers: Carriers) -> Judged:
    """A suspect lot whose units are a period's, or that doesn't stand out inside its period, is lot or period."""
    mine = _kinds(judged.candidate, carriers)
    aliased = bool(mine & TIMES) and not mine <= TIMES
    unproven = nest is not None and nest.nested.answer in {"undecided", "wider"}
    swallowed = nest is not None and unproven and bool(_kinds(nest.wide, carriers) & TIMES)
    if judged.verdict == "suspect" and (aliased or swallowed):
        return replace(judged, verdict="lot_or_period")
    return judged


def _kinds(candidate: Candidate, carriers: Carriers) -> frozenset[str]:
    return frozenset(carriers.member(level).kind for level in candidate.levels)


def _prefer(ordered: list[Judged], nest: _Nest) -> None:
    """Of two with one verdict, the level that explains stands before the other."""
    place = {j.candidate.levels: at for at, j in enumerate(ordered)}
    pair = (nest.wide, nest.narrow) if nest.nested.answer == "wider" else (nest.narrow, nest.wide)
    better, other = (place[c.levels] for c in pair)
    decided = nest.nested.answer in {"narrower", "wider"}
    if decided and other < better and ordered[better].verdict == ordered[other].verdict:
        ordered.insert(other, ordered.pop(better))


def _group(judged: Judged, rank: int, nested: Nested | None, carriers: Carriers, settings: Settings) -> Group:
    strata = tuple(judged.candidate.tables.values())
    units, bad = sum(s.inside for s in strata), sum(s.bad_inside for s in strata)
    outside = sum(s.units - s.inside for s in strata)
    else_rate = [s.inside * (s.bad - s.bad_inside) / (s.units - s.inside) for s in strata]
    return Group(
        rank=rank,
        members=tuple(carriers.member(level) for level in judged.candidate.levels),
        units=units,
        bad=bad,
        expected_bad=sum(s.expected for s in strata),
        rate_inside=bad / units,
        rate_outside=sum(s.bad - s.bad_inside for s in strata) / outside,
        attributable_bad=bad - sum(else_rate),
        log_p_exact=judged.candidate.log_p,
        log_p_adjusted=judged.log_p_adjusted,
        p_permutation=judged.p_permutation,
        p_time_blocks=judged.p_time_blocks,
        odds=odds_ratio(conditional(strata), settings.confidence),
        verdict=judged.verdict,
        nested=nested,
        apart=apart(judged.candidate, carriers),
    )
