"""A connection that breaks leaves 'unknown'; the same key settles it to one effect."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from shared.adapters.postgres.appender import Appender
from shared.kernel.errors import AppendUnknown
from tests.contract.stores import request
from tests.integration.kernel.broken import kill_connections


async def test_a_connection_killed_in_mid_append_is_unknown_and_settles_to_one_effect(service):
    unknown = 0
    for n in range(30):
        wanted = request(f"c-{n}", key=f"k-{n}", answer=b"%d" % n)
        sending = asyncio.create_task(service.store.append(wanted))
        await asyncio.sleep(0.0004 * (n % 6))
        await kill_connections(service)
        try:
            appended = await sending
        except AppendUnknown:
            unknown += 1
            appended = await until_answered(service, wanted)
        assert (appended.version, appended.answer) == (1, b"%d" % n)
    await service.pool.expire_connections()
    log = await service.log.read("t1", 0, 100)
    assert [r.position for r in log] == list(range(1, 31))
    assert unknown > 0


async def until_answered(service, wanted):
    for _ in range(20):
        try:
            return await service.store.append(wanted)
        except AppendUnknown:
            await asyncio.sleep(0.05)
    pytest.fail("the database did not come back")


async def test_every_caller_of_a_broken_batch_hears_unknown():
    class Broken:
        def acquire(self):
            raise asyncpg.ConnectionDoesNotExistError

    appender = Appender(Broken(), lambda *_: None)
    outcomes = await asyncio.gather(*(appender.append(request(f"c-{n}")) for n in range(5)), return_exceptions=True)
    assert [type(o) for o in outcomes] == [AppendUnknown] * 5
