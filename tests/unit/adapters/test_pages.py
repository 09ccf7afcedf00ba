"""Pages of a topic in memory: kept for whoever has yet to read them, dropped oldest first, never without bound."""

from __future__ import annotations

import asyncio

import pytest

from shared.adapters.kafka import pages as module
from shared.adapters.kafka.pages import PAGE, Pages
from shared.kernel.recorded import Recorded
from shared.kernel.testing import START

EVENT = Recorded(1, START, bytes(32), b"m" * 250, b"d" * 250)
SIZE = 1000
"""What EVENT takes, with what it takes beside its bytes."""


@pytest.fixture
def pages(monkeypatch) -> Pages:
    monkeypatch.setattr(module, "AHEAD_BYTES", 2 * PAGE * SIZE)
    monkeypatch.setattr(module, "KEPT_BYTES", 4 * PAGE * SIZE)
    return Pages("intake", "topic", {})


def fill(pages: Pages, first: int, count: int, tenants: tuple[str, ...] = ("t",)) -> None:
    for offset in range(first * PAGE, (first + count) * PAGE):
        pages.add(0, tenants[offset % len(tenants)], EVENT, offset)


async def test_where_nobody_reads_on_nobody_is_waited_for(pages):
    fill(pages, 0, 3)
    assert await pages.looked_at(0)


async def test_whoever_follows_the_topic_waits_for_its_readers(pages):
    pages.readers |= {"one", "other"}
    fill(pages, 0, 3, ("a", "b"))
    assert not await pages.looked_at(0.01)
    for reader, tenant in (("one", "a"), ("one", "b"), ("other", "a")):
        await pages.page(0, 0, tenant, reader)
    assert not await pages.looked_at(0.01)
    waiting = asyncio.create_task(pages.looked_at(5))
    await asyncio.sleep(0)
    await pages.page(0, 0, "b", "other")
    assert await waiting


async def test_what_comes_to_a_page_later_is_to_be_read_too(pages):
    pages.readers.add("one")
    fill(pages, 0, 2)
    pages.add(0, "t", EVENT, 2 * PAGE)
    for number in range(3):
        await pages.page(0, number, "t", "one")
    fill(pages, 3, 2)
    for offset in range(2 * PAGE + 1, 2 * PAGE + 3):
        pages.add(0, "t", EVENT, offset)
    assert await pages.looked_at(0) is False


async def test_the_oldest_go_first_and_the_newest_stays(pages):
    fill(pages, 0, 7)
    assert [pages.has(0, number) for number in range(7)] == [False] * 2 + [True] * 5
    pages.add(1, "t", EVENT, 5)
    fill(pages, 7, 5)
    assert pages.has(1, 0)  # the newest of its partition


async def test_what_nobody_came_to_read_in_time_is_dropped_all_the_same(pages):
    pages.readers.add("halted")
    fill(pages, 0, 12)
    assert not pages.has(0, 0)
    fill(pages, 12, 12)
    await pages.page(0, 23, "t", "halted")
    assert not await pages.looked_at(0.01)
    for number in range(20, 24):
        await pages.page(0, number, "t", "halted")
    assert await pages.looked_at(0)
