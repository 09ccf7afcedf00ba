"""Publishes a service's log to its topic: every event once, each tenant's in order, by one process at a time.

Whoever holds the advisory lock of the service's database is the relay. It takes over from its predecessor on the
brokers (fenced.py), reads what that one may have left beyond its checkpoint (history.py), and publishes from there on
(publishing.py).
"""

from __future__ import annotations

import asyncpg

from shared.adapters import metrics
from shared.adapters.kafka.fenced import fenced, name_of
from shared.adapters.kafka.history import RELAY, Gate, HistoryInDoubt, compared
from shared.adapters.kafka.publishing import Lag, Outlet, Publisher, Publishing, Wire
from shared.adapters.kafka.records import headers
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import TopicNames, asserted
from shared.adapters.logging import get_logger
from shared.adapters.postgres.leading import leading
from shared.kernel.errors import LogError
from shared.kernel.ports import EventLog
from shared.kernel.recorded import Recorded

_log = get_logger("suyuan.relay")


class Relay(Publisher):
    """The publishing half of one service. `run` it in every process of the service; one of them is active."""

    def __init__(self, pool: asyncpg.Pool, log: EventLog, settings: KafkaSettings, gate: Gate) -> None:
        super().__init__("relay", pool, log, settings)
        self.topic = TopicNames(settings.topic_prefix).events(log.service)
        self._gate = gate

    async def prepare(self) -> None:
        """Assert the topic, compare the histories, and open the gate.

        Raises TopicUnfit, TopicMissing, TopicAhead, HistoryForked, TopicLost, KafkaError.
        """
        topic = await asserted(self._pool, self._settings, self.topic)
        await compared(self._pool, self._client, self._log.service, topic)
        self._gate.open()

    async def lag(self) -> Lag:
        return await self._lag(RELAY)

    async def health(self) -> str:
        """What waits is said; while Kafka is away commands are taken all the same."""
        if self._gate.why is not None:
            return f"nothing is written: {self._gate.why}"
        if self._trouble is not None:
            return f"ok (nothing is published: {self._trouble})"
        lag = await self.lag()
        metrics.RELAY_LAG.labels(self._log.service, "events").set(lag.events)
        metrics.RELAY_LAG.labels(self._log.service, "seconds").set(lag.seconds)
        return f"ok ({lag.events} events not published, the oldest for {lag.seconds:.0f} s)" if lag.is_late else "ok"

    def _refuse(self, problem: LogError) -> None:
        """A history in doubt is not written on. A topic that is unfit gets nothing, while commands are taken."""
        super()._refuse(problem)
        if isinstance(problem, HistoryInDoubt) or self._gate.why is not None:
            self._gate.close(problem)

    async def _lead(self) -> None:
        if self._gate.why is not None:  # whoever doesn't lead writes too
            await self.prepare()
        async with leading(self._pool, f"relay {self.topic}"):
            topic = await asserted(self._pool, self._settings, self.topic)
            async with fenced(self._client, name_of(self.topic), {topic.name: topic.partitions}) as producer:
                published = await compared(self._pool, self._client, self._log.service, topic)
                self._gate.open()
                self._trouble = None
                _log.info("publishing", topic=self.topic, tenants=len(published.positions))
                outlet = Outlet(RELAY, lambda _: topic, _whole, metrics.PUBLISHED.labels(self._log.service))
                await Publishing(self._pool, self._log, producer, outlet, published).run()


def _whole(event: Recorded) -> Wire:
    return Wire(event.data_bytes, headers(event))
