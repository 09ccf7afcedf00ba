"""Random commands on one complaint, beside a plain model of it: both must agree after every step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.intake.domain.complaint import commands as ask
from services.intake.domain.complaint.decider import COMPLAINT
from services.intake.domain.complaint.state import Complaint
from services.intake.readmodels.complaint_view import status_of
from shared.contracts.event import Event
from shared.contracts.intake import complaint as said
from shared.kernel.decider import Decider
from shared.kernel.errors import DomainError, KeyReused
from shared.kernel.handling import Handled, Handler
from shared.kernel.ids import derived_id
from shared.kernel.memory import MemoryStore, OpenVault
from shared.kernel.ports import Context, Key
from shared.kernel.recorded import Actor
from shared.kernel.testing import START
from tests.simulation.plain_complaint import AFTER_TRIAGE, BEFORE_TRIAGE, BLANK, SILENCE, PlainComplaint
from tests.unit.intake import states

INVESTIGATIONS = {"one": states.INVESTIGATION, "other": states.OTHER_INVESTIGATION}
CLOCKS = sorted(BEFORE_TRIAGE | AFTER_TRIAGE["minor"])
BUDGET = settings(max_examples=120, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ENOUGH = settings(
    BUDGET, phases=(Phase.generate,), report_multiple_bugs=False, derandomize=True, database=None, print_blob=False
)
"""For decisions that are broken on purpose: that it is found out is enough, how briefly is no matter."""

which = st.sampled_from(sorted(INVESTIGATIONS))
severities = st.sampled_from(sorted(AFTER_TRIAGE))
reasons = st.sampled_from(["核对后更正", "双方确认", BLANK])


def answer_of(severity: str, plan: str | None) -> said.TriageAnswer:
    return said.TriageAnswer(severity=severity, scope="lot", priority="normal", response_plan=plan)


class ComplaintMachine(RuleBasedStateMachine):
    """The product is asked through Handler and MemoryStore, as a service asks it."""

    decider: Decider[Complaint, ask.ComplaintCommand] = COMPLAINT

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.now: datetime = START
        self.sent = 0
        self.model = PlainComplaint()
        self.store = MemoryStore("intake", lambda: self.now)
        self.handler = Handler(self.decider, self.store, OpenVault())
        self.last: tuple[Context, ask.ComplaintCommand, Handled[Complaint]] | None = None
        self.past: list[tuple[str, datetime]] = []

    def teardown(self) -> None:
        self.loop.close()

    # what both are asked

    @initialize(late=st.integers(0, 48))
    def register(self, late):
        self.now = START + timedelta(hours=late)
        self.model.register(START)
        self.expect(None, states.register(received_at=START, aware_at=START, now=self.now))

    @rule(hours=st.sampled_from([0, 1, 5, 30, 80, 200, 400]))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours, minutes=1)

    @rule(automatic=st.booleans())
    def acknowledge(self, automatic):
        expected = self.model.acknowledge(self.now, automatic=automatic)
        self.expect(expected, ask.AcknowledgeComplaint(now=self.now, automatic=automatic))

    @rule(
        severity=severities,
        rule_says=st.none() | severities,
        plan=st.sampled_from([None, "safety", "recall"]),
        reason=reasons,
    )
    def triage(self, severity, rule_says, plan, reason):
        """`rule_says` None: the same as the person."""
        answer, rules = answer_of(severity, plan), answer_of(rule_says or severity, plan)
        command = replace(states.triage(answer, at=self.now, rule=rules), override_reason=reason)
        overrides = rule_says not in (None, severity)
        self.expect(self.model.triage(self.now, severity, plan, overrides=overrides, reason=reason), command)

    @rule(path=st.sampled_from(["items[1].lot", "items[2].lot", "hash"]), value=st.sampled_from("AB"), reason=reasons)
    def correct(self, path, value, reason):
        expected = self.model.correct(path, value, reason)
        self.expect(expected, ask.CorrectDetail(path=path, value=value, now=self.now, reason=reason))

    @rule(to=which, mode=st.sampled_from(["open", "join"]), other=st.sampled_from(["open", "concluded", "nobody"]))
    def hand_over(self, to, mode, other):
        known = None if other == "nobody" else ask.Target(number="I2026-0001", concluded=other == "concluded")
        command = ask.HandOver(investigation_id=INVESTIGATIONS[to], mode=mode, target=known)
        self.expect(self.model.hand_over(to, mode, other), command)

    @rule(of=which, outcome=st.sampled_from(["ntf", "external"]))
    def record_outcome(self, of, outcome):
        command = ask.RecordOutcome(investigation_id=INVESTIGATIONS[of], outcome=outcome, statement="查明")
        self.expect(self.model.record_outcome(of, outcome), command)

    @rule(automatic=st.booleans(), tells=st.booleans())
    def respond(self, automatic, tells):
        command = ask.Respond(now=self.now, channel="phone", body="您好", tells_decision=tells, automatic=automatic)
        self.expect(self.model.respond(self.now, automatic=automatic, tells=tells), command)

    @rule(resolution=st.sampled_from(["repair", "replace", "refund"]))
    def offer(self, resolution):
        command = ask.OfferResolution(now=self.now, resolution=resolution, terms="如约", sla=states.SLA)
        self.expect(self.model.make_offer(self.now, resolution), command)

    @rule(by=st.sampled_from(["customer", "silence"]))
    def accept(self, by):
        self.expect(self.model.accept(self.now, by), ask.AcceptResolution(now=self.now, by=by))

    @rule()
    def reject(self):
        self.expect(self.model.reject(), states.REJECT)

    @rule(serial=st.sampled_from([None, "SN-1"]))
    def remedy(self, serial):
        self.expect(self.model.remedy(serial), ask.CompleteRemedy(now=self.now, replacement_serial=serial))

    @rule(score=st.integers(0, 6))
    def satisfaction(self, score):
        self.expect(self.model.satisfaction(score), ask.RecordSatisfaction(score=score))

    @rule()
    def close(self):
        self.expect(self.model.close(), ask.CloseComplaint(now=self.now))

    @precondition(lambda self: not self.model.closed)
    @rule(tells=st.booleans())
    def bring_to_the_end(self, tells):
        """Closure is far away for chance alone."""
        if tells:
            self.respond(automatic=False, tells=True)
        if self.model.offer != "open":
            self.offer("repair")
        self.accept("customer")
        self.remedy("SN-2")
        self.close()

    @rule(reason=reasons)
    def reopen(self, reason):
        self.expect(self.model.reopen(reason), ask.ReopenComplaint(reason=reason))

    @precondition(lambda self: self.model.closed)
    @rule()
    def reopen_what_is_closed(self):
        self.reopen("又坏了")

    @precondition(lambda self: self.fallen_due())
    @rule()
    def all_timers_fire(self):
        for name, due in self.fallen_due():
            self.expect(self.model.breach(name, due), ask.BreachDeadline(clock=name, due_at=due))

    @precondition(lambda self: self.fallen_due())
    @rule(data=st.data(), name=st.sampled_from(CLOCKS))
    def a_timer_fires_for_another_clock(self, data, name):
        """A due time of now or of earlier, that may be this clock's or not."""
        _, due = data.draw(st.sampled_from(self.fallen_due()))
        self.expect(self.model.breach(name, due), ask.BreachDeadline(clock=name, due_at=due))

    def fallen_due(self) -> list[tuple[str, datetime]]:
        return sorted((name, due) for name, due in self.past if due <= self.now)

    @precondition(lambda self: self.last is not None)
    @rule()
    def the_last_answer_was_lost_and_it_is_sent_again(self):
        context, command, first = self.last
        again = self.loop.run(self.handler.handle(context, states.ID, command))
        assert (again.appended.repeated, again.appended.version) == (True, first.appended.version)
        other = replace(context, key=replace(context.key, fingerprint=b"other"))
        with pytest.raises(KeyReused):
            self.loop.run(self.handler.handle(other, states.ID, command))

    def expect(self, refusal: str | None, command: ask.ComplaintCommand) -> None:
        """The model has decided already; the product must decide the same."""
        self.sent += 1
        command_id = derived_id("machine", str(self.sent))
        context = Context(
            tenant="t1",
            actor=Actor(subject="machine"),
            now=self.now,
            key=Key("machine", str(self.sent), command_id.bytes),
            command_id=command_id,
            correlation_id=command_id,
        )
        refused = None
        try:
            handled = self.loop.run(self.handler.handle(context, states.ID, command))
        except DomainError as error:
            refused = error.code
        else:
            self.last = (context, command, handled) if handled.events else self.last
        assert refused == refusal, f"{command}: refused as {refused}, the model says {refusal}"

    # what must agree after every step

    @property
    def state(self) -> Complaint:
        loaded = self.loop.run(self.store.load("t1", COMPLAINT.stream(states.ID)))
        return self.decider.fold(r.event for r in loaded.events)

    @invariant()
    def the_same_events_in_the_same_order(self):
        recorded = self.loop.run(self.store.read("t1", 0, 10_000))
        assert [r.meta.type for r in recorded] == [f"intake.{name}" for name in self.model.events]
        assert [r.meta.version for r in recorded] == [r.position for r in recorded] == [*range(1, len(recorded) + 1)]

    @invariant()
    def the_same_status(self):
        if self.model.received is not None:
            assert status_of(self.state) == self.model.status

    @invariant()
    def the_same_clocks(self):
        found = {c.clock: (c.due_at, c.first_due_at, c.met_at, c.breached) for c in self.state.clocks}
        assert found == {name: (c.due, c.first_due, c.met, c.breached) for name, c in self.model.clocks.items()}
        self.past += [(n, c.due) for n, c in self.model.clocks.items() if (n, c.due) not in self.past]

    @invariant()
    def the_same_is_allowed(self):
        state = self.state
        allowed = {what for what, command in self.harmless().items() if accepts(self.decider, command, state)}
        assert allowed == self.model.allowed(self.now)

    def harmless(self) -> dict[str, ask.ComplaintCommand]:
        """One command of each kind with nothing wrong in it, only ever decided, never appended."""
        if self.model.received is None:
            return {"register": states.register()}
        return {
            "acknowledge": ask.AcknowledgeComplaint(now=self.now),
            "triage": states.triage(at=self.now),
            "correct": ask.CorrectDetail(path="items[1].lot", value="C", now=self.now, reason="核对"),
            "hand_over": ask.HandOver(investigation_id=states.SUBJECT, mode="open"),
            "respond": ask.Respond(now=self.now, channel="phone", body="您好"),
            "offer": ask.OfferResolution(now=self.now, resolution="repair", terms="如约", sla=states.SLA),
            "accept": ask.AcceptResolution(now=self.now),
            "silence": ask.AcceptResolution(now=self.now, by="silence"),
            "reject": states.REJECT,
            "remedy": ask.CompleteRemedy(
                now=self.now, replacement_serial="SN-9", refund_amount=1, refund_currency="CNY"
            ),
            "satisfaction": ask.RecordSatisfaction(score=5),
            "close": ask.CloseComplaint(now=self.now),
            "reopen": ask.ReopenComplaint(reason="又坏了"),
        }


