"""One active worker over all processes, and what its end looks like to it."""

from __future__ import annotations

import asyncio

import pytest

from shared.adapters.patience import back_off
from shared.adapters.postgres.leading import leading
from shared.kernel.errors import StoreUnavailable

PATIENCE = 10.0
END_THE_LOCK = """
select pg_terminate_backend(pid) from pg_locks join pg_database d on d.oid = database
where d.datname = current_database() and locktype = 'advisory' and granted"""


async def test_one_leads_and_the_next_follows_when_it_ends(service):
    order: list[str] = []

    async def lead(name: str) -> None:
        async with leading(service.pool, "one"):
            order.append(f"{name} begins")
            await asyncio.sleep(0.1)
            order.append(f"{name} ends")

    await asyncio.gather(lead("a"), lead("b"))
    assert order in (["a begins", "a ends", "b begins", "b ends"], ["b begins", "b ends", "a begins", "a ends"])


async def test_who_loses_the_lock_is_told(service):
    async def lead() -> None:
        async with leading(service.pool, "told"):
            await service.pool.execute(END_THE_LOCK)
            await asyncio.sleep(PATIENCE)

    with pytest.raises(StoreUnavailable):
        await lead()
    await back_off(0)


async def test_who_fails_with_the_lock_is_not_cancelled_later(service):
    """A task group tells what its children met, not that it was cancelled: nothing of the cancellation stays."""

    async def meets_the_same() -> None:
        try:
            await asyncio.sleep(PATIENCE)
        except asyncio.CancelledError:
            raise ConnectionError("the same connection") from None

    async def lead() -> None:
        async with leading(service.pool, "group"), asyncio.TaskGroup() as group:
            group.create_task(meets_the_same())
            await service.pool.execute(END_THE_LOCK)
            await asyncio.sleep(PATIENCE)

    with pytest.raises(ExceptionGroup):
        await lead()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await back_off(0)
