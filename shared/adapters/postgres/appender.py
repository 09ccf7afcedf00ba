"""Group commit: commands that arrive while a batch is being written form the next one.

A batch holds one tenant's commands with distinct streams, keys and claims, bounded by count and bytes; many may use
one person's key in it, but who makes or destroys that key has it alone.
Different tenants' batches run side by side. A command that Postgres refuses fails alone; a caller that goes away harms
nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import msgspec

from shared.adapters import metrics
from shared.adapters.failpoints import failpoint
from shared.adapters.postgres.connection import writing
from shared.kernel import chain
from shared.kernel.errors import (
    AppendRefused,
    ClaimTaken,
    KeyOwnerErased,
    KeyReused,
    LookupTaken,
    StoreError,
    SubjectKeyTaken,
    VersionConflict,
)
from shared.kernel.ports import Appended, AppendRequest

MAX_BATCH_COMMANDS = 500
MAX_BATCH_BYTES = 4 * 1024 * 1024

PARAMETERS = 30
_CALL = f"select * from log.append_batch({', '.join(f'${n}' for n in range(1, PARAMETERS + 1))})"  # noqa: S608 - $n only


@dataclass(slots=True)
class _Waiting:
    request: AppendRequest
    done: asyncio.Future[Appended]


@dataclass(slots=True)
class _Queue:
    waiting: deque[_Waiting] = field(default_factory=deque)
    writer: asyncio.Task[None] | None = None


class Appender:
    """Writes batches for one service. `committed(tenant, position)` is called after each batch that appended."""

    def __init__(self, pool: asyncpg.Pool, committed: Callable[[str, int], None], service: str = "") -> None:
        self._seconds = metrics.APPEND_SECONDS.labels(service)
        self._commands = metrics.APPEND_BATCH.labels(service)
        self._pool = pool
        self._committed = committed
        self._queues: dict[str, _Queue] = {}
        self.batches = 0

    async def append(self, request: AppendRequest) -> Appended:
        queue = self._queues.setdefault(request.tenant, _Queue())
        done: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        queue.waiting.append(_Waiting(request, done))
        if queue.writer is None:
            queue.writer = asyncio.create_task(self._write_all(request.tenant, queue))
        return await done

    async def close(self) -> None:
        """Let what is waiting be written."""
        writers = [q.writer for q in self._queues.values() if q.writer is not None]
        await asyncio.gather(*writers, return_exceptions=True)

    async def _write_all(self, tenant: str, queue: _Queue) -> None:
        await asyncio.sleep(0)  # let callers of the same turn of the loop into the first batch
        while queue.waiting:
            batch = _next_batch(queue.waiting)
            try:
                await self._write(tenant, batch)
            except Exception as error:  # noqa: BLE001 - handed to every caller of the batch
                for one in batch:
                    _fail(one, error)
        queue.writer = None
        self._queues.pop(tenant, None)

    async def _write(self, tenant: str, batch: list[_Waiting]) -> None:
        try:
            arguments = _arguments(tenant, [w.request for w in batch])
            with writing():
                async with self._pool.acquire() as connection:
                    failpoint("before-append")
                    with self._seconds.time():
                        rows = await connection.fetch(_CALL, *arguments)
                    self._commands.observe(len(batch))
                    failpoint("after-append-before-answer")
                    self._settle(tenant, batch, rows)  # nobody waits for the connection to be given back
        except (asyncpg.PostgresError, asyncpg.DataError, UnicodeEncodeError, OverflowError) as error:
            if len(batch) == 1:
                _fail(batch[0], AppendRefused(problem=str(error)))
                return
            for one in batch:  # somebody's values were refused: the others must not suffer
                await self._write(tenant, [one])
            return

    def _settle(self, tenant: str, batch: list[_Waiting], rows: list[asyncpg.Record]) -> None:
        self.batches += 1
        last = max((row["last_position"] for row in rows if row["outcome"] == "o"), default=0)
        if last:
            self._committed(tenant, last)
        for one, row in zip(batch, rows, strict=True):
            _answer(one, row)


def _next_batch(waiting: deque[_Waiting]) -> list[_Waiting]:
    """As many as fit, in order of arrival; one that touches what an earlier one touches stays for the next batch."""
    batch: list[_Waiting] = []
    later: list[_Waiting] = []
    touched: dict[Hashable, Hashable] = {}
    size = 0
    while waiting and len(batch) < MAX_BATCH_COMMANDS and size < MAX_BATCH_BYTES:
        one = waiting.popleft()
        touches = _touches(one.request)
        if any(thing in touched and _clash(touched[thing], how) for thing, how in touches.items()):
            later.append(one)
        else:
            batch.append(one)
            size += sum(len(e.meta) + len(e.data) for e in one.request.events)
        for thing, how in touches.items():
            touched[thing] = how if thing not in touched else None if _clash(touched[thing], how) else how
    waiting.extendleft(reversed(later))
    return batch


def _clash(how: Hashable, other: Hashable) -> bool:
    """Things are shared only by those who touch them in one and the same way; None shares with nobody."""
    return how is None or how != other


def _touches(request: AppendRequest) -> dict[Hashable, Hashable]:
    """What a command touches, and how: many may use one owner's key, or lead the same lookup to the same owner."""
    touches: dict[Hashable, Hashable] = {request.stream: None, (request.key.scope, request.key.key): None}
    for owner in request.key_owners:
        touches[owner] = "used"
    for lookup in request.lookups:
        touches[lookup.digest], touches[lookup.owner] = lookup.owner, "used"
    for claim in request.claims:
        touches[claim] = None
    if request.reaction:
        touches[request.reaction.name, request.reaction.causation_id, "reaction"] = None
    for owner in (*(key.owner for key in request.new_keys), *request.destroy):
        touches[owner] = None
    return touches


