"""Whoever gets past every lock is still found: each stored part changed, rows removed, swapped, appended, tails cut."""

from __future__ import annotations

import asyncpg
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.adapters.heads import HeadFile, HeadSigner
from shared.adapters.postgres.verify import Verdict, verify
from shared.kernel import chain
from shared.kernel.clock import system_clock
from shared.kernel.ports import Key, PreparedEvent
from tests.contract.stores import prepared, request

KEY = Ed25519PrivateKey.generate()


@pytest_asyncio.fixture(loop_scope="session")
async def owner(service):
    connection = await asyncpg.connect(**service.owner)
    yield connection
    await connection.close()


@pytest.fixture
def heads(tmp_path) -> HeadFile:
    return HeadFile(tmp_path / "intake.ndjson")


async def written(service, heads, count: int = 12, more: int = 3) -> None:
    """`count` events under a signed head, then `more` that nobody has signed yet."""
    for n in range(count):
        await service.store.append(request(f"c-{n}", tenant="t1"))
    await HeadSigner(KEY, service.log, heads, system_clock).sign()
    for n in range(count, count + more):
        await service.store.append(request(f"c-{n}", tenant="t1"))


async def verified(service, heads) -> Verdict:
    return await verify(service.pool, "intake", "t1", heads.read(), KEY.public_key())


async def past_the_triggers(owner, sql: str, *args) -> None:
    async with owner.transaction():
        await owner.execute("alter table log.event disable trigger user")
        await owner.execute(sql, *args)
        await owner.execute("alter table log.event enable trigger user")


async def test_an_untouched_log_is_whole(service, heads):
    await written(service, heads)
    verdict = await verified(service, heads)
    assert (verdict.whole, verdict.events, verdict.signed_position) == (True, 15, 12)


@pytest.mark.parametrize(
    ("part", "sql"),
    [
        ("data", "update log.event set data = convert_to(replace(convert_from(data, 'UTF8'), '4', '5'), 'UTF8') {w}"),
        (
            "who",
            "update log.event set meta = convert_to(replace(convert_from(meta, 'UTF8'), 'u-1', 'u-2'), 'UTF8') {w}",
        ),
        (
            "why",
            (
                "update log.event set meta ="
                " convert_to(rtrim(convert_from(meta, 'UTF8'), '}}') || ',\"reason\":\"x\"}}', 'UTF8') {w}"
            ),
        ),
        (
            "occurred",
            "update log.event set meta = convert_to(replace(convert_from(meta,'UTF8'),'2026-03','2026-02'),'UTF8') {w}",
        ),
        ("recorded", "update log.event set recorded_at = recorded_at + interval '1 microsecond' {w}"),
        ("hash", "update log.event set hash = sha256(hash) {w}"),
        ("type column", "update log.event set type = 'intake.ComplaintClosed' {w}"),
        ("stream column", "update log.event set stream = 'elsewhere' {w}"),
    ],
)
async def test_a_change_to_any_stored_part_is_named_by_its_position(service, heads, owner, part, sql):
    await written(service, heads)
    await past_the_triggers(owner, sql.format(w="where tenant = 't1' and position = 7"))
    verdict = await verified(service, heads)
    assert (verdict.bad_position, verdict.whole) == (7, False), part


FORGED = """
insert into log.event (tenant, position, stream, version, recorded_at, type, hash, meta, data)
select tenant, $1, stream, version + 1, recorded_at, type, sha256(hash), meta, data
from log.event where tenant = 't1' and position = 7"""


@pytest.mark.parametrize("position", [0, -5, -(2**63)])
async def test_a_row_before_the_first_is_refused_found_and_never_read(service, heads, owner, position):
    """It would be a further event of a case, looked up by its stream, in a chain that is whole without it."""
    await written(service, heads)
    stream = await owner.fetchval("select stream from log.event where tenant = 't1' and position = 7")
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(FORGED, position)
    await owner.execute("alter table log.event drop constraint position_counts")
    await owner.execute(FORGED, position)
    verdict = await verified(service, heads)
    assert (verdict.bad_position, verdict.fault) == (position, "position_forged")
    assert [one.position for one in (await service.store.load("t1", stream)).events] == [7]
    looked_up = await service.store.load("t1", stream, Key("s", "never used", b"f"))
    assert [one.position for one in looked_up.events] == [7]


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "0044-03-15 BC", "294276-01-01"])
async def test_a_time_outside_the_calendar_is_named_by_its_position(service, heads, owner, moment):
    await written(service, heads)
    change = f"update log.event set recorded_at = '{moment}' where position = 7"  # noqa: S608 - our own words
    with pytest.raises(asyncpg.CheckViolationError):
        await past_the_triggers(owner, change)
    await owner.execute("alter table log.event drop constraint recorded_sometime")
    await past_the_triggers(owner, change)
    verdict = await verified(service, heads)
    assert (verdict.bad_position, verdict.whole) == (7, False)


