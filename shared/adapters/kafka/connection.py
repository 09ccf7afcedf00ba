"""What each of our Kafka clients is made with, and what a broken connection to Kafka looks like."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaError

from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.patience import let_go

BROKEN = (KafkaError, OSError, TimeoutError)
"""No broker, or none that answers as it should: tried again."""
REQUEST_MS = 15_000
BACK_OFF_MS = 200
"""Between two tries of a client: it tries without end, and there are several in a process."""
LARGEST_BATCH = 64 << 20
"""The brokers measure a record as it is packed, our client before: the topic decides what is too large."""
EARLY_SECONDS = 30.0
"""A token is renewed so long before it ends."""


def client_arguments(settings: KafkaSettings) -> dict[str, Any]:
    """For AIOKafkaProducer, AIOKafkaConsumer and AIOKafkaAdminClient alike. Raises OSError, ssl.SSLError."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": [server.strip() for server in settings.bootstrap.split(",")],
        "client_id": settings.client_id,
        "request_timeout_ms": REQUEST_MS,
        "retry_backoff_ms": BACK_OFF_MS,
        "security_protocol": settings.protocol,
    }
    if settings.tls:
        arguments["ssl_context"] = _tls(settings)
    if settings.sasl_mechanism:
        arguments["sasl_mechanism"] = settings.sasl_mechanism
    if settings.sasl_mechanism == "OAUTHBEARER":
        arguments["sasl_oauth_token_provider"] = ClientCredentials(settings)
    elif settings.sasl_mechanism and settings.sasl_password:
        arguments["sasl_plain_username"] = settings.sasl_username
        arguments["sasl_plain_password"] = settings.sasl_password.get_secret_value()
    return arguments


@asynccontextmanager
async def producing(settings: KafkaSettings) -> AsyncIterator[AIOKafkaProducer]:
    """A producer for whom order with other producers is nothing. Idempotent, acks=all, zstd. Raises KafkaError."""
    producer = AIOKafkaProducer(
        **client_arguments(settings),
        enable_idempotence=True,
        acks="all",
        compression_type="zstd",
        max_request_size=LARGEST_BATCH,
    )
    try:
        await producer.start()
        yield producer
    finally:
        await let_go("producer", producer.stop, producer.client.close)


def _tls(settings: KafkaSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if settings.tls_ca is None else str(settings.tls_ca))
    if settings.tls_certificate is not None and settings.tls_key is not None:
        password = settings.tls_key_password
        context.load_cert_chain(
            settings.tls_certificate, settings.tls_key, None if password is None else password.get_secret_value()
        )
    return context


class ClientCredentials(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no published types
    """Tokens for SASL/OAUTHBEARER (RFC 7628) by the client credentials grant (RFC 6749, 4.4), kept while they hold."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._token = ""
        self._until = 0.0

    async def token(self) -> str:
        """Raises httpx.HTTPError where the issuer refuses or is away: the connection fails and is tried again."""
        if time.monotonic() > self._until:
            await self._renew()
        return self._token

    async def _renew(self) -> None:
        told = self._settings
        secret = told.oauth_client_secret.get_secret_value() if told.oauth_client_secret else ""
        asked = {"grant_type": "client_credentials", **({"scope": told.oauth_scope} if told.oauth_scope else {})}
        async with httpx.AsyncClient(timeout=REQUEST_MS / 1000) as client:
            answer = await client.post(
                told.oauth_token_url or "", data=asked, auth=httpx.BasicAuth(told.oauth_client_id or "", secret)
            )
            answer.raise_for_status()
        given = answer.json()
        self._token = given["access_token"]
        self._until = time.monotonic() + max(float(given.get("expires_in", 300)) - EARLY_SECONDS, 0.0)
