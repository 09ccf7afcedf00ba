"""Which reaction, timer or person an event came of, found from its command's id alone."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.capa.application.beside import KEEPING as CAPA
from services.intake.application.beside import KEEPING as INTAKE
from services.investigation.application.beside import KEEPING as INVESTIGATION
from shared.kernel.beside import Claim, Drawn, Reaction, mark_of, numbered
from shared.kernel.ids import new_id
from shared.kernel.reacting import ReactionRule, trigger
from shared.kernel.recorded import Actor, Meta, Recorded, encode_meta
from shared.kernel.testing import START, LogBook
from shared.kernel.timing import Due, due_context
from tests.unit.intake import states

DUE = datetime(2026, 3, 1, 8, tzinfo=UTC)


async def _none(*_: object) -> list[str]:
    return []


def rule(name: str) -> ReactionRule:
    return ReactionRule(name, "intake", frozenset(), _none, _none)


def meta(command_id: UUID, target: str, cause: UUID | None = None) -> Meta:
    return Meta(
        event_id=new_id(),
        type="x",
        schema_version=1,
        tenant="t",
        service="capa",
        stream=f"capa-{target}",
        version=1,
        occurred_at=DUE,
        actor=Actor(subject="s"),
        correlation_id=command_id,
        command_id=command_id,
        causation_id=cause,
    )


@pytest.mark.parametrize("target", [str(UUID(int=5)), ""])
def test_a_reactions_effect_bears_its_mark(target):
    [cause] = LogBook("intake").add("complaint-1", *states.registered()).events
    made = trigger("capa", rule("opens"), target, cause, START)
    effect = meta(made.context.command_id, target or "anything", cause.meta.event_id)
    assert mark_of(effect, ["other", "opens"], ()) == made.reaction
    assert mark_of(effect, ["other"], ()) is None


def test_a_timers_effect_bears_its_mark():
    context, reaction = due_context("capa", Due("t", "5", "silence", DUE), START)
    assert mark_of(meta(context.command_id, "5"), ["silence"], ("final_answer", "silence")) == reaction
    assert mark_of(meta(context.command_id, "5"), (), ("final_answer",)) is None


def test_what_a_person_did_bears_none():
    assert mark_of(meta(new_id(), "5"), ["opens"], ("silence",)) is None
    assert mark_of(meta(new_id(), "5", new_id()), ["opens"], ("silence",)) is None


def test_numbers_are_read_as_they_are_written():
    assert numbered("no", "C2026-000041") == (Drawn("no", 2026, 41),)
    assert numbered("no", "K-7") == ()


def test_a_registration_took_its_number_its_reference_and_its_message():
    [event] = LogBook("intake").add("complaint-1", *states.registered(source_reference="<1@x>", channel="email")).events
    kept = INTAKE.beside(event)
    assert [claim.scope for claim in kept.claims] == ["complaint_no", "source_reference", "message"]
    assert Claim("message", str(event.meta.command_id)) in kept.claims
    assert kept.drawn[0].number > 0


def test_whoever_keeps_nothing_beside_an_event_says_so():
    [event] = LogBook("intake").add("complaint-1", *states.registered()).events
    for keeping in (CAPA, INVESTIGATION):
        foreign = Recorded(1, event.recorded_at, event.hash, encode_meta(event.meta), event.data_bytes)
        assert keeping.beside(foreign).claims == ()
    assert Reaction("a", UUID(int=1)).outcome == "applied"
