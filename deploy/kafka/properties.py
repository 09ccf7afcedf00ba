"""The settings each broker is started with: `server.properties` and its logging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deploy.kafka.ports import LOOPBACK, NodePorts
from deploy.kafka.security import LISTENER, Security

MIB = 1 << 20

SMALL = {
    # for ever, as the product's topics want it; nothing is made by mistyping a name
    "log.retention.ms": "-1",
    "log.retention.bytes": "-1",
    "auto.create.topics.enable": "false",
    "unclean.leader.election.enable": "false",
    "message.max.bytes": str(2 * MIB),
    "replica.fetch.max.bytes": str(2 * MIB),
    # soon ready: a group of one needn't wait for others, few internal partitions
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "4",
    "broker.heartbeat.interval.ms": "500",
    # a small machine
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "4",
    "log.cleaner.dedupe.buffer.size": str(16 * MIB),
}

LOGGING = """\
status = error
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %m (%c)%n
"""
"""Warnings and errors go where the launcher says, like what Java itself says at its end."""


def server_properties(node: int, ports: Sequence[NodePorts], security: Security) -> str:
    """Broker and controller in one; every node votes. Paths are relative to the folder that the node works in."""
    own = ports[node - 1]
    listeners = {"CONTROLLER": own.controller, "INTERNAL": own.internal, LISTENER: own.client}
    voters = (f"{number}@{LOOPBACK}:{each.controller}" for number, each in enumerate(ports, start=1))
    return as_file(
        SMALL
        | _replicas(len(ports))
        | {
            "process.roles": "broker,controller",
            "node.id": str(node),
            "log.dirs": "data",
            "controller.quorum.voters": ",".join(voters),
            "listeners": ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in listeners.items()),
            "listener.security.protocol.map": (
                f"CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,{LISTENER}:{security.protocol}"
            ),
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "INTERNAL",
        }
        | security.properties()
    )


def _replicas(brokers: int) -> dict[str, str]:
    """With three brokers one may die and every acknowledged record is still on two."""
    copies, needed, patience_ms = (3, 2, 4000) if brokers > 1 else (1, 1, 2000)
    return {
        "broker.session.timeout.ms": str(patience_ms),  # a killed one may come back, another may lead, only after it
        "default.replication.factor": str(copies),
        "min.insync.replicas": str(needed),
        "offsets.topic.replication.factor": str(copies),
        "transaction.state.log.replication.factor": str(copies),
        "transaction.state.log.min.isr": str(needed),
        "share.coordinator.state.topic.replication.factor": str(copies),
        "share.coordinator.state.topic.min.isr": str(needed),
    }


def as_file(properties: Mapping[str, str]) -> str:
    """Java's format, in ASCII: a value may hold backslashes, blanks at its ends, and Chinese."""
    return "".join(f"{name}={''.join(map(_escaped, value))}\n" for name, value in properties.items())


def _escaped(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if "!" <= character <= "~":
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
