"""One command can be followed through HTTP, append, projection and reaction."""

from __future__ import annotations

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.adapters.telemetry import TELEMETRY
from tests.integration.app import running_app
from tests.integration.intake.test_http_complaints import post, registered


async def test_a_hand_over_is_one_trace_from_the_request_to_the_other_services_view(postgres, tmp_path, monkeypatch):
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with running_app(postgres, tmp_path, ("intake", "investigation")) as app:
        monkeypatch.setattr(TELEMETRY, "_tracer", provider.get_tracer("test"))
        agent = app.client("admin")
        made = await registered(agent)
        one = f"/complaints/{made['id']}"
        await post(agent, f"{one}/triage", {})
        exporter.clear()
        answer = await agent.post(f"/api/v1{one}/hand-over", json={})
        after = {"Suyuan-After": answer.headers["suyuan-position"]}
        case = answer.json()["investigation_id"]
        assert (await agent.get(f"/api/v1/investigations/{case}", headers=after)).status_code == 200
        assert (await agent.get("/api/v1/investigations", headers=after)).json()["items"]
        metrics = (await agent.get("/metrics")).text
    [request] = [s for s in exporter.get_finished_spans() if s.name.startswith("POST ")]
    same = [s for s in exporter.get_finished_spans() if s.context.trace_id == request.context.trace_id]
    assert {"append", "project", "react"} <= {s.name for s in same}
    assert 'suyuan_append_batch_commands_count{service="intake"}' in metrics
    assert 'suyuan_reactions_total{outcome="done"' in metrics
