"""The ports in memory, with the same promises. They serve tests of decisions and the contract suites."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from shared.contracts.event import Event
from shared.kernel import chain
from shared.kernel.clock import Clock, system_clock
from shared.kernel.errors import (
    AppendRefused,
    ClaimTaken,
    KeyOwnerErased,
    KeyReused,
    LookupTaken,
    SubjectKeyTaken,
    VersionConflict,
)
from shared.kernel.ports import (
    Appended,
    AppendRequest,
    Claim,
    Key,
    Loaded,
    Sealed,
)
from shared.kernel.recorded import Recorded


@dataclass
class _Tenant:
    """One tenant's log and what is unique in it."""

    log: list[Recorded] = field(default_factory=list)
    streams: dict[str, list[Recorded]] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[bytes, Appended]] = field(default_factory=dict)
    claims: dict[Claim, str] = field(default_factory=dict)
    reactions: dict[tuple[str, UUID], str] = field(default_factory=dict)
    subject_keys: dict[UUID, bytes | None] = field(default_factory=dict)
    lookups: dict[bytes, UUID] = field(default_factory=dict)


class MemoryStore:
    """EventStore, EventLog and SubjectKeys of one service."""

    def __init__(self, service: str, clock: Clock = system_clock) -> None:
        self.service = service
        self._clock = clock
        self._tenants: dict[str, _Tenant] = {}
        self._grown = asyncio.Event()

    # EventStore

    async def load(self, tenant: str, stream: str, key: Key | None = None, *, until: int | None = None) -> Loaded:
        own = self._tenant(tenant)
        events = [r for r in own.streams.get(stream, []) if until is None or r.position <= until]
        fingerprint, known = own.keys.get((key.scope, key.key), (None, None)) if key else (None, None)
        return Loaded(events, len(events), known, fingerprint)

    async def append(self, request: AppendRequest) -> Appended:
        own = self._tenant(request.tenant)
        known = own.keys.get((request.key.scope, request.key.key))
        if known is not None:
            return _repeat(known, request)
        if request.reaction and (request.reaction.name, request.reaction.causation_id) in own.reactions:
            return Appended(request.stream, len(own.streams.get(request.stream, [])), 0, b"{}", repeated=True)
        _judge(own, request)
        version, position = request.expected, 0
        for prepared in request.events:
            version += 1
            position = self._record(own, request.stream, prepared.meta, prepared.data)
        outcome = Appended(request.stream, version, position, request.answer)
        own.keys[request.key.scope, request.key.key] = (request.key.fingerprint, replace(outcome, repeated=True))
        _keep_beside(own, request)
        self._grown.set()
        return outcome

    async def reacted(self, tenant: str, name: str, causation_ids: Collection[UUID]) -> set[UUID]:
        own = self._tenant(tenant)
        return {one for one in causation_ids if (name, one) in own.reactions}

    async def holder(self, tenant: str, claim: Claim) -> str | None:
        return self._tenant(tenant).claims.get(claim)

    async def position_at(self, tenant: str, moment: datetime) -> int:
        return bisect_right(self._tenant(tenant).log, moment, key=lambda r: r.recorded_at)

    # EventLog

    async def heads(self) -> Mapping[str, int]:
        return {tenant: len(own.log) for tenant, own in self._tenants.items() if own.log}

    async def read(self, tenant: str, after: int, limit: int) -> Sequence[Recorded]:
        return self._tenant(tenant).log[after : after + limit]

    async def changed(self, seen: Mapping[str, int], patience: float) -> Mapping[str, int]:
        ahead = await self._ahead(seen)
        if not ahead:
            self._grown.clear()
            try:
                async with asyncio.timeout(patience):  # wait_for of Python 3.11 may swallow a cancellation
                    await self._grown.wait()
            except TimeoutError:
                return {}
            ahead = await self._ahead(seen)
        return ahead

    async def reached(self, tenant: str, position: int, patience: float) -> bool:
        del patience
        return position <= len(self._tenant(tenant).log)

    # SubjectKeys

    async def wrapped(self, tenant: str, owners: Collection[UUID]) -> Mapping[UUID, bytes | None]:
        keys = self._tenant(tenant).subject_keys
        return {owner: keys[owner] for owner in owners if owner in keys}

    async def find(self, tenant: str, lookups: Collection[bytes]) -> Mapping[bytes, UUID]:
        known = self._tenant(tenant).lookups
        return {one: known[one] for one in lookups if one in known}

    def _tenant(self, tenant: str) -> _Tenant:
        return self._tenants.setdefault(tenant, _Tenant())

    async def _ahead(self, seen: Mapping[str, int]) -> Mapping[str, int]:
        return {tenant: head for tenant, head in (await self.heads()).items() if head > seen.get(tenant, 0)}

    def _record(self, own: _Tenant, stream: str, meta: bytes, data: bytes) -> int:
        previous = own.log[-1] if own.log else None
        position = len(own.log) + 1
        at = max(self._clock(), previous.recorded_at) if previous else self._clock()
        before = previous.hash if previous else chain.GENESIS
        recorded = Recorded(position, at, chain.link(before, position, at, chain.digest(meta, data)), meta, data)
        own.log.append(recorded)
        own.streams.setdefault(stream, []).append(recorded)
        return position


