"""All facts of a slice, now from the tables or as of a moment from the logs: the same facts either way."""

from __future__ import annotations

from collections.abc import Mapping
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
from shared.kernel.readmodel import heard

SOURCES = ("intake", "investigation", "capa")
NAMES = [model.name for model in MODELS]


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
    events = {
        source: await heard(logs[source], tenant, until if isinstance(until, datetime) else until.get(source, 0))
        for source in SOURCES
    }
    facts = facts_of(events)
    positions = {source: known[-1].position if known else 0 for source, known in events.items()}
    heard_at = max((known[-1].recorded_at for known in events.values() if known), default=None)
    return Known(in_slice(facts, asked), due_in(facts, asked), positions, heard_at)
