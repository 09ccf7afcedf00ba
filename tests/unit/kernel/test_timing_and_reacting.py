"""A due time and another service's event lead to the same command however often they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.kernel.reacting import ReactionRule, trigger
from shared.kernel.testing import LogBook
from shared.kernel.timing import Due, due_context
from tests.unit.kernel.tally import NOW, reopened

DUE = Due("t1", "7", "acknowledgement", datetime(2026, 1, 5, 16, tzinfo=UTC))


def test_a_due_time_met_again_after_days_of_downtime_is_the_same_command():
    at_once, mark = due_context("intake", DUE, DUE.due_at)
    late, same = due_context("intake", DUE, DUE.due_at + timedelta(days=9))
    assert (late.command_id, late.key, same) == (at_once.command_id, at_once.key, mark)
    assert (late.now, late.occurred_at) == (DUE.due_at + timedelta(days=9), DUE.due_at)


def test_it_acts_as_the_service_and_names_its_timer():
    context, mark = due_context("intake", DUE, NOW)
    assert (context.tenant, context.actor.subject, context.expected) == ("t1", "service:intake", None)
    assert (mark.name, mark.causation_id, mark.outcome) == ("timer:acknowledgement", context.command_id, "applied")
    assert (context.key.scope, context.key.key) == ("timer", str(context.command_id))


@pytest.mark.parametrize(
    ("service", "other"),
    [
        ("capa", DUE),
        ("intake", Due("t1", "8", DUE.timer, DUE.due_at)),
        ("intake", Due("t1", "7", "final_answer", DUE.due_at)),
        ("intake", Due("t1", "7", DUE.timer, DUE.due_at + timedelta(seconds=1))),
    ],
    ids=["service", "stream", "timer", "instant"],
)
def test_another_service_stream_timer_or_instant_is_another_command(service, other):
    assert due_context(service, other, NOW)[0].command_id != due_context("intake", DUE, NOW)[0].command_id


async def _nothing(*_):
    return []


def rule(name="hear"):
    return ReactionRule(name, "intake", frozenset({"intake.ComplaintReopened"}), _nothing, _nothing)


RECORDED = LogBook("intake").add("complaint-7", reopened("a"), reopened("b"), by="u-1").events


def test_an_event_delivered_again_is_the_same_command_on_behalf_of_who_caused_it():
    first, again = (trigger("capa", rule(), "9", RECORDED[0], now) for now in (NOW, NOW + timedelta(days=400)))
    assert (first.context.command_id, first.reaction) == (again.context.command_id, again.reaction)
    meta, context = RECORDED[0].meta, first.context
    assert (context.actor.subject, context.actor.on_behalf_of) == ("service:capa", "u-1")
    assert (context.causation_id, context.correlation_id) == (meta.event_id, meta.correlation_id)
    assert (first.reaction.name, first.reaction.causation_id) == ("hear:9", meta.event_id)


def test_another_service_rule_target_or_event_is_another_command():
    asked = [("capa", "hear", "9", 0), ("intake", "hear", "9", 0), ("capa", "see", "9", 0), ("capa", "hear", "8", 0)]
    asked += [("capa", "hear", "", 0), ("capa", "hear", "9", 1)]
    ids = {
        trigger(service, rule(name), target, RECORDED[n], NOW).context.command_id for service, name, target, n in asked
    }
    assert len(ids) == len(asked)
    assert trigger("capa", rule(), "", RECORDED[0], NOW).reaction.name == "hear"
