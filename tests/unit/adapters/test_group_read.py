"""Group reading: what is asked together is one statement, and nobody pays for another's fault or departure."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from shared.adapters.postgres import group_read
from shared.adapters.postgres.group_read import FLIGHTS, MAX_CALLERS, GroupRead


class Shelf:
    """Knows every number up to 1000 as its square, and keeps what it was asked; `slow` until it is let go."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def fetch(self, keys: Sequence[int]) -> Mapping[int, int]:
        self.asked.append(list(keys))
        await self.open.wait()
        if -1 in keys:
            raise ConnectionError
        return {key: key * key for key in keys if key <= 1000}


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


async def test_callers_of_one_turn_are_one_statement_with_each_key_once(shelf):
    one = GroupRead(shelf.fetch)
    found = await asyncio.gather(one.find([3]), one.find([4, 3]), one.find([5]))
    assert [f[k] for f, k in zip(found, (3, 4, 5), strict=True)] == [9, 16, 25]
    assert shelf.asked == [[3, 4, 5]]


async def test_who_comes_while_statements_are_on_the_way_shares_the_next(shelf):
    one = GroupRead(shelf.fetch)
    shelf.open.clear()
    early = []
    for n in range(FLIGHTS):
        early.append(asyncio.create_task(one.find([n])))
        await asyncio.sleep(0.01)
    late = [asyncio.create_task(one.find([10 + n])) for n in range(5)]
    await asyncio.sleep(0.01)
    assert shelf.asked == [[n] for n in range(FLIGHTS)]
    shelf.open.set()
    await asyncio.gather(*early, *late)
    assert shelf.asked[FLIGHTS:] == [[10, 11, 12, 13, 14]]


async def test_a_statement_has_a_bounded_number_of_callers(shelf):
    one = GroupRead(shelf.fetch)
    await asyncio.gather(*(one.find([n]) for n in range(MAX_CALLERS * 2 + 1)))
    assert max(len(keys) for keys in shelf.asked) == MAX_CALLERS


async def test_what_is_not_there_is_not_found_and_nothing_asks_nothing(shelf):
    one = GroupRead(shelf.fetch)
    assert 2000 not in await one.find([2000])
    assert await one.find([]) == {}
    assert shelf.asked == [[2000]]


async def test_a_fault_is_told_to_every_caller_of_the_statement_and_the_next_goes_well(shelf):
    one = GroupRead(shelf.fetch)
    outcomes = await asyncio.gather(one.find([-1]), one.find([2]), return_exceptions=True)
    assert [type(o) for o in outcomes] == [ConnectionError] * 2
    assert (await one.find([2]))[2] == 4


async def test_a_caller_that_goes_away_harms_nobody(shelf):
    one = GroupRead(shelf.fetch)
    shelf.open.clear()
    leaving, staying = asyncio.create_task(one.find([1])), asyncio.create_task(one.find([2]))
    await asyncio.sleep(0.01)
    leaving.cancel()
    shelf.open.set()
    assert (await staying)[2] == 4


async def test_nobody_is_left_waiting_whenever_they_come(shelf, monkeypatch):
    """A flight that ends and a caller that comes in the same turn must not miss each other."""
    monkeypatch.setattr(group_read, "FLIGHTS", 1)
    one = GroupRead(shelf.fetch)

    async def caller(number: int) -> None:
        for n in range(200):
            for _ in range((number + n) % 4):
                await asyncio.sleep(0)
            assert (await one.find([n]))[n] == n * n

    async with asyncio.timeout(20):
        await asyncio.gather(*(caller(number) for number in range(3)))
