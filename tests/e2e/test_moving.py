"""An embedded folder with a life behind it, moved into the distributed system, which goes on as if nothing had been."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from deploy.distributed.service import distributed
from deploy.embedded.child import Child
from deploy.embedded.process import Postmaster
from deploy.settings import embedded_settings
from shared.adapters.heads import HeadFile, decoded
from shared.adapters.http.app import build_app
from shared.adapters.http.issuer import LocalIssuer
from shared.adapters.kafka.audit import records_of
from shared.adapters.kafka.settings import KafkaSettings
from shared.adapters.kafka.topics import TopicNames
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import system_clock
from shared.kernel.ids import new_id
from tests.e2e.populated import TENANT, Populated, populate
from tests.e2e.target import NAMED, UNCOUNTED, at
from tests.e2e.test_embedded import FORM, PICTURE
from tests.moving import Place

pytestmark = pytest.mark.skipif(NAMED is not None, reason="it moves a folder of its own")

OTHER = "t-other"
PATIENCE_SECONDS = 60.0
CREATE, ATTACH = "/api/v1/complaints", "/api/v1/complaints/{complaint_id}/attachments"
SEEN = (
    "/api/v1/complaints/{complaint_id}",
    "/api/v1/investigations/{investigation_id}",
    "/api/v1/capas/{capa_id}",
    "/api/v1/complaints",
    "/api/v1/investigations",
    "/api/v1/capas",
    "/api/v1/actions",
    "/api/v1/trace/lots/{lot}/backward",
)
"""Folds of streams, and lists that the target has built anew."""
PENDING = "select tenant, id, timer, due_at from read.due_times order by 1, 2, 3"
Client = Callable[..., httpx.AsyncClient]


@dataclass
class Life:
    """What the folder's system said before it was stopped. `pending`: its timers."""

    folder: Path
    one: Populated
    erased: str
    heads: dict[str, Any]
    views: dict[str, Any]
    pending: list[tuple[Any, ...]]


async def heads_of(client: Client) -> dict[str, Any]:
    found = {}
    for tenant in (TENANT, OTHER):
        for service in SERVICES:
            head = (await client("auditor", tenant).get(f"/api/v1/{service}/audit/head")).json()
            found[f"{tenant}/{service}"] = (head["position"], head["hash"])
    return found


async def views_of(client: Client, one: Populated, erased: str) -> dict[str, Any]:
    admin, agent = client("admin", TENANT), client("service_agent", OTHER)
    answers = {path: await admin.get(path.format_map(one.ids)) for path in SEEN}
    answers["erased"] = await agent.get(f"/api/v1/complaints/{erased}")
    assert {answer.status_code for answer in answers.values()} == {200}, answers
    return {path: timeless(answer.json()) for path, answer in answers.items()}


def timeless(said: Any) -> Any:
    """Without what is counted from now."""
    if isinstance(said, dict):
        return {name: timeless(value) for name, value in said.items() if name != "remaining_seconds"}
    return [timeless(each) for each in said] if isinstance(said, list) else said


async def pending_of(dsn: Any) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(**dsn)
    try:
        return [tuple(row) for row in await connection.fetch(PENDING)]
    finally:
        await connection.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def life() -> AsyncIterator[Life]:
    """One tenant with a case of every kind; another with a person who was erased, and an attachment."""
    base = Path(tempfile.mkdtemp(prefix="suyuan-test-"))
    base.chmod(0o755)
    server = Child(base / "data", UNCOUNTED)
    try:
        await asyncio.to_thread(server.start)
        yield await lived(server)
    finally:
        server.kill()
        shutil.rmtree(base)


