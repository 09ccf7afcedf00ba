"""What a service takes from other systems: a kind of message, and what can be wrong with one before its data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol
from uuid import UUID

from shared.adapters.http.body import Body
from shared.adapters.http.edge_errors import EdgeError, FieldError, InvalidRequest
from shared.adapters.http.policy import Role
from shared.kernel.ids import derived_id
from shared.kernel.ports import Context

BodyModel = type[Body]


@dataclass(eq=False, kw_only=True)
class InvalidMessage(InvalidRequest):
    """It is no CloudEvent of the kind that the topic is for."""

    zh: ClassVar[str] = "消息中有 {count} 处错误，首先是 {first}：{first_zh}"
    en: ClassVar[str] = "The message has {count} wrong place(s), first {first}: {first_en}"


@dataclass(eq=False, kw_only=True)
class OtherTenant(EdgeError):
    """A message says for whom it is, and its topic speaks for somebody else."""

    status: ClassVar[int] = 403
    zh: ClassVar[str] = "消息不能自称属于别的租户：租户由主题的设置决定"
    en: ClassVar[str] = "A message can't claim another tenant: the settings of its topic say whose it is"

    def field_errors(self) -> tuple[FieldError, ...]:
        return (attribute_error("tenant", "other-tenant", "不是该主题的租户", "is not this topic's tenant"),)


@dataclass(eq=False, kw_only=True)
class MessageReused(EdgeError):
    """CloudEvents 1.0.2, `id`: source + id is unique for each distinct event."""

    status: ClassVar[int] = 422
    zh: ClassVar[str] = "相同 source 与 id 的消息已被接受，但内容不同：内容不同的消息须用新的 id"
    en: ClassVar[str] = "A message of this source and id was accepted with other content: that needs an id of its own"

    def field_errors(self) -> tuple[FieldError, ...]:
        return (attribute_error("id", "reused", "已用于另一条消息", "was used for another message"),)


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """`extensions`: every attribute that has no name here. `data`: the bytes of its JSON, not yet looked at."""

    id: str
    source: str
    type: str
    extensions: Mapping[str, str]
    data: bytes

    @property
    def key(self) -> UUID:
        """The same for every repeat. No attribute holds a control character, so no other pair makes it."""
        return derived_id("message", self.source, self.id)


@dataclass(frozen=True, slots=True)
class Message:
    """What a service is handed. `at`: when it came to its topic; `mac`: keyed sums, as Edge.mac makes them."""

    event: CloudEvent
    at: datetime
    mac: Callable[..., bytes]


class Take(Protocol):
    """Bytes → command → handler. True where something came of it, False where all of it was known.

    Raises what the same command raises over HTTP.
    """

    def __call__(self, context: Context, message: Message) -> Awaitable[bool]: ...


@dataclass(frozen=True, slots=True)
class MessageRule:
    """One kind of message: its CloudEvents `type`, and the roles of which whoever speaks on its topic needs one.

    `title` in both languages; `body` is what the data must be, where that is published as a JSON Schema of ours.
    """

    kind: str
    type: str
    title: str
    roles: tuple[Role, ...]
    take: Take
    body: BodyModel | None = None


def attribute_error(name: str, code: str, zh: str, en: str) -> FieldError:
    return FieldError(where="attribute", field=name, code=code, zh=zh, en=en)
