"""`python -m deploy rebuild`: a read model built anew takes the live one's place, while the server runs too."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.embedded.child import Child
from shared.contracts.intake.complaint import ComplaintRegistered
from shared.kernel.ids import new_id
from tests.contract.examples import example

FORM = {
    "channel": "phone",
    "customer": {"name": "Acme", "phone": "139-5550-1234"},
    "description": "cracked",
    "items": [{"product": "PC-5", "lot": "FG-0042", "quantity_affected": "2"}],
}
SHOWN = "select shown from log.read_model where name = 'complaint_list'"
LISTED = "select complaint_no from read.complaint_list where tenant = $1 order by 1"


async def complaints(held, tenant: str, count: int) -> None:
    for n in range(count):
        one = replace(example(ComplaintRegistered), complaint_id=new_id(), complaint_no=f"C2026-{n:06d}")
        await held.append("intake", tenant, f"complaint-{one.complaint_id}", one)
    await held.project("intake", "complaint_list", tenant)


async def test_a_rebuilt_model_takes_the_live_ones_place_and_says_how_fast(held):
    await complaints(held, "t1", 5)
    pool = held.runtimes["intake"].resources.pool
    before = await pool.fetchval(SHOWN)
    done = await held.typed("rebuild", "complaint_list")
    assert done.returncode == 0, done.stderr
    assert "intake.complaint_list: " in done.stdout
    assert "events, " in done.stdout
    assert f"generation {before + 1}" in done.stdout
    assert await pool.fetchval(SHOWN) == before + 1
    assert [row["complaint_no"] for row in await pool.fetch(LISTED, "t1")] == [f"C2026-{n:06d}" for n in range(5)]


async def test_without_a_name_every_model_is_rebuilt_and_one_that_was_behind_is_brought_along(held):
    await complaints(held, "behind", 3)  # only one of the models has followed
    done = await held.command("rebuild", "--service", "intake")
    assert done.returncode == 0, done.stderr
    built = {line.split(":")[0] for line in done.stdout.splitlines()}
    assert built == {f"intake.{model.name}" for model in held.runtimes["intake"].wired.models}


async def test_one_that_differs_is_not_shown_until_a_person_accepts_and_the_others_go_on(held):
    await complaints(held, "t2", 2)
    pool = held.runtimes["intake"].resources.pool
    before = await pool.fetchval(SHOWN)
    tamper = f"update read.complaint_list__{before} set complaint_no = 'X' where tenant = 't2'"  # noqa: S608 - a number
    await held.runtimes["intake"].resources.derived.execute(tamper)
    refused = await held.command("rebuild", "complaint_list", "due_times")
    assert refused.returncode == 6
    assert "The rebuilt complaint_list differs from the live one: 2 rows lack or differ, 2 are extra" in refused.stderr
    assert "intake.due_times: " in refused.stdout
    assert await pool.fetchval(SHOWN) == before
    accepted = await held.command("rebuild", "complaint_list", "--accept-differences")
    assert accepted.returncode == 0
    assert [row["complaint_no"] for row in await pool.fetch(LISTED, "t2")] == ["C2026-000000", "C2026-000001"]


async def test_a_changed_definition_is_built_up_and_shown_without_a_server(held):
    await complaints(held, "t3", 3)
    pool = held.runtimes["intake"].resources.pool
    before = await pool.fetchval("select newest from log.read_model where name = 'complaint_list'")
    await held.runtimes["intake"].resources.derived.execute(
        "update log.read_model set fingerprint = 'older', newest_fingerprint = 'older' where name = 'complaint_list'"
    )
    done = await held.command("rebuild", "complaint_list")
    assert done.returncode == 0, done.stderr
    assert await pool.fetchval(SHOWN) == before + 1
    assert len(await pool.fetch(LISTED, "t3")) == 3


async def test_the_models_are_listed_and_an_unknown_one_is_refused(held):
    listed = await held.command("rebuild", "--list", "--service", "intake")
    assert (
        "intake.complaint_list ← intake, investigation" in listed.stdout or "intake.complaint_list ← " in listed.stdout
    )
    unknown = await held.command("rebuild", "no_such_model")
    assert unknown.returncode == 2
    assert "no_such_model" in unknown.stderr


@pytest.fixture
def server() -> Iterator[Child]:
    base = Path(tempfile.mkdtemp(prefix="suyuan-test-"))
    base.chmod(0o755)
    made = Child(base / "data").start()
    yield made
    made.stop()
    shutil.rmtree(base)


def register(client) -> str:
    answer = client.post("/api/v1/complaints", json=FORM, headers={"Idempotency-Key": str(new_id())})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_a_running_server_goes_on_with_the_rebuilt_table(server):
    client = server.client("service_agent")
    first = await asyncio.to_thread(register, client)
    done = await asyncio.to_thread(server.run, "rebuild", "complaint_list")
    assert done.returncode == 0, done.stderr
    assert "generation 2" in done.stdout
    answer = await asyncio.to_thread(
        lambda: client.post("/api/v1/complaints", json=FORM, headers={"Idempotency-Key": str(new_id())})
    )
    after = {"Suyuan-After": answer.headers["Suyuan-Position"]}
    listed = await asyncio.to_thread(lambda: client.get("/api/v1/complaints", headers=after))
    assert {one["id"] for one in listed.json()["items"]} == {first, answer.json()["id"]}
    verified = await asyncio.to_thread(server.run, "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