async def lived(server: Child) -> Life:
    """Stopped once in between, so that one log has two signed heads."""
    async with at(server.url, server.folder) as target:
        one = await populate(target)
    assert await asyncio.to_thread(server.stop) == 0
    await asyncio.to_thread(server.start)
    async with at(server.url, server.folder) as target:
        one.app = target
        await one.create(ATTACH, files={"file": ("b.png", PICTURE)})
        other = Populated(target, OTHER)
        agent = target.client("service_agent", OTHER)
        made = (await agent.post(CREATE, json=FORM, headers={"Idempotency-Key": str(new_id())})).json()
        gone = await target.client("privacy_officer", OTHER).post(
            f"/api/v1/data-subjects/{made['subject_id']}/erase", json={"reason": "asked for it"}
        )
        assert gone.status_code == 200, gone.text
        await asyncio.gather(one.calm(), other.calm())
        heads, views = await heads_of(target.client), await views_of(target.client, one, made["id"])
    postmaster = Postmaster.of(server.folder / "postgres" / "data")
    assert postmaster is not None
    socket = str(postmaster.socket_folder)
    pending = await pending_of({"host": socket, "port": 5432, "database": "suyuan_intake", "user": "suyuan_intake"})
    assert await asyncio.to_thread(server.stop) == 0
    return Life(server.folder, one, made["id"], heads, views, pending)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(life, database) -> Place:
    """The folder moved there, by the command."""
    made = Place.of(life.folder.parent / "target", life.folder, {s: await database(s) for s in SERVICES})
    made.told = {service: told | UNCOUNTED for service, told in made.told.items()}
    done = await asyncio.to_thread(Child(life.folder, {"LC_ALL": "en_GB.UTF-8", "COLUMNS": "200"}).run, *made.words())
    assert done.returncode == 0, done.stdout + done.stderr
    said = {tuple(line.replace("│", " ").split()[:4]) for line in done.stdout.splitlines()}
    for name, (position, hash_) in life.heads.items():
        tenant, service = name.split("/")
        assert position == 0 or (tenant, service, str(position), hash_[:16]) in said, name
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def settings(kafka) -> KafkaSettings:
    return KafkaSettings(bootstrap=kafka.bootstrap, topic_prefix=f"moved{new_id().hex}", replicas=1, min_insync=1)


@asynccontextmanager
async def served(place: Place, folder: Path, settings: KafkaSettings) -> AsyncIterator[Client]:
    """Each service wired as `serve` wires it, by the variables that the folder was moved with."""
    issuer = LocalIssuer(embedded_settings(folder), system_clock)
    targets = place.targets()
    async with AsyncExitStack() as stack:
        runtimes = [
            await stack.enter_async_context(distributed(service, target.settings, settings))
            for service, target in targets.items()
        ]
        app = build_app(runtimes, targets["intake"].settings)
        await stack.enter_async_context(app.router.lifespan_context(app))

        def client(role: str, tenant: str) -> httpx.AsyncClient:
            headers = {"Accept-Language": "en", "Authorization": f"Bearer {issuer.token([role], tenant=tenant)}"}
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            made = httpx.AsyncClient(transport=transport, base_url="http://suyuan.test", headers=headers, timeout=30)
            stack.push_async_callback(made.aclose)
            return made

        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def moved(life, place, settings) -> AsyncIterator[Client]:
    async with served(place, life.folder, settings) as client:
        yield client


async def eventually(ask: Callable[[], Any], wanted: Any) -> None:
    found = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (found := await ask()) != wanted:  # noqa: ASYNC110 - another system's state
                await asyncio.sleep(0.3)
    except TimeoutError:
        assert found == wanted


async def test_the_moved_system_answers_the_same_and_nothing_reacts_twice(life, place, moved):
    async def heads() -> dict[str, Any]:
        return await heads_of(moved)

    async def views() -> dict[str, Any]:
        return await views_of(moved, life.one, life.erased)

    assert await heads() == life.heads
    await eventually(views, life.views)
    await eventually(lambda: pending_of(place.databases["intake"].runtime), life.pending)
    assert len(life.pending) > 0
    assert life.views["erased"]["form"]["customer"]["name"] == "[erased]"
    told = ",".join(f"{s}:{life.heads[f'{TENANT}/{s}'][0]}" for s in SERVICES)
    for path in ("complaints", "investigations", "capas", "actions"):  # answers once reactions have come there too
        answer = await moved("admin", TENANT).get(f"/api/v1/{path}", headers={"Suyuan-After": told})
        assert answer.status_code == 200, answer.text
    assert await heads() == life.heads


