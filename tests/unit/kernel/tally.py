"""The smallest aggregate: reopenings are counted, at most three, and a reason given before decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.intake.complaint import ComplaintReopened
from shared.kernel.decider import Decider
from shared.kernel.errors import Refused
from shared.kernel.ports import Context, Key
from shared.kernel.recorded import Actor

ID = UUID("01a205f8-376f-72e6-96e8-edb8be96e887")
STREAM = f"tally-{ID}"
NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
MOST = 3


@dataclass(frozen=True)
class Reopen:
    reason: str


@dataclass(eq=False, kw_only=True)
class TooMany(Refused):
    zh: ClassVar[str] = "已重开 {times} 次"
    en: ClassVar[str] = "Reopened {times} times already"
    times: int


def reopened(reason: str) -> ComplaintReopened:
    return ComplaintReopened(complaint_id=ID, reason=reason)


def _decide(command: Reopen, reasons: tuple[str, ...]) -> tuple[ComplaintReopened, ...]:
    if command.reason in reasons:
        return ()
    if len(reasons) == MOST:
        raise TooMany(times=MOST)
    return (reopened(command.reason),)


TALLY: Decider[tuple[str, ...], Reopen] = Decider("tally", (), _decide, lambda reasons, event: (*reasons, event.reason))


def context(key: str, *, fingerprint: bytes = b"f", expected: int | None = None, **more) -> Context:
    return Context(
        tenant="t1",
        actor=Actor(subject="u-1"),
        now=NOW,
        key=Key("u-1 reopen", key, fingerprint),
        command_id=UUID(int=1),
        correlation_id=UUID(int=2),
        expected=expected,
        **more,
    )
