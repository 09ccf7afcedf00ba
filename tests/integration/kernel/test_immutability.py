"""Who may do what to history: the runtime role selects and appends; nobody updates, deletes or truncates."""

from __future__ import annotations

import asyncpg
import pytest

from shared.kernel.ids import new_id
from shared.kernel.ports import Claim, Reaction
from tests.contract.stores import request


@pytest.mark.parametrize(
    "sql",
    [
        "insert into log.event values ('t1', 99, 's', 1, now(), 't', '', '', '')",
        "update log.event set data = ''",
        "delete from log.event",
        "truncate log.event",
        "update log.head set position = 0",
        "insert into log.claim values ('t1', 'no', '1', 's')",
        "delete from log.command",
        "update log.subject_key set wrapped = ''",
        "delete from log.reaction",
        "alter table log.event disable trigger all",
        "drop table log.event",
        "create table log.mine (x int)",
        "create table public.mine (x int)",
    ],
)
async def test_the_runtime_role_may_select_and_append_and_nothing_else(service, sql):
    await service.store.append(request("c-1"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.pool.execute(sql)


@pytest.mark.parametrize("table", ["event", "claim", "reaction"])
@pytest.mark.parametrize("verb", ["update log.{0} set tenant = 'x'", "delete from log.{0}", "truncate log.{0}"])
async def test_triggers_refuse_the_owner_too(service, table, verb):
    await service.store.append(request("c-1", claims=(Claim("no", "1"),), reaction=Reaction("r", new_id())))
    owner = await asyncpg.connect(**service.owner)
    with pytest.raises(asyncpg.RestrictViolationError, match="history is immutable"):
        await owner.execute(verb.format(table))
    await owner.close()


async def test_a_destroyed_key_cannot_be_brought_back(service):
    subject = new_id()
    await service.store.append(request("c-1", destroy=(subject,)))
    owner = await asyncpg.connect(**service.owner)
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("update log.subject_key set wrapped = 'x'")
    await owner.close()


async def test_idempotency_keys_are_pruned_after_seven_days_and_never_before(service):
    await service.store.append(request("c-1", key="k"))
    with pytest.raises(asyncpg.CheckViolationError):
        await service.pool.fetchval("select log.prune_commands(interval '6 days', 100)")
    assert await service.pool.fetchval("select log.prune_commands(interval '7 days', 100)") == 0
    owner = await asyncpg.connect(**service.owner)
    await owner.execute("update log.command set at = at - interval '8 days'")
    await owner.close()
    assert await service.pool.fetchval("select log.prune_commands(interval '7 days', 100)") == 1
