"""What was acknowledged is asked for again, with the same key: the answer must be the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from deploy.chaos.findings import Finding
from deploy.chaos.journal import Answer, Write
from deploy.chaos.writers import Client

AT_ONCE = 8


async def asked_again(client: Client, writes: Iterable[Write]) -> list[Finding]:
    """`client` is the person who wrote: nobody else's key is the same key."""
    few = asyncio.Semaphore(AT_ONCE)

    async def ask(write: Write, first: Answer) -> Finding | None:
        async with few:
            again = await client.send(write)
        if again is None:
            return Finding("lost", f"{write} is not answered any more")
        if not again.same_as(first):
            return Finding("lost", f"{write} was answered {first} and hears {again}")
        return None

    told = [ask(write, write.answer) for write in writes if write.answer is not None and write.answer.acknowledged]
    return [finding for finding in await asyncio.gather(*told) if finding is not None]
