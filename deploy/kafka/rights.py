"""Rights (ACLs) on a Kafka whose authorizer is on: aiokafka knows the requests and offers no call for them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar, Literal

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest, DescribeAclsRequest

LOOK_SECONDS = 0.02
_RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "transactional_id": 5}
_OPERATIONS = {"read": 3, "write": 4, "create": 5, "describe": 8, "describe_configs": 10, "idempotent_write": 12}
_LITERAL, _PREFIXED = 3, 4
_ALLOW = 3


Operation = Literal["read", "write", "create", "describe", "describe_configs", "idempotent_write"]


@dataclass(frozen=True, slots=True)
class Right:
    """`principal` ("User:suyuan-intake") may do it to the resource of that name, or to all whose names begin so."""

    ANY_HOST: ClassVar[str] = "*"

    principal: str
    operation: Operation
    resource: Literal["topic", "group", "cluster", "transactional_id"]
    name: str = "kafka-cluster"
    is_prefix: bool = False

    def words(self) -> tuple[int, str, int, str, str, int, int]:
        """As the protocol lists them (Kafka protocol guide, CreateAcls and DescribeAcls)."""
        pattern = _PREFIXED if self.is_prefix else _LITERAL
        allowed = _OPERATIONS[self.operation]
        return _RESOURCES[self.resource], self.name, pattern, self.principal, self.ANY_HOST, allowed, _ALLOW


async def allow(internal_bootstrap: str, *rights: Right) -> None:
    """Give rights; every broker has heard of them when this returns. Raises aiokafka's KafkaError."""
    admin = AIOKafkaAdminClient(bootstrap_servers=internal_bootstrap)
    try:
        await admin.start()
        for right in rights:
            answer = await admin._send_request(CreateAclsRequest(*right.words()))  # noqa: SLF001 - there is no call
            for code, *_ in answer.creation_responses:
                if code:
                    raise for_code(code)
            for broker in admin._client.cluster.brokers():  # noqa: SLF001 - as above
                while not await _is_known(admin, broker.nodeId, right):  # noqa: ASYNC110 - the broker offers no event
                    await asyncio.sleep(LOOK_SECONDS)
    finally:
        await admin.close()


async def _is_known(admin: AIOKafkaAdminClient, node: int, right: Right) -> bool:
    answer = await admin._send_request_to_node(node, DescribeAclsRequest(*right.words()))  # noqa: SLF001 - as above
    return bool(answer.resources)
