"""The embedded system as a user has it: started, killed, started again, stopped; and nothing personal on the disk."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from deploy.cli import TERMINATED_EXIT
from deploy.embedded.child import Child
from shared.kernel.ids import new_id

NAME, PHONE, WORDS = "欧阳不存在", "139-5550-1234", "这是一段绝不能落盘的描述 zebra-quagga"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"quagga-in-a-picture" * 20
FORM = {
    "channel": "phone",
    "customer": {"name": NAME, "phone": PHONE, "email": "quagga@example.test"},
    "description": WORDS,
    "occurred_where": "quagga street 7",
    "items": [{"product": "PC-5", "lot": "FG-0042", "quantity_affected": "2"}],
}
SECRETS = (NAME.encode(), PHONE.encode(), WORDS.encode(), b"quagga", "绝不能落盘".encode())


@pytest.fixture
def server(tmp_path) -> Iterator[Child]:
    made = Child(tmp_path / "data")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.kill()
    leftover = Child(made.folder)
    if (made.folder / "postgres" / "data" / "postmaster.pid").exists():  # end the orphan of a killed server
        leftover.start()
        leftover.stop()


def register(client) -> dict:
    answer = client.post("/api/v1/complaints", json=FORM, headers={"Idempotency-Key": str(new_id())})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    added = client.post(
        f"/api/v1/complaints/{made['id']}/attachments",
        files={"file": ("quagga.png", PICTURE)},
        headers={"Idempotency-Key": str(new_id())},
    )
    assert added.status_code == 201, added.text
    return made


def plain_text_in(folder: Path) -> list[str]:
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(secret in path.read_bytes() for secret in SECRETS)
    ]


def test_after_kill_9_everything_acknowledged_is_there_and_the_chain_is_whole(server):
    server.start()
    made = register(server.client("service_agent"))
    server.kill()
    server.start()
    body = server.client("service_agent").get(f"/api/v1/complaints/{made['id']}").json()
    assert body["form"]["customer"]["name"] == NAME
    assert server.stop() == 0
    verified = server.run("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.parametrize("reached", ["postgres/data/postmaster.pid", "postgres/postgres.log"])
def test_asked_to_end_while_it_starts_it_leaves_no_process_and_a_folder_that_starts(server, reached):
    """Both at the first start: while the cluster is made, and once the database runs."""
    starting = server.begin()
    deadline = time.monotonic() + 60
    while not (server.folder / reached).exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert starting.poll() is None
    starting.terminate()
    assert starting.wait(30) == TERMINATED_EXIT
    assert not (server.folder / "postgres" / "data" / "postmaster.pid").exists()
    assert "Traceback" not in server.output.read_text(encoding="utf-8")
    server.start()
    assert server.stop() == 0


def test_no_byte_of_the_data_folder_holds_a_personal_text_before_or_after_the_erasure(server):
    server.start()
    made = register(server.client("service_agent"))
    assert plain_text_in(server.folder) == []
    officer = server.client("privacy_officer")
    erased = officer.post(f"/api/v1/data-subjects/{made['subject_id']}/erase", json={"reason": "asked for it"})
    assert erased.status_code == 200, erased.text
    assert plain_text_in(server.folder) == []
    assert server.stop() == 0
    assert plain_text_in(server.folder) == []
    assert plain_text_in(server.output.parent) == []


def test_a_destroyed_key_is_gone_from_every_file_of_the_data_folder(server):
    """Its wrapped form too: the row's old version, and the log records that wrote it, before and after this start."""
    server.start()
    client = server.client("service_agent")
    made = register(client)
    client.post("/api/v1/complaints", json=FORM | {"customer": {"name": "别人"}}, headers={"Idempotency-Key": "other"})
    wrapped = asyncio.run(wrapped_key(server, made["subject_id"]))
    assert holding(wrapped, server.folder)
    erase = {"reason": "asked for it"}
    erased = server.client("privacy_officer").post(f"/api/v1/data-subjects/{made['subject_id']}/erase", json=erase)
    assert erased.status_code == 200, erased.text
    deadline = time.monotonic() + 60
    while holding(wrapped, server.folder) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert holding(wrapped, server.folder) == []
    assert server.stop() == 0
    assert server.run("verify").returncode == 0


async def wrapped_key(server: Child, owner: str) -> bytes:
    words = (server.folder / "postgres" / "data" / "postmaster.pid").read_text().split("\n")
    connection = await asyncpg.connect(host=words[4], port=int(words[3]), user="postgres", database="suyuan_intake")
    try:
        found: bytes = await connection.fetchval("select wrapped from log.subject_key where owner = $1", UUID(owner))
    finally:
        await connection.close()
    return found


def holding(what: bytes, folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and what in content_of(path)]


def content_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # removed since it was listed
        return b""


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (lambda key: key.unlink(), 30, "There is no master key"),
        (lambda key: key.write_bytes(bytes(32)), 31, "isn't the one"),
        (lambda key: key.write_bytes(b""), 31, "isn't the one"),
    ],
)
def test_without_its_master_key_it_does_not_start_and_with_it_again_all_is_there(server, spoil, code, said):
    server.start()
    made = register(server.client("service_agent"))
    assert server.stop() == 0
    key = server.folder / "keys" / "master.key"
    kept = key.read_bytes()
    spoil(key)
    refused = server.run("run", "--port", "0", LANG="en_GB.UTF-8")
    assert (refused.returncode, said in refused.stderr, "Traceback" in refused.stderr) == (code, True, False)
    key.write_bytes(kept)
    key.chmod(0o600)
    server.start()
    body = server.client("service_agent").get(f"/api/v1/complaints/{made['id']}").json()
    assert body["form"]["customer"]["name"] == NAME


@pytest.mark.parametrize("name", ["keys/heads.key", "edge.secret", "issuer.key.json"])
def test_a_broken_secret_is_said_so(server, name):
    server.start()
    assert server.stop() == 0
    (server.folder / name).write_bytes(b"junk")
    refused = server.run("run", "--port", "0", LANG="zh_CN.UTF-8")
    assert (refused.returncode, "已损坏" in refused.stderr, "Traceback" in refused.stderr) == (29, True, False)


def test_a_second_start_on_the_same_folder_is_refused_with_a_sentence(server):
    server.start()
    second = server.run("run", "--port", "0", LANG="en_GB.UTF-8")
    assert second.returncode == 12
    assert "in use by another Suyuan process" in second.stderr


def test_an_occupied_port_is_said_before_anything_is_started(server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = server.run("run", "--port", str(taken.getsockname()[1]), LANG="zh_CN.UTF-8")
    assert refused.returncode == 20
    assert "端口" in refused.stderr
    assert not (server.folder / "postgres").exists()


def test_sigterm_ends_it_cleanly_and_leaves_no_process(server):
    server.start()
    register(server.client("service_agent"))
    assert server.stop() == 0
    assert not (server.folder / "postgres" / "data" / "postmaster.pid").exists()
