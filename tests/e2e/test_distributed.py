"""Four processes and a Kafka as a user has them: nothing personal anywhere, each database closed to the others."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.embedded.child import Child
from deploy.embedded.process import Postmaster
from shared.adapters.kafka.audit import records_of
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import TopicNames
from shared.contracts.catalogue import SERVICES
from tests.e2e.target import NAMED
from tests.e2e.test_embedded import SECRETS, plain_text_in, register

pytestmark = pytest.mark.skipif(NAMED is not None, reason="a named system's files and processes are its own")


def services_of(server: Child) -> dict[str, int]:
    """The pid of each service's process."""
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    words = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in children}
    return {line[4].decode(): pid for pid, line in words.items() if b"serve" in line}


async def on_all_topics(server: Child) -> list[bytes]:
    """Every key, value and header of every topic, unpacked."""
    settings, names = KafkaSettings(bootstrap=server.brokers), TopicNames()
    found: list[bytes] = []
    for topic in (*map(names.events, SERVICES), names.heads):
        async for record in records_of(settings, topic):
            headers = [part for name, value in record.headers for part in (name.encode(), value)]
            found += [record.key or b"", record.value or b"", *headers]
    return found


def eventually(holds, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_person_is_in_no_topic_segment_table_or_file_before_and_after_the_erasure(distributed):
    made = register(distributed.client("service_agent"))
    officer = distributed.client("privacy_officer")
    for erase in (False, True):
        if erase:
            answer = officer.post(f"/api/v1/data-subjects/{made['subject_id']}/erase", json={"reason": "asked for it"})
            assert answer.status_code == 200, answer.text
        eventually(lambda: distributed.client("admin").get("/health/ready").status_code == 200)
        time.sleep(0.5)  # published
        told = asyncio.run(on_all_topics(distributed))
        assert len(told) > 20
        assert [part[:80] for part in told if any(secret in part for secret in SECRETS)] == []
        assert plain_text_in(distributed.folder) == []
    view = distributed.client("service_agent").get(f"/api/v1/complaints/{made['id']}").json()
    assert view["form"]["customer"]["name"] == "[erased]"
    assert distributed.run("verify").returncode == 0
    key = distributed.client("auditor").get("/api/v1/intake/audit/head").json()["public_key"]
    whole = distributed.run("verify", "--kafka", distributed.brokers, "--key", key)
    assert whole.returncode == 0, whole.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_may_enter_anothers_database(distributed, service):
    postmaster = Postmaster.of(distributed.folder / "postgres" / "data")
    assert postmaster is not None

    async def enters(database: str) -> bool:
        try:
            connection = await asyncpg.connect(
                host=str(postmaster.socket_folder), port=5432, user=f"suyuan_{service}", database=f"suyuan_{database}"
            )
        except asyncpg.InsufficientPrivilegeError:
            return False
        await connection.close()
        return True

    found = {database: asyncio.run(enters(database)) for database in SERVICES}
    assert found == {database: database == service for database in SERVICES}


def test_a_service_that_is_killed_is_started_again_while_the_others_answer(distributed):
    made = register(distributed.client("service_agent"))
    before = services_of(distributed)
    os.kill(before["capa"], signal.SIGKILL)
    answer = distributed.client("service_agent").get(f"/api/v1/complaints/{made['id']}")
    assert answer.status_code == 200
    client = distributed.client("quality_engineer")
    eventually(lambda: client.get("/api/v1/capas").status_code == httpx.codes.OK)
    after = services_of(distributed)
    assert after["capa"] != before["capa"]
    assert {name: pid for name, pid in after.items() if name != "capa"} == {
        name: pid for name, pid in before.items() if name != "capa"
    }
