"""The gateway on a real port before processes on real ports."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import httpx
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from deploy.gateway.app import gateway_app
from deploy.gateway.table import Table
from deploy.settings import embedded_settings
from shared.adapters.http.issuer import LocalIssuer
from shared.contracts.catalogue import SERVICES
from shared.kernel.clock import system_clock
from tests.integration.deploy.served import FLOOD, Behind, served
from tests.pages import ROOT

TABLE = Table.of({service: [f"/api/v1/{service}/{{what}}"] for service in SERVICES})
UPLOAD = 300_000


class Rig:
    """The gateway before four processes; `upstreams` is the mapping it reads."""

    def __init__(self, url: str, upstreams: dict[str, str], behind: dict[str, Behind]) -> None:
        self.url, self.upstreams, self.behind = url, upstreams, behind
        self.client = httpx.AsyncClient(base_url=url, timeout=60)

    @property
    def intake(self) -> Behind:
        return self.behind["intake"]


@pytest_asyncio.fixture(loop_scope="session")
async def rig(tmp_path: Path):
    settings = embedded_settings(tmp_path, max_upload_bytes=UPLOAD, body_seconds=1.0)
    behind = {service: Behind(service) for service in SERVICES}
    issuer = LocalIssuer(settings, system_clock)
    upstreams: dict[str, str] = {}
    gateway = gateway_app(TABLE, upstreams, settings, issuer=issuer)
    async with served(gateway, *behind.values()) as (url, *urls):
        upstreams |= zip(SERVICES, urls, strict=True)
        made = Rig(url, upstreams, behind)
        async with made.client:
            yield made
        for each in behind.values():
            each.go_on.set()


async def test_a_request_reaches_its_service_as_it_was_sent_and_the_answer_comes_back(rig):
    for service in SERVICES:
        answer = await rig.client.post(
            f"/api/v1/{service}/%E6%8A%95%2F1?q=%20a&as_of=x", content=b"body", headers={"Idempotency-Key": "k"}
        )
        told = answer.json()
        assert (told["service"], told["method"], told["body"]) == (service, "POST", "body")
        assert told["target"] == f"/api/v1/{service}/%E6%8A%95%2F1?q=%20a&as_of=x"
        assert ["idempotency-key", "k"] in told["headers"]
        assert (answer.status_code, answer.headers["etag"]) == (201, '"3"')


async def test_headers_of_one_connection_end_here_and_the_callers_address_is_said_once(rig):
    """The server believes a proxy on this machine about the address next before it, and nobody about more."""
    sent = {
        "Connection": "x-hop",
        "X-Hop": "1",
        "TE": "trailers",
        "Forwarded": "for=6.6.6.6",
        "X-Forwarded-For": "6.6.6.6, 1.2.3.4",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "elsewhere.example",
        "Host": "suyuan.example",
    }
    answer = await rig.client.get("/api/v1/intake/x", headers=sent)
    told = answer.json()["headers"]
    assert {"x-hop", "te", "forwarded"}.isdisjoint(name for name, _ in told)
    assert ["host", "suyuan.example"] in told
    assert [each for each in told if each[0].startswith("x-forwarded")] == [
        ["x-forwarded-for", "1.2.3.4"],
        ["x-forwarded-proto", "https"],
    ]
    assert answer.headers.get_list("date") == [answer.headers["date"]]
    assert "x-mine" not in answer.headers


async def test_no_cookie_of_one_caller_is_kept_for_the_next(rig):
    answer = await rig.client.get("/api/v1/intake/x")
    assert answer.headers["set-cookie"] == "a=1"
    async with httpx.AsyncClient(base_url=rig.url, timeout=60) as another:
        assert "cookie" not in dict((await another.get("/api/v1/intake/x")).json()["headers"])


async def test_an_answer_is_passed_on_line_by_line(rig):
    async with rig.client.stream("GET", "/api/v1/intake/drip") as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "1"
        rig.intake.go_on.set()
        assert [line async for line in lines] == ["2"]


async def test_a_body_is_passed_on_before_its_end(rig):
    async def body():
        yield b"x" * 1000
        await rig.intake.began.wait()
        yield b"x" * 1000

    answer = await rig.client.post("/api/v1/intake/swallow", content=body())
    assert answer.json() == 2000


async def test_a_client_that_leaves_ends_the_request_behind_too(rig):
    asking = asyncio.create_task(rig.client.get("/api/v1/intake/hang"))
    await rig.intake.began.wait()
    asking.cancel()
    await asyncio.wait_for(rig.intake.left.wait(), 5)


async def test_a_client_that_leaves_in_mid_body_ends_the_request_behind_too(rig):
    never = asyncio.Event()

    async def body():
        yield b"x" * 1000
        await never.wait()

    asking = asyncio.create_task(rig.client.post("/api/v1/intake/swallow", content=body()))
    await rig.intake.began.wait()
    asking.cancel()
    await asyncio.wait_for(rig.intake.left.wait(), 5)


async def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(rig):
    async with rig.client.stream("GET", "/api/v1/intake/break") as answer:
        try:
            whole = await answer.aread()
        except httpx.RemoteProtocolError:
            whole = None
    assert whole is None


async def test_an_answer_that_comes_before_the_bodys_end_arrives(rig):
    answer = await rig.client.post("/api/v1/intake/refuse", content=b"x" * (UPLOAD - 1))
    assert (answer.status_code, answer.text) == (413, "too large")


async def test_an_answer_does_not_wait_for_a_body_that_goes_on(rig):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(rig.url.rpartition(":")[2]))
    writer.write(b"POST /api/v1/intake/refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    said = await asyncio.wait_for(reader.readline(), 0.8)  # the body's own time is a second
    assert said.startswith(b"HTTP/1.1 413 ")
    writer.close()


async def test_the_heads_of_answers_come_without_their_bodies_one_after_the_other(rig):
    for _ in range(3):
        answer = await rig.client.head("/api/v1/intake/x")
        assert (answer.status_code, answer.content) == (201, b"")
        assert int(answer.headers["content-length"]) > 100
    assert (await rig.client.get("/api/v1/intake/x")).json()["method"] == "GET"


async def test_a_large_answer_is_not_gathered_while_the_client_reads_nothing(rig):
    async with rig.client.stream("GET", "/api/v1/intake/flood") as answer:
        parts = answer.aiter_raw()
        await anext(parts)
        await asyncio.sleep(0.5)
        stopped_at = rig.intake.taken
        assert stopped_at < FLOOD / 2
        assert sum([len(part) async for part in parts]) > FLOOD / 2
    assert rig.intake.taken == FLOOD


async def test_many_at_once_are_answered_each_its_own(rig):
    answers = await asyncio.gather(*(rig.client.post("/api/v1/intake/x", content=str(n)) for n in range(300)))
    assert [answer.json()["body"] for answer in answers] == [str(n) for n in range(300)]


async def test_a_body_above_the_limit_reaches_no_service_whole(rig):
    async def unannounced():
        for _ in range(UPLOAD // 50_000 + 2):
            yield b"x" * 50_000

    announced = await rig.client.post("/api/v1/intake/swallow", content=b"x" * (UPLOAD + 1))
    assert (announced.status_code, announced.json()["type"]) == (413, "urn:suyuan:problem:body-too-large")
    assert rig.intake.taken == 0
    streamed = await rig.client.post("/api/v1/intake/swallow", content=unannounced())
    assert streamed.status_code == 413
    await asyncio.wait_for(rig.intake.left.wait(), 5)
    assert rig.intake.taken <= UPLOAD


async def test_a_body_that_does_not_come_is_not_waited_for(rig):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(rig.url.rpartition(":")[2]))
    writer.write(b"POST /api/v1/intake/swallow HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
    said = await asyncio.wait_for(reader.readline(), 5)
    assert said.startswith(b"HTTP/1.1 408 ")
    writer.close()
    await asyncio.wait_for(rig.intake.left.wait(), 5)


async def test_a_service_that_is_away_is_named_and_the_others_answer(rig):
    del rig.upstreams["capa"]
    rig.upstreams["analytics"] = "http://127.0.0.1:1"
    for service in ("capa", "analytics"):
        answer = await rig.client.get(
            f"/api/v1/{service}/x", headers={"Accept-Language": "en", "X-Correlation-ID": "of the test"}
        )
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-correlation-id"] == answer.json()["correlation_id"]
        assert answer.json()["type"] == "urn:suyuan:problem:service-away"
        assert f"service {service} can't be reached" in answer.json()["detail"]
    zh = await rig.client.get("/api/v1/capa/x")
    assert zh.json()["detail"] == "服务 capa 暂时无法访问：请求未被处理，请稍后重试"
    assert (await rig.client.get("/api/v1/intake/x")).status_code == 201


async def test_a_service_that_dies_in_mid_request_leaves_an_unknown_outcome(rig):
    async def dying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(dying, "127.0.0.1", 0)
    async with server:
        rig.upstreams["intake"] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        answer = await rig.client.post("/api/v1/intake/x", content=b"{}", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:suyuan:problem:service-silent")
    assert "same Idempotency-Key" in answer.json()["detail"]


async def test_a_service_that_came_back_elsewhere_is_found_there(rig):
    again = Behind("intake, again")
    assert (await rig.client.get("/api/v1/intake/x")).json()["service"] == "intake"
    async with served(again) as (url,):
        rig.upstreams["intake"] = url
        assert (await rig.client.get("/api/v1/intake/x")).json()["service"] == "intake, again"


async def test_ready_names_every_services_checks(rig):
    answer = await rig.client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ok", "checks": {f"{service}.postgres": "ok" for service in SERVICES}},
    )
    rig.behind["capa"].ready = (503, b'{"status": "down", "checks": {"capa.postgres": "no answer"}}')
    rig.behind["intake"].ready = (502, b"<html>")
    del rig.upstreams["analytics"]
    answer = await rig.client.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]) == (
        503,
        {
            "intake.process": "answers 502 without its checks",
            "investigation.postgres": "ok",
            "capa.postgres": "no answer",
            "analytics.process": "no answer",
        },
    )
    assert (await rig.client.get("/health/live")).status_code == 200


async def test_the_metrics_of_all_processes_are_one_exposition(rig):
    del rig.upstreams["capa"]
    families = list(text_string_to_metric_families((await rig.client.get("/metrics")).text))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    found = {
        (sample.name, sample.labels["process"], sample.labels.get("service")): sample.value
        for family in families
        for sample in family.samples
        if family.name in {"suyuan_up", "asked", "s"}
    }
    there = [service for service in SERVICES if service != "capa"]
    assert found == {
        **{("suyuan_up", service, None): float(service != "capa") for service in SERVICES},
        **{("asked_total", service, None): 1.0 for service in there},
        **{("s", service, service): 2.0 for service in there},
    }
    assert "suyuan_http_request_seconds" in names


async def test_the_document_is_the_committed_one(rig):
    answer = await rig.client.get("/openapi.json")
    assert answer.json() == json.loads((ROOT / "docs" / "openapi.json").read_text())


async def test_pages_are_the_gateways_own_and_what_nobody_serves_is_a_problem(rig):
    assert "/dev/login" in (await rig.client.get("/")).text
    assert (await rig.client.get("/dev/login")).status_code == 200
    assert (await rig.client.get("/docs")).headers["content-type"].startswith("text/html")
    assert (await rig.client.get("/api/v1/nothing")).json()["type"] == "urn:suyuan:problem:no-such-path"
    assert (await rig.client.post("/health/live")).status_code == 405


async def test_without_an_issuer_there_is_no_login(tmp_path):
    app = gateway_app(TABLE, {}, embedded_settings(tmp_path))
    async with served(app) as (url,), httpx.AsyncClient(base_url=url, timeout=60) as client:
        assert "/dev/login" not in (await client.get("/")).text
        assert (await client.get("/dev/login")).status_code == 404


async def test_the_command_serves_until_it_is_asked_to_stop(rig):
    command = [sys.executable, "-m", "deploy", "gateway", "--port", "0", "--upstream", f"capa={rig.upstreams['capa']}"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        url = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().split()[-1]
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            assert (await client.get("/api/v1/capa/audit/head")).json()["service"] == "capa"
            assert (await client.get("/api/v1/complaints")).json()["type"] == "urn:suyuan:problem:service-away"
    finally:
        process.terminate()
        assert await process.wait() == 0
