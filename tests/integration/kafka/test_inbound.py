"""Other systems speak to us: every message once, or rejected with its reason, and nothing blocks behind it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from deploy.embedded.postgres import SUPERUSER
from shared.adapters import metrics
from shared.adapters.http.edge_errors import RoleMissing
from shared.adapters.kafka.rejection import Handling
from shared.adapters.kafka.taking import came_at
from shared.adapters.kafka.topics import TopicUnfit, administration, configuration
from shared.kernel.clock import system_clock
from shared.kernel.errors import StoreFull
from tests.inbound import FORM, LIMIT, Receiving, binary, form, receiving, structured
from tests.integration.app import RunningApp, running_app
from tests.published import PATIENCE, ended, eventually


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def intake(postgres, tmp_path_factory) -> AsyncIterator[RunningApp]:
    async with running_app(postgres, tmp_path_factory.mktemp("intake"), ("intake",)) as app:
        yield app


@pytest_asyncio.fixture(loop_scope="session")
async def service(intake, kafka) -> AsyncIterator[Receiving]:
    async with receiving(intake, kafka) as one:
        yield one


async def keys_are_forgotten(service: Receiving) -> None:
    owner = await asyncpg.connect(**service.app.databases["intake"].owner)
    await owner.execute("update log.command set at = at - interval '8 days'")
    assert await owner.fetchval("select log.prune_commands(interval '7 days', 1000)") > 0
    await owner.close()


async def problem_of(service: Receiving, headers, value, **more) -> dict:
    """Of the one message that was sent; one behind it is taken all the same."""
    kept = await service.send(headers, value, **more)
    await service.send(*binary(form()))
    service.start()
    await service.registered(1)
    (rejected,) = await service.rejections()
    assert (rejected.value, list(rejected.headers)) == (value, [(name, text) for name, text in headers])
    assert (rejected.rejection.origin.topic, rejected.rejection.origin.offset) == (kept.topic, kept.offset)
    return rejected.rejection.problem


async def test_a_message_in_either_mode_is_a_complaint_of_its_topics_tenant_and_subject(service):
    service.start()
    await service.send(*binary(form(order_no="B-1")))
    await service.send(*structured(FORM | {"order_no": "S-1"}))
    found = await service.registered(2)
    assert [(one["order_no"], one["actor"], one["channel"]) for one in found] == [
        ("B-1", "crm", "email"),
        ("S-1", "crm", "email"),
    ]


async def test_deadlines_begin_when_the_message_came_though_we_were_away(service):
    came = system_clock().replace(microsecond=0) - timedelta(days=2)
    await service.send(*binary(form()), timestamp_ms=int(came.timestamp() * 1000))
    service.start()
    (one,) = await service.registered(1)
    assert datetime.fromisoformat(one["received_at"]) == came


async def test_a_repeat_changes_nothing_in_whichever_mode_it_comes(service):
    service.start()
    for headers, value in (binary(form(), id="1"), structured(FORM, id="1"), binary(form(), id="1")):
        last = await service.send(headers, value)
    await service.dealt_with(last)
    assert len(await service.complaints()) == 1
    assert await service.desk().open() == {}


async def test_a_repeat_changes_nothing_long_after_its_key_was_forgotten(service):
    service.start()
    await service.send(*binary(form(), id="1"))
    await service.registered(1)
    await keys_are_forgotten(service)
    await service.dealt_with(await service.send(*binary(form(), id="1")))
    assert len(await service.complaints()) == 1
    await keys_are_forgotten(service)
    await service.send(*binary(form(description="另一件事"), id="1"))
    (rejected,) = await service.rejections()
    assert "description" in rejected.rejection.problem["detail"]


async def test_the_same_source_and_id_with_other_content_is_rejected(service):
    service.start()
    await service.send(*binary(form(), id="1"))
    await service.send(*binary(form(description="另一件事"), id="1"))
    await service.send(*binary(form(), id="1", source="/another"))
    (rejected,) = await service.rejections()
    assert rejected.rejection.problem["type"] == "urn:suyuan:problem:message-reused"
    assert len(await service.registered(2)) == 2


async def test_a_wrong_field_is_named_in_both_languages_as_over_http(service):
    wrong = form(items=[{"product": "API-20", "quantity_affected": "-3"}], customer={"name": ""})
    problem = await problem_of(service, *binary(wrong))
    agent = service.app.client("service_agent")
    told = (
        await agent.post(
            "/api/v1/complaints", content=wrong, headers={"Idempotency-Key": "1", "Content-Type": "application/json"}
        )
    ).json()
    assert problem["type"] == "urn:suyuan:problem:invalid-request"
    assert problem["en"]["errors"] == told["errors"]
    named = {one["field"]: one["detail"] for one in problem["errors"]}
    assert (named["/customer/name"], named["/items/0/quantity_affected"]) == ("至少 1 个字符", "必须大于 0")


async def test_what_a_rule_refuses_is_rejected_with_its_field(service):
    problem = await problem_of(service, *structured(FORM | {"occurred_at": "2999-01-01T00:00:00Z"}))
    assert [one["field"] for one in problem["errors"]] == ["/occurred_at"]


async def test_no_message_claims_another_tenant(service):
    problem = await problem_of(service, *binary(form(), tenant="t2"))
    assert (problem["type"], problem["status"]) == ("urn:suyuan:problem:other-tenant", 403)
    assert await service.complaints("t2") == []
    await service.send(*binary(form(), tenant=service.source.tenant))
    assert len(await service.registered(2)) == 2


@pytest.mark.parametrize(
    ("headers", "value", "named"),
    [
        ([], b"\xff\x00 garbage", {"specversion", "id", "source", "type"}),
        (binary(b"", type="suyuan.complaint.v9")[0], form(), {"type"}),
        (binary(b"", specversion="0.3", time="yesterday")[0], form(), {"specversion", "time"}),
        (binary(b"")[0], b"\xff{", {""}),
        (binary(b"")[0], b'{"channel": "email", "channel": "phone"}', {"/channel"}),
        (binary(b"")[0], b"", {""}),
        (structured(FORM, id="")[0], structured(FORM, id="")[1], {"id"}),
    ],
    ids=["garbage", "another type", "attributes", "not utf-8", "a key twice", "no data", "no id"],
)
async def test_what_is_no_message_of_ours_is_rejected_naming_every_place(service, headers, value, named):
    problem = await problem_of(service, headers, value)
    assert {one["field"] for one in problem["errors"]} == named


async def test_a_batch_and_a_foreign_format_are_rejected(service):
    problem = await problem_of(service, [("content-type", b"application/cloudevents-batch+json")], b"[]")
    assert (problem["type"], problem["status"]) == ("urn:suyuan:problem:unsupported-media-type", 415)


async def test_too_large_a_message_is_rejected_whole(service):
    problem = await problem_of(service, *binary(b"x" * 1_900_000))
    assert (problem["status"], problem["facts"]["limit"] if "facts" in problem else LIMIT) == (413, LIMIT)


async def test_a_defect_of_ours_rejects_one_message(service):
    async def take(context, message) -> bool:
        if message.event.id == "1":
            raise ZeroDivisionError
        return await service.rule.take(context, message)

    service.start(service.inbound(replace(service.rule, take=take)))
    await service.send(*binary(form(), id="1"))
    await service.send(*binary(form(), id="2"))
    await service.registered(1)
    (rejected,) = await service.rejections()
    said = rejected.rejection.problem
    assert (said["type"], said["status"]) == ("urn:suyuan:problem:defect", 500)
    assert said["correlation_id"] == str(rejected.id)


async def test_a_store_that_is_away_is_waited_for_in_order(service, monkeypatch):
    store = service.runtime.resources.store
    real, away = store.append, asyncio.Event()

    async def full(request):
        if not away.is_set():
            raise StoreFull
        return await real(request)

    monkeypatch.setattr(store, "append", full)
    inbound = service.inbound()
    task = service.start(inbound)
    for number in range(5):
        last = await service.send(*binary(form(order_no=str(number))))

    async def it_says_so() -> bool:
        return "messages wait" in await inbound.health()

    await eventually(it_says_so)
    assert (await service.complaints(), await service.desk().open()) == ([], {})
    await ended([task])  # what waits was not ticked off
    inbound = service.inbound()
    service.start(inbound)
    await eventually(it_says_so)
    away.set()
    await service.dealt_with(last)
    assert [one["order_no"] for one in await service.complaints()] == ["0", "1", "2", "3", "4"]
    assert (await inbound.health(), await service.desk().open()) == ("ok", {})


async def test_a_database_that_is_away_is_waited_for_and_nothing_is_rejected(service, postgres):
    service.start()
    await service.send(*binary(form(order_no="0")))
    await service.registered(1)
    name = service.app.databases["intake"].name
    server = await asyncpg.connect(**postgres.dsn("postgres", SUPERUSER))
    try:
        await server.execute(f"alter database {name} connection limit 0")
        await server.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
        last = await service.send(*binary(form(order_no="1")))
        await asyncio.sleep(1.5)
        assert await service.desk().open() == {}
    finally:
        await server.execute(f"alter database {name} connection limit -1")
        await server.close()
    await service.dealt_with(last)
    assert [one["order_no"] for one in await service.complaints()] == ["0", "1"]
    assert await service.desk().open() == {}


async def test_a_broker_that_is_killed_loses_and_doubles_nothing(intake, own_kafka):
    async with receiving(intake, own_kafka) as service:
        service.start()
        await service.send(*binary(form(order_no="0"), id="0"))
        await service.registered(1)
        await own_kafka.kill()
        sending = asyncio.create_task(service.send(*binary(form(order_no="1"), id="1")))
        await own_kafka.start_node(1)
        await sending
        await service.send([], b"garbage")
        await service.dealt_with(await service.send(*binary(form(order_no="0"), id="0")))
        assert [one["order_no"] for one in await service.complaints()] == ["0", "1"]
        assert len(await service.desk().open()) == 1


async def test_killed_between_append_and_commit_nothing_is_done_twice(service):
    """Another replica, killed -9 there: what it appended or rejected comes again, and its key absorbs it."""
    await service.send(*binary(form(order_no="1")))
    await service.send([], b"garbage")
    replica = await service.replica("after-message-before-offset:1")
    try:
        async with asyncio.timeout(60):
            assert await replica.wait() == -signal.SIGKILL
    finally:
        if replica.returncode is None:
            replica.kill()
            await replica.wait()
    assert (len(await service.complaints()), len(await service.desk().open())) == (1, 1)
    service.start()
    await service.dealt_with(await service.send(*binary(form(order_no="2"))))
    assert [one["order_no"] for one in await service.complaints()] == ["1", "2"]
    assert len(await service.desk().open()) == 1


async def test_replicas_share_the_partitions_and_come_and_go(service):
    tasks = [service.start() for _ in range(2)]
    for number in range(30):
        last = await service.producer.send_and_wait(
            service.source.topic,
            binary(b"")[0] and form(order_no=str(number)),
            headers=binary(b"")[0],
            partition=number % 2,
        )
        if number == 15:
            await ended([tasks[0]])
            service.start()
    await service.dealt_with(last)
    found = await service.registered(30)
    assert sorted(int(one["order_no"]) for one in found) == list(range(30))


async def test_who_loses_a_partition_in_the_middle_of_a_batch_stays_in_the_group(service):
    """Whoever left for that would cost the others their partitions, who would leave for it in their turn."""
    begun, may_go_on = asyncio.Semaphore(0), asyncio.Event()

    async def slowly(context, message) -> bool:
        begun.release()
        await may_go_on.wait()
        return await service.rule.take(context, message)

    slow, joined = service.inbound(replace(service.rule, take=slowly)), []
    prepare = slow.prepare

    async def counted() -> None:
        joined.append(slow)
        await prepare()

    slow.prepare = counted
    headers = [binary(b"", id=str(number))[0] for number in range(4)]
    for number in range(2):
        await service.producer.send_and_wait(service.source.topic, form(), headers=headers[number], partition=number)
    service.start(slow)
    async with asyncio.timeout(PATIENCE):
        for _ in range(2):
            await begun.acquire()
    service.start()
    assert len(await service.registered(1)) == 1  # what the other has now, though it isn't done with
    may_go_on.set()
    for number in range(2):
        kept = await service.producer.send_and_wait(
            service.source.topic, form(), headers=headers[2 + number], partition=number
        )
        await service.dealt_with(kept)
    assert len(await service.complaints()) == 4
    assert joined == [slow]


async def test_what_came_of_the_messages_is_counted(service):
    def counted() -> dict[str, float]:
        return {
            outcome: metrics.INBOUND.labels("complaints", outcome)._value.get()
            for outcome in ("accepted", "repeated", "rejected")
        }

    before = counted()
    service.start()
    for headers, value in (binary(form(), id="1"), binary(form(), id="1"), ([], b"garbage")):
        last = await service.send(headers, value)
    await service.dealt_with(last)
    assert {name: value - before[name] for name, value in counted().items()} == dict.fromkeys(before, 1)


async def test_a_topic_whose_settings_lack_the_role_is_refused_at_the_start(service):
    with pytest.raises(RoleMissing):
        service.inbound(roles=("auditor",))


async def test_topics_that_name_persons_in_the_clear_are_not_kept_for_ever(service):
    async with administration(service.settings) as admin:
        inbound = await configuration(admin, service.source.topic)
        rejected = await configuration(admin, service.inbound().rejected)
    days = 24 * 3600 * 1000
    assert (inbound["cleanup.policy"], int(inbound["retention.ms"])) == ("delete", 30 * days)
    assert (rejected["cleanup.policy"], int(rejected["max.compaction.lag.ms"])) == ("compact", 7 * days)


async def test_a_topic_that_would_lose_messages_is_not_read(service):
    """Compaction loses all but the newest of a key; a rejected topic with less room would block behind a large one."""
    async with administration(service.settings) as admin:
        narrow = {"max.message.bytes": "1100000", "cleanup.policy": "compact"}
        rejected = service.inbound().rejected
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, rejected, configs=narrow)])
        assert (await configuration(admin, rejected))["max.message.bytes"] == "1100000"
    with pytest.raises(TopicUnfit) as refused:
        await service.inbound().prepare()
    assert refused.value.setting == "max.message.bytes"


async def test_a_retried_message_is_taken_once_what_was_wrong_is_mended(service):
    first = service.start()
    await service.send(*binary(form(), id="1", type="suyuan.complaint.v2"), key=b"k")
    (rejected,) = await service.rejections()
    await ended([first])
    service.start(service.inbound(replace(service.rule, type="suyuan.complaint.v2")))
    await service.desk("li").retry(rejected, "新版本已上线")
    (one,) = await service.registered(1)
    came = came_at(rejected.rejection.origin.timestamp, system_clock())
    assert datetime.fromisoformat(one["received_at"]) == came
    await service.desk("li").retry(rejected, "再来一次")
    await service.dealt_with(await service.send(*binary(form(), type="suyuan.complaint.v2")))
    assert (len(await service.complaints()), await service.desk().open()) == (2, {})


async def test_what_was_rejected_stays_open_until_somebody_says_why_not(service):
    await service.send([], b"garbage")
    await service.send([("suyuanrejection", b"{}"), ("suyuanhandling", b"{}")], None, key=b"k")
    service.start()
    one, other = await service.rejections(2)
    assert (one.value, other.value) == (b"garbage", None)
    await service.desk("li").drop(one, "供应商的测试消息")
    assert list(await service.desk().open()) == [other.id]
    handled = [each for each in await service.desk().records() if isinstance(each, Handling)]
    assert [(each.origin, each.what, each.by, each.reason) for each in handled] == [
        (one.rejection.origin, "dropped", "li", "供应商的测试消息")
    ]


async def test_retried_and_still_wrong_it_is_open_again(service):
    service.start()
    await service.send([], b"garbage")
    (one,) = await service.rejections()
    await service.desk().retry(one, "再试")

    async def anew() -> bool:
        return one.id not in (found := await service.desk().open()) and len(found) == 1

    await eventually(anew)
    (again,) = await service.rejections()
    assert (again.value, again.rejection.origin.offset) == (b"garbage", 1)
