"""What a company's Kafka asks of its clients, asked by the local one: TLS, SASL and rights."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import ClusterAuthorizationFailedError, KafkaConnectionError, TopicAuthorizationFailedError
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from deploy.kafka.local import SOON_READY, LocalKafka
from deploy.kafka.rights import Right, allow
from deploy.kafka.security import Security, Tls, Tokens
from tests.integration.kafka.certificates import Authority
from tests.integration.kafka.records import make_topic, read, send

PASSWORD = '密 "a\\b", kept-Secret-7='  # noqa: S105 - of no account
AUDIENCE, ISSUER = "suyuan-kafka", "https://issuer.example"


@pytest.fixture(scope="module")
def authority(base) -> Authority:
    return Authority(base)


@pytest.fixture(scope="module")
def signing() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "k1"})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def secured(base: Path, authority: Authority, signing: ECKey) -> AsyncIterator[LocalKafka]:
    """Every mechanism over TLS, and the authorizer: "admin" may do everything."""
    jwks = base / "密钥 jwks.json"
    jwks.write_text(json.dumps(KeySet([signing]).as_dict(private=False)))
    security = Security(
        tls=Tls(keystore=authority.keystore("broker")),
        mechanisms=("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"),
        users={"admin": PASSWORD, "stranger": "s", "intake": "intake", "capa": "capa"},
        tokens=Tokens(jwks=jwks, audience=AUDIENCE, issuer=ISSUER),
        super_users=("User:admin",),
    )
    async with LocalKafka(base / "secured", security=security, java_options=SOON_READY) as kafka:
        for topic in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"):
            await make_topic(kafka.internal_bootstrap, topic)
        yield kafka


@pytest.fixture
def login(authority):
    def words(mechanism: str, user: str, password: str) -> dict[str, object]:
        return {
            "security_protocol": "SASL_SSL",
            "ssl_context": authority.client(),
            "sasl_mechanism": mechanism,
            "sasl_plain_username": user,
            "sasl_plain_password": password,
        }

    return words


class Bearer(AbstractTokenProvider):
    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        return self._token


@pytest.fixture
def bearer(authority):
    def words(token: str) -> dict[str, object]:
        return {
            "security_protocol": "SASL_SSL",
            "ssl_context": authority.client(),
            "sasl_mechanism": "OAUTHBEARER",
            "sasl_oauth_token_provider": Bearer(token),
        }

    return words


def token(key: ECKey, subject: str, *, audience: str = AUDIENCE) -> str:
    now = int(time.time())
    claims = {"sub": subject, "aud": audience, "iss": ISSUER, "iat": now, "exp": now + 300}
    return jwt.encode({"alg": "ES256", "kid": "k1"}, claims, key)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_a_user_is_let_in_over_tls_and_a_wrong_password_refused(secured, login, mechanism):
    await send(secured.bootstrap, mechanism, b"1", **login(mechanism, "admin", PASSWORD))
    assert await read(secured.bootstrap, mechanism, **login(mechanism, "admin", PASSWORD)) == [b"1"]
    for user, password in (("admin", PASSWORD + "x"), ("nobody", PASSWORD)):
        with pytest.raises(KafkaConnectionError):
            await send(secured.bootstrap, mechanism, b"2", **login(mechanism, user, password))
    with pytest.raises(KafkaConnectionError):  # in the clear
        await send(
            secured.bootstrap,
            mechanism,
            b"3",
            **login(mechanism, "admin", PASSWORD) | {"security_protocol": "SASL_PLAINTEXT"},
        )
    assert await read(secured.bootstrap, mechanism, **login(mechanism, "admin", PASSWORD)) == [b"1"]


async def test_a_token_is_checked_against_the_keys_of_a_file(secured, bearer, signing):
    await send(secured.bootstrap, "OAUTHBEARER", b"1", **bearer(token(signing, "admin")))
    forged = token(ECKey.generate_key("P-256", {"kid": "k1"}), "admin")
    for refused in (forged, token(signing, "admin", audience="another")):
        with pytest.raises(TimeoutError):  # aiokafka 0.14 overhears a refused token and tries for ever
            await asyncio.wait_for(send(secured.bootstrap, "OAUTHBEARER", b"2", **bearer(refused)), 1.5)
    assert await read(secured.internal_bootstrap, "OAUTHBEARER") == [b"1"]


async def test_who_has_no_right_may_neither_write_nor_read(secured, login, bearer, signing):
    for words in (login("SCRAM-SHA-512", "stranger", "s"), bearer(token(signing, "stranger"))):
        with pytest.raises(ClusterAuthorizationFailedError):  # an idempotent producer may not even begin
            await send(secured.bootstrap, "PLAIN", b"2", **words)
        with pytest.raises(TopicAuthorizationFailedError):
            await send(secured.bootstrap, "PLAIN", b"2", enable_idempotence=False, **words)
        with pytest.raises(TopicAuthorizationFailedError):
            await _first(AIOKafkaConsumer("PLAIN", bootstrap_servers=secured.bootstrap, **words))


async def _first(consumer: AIOKafkaConsumer) -> object:
    try:
        await consumer.start()
        return await asyncio.wait_for(consumer.getone(), 10)
    finally:
        await consumer.stop()


async def test_each_service_writes_its_own_topics_only_and_who_may_read_reads(secured, login):
    for topic in ("suyuan.intake.v1", "suyuan.capa.v1"):
        await make_topic(secured.internal_bootstrap, topic)
    await allow(
        secured.internal_bootstrap,
        Right("User:intake", "write", "topic", "suyuan.intake.", is_prefix=True),
        Right("User:capa", "read", "topic", "suyuan.intake.v1"),
    )
    intake, capa = (login("SCRAM-SHA-256", name, name) for name in ("intake", "capa"))
    assert await send(secured.bootstrap, "suyuan.intake.v1", b"1", **intake) == [0]
    with pytest.raises(TopicAuthorizationFailedError):
        await send(secured.bootstrap, "suyuan.capa.v1", b"1", **intake)
    assert await read(secured.bootstrap, "suyuan.intake.v1", **capa) == [b"1"]
    with pytest.raises(TopicAuthorizationFailedError):
        await send(secured.bootstrap, "suyuan.intake.v1", b"2", enable_idempotence=False, **capa)


@pytest.mark.usefixtures("secured")
async def test_only_the_settings_of_plain_hold_a_password_and_only_we_read_them(base):
    files = [file for file in (base / "secured").rglob("*") if file.is_file()]
    assert "meta.properties" in {file.name for file in files}
    assert (base / "secured").stat().st_mode & 0o077 == 0
    holding = {file.name for file in files if "kept-Secret-7" in file.read_text(errors="replace")}
    assert holding == {"server.properties"}


async def test_a_client_without_a_certificate_is_refused_and_one_with_it_is_known_by_its_name(base, authority):
    security = Security(
        tls=Tls(keystore=authority.keystore("broker"), truststore=authority.truststore, client_certificate="required"),
        super_users=("User:suyuan-intake",),
    )
    assert security.protocol == "SSL"
    async with LocalKafka(base / "certificates", security=security, java_options=SOON_READY) as kafka:
        await make_topic(kafka.internal_bootstrap, "said")
        known, another, none = (
            {"security_protocol": "SSL", "ssl_context": authority.client(name)}
            for name in ("suyuan-intake", "suyuan-capa", None)
        )
        assert await send(kafka.bootstrap, "said", b"1", **known) == [0]
        with pytest.raises(TopicAuthorizationFailedError):
            await send(kafka.bootstrap, "said", b"2", enable_idempotence=False, **another)
        with pytest.raises(KafkaConnectionError):
            await send(kafka.bootstrap, "said", b"3", **none)


async def test_without_keys_an_unsigned_token_is_taken_at_its_word(base):
    async with LocalKafka(
        base / "unsigned", security=Security(mechanisms=("OAUTHBEARER",)), java_options=SOON_READY
    ) as kafka:
        await make_topic(kafka.internal_bootstrap, "said")
        now = int(time.time())
        parts = ({"alg": "none"}, {"sub": "anybody", "iat": now, "exp": now + 300})
        unsigned = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        words = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "OAUTHBEARER"}
        provider = Bearer(f"{unsigned}.")
        assert await send(kafka.bootstrap, "said", b"1", sasl_oauth_token_provider=provider, **words) == [0]


def test_a_name_that_would_break_a_configuration_is_refused():
    with pytest.raises(ValueError, match="a user's name"):
        Security(mechanisms=("PLAIN",), users={'x"; y': "p"})
