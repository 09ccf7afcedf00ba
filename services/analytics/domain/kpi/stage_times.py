"""How long does each stage take? Kaplan-Meier medians, with what is still under way as censored.

Durations are elapsed time, nights and holidays included: the calendar that promises run on is the business of intake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.analytics.domain.facts import Case
from services.analytics.domain.kpi.kaplan_meier import Observation, Step, curve, median

Moment = Callable[[Case], datetime | None]


@dataclass(frozen=True, slots=True)
class Stage:
    """From one step of a case to another."""

    zh: str
    en: str
    start: Moment
    end: Moment


STAGES: Mapping[str, Stage] = {
    "acknowledgement": Stage("受理", "Acknowledgement", lambda c: c.received_at, lambda c: c.acknowledged_at),
    "first_response": Stage("首次答复", "First response", lambda c: c.received_at, lambda c: c.first_response_at),
    "triage": Stage("初步评估", "Triage", lambda c: c.received_at, lambda c: c.triaged_at),
    "hand_over": Stage("移交调查", "Hand-over", lambda c: c.triaged_at, lambda c: c.handed_over_at),
    "verification": Stage("信息验证", "Verification", lambda c: c.handed_over_at, lambda c: c.verified_at),
    "root_cause": Stage("根本原因", "Root cause", lambda c: c.handed_over_at, lambda c: c.root_cause_at),
    "investigation": Stage("调查", "Investigation", lambda c: c.handed_over_at, lambda c: c.concluded_at),
    "resolution": Stage("解决方案", "Resolution", lambda c: c.outcome_at, lambda c: c.offered_at),
    "acceptance": Stage("客户接受", "Acceptance", lambda c: c.offered_at, lambda c: c.accepted_at),
    "remedy": Stage("补救", "Remedy", lambda c: c.accepted_at, lambda c: c.remedied_at),
    "closure": Stage("结案（MTTC）", "Time to closure (MTTC)", lambda c: c.received_at, lambda c: c.closed_at),
}
"""`first_response` counts the first reply by a person; `closure` a reopened case by its last closure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTime:
    """`median` None while more than half are still under way. `backwards`: ended before it began; left out."""

    stage: str
    started: int
    ended: int
    under_way: int
    backwards: int
    median: timedelta | None
    steps: tuple[Step[timedelta], ...]


def stage_times(cases: Iterable[Case], as_of: datetime) -> list[StageTime]:
    """All stages in their order, as of that moment."""
    known = [case for case in cases if case.received_at <= as_of]
    return [_stage_time(name, stage, known, as_of) for name, stage in STAGES.items()]


def _stage_time(name: str, stage: Stage, cases: list[Case], as_of: datetime) -> StageTime:
    seen = [one for one in (_observe(stage, case, as_of) for case in cases) if one is not None]
    forwards = [one for one in seen if one.duration >= timedelta(0)]
    steps = curve(forwards)
    ended = sum(one.ended for one in forwards)
    return StageTime(
        stage=name,
        started=len(seen),
        ended=ended,
        under_way=len(forwards) - ended,
        backwards=len(seen) - len(forwards),
        median=median(steps),
        steps=tuple(steps),
    )


def _observe(stage: Stage, case: Case, as_of: datetime) -> Observation[timedelta] | None:
    """A case that closed without taking the step is seen up to its closure: it was never going to take it later."""
    start, end = stage.start(case), stage.end(case)
    if start is None or start > as_of:
        return None
    if end is not None and end <= as_of:
        return Observation(end - start, ended=True)
    last_seen = min(as_of, case.closed_at) if case.closed_at is not None else as_of
    return Observation(max(last_seen - start, timedelta(0)), ended=False)