def _repeat(known: tuple[bytes, Appended], request: AppendRequest) -> Appended:
    fingerprint, first = known
    if fingerprint != request.key.fingerprint:
        raise KeyReused(scope=request.key.scope, key=request.key.key)
    return first


def _judge(own: _Tenant, request: AppendRequest) -> None:
    """The checks of an append, in the order in which the Postgres function makes them."""
    actual = len(own.streams.get(request.stream, []))
    if any("\x00" in text for text in (request.stream, request.key.key, *(c.value for c in request.claims))):
        raise AppendRefused(problem="\\u0000")
    if actual != request.expected:
        raise VersionConflict(stream=request.stream, expected=request.expected, actual=actual)
    for claim in request.claims:
        taken_by = own.claims.get(claim)
        if taken_by is not None:
            raise ClaimTaken(scope=claim.scope, value=claim.value, holder=taken_by)
    _judge_keys(own, request)


def _judge_keys(own: _Tenant, request: AppendRequest) -> None:
    for owner in request.key_owners:
        if own.subject_keys.get(owner, b"") is None:
            raise KeyOwnerErased(owner=str(owner))
    for key in request.new_keys:
        if key.owner in own.subject_keys:
            raise SubjectKeyTaken(owner=str(key.owner))
    fresh = {key.owner for key in request.new_keys}
    for lookup in request.lookups:
        holder = own.lookups.get(lookup.digest)
        if holder not in (None, lookup.owner) and lookup.owner in fresh:
            raise LookupTaken(holder=str(holder))


def _keep_beside(own: _Tenant, request: AppendRequest) -> None:
    own.claims.update(dict.fromkeys(request.claims, request.stream))
    if request.reaction:
        own.reactions[request.reaction.name, request.reaction.causation_id] = request.reaction.outcome
    for key in request.new_keys:
        own.subject_keys[key.owner] = key.wrapped
    for lookup in request.lookups:
        own.lookups.setdefault(lookup.digest, lookup.owner)
    for owner in request.destroy:
        own.subject_keys[owner] = None
        own.lookups = {one: held for one, held in own.lookups.items() if held != owner}


class MemoryNumbers:
    """Numbers: 1, 2, 3 … for each tenant, scope and year."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, int], int] = {}

    async def next(self, tenant: str, scope: str, year: int) -> int:
        which = (tenant, scope, year)
        self._last[which] = self._last.get(which, 0) + 1
        return self._last[which]


class OpenVault:
    """A Vault that seals nothing: for tests of handlers that are about something else."""

    async def seal(self, tenant: str, stream: str, events: Sequence[tuple[UUID, Event]]) -> Sealed:
        del tenant, stream
        return Sealed(tuple(event for _, event in events))

    async def open(self, tenant: str, texts: Collection[str], language: str) -> Mapping[str, str]:
        del tenant, language
        return {text: text for text in texts}
