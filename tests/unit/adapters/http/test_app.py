"""The pages and documents around the services, and the local issuer."""

from __future__ import annotations

import json
import re
import stat
from base64 import urlsafe_b64decode

import httpx
import pytest

from shared.adapters.http.app import build_app, edge_of
from shared.adapters.http.issuer import KEY_FILE, LocalIssuer, OnlyEmbedded
from shared.adapters.private_file import ReadableByOthers
from shared.adapters.settings import Settings
from shared.kernel.clock import system_clock

SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - a test's


async def test_ready_names_each_dependency_and_is_503_when_one_is_down(anyone, demo):
    answer = await anyone.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": {"intake.postgres": "ok"}})
    demo.state = {"postgres": "ok", "kafka": "no broker answers"}
    answer = await anyone.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["intake.kafka"]) == (503, "no broker answers")


async def test_a_health_check_that_fails_is_not_ready(anyone, demo):
    async def broken() -> dict[str, str]:
        raise OSError("no route to 10.1.2.3")

    demo.health = broken
    answer = await anyone.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]) == (503, {"intake.health": "failed"})
    assert (await anyone.get("/health/live")).status_code == 200


async def test_metrics_count_by_route_template_and_status(anyone):
    await anyone.get("/api/v1/complaints/01934d2e-7a00-7000-8000-000000000001")
    text = (await anyone.get("/metrics")).text
    expected = 'suyuan_http_request_seconds_count{method="GET",route="/api/v1/complaints/{id_}",status="401"}'
    assert expected in text
    assert "01934d2e" not in text


async def test_every_answer_has_the_security_headers(anyone):
    for path in ("/", "/api/v1/complaints", "/nothing", "/docs"):
        headers = (await anyone.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_a_page_with_a_form_keeps_its_origin_and_nothing_else_tells_where_one_came_from(anyone):
    """Under no-referrer a browser sends `Origin: null`, which the login must refuse."""
    assert (await anyone.get("/dev/login")).headers["referrer-policy"] == "same-origin"
    assert (await anyone.get("/openapi.json")).headers["referrer-policy"] == "no-referrer"
    refused = await anyone.post("/dev/login", data={"role": "admin"}, headers={"Origin": "null"})
    assert refused.status_code == 404


async def test_the_landing_page_speaks_both_languages(anyone):
    assert "接口文档" in (await anyone.get("/")).text
    assert "Interactive documentation" in (await anyone.get("/", headers={"Accept-Language": "en"})).text


async def test_the_docs_page_calls_no_other_origin(anyone, settings):
    answer = await anyone.get("/docs")
    assert answer.status_code == 503
    assert "make setup" in answer.text
    settings.web_dir.mkdir()
    (settings.web_dir / "standalone.js").write_text("// scalar")
    answer = await anyone.get("/docs")
    assert answer.status_code == 200
    assert re.findall(r"https?://", answer.text + answer.headers["content-security-policy"]) == []
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert (await anyone.get("/docs/standalone.js")).text == "// scalar"
    start = (await anyone.get("/docs/start.js")).text
    for off in ('"telemetry": false', '"withDefaultFonts": false', '"proxyUrl": ""', '"agent": {"disabled": true}'):
        assert off in start


async def test_the_document_says_headers_roles_and_problems_once(anyone):
    document = (await anyone.get("/openapi.json")).json()
    register = document["paths"]["/api/v1/complaints"]["post"]
    assert register["operationId"] == "register"
    names = {each["name"]: each["required"] for each in register["parameters"]}
    assert names == {"Idempotency-Key": True, "If-Match": False}
    assert register["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
    assert "422" not in register["responses"]
    assert register["security"] == [{"bearer": []}]
    assert register["x-suyuan-roles"] == ["admin", "service_agent"]
    assert {each["name"] for each in document["paths"]["/api/v1/complaints"]["get"]["parameters"]} == {
        "Suyuan-After", "limit", "cursor", "state",
    }  # fmt: skip
    assert document["components"]["schemas"]["Register"]["additionalProperties"] is False
    assert document["tags"][0]["name"] == "intake"
    assert "/docs" not in document["paths"]


async def test_the_login_gives_a_token_that_the_docs_page_and_the_api_take(anyone):
    answer = await anyone.post("/dev/login", data={"role": ["service_agent"], "tenant": "acme", "subject": "u-9"})
    token = re.search(r"<textarea[^>]*>([^<]+)</textarea>", answer.text)[1]
    assert token in (await anyone.get("/docs/start.js")).text
    listed = await anyone.get("/api/v1/complaints", headers={"Authorization": f"Bearer {token}"})
    assert listed.status_code == 200
    assert (await anyone.get("/api/v1/complaints")).status_code == 401


async def test_the_login_takes_the_parties_that_one_speaks_for(anyone):
    sent = {"role": "supplier", "parties": " supplier:S-001  supplier:S-002 "}
    answer = await anyone.post("/dev/login", data=sent)
    token = re.search(r"<textarea[^>]*>([^<]+)</textarea>", answer.text)[1]
    claims = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["parties"] == ["supplier:S-001", "supplier:S-002"]
    refused = await anyone.post("/dev/login", data=sent | {"parties": "department:press"})
    assert (refused.status_code, "department:press" in refused.text) == (422, True)


async def test_the_login_page_refuses_unknown_roles_and_escapes(anyone):
    answer = await anyone.post("/dev/login", data={"role": "<b>root"})
    assert answer.status_code == 422
    assert "<b>root" not in answer.text
    assert 'value="auditor"' in (await anyone.get("/dev/login")).text


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        ("10.0.0.7", {}),
        ("127.0.0.1", {"Host": "evil.example"}),
        ("127.0.0.1", {"Origin": "http://evil.example"}),
    ],
)
async def test_the_login_is_for_this_machine_only(app, client, headers):
    transport = httpx.ASGITransport(app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as outside:
        assert (await outside.post("/dev/login", data={"role": "admin"}, headers=headers)).status_code == 404


def test_the_issuer_refuses_to_start_outside_embedded_mode(tmp_path, demo):
    distributed = Settings(
        mode="distributed", data_dir=tmp_path, jwks_url="https://id.example/jwks", edge_secret=SECRET
    )
    with pytest.raises(OnlyEmbedded):
        LocalIssuer(distributed, system_clock)
    paths = {entry.path for entry in build_app([demo], distributed).dispatcher.entries}
    assert "/dev/login" not in paths
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_kept_and_readable_by_the_owner_only(settings):
    first = edge_of(settings)
    assert edge_of(settings).secret == first.secret
    assert len(first.secret) == 32
    for path in settings.data_dir.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (settings.data_dir / KEY_FILE).chmod(0o644)
    with pytest.raises(ReadableByOthers, match="chmod 600"):
        edge_of(settings)


@pytest.mark.parametrize(
    "wrong",
    [{"mode": "distributed"}, {"mode": "distributed", "jwks_url": "https://x"}, {"jwks_url": "file:///etc/passwd"}],
)
def test_settings_that_would_not_work_are_refused(wrong):
    with pytest.raises(ValueError, match="SUYUAN_"):
        Settings(**wrong)


async def test_the_lifespan_holds_every_service(demo, settings):
    app = build_app([demo], settings)
    async with app.router.lifespan_context(app):
        pass
