"""What every EventStore promises."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from datetime import timedelta
from hashlib import sha256

import pytest

from shared.kernel.chain import GENESIS
from shared.kernel.errors import (
    AppendRefused,
    ClaimTaken,
    KeyOwnerErased,
    KeyReused,
    LookupTaken,
    SubjectKeyTaken,
    VersionConflict,
)
from shared.kernel.ids import new_id
from shared.kernel.ports import Claim, Key, Lookup, NewKey, Reaction
from tests.contract.stores import SCORED, request


@pytest.fixture
def tenant() -> str:
    return f"t-{new_id().hex[-8:]}"


async def test_an_append_is_read_back_as_it_was(ports, tenant):
    appended = await ports.store.append(request("complaint-1", tenant=tenant, count=2))
    loaded = await ports.store.load(tenant, "complaint-1")
    assert (appended.version, appended.position, loaded.version) == (2, 2, 2)
    assert [r.event for r in loaded.events] == [SCORED, SCORED]
    assert [r.meta.version for r in loaded.events] == [1, 2]


async def test_an_unexpected_version_is_refused_and_names_the_actual_one(ports, tenant):
    await ports.store.append(request("complaint-1", tenant=tenant, count=3))
    with pytest.raises(VersionConflict) as conflict:
        await ports.store.append(request("complaint-1", 2, tenant=tenant))
    assert conflict.value.facts == {"stream": "complaint-1", "expected": 2, "actual": 3}


async def test_positions_are_gapless_over_all_streams_with_concurrent_writers_and_conflicts(ports, tenant):
    async def append(n: int) -> int:
        try:
            return (await ports.store.append(request(f"complaint-{n % 40}", tenant=tenant, count=1 + n % 3))).position
        except VersionConflict:
            return 0

    positions = await asyncio.gather(*(append(n) for n in range(200)))
    assert sum(1 for p in positions if p) == 40
    log = await ports.log.read(tenant, 0, 1000)
    assert [r.position for r in log] == list(range(1, len(log) + 1))
    assert max(positions) == len(log) == sum(1 + n % 3 for n in range(200) if positions[n])


async def test_one_of_many_writers_to_the_same_version_wins(ports, tenant):
    outcomes = await asyncio.gather(
        *(ports.store.append(request("complaint-1", tenant=tenant)) for _ in range(30)), return_exceptions=True
    )
    assert Counter(type(o).__name__ for o in outcomes) == {"Appended": 1, "VersionConflict": 29}


async def test_every_event_is_under_the_chain(ports, tenant):
    await asyncio.gather(*(ports.store.append(request(f"c-{n}", tenant=tenant, count=2)) for n in range(20)))
    previous = GENESIS
    log = await ports.log.read(tenant, 0, 100)
    for r in log:
        us = round(r.recorded_at.timestamp() * 1_000_000)
        digest = sha256(sha256(r.meta_bytes).digest() + sha256(r.data_bytes).digest()).digest()
        previous = sha256(previous + struct.pack(">qq", r.position, us) + digest).digest()
        assert r.hash == previous, f"position {r.position}"
    assert len(log) == 40


async def test_recorded_at_never_falls_along_the_log(ports, tenant):
    for n in range(10):
        await ports.store.append(request(f"c-{n}", tenant=tenant))
    times = [r.recorded_at for r in await ports.log.read(tenant, 0, 100)]
    assert times == sorted(times)
    assert await ports.store.position_at(tenant, times[4]) == len([t for t in times if t <= times[4]])
    assert await ports.store.position_at(tenant, times[0] - timedelta(days=1)) == 0


async def test_a_known_key_answers_as_the_first_time(ports, tenant):
    first = await ports.store.append(request("complaint-1", tenant=tenant, key="k", answer=b'{"no":"C1"}'))
    again = await ports.store.append(request("complaint-1", tenant=tenant, key="k", answer=b'{"no":"C2"}'))
    assert (again.version, again.position, again.answer, again.repeated) == (1, first.position, b'{"no":"C1"}', True)
    assert len(await ports.log.read(tenant, 0, 10)) == 1


async def test_a_key_known_when_loading_is_found_with_its_fingerprint(ports, tenant):
    await ports.store.append(request("complaint-1", tenant=tenant, key="k", answer=b'{"no":"C1"}'))
    loaded = await ports.store.load(tenant, "another", Key("u-1 register", "k", b"f" * 32))
    assert loaded.known is not None
    assert (loaded.known.stream, loaded.known.answer, loaded.known_fingerprint, loaded.known.repeated) == (
        "complaint-1",
        b'{"no":"C1"}',
        b"f" * 32,
        True,
    )
    assert (loaded.version, list(loaded.events)) == (0, [])


async def test_two_simultaneous_callers_with_one_key_get_one_effect_and_the_same_answer(ports, tenant):
    outcomes = await asyncio.gather(
        *(ports.store.append(request("complaint-1", tenant=tenant, key="k", answer=b"%d" % n)) for n in range(8))
    )
    assert len({(o.version, o.position, o.answer) for o in outcomes}) == 1
    assert sorted(o.repeated for o in outcomes) == [False] + [True] * 7
    assert len(await ports.log.read(tenant, 0, 10)) == 1


async def test_a_key_with_another_request_is_refused(ports, tenant):
    await ports.store.append(request("complaint-1", tenant=tenant, key="k"))
    with pytest.raises(KeyReused):
        await ports.store.append(request("complaint-2", tenant=tenant, key="k", fingerprint=b"g" * 32))


async def test_a_claim_is_held_by_the_stream_that_took_it_first(ports, tenant):
    claim = Claim("source_reference", "email\x1f<a@b>")
    outcomes = await asyncio.gather(
        *(ports.store.append(request(f"complaint-{n}", tenant=tenant, claims=(claim,))) for n in range(10)),
        return_exceptions=True,
    )
    assert Counter(type(o).__name__ for o in outcomes) == {"Appended": 1, "ClaimTaken": 9}
    winner = next(o.stream for o in outcomes if not isinstance(o, Exception))
    assert {o.holder for o in outcomes if isinstance(o, ClaimTaken)} == {winner}
    assert await ports.store.holder(tenant, claim) == winner
    assert len(await ports.log.read(tenant, 0, 100)) == 1


async def test_of_two_claims_the_taken_one_refuses_both(ports, tenant):
    await ports.store.append(request("a", tenant=tenant, claims=(Claim("no", "1"),)))
    with pytest.raises(ClaimTaken) as taken:
        await ports.store.append(request("b", tenant=tenant, claims=(Claim("ref", "x"), Claim("no", "1"))))
    assert taken.value.facts == {"scope": "no", "value": "1", "holder": "a"}
    assert await ports.store.holder(tenant, Claim("ref", "x")) is None


async def test_a_reaction_has_its_effect_once_also_when_it_decided_nothing(ports, tenant):
    cause = new_id()
    nothing = request("a", tenant=tenant, events=(), reaction=Reaction("on-it", cause, "nothing"))
    await ports.store.append(nothing)
    again = await ports.store.append(request("a", tenant=tenant, reaction=Reaction("on-it", cause)))
    assert again.repeated
    assert await ports.store.reacted(tenant, "on-it", [cause, new_id()]) == {cause}
    assert list(await ports.log.read(tenant, 0, 10)) == []


async def test_tenants_share_nothing(ports, tenant):
    other = tenant + "-other"
    for one in (tenant, other):
        appended = await ports.store.append(
            request("complaint-1", tenant=one, key="k", claims=(Claim("no", "1"),), reaction=Reaction("r", new_id()))
        )
        assert (appended.position, appended.version, appended.repeated) == (1, 1, False)
    assert [r.meta.tenant for r in await ports.log.read(tenant, 0, 10)] == [tenant]


async def test_what_the_database_refuses_fails_alone(ports, tenant):
    wanted = [request(f"c-{n}", tenant=tenant) for n in range(10)]
    wanted.insert(5, request("bad\x00stream", tenant=tenant))
    outcomes = await asyncio.gather(*(ports.store.append(r) for r in wanted), return_exceptions=True)
    assert isinstance(outcomes[5], AppendRefused)
    assert [o.version for n, o in enumerate(outcomes) if n != 5] == [1] * 10


async def test_a_caller_that_goes_away_in_mid_batch_harms_nobody(ports, tenant):
    tasks = [asyncio.create_task(ports.store.append(request(f"c-{n}", tenant=tenant))) for n in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(o.version == 1 for o in outcomes[1::2])
    log = await ports.log.read(tenant, 0, 100)
    assert [r.position for r in log] == list(range(1, len(log) + 1))


async def test_a_destroyed_key_is_gone_with_its_lookups_and_refuses_new_events(ports, tenant):
    owner = new_id()
    await ports.store.append(
        request("a", tenant=tenant, new_keys=(NewKey(owner, b"w"),), lookups=(Lookup(b"phone", owner),))
    )
    assert await ports.keys.wrapped(tenant, [owner]) == {owner: b"w"}
    assert await ports.keys.find(tenant, [b"phone", b"other"]) == {b"phone": owner}
    await ports.store.append(request("subject", tenant=tenant, destroy=(owner,)))
    assert await ports.keys.wrapped(tenant, [owner]) == {owner: None}
    assert await ports.keys.find(tenant, [b"phone"]) == {}
    with pytest.raises(KeyOwnerErased):
        await ports.store.append(request("a", 1, tenant=tenant, key_owners=(owner,)))
    with pytest.raises(SubjectKeyTaken):
        await ports.store.append(request("a", 1, tenant=tenant, new_keys=(NewKey(owner, b"again"),)))


async def test_destroying_a_key_that_was_never_made_refuses_it_for_ever(ports, tenant):
    owner = new_id()
    await ports.store.append(request("subject", tenant=tenant, destroy=(owner,)))
    with pytest.raises(KeyOwnerErased):
        await ports.store.append(request("a", tenant=tenant, key_owners=(owner,)))


async def test_a_lookup_leads_to_one_subject(ports, tenant):
    first, second = new_id(), new_id()
    await ports.store.append(
        request("a", tenant=tenant, new_keys=(NewKey(first, b"1"),), lookups=(Lookup(b"phone", first),))
    )
    with pytest.raises(LookupTaken) as taken:
        await ports.store.append(
            request("b", tenant=tenant, new_keys=(NewKey(second, b"2"),), lookups=(Lookup(b"phone", second),))
        )
    assert taken.value.holder == str(first)
    await ports.store.append(request("b", tenant=tenant, key_owners=(first,), lookups=(Lookup(b"mail", first),)))
    assert await ports.keys.find(tenant, [b"mail"]) == {b"mail": first}


async def test_a_stream_as_of_a_position_holds_what_was_known_then(ports, tenant):
    await ports.store.append(request("a", tenant=tenant))
    await ports.store.append(request("b", tenant=tenant))
    await ports.store.append(request("a", 1, tenant=tenant))
    then = await ports.store.load(tenant, "a", until=2)
    assert [r.position for r in then.events] == [1]
