"""Events that the topic has and the table lacks, brought into the table as they are: after a restored backup.

Bytes, positions, times and hashes stay what they were. Each event is held to the chain, and all of it is one
transaction of the service's database: where something doesn't fit, nothing was changed.

With the events come: the log's heads; claims and human numbers; marks of reactions and timers that had an effect; the
destruction of keys. What no event tells doesn't come back: answers to idempotency keys (a command that is sent again
is decided again), marks of reactions that decided nothing or were refused (they decide again), keys of persons and
parties made since (what was sealed under them stays sealed), facts and files (their own backup has them).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import asyncpg

from shared.adapters.kafka.history import HistoryForked, HistoryInDoubt, Told, held_against, known, unread
from shared.adapters.kafka.records import follows
from shared.adapters.kafka.topics import Topic
from shared.kernel.beside import Beside, Keeping, mark_of
from shared.kernel.chain import GENESIS
from shared.kernel.recorded import Recorded

Progress = Callable[[int], None]
"""Gets how many events were read since it was told last."""

_ALONE = "lock table log.head in exclusive mode"
"""An append begins by selecting its head for update: a weaker lock lets it begin, and the two wait for each other."""
_HEADS = "select tenant, position, hash from log.head"
_COLUMNS = ("tenant", "position", "stream", "version", "recorded_at", "type", "hash", "meta", "data")
_MOVE = """
insert into log.head (tenant, position, hash, recorded_at)
select tenant, position, hash, recorded_at from log.event where tenant = $1 order by position desc limit 1
on conflict (tenant) do update
set position = excluded.position, hash = excluded.hash, recorded_at = excluded.recorded_at"""
_CLAIM = "insert into log.claim (tenant, scope, value, stream) values ($1, $2, $3, $4) on conflict do nothing"
_NUMBER = """
insert into log.number as n (tenant, scope, year, next) values ($1, $2, $3, $4)
on conflict (tenant, scope, year) do update set next = greatest(n.next, excluded.next)"""
_REACTION = """
insert into log.reaction as r (tenant, name, causation_id, outcome, position, at) values ($1, $2, $3, $4, $5, $6)
on conflict (tenant, name, causation_id) do update set position = greatest(r.position, excluded.position)"""
_DESTROY = """
insert into log.subject_key as s (tenant, owner, wrapped, destroyed_at) values ($1, $2, null, $3)
on conflict (tenant, owner) do update set wrapped = null, destroyed_at = excluded.destroyed_at
where s.wrapped is not null"""
_FORGET = "delete from log.subject_lookup where tenant = $1 and owner = $2"


@dataclass(eq=False, kw_only=True)
class TailBroken(HistoryInDoubt):
    """What the topic has next is not what the log goes on with: a record was changed there, or is missing."""

    zh: ClassVar[str] = (
        "主题 {topic} 中 {tenant} 的位置 {position} 接不上前一事件：未取回任何事件，请用 verify --kafka 核对"
    )
    en: ClassVar[str] = (
        "Position {position} of {tenant} in {topic} does not follow from the event before: nothing was brought in; "
        "look with verify --kafka"
    )
    topic: str
    tenant: str
    position: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What one tenant's log got: from the first to the last position."""

    tenant: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Last:
    position: int = 0
    hash: bytes = GENESIS


class TailImport:
    """For one service. `owner` is a connection as the owner of its database; `reactions`: names of its rules."""

    def __init__(
        self,
        owner: asyncpg.Connection,
        client: Mapping[str, Any],
        service: str,
        topic: Topic,
        keeping: Keeping,
        reactions: Sequence[str],
    ) -> None:
        self._owner = owner
        self._client = client
        self._service = service
        self._topic = topic
        self._keeping = keeping
        self._reactions = reactions

    async def run(self, progress: Progress) -> list[Imported]:
        """Whoever appends meanwhile waits, and goes on after it.

        Raises HistoryForked, TailBroken, TopicLost, UnknownEvent, KafkaError, asyncpg's errors.
        """
        async with self._owner.transaction():
            await self._owner.execute(_ALONE)
            compared = (await known(self._owner, self._service, self._topic.name)).tails
            try:
                async with self._owner.transaction():
                    return await self._brought_in(compared, progress)
            except TailBroken:
                if not compared:
                    raise
            return await self._brought_in({}, progress)  # what was compared before is gone from the table, too

    async def _brought_in(self, offsets: Mapping[int, int], progress: Progress) -> list[Imported]:
        had = {row["tenant"]: _Last(row["position"], row["hash"]) for row in await self._owner.fetch(_HEADS)}
        comes = dict(had)
        async for _, events, _ in unread(self._client, self._service, self._topic, offsets):
            old = [event for event in events if event.position <= had.get(event.meta.tenant, _Last()).position]
            await self._compare(old)  # a fork is told as one, not as what follows from it
            new = [event for event in events if self._goes_on(comes, event)]
            await self._owner.copy_records_to_table(
                "event", schema_name="log", records=map(_row, new), columns=_COLUMNS
            )
            for event in new:
                await self._keep(event, self._keeping.beside(event))
            await self._compare(events)
            progress(len(events))
        grown = [tenant for tenant in sorted(comes) if comes[tenant] != had.get(tenant)]
        for tenant in grown:
            await self._owner.execute(_MOVE, tenant)
        return [Imported(one, had.get(one, _Last()).position + 1, comes[one].position) for one in grown]

    def _goes_on(self, comes: dict[str, _Last], event: Recorded) -> bool:
        """Whether it is the next of its log. False: there was one at this position. Raises TailBroken."""
        tenant = event.meta.tenant
        last = comes.get(tenant, _Last())
        if event.position <= last.position:
            return False
        if event.position > last.position + 1 or not follows(event, last.hash):
            raise TailBroken(topic=self._topic.name, tenant=tenant, position=last.position + 1)
        comes[tenant] = _Last(event.position, event.hash)
        return True

    async def _compare(self, events: Sequence[Recorded]) -> None:
        """Every one of them is now in the table. Raises HistoryForked."""
        told = [Told(event.meta.tenant, event.position, event.hash) for event in events]
        for tenant, position in (await held_against(self._owner, self._topic.name, told)).items():
            raise HistoryForked(topic=self._topic.name, tenant=tenant, position=position)  # a hole below the head

    async def _keep(self, event: Recorded, beside: Beside) -> None:
        meta = event.meta
        for claim in beside.claims:
            await self._owner.execute(_CLAIM, meta.tenant, claim.scope, claim.value, meta.stream)
        for drawn in beside.drawn:
            await self._owner.execute(_NUMBER, meta.tenant, drawn.scope, drawn.year, drawn.number + 1)
        for owner in beside.destroyed:
            await self._owner.execute(_DESTROY, meta.tenant, owner, event.recorded_at)
            await self._owner.execute(_FORGET, meta.tenant, owner)
        mark = mark_of(meta, self._reactions, self._keeping.timers)
        if mark is not None:
            told = (mark.name, mark.causation_id, mark.outcome, event.position, event.recorded_at)
            await self._owner.execute(_REACTION, meta.tenant, *told)


def _row(event: Recorded) -> tuple[object, ...]:
    meta = event.meta
    place = (meta.tenant, event.position, meta.stream, meta.version)
    return (*place, event.recorded_at, meta.type, event.hash, event.meta_bytes, event.data_bytes)
