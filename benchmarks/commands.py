"""Append requests and stored events as the measurements use them: real contracts, real meta, fixed content.

Meta and data bytes are made once, as they are for the references: what is measured is the store, not the encoder.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from benchmarks.rig import TENANT, Service
from shared.contracts.intake.complaint import ResolutionOffered
from shared.kernel import codec
from shared.kernel.ids import new_id
from shared.kernel.ports import AppendRequest, Key, PreparedEvent
from shared.kernel.recorded import Actor, Meta, encode_meta

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
TERMS = (
    "更换整机并承担运费；请于期限内答复。 Replacement of the whole unit, freight at our cost; please answer in time."
)
FINGERPRINT = b"f" * 32
LOAD_BATCH = 500


def offered(number: int = 1) -> ResolutionOffered:
    return ResolutionOffered(
        complaint_id=UUID(int=7),
        resolution_no=number,
        resolution="replace",
        terms=TERMS,
        respond_by=AT,
        policy="silence",
        policy_version=2,
    )


def prepared(stream: str = "complaint-bench", version: int = 1, number: int = 1, tenant: str = TENANT) -> PreparedEvent:
    event = offered(number)
    name, schema_version = codec.name_and_version(event)
    meta = Meta(
        event_id=new_id(),
        type=name,
        schema_version=schema_version,
        tenant=tenant,
        service="intake",
        stream=stream,
        version=version,
        occurred_at=AT,
        actor=Actor(subject="u-1", roles=("quality_engineer",)),
        correlation_id=new_id(),
        command_id=new_id(),
    )
    return PreparedEvent(name, encode_meta(meta), codec.encode(event))


EVENT = prepared()


def command(events: tuple[PreparedEvent, ...]) -> AppendRequest:
    """A new stream's first events, under a fresh key."""
    fresh = str(new_id())
    return AppendRequest(
        tenant=TENANT, stream=f"complaint-{fresh}", expected=0, events=events, key=Key("u-1 offer", fresh, FINGERPRINT)
    )


@dataclass(frozen=True, slots=True)
class History:
    """A log of `events` events over `streams` streams, round robin, so that neighbours touch different streams.

    A stream is one tenant's; the tenants share the streams evenly.
    """

    events: int
    streams: int
    tenants: tuple[str, ...] = (TENANT,)

    def stream(self, nth: int) -> str:
        return f"complaint-{nth % self.streams:08}"

    def tenant(self, nth: int) -> str:
        return self.tenants[nth % self.streams % len(self.tenants)]

    def version(self, nth: int) -> int:
        return nth // self.streams + 1

    def requests(self) -> Iterator[AppendRequest]:
        for nth in range(self.events):
            tenant, stream, version = self.tenant(nth), self.stream(nth), self.version(nth)
            yield AppendRequest(
                tenant=tenant,
                stream=stream,
                expected=version - 1,
                events=(prepared(stream, version, nth % 9 + 1, tenant),),
                key=Key("u-1 offer", f"{stream}-{version}", FINGERPRINT),
            )

    async def write(self, service: Service) -> None:
        """Through the store, as production would."""
        batch: list[AppendRequest] = []
        for request in self.requests():
            batch.append(request)
            if len(batch) == min(LOAD_BATCH, self.streams):
                await asyncio.gather(*map(service.store.append, batch))
                batch = []
        await asyncio.gather(*map(service.store.append, batch))
