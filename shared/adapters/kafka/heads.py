"""Signed heads on a topic: what an auditor holds the histories against, kept where no database of ours is.

Key: the tenant. Value: the signed head as canonical JSON. A head may be there twice, never lower than one before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg
import msgspec
from aiokafka import AIOKafkaProducer

from shared.adapters.heads import HeadBook, HeadFile, HeadLine, HeadsUnreadable, SignedHead, decoded
from shared.adapters.kafka.audit import records_of
from shared.adapters.kafka.connection import BROKEN, client_arguments
from shared.adapters.kafka.records import partition_of
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import TopicNames, asserted
from shared.adapters.patience import let_go
from shared.kernel.errors import StoreUnavailable

SIGNED = "signed heads"
"""The consumer under which it is kept how far each tenant's log was signed: a hint, the topic itself has it all."""

PIECE = 500
"""Heads of before that are published between two notes of how far that went."""

_LAST = "select tenant, position from log.checkpoint where consumer = $1 and source = $2"
_MOVE = """
insert into log.checkpoint as c (consumer, source, tenant, position)
select $1, $2, * from unnest($3::text[], $4::bigint[]) on conflict (consumer, source, tenant)
do update set position = excluded.position where c.position < excluded.position"""


class HeadTopic:
    """A HeadBook of one service on the topic that all services share."""

    def __init__(self, service: str, pool: asyncpg.Pool, settings: KafkaSettings) -> None:
        self.name = TopicNames(settings.topic_prefix).heads
        self._service = service
        self._pool = pool
        self._settings = settings

    async def told(self, tenant: str) -> Sequence[HeadLine]:
        """`number` is the offset. Reads the topic from its beginning."""
        found: list[HeadLine] = []
        try:
            async for record in records_of(self._settings, self.name):
                head = decoded(record.value or b"")
                if head is not None and (head.tenant, head.service) == (tenant, self._service):
                    found.append(HeadLine(record.offset, head))
        except BROKEN as problem:
            raise HeadsUnreadable(file=self.name, problem=type(problem).__name__) from problem
        return found

    async def last(self) -> Mapping[str, int]:
        return {row["tenant"]: row["position"] for row in await self._pool.fetch(_LAST, SIGNED, self._service)}

    async def keep(self, heads: Sequence[SignedHead]) -> None:
        """Raises StoreUnavailable where Kafka doesn't take them, TopicUnfit, TopicMissing."""
        try:
            await self._published(heads)
        except BROKEN as problem:
            raise StoreUnavailable from problem
        positions = {head.tenant: head.position for head in heads}
        await self._pool.execute(_MOVE, SIGNED, self._service, list(positions), list(positions.values()))

    async def is_there(self) -> bool:
        return True  # nobody writes on without it: see `asserted`

    async def _published(self, heads: Sequence[SignedHead]) -> None:
        topic = await asserted(self._pool, self._settings, self.name)
        producer = AIOKafkaProducer(**client_arguments(self._settings), acks="all", enable_idempotence=True)
        try:
            await producer.start()
            for head in heads:
                await producer.send_and_wait(
                    topic.name,
                    key=head.tenant.encode(),
                    value=msgspec.json.encode(head, order="sorted"),
                    partition=partition_of(head.tenant, topic.partitions),
                )
        finally:
            await let_go("producer", producer.stop, producer.client.close)


class KeptTwice:
    """A HeadBook that is read, and a file that is only written: for whoever verifies by that one.

    What the file has from before (a folder served embedded until now, or moved here) is brought into the book first.
    """

    def __init__(self, book: HeadBook, copy: HeadFile) -> None:
        self.name = book.name
        self._book = book
        self._copy = copy
        self._is_even = False

    async def told(self, tenant: str) -> Sequence[HeadLine]:
        return await self._book.told(tenant)

    async def last(self) -> Mapping[str, int]:
        return await self._book.last()

    async def keep(self, heads: Sequence[SignedHead]) -> None:
        if not self._is_even:
            await self._bring_over()
            self._is_even = True
        await self._copy.keep(heads)
        await self._book.keep(heads)

    async def is_there(self) -> bool:
        return await self._book.is_there()

    async def _bring_over(self) -> None:
        """Piece by piece: a start that is interrupted goes on where it was."""
        signed = await self._book.last()
        held = await asyncio.to_thread(lambda: [*self._copy.read()])
        older = [head for head in held if head.position > signed.get(head.tenant, 0)]
        for start in range(0, len(older), PIECE):
            await self._book.keep(older[start : start + PIECE])