def _answer(one: _Waiting, row: asyncpg.Record) -> None:
    problem = _problem(one.request, row)
    if problem is not None:
        _fail(one, problem)
    elif not one.done.done():
        repeated = row["outcome"] in ("d", "r")
        said = row["said"] if row["outcome"] == "d" else b"{}" if repeated else one.request.answer
        one.done.set_result(
            Appended(one.request.stream, row["last_version"], row["last_position"], said, repeated=repeated)
        )


def _problem(request: AppendRequest, row: asyncpg.Record) -> StoreError | None:
    detail: str = row["detail"]
    problem: StoreError | None = None
    match row["outcome"]:
        case "m":
            problem = KeyReused(scope=request.key.scope, key=request.key.key)
        case "c":
            problem = VersionConflict(stream=request.stream, expected=request.expected, actual=row["last_version"])
        case "t":
            scope, value, holder = msgspec.json.decode(detail, type=tuple[str, str, str])
            problem = ClaimTaken(scope=scope, value=value, holder=holder)
        case "e":
            problem = KeyOwnerErased(owner=detail)
        case "k":
            problem = SubjectKeyTaken(owner=detail)
        case "l":
            problem = LookupTaken(holder=detail)
    return problem


def _fail(one: _Waiting, error: BaseException) -> None:
    if not one.done.done():
        one.done.set_exception(error)


def _arguments(tenant: str, requests: list[AppendRequest]) -> list[Any]:
    """The batch as the columns of log.append_batch: commands first, then what belongs to each by its number."""
    numbered = list(enumerate(requests, start=1))
    reactions = [r.reaction for r in requests]
    some = any(reactions)
    events = [
        (i, nth, e.type, e.meta, e.data, chain.digest(e.meta, e.data))
        for i, r in numbered
        for nth, e in enumerate(r.events, start=1)
    ]
    return [
        tenant,
        [r.key.scope for r in requests],
        [r.key.key for r in requests],
        [r.key.fingerprint for r in requests],
        [r.stream for r in requests],
        [r.expected for r in requests],
        [len(r.events) for r in requests],
        [r.answer for r in requests],
        [r and r.name for r in reactions] if some else None,
        [r and r.causation_id for r in reactions] if some else None,
        [r and r.outcome for r in reactions] if some else None,
        *_columns(events, 6),
        *_columns([(i, c.scope, c.value) for i, r in numbered for c in r.claims], 3),
        *_columns([(i, k.owner, k.wrapped) for i, r in numbered for k in r.new_keys], 3),
        *_columns([(i, x.digest, x.owner) for i, r in numbered for x in r.lookups], 3),
        *_columns([(i, owner) for i, r in numbered for owner in r.key_owners], 2),
        *_columns([(i, owner) for i, r in numbered for owner in r.destroy], 2),
    ]


def _columns(rows: list[Any], width: int) -> list[list[Any] | None]:
    """What a batch has none of is null: an empty array would cost as much to send as a full one."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [None] * width
