"""`python -m deploy migrate-to`: every row and file comes over, or nothing does and a sentence says why."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from deploy.moving.tables import LEFT, Contents, parts_of
from deploy.settings import embedded_settings
from shared.adapters.http.app import secret_of
from shared.adapters.postgres.migrate import migrate
from shared.adapters.runtime import migrations_of
from shared.contracts.catalogue import SERVICES
from shared.contracts.intake.complaint import SatisfactionRecorded
from shared.kernel.ids import new_id
from tests.integration.deploy.held import Held
from tests.moving import Place, contents_of

SOUND = {"intake": 7, "investigation": 0, "capa": 2, "analytics": 0}
TABLES = """
select table_schema || '.' || table_name from information_schema.tables
where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home() -> AsyncIterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="suyuan-test-"))
    base.chmod(0o755)
    yield base
    shutil.rmtree(base)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lived(home, holding) -> Path:
    """Two tenants; one service's last events aren't signed yet; a file of a tenant whose name needs quoting."""
    folder = home / "数据 data"
    secret_of(embedded_settings(folder))
    async with holding(folder) as held:
        for tenant, count in (("t/1", 4), ("租户", 3)):
            for _ in range(count):
                one = new_id()
                await held.append(
                    "intake", tenant, f"complaint-{one}", SatisfactionRecorded(complaint_id=one, score=4), reason="值"
                )
        await held.sign("intake")
        for _ in range(2):
            one = new_id()
            await held.append("capa", "t/1", f"capa-{one}", SatisfactionRecorded(complaint_id=one, score=1))
        await held.as_owner("capa", "insert into log.checkpoint values ('reactions to intake', 'intake', 't/1', 4, 99)")
        await held.as_owner("capa", "insert into log.checkpoint values ('board__1', 'intake', 't/1', 4, 99)")

        async def piece():
            yield b"sealed"

        await held.runtimes["intake"].resources.blobs.put("t/1", piece())
    return folder


@pytest_asyncio.fixture(loop_scope="session")
async def place(lived, home, database) -> Place:
    databases = {service: await database(service) for service in SERVICES}
    return Place.of(home / f"target-{new_id()}", lived, databases)


async def typed(folder: Path, *words: str):
    return await Held(folder, {}, {}).command(*words)


async def as_owner(place: Place, service: str, sql: str) -> None:
    owner = await asyncpg.connect(**place.databases[service].owner)
    try:
        await owner.execute(sql)
    finally:
        await owner.close()


@pytest.fixture
def source_contents(lived, holding) -> Callable[[], Awaitable[dict[str, Contents]]]:
    async def found() -> dict[str, Contents]:
        async with holding(lived) as held:
            return {service: await contents_of(held.owners[service], service) for service in SERVICES}

    return found


