"""Load, decide, append: what a command comes to when others are quicker, when it is repeated, when it is refused."""

from __future__ import annotations

from uuid import UUID

import pytest

from shared.kernel import handling
from shared.kernel.clock import system_clock
from shared.kernel.errors import (
    AppendUnknown,
    ClaimTaken,
    EventTooLarge,
    KeyReused,
    StoreUnavailable,
    VersionConflict,
)
from shared.kernel.handling import ATTEMPTS, Handler
from shared.kernel.memory import MemoryStore, OpenVault
from shared.kernel.ports import MAX_EVENT_BYTES, AppendRequest, Claim, Key, Reaction
from tests.unit.kernel.tally import ID, NOW, STREAM, TALLY, Reopen, TooMany, context, reopened

CAUSE = UUID(int=9)


class Busy(MemoryStore):
    """Before each append something happens first: somebody reopens the same stream, or the connection breaks."""

    def __init__(self):
        super().__init__("intake", system_clock)
        self.first = []
        self.appends = 0

    async def append(self, request):
        self.appends += 1
        match self.first.pop(0) if self.first else None:
            case Exception() as problem:
                raise problem
            case str(reason):
                waiting, self.first = self.first, []
                await Handler(TALLY, self, OpenVault()).handle(context(f"another's {reason}"), ID, Reopen(reason))
                self.first = waiting
        return await super().append(request)


@pytest.fixture
def store():
    return Busy()


@pytest.fixture
def handler(store):
    return Handler(TALLY, store, OpenVault())


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(handling, "FIRST_PAUSE", 0)


async def reasons(store):
    return [r.event.reason for r in (await store.load("t1", STREAM)).events]


async def test_what_was_decided_is_appended_and_the_state_is_after_it(handler, store):
    handled = await handler.handle(context("k"), ID, Reopen("a"), answer=lambda state, _: {"now": len(state)})
    assert (handled.state, handled.events) == (("a",), (reopened("a"),))
    assert (handled.appended.version, handled.appended.position, handled.appended.answer) == (1, 1, b'{"now":1}')
    meta = (await store.load("t1", STREAM)).events[0].meta
    assert (meta.type, meta.stream, meta.version, meta.occurred_at) == ("intake.ComplaintReopened", STREAM, 1, NOW)
    assert (meta.actor.subject, meta.command_id, meta.correlation_id) == ("u-1", UUID(int=1), UUID(int=2))


async def test_after_a_conflict_the_command_is_decided_again_on_what_the_other_did(handler, store):
    store.first = ["b", "c"]
    handled = await handler.handle(context("k"), ID, Reopen("a"))
    assert handled.state == ("b", "c", "a")
    assert await reasons(store) == ["b", "c", "a"]


async def test_decided_again_it_may_be_refused(handler, store):
    store.first = ["b", "c", "d"]
    with pytest.raises(TooMany, match="Reopened 3 times already"):
        await handler.handle(context("k"), ID, Reopen("a"))
    assert await reasons(store) == ["b", "c", "d"]


async def test_decided_again_there_may_be_nothing_left_to_do(handler, store):
    store.first = ["a"]
    handled = await handler.handle(context("k"), ID, Reopen("a"))
    assert (handled.events, handled.appended.version, handled.appended.position) == ((), 1, 0)


async def test_with_if_match_a_conflict_is_the_clients_to_resolve(handler, store):
    store.first = ["b"]
    with pytest.raises(VersionConflict) as conflict:
        await handler.handle(context("k", expected=0), ID, Reopen("a"))
    assert (conflict.value.expected, conflict.value.actual) == (0, 1)
    assert await reasons(store) == ["b"]


@pytest.mark.parametrize("expected", [1, 7])
async def test_a_stale_if_match_is_seen_before_anything_is_decided(handler, store, expected):
    with pytest.raises(VersionConflict) as conflict:
        await handler.handle(context("k", expected=expected), ID, Reopen("a"))
    assert (conflict.value.stream, conflict.value.expected, conflict.value.actual) == (STREAM, expected, 0)
    assert store.appends == 0


