"""A company's Kafka: TLS, a password for each service, and rights to its own topic and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from pydantic import ValidationError

from deploy.kafka.local import SOON_READY, LocalKafka
from deploy.kafka.rights import allow
from deploy.kafka.security import Security, Tls
from deploy.kafka.service_rights import rights_of, rights_to_create, rights_to_handle, rights_to_take
from shared.adapters.kafka.connection import client_arguments, producing
from shared.adapters.kafka.export import Export
from shared.adapters.kafka.inbound import Inbound
from shared.adapters.kafka.inbound_settings import InboundSource
from shared.adapters.kafka.log import KafkaLog
from shared.adapters.kafka.places import NoPlaces
from shared.adapters.kafka.rejected import RejectedTopic
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import TopicNames, administration, ensure
from shared.adapters.messages import MessageRule
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import system_clock
from tests.contract.stores import request
from tests.integration.kafka.certificates import Authority
from tests.published import come_to, ended, eventually, published

NAMES = TopicNames("acme.quality")
PASSWORDS = {service: f"of {service}, kept-Secret-7=" for service in SERVICES}
MECHANISMS = {
    "intake": "SCRAM-SHA-512",
    "investigation": "SCRAM-SHA-256",
    "capa": "PLAIN",
    "analytics": "SCRAM-SHA-512",
}


@pytest.fixture(scope="module")
def authority(base: Path) -> Authority:
    return Authority(base)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def company(base: Path, authority: Authority) -> AsyncIterator[LocalKafka]:
    """Topics made by an administrator; each service has its least rights."""
    security = Security(
        tls=Tls(keystore=authority.keystore("broker")),
        mechanisms=("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"),
        users={f"suyuan-{service}": PASSWORDS[service] for service in SERVICES} | {"stranger": "s"},
        super_users=("User:admin",),
    )
    async with LocalKafka(base / "company", security=security, java_options=SOON_READY) as kafka:
        inside = KafkaSettings(bootstrap=kafka.internal_bootstrap, replicas=1, min_insync=1, topic_prefix=NAMES.prefix)
        async with administration(inside) as admin:
            for name in (*map(NAMES.events, SERVICES), NAMES.heads, NAMES.export("t-1")):
                await ensure(admin, inside, name)
        for service in SERVICES:
            await allow(kafka.internal_bootstrap, *rights_of(service, f"User:suyuan-{service}", NAMES, ["t-1"]))
        yield kafka


@pytest.fixture
def as_service(company: LocalKafka, authority: Authority):
    def settings(service: str, **more) -> KafkaSettings:
        told = {
            "bootstrap": company.bootstrap,
            "replicas": 1,
            "min_insync": 1,
            "topic_prefix": NAMES.prefix,
            "tls": True,
            "tls_ca": authority.truststore,
            "sasl_mechanism": MECHANISMS.get(service, "SCRAM-SHA-512"),
            "sasl_username": f"suyuan-{service}",
            "sasl_password": PASSWORDS.get(service),
        }
        return KafkaSettings(**(told | more))

    return settings


async def test_with_its_least_rights_a_service_publishes_its_log_and_another_reads_it(database, as_service):
    async with published(await database(), as_service("intake")) as intake:
        await intake.store.append(request("complaint-1", tenant="t-1", count=5))
        await intake.drained()
        await come_to(intake.read, "t-1", 5)
        capa = KafkaLog("intake", as_service("capa"), NoPlaces())
        intake.run(capa.run())
        await come_to(capa, "t-1", 5)
        assert [event.position for event in await capa.read("t-1", 0, 10)] == [1, 2, 3, 4, 5]
        await capa.close()


async def test_with_its_least_rights_a_service_exports_to_a_tenants_topic(database, as_service):
    async with published(await database(), as_service("intake", exports={"t-1": ("*",)}), running=False) as intake:
        await intake.store.append(request("complaint-1", tenant="t-1", count=5))
        export = Export(intake.pool, intake.log, intake.settings)
        intake.run(export.run())

        async def exported() -> bool:
            return (await export.lag()).events == 0

        await eventually(exported)


async def test_with_its_least_rights_a_service_takes_messages_and_rejects_them(company, as_service):
    """Who sends may write to the one topic; who handles what was rejected sees that and may send it again."""
    inside = KafkaSettings(bootstrap=company.internal_bootstrap, replicas=1, min_insync=1, topic_prefix=NAMES.prefix)
    source = InboundSource(
        topic=NAMES.inbound_complaints, kind="complaints", tenant="t-1", subject="crm", roles=("service_agent",)
    )
    rule = MessageRule("complaints", "x", "", ("service_agent",), not_reached)

    def taking(settings: KafkaSettings) -> Inbound:
        return Inbound("intake", [rule], [source], settings, secret=b"s" * 32, limit=1000, clock=system_clock)

    await taking(inside).prepare()
    topics = [source.topic]
    await allow(
        company.internal_bootstrap,
        *rights_to_take("intake", "User:suyuan-intake", NAMES, topics),
        *rights_to_handle("User:stranger", NAMES, topics),
    )
    task = asyncio.create_task(taking(as_service("intake")).run())
    desk = RejectedTopic(as_service("stranger", sasl_username="stranger", sasl_password="s"), "li", system_clock)
    try:
        async with producing(inside) as producer:
            await producer.send_and_wait(source.topic, b"garbage")
        for offset in range(2):

            async def is_rejected(offset: int = offset) -> bool:
                return [one.rejection.origin.offset for one in (await desk.open()).values()] == [offset]

            await eventually(is_rejected)
            (one,) = (await desk.open()).values()
            await (desk.retry if offset == 0 else desk.drop)(one, "试一试")
        assert await desk.open() == {}
    finally:
        await ended([task])
    async with producing(as_service("capa")) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(source.topic, b"forged")


async def not_reached(context, message) -> bool:
    raise AssertionError(context, message)


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_writes_its_own_topic_and_nobody_elses(as_service, service):
    producer = AIOKafkaProducer(**client_arguments(as_service(service)), acks="all")
    await producer.start()
    try:
        for other in SERVICES:
            if other != service:
                with pytest.raises(TopicAuthorizationFailedError):
                    await producer.send_and_wait(NAMES.events(other), b"forged", key=b"t-9")
        await producer.send_and_wait(NAMES.events(service), b"own", key=b"t-9")
    finally:
        await producer.stop()


@pytest.mark.parametrize(
    "wrong", [{"sasl_password": "guessed"}, {"sasl_username": "nobody"}, {"tls": False, "tls_ca": None}]
)
async def test_who_is_not_known_gets_no_connection(as_service, wrong):
    producer = AIOKafkaProducer(**client_arguments(as_service("intake", **wrong)) | {"request_timeout_ms": 3000})
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()


async def test_a_broker_of_another_authority_is_not_spoken_to(as_service, base):
    (base / "other").mkdir()
    stranger = Authority(base / "other")
    producer = AIOKafkaProducer(**client_arguments(as_service("intake", tls_ca=stranger.truststore)))
    with pytest.raises(KafkaError):
        await producer.start()
    await producer.stop()


def test_rights_to_create_are_apart_from_those_to_publish():
    assert {right.operation for right in rights_of("intake", "User:x", NAMES)} == {
        "describe",
        "describe_configs",
        "read",
        "write",
    }
    assert [(r.operation, r.name, r.is_prefix) for r in rights_to_create("User:x", NAMES)] == [
        ("create", "acme.quality.", True)
    ]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"bootstrap": "broker"}, "host:port"),
        ({"replicas": 1, "min_insync": 2}, "MIN_INSYNC"),
        ({"tls_ca": "x.pem"}, "TLS=true"),
        ({"tls": True, "tls_key": "x.pem"}, "go together"),
        ({"sasl_mechanism": "PLAIN"}, "_PASSWORD"),
        ({"sasl_mechanism": "OAUTHBEARER"}, "OAUTH_TOKEN_URL"),
        ({"topic_prefix": "a b"}, "topic_prefix"),
        ({"exports": {"a/b": ["*"]}}, "can't be part of a topic's name"),
        ({"exports": {"acme": []}}, "no event is called so"),
        ({"exports": {"acme": ["intake.Complaint"]}}, "acme is to get intake.Complaint, no event is called so"),
    ],
)
def test_settings_that_can_not_be_right_are_refused_and_named(told, said):
    with pytest.raises(ValidationError, match=said):
        KafkaSettings(**({"bootstrap": "broker:9092"} | told))
