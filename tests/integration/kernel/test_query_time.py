"""A question that takes too long is ended by Postgres and says so; commands don't wait behind it."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest

from shared.adapters.postgres.connection import connect, make_pool
from shared.adapters.postgres.migrate import migrate
from shared.adapters.postgres.reader import PoolReader, TimedReader
from shared.kernel.errors import QueryTooSlow, StoreUnavailable
from shared.kernel.ids import new_id
from tests.e2e.test_embedded import FORM
from tests.integration.app import running_app

SECONDS = 0.3


async def test_a_list_that_takes_too_long_is_503_and_commands_go_on(postgres, tmp_path):
    async with running_app(postgres, tmp_path, ("intake",), query_seconds=SECONDS) as app:
        client = app.client("service_agent")
        blocker = await asyncpg.connect(**app.databases["intake"].runtime)
        try:
            async with blocker.transaction():
                await blocker.execute('lock table read."complaint_list__1" in access exclusive mode')
                zh = client.get("/api/v1/complaints", headers={"Accept-Language": "zh-CN"})
                asked = [client.get("/api/v1/complaints") for _ in range(5)]  # more than there are connections
                began = time.monotonic()
                answers = await asyncio.gather(zh, *asked)
                took = time.monotonic() - began
                made = await client.post("/api/v1/complaints", json=FORM, headers={"Idempotency-Key": str(new_id())})
        finally:
            await blocker.close()
        for answer in answers:
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"] == "urn:suyuan:problem:query-too-slow"
            assert answer.json()["facts"] == {"seconds": str(SECONDS)}
        assert answers[0].json()["detail"] == "查询超过 0.3 秒，已中止：请缩小范围，或稍后再试"
        assert answers[1].json()["detail"].startswith("The query took longer than 0.3 s")
        assert SECONDS < took < 10 * SECONDS
        assert made.status_code == 201
        after = {"Suyuan-After": made.headers["Suyuan-Position"]}
        found = (await client.get("/api/v1/complaints", headers=after)).json()["items"]
        assert [one["id"] for one in found] == [made.json()["id"]]


@pytest.fixture
async def reader(database):
    made = await database()
    owner = await asyncpg.connect(**made.owner)
    await migrate(owner, made.runtime["user"])
    await owner.close()
    pool = make_pool(made.runtime, least=0, most=1, query_seconds=SECONDS)
    await connect(pool)
    yield TimedReader(pool, SECONDS)
    pool.terminate()


async def test_a_question_can_write_nothing(reader):
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await reader.fetch("select log.take_numbers('t1', 'complaint', 2026, 1)")


async def test_nobody_waits_longer_for_a_connection_than_a_question_may_take(reader):
    slow = asyncio.create_task(reader.fetchrow("select pg_sleep(60)"))
    await asyncio.sleep(SECONDS / 3)
    began = time.monotonic()
    with pytest.raises(QueryTooSlow):
        await reader.fetch("select pg_sleep(60)")
    assert time.monotonic() - began < 4 * SECONDS
    with pytest.raises(QueryTooSlow):
        await slow
    assert (await reader.fetchrow("select 1 one"))["one"] == 1


async def test_a_connection_that_breaks_is_unavailable(reader):
    with pytest.raises(StoreUnavailable):
        await reader.fetch("select pg_terminate_backend(pg_backend_pid())")
    assert (await reader.fetchrow("select 1 one"))["one"] == 1


async def test_a_look_up_whose_connection_breaks_is_unavailable_and_the_next_one_answers(database):
    """Found by chaos (seed 2027): a hand-over that looked up its investigation answered 500."""
    made = await database()
    pool = make_pool(made.runtime, least=0, most=2)
    await connect(pool)
    look_ups = PoolReader(pool)
    for asked in (look_ups.fetch, look_ups.fetchrow):
        with pytest.raises(StoreUnavailable):
            await asked("select pg_terminate_backend(pg_backend_pid())")
        found = await look_ups.fetchrow("select 1 one")
        assert found is not None
        assert found["one"] == 1
    pool.terminate()
