"""A real Apache Kafka on this machine without Docker: our own launcher (docs/decisions/0017)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from deploy.embedded.process import wait_until
from deploy.kafka.binaries import Programs, programs
from deploy.kafka.folder import KafkaFolder, new_cluster_id
from deploy.kafka.node import KILL, Node
from deploy.kafka.ports import LOOPBACK, HeldPorts, NodePorts
from deploy.kafka.properties import server_properties
from deploy.kafka.ready import answers
from deploy.kafka.security import Security

READY_SECONDS = 90.0
HEAP_MIB = 512
SOON_READY = ("-XX:TieredStopAtLevel=1",)
"""Java options for a broker of a test: two thirds of the start, less speed afterwards."""
_OPEN = Security()


class Death(NamedTuple):
    """`exit_code` is negative where a signal ended it."""

    node: int
    exit_code: int


class LocalKafka:
    """One Kafka on one folder, held by this process: `start`, use `bootstrap`, `stop`. Also an async context manager.

    `brokers`: 1 or 3, each a JVM of broker and controller with `heap_mib`; nodes are counted from 1. All listen on
    loopback, on free ports that stay the same until the object is dropped. The folder keeps data and cluster id.
    Starting again after `stop`, or after a node died, is fine. `security` is the clients'. Start it from a thread that
    lives as long. Errors: deploy.kafka.errors, `FolderInUse`, `FolderOfAnother`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        brokers: int = 1,
        security: Security = _OPEN,
        heap_mib: int = HEAP_MIB,
        java_options: Sequence[str] = (),
    ) -> None:
        if brokers not in (1, 3):
            raise ValueError("one broker or three")
        self._place = KafkaFolder(folder)
        self._nodes = {number: Node(number, self._place.nodes / str(number)) for number in range(1, brokers + 1)}
        self._held = HeldPorts(brokers)
        self._ports: list[NodePorts] = []
        self._security = security
        self._java_options = (f"-Xmx{heap_mib}m", *security.java_options(), *java_options)

    @property
    def bootstrap(self) -> str:
        """`host:port` of every node's clients' listener, comma between."""
        return ",".join(f"{LOOPBACK}:{ports.client}" for ports in self._known())

    @property
    def internal_bootstrap(self) -> str:
        """The same in the clear and with every right, whatever `security` says: for whoever sets a test up."""
        return ",".join(f"{LOOPBACK}:{ports.internal}" for ports in self._known())

    @property
    def cluster_id(self) -> str | None:
        return self._place.cluster_id()

    @property
    def pids(self) -> dict[int, int]:
        """The pid of each running node."""
        return {n: node.process.pid for n, node in self._nodes.items() if node.is_running and node.process}

    @property
    def is_running(self) -> bool:
        """Every node."""
        return all(node.is_running for node in self._nodes.values())

    async def start(self) -> None:
        """Format where there is nothing, end what a killed launcher left, start every node that isn't running."""
        try:
            if not self._place.is_held:
                self._place.hold()
            await self._start(node for node in self._nodes.values() if not node.is_running)
        except BaseException:
            await self.stop()
            raise

    async def start_node(self, number: int) -> None:
        """One node that was killed or died, on its old ports: with those that run a majority, or it waits in vain."""
        self._known()
        await self._start([self._nodes[number]])

    async def stop(self) -> None:
        """Controlled shutdown of every node at once. Twice is fine."""
        await asyncio.gather(*(node.end() for node in self._nodes.values()))
        self._held.release()
        self._place.release()

    async def stop_node(self, number: int = 1) -> None:
        """Controlled shutdown of one; its ports stay ours."""
        await self._nodes[number].end()

    async def kill(self, number: int = 1) -> None:
        """Kill -9 of one node; its ports stay ours."""
        await self._nodes[number].end(KILL)

    async def died(self) -> Death:
        """Wait until a node is gone without having been asked."""
        self._known()
        await wait_until(lambda: any(node.has_died for node in self._nodes.values()), math.inf)
        node = next(node for node in self._nodes.values() if node.has_died)
        assert node.process is not None  # noqa: S101 - has_died
        return Death(node.number, node.process.wait())

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _known(self) -> list[NodePorts]:
        if not self._ports:
            raise RuntimeError("start the broker first")
        return self._ports

    async def _start(self, down: Iterable[Node]) -> None:
        started = [node for node in down if not node.is_running]
        found = await asyncio.to_thread(programs)
        self._ports = self._held.hold()
        if self._place.is_new:
            await self._format(found)
        self._place.check(len(self._nodes))
        await asyncio.gather(*(node.clear_orphans() for node in started))
        for node in started:
            self._configure(node)
            node.start(found, self._java_options)
        await asyncio.gather(*(self._wait_until_ready(node) for node in started))

    def _configure(self, node: Node) -> None:
        node.configure(server_properties(node.number, self._ports, self._security), self._security.links())

    async def _format(self, found: Programs) -> None:
        """Every node for the same cluster; whole or absent."""
        cluster = new_cluster_id()
        unborn = [Node(number, folder) for number, folder in enumerate(self._place.new_cluster(len(self._nodes)), 1)]
        for node in unborn:
            self._configure(node)
        credentials = self._security.credentials()
        await asyncio.gather(*(node.format(found, cluster, credentials) for node in unborn))
        self._place.adopt()

    async def _wait_until_ready(self, node: Node) -> None:
        """Until the node itself says that it and every other running one are brokers of an elected controller."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + READY_SECONDS
        ports = self._ports[node.number - 1]
        while clock() < deadline and node.is_running:
            if await answers(ports, set(self.pids)):
                return
        problem = f"not ready after {READY_SECONDS:.0f} s" if node.is_running else "it ended"
        raise node.failure(problem)
