from __future__ import annotations

import asyncpg
import pytest

from deploy.embedded.databases import OWNER, ensure_service_database


async def test_the_owner_owns_the_database_and_can_migrate_it(database):
    fresh = await database()
    owner = await asyncpg.connect(**fresh.owner)
    try:
        await owner.execute("CREATE TABLE event (position bigint)")
        assert await owner.fetchval("SELECT tableowner FROM pg_tables WHERE tablename = 'event'") == OWNER
    finally:
        await owner.close()


async def test_the_runtime_role_creates_nothing_and_reads_nothing_that_was_not_granted(database):
    fresh = await database()
    owner = await asyncpg.connect(**fresh.owner)
    await owner.execute("CREATE TABLE event (position bigint)")
    await owner.close()
    runtime = await asyncpg.connect(**fresh.runtime)
    try:
        for forbidden in (
            "CREATE TABLE mine (x int)",
            "CREATE TEMP TABLE mine (x int)",
            "CREATE SCHEMA mine",
            "SELECT * FROM event",
            "CREATE DATABASE mine",
            "CREATE ROLE mine",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await runtime.execute(forbidden)
    finally:
        await runtime.close()


async def test_a_runtime_role_connects_to_its_own_database_only(postgres, database):
    intake = await database("intake")
    capa = await database("capa")
    for elsewhere in (capa.name, "postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(**postgres.dsn(elsewhere, "suyuan_intake"))
    own = await asyncpg.connect(**intake.runtime)
    await own.close()


async def test_ensuring_a_service_database_again_keeps_what_is_in_it(postgres, database):
    fresh = await database()
    owner = await asyncpg.connect(**fresh.owner)
    await owner.execute("CREATE TABLE event AS SELECT 7 AS position")
    await owner.close()
    again = await ensure_service_database(postgres, "intake", database=fresh.name)
    assert again == fresh
    owner = await asyncpg.connect(**again.owner)
    assert await owner.fetchval("SELECT position FROM event") == 7
    await owner.close()


async def test_a_name_that_needs_quoting_is_refused(postgres):
    with pytest.raises(ValueError, match="not a database or role name"):
        await ensure_service_database(postgres, 'x"; DROP DATABASE postgres')
