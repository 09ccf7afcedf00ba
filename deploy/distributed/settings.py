"""What one service's process is told beside what all are: its database, its secrets, where blobs are."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.adapters.settings import Settings


class ServiceSettings(Settings):
    """Field descriptions are the documentation of the variables. Kafka's are in shared/adapters/kafka/settings.py."""

    model_config = SettingsConfigDict(env_prefix="SUYUAN_", frozen=True, extra="ignore")

    database_url: SecretStr = Field(description="The service's own database as its runtime role: postgresql://…")
    migration_url: SecretStr | None = Field(
        None,
        description="The same as its owner: the schema is brought up to date at the start. None: somebody else does.",
    )
    master_key_file: Path = Field(description="32 bytes that wrap the keys of persons and parties; owner-readable.")
    heads_key_file: Path = Field(description="32 bytes, the Ed25519 key that signs heads; owner-readable only.")
    heads_dir: Path | None = Field(
        None, description="Also keep signed heads in files of this folder; one that is there is published."
    )
    blobs_dir: Path = Field(description="Folder of attachments and reports, shared by all services and replicas.")
    kafka_seconds: float = Field(
        30.0, ge=0, description="How long a start waits for Kafka before it serves reads only."
    )
