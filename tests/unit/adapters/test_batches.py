"""Which waiting commands may form one batch of the appender."""

from __future__ import annotations

from asyncio import Future
from collections import deque
from typing import Any, cast
from uuid import UUID

from shared.adapters.postgres.appender import _next_batch, _Waiting
from shared.kernel.ports import AppendRequest, Claim, Key, Lookup, NewKey, Reaction

WANG, LI = UUID(int=1), UUID(int=2)


def batches(*commands: dict[str, Any]) -> list[list[int]]:
    """The numbers of the commands in each batch, as one after the other is taken."""
    requests = [
        AppendRequest(
            tenant="t1",
            stream=more.pop("stream", f"c-{n}"),
            expected=0,
            events=(),
            key=more.pop("key", Key("u", str(n), b"f")),
            **more,
        )
        for n, more in enumerate(commands)
    ]
    waiting = deque(_Waiting(request, cast("Future[Any]", None)) for request in requests)
    taken = []
    while waiting:
        taken.append([requests.index(one.request) for one in _next_batch(waiting)])
    return taken


def test_strangers_share_a_batch():
    assert batches({}, {}, {}) == [[0, 1, 2]]


def test_one_stream_one_key_one_claim_and_one_reaction_come_once_in_a_batch():
    assert batches({"stream": "x"}, {"stream": "x"}) == [[0], [1]]
    assert batches({"key": Key("u", "k", b"f")}, {"key": Key("u", "k", b"f")}) == [[0], [1]]
    assert batches({"claims": (Claim("no", "1"),)}, {"claims": (Claim("no", "1"),)}) == [[0], [1]]
    reaction = Reaction("r", UUID(int=9))
    assert batches({"reaction": reaction}, {"reaction": reaction}) == [[0], [1]]


def test_many_complaints_of_one_person_share_a_batch():
    of_wang = {"key_owners": (WANG,), "lookups": (Lookup(b"phone", WANG),)}
    assert batches(dict(of_wang), dict(of_wang), dict(of_wang)) == [[0, 1, 2]]


def test_making_or_destroying_a_key_has_its_owner_alone():
    use, make = {"key_owners": (WANG,)}, {"new_keys": (NewKey(WANG, b"w"),), "key_owners": (WANG,)}
    destroy = {"destroy": (WANG,)}
    assert batches(dict(use), dict(destroy), dict(use)) == [[0], [1], [2]]
    assert batches(dict(make), dict(use)) == [[0], [1]]
    assert batches(dict(make), dict(make)) == [[0], [1]]
    assert batches({"lookups": (Lookup(b"phone", WANG),)}, dict(destroy)) == [[0], [1]]


def test_one_lookup_never_leads_to_two_persons_within_a_batch():
    assert batches({"lookups": (Lookup(b"phone", WANG),)}, {"lookups": (Lookup(b"phone", LI),)}) == [[0], [1]]


def test_who_waits_keeps_his_place_before_those_that_touch_the_same():
    assert batches({"stream": "x"}, {"stream": "x"}, {}, {"stream": "x"}) == [[0, 2], [1], [3]]
