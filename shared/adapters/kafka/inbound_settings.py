"""Which topics speak for whom: SUYUAN_INBOUND, a JSON list, or SUYUAN_INBOUND_FILE, a file with one.

A message says nothing of who sent it that anybody could believe. The brokers' rights (ACLs) decide who may write to a
topic, and these settings for which tenant, as which subject and with which roles whatever stands on it is taken.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.adapters.http.policy import Principal, Role

TOPIC = r"^[A-Za-z0-9._-]{1,249}$"
"""What Kafka allows."""
Word = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class InboundSource(BaseModel):
    """One topic. `subject` becomes the actor of what its messages cause: name the system, `erp` or `portal`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str = Field(pattern=TOPIC)
    kind: Literal["complaints", "epcis"]
    tenant: Word
    subject: Word
    roles: tuple[Role, ...] = Field(min_length=1)

    @property
    def principal(self) -> Principal:
        return Principal(self.tenant, self.subject, frozenset(self.roles))


Sources = Annotated[tuple[InboundSource, ...], Field(max_length=1000)]
_SOURCES: TypeAdapter[tuple[InboundSource, ...]] = TypeAdapter(Sources)


class InboundSettings(BaseSettings):
    """Field descriptions are the documentation of the variables. None of both: nothing is taken from any topic."""

    model_config = SettingsConfigDict(env_prefix="SUYUAN_", frozen=True, extra="ignore")

    inbound: Annotated[Sources, NoDecode] = Field(
        (),
        description='Topics that are taken, and for whom: [{"topic": "suyuan.inbound.complaints.v1", '
        '"kind": "complaints", "tenant": "acme", "subject": "portal", "roles": ["service_agent"]}].',
    )
    inbound_file: Annotated[Sources, NoDecode] = Field(
        (), description="A file with such a list (its path), beside or instead of it."
    )

    @field_validator("inbound", mode="before")
    @classmethod
    def _listed(cls, told: object) -> object:
        return _SOURCES.validate_json(told) if isinstance(told, str) and told else told or ()

    @field_validator("inbound_file", mode="before")
    @classmethod
    def _read(cls, told: object) -> object:
        if not isinstance(told, (str, Path)) or not str(told):
            return told or ()
        try:
            return _SOURCES.validate_json(Path(told).read_bytes())
        except OSError as problem:
            raise ValueError(f"SUYUAN_INBOUND_FILE {told}: {problem.strerror}") from problem

    @model_validator(mode="after")
    def _each_topic_once(self) -> Self:
        """One topic for two tenants would be for whichever is read first."""
        topics = [one.topic for one in self.sources]
        for topic in topics:
            if topics.count(topic) > 1:
                raise ValueError(f"SUYUAN_INBOUND names the topic {topic} twice: it can speak for one tenant only")
        return self

    @property
    def sources(self) -> tuple[InboundSource, ...]:
        return self.inbound + self.inbound_file
