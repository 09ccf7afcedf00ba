"""Reactions and timers have their effect once: after redelivery, a consumer begun again at 0, and days of downtime."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from shared.adapters.postgres.projector import Projector
from shared.adapters.postgres.reactor import Reactor, replay
from shared.adapters.postgres.timekeeper import Timekeeper
from shared.contracts.event import Event
from shared.contracts.intake.complaint import ComplaintReopened, SatisfactionRecorded
from shared.kernel.decider import Decider
from shared.kernel.errors import Refused
from shared.kernel.handling import Handler
from shared.kernel.memory import MemoryStore, OpenVault
from shared.kernel.reacting import ReactionRule
from shared.kernel.readmodel import ReadModel, Rows
from shared.kernel.recorded import Recorded
from shared.kernel.timing import DUE_COLUMNS, TimerRule
from tests.contract.stores import request

ID = UUID(int=5)
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass(eq=False, kw_only=True)
class TooOften(Refused):
    zh = "太多次"
    en = "too often"


@dataclass(frozen=True)
class Reopen:
    most: int = 100


def _decide(command: Reopen, state: int) -> list[Event]:
    if state >= command.most:
        raise TooOften
    return [ComplaintReopened(complaint_id=ID, reason="again")]


ECHO: Decider[int, Reopen] = Decider("echo", 0, _decide, lambda state, _: state + 1)


def a_rule(handler: Handler[int, Reopen], **command: Any) -> ReactionRule:
    async def targets(_: Recorded) -> list[str]:
        return [""]

    async def run(trigger, _target) -> None:
        await handler.handle(trigger.context, ID, Reopen(**command), reaction=trigger.reaction)

    return ReactionRule("reopen", "investigation", frozenset({"intake.SatisfactionRecorded"}), run, targets)


async def foreign_log(*streams: str) -> MemoryStore:
    """Another service's log, as PostgresLog or KafkaLog would show it."""
    log = MemoryStore("investigation")
    for stream in streams:
        await log.append(request(stream, tenant="t1"))
    return log


async def reacting(service, log, **command) -> Reactor:
    handler = Handler(ECHO, service.store, OpenVault())
    reactor = Reactor(service.pool, service.store, log, [a_rule(handler, **command)], lambda: NOW)
    await reactor.start()
    while await reactor.advance("t1"):
        pass
    return reactor


async def count(service) -> int:
    return (await service.store.load("t1", f"echo-{ID}")).version


async def test_a_reaction_has_no_second_effect_when_its_consumer_starts_again_from_position_0(service):
    log = await foreign_log("a", "b", "c")
    await reacting(service, log)
    assert await count(service) == 3
    await service.pool.execute("delete from log.checkpoint")
    await service.pool.execute("select log.prune_commands(interval '7 days', 100)")
    await reacting(service, log)
    assert await count(service) == 3


async def test_a_reactions_effect_names_its_cause_and_acts_on_behalf_of_who_caused_it(service):
    log = await foreign_log("a")
    await reacting(service, log)
    cause = (await log.read("t1", 0, 1))[0].meta
    effect = (await service.store.load("t1", f"echo-{ID}")).events[0].meta
    assert (effect.causation_id, effect.correlation_id) == (cause.event_id, cause.correlation_id)
    assert (effect.actor.subject, effect.actor.on_behalf_of) == ("service:intake", "u-1")


async def test_a_domain_refusal_is_recorded_as_an_outcome_and_never_parked(service):
    await reacting(service, await foreign_log("a", "b", "c"), most=2)
    rows = await service.pool.fetch("select outcome from log.reaction order by at")
    assert [r["outcome"] for r in rows] == ["applied", "applied", "refused: too-often"]
    assert await service.pool.fetchval("select count(*) from log.parked") == 0


async def test_a_defect_parks_its_stream_and_the_others_go_on_until_it_is_replayed(service):
    log = await foreign_log("a", "b")
    broken = a_rule(Handler(ECHO, service.store, OpenVault()))

    async def run(trigger, target) -> None:
        if trigger.recorded.meta.stream == "a":
            raise ZeroDivisionError
        await broken.run(trigger, target)

    defective = replace(broken, run=run)
    reactor = Reactor(service.pool, service.store, log, [defective], lambda: NOW)
    while await reactor.advance("t1"):
        pass
    assert await count(service) == 1
    mended = Reactor(service.pool, service.store, log, [broken], lambda: NOW)
    assert await replay(mended, service.pool, log, "t1", "a") == 0
    assert await count(service) == 2
    assert await service.pool.fetchval("select count(*) from log.parked") == 0


async def test_an_unknown_event_halts_the_tenants_reactions(service):
    log = await foreign_log("a")
    strange = request("b", tenant="t1")
    event = strange.events[0]
    meta = msgspec.json.encode(msgspec.json.decode(event.meta) | {"type": "investigation.Unheard"}, order="sorted")
    await log.append(replace(strange, events=(replace(event, meta=meta),)))
    await log.append(request("c", tenant="t1"))
    reactor = await reacting(service, log)
    assert await count(service) == 1
    assert (reactor.positions["t1"], list(reactor.halted)) == (1, ["t1"])


def _due(rows: Rows, recorded: Recorded) -> None:
    stream = recorded.meta.stream
    match recorded.event:
        case SatisfactionRecorded():
            rows.put({"id": stream, "timer": "reopen", "due_at": NOW + timedelta(hours=1)})
        case ComplaintReopened():
            rows.delete(str(ID), "reopen")


TIMERS = ReadModel(
    name="due_times",
    sources=frozenset({"intake"}),
    columns=DUE_COLUMNS,
    key=("id", "timer"),
    touches=lambda r: [(r.meta.stream, "reopen"), (str(ID), "reopen")],
    apply=_due,
)


async def timers(service, now: datetime, **command) -> Timekeeper:
    handler = Handler(ECHO, service.store, OpenVault())

    async def run(_due, context, reaction) -> None:
        await handler.handle(context, ID, Reopen(**command), reaction=reaction)

    return Timekeeper(service.pool, service.store, [TimerRule(TIMERS, run)], lambda: now)


async def prepared_due(service) -> None:
    projector = Projector(service.pool, TIMERS, {"intake": service.log})
    await projector.start()
    await service.store.append(request("s-1"))
    while await projector.advance("intake", "t1"):
        pass


async def test_a_timer_fires_when_due_and_not_before(service):
    await prepared_due(service)
    assert await (await timers(service, NOW + timedelta(minutes=59))).fire_due() == 0
    assert await (await timers(service, NOW + timedelta(minutes=60))).fire_due() == 1
    fired = (await service.store.load("t1", f"echo-{ID}")).events[0].meta
    assert fired.occurred_at == NOW + timedelta(hours=1)


async def test_a_timer_fires_once_after_days_of_downtime_restarts_and_with_two_replicas(service):
    await prepared_due(service)
    for _ in range(3):
        await (await timers(service, NOW + timedelta(days=9))).fire_due()
    assert await count(service) == 1


async def test_a_refused_timer_is_recorded_and_stays_quiet(service):
    await prepared_due(service)
    for _ in range(2):
        await (await timers(service, NOW + timedelta(days=9), most=0)).fire_due()
    assert await service.pool.fetchval("select outcome from log.reaction") == "refused: too-often"
    assert await count(service) == 0
