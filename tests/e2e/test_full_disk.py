"""A full disk: reading goes on, writing is refused with 507, and resumes by itself once there is space."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.child import Child
from shared.adapters.disk import Room
from shared.kernel.errors import StoreFull
from shared.kernel.ids import new_id
from tests.e2e.test_embedded import FORM

MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    words = ["/bin/mount", "-t", "tmpfs", "-o", "size=600m,mode=0755", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and subprocess.run(words, check=False, capture_output=True)
    if not mounted or mounted.returncode:
        pytest.skip("a disk of its own size can't be mounted here (needs root)")
    yield place
    subprocess.run(["/bin/umount", "-l", str(place)], check=True)


def write(client, status: int) -> dict:
    answer = client.post("/api/v1/complaints", json=FORM, headers={"Idempotency-Key": str(new_id())})
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_full_disk_refuses_writes_with_507_and_heals_by_itself(small_disk):
    server = Child(small_disk / "data").start()
    try:
        client = server.client("service_agent")
        made = write(client, 201)
        filler = small_disk / "filler"
        free = os.statvfs(small_disk)
        with filler.open("wb") as file:
            file.write(b"\0" * (free.f_bavail * free.f_frsize - 40 * MIB))
        time.sleep(0.5)
        problem = write(client, 507)
        assert problem["type"] == "urn:suyuan:problem:store-full"
        assert client.get(f"/api/v1/complaints/{made['id']}").status_code == 200
        filler.unlink()
        time.sleep(0.5)
        write(client, 201)
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def test_room_is_judged_by_what_the_file_system_has_left(tmp_path):
    Room(tmp_path, reserve=1).check()
    with pytest.raises(StoreFull):
        Room(tmp_path, reserve=1 << 60).check()
