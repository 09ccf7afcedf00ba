"""An older database is restored, and what only the topic has is brought in: `python -m deploy topics`."""

from __future__ import annotations

import asyncio
import json

import pytest

from deploy.cli import main
from deploy.moving.tables import contents
from shared.adapters.kafka.history import Gate
from shared.adapters.kafka.relay import Relay
from shared.adapters.kafka.settings import KafkaSettings
from shared.kernel.errors import WritingPaused
from tests.contract.stores import request
from tests.integration.app import RunningApp, running_app
from tests.integration.intake.test_http_complaints import FORM, key
from tests.moving import url_of
from tests.published import Published, ended, eventually, on_topic, published, settings_of
from tests.restoring import HOW_TO_REACH, backup, owner_of, rows


async def test_an_older_database_is_not_written_to_until_the_tail_is_brought_in(restoring, typed):
    async with published(restoring.old, restoring.settings, running=False) as service:
        running = service.run(service.relay.run())
        await eventually(lambda: closed(service))
        with pytest.raises(WritingPaused):
            await service.store.append(request("complaint-9", tenant="t-0"))
        code, said, _ = await typed("import-tail")
        assert code == 0
        assert {(one["tenant"], one["first"], one["last"]) for one in said} == {
            ("t-0", 3, 6),
            ("t-1", 3, 6),
            ("t-2", 3, 6),
        }
        await eventually(lambda: opened(service))
        assert await rows(restoring.old, "event") == await rows(restoring.now, "event")
        assert await rows(restoring.old, "head") == await rows(restoring.now, "head")
        appended = await service.store.append(request("complaint-9", tenant="t-0"))
        assert appended.position == 7
        await service.drained()
        await ended([running])
    records = [record async for record in on_topic(restoring.settings, service.relay.topic)]
    assert len(records) == 19


async def closed(service: Published) -> bool:
    return service.gate.why is not None and "import-tail" in str(service.gate.why)


async def opened(service: Published) -> bool:
    return service.gate.why is None


async def test_where_nothing_is_lacking_nothing_is_brought_in(restoring, typed, monkeypatch):
    monkeypatch.setenv("SUYUAN_MIGRATION_URL", url_of(restoring.now.owner))
    before = await rows(restoring.now, "event")
    assert await typed("import-tail") == (0, [{"service": "intake", "imported": 0}], "")
    assert await rows(restoring.now, "event") == before


@pytest.mark.usefixtures("restoring")
async def test_show_says_of_each_tenant_how_far_both_are(typed):
    code, (topic, *tenants), _ = await typed("show")
    assert (code, topic["partitions"], topic["settings"]["retention.ms"]) == (0, 12, "-1")
    assert tenants == [
        {"service": "intake", "tenant": f"t-{n}", "table": 2, "topic": 6, "state": "ahead"} for n in range(3)
    ]
    await typed("import-tail")
    _, (_, *tenants), _ = await typed("show")
    assert [(one["table"], one["topic"], one["state"]) for one in tenants] == [(6, 6, "in step")] * 3


async def test_a_forked_history_is_refused_and_nothing_is_changed(restoring, typed):
    async with published(restoring.old, restoring.settings, running=False) as service:
        await service.store.append(request("complaint-9", tenant="t-0"))
    before = await rows(restoring.old, "event")
    code, (said,), err = await typed("import-tail")
    assert (code, said["state"]) == (41, "HistoryForked")
    assert "position 3 of t-0" in err
    assert await rows(restoring.old, "event") == before
    assert (await typed("show"))[0] == 41


async def test_a_log_that_lost_what_was_compared_before_is_brought_in_from_the_beginning(restoring, typed):
    owner = await owner_of(restoring.old)
    await owner.execute("alter table log.event disable trigger all")
    await owner.execute("delete from log.event where tenant = 't-1'")
    await owner.execute("delete from log.head where tenant = 't-1'")
    await owner.execute("alter table log.event enable trigger all")
    await owner.close()
    code, said, _ = await typed("import-tail")
    assert code == 0, said  # from the beginning again: the topic has all of it
    assert await rows(restoring.old, "event") == await rows(restoring.now, "event")


async def test_an_import_that_is_killed_in_the_middle_has_changed_nothing(restoring, typed):
    owner = await owner_of(restoring.old)
    before = await contents(owner, "intake")
    await owner.execute(
        "create function log.stop() returns trigger language plpgsql as $$begin "
        "perform pg_terminate_backend(pg_backend_pid()); return new; end$$"
    )
    await owner.execute(
        "create trigger stop before insert on log.event for each row when (new.tenant = 't-2') "
        "execute function log.stop()"
    )
    await owner.close()
    code, _, err = await typed("import-tail")
    assert (code, "Traceback" in err) == (26, False)
    owner = await owner_of(restoring.old)
    await owner.execute("drop trigger stop on log.event")
    assert await contents(owner, "intake") == before
    await owner.close()
    assert (await typed("import-tail"))[0] == 0
    assert await rows(restoring.old, "event") == await rows(restoring.now, "event")


