"""A survival curve is answered at no more steps than a chart can show, each of them exact."""

from __future__ import annotations

import pytest

from services.analytics.domain.kpi.stage_times import stage_times
from services.analytics.entrypoints.http import MAX_STEPS, _stage
from tests.unit.analytics.cases import HOUR, MONDAY, case


@pytest.mark.parametrize(("cases", "steps"), [(3, 3), (MAX_STEPS, MAX_STEPS), (MAX_STEPS + 1, None), (997, None)])
def test_the_curve_keeps_its_first_and_last_step(cases, steps):
    told = [case(nth, triaged_at=MONDAY + nth * HOUR / 10) for nth in range(1, cases + 1)]
    triage = next(one for one in stage_times(told, MONDAY + 1000 * HOUR) if one.stage == "triage")
    curve = _stage(triage)["curve"]
    assert len(curve) <= MAX_STEPS
    assert steps is None or len(curve) == steps
    whole = {step.duration.total_seconds(): step.under_way for step in triage.steps}
    assert (curve[0]["seconds"], curve[-1]["seconds"]) == (min(whole), max(whole))
    assert all(whole[one["seconds"]] == one["under_way"] for one in curve)
