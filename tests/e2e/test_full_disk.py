"""A full disk: reading goes on, writing is refused with 507, and resumes by itself once there is space."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.demo.exports import mapping_document
from deploy.embedded.child import Child
from shared.adapters.disk import Room
from shared.kernel.errors import StoreFull
from shared.kernel.ids import new_id
from tests.e2e.populated import STOCK
from tests.e2e.test_embedded import FORM, PICTURE

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


FULL = "full: reading only until there is space"


def keyed() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


def write(client, status: int) -> dict:
    answer = client.post("/api/v1/complaints", json=FORM, headers=keyed())
    assert answer.status_code == status, answer.text
    return answer.json()


def attach(client, complaint: str, status: int) -> dict:
    file = {"file": ("quagga.png", PICTURE + os.urandom(1000))}
    answer = client.post(f"/api/v1/complaints/{complaint}/attachments", files=file, headers=keyed())
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_full_disk_refuses_writes_with_507_and_heals_by_itself(small_disk):
    server = Child(small_disk / "data").start()
    try:
        client = server.client("service_agent")
        made = write(client, 201)
        picture = attach(client, made["id"], 201)
        engineer = server.client("admin")
        document = {"document": mapping_document("syn-stock"), "reason": "test"}
        mapping = engineer.put("/api/v1/mappings", json=document, headers=keyed())
        assert mapping.is_success, mapping.text
        filler = small_disk / "filler"
        free = os.statvfs(small_disk)
        with filler.open("wb") as file:
            file.write(b"\0" * (free.f_bavail * free.f_frsize - 40 * MIB))
        time.sleep(0.5)
        problem = write(client, 507)
        assert problem["type"] == "urn:suyuan:problem:store-full"
        one = f"/api/v1/complaints/{made['id']}"
        for path in (one, "/api/v1/complaints", f"{one}/timeline", f"{one}/attachments/{picture['id']}"):
            assert client.get(path).status_code == 200, path
        assert attach(client, made["id"], 507)["type"] == problem["type"]
        stock = {"file": ("stock.csv", STOCK.encode(), "text/csv")}
        imported = engineer.post("/api/v1/trace/import", data={"mapping": "syn-stock"}, files=stock, headers=keyed())
        assert (imported.status_code, imported.json()["type"]) == (507, problem["type"])
        ready = httpx.get(f"{server.url}/health/ready")
        assert (ready.status_code, ready.json()["checks"]["intake.disk"]) == (503, FULL)
        filler.unlink()
        time.sleep(0.5)
        write(client, 201)
        assert httpx.get(f"{server.url}/health/ready").status_code == 200
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def test_room_is_judged_by_what_the_file_system_has_left(tmp_path):
    Room(tmp_path, reserve=1).check()
    with pytest.raises(StoreFull):
        Room(tmp_path, reserve=1 << 60).check()
