"""How many complaints came in, and how many of them were justified?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.analytics.domain.facts import VERDICTS, Case, Verdict

UNTRIAGED = "untriaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Each split adds up to `complaints`. `by_severity` holds `untriaged` where no severity was given yet."""

    complaints: int
    by_verdict: Mapping[Verdict, int]
    by_severity: Mapping[str, int]
    by_channel: Mapping[str, int]


def volume(cases: Iterable[Case]) -> Volume:
    cases = list(cases)
    verdicts = Counter(case.verdict for case in cases)
    return Volume(
        complaints=len(cases),
        by_verdict={verdict: verdicts[verdict] for verdict in VERDICTS},
        by_severity=dict(sorted(Counter(case.severity or UNTRIAGED for case in cases).items())),
        by_channel=dict(sorted(Counter(str(case.channel) for case in cases).items())),
    )