async def test_a_removed_row_is_found(service, heads, owner):
    await written(service, heads)
    await past_the_triggers(owner, "delete from log.event where tenant = 't1' and position = 7")
    verdict = await verified(service, heads)
    assert (verdict.bad_position, verdict.fault) == (7, "position_missing")


async def test_two_swapped_rows_are_found(service, heads, owner):
    await written(service, heads)
    await past_the_triggers(
        owner,
        "with a as (select position, meta, data from log.event where tenant = 't1' and position in (5, 8))"
        " update log.event e set meta = a.meta, data = a.data from a"
        " where e.tenant = 't1' and e.position = 13 - a.position",
    )
    assert (await verified(service, heads)).bad_position == 5


async def test_an_appended_row_is_found(service, heads, owner):
    await written(service, heads)
    await past_the_triggers(
        owner,
        "insert into log.event select tenant, 16, 'forged', 1, recorded_at, type, hash, meta, data"
        " from log.event where tenant = 't1' and position = 15",
    )
    assert (await verified(service, heads)).bad_position == 16


async def test_a_cut_tail_is_found_even_with_a_matching_head_row(service, heads, owner):
    await written(service, heads, more=0)
    await past_the_triggers(owner, "delete from log.event where tenant = 't1' and position > 9")
    await owner.execute(
        "update log.head h set position = 9, hash = e.hash from log.event e"
        " where h.tenant = 't1' and e.tenant = 't1' and e.position = 9"
    )
    verdict = await verified(service, heads)
    assert (verdict.bad_position, verdict.fault) == (10, "tail_cut")


async def recompute_from(owner, position: int) -> None:
    """The strongest forger: change one event and recompute everything after it, head row included."""
    rows = await owner.fetch("select * from log.event where tenant = 't1' order by position")
    previous = rows[position - 2]["hash"]
    for row in rows[position - 1 :]:
        data = row["data"].replace(b"4", b"1") if row["position"] == position else row["data"]
        previous = chain.link(previous, row["position"], row["recorded_at"], chain.digest(row["meta"], data))
        await past_the_triggers(
            owner,
            "update log.event set data = $1, hash = $2 where tenant = 't1' and position = $3",
            data,
            previous,
            row["position"],
        )
    await owner.execute("update log.head set hash = $1 where tenant = 't1'", previous)


async def test_a_wholly_recomputed_chain_is_found_by_the_signed_head(service, heads, owner):
    await written(service, heads)
    await recompute_from(owner, 7)
    verdict = await verified(service, heads)
    assert (verdict.bad_position, verdict.fault) == (12, "signed_head_differs")


@pytest.mark.parametrize(
    ("told", "instead"),
    [
        (b'"actor":{', b'"actors":{'),
        (b'"event_id":"', b'"event_id":"x'),
        (b'"occurred_at":"2026', b'"occurred_at":"early in 2026'),
        (b'"schema_version":1', b'"schema_version":"one"'),
        (b'"stream":"c-odd"', b'"stream":"c-odd","reason":7'),
        (b'{"actor"', b'["actor"'),
        (b"u-1", b"u-\xff"),
    ],
)
async def test_meta_that_nobody_can_read_is_found_where_it_stands_though_the_chain_is_sound(
    service, heads, told, instead
):
    await written(service, heads)
    good = prepared("t1", "c-odd", 1)
    odd = PreparedEvent(good.type, good.meta.replace(told, instead), good.data)
    assert odd.meta != good.meta
    await service.store.append(request("c-odd", tenant="t1", events=(odd,)))
    await service.store.append(request("c-next", tenant="t1"))
    verdict = await verified(service, heads)
    assert (verdict.bad_position, verdict.fault) == (16, "unreadable")


async def test_a_head_signed_by_another_key_is_refused(service, heads):
    await written(service, heads, more=0)
    await service.store.append(request("c-forged", tenant="t1"))
    await HeadSigner(Ed25519PrivateKey.generate(), service.log, heads, system_clock).sign()
    verdict = await verified(service, heads)
    assert verdict.fault == "signature_invalid"


async def test_a_line_cut_off_by_a_crash_loses_no_other_head(service, heads):
    await written(service, heads, more=0)
    with heads.path.open("ab") as file:
        file.write(b'{"tenant":"t1","service":"int')
    await service.store.append(request("c-next", tenant="t1"))
    await HeadSigner(KEY, service.log, heads, system_clock).sign()
    assert [h.position for h in heads.read()] == [12, 13]
    assert (await verified(service, heads)).whole