async def test_a_topic_that_was_lost_is_published_anew(restoring, typed, monkeypatch):
    monkeypatch.setenv("SUYUAN_KAFKA_TOPIC_PREFIX", other := f"{restoring.settings.topic_prefix}x")
    monkeypatch.setenv("SUYUAN_MIGRATION_URL", url_of(restoring.now.owner))
    code, said, _ = await typed("republish")
    assert (code, said) == (0, [{"service": "intake", "to_publish": 18}])
    settings = restoring.settings.model_copy(update={"topic_prefix": other})
    async with published(restoring.now, settings) as service:
        await service.drained()
        assert len(await service.records()) == 18
    assert (await typed("republish"))[1] == [{"service": "intake", "to_publish": 0}]
    monkeypatch.setenv("SUYUAN_MIGRATION_URL", url_of(restoring.old.owner))
    code, (said,), _ = await typed("republish")
    assert (code, said["state"]) == (41, "TopicAhead")


async def test_topics_are_made_as_the_service_would(restoring, typed, monkeypatch):
    monkeypatch.setenv("SUYUAN_KAFKA_TOPIC_PREFIX", f"{restoring.settings.topic_prefix}y")
    code, said, _ = await typed("create")
    assert (code, [(one["partitions"], one["made"]) for one in said]) == (0, [(12, True), (12, True)])
    assert [one["made"] for one in (await typed("create"))[1]] == [False, False]


async def test_whose_database_it_is_must_be_said(restoring, capsys):
    assert await asyncio.to_thread(main, ["topics", "show"]) == 2
    assert "--service" in capsys.readouterr().err
    assert restoring.old.name


# the same with a service's real events: what an append kept beside them comes back, too


async def published_by(app: RunningApp, settings: KafkaSettings) -> None:
    resources = app.runtimes["intake"].resources
    relay = Relay(resources.pool, resources.log, settings, Gate())
    running = asyncio.create_task(relay.run())

    async def is_drained() -> bool:
        return (await relay.lag()).events == 0

    await eventually(is_drained)
    await ended([running])


async def test_numbers_references_erasures_and_reactions_come_back_with_the_events(
    postgres, kafka, database, tmp_path, monkeypatch, typed
):
    """What was taken stays taken, who was erased stays erased, what had its effect has no second one."""
    settings = settings_of(kafka)
    for name in HOW_TO_REACH:
        monkeypatch.setenv(f"SUYUAN_KAFKA_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setattr("deploy.commands.owned.configure", lambda _: None)
    old = await database()
    async with running_app(postgres, tmp_path, ("intake",)) as app:
        agent, officer = app.client("service_agent"), app.client("privacy_officer")
        first = (await agent.post("/api/v1/complaints", json=FORM, headers=key())).json()
        await published_by(app, settings)
        await backup(app.databases["intake"], old)
        later = FORM | {"channel": "email", "source_reference": "<7@crm>", "customer": {"name": "李四"}}
        second = (await agent.post("/api/v1/complaints", json=later, headers=key())).json()
        subject = first["subject_id"]
        await officer.post(f"/api/v1/data-subjects/{subject}/erase", json={"reason": "客户要求"}, headers=key())
        await published_by(app, settings)
        now = {table: await rows(app.databases["intake"], table) for table in ("event", "head", "claim")}
    monkeypatch.setenv("SUYUAN_MIGRATION_URL", url_of(old.owner))
    code, said, err = await typed("import-tail")
    assert code == 0, (said, err)
    for table in ("event", "head"):
        assert await rows(old, table) == now[table]
    assert {*now["claim"]} <= {*await rows(old, "claim")}
    assert [row[2] for row in await rows(old, "subject_key") if str(row[1]) == subject] == [None]
    async with running_app(postgres, tmp_path, ("intake",), databases={"intake": old}) as app:
        agent, auditor = app.client("service_agent"), app.client("auditor")
        again = (await agent.post("/api/v1/complaints", json=later, headers=key())).json()
        assert (again["id"], again["complaint_no"]) == (second["id"], second["complaint_no"])
        seen = {"Suyuan-After": f"intake:{now['head'][0][1]}"}
        listed = (await agent.get("/api/v1/complaints", headers=seen)).json()["items"]
        assert {one["complaint_no"] for one in listed} == {first["complaint_no"], second["complaint_no"]}
        third = (await agent.post("/api/v1/complaints", json=FORM, headers=key())).json()
        assert third["complaint_no"] > second["complaint_no"]
        shown = (await agent.get(f"/api/v1/complaints/{first['id']}")).json()
        assert "王小明" not in json.dumps(shown, ensure_ascii=False)
        verdict = (await auditor.get("/api/v1/intake/audit/verify")).json()
        assert verdict["bad_position"] is None, verdict