def files_of(folder: Path) -> dict[str, bytes]:
    """Beside the database."""
    found = (path for path in folder.rglob("*") if path.is_file() and "postgres" not in path.relative_to(folder).parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


async def test_every_row_and_file_comes_over_and_the_source_is_as_it_was(lived, place, source_contents):
    before, files = await source_contents(), files_of(lived)
    done = await typed(lived, *place.words())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "moved, row by row the same" in done.stdout
    assert await place.contents() == before == await source_contents()
    assert before["intake"].parts["log.event"][0] == SOUND["intake"]
    assert files_of(lived) == files
    moved = files_of(place.folder)
    assert {name: moved[name] for name in files if name.startswith("blobs/")} == {
        name: content for name, content in files.items() if name.startswith("blobs/")
    }
    assert moved["heads/intake.ndjson"] == files["heads/intake.ndjson"]
    assert (files.get("heads/capa.ndjson", b""), moved["heads/capa.ndjson"].count(b"\n")) == (b"", 1)  # signed there


async def test_read_models_and_what_is_known_of_topics_stay_behind_and_reactions_go_on(lived, place):
    assert (await typed(lived, *place.words())).returncode == 0
    owner = await asyncpg.connect(**place.databases["capa"].owner)
    try:
        found = await owner.fetch("select consumer, position, place from log.checkpoint")
    finally:
        await owner.close()
    assert [tuple(row) for row in found] == [("reactions to intake", 4, None)]


async def test_the_target_keeps_its_rights_and_its_history_can_not_be_changed(lived, place):
    assert (await typed(lived, *place.words())).returncode == 0
    with pytest.raises(asyncpg.RestrictViolationError):
        await as_owner(place, "intake", "update log.event set type = 'x'")
    runtime = await asyncpg.connect(**place.databases["intake"].runtime)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await runtime.execute("insert into log.number values ('t', 's', 1, 1)")
    finally:
        await runtime.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_every_table_is_moved_or_made_again(lived, place, service):
    """A table that a migration adds belongs to one of the two, by decision."""
    assert (await typed(lived, *place.words())).returncode == 0
    owner = await asyncpg.connect(**place.databases[service].owner)
    try:
        found = {row[0] for row in await owner.fetch(TABLES)}
    finally:
        await owner.close()
    assert found == {part.name for part in parts_of(service)} | set(LEFT) | {"public.migration"}


async def test_killed_in_the_middle_it_is_begun_again_and_ends_whole(lived, place, home, source_contents):
    program = (
        "import os, signal, sys\nfrom deploy import cli\nfrom deploy.moving import tables\npiped = tables._piped\n"
        "async def dying(source, target, part, seen):\n"
        "    await piped(source, target, part, seen)\n"
        "    if part.name == 'log.claim' and await target.fetchval('select count(*) from log.event') == 2:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "tables._piped = dying\nsys.exit(cli.main(sys.argv[1:]))"
    )
    words = [*place.words(), "--data-dir", str(lived)]
    scratch = {**os.environ, "TMPDIR": str(home)}
    process = await create_subprocess_exec(sys.executable, "-c", program, *words, stdout=PIPE, stderr=PIPE, env=scratch)
    _, said = await process.communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()
    assert [*home.glob("suyuan-move-*")] == []  # no key is left lying about
    assert await place.events() == {"intake": 7, "investigation": 0, "capa": 0, "analytics": 0}  # whole, or nothing
    done = await typed(lived, *place.words())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "intake: is there from an earlier try" in done.stdout
    assert "capa: 2 events" in done.stdout
    assert await place.contents() == await source_contents()


async def test_a_target_that_is_not_empty_is_refused_before_anything_is_copied(lived, place):
    owner = await asyncpg.connect(**place.databases["analytics"].owner)
    await migrate(owner, place.databases["analytics"].runtime["user"], migrations_of("analytics"))
    await owner.close()
    await as_owner(place, "analytics", "insert into log.number values ('t1', 'complaint', 2026, 7)")
    done = await typed(lived, *place.words())
    assert (done.returncode, "isn't empty" in done.stderr) == (45, True)
    assert not any((await place.events()).values())
    assert not (place.folder / "blobs").exists()


async def test_a_moved_target_that_was_written_to_since_is_refused(lived, place):
    assert (await typed(lived, *place.words())).returncode == 0
    await as_owner(place, "intake", "insert into log.number values ('t1', 'complaint', 2026, 7)")
    assert (await typed(lived, *place.words())).returncode == 45


async def test_other_heads_than_the_sources_are_not_written_over(lived, place):
    held = place.folder / "heads" / "intake.ndjson"
    held.parent.mkdir()
    held.write_text("{}\n")
    done = await typed(lived, *place.words())
    assert (done.returncode, held.read_text()) == (45, "{}\n")
    assert not any((await place.events()).values())


async def test_a_source_that_is_served_is_refused(lived, place, holding):
    async with holding(lived):
        done = await typed(lived, *place.words())
    assert (done.returncode, "is in use by another Suyuan process" in done.stderr) == (12, True)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        (22, "insert into public.migration select max(number) + 1, 'kernel/9999_later.sql', 'x' from public.migration"),
        (25, "delete from public.migration where number = (select max(number) from public.migration)"),
    ],
)
async def test_a_source_of_another_schema_version_is_refused_and_not_migrated(
    lived, place, home, holding, code, change
):
    other = home / f"other-{code}"
    shutil.copytree(lived, other)
    async with holding(other) as held:
        await held.as_owner("capa", change)
    assert (await typed(other, *place.words())).returncode == code
    assert set((await place.events()).values()) == {None}


