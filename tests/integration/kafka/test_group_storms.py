"""Members of the group that takes other systems' messages, which come and go at random: each message taken once."""

from __future__ import annotations

import asyncio
import random
import signal
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest_asyncio

from deploy.chaos.views import Folds
from shared.contracts.catalogue import SERVICES
from shared.kernel.ids import new_id
from tests import faults
from tests.inbound import Receiving, binary, form, receiving
from tests.integration.app import running_app
from tests.published import ended

MOST_HERE, MOST_PROCESSES = 4, 2
PAUSE_SECONDS = 0.8
"""At most, between two comings and goings."""
SETTLING_SECONDS = 60.0
"""A group takes ten to miss a member that was killed or sleeps."""


@pytest_asyncio.fixture(loop_scope="session")
async def receiver(postgres, kafka, tmp_path) -> AsyncIterator[Receiving]:
    async with running_app(postgres, tmp_path, ("intake",)) as app, receiving(app, kafka, partitions=6) as one:
        yield one


@dataclass
class Messages:
    """What another system sends: each complaint one to three times under one id, to any partition; some garbage."""

    service: Receiving
    chance: random.Random
    complaints: int = 0
    sent: int = 0
    garbage: int = 0

    async def come(self) -> None:
        while True:
            await asyncio.shield(asyncio.gather(*(self._one() for _ in range(5))))
            await asyncio.sleep(0.05)

    async def _one(self) -> None:
        if self.chance.random() < 0.05:
            self.garbage += 1
            await self._to_anywhere([], b"garbage")
            return
        self.complaints += 1
        headers, value = binary(form(order_no=str(self.complaints)), id=str(new_id()))
        for _ in range(self.chance.choice((1, 1, 2, 3))):
            await self._to_anywhere(headers, value)

    async def _to_anywhere(self, headers, value) -> None:
        partition = self.chance.randrange(self.service.settings.partitions)
        await self.service.producer.send_and_wait(
            self.service.source.topic, value, headers=headers, partition=partition
        )
        self.sent += 1

    async def are_dealt_with(self) -> None:
        """A last one on every partition, so that each has an end to wait for."""
        for partition in range(self.service.settings.partitions):
            self.complaints += 1
            headers, value = binary(form(order_no=str(self.complaints)))
            kept = await self.service.producer.send_and_wait(
                self.service.source.topic, value, headers=headers, partition=partition
            )
            await self.service.dealt_with(kept, SETTLING_SECONDS)


@dataclass
class Members:
    """Of the group that takes the messages: some in this process, others in one of their own."""

    service: Receiving
    chance: random.Random
    here: list[asyncio.Task[None]] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    asleep: list[Process] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    async def come_and_go(self) -> None:
        until = asyncio.get_running_loop().time() + faults.SECONDS
        while asyncio.get_running_loop().time() < until:
            may = ["joined"] * (len(self.here) < MOST_HERE) + ["left"] * (len(self.here) > 1)
            may += ["joined, a process"] * (len(self.processes) + len(self.asleep) < MOST_PROCESSES)
            may += ["killed", "stopped"] * bool(self.processes) + ["woke up"] * bool(self.asleep)
            await self._change(self.chance.choice(may))
            await asyncio.sleep(self.chance.uniform(0, PAUSE_SECONDS))
        for number in range(len(self.asleep)):
            await self._change("woke up" if number % 2 else "killed asleep")

    async def _change(self, what: str) -> None:
        self.done[what] += 1
        match what:
            case "joined":
                self.here.append(self.service.start())
            case "left":
                await ended([self.here.pop(self.chance.randrange(len(self.here)))])
            case "joined, a process":
                self.processes.append(await self.service.replica())
            case "killed":
                await self._killed(self.processes.pop())
            case "killed asleep":
                await self._killed(self.asleep.pop())
            case "stopped":
                self.asleep.append(self.processes.pop())
                self.asleep[-1].send_signal(signal.SIGSTOP)
            case "woke up":
                self.processes.append(self.asleep.pop())
                self.processes[-1].send_signal(signal.SIGCONT)

    async def end(self) -> None:
        for process in (*self.processes, *self.asleep):
            await self._killed(process)

    async def _killed(self, process: Process) -> None:
        process.kill()
        await process.wait()


async def test_members_of_the_group_that_come_and_go_take_every_message_once(receiver):
    chance = random.Random(3)  # noqa: S311 - weather
    members, messages = Members(receiver, chance), Messages(receiver, random.Random(4))  # noqa: S311 - as above
    try:
        members.here.append(receiver.start())
        members.processes.append(await receiver.replica())
        sending = asyncio.create_task(messages.come())
        await members.come_and_go()
        await ended([sending])
        began = asyncio.get_running_loop().time()
        await messages.are_dealt_with()
        settled = asyncio.get_running_loop().time() - began
        found = await receiver.complaints()
        assert sorted(int(one["order_no"]) for one in found) == list(range(1, messages.complaints + 1))
        rejections = await receiver.rejections(messages.garbage) if messages.garbage else []
        assert len({one.rejection.origin for one in rejections}) == len(rejections) == messages.garbage
        await views_are_the_fold(receiver)
        faults.seen(
            "storm of a group",
            **members.done,
            complaints=messages.complaints,
            messages=messages.sent,
            garbage=messages.garbage,
            settled_s=round(settled, 1),
        )
    finally:
        await members.end()


async def views_are_the_fold(service: Receiving) -> None:
    """All processes write intake's read models too."""
    runtime, tenant = service.runtime, service.source.tenant
    log = runtime.resources.log
    await runtime.views.all_told(tenant, runtime.wired.models, SETTLING_SECONDS)
    logs = {name: [] for name in SERVICES} | {"intake": await log.read(tenant, 0, 1_000_000)}
    assert await Folds().compare(runtime, tenant, logs) == []
