"""`python -m deploy parked`: what a consumer could not apply is listed for a person, and tried again on command."""

from __future__ import annotations

from dataclasses import replace

from shared.contracts.intake.complaint import ComplaintHandedOver, ComplaintRegistered
from shared.kernel.ids import new_id
from tests.contract.examples import example

PARK = "insert into log.parked (consumer, source, tenant, stream, position, error) values ($1, $2, $3, $4, $5, $6)"


async def park(held, service: str, *values: object) -> None:
    """As a consumer did whose defect is mended by now."""
    await held.runtimes[service].resources.derived.execute(PARK, *values)


async def test_what_cannot_be_applied_is_listed_with_its_place_and_reason_and_stays_parked(held):
    stream = f"complaint-{new_id()}"
    await held.append_unreadable("intake", "bad", stream, example(ComplaintRegistered))
    await held.project("intake", "complaint_list", "bad")
    listed = await held.typed("parked", "--tenant", "bad", lang="zh_CN.UTF-8")
    assert listed.returncode == 0
    assert "首个位置" in listed.stdout
    row = next(line for line in listed.stdout.splitlines() if "complaint_list__1" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")][:4] == ["intake", "complaint_list__1", "intake", "bad"]
    again = await held.command("parked", "replay", "--tenant", "bad")
    assert again.returncode == 5
    assert "1 事件仍搁置 events still parked" in again.stderr


async def test_a_stream_that_a_model_can_apply_by_now_goes_on(held):
    one = replace(example(ComplaintRegistered), complaint_id=new_id(), complaint_no="C2026-000077")
    stream = f"complaint-{one.complaint_id}"
    await held.append("intake", "mended", stream, one)
    await held.project("intake", "complaint_list", "mended")
    derived = held.runtimes["intake"].resources.derived
    await derived.execute("delete from read.complaint_list__1 where tenant = 'mended'")
    await park(held, "intake", "complaint_list__1", "intake", "mended", stream, 1, "Defect: mended")
    done = await held.command("parked", "replay", "--stream", stream)
    assert done.returncode == 0, done.stderr
    assert f"✓ intake complaint_list__1 {stream}" in done.stdout
    assert (
        await derived.fetchval("select complaint_no from read.complaint_list where tenant = 'mended'") == "C2026-000077"
    )
    gone = await held.command("parked", "--stream", stream)
    assert gone.returncode == 4
    assert "nothing is parked" in gone.stdout


async def test_a_parked_reaction_is_done_when_it_is_replayed_and_only_once(held):
    investigation, complaint = new_id(), new_id()
    over = replace(example(ComplaintHandedOver), complaint_id=complaint, investigation_id=investigation, mode="open")
    stream = f"complaint-{complaint}"
    position = await held.append("intake", "reaction", stream, over)
    for _ in range(2):
        await park(
            held, "investigation", "reactions to intake", "intake", "reaction", stream, position, "Defect: mended"
        )
        done = await held.command("parked", "replay", "--service", "investigation", "--tenant", "reaction")
        assert done.returncode == 0, done.stderr
    store = held.runtimes["investigation"].resources.store
    opened = (await store.load("reaction", f"investigation-{investigation}")).events
    assert [one.meta.type.rpartition(".")[2] for one in opened].count("InvestigationOpened") == 1


async def test_what_a_replaced_generation_had_parked_is_not_listed(held):
    stream = f"complaint-{new_id()}"
    await held.append_unreadable("intake", "old", stream, example(ComplaintRegistered))
    await park(held, "intake", "complaint_list__0", "intake", "old", stream, 1, "Defect: of another time")
    listed = await held.command("parked", "--tenant", "old")
    assert "nothing is parked" in listed.stdout
