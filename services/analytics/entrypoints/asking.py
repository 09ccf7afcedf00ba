"""What is asked of analytics: which slice, as of when, in which zone, and who may see the shares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Query

from services.analytics.domain.facts import ShareFact
from services.analytics.domain.slices import Granularity, Slice
from services.analytics.readmodels.question import NAMES, Known, known_now, known_then
from shared.adapters.http.conventions import Read
from shared.adapters.http.edge_errors import BadParameter
from shared.adapters.http.policy import SEE_EVERY_SHARE, Principal, Role
from shared.adapters.http.positions import span_of
from shared.adapters.runtime import Resources, Views

READERS: tuple[Role, ...] = (*SEE_EVERY_SHARE, "department_lead")

Since = Annotated[str | None, Query(max_length=40, description="RFC 3339")]
Product = Annotated[str | None, Query(max_length=200)]
Zone = Annotated[str | None, Query(max_length=64, description="IANA 时区，默认工厂所在 · by default the plant's")]


@dataclass(frozen=True, slots=True)
class Question:
    """The slice's known facts, and when open cases are seen. `shares` are those that the asker may see."""

    known: Known
    moment: datetime
    granularity: Granularity
    zone: ZoneInfo
    language: str
    shares: Sequence[ShareFact]


Asked = Callable[[Read, str | None, str | None, str | None, Granularity, str | None], Awaitable[Question]]


def asking(resources: Resources, views: Views) -> Asked:
    """How a question is put together of its parameters: since, until, product, granularity, zone."""

    async def asked(
        read: Read,
        since: str | None,
        until: str | None,
        product: str | None,
        granularity: Granularity,
        zone: str | None,
    ) -> Question:
        place = _zone(resources.settings.plant_zone if zone is None else zone)
        slice_ = _slice(since, until, product)
        await views.caught_up(read.tenant, read.after, NAMES, read.patience)
        moment = resources.clock()
        if read.as_of is None:
            known = await known_now(resources.reads, read.tenant, slice_, views.seen(read.tenant, NAMES))
        else:
            known = await known_then(views.logs, read.tenant, slice_, read.as_of.moment or read.as_of.positions or {})
            moment = read.as_of.moment or known.heard_at or moment
        return Question(known, moment, granularity, place, read.language, _shown(known.facts.shares, read.principal))

    return asked


def _shown(shares: Sequence[ShareFact], who: Principal) -> Sequence[ShareFact]:
    """Rule 13: whoever may not see every share sees those of the parties that they speak for."""
    shown = who.shares_shown
    return shares if shown is None else [share for share in shares if share.party in shown]


def _slice(since: str | None, until: str | None, product: str | None) -> Slice:
    first, end = span_of(("since", since), ("until", until))
    return Slice(since=first, until=end, product=product)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadParameter(
            parameter="zone",
            expected_zh="应为 IANA 时区，如 Asia/Shanghai",
            expected_en="an IANA zone such as Asia/Shanghai",
        ) from None
