"""`python -m deploy rejected`: what couldn't be taken is listed, shown, sent again or dropped, with a reason kept."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest
import pytest_asyncio

from deploy.cli import main
from shared.adapters.kafka.rejected import RejectedTopic
from shared.kernel.clock import system_clock
from tests.inbound import binary, form, receiving
from tests.integration.app import running_app
from tests.published import eventually


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def intake(postgres, tmp_path_factory):
    async with running_app(postgres, tmp_path_factory.mktemp("intake"), ("intake",)) as app:
        yield app


@pytest_asyncio.fixture(loop_scope="session")
async def service(intake, kafka, monkeypatch):
    async with receiving(intake, kafka) as one:
        told = one.settings
        for name in ("bootstrap", "topic_prefix", "replicas", "min_insync"):
            monkeypatch.setenv(f"SUYUAN_KAFKA_{name.upper()}", str(getattr(told, name)))
        monkeypatch.setenv("COLUMNS", "240")
        monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
        yield one


@pytest.fixture
def typed(capsys):
    async def run(*words: str) -> tuple[int, str, str]:
        code = await asyncio.to_thread(main, ["rejected", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


async def rejected(service, count=1):
    for number in range(count):
        await service.send(*binary(form(customer={"name": ""}), id=f"m-{number}"))
    service.start()
    return await service.rejections(count)


async def test_nothing_rejected_is_said_also_where_there_is_no_topic_yet(service, typed, monkeypatch):
    assert await typed() == (0, "nothing is open\n", "")
    monkeypatch.setenv("SUYUAN_KAFKA_TOPIC_PREFIX", "nobody")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert await typed("list") == (0, "没有待处理的拒收消息\n", "")
    assert service.source.topic


async def test_what_is_open_is_listed_in_the_readers_language_without_the_message(service, typed, monkeypatch):
    (one,) = await rejected(service)
    code, english, _ = await typed("list")
    assert (code, str(one.id) in english, "/customer/name" in english) == (0, True, True)
    assert "华东医药" not in english
    assert "must have at least 1 character" in english
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    _, chinese, _ = await typed("list")
    assert "至少 1 个字符" in chinese
    assert (await typed("list", "--tenant", "another"))[1] == "没有待处理的拒收消息\n"


async def test_one_is_shown_whole_by_the_beginning_of_its_id(service, typed):
    (one,) = await rejected(service)
    _, shown, _ = await typed("show", str(one.id)[:8])
    assert "body /customer/name: must have at least 1 character(s)" in shown
    assert "ce_id: m-0" in shown
    assert one.value.decode() in shown
    _, line, _ = await typed("show", str(one.id), "--json")
    told = json.loads(line)
    assert base64.b64decode(told["value_base64"]) == one.value
    assert told["problem"]["en"]["errors"][0]["field"] == "/customer/name"


async def test_dropped_it_is_gone_from_the_list_and_the_reason_stays(service, typed):
    one, other = await rejected(service, 2)
    assert (await typed("drop", str(one.id)))[0] == 2
    code, said, _ = await typed("drop", str(one.id), "--reason", "测试数据", "--by", "li")
    assert (code, said) == (0, f"✓ {one.id} 已放弃 dropped\n")
    _, listed, _ = await typed("list", "--json")
    assert [json.loads(line)["id"] for line in listed.splitlines()] == [str(other.id)]
    _, everything, _ = await typed("list", "--json", "--all")
    handled = json.loads(everything.splitlines()[-1])
    assert (handled["what"], handled["by"], handled["reason"]) == ("dropped", "li", "测试数据")
    again = await typed("drop", str(one.id), "--reason", "x")
    assert (again[0], str(one.id) in again[2]) == (4, True)


async def test_all_are_sent_again_with_their_own_ids(service, typed):
    await rejected(service, 2)
    code, said, _ = await typed("retry", "all", "--reason", "主数据已补齐", "--json")
    done = [json.loads(line)["what"] for line in said.splitlines() if line.startswith("{")]  # the service logs, too
    assert (code, done) == (0, ["retried", "retried"])

    async def anew() -> bool:
        return sorted(one.rejection.origin.offset for one in await service.rejections(2)) == [2, 3]

    await eventually(anew)
    assert [dict(one.headers)["ce_id"] for one in await service.rejections(2)] == [b"m-0", b"m-1"]


async def test_without_a_broker_one_sentence_and_a_code(service, typed, monkeypatch):
    monkeypatch.setenv("SUYUAN_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    code, _, said = await typed("list")
    assert (code, said.startswith("Kafka at 127.0.0.1:1 does not answer: ")) == (40, True)
    assert RejectedTopic(service.settings, "x", system_clock).topic.endswith(".inbound.rejected.v1")
