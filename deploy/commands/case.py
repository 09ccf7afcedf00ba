"""A case across the services: found by a number or an id, followed by what the events of its streams refer to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from shared.adapters.runtime import Runtime
from shared.contracts.catalogue import EVENT_TYPES
from shared.kernel.ports import Claim
from shared.kernel.recorded import Recorded

ROAD = ("complaint", "investigation", "capa")
"""From the claim to the remedy: each later stream refers to the earlier ones that it answers."""
SUBJECT = "subject"
"""The customer of a complaint: what happened to their data belongs to the case, though it is no step of it."""
HOME = {"complaint": "intake", "investigation": "investigation", "capa": "capa", SUBJECT: "intake"}
NUMBERS = ("complaint_no", "investigation_no", "capa_no", "report_no", "source_reference")
REFERENCES = {
    "complaint_id": "complaint",
    "from_complaint": "complaint",
    "investigation_id": "investigation",
    "capa_id": "capa",
}

_REFERRING = """
select distinct stream from log.event where tenant = $1 and position <= $2 and type = any ($3)
and convert_from(data, 'UTF8')::jsonb ->> $4 = any ($5)"""


def category(stream: str) -> str:
    return stream.partition("-")[0]


def own_id(stream: str) -> str:
    return stream.partition("-")[2]


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a case, and whose it is."""

    service: str
    recorded: Recorded


class Case:
    """One tenant's cases as they were known at a moment: `until` is each service's last position then."""

    def __init__(self, runtimes: Mapping[str, Runtime], tenant: str, until: Mapping[str, int]) -> None:
        self._runtimes = runtimes
        self._tenant = tenant
        self._until = until
        self._events: dict[str, Sequence[Recorded]] = {}

    @classmethod
    async def known(cls, runtimes: Mapping[str, Runtime], tenant: str, moment: datetime | None) -> Case:
        until: dict[str, int] = {}
        for service, runtime in runtimes.items():
            heads = await runtime.resources.log.heads()
            head = heads.get(tenant, 0)
            until[service] = head if moment is None else await runtime.resources.store.position_at(tenant, moment)
        return cls(runtimes, tenant, until)

    async def history(self, name: str) -> list[Told]:
        """Everything told of the case, by knowledge time; empty where there is none of that number or id.

        A complaint's case has its investigations and their CAPAs, not the other complaints that share them; a CAPA's
        has the investigations that it answers, and their complaints. With each complaint comes what happened to its
        customer's data.
        """
        start = await self._named(name)
        streams = await self._along(start, ROAD) | await self._along(start, ROAD[::-1])
        streams |= await self._customers(streams)
        told = [Told(HOME[category(s)], r) for s in streams for r in await self._load(s)]
        return sorted(told, key=lambda one: (one.recorded.recorded_at, one.service, one.recorded.position))

    async def _named(self, name: str) -> set[str]:
        wanted = {name} if category(name) in ROAD else {f"{one}-{name}" for one in ROAD}
        for runtime in self._runtimes.values():
            for scope in NUMBERS:
                holder = await runtime.resources.store.holder(self._tenant, Claim(scope, name))
                wanted |= {holder} if holder else set()
        return {stream for stream in wanted if category(stream) in ROAD and await self._load(stream)}

    async def _customers(self, streams: Collection[str]) -> set[str]:
        """The streams of the persons whom the complaints among these name; few persons have one."""
        complaints = [stream for stream in streams if category(stream) == "complaint"]
        named = {r.data.get("subject_id") for stream in complaints for r in await self._load(stream)} - {None}
        return {stream for one in named if await self._load(stream := f"{SUBJECT}-{one}")}

    async def _along(self, start: Collection[str], road: Sequence[str]) -> set[str]:
        """The streams that are met going one way only."""
        known = set(start)
        for nth, here in enumerate(road):
            ahead = road[nth + 1 :]
            streams = [stream for stream in known if category(stream) == here]
            for stream in streams:
                known |= await self._referred(stream, ahead)
            for there in ahead:
                known |= await self._referring(there, here, [own_id(stream) for stream in streams])
        return known

    async def _referred(self, stream: str, ahead: Collection[str]) -> set[str]:
        """What this stream's own events name further along the road."""
        named = {
            f"{there}-{recorded.data[field]}"
            for recorded in await self._load(stream)
            for field, there in REFERENCES.items()
            if there in ahead and recorded.data.get(field)
        }
        return {one for one in named if await self._load(one)}

    async def _referring(self, there: str, here: str, ids: Sequence[str]) -> set[str]:
        """The streams further along the road whose events name one of these."""
        runtime, found = self._runtimes[HOME[there]], set()
        for field in (name for name, target in REFERENCES.items() if target == here):
            types = _naming(HOME[there], field)
            if ids and types:
                until = self._until[HOME[there]]
                rows = await runtime.resources.pool.fetch(_REFERRING, self._tenant, until, types, field, list(ids))
                found |= {row["stream"] for row in rows if category(row["stream"]) == there}
        return found

    async def _load(self, stream: str) -> Sequence[Recorded]:
        if stream not in self._events:
            service = HOME[category(stream)]
            loaded = await self._runtimes[service].resources.store.load(
                self._tenant, stream, until=self._until[service]
            )
            self._events[stream] = loaded.events
        return self._events[stream]


def _naming(service: str, field: str) -> list[str]:
    """The event types of a service whose content has this field."""
    return [
        kind.name
        for kind in EVENT_TYPES.values()
        if kind.service == service and field in {one.name for one in fields(kind.cls)}  # type: ignore[arg-type]  # a dataclass
    ]
