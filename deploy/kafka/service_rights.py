"""What each service may do on a company's Kafka, and no more: it writes its own topic and reads the others'."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.kafka.rights import Operation, Right
from shared.adapters.kafka.fenced import name_of
from shared.adapters.kafka.topics import TopicNames
from shared.contracts.catalogue import SERVICES

_OWN: tuple[Operation, ...] = ("describe", "describe_configs", "read", "write")
_PRODUCER: tuple[Operation, ...] = ("describe", "write")


def rights_of(service: str, principal: str, names: TopicNames) -> list[Right]:
    """For `allow`, or for whoever types them into their own tool (docs/kafka.md has the table)."""
    return list(_rights(service, principal, names))


def _rights(service: str, principal: str, names: TopicNames) -> Iterator[Right]:
    own = names.events(service)
    for operation in _OWN:
        yield Right(principal, operation, "topic", own)
        yield Right(principal, operation, "topic", names.heads)
    for operation in _PRODUCER:
        yield Right(principal, operation, "transactional_id", name_of(own))
    for other in SERVICES:
        if other != service:
            yield Right(principal, "describe", "topic", names.events(other))
            yield Right(principal, "read", "topic", names.events(other))


def rights_to_create(principal: str, names: TopicNames) -> list[Right]:
    """Where the services are to make their topics themselves, rather than find them made."""
    return [Right(principal, "create", "topic", f"{names.prefix}.", is_prefix=True)]