async def test_an_attachment_and_its_persons_words_can_be_read(life, moved):
    agent = moved("service_agent", TENANT)
    path = "/api/v1/complaints/{complaint_id}/attachments/{attachment_id}".format_map(life.one.ids)
    assert (await agent.get(path)).content == PICTURE
    told = (await agent.get(f"{CREATE}/{life.one.ids['complaint_id']}")).json()["form"]["customer"]
    assert {name: told[name] for name in FORM["customer"]} == FORM["customer"]


async def test_a_repeated_key_hears_its_first_answer_and_writes_go_on_at_the_next_position(life, moved):
    admin, before = moved("admin", TENANT), await heads_of(moved)
    first = life.one.creates[CREATE]
    again = await admin.post(first.path, headers=first.headers, **first.sent)
    assert (again.status_code, again.json()) == (first.answer.status_code, first.answer.json())
    other = await admin.post(first.path, headers=first.headers, json={**FORM, "description": "another"})
    assert other.status_code == 422
    assert await heads_of(moved) == before
    made = await admin.post(CREATE, json=FORM, headers={"Idempotency-Key": str(new_id())})
    assert made.status_code == 201, made.text
    assert made.json()["complaint_no"] != first.answer.json()["complaint_no"]
    line = (await moved("auditor", TENANT).get("/api/v1/intake/audit/events", params={"after": 0})).text.splitlines()
    assert [json.loads(one)["position"] for one in line] == list(range(1, len(line) + 1))
    assert len(line) > before[f"{TENANT}/intake"][0]


async def test_what_is_written_from_now_on_is_reacted_to_through_the_topics(moved):
    """The reactions' places on the topics are found anew: a folder has none, or those of another Kafka."""
    admin = moved("admin", TENANT)
    made = (await admin.post(CREATE, json=FORM, headers={"Idempotency-Key": str(new_id())})).json()
    for step in ("triage", "hand-over"):
        answer = await admin.post(f"{CREATE}/{made['id']}/{step}", json={})
        assert answer.status_code == 200, answer.text
    opened = f"/api/v1/investigations/{answer.json()['investigation_id']}"

    async def asked() -> int:
        return (await admin.get(opened)).status_code

    await eventually(asked, 200)
    events = (await moved("auditor", TENANT).get("/api/v1/investigation/audit/events")).text.splitlines()
    streams = [json.loads(line)["meta"]["stream"] for line in events]
    assert any(opened.rpartition("/")[2] in stream for stream in streams)


async def test_the_whole_log_is_published_with_the_heads_of_before(life, moved, settings):
    key = (await moved("auditor", TENANT).get("/api/v1/intake/audit/head")).json()["public_key"]
    child = Child(life.folder.parent / "none", {"SUYUAN_KAFKA_TOPIC_PREFIX": settings.topic_prefix})
    at_last = {name: position for name, (position, _) in (await heads_of(moved)).items() if position}

    async def verified() -> dict[str, int]:
        done = await asyncio.to_thread(child.run, "verify", "--kafka", settings.bootstrap, "--key", key, "--json")
        found = [json.loads(line) for line in done.stdout.splitlines()]
        return {f"{one['tenant']}/{one['service']}": one["events"] for one in found if one["whole"]}

    await eventually(verified, at_last)
    told = [
        decoded(record.value or b"") async for record in records_of(settings, TopicNames(settings.topic_prefix).heads)
    ]
    before = [head for s in SERVICES for head in HeadFile(life.folder / "heads" / f"{s}.ndjson").read()]
    assert len([head for head in before if (head.tenant, head.service) == (TENANT, "intake")]) > 1
    assert [head for head in before if head not in told] == []