def accepts(decider, command, state) -> bool:
    try:
        decider.decide(command, state)
    except DomainError:
        return False
    return True


def test_the_decider_and_the_plain_model_never_diverge():
    assert timedelta(days=states.SLA.silence_days) == SILENCE
    run_state_machine_as_test(ComplaintMachine, settings=BUDGET)


def acknowledges_twice(command: ask.ComplaintCommand, state: Complaint) -> Sequence[Event]:
    forgets = isinstance(command, ask.AcknowledgeComplaint)
    return COMPLAINT.decide(command, replace(state, acknowledged_at=None) if forgets else state)


def closes_without_remedy(command: ask.ComplaintCommand, state: Complaint) -> Sequence[Event]:
    careless = isinstance(command, ask.CloseComplaint)
    return COMPLAINT.decide(command, replace(state, remedied=True) if careless else state)


def hands_over_untriaged_again(command: ask.ComplaintCommand, state: Complaint) -> Sequence[Event]:
    forgets = isinstance(command, ask.HandOver)
    return COMPLAINT.decide(
        command, replace(state, investigation_id=None, own_investigation=False) if forgets else state
    )


def reopens_as_told(state: Complaint, event: Event) -> Complaint:
    told = state.decision_told
    after = COMPLAINT.evolve(state, event)
    return replace(after, decision_told=told) if isinstance(event, said.ComplaintReopened) else after


def stays_breached(state: Complaint, event: Event) -> Complaint:
    was = {c.clock for c in state.clocks if c.breached}
    after = COMPLAINT.evolve(state, event)
    return replace(after, clocks=tuple(replace(c, breached=c.breached or c.clock in was) for c in after.clocks))


@pytest.mark.parametrize("decide", [acknowledges_twice, closes_without_remedy, hands_over_untriaged_again])
def test_a_decider_that_allows_too_much_is_found_out(decide):
    assert_found_out(replace(COMPLAINT, decide=decide))


@pytest.mark.parametrize("evolve", [reopens_as_told, stays_breached])
def test_a_fold_that_remembers_wrongly_is_found_out(evolve: Callable[[Complaint, Event], Complaint]):
    assert_found_out(replace(COMPLAINT, evolve=evolve))


def assert_found_out(decider: Decider[Complaint, ask.ComplaintCommand]) -> None:
    class Broken(ComplaintMachine):
        pass

    Broken.decider = decider
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Broken, settings=ENOUGH)
