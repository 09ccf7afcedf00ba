"""Load → decide → append: the way of every command."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from shared.contracts.event import Event
from shared.kernel import codec
from shared.kernel.decider import Decider
from shared.kernel.errors import (
    AppendRefused,
    AppendUnknown,
    ClaimTaken,
    DomainError,
    EventTooLarge,
    KeyOwnerErased,
    KeyReused,
    LookupTaken,
    NotCanonical,
    StoreUnavailable,
    SubjectKeyTaken,
    SuyuanError,
    VersionConflict,
)
from shared.kernel.ids import new_id
from shared.kernel.ports import (
    MAX_EVENT_BYTES,
    Appended,
    AppendRequest,
    Claim,
    Context,
    EventStore,
    Loaded,
    Lookup,
    PreparedEvent,
    Reaction,
    Vault,
)
from shared.kernel.recorded import Meta, encode_meta

S = TypeVar("S")
C = TypeVar("C")

ATTEMPTS = 8
"""How often a command is decided again after somebody else's append, and sent again after a broken connection."""

REFUSALS = (KeyOwnerErased, ClaimTaken, LookupTaken, EventTooLarge, NotCanonical, AppendRefused)
"""What no repetition of the same command changes."""

FIRST_PAUSE = 0.025
"""Seconds, doubled with each attempt after a broken connection: about six in all, a restart of the database."""


@dataclass(frozen=True, slots=True)
class Handled(Generic[S]):
    """A command's outcome. `state` is after it; None where the answer is repeated from the first time."""

    appended: Appended
    state: S | None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class _Beside:
    """What an append does beside its events."""

    claims: tuple[Claim, ...]
    reaction: Reaction | None
    lookups: tuple[Lookup, ...]
    destroy: tuple[UUID, ...]


