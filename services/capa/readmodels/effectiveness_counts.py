"""How many units were made since the cut-in, and how many of them were bad?

`positions` says up to where of each log was counted. They are read before the rows, so the count knows at least that
much. What isn't known is stated, not guessed: items whose production date neither the records of their lot nor the
customer tells are counted apart (`bad_undated`).
"""

from __future__ import annotations

from services.capa.domain.effectiveness import Counts, Window, measure
from services.capa.readmodels import bad_items, units_made
from shared.adapters.postgres.reader import Reader
from shared.contracts.investigation.responsibility import LogPosition

COUNTED = (units_made.MODEL, bad_items.MODEL)

_POSITIONS = """
select c.source, min(c.position) as position
from log.read_model m join log.checkpoint c on c.consumer = m.name || '__' || m.shown
where m.name = any ($2::text[]) and c.tenant = $1
group by c.source order by c.source
"""


async def counts(reader: Reader, tenant: str, window: Window) -> tuple[Counts, tuple[LogPosition, ...]]:
    """The counts of this window, and the positions of intake's and the investigation's log behind them."""
    seen = await reader.fetch(_POSITIONS, tenant, [model.name for model in COUNTED])
    positions = tuple(LogPosition(service=row["source"], position=row["position"]) for row in seen)
    made = await units_made.units_made(reader, tenant, window.products, window.made_from, window.made_to)
    return measure(made, await bad_items.bad_items(reader, tenant, window.products), window), positions
