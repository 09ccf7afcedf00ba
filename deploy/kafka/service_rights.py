"""What each service may do on a company's Kafka, and no more: it writes its own topic and reads the others'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploy.kafka.rights import Operation, Right
from shared.adapters.kafka.export import producer_of
from shared.adapters.kafka.fenced import name_of
from shared.adapters.kafka.inbound import group_of
from shared.adapters.kafka.topics import TopicNames
from shared.contracts.catalogue import SERVICES

_OWN: tuple[Operation, ...] = ("describe", "describe_configs", "read", "write")
_PRODUCER: tuple[Operation, ...] = ("describe", "write")


def rights_of(service: str, principal: str, names: TopicNames, exports: Iterable[str] = ()) -> list[Right]:
    """For `allow`, or for whoever types them into their own tool (docs/kafka.md has the table).

    `exports` are the tenants with an export topic.
    """
    return [*_rights(service, principal, names), *_rights_to_export(service, principal, names, [*exports])]


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


def _rights_to_export(service: str, principal: str, names: TopicNames, tenants: list[str]) -> Iterator[Right]:
    """It reads those topics too: what a predecessor left there isn't exported again."""
    for tenant in tenants:
        for operation in _OWN:
            yield Right(principal, operation, "topic", names.export(tenant))
    for operation in _PRODUCER if tenants else ():
        yield Right(principal, operation, "transactional_id", producer_of(names, service))


def rights_to_take(service: str, principal: str, names: TopicNames, topics: Iterable[str]) -> list[Right]:
    """Of a service that takes messages of other systems from these topics: it can reject what it can't take."""
    read: tuple[Operation, ...] = ("describe", "describe_configs", "read")
    kept: tuple[Operation, ...] = ("describe", "describe_configs", "write")
    return [
        *(Right(principal, operation, "topic", topic) for topic in topics for operation in read),
        *(Right(principal, operation, "topic", names.rejected) for operation in kept),
        Right(principal, "read", "group", group_of(names.prefix, service)),
    ]


def rights_to_handle(principal: str, names: TopicNames, topics: Iterable[str]) -> list[Right]:
    """Of a person's account that deals with rejected messages of these topics (`python -m deploy rejected`)."""
    return [
        *(Right(principal, operation, "topic", topic) for topic in topics for operation in _PRODUCER),
        *(Right(principal, operation, "topic", names.rejected) for operation in ("read", *_PRODUCER)),
    ]


def rights_to_create(principal: str, names: TopicNames) -> list[Right]:
    """Where the services are to make their topics themselves, rather than find them made."""
    return [Right(principal, "create", "topic", f"{names.prefix}.", is_prefix=True)]