class Handler(Generic[S, C]):
    """Runs the commands of one aggregate against a store."""

    def __init__(self, decider: Decider[S, C], store: EventStore, vault: Vault) -> None:
        self.decider = decider
        self._store = store
        self._vault = vault
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        """Whoever lost a race waits in line: else of fifty callers most would lose to each other to the end."""

    async def handle(
        self,
        context: Context,
        id_: object,
        command: C,
        *,
        claims: Sequence[Claim] = (),
        reaction: Reaction | None = None,
        lookups: Sequence[Lookup] = (),
        destroy: Sequence[UUID] = (),
        answer: Callable[[S, Sequence[Event]], Any] | None = None,
    ) -> Handled[S]:
        """Decide and append, again where another append came first. Raises DomainError and StoreError."""
        stream = self.decider.stream(id_)
        beside = _Beside(tuple(claims), reaction, tuple(lookups), tuple(destroy))
        turn: AbstractAsyncContextManager[object] = nullcontext()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with turn:
                    return await self._once(context, stream, command, beside, answer)
            except (VersionConflict, SubjectKeyTaken, AppendUnknown, StoreUnavailable) as again:
                if attempt == ATTEMPTS or _stale(again, context):
                    raise
                turn = self._turns.setdefault((context.tenant, stream), asyncio.Lock())
                if isinstance(again, (AppendUnknown, StoreUnavailable)):
                    await asyncio.sleep(FIRST_PAUSE * 2**attempt)
            except REFUSALS as refusal:
                if reaction is None:
                    raise
                return await self._record_refusal(context, stream, reaction, refusal)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def answered(self, context: Context, id_: object) -> Handled[S] | None:
        """What this very request was answered before; for whoever looks up first what may refuse it by now."""
        known = first_answer(await self._store.load(context.tenant, self.decider.stream(id_), context.key), context)
        return None if known is None else Handled(known, None)

    async def _record_refusal(
        self, context: Context, stream: str, reaction: Reaction, refusal: SuyuanError
    ) -> Handled[S]:
        """The store will never take what this reaction wants (the person was erased, the value is held, …)."""
        version = (await self._store.load(context.tenant, stream)).version
        request = AppendRequest(
            tenant=context.tenant,
            stream=stream,
            expected=version,
            events=(),
            key=context.key,
            reaction=replace(reaction, outcome=f"refused: {refusal.code}"),
        )
        return Handled(await self._store.append(request), None)

    async def _once(
        self,
        context: Context,
        stream: str,
        command: C,
        beside: _Beside,
        answer: Callable[[S, Sequence[Event]], Any] | None,
    ) -> Handled[S]:
        loaded = await self._store.load(context.tenant, stream, context.key)
        known = first_answer(loaded, context)
        if known is not None:
            return Handled(known, None)
        check_expected(context, stream, loaded.version)
        state = self.decider.fold(r.event for r in loaded.events)
        events, reaction = self._decide(command, state, beside.reaction)
        after = self.decider.fold(events, state)
        said = codec.encode_plain(answer(after, events)) if answer else b"{}"
        request = await self._prepare(context, stream, loaded.version, events)
        request = replace(
            request,
            claims=beside.claims,
            reaction=reaction,
            lookups=beside.lookups,
            destroy=beside.destroy,
            answer=said,
        )
        return Handled(await self._store.append(request), after, events)

    def _decide(self, command: C, state: S, reaction: Reaction | None) -> tuple[tuple[Event, ...], Reaction | None]:
        """A reaction's refusal is an outcome to record, not an error."""
        try:
            events = tuple(self.decider.decide(command, state))
        except DomainError as refusal:
            if reaction is None:
                raise
            return (), replace(reaction, outcome=f"refused: {refusal.code}")
        if reaction is not None:
            reaction = replace(reaction, outcome="applied" if events else "nothing")
        return events, reaction

    async def _prepare(self, context: Context, stream: str, version: int, events: Sequence[Event]) -> AppendRequest:
        named = [(new_id(), event) for event in events]
        sealed = await self._vault.seal(context.tenant, stream, named)
        prepared = tuple(
            _prepared(context, self._store.service, stream, version + nth, event_id, event)
            for nth, ((event_id, _), event) in enumerate(zip(named, sealed.events, strict=True), start=1)
        )
        return AppendRequest(
            tenant=context.tenant,
            stream=stream,
            expected=version,
            events=prepared,
            key=context.key,
            new_keys=sealed.new_keys,
            key_owners=sealed.key_owners,
        )


def _prepared(context: Context, service: str, stream: str, version: int, event_id: UUID, event: Event) -> PreparedEvent:
    name, schema_version = codec.name_and_version(event)
    data = codec.encode(event)
    if len(data) > MAX_EVENT_BYTES:
        raise EventTooLarge(type=name, size=len(data), limit=MAX_EVENT_BYTES)
    meta = Meta(
        event_id=event_id,
        type=name,
        schema_version=schema_version,
        tenant=context.tenant,
        service=service,
        stream=stream,
        version=version,
        occurred_at=context.occurred_at or context.now,
        actor=context.actor,
        correlation_id=context.correlation_id,
        command_id=context.command_id,
        causation_id=context.causation_id,
        reason=context.reason,
        traceparent=context.traceparent,
    )
    return PreparedEvent(name, encode_meta(meta), data)


def first_answer(loaded: Loaded, context: Context) -> Appended | None:
    """What the key was answered before; None where it is new. Raises KeyReused where it was another request's."""
    if loaded.known is None:
        return None
    if not hmac.compare_digest(loaded.known_fingerprint or b"", context.key.fingerprint):
        raise KeyReused(scope=context.key.scope, key=context.key.key)
    return loaded.known


def _stale(problem: Exception, context: Context) -> bool:
    """With If-Match a conflict is the client's to resolve."""
    return isinstance(problem, VersionConflict) and context.expected is not None


def check_expected(context: Context, stream: str, version: int) -> None:
    """Raises VersionConflict (412) where If-Match named another version."""
    if context.expected is not None and context.expected != version:
        raise VersionConflict(stream=stream, expected=context.expected, actual=version)