async def test_a_target_of_a_newer_build_is_refused_before_anything_is_copied(lived, place):
    owner = await asyncpg.connect(**place.databases["analytics"].owner)
    await migrate(owner, place.databases["analytics"].runtime["user"], migrations_of("analytics"))
    await owner.close()
    await as_owner(place, "analytics", "insert into public.migration values (99, 'kernel/9999_later.sql', 'x')")
    assert (await typed(lived, *place.words())).returncode == 22
    assert not any((await place.events()).values())


@pytest.mark.parametrize(
    ("variable", "url", "role"),
    [
        ("SUYUAN_DATABASE_URL", "postgresql://suyuan_capa:hunter2@127.0.0.1:1/suyuan_capa", "runtime role"),
        ("SUYUAN_MIGRATION_URL", None, "owner"),
    ],
)
async def test_a_target_that_can_not_be_reached_is_named_without_its_password(lived, place, variable, url, role):
    there = place.told["capa"][variable]
    place.told["capa"][variable] = url or there.replace(place.databases["capa"].name, "nowhere")
    done = await typed(lived, *place.words())
    assert (done.returncode, "capa (" in done.stderr, role in done.stderr) == (46, True, True), done.stderr
    assert "hunter2" not in done.stderr
    assert set((await place.events()).values()) == {None}


@pytest.mark.parametrize(
    ("file", "setting"),
    [
        ("master.key", "SUYUAN_MASTER_KEY"),
        ("heads.key", "SUYUAN_HEADS_KEY"),
        ("edge.secret", "SUYUAN_EDGE_SECRET"),
    ],
)
async def test_a_key_that_differs_is_refused_and_the_setting_is_named(lived, place, file, setting):
    (place.folder / "secrets" / file).write_bytes(os.urandom(32))
    done = await typed(lived, *place.words())
    assert (done.returncode, f"let {setting}_FILE name a copy" in done.stderr) == (47, True)
    assert set((await place.events()).values()) == {None}


async def test_a_source_that_is_not_whole_is_not_copied(lived, place, home, holding):
    damaged = home / "damaged"
    shutil.copytree(lived, damaged)
    async with holding(damaged) as held:
        change = "update log.event set type = 'intake.Other' where tenant = '租户' and position = 2"
        await held.as_owner("intake", change, past="log.event")
    done = await typed(damaged, *place.words())
    assert done.returncode == 3
    assert "position 2" in done.stdout
    assert "nothing was copied" in done.stdout
    assert not any((await place.events()).values())
    assert not (place.folder / "blobs").exists()


async def test_a_folder_that_was_never_served_is_not_made(place, home):
    done = await typed(home / "none", *place.words())
    assert (done.returncode, "was ever served" in done.stderr) == (2, True)
    assert not (home / "none").exists()


@pytest.mark.parametrize("variable", ["SUYUAN_MIGRATION_URL", "SUYUAN_HEADS_DIR", "SUYUAN_DATABASE_URL"])
async def test_settings_that_a_move_needs_are_named(lived, place, variable):
    del place.told["capa"][variable]
    done = await typed(lived, *place.words())
    assert (done.returncode, variable in done.stderr, "capa.env" in done.stderr) == (2, True, True), done.stderr


async def test_each_service_is_told_once(lived, place):
    words = place.words()
    assert (await typed(lived, *words[:-2])).returncode == 2
    assert (await typed(lived, "migrate-to", "--compose", ".env")).returncode == 2


async def test_two_services_in_one_database_are_refused(lived, place):
    place.told["capa"]["SUYUAN_DATABASE_URL"] = place.told["intake"]["SUYUAN_DATABASE_URL"]
    done = await typed(lived, *place.words())
    assert (done.returncode, "SUYUAN_DATABASE_URL = intake" in done.stderr) == (2, True)
    assert set((await place.events()).values()) == {None}


async def test_a_file_that_is_another_at_the_target_is_not_written_over(lived, place):
    [name] = [path for path in files_of(lived) if path.startswith("blobs/")]
    taken = place.folder / name
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"other")
    assert (await typed(lived, *place.words())).returncode == 48
    assert taken.read_bytes() == b"other"
    assert not any((await place.events()).values())
