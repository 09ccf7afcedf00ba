"""`python -m deploy verify`: what was changed is named, in both languages, with exit code 3."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from typing import get_args

import pytest

from deploy.commands.verify import FAULTS
from services.investigation.domain.facts.kinds import KINDS
from services.investigation.domain.facts.stored import restored, stored
from services.investigation.readmodels.fact_rows import FactRows
from shared.adapters.postgres.verify import Fault
from shared.adapters.verification import verify_service
from shared.contracts.intake.complaint import AttachmentAdded, SatisfactionRecorded
from shared.contracts.investigation.facts import FactsCaptured
from shared.kernel.ids import new_id

CHANGE_DATA = "update log.event set data = convert_to(replace(convert_from(data, 'UTF8'), '4', '5'), 'UTF8')"


async def scores(held, tenant: str, count: int) -> None:
    for _ in range(count):
        one = new_id()
        await held.append("intake", tenant, f"complaint-{one}", SatisfactionRecorded(complaint_id=one, score=4))


async def judged(held, tenant: str, *more: str) -> tuple[int, dict]:
    done = await held.command("verify", "--tenant", tenant, "--json", *more)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[0])


async def test_an_untouched_log_is_whole_up_to_its_signed_head(held):
    await scores(held, "whole", 5)
    await held.sign("intake")
    code, verdict = await judged(held, "whole", "--service", "intake")
    assert code == 0
    assert (verdict["whole"], verdict["events"], verdict["signed_position"]) == (True, 5, 5)


@pytest.mark.parametrize(("lang", "said"), [("zh_CN.UTF-8", "位置 3："), ("en_GB.UTF-8", "position 3: ")])
async def test_a_changed_byte_is_named_by_its_position_with_exit_code_3(held, lang, said):
    tenant = f"changed-{lang}"
    await scores(held, tenant, 5)
    await held.as_owner("intake", f"{CHANGE_DATA} where tenant = $1 and position in (3, 5)", tenant, past="log.event")
    done = await held.typed("verify", "--tenant", tenant, lang=lang)
    assert done.returncode == 3
    assert said in done.stdout


async def test_a_tail_that_was_signed_for_and_cut_is_found_even_where_nothing_is_left(held):
    await scores(held, "cut", 3)
    await held.sign("intake")
    await held.as_owner("intake", "delete from log.event where tenant = 'cut'", past="log.event")
    await held.as_owner("intake", "delete from log.head where tenant = 'cut'")
    code, verdict = await judged(held, "cut")
    assert (code, verdict["fault"], verdict["bad_position"]) == (3, "tail_cut", 1)


async def test_a_head_that_was_removed_does_not_hide_its_events(held):
    await scores(held, "headless", 2)
    await held.as_owner("intake", "delete from log.head where tenant = 'headless'")
    code, verdict = await judged(held, "headless")
    assert (code, verdict["fault"]) == (3, "head_differs")


async def test_a_log_that_is_written_to_meanwhile_is_whole(held):
    await scores(held, "busy", 50)
    resources = held.runtimes["intake"].resources
    writing = asyncio.create_task(scores(held, "busy", 150))
    verdicts = []
    while not writing.done():
        verdicts.append(await verify_service(resources, (), "busy"))
    await writing
    assert {verdict.fault for verdict in verdicts} == {None}
    assert verdicts[0].events < verdicts[-1].events


async def test_the_first_changed_row_of_a_batch_of_facts_is_named(held):
    rows = FactRows(held.runtimes["investigation"].resources.pool)
    batch, kind = new_id(), KINDS["shipment"]
    records = [restored(kind, {"shipment": f"S-{n}", "customer": "C-1"}) for n in range(3)]
    facts = [stored(kind, n, f"S-{n}", record, {"no": f"S-{n}"}) for n, record in enumerate(records)]
    await rows.stage("facts", batch, kind.name, facts)
    whole = sha256(b"".join(fact.sha256 for fact in facts)).hexdigest()
    anchor = FactsCaptured(
        batch_id=batch,
        kind=kind.name,
        system="WMS",
        source="wms.csv",
        mapping="wms",
        mapping_version=1,
        rows=3,
        refused_rows=0,
        sha256=whole,
        file_sha256="0" * 64,
    )
    await held.append("investigation", "facts", f"facts-{batch}", anchor)
    assert (await judged(held, "facts"))[0] == 0
    change = "update facts.row set natural_key = 'S-9' where tenant = 'facts' and row = 1"
    await held.as_owner("investigation", change, past="facts.row")
    code, verdict = await judged(held, "facts")
    assert (code, verdict["fault"], verdict["bad_position"]) == (3, "facts_differ", 1)
    assert verdict["detail"].startswith(f"batch {batch} row 1:")


async def test_a_changed_and_a_missing_file_are_named_by_the_event_that_names_them(held):
    async def content():
        yield b"sealed picture"

    name = await held.runtimes["intake"].resources.blobs.put("files", content())
    added = AttachmentAdded(
        complaint_id=new_id(),
        attachment_id=new_id(),
        subject_id=new_id(),
        kind="image",
        media_type="image/png",
        size=14,
        sha256=name,
        file_name="p.png",
    )
    await scores(held, "files", 1)
    await held.append("intake", "files", f"complaint-{added.complaint_id}", added)
    assert (await judged(held, "files"))[0] == 0
    file = held.folder / "blobs" / "files" / name
    file.write_bytes(b"Sealed picture")
    code, verdict = await judged(held, "files")
    assert (code, verdict["fault"], verdict["bad_position"]) == (3, "blob_differs", 2)
    assert name in verdict["detail"]
    file.unlink()
    code, verdict = await judged(held, "files")
    assert (code, verdict["fault"], verdict["bad_position"]) == (3, "blob_missing", 2)


async def test_a_tenant_that_is_not_there_is_said(held):
    done = await held.command("verify", "--tenant", "nobody")
    assert done.returncode == 4
    assert "there is no log to verify" in done.stdout


async def test_a_byte_changed_in_the_files_of_a_stopped_database_is_named_by_position(holding, folder):
    """Postgres refuses the page as a whole: the first of its rows is named."""
    data = folder.parent / "data"
    async with holding(data) as held:
        await scores(held, "t1", 40)
        pool = held.runtimes["intake"].resources.pool
        file = await pool.fetchval("select pg_relation_filepath('log.event')")
        first = await pool.fetchval("select min(position) from log.event where (ctid::text::point)[0] = 1")
    assert first > 1
    with (data / "postgres" / "data" / file).open("r+b") as pages:
        pages.seek(8192 + 8000)
        byte = pages.read(1)[0]
        pages.seek(8192 + 8000)
        pages.write(bytes([byte ^ 1]))
    code, verdict = await judged(held, "t1")
    assert (code, verdict["fault"], verdict["bad_position"]) == (3, "unreadable", first)
    assert verdict["events"] == first - 1


def test_every_fault_is_said_in_both_languages():
    assert set(FAULTS) == set(get_args(Fault))


async def test_a_file_that_is_a_folder_is_named(held):
    name = "0" * 64
    added = AttachmentAdded(
        complaint_id=new_id(),
        attachment_id=new_id(),
        subject_id=new_id(),
        kind="image",
        media_type="image/png",
        size=14,
        sha256=name,
        file_name="p.png",
    )
    await held.append("intake", "folder", f"complaint-{added.complaint_id}", added)
    (held.folder / "blobs" / "folder" / name).mkdir(parents=True)
    code, verdict = await judged(held, "folder")
    assert (code, verdict["fault"], verdict["detail"]) == (3, "blob_unreadable", f"blob {name}: Is a directory")
