"""All facts of a slice, now from the tables or as of a moment from the logs: the same facts either way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.analytics.domain.facts import Case
from services.analytics.domain.slices import Slice
from services.analytics.readmodels.as_of import MODELS, Facts, due_in, facts_of, in_slice, of_product
from services.analytics.readmodels.capa_facts import capas
from services.analytics.readmodels.cases import cases
from services.analytics.readmodels.cause_facts import causes
from services.analytics.readmodels.investigation_facts import investigations
from services.analytics.readmodels.responsibility_facts import shares
from shared.adapters.postgres.reader import Reader
from shared.kernel.ports import EventLog
from shared.kernel.recorded import Recorded

SOURCES = ("intake", "investigation", "capa")
NAMES = [model.name for model in MODELS]
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Known:
    """Facts of the slice, what fell due in it, and the vector of positions that they were known at.

    `heard_at`: when the last of the folded events was recorded; None from the tables, or where nothing was heard.
    """

    facts: Facts
    due: list[Case]
    positions: Mapping[str, int]
    heard_at: datetime | None = None


async def known_now(reader: Reader, tenant: str, asked: Slice, positions: Mapping[str, int]) -> Known:
    """From the tables."""
    found = await cases(reader, tenant, asked)
    due = await cases(reader, tenant, asked, moment="promised_at")
    facts = Facts(
        cases=found.cases,
        items=of_product(found.items, asked),
        investigations=list(await investigations(reader, tenant, asked)),
        causes=list(await causes(reader, tenant, asked)),
        shares=list(await shares(reader, tenant, asked)),
        capas=list(await capas(reader, tenant, asked)),
    )
    return Known(facts, due.cases, positions)


async def known_then(
    logs: Mapping[str, EventLog], tenant: str, asked: Slice, until: datetime | Mapping[str, int]
) -> Known:
    """By folding the logs up to a moment of knowledge, or up to positions."""
    events = {source: await _until(logs[source], tenant, until) for source in SOURCES}
    facts = facts_of(events)
    positions = {source: heard[-1].position if heard else 0 for source, heard in events.items()}
    heard_at = max((heard[-1].recorded_at for heard in events.values() if heard), default=None)
    return Known(in_slice(facts, asked), due_in(facts, asked), positions, heard_at)


async def _until(log: EventLog, tenant: str, until: datetime | Mapping[str, int]) -> Sequence[Recorded]:
    heard: list[Recorded] = []
    while batch := await log.read(tenant, len(heard), PAGE):
        for recorded in batch:
            past = (
                recorded.recorded_at > until
                if isinstance(until, datetime)
                else recorded.position > until.get(log.service, 0)
            )
            if past:
                return heard
            heard.append(recorded)
    return heard
