"""How a service reaches Kafka: every setting typed and documented once. Environment prefix: SUYUAN_KAFKA_."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.contracts.catalogue import EVENT_TYPES

PARTITIONS = 12
_IN_A_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,100}")


class KafkaSettings(BaseSettings):
    """Field descriptions are the documentation of the variables."""

    model_config = SettingsConfigDict(env_prefix="SUYUAN_KAFKA_", env_ignore_empty=True, frozen=True, extra="ignore")

    bootstrap: str = Field(description="Brokers to begin with: host:port, several with commas.")
    client_id: str = Field("suyuan", description="How the brokers' logs and quotas name us.")
    topic_prefix: str = Field("suyuan", pattern=r"^[A-Za-z0-9._-]{1,100}$", description="First word of every topic.")
    partitions: int = Field(PARTITIONS, ge=1, le=1000, description="Partitions of a topic that is made new.")
    replicas: int = Field(3, ge=1, le=9, description="Replicas of each partition; 1 only where there is one broker.")
    min_insync: int = Field(2, ge=1, le=9, description="Replicas that must have a record before it counts as kept.")
    exports: Mapping[str, tuple[str, ...]] = Field(
        {},
        description='Tenants whose own systems may read their events, each with the types: {"acme": ["*"], '
        '"beta": ["capa.*", "intake.ComplaintClosed"]}. A tenant not named here has no export topic.',
    )

    tls: bool = Field(False, description="Speak TLS. The system's authorities are trusted unless tls_ca names others.")
    tls_ca: Path | None = Field(None, description="PEM file of the authorities that sign the brokers' certificates.")
    tls_certificate: Path | None = Field(None, description="PEM file of our certificate, where brokers ask for one.")
    tls_key: Path | None = Field(None, description="PEM file of its private key.")
    tls_key_password: SecretStr | None = Field(None, description="What opens that file.")

    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = Field(
        None, description="How we say who we are; none: by certificate, or not at all."
    )
    sasl_username: str | None = Field(None, description="For PLAIN and SCRAM.")
    sasl_password: SecretStr | None = Field(None, description="For PLAIN and SCRAM.")
    oauth_token_url: str | None = Field(None, description="Where OAUTHBEARER tokens come from (client credentials).")
    oauth_client_id: str | None = Field(None, description="Who asks there.")
    oauth_client_secret: SecretStr | None = Field(None, description="The secret of that client.")
    oauth_scope: str | None = Field(None, description="What is asked for there.")

    @field_validator("bootstrap")
    @classmethod
    def _names_hosts_and_ports(cls, servers: str) -> str:
        for server in servers.split(","):
            host, _, port = server.strip().rpartition(":")
            if not host or not port.isdecimal():
                raise ValueError("SUYUAN_KAFKA_BOOTSTRAP is host:port, several with commas")
        return servers

    @field_validator("exports")
    @classmethod
    def _exports_what_there_is(cls, exports: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        for tenant, types in exports.items():
            if not _IN_A_TOPIC.fullmatch(tenant):
                raise ValueError(f"SUYUAN_KAFKA_EXPORTS: {tenant!r} can't be part of a topic's name")
            for one in types or ("(none)",):
                if not any(fnmatchcase(name, one) for name in EVENT_TYPES):
                    raise ValueError(f"SUYUAN_KAFKA_EXPORTS: {tenant} is to get {one}, no event is called so")
        return exports

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.min_insync > self.replicas:
            raise ValueError("SUYUAN_KAFKA_MIN_INSYNC can't be more than SUYUAN_KAFKA_REPLICAS")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("SUYUAN_KAFKA_TLS_CERTIFICATE and SUYUAN_KAFKA_TLS_KEY go together")
        if (self.tls_ca or self.tls_certificate) and not self.tls:
            raise ValueError("certificates need SUYUAN_KAFKA_TLS=true")
        if self.sasl_mechanism == "OAUTHBEARER":
            if not (self.oauth_token_url and self.oauth_client_id and self.oauth_client_secret):
                raise ValueError("OAUTHBEARER needs SUYUAN_KAFKA_OAUTH_TOKEN_URL, _CLIENT_ID and _CLIENT_SECRET")
        elif self.sasl_mechanism and not (self.sasl_username and self.sasl_password):
            raise ValueError(f"{self.sasl_mechanism} needs SUYUAN_KAFKA_SASL_USERNAME and _PASSWORD")
        return self

    @property
    def protocol(self) -> str:
        """Kafka's own word for the two choices."""
        if self.sasl_mechanism:
            return "SASL_SSL" if self.tls else "SASL_PLAINTEXT"
        return "SSL" if self.tls else "PLAINTEXT"
