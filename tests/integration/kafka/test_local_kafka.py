"""A broker on a folder: it serves, keeps what it has, and comes back after every way to end."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.embedded.errors import FolderInUse
from deploy.embedded.process import serves, serving, wait_until
from deploy.kafka import node
from deploy.kafka.errors import KafkaFolderMismatch, KafkaStartFailed
from deploy.kafka.folder import KafkaFolder
from deploy.kafka.local import SOON_READY, Death, LocalKafka
from tests.integration.kafka.records import make_topic, read, send


async def test_what_is_sent_is_read(local_kafka):
    await make_topic(local_kafka.bootstrap, "said")
    assert await send(local_kafka.bootstrap, "said", "投诉".encode(), b"b" * (1 << 20)) == [0, 1]
    assert await read(local_kafka.bootstrap, "said") == ["投诉".encode(), b"b" * (1 << 20)]


async def test_a_group_reads_and_commits(local_kafka):
    await make_topic(local_kafka.bootstrap, "grouped")
    await send(local_kafka.bootstrap, "grouped", b"1", b"2")
    for expected in (b"1", b"2"):
        group = AIOKafkaConsumer(
            "grouped",
            bootstrap_servers=local_kafka.bootstrap,
            group_id="readers",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=1,
        )
        await group.start()
        assert (await group.getone()).value == expected
        await group.commit()
        await group.stop()


async def test_nothing_listens_but_on_loopback(local_kafka):
    listening = [c.laddr.ip for c in psutil.Process(local_kafka.pids[1]).net_connections("tcp") if c.status == "LISTEN"]
    assert len(listening) == 3
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


async def test_what_the_launcher_sets_is_what_the_broker_has(local_kafka):
    admin = AIOKafkaAdminClient(bootstrap_servers=local_kafka.bootstrap)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1")])
    finally:
        await admin.close()
    said = {name: value for name, value, *_ in answer.resources[0][4]}
    assert {
        "log.retention.ms": "-1",
        "log.retention.bytes": "-1",
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        "message.max.bytes": str(2 << 20),
        "min.insync.replicas": "1",
    }.items() <= said.items()


async def test_the_same_folder_again_keeps_messages_cluster_and_address(folder):
    kafka = LocalKafka(folder, java_options=SOON_READY)
    async with kafka:
        await make_topic(kafka.bootstrap, "kept")
        await send(kafka.bootstrap, "kept", b"1")
        cluster, address = kafka.cluster_id, kafka.bootstrap
        with pytest.raises(FolderInUse):
            await LocalKafka(folder).start()
    assert not serving(folder / "nodes" / "1", "java")
    with pytest.raises(KafkaFolderMismatch, match="has 1 sound nodes and 3"):
        await LocalKafka(folder, brokers=3).start()
    async with kafka:
        assert (kafka.cluster_id, kafka.bootstrap) == (cluster, address)
        assert await read(kafka.bootstrap, "kept") == [b"1"]


async def test_a_killed_broker_is_noticed_and_comes_back_to_its_clients(folder):
    async with LocalKafka(folder, java_options=SOON_READY) as kafka:
        await make_topic(kafka.bootstrap, "kept")
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", enable_idempotence=True)
        await producer.start()
        await producer.send_and_wait("kept", b"1")
        port = int(kafka.bootstrap.rpartition(":")[2])
        os.kill(kafka.pids[1], signal.SIGKILL)
        assert await kafka.died() == Death(1, -signal.SIGKILL)
        with socket.socket() as thief, pytest.raises(OSError, match="in use"):
            thief.bind(("127.0.0.1", port))
        await kafka.start()
        await producer.send_and_wait("kept", b"2")  # the client's own reconnecting
        await producer.stop()
        assert await read(kafka.bootstrap, "kept") == [b"1", b"2"]


async def test_of_three_brokers_one_is_killed_and_every_acknowledged_message_is_there(folder):
    async with LocalKafka(folder, brokers=3, heap_mib=256, java_options=SOON_READY) as kafka:
        assert len(kafka.pids) == len(kafka.bootstrap.split(",")) == 3
        await make_topic(kafka.bootstrap, "kept", copies=3)
        await send(kafka.bootstrap, "kept", b"1")
        await kafka.kill(2)
        assert set(kafka.pids) == {1, 3}
        assert await send(kafka.bootstrap, "kept", b"2") == [1]
        await kafka.start_node(2)
        assert await read(kafka.bootstrap, "kept") == [b"1", b"2"]
        await asyncio.gather(*map(kafka.kill, (1, 2, 3)))  # a stop of three waits 5 s for a quorum
    assert kafka.pids == {}


async def test_the_broker_of_a_killed_launcher_is_ended_before_a_new_one_starts(folder, launcher):
    process, said = launcher(folder, "as on a machine without setpriv")
    await make_topic(said["bootstrap"], "kept")
    await send(said["bootstrap"], "kept", b"1")
    process.kill()
    process.wait()
    at_home = folder / "nodes" / "1"
    bystander = subprocess.Popen(["/bin/sleep", "60"], cwd=at_home)
    try:
        assert serving(at_home, "java") == [said["pid"]]  # the orphan lives on
        async with LocalKafka(folder, java_options=SOON_READY) as kafka:
            assert serving(at_home, "java") == [kafka.pids[1]] != [said["pid"]]
            assert await read(kafka.bootstrap, "kept") == [b"1"]
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv: the next start ends the orphan")
async def test_a_killed_launcher_takes_its_broker_along(folder, launcher):
    process, said = launcher(folder, "as it is")
    assert serves(said["pid"], folder / "nodes" / "1", "java")
    process.kill()
    process.wait()
    assert await wait_until(lambda: not serving(folder / "nodes" / "1", "java"), 10)


async def test_a_cluster_whose_making_was_killed_is_made_again_and_half_a_one_is_refused(folder, monkeypatch):
    half = KafkaFolder(folder).unborn / "1" / "data"
    half.mkdir(parents=True)
    (half / "meta.properties").write_text("cluster.id=half\n")
    monkeypatch.setattr(node, "_SERVER", ("-XX:NoSuchOption",))
    with pytest.raises(KafkaStartFailed) as refusal:
        await LocalKafka(folder).start()
    assert "NoSuchOption" in refusal.value.facts["last_lines"]
    assert not half.exists()
    assert KafkaFolder(folder).cluster_id() not in (None, "half")
    (folder / "nodes" / "1" / "data" / "meta.properties").unlink()
    with pytest.raises(KafkaFolderMismatch, match="has 0 sound nodes"):
        await LocalKafka(folder).start()
