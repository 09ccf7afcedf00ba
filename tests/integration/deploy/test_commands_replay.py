"""`python -m deploy replay`: a case's history for a person, over the services, in both languages."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
import pytest_asyncio

from shared.contracts.capa.capa import CapaOpened, CauseAddressed
from shared.contracts.intake.complaint import ComplaintHandedOver, ComplaintRegistered
from shared.contracts.intake.data_subject import LegalHoldPlaced
from shared.contracts.investigation.investigation import ComplaintJoined, InvestigationOpened
from shared.kernel.ids import new_id
from shared.kernel.ports import Claim
from tests.contract.examples import example

TENANT = "road"
NAME = "欧阳不存在"


@dataclass
class Road:
    """Two complaints of two customers in one investigation, and its CAPA."""

    complaint: UUID
    other: UUID
    investigation: UUID
    capa: UUID


def registered(complaint: UUID, number: str, name: str) -> ComplaintRegistered:
    one = example(ComplaintRegistered)
    return replace(
        one,
        complaint_id=complaint,
        complaint_no=number,
        subject_id=new_id(),
        customer=replace(one.customer, name=name),
        description=f"{name}的描述",
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def road(held) -> Road:
    ids = Road(new_id(), new_id(), new_id(), new_id())
    handed = replace(example(ComplaintHandedOver), investigation_id=ids.investigation)
    joined = replace(example(ComplaintJoined), investigation_id=ids.investigation)
    cause = replace(example(CauseAddressed), capa_id=ids.capa, investigation_id=ids.investigation)
    for complaint, number, name in ((ids.complaint, "C2026-000001", NAME), (ids.other, "C2026-000002", "张三丰")):
        stream, claim = f"complaint-{complaint}", Claim("complaint_no", number)
        await held.append("intake", TENANT, stream, registered(complaint, number, name), number=claim)
        over = replace(handed, complaint_id=complaint, complaint_no=number)
        await held.append("intake", TENANT, stream, over, reason="三批同一缺陷")
    stream = f"investigation-{ids.investigation}"
    opened = replace(example(InvestigationOpened), investigation_id=ids.investigation, from_complaint=ids.complaint)
    for complaint in (ids.complaint, ids.other):
        await held.append("investigation", TENANT, stream, opened, replace(joined, complaint_id=complaint))
    opened_capa = replace(example(CapaOpened), capa_id=ids.capa, investigation_id=ids.investigation)
    await held.append("capa", TENANT, f"capa-{ids.capa}", opened_capa, cause)
    return ids


async def told(held, case: object, *more: str) -> list[dict]:
    done = await held.command("replay", str(case), "--tenant", TENANT, "--json", *more)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def streams(events: list[dict]) -> set[str]:
    return {event["meta"]["stream"] for event in events}


@pytest.mark.usefixtures("road")
async def test_the_history_is_told_in_chinese_and_in_english(held):
    for language, titles in (
        ("zh-CN", ("投诉已登记", "投诉已移交调查", "调查已启动", "原因已纳入 CAPA")),
        ("en", ("Complaint registered", "Complaint handed over", "Investigation opened", "Cause addressed")),
    ):
        done = await held.command("replay", "C2026-000001", "--tenant", TENANT, "--language", language)
        assert done.returncode == 0, done.stderr
        places = [done.stdout.index(title) for title in titles]
        assert places == sorted(places)
        assert "u-42" in done.stdout
        assert "「三批同一缺陷」" in done.stdout
        assert NAME in done.stdout


async def test_a_complaint_is_followed_to_its_investigation_and_capa_but_not_to_another_customers(held, road):
    events = await told(held, road.complaint)
    assert streams(events) == {
        f"complaint-{road.complaint}",
        f"investigation-{road.investigation}",
        f"capa-{road.capa}",
    }
    assert [event["recorded_at"] for event in events] == sorted(event["recorded_at"] for event in events)


async def test_a_capa_is_followed_back_to_every_complaint_that_it_answers(held, road):
    events = await told(held, f"capa-{road.capa}")
    assert {f"complaint-{road.complaint}", f"complaint-{road.other}"} < streams(events)


async def test_one_service_alone_can_be_told(held, road):
    assert {event["service"] for event in await told(held, road.complaint, "--service", "capa")} == {"capa"}


async def test_it_is_told_as_it_was_known_at_a_moment(held, road):
    events = await told(held, road.complaint)
    moment = events[0]["recorded_at"]
    assert await told(held, road.complaint, "--as-of", moment) == events[:1]


async def test_of_an_erased_person_only_that_is_told(held):
    person, one = new_id(), new_id()
    event = replace(registered(one, "C2026-000009", "抹去的人"), subject_id=person)
    await held.append("intake", TENANT, f"complaint-{one}", event)
    assert (await told(held, one))[0]["data"]["customer"]["name"] == "抹去的人"
    destroy = "update log.subject_key set wrapped = null, destroyed_at = now() where owner = $1"
    await held.as_owner("intake", destroy, person)
    done = await held.command("replay", str(one), "--tenant", TENANT, "--language", "zh-CN")
    assert "已删除" in done.stdout
    assert "抹去的人" not in done.stdout
    assert (await told(held, one, "--language", "en"))[0]["data"]["customer"]["name"] == "[erased]"


async def test_what_happened_to_the_customers_data_is_told_with_the_case_and_nobody_elses(held):
    person, other, one, another = new_id(), new_id(), new_id(), new_id()
    for complaint, number, subject in ((one, "C2026-000011", person), (another, "C2026-000012", other)):
        event = replace(registered(complaint, number, NAME), subject_id=subject)
        await held.append("intake", TENANT, f"complaint-{complaint}", event)
    await held.append("intake", TENANT, f"subject-{person}", LegalHoldPlaced(subject_id=person, basis="产品责任诉讼"))
    await held.append("intake", TENANT, f"subject-{other}", LegalHoldPlaced(subject_id=other, basis="another's"))
    events = await told(held, one)
    assert [event["meta"]["type"] for event in events] == ["intake.ComplaintRegistered", "intake.LegalHoldPlaced"]
    assert events[1]["data"]["basis"] == "产品责任诉讼"
    assert await told(held, one, "--as-of", events[0]["recorded_at"]) == events[:1]
    done = await held.command("replay", str(one), "--tenant", TENANT, "--language", "zh-CN")
    assert done.stdout.index("投诉已登记") < done.stdout.index("已设置法律保全")


async def test_no_such_case_is_said_with_exit_code_4_and_a_foreign_tenant_has_none(held, road):
    for tenant, case in ((TENANT, "C2026-999999"), ("elsewhere", "C2026-000001"), ("elsewhere", str(road.complaint))):
        done = await held.command("replay", case, "--tenant", tenant)
        assert done.returncode == 4
        assert f"there is no case {case}" in done.stderr