@pytest.mark.parametrize("problem", [AppendUnknown, StoreUnavailable])
async def test_after_a_broken_connection_it_is_sent_again_a_bounded_number_of_times(handler, store, problem):
    store.first = [problem() for _ in range(ATTEMPTS - 1)]
    assert (await handler.handle(context("k"), ID, Reopen("a"))).appended.version == 1
    store.appends, store.first = 0, [problem() for _ in range(2 * ATTEMPTS)]
    with pytest.raises(problem):
        await handler.handle(context("k2"), ID, Reopen("b"))
    assert store.appends == ATTEMPTS
    assert await reasons(store) == ["a"]


async def test_a_repeated_key_is_answered_as_the_first_time_before_anything_is_decided(handler, store):
    first = await handler.handle(context("k"), ID, Reopen("a"), answer=lambda *_: {"said": 1})
    for reason in ("b", "c"):
        await handler.handle(context(reason), ID, Reopen(reason))
    again = await handler.handle(context("k"), ID, Reopen("d"), answer=lambda *_: {"said": 2})
    assert (again.state, again.events, again.appended.repeated) == (None, (), True)
    assert (again.appended.answer, again.appended.version) == (first.appended.answer, 1)
    assert await reasons(store) == ["a", "b", "c"]


async def test_a_repeated_key_hears_its_first_answer_also_under_an_if_match_that_is_stale_by_now(handler):
    await handler.handle(context("k", expected=0), ID, Reopen("a"))
    assert (await handler.handle(context("k", expected=0), ID, Reopen("a"))).appended.repeated


async def test_a_key_that_served_another_request_is_refused(handler, store):
    await handler.handle(context("k"), ID, Reopen("a"))
    with pytest.raises(KeyReused):
        await handler.handle(context("k", fingerprint=b"other"), ID, Reopen("b"))
    assert await reasons(store) == ["a"]


async def test_where_nothing_was_left_to_do_the_retry_hears_the_same_also_once_it_would_be_done_or_refused(
    handler, store
):
    await handler.handle(context("k"), ID, Reopen("a"))
    nothing = await handler.handle(context("k2"), ID, Reopen("a"))
    assert (nothing.appended.position, nothing.appended.version, nothing.appended.answer) == (0, 1, b"{}")
    for reason in ("b", "c"):
        await handler.handle(context(reason), ID, Reopen(reason))
    for retried in (Reopen("a"), Reopen("d")):
        again = await handler.handle(context("k2"), ID, retried)
        assert (again.appended.position, again.appended.version, again.appended.repeated) == (0, 1, True)
    assert await reasons(store) == ["a", "b", "c"]


async def test_a_reaction_records_what_came_of_it_applied_nothing_or_refused(handler, store):
    for name, reason in (("first", "a"), ("again", "a"), ("second", "b"), ("third", "c"), ("fourth", "d")):
        await handler.handle(context(name), ID, Reopen(reason), reaction=Reaction(name, CAUSE))
    assert {name: outcome for (name, _), outcome in store._tenant("t1").reactions.items()} == {
        "first": "applied",
        "again": "nothing",
        "second": "applied",
        "third": "applied",
        "fourth": "refused: too-many",
    }
    assert await reasons(store) == ["a", "b", "c"]


async def test_what_the_store_will_never_take_is_an_outcome_for_a_reaction_and_an_error_for_a_person(handler, store):
    claims = (Claim("complaint_no", "A1"),)
    await store.append(AppendRequest("t1", "someone-else", 0, (), Key("scope", "key", b""), claims=claims))
    with pytest.raises(ClaimTaken) as taken:
        await handler.handle(context("k"), ID, Reopen("a"), claims=claims)
    assert taken.value.holder == "someone-else"
    await handler.handle(context("k"), ID, Reopen("a"), claims=claims, reaction=Reaction("r", CAUSE))
    assert store._tenant("t1").reactions == {("r", CAUSE): "refused: claim-taken"}
    assert await reasons(store) == []


async def test_an_event_above_the_limit_is_refused_with_its_size(handler, store):
    with pytest.raises(EventTooLarge) as refused:
        await handler.handle(context("k"), ID, Reopen("x" * MAX_EVENT_BYTES))
    around = len(f'{{"complaint_id":"{ID}","reason":""}}')
    assert (refused.value.size, refused.value.limit) == (MAX_EVENT_BYTES + around, MAX_EVENT_BYTES)
    assert store.appends == 0
    assert (await handler.handle(context("k"), ID, Reopen("x" * (MAX_EVENT_BYTES - around)))).appended.version == 1
