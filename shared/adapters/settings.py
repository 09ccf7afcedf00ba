"""Every setting of the edge and of operation, typed and documented once. Environment prefix: SUYUAN_.

A service adds its own fields by inheriting. OpenTelemetry is set by its standard variables (OTEL_TRACES_EXPORTER,
OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME …), not here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self
from zoneinfo import available_timezones

import phonenumbers
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.adapters.failpoints import checked

KIB = 1024
MIB = 1024 * KIB


class Settings(BaseSettings):
    """What all four services share. Field descriptions are the documentation of the variables."""

    model_config = SettingsConfigDict(env_prefix="SUYUAN_", frozen=True, extra="ignore")

    mode: Literal["embedded", "distributed"] = Field(
        "embedded", description="embedded: one process, own Postgres, local issuer. distributed: a container a service."
    )
    data_dir: Path = Field(Path(".suyuan"), description="Folder of embedded mode: database, keys, blobs, heads.")
    web_dir: Path = Field(Path(".cache/web"), description="Files of the interactive page, fetched by `make setup`.")

    plant_zone: str = Field("Asia/Shanghai", description="Time zone of the plant: days and shifts are told in it.")
    phone_region: str = Field("CN", description="Country of phone numbers written without one (ISO 3166-1, alpha-2).")

    issuer: str = Field("suyuan-dev", description="The `iss` that tokens must carry.")
    audience: str = Field("suyuan", description="The `aud` that tokens must carry.")
    jwks_url: str | None = Field(None, description="Where the issuer publishes its keys (http or https).")
    jwks_file: Path | None = Field(None, description="A local JWKS or PEM public key instead of jwks_url.")
    token_leeway_seconds: int = Field(30, ge=0, le=300, description="Clock difference to the issuer that is forgiven.")

    edge_secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="Keys request fingerprints and cursors; the same on every replica, kept over restarts. "
        "Embedded mode makes its own in the data folder.",
    )

    edge_secret_file: Path | None = Field(None, description="A file with it instead, of 32 bytes or more.")

    max_body_bytes: int = Field(MIB, gt=0, description="Largest JSON body; above it 413.")
    max_upload_bytes: int = Field(50 * MIB, gt=0, description="Largest upload; above it 413.")
    body_seconds: float = Field(
        20.0, gt=0, description="Longest a body may take before 408; large ones longer, by 8 KiB/s."
    )
    max_page: int = Field(200, gt=0, le=1000, description="Most items a list answers with.")
    query_seconds: float = Field(5.0, gt=0, description="Longest a question to the read models may run before 503.")
    requests_per_second: float = Field(
        100.0, ge=0, description="Requests a person (or, without a token, an address) may send; above it 429. 0: any."
    )
    request_burst: int = Field(200, gt=0, description="How many of them may come at once.")
    wait_seconds: float = Field(2.0, ge=0, description="Longest a read waits for `Suyuan-After`.")

    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto: console on a terminal, else JSON."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe line written.")
    log_requests: bool = Field(False, description="One line per request; failures (5xx) are always logged.")

    failpoint: str | None = Field(
        None, description="For `python -m deploy chaos` alone: name:count, where the server dies as by kill -9."
    )

    @field_validator("plant_zone")
    @classmethod
    def _zone_is_known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("SUYUAN_PLANT_ZONE is an IANA name such as Asia/Shanghai")
        return name

    @field_validator("phone_region")
    @classmethod
    def _region_is_known(cls, region: str) -> str:
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError("SUYUAN_PHONE_REGION is an ISO 3166-1 code such as CN or DE")
        return region

    @field_validator("failpoint")
    @classmethod
    def _failpoint_is_known(cls, order: str | None) -> str | None:
        if order is not None:
            checked(order)
        return order

    @model_validator(mode="after")
    def _distributed_is_told_its_keys(self) -> Self:
        if self.mode == "distributed":
            if not (self.jwks_url or self.jwks_file):
                raise ValueError("distributed mode needs SUYUAN_JWKS_URL or SUYUAN_JWKS_FILE")
            if self.edge_secret is None and self.edge_secret_file is None:
                raise ValueError("distributed mode needs SUYUAN_EDGE_SECRET or _FILE, the same on every replica")
        if self.jwks_url and not self.jwks_url.startswith(("https://", "http://")):
            raise ValueError("SUYUAN_JWKS_URL must be http(s)")
        return self
