"""Logs, traces and metrics."""

from __future__ import annotations

import io
import json
import logging

import httpx
import pytest
import structlog
from fastapi import APIRouter, FastAPI
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.adapters import logging as own_logging
from shared.adapters.http.operation import operation_router
from shared.adapters.settings import Settings
from shared.adapters.telemetry import TELEMETRY, asked_for, span, traceparent, valid_traceparent

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def lines():
    """What is logged while the test runs, as JSON lines."""
    root, kept = logging.getLogger(), list(logging.getLogger().handlers)
    level = root.level
    out = io.StringIO()
    own_logging.configure(Settings(log_format="json"), out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.handlers, root.level = kept, level
    structlog.reset_defaults()


def test_a_line_carries_its_correlation_id_and_no_personal_value(lines):
    log = own_logging.get_logger("suyuan.test")
    with own_logging.correlated("c-1"):
        log.info("registered", complaint="1", phone="13800000000", body=b"x")
    log.info("after")
    first, second = lines()
    assert (first["event"], first["correlation_id"], first["level"], first["complaint"]) == (
        "registered",
        "c-1",
        "info",
        "1",
    )
    assert (first["phone"], first["body"]) == ("[withheld]", "[withheld]")
    assert "correlation_id" not in second


def test_standard_loggers_and_uvicorn_s_speak_json_too(lines):
    logging.getLogger("uvicorn.error").warning("up on %s", 1)
    assert lines()[0]["event"] == "up on 1"


def test_a_traceback_shows_no_locals(lines):
    hidden = "hunter2"
    try:
        int(hidden[:1])
    except ValueError:
        own_logging.get_logger("t").exception("failed")
    [line] = lines()
    assert line["exception"][0]["exc_type"] == "ValueError"
    assert hidden not in json.dumps(line)


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({}, False),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_traces_are_off_unless_the_standard_variables_ask(environment, asked):
    assert asked_for(environment) is asked


def test_while_off_a_span_is_nothing():
    with span("append", service="intake") as current:
        assert current is None
        assert traceparent() is None


def test_a_span_goes_on_from_a_traceparent_and_gives_its_own():
    spans = InMemorySpanExporter()
    TELEMETRY.start("test", spans)
    try:
        with span("append", parent=PARENT, service="intake"):
            own = traceparent()
    finally:
        TELEMETRY.stop()
    [made] = spans.get_finished_spans()
    assert made.name == "append"
    assert f"{made.context.trace_id:032x}" == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert made.attributes == {"service": "intake"}
    assert valid_traceparent(own)
    assert own[3:35] == PARENT[3:35]
    assert own[36:52] != PARENT[36:52]


@pytest.mark.parametrize("bad", ["", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", PARENT.upper(), PARENT + "x"])
def test_a_malformed_traceparent_is_not_taken(bad):
    assert not valid_traceparent(bad)


class Healthy:
    """A service that says of itself what it is told to."""

    name, router = "intake", APIRouter()

    def __init__(self, **states: str) -> None:
        self.states = states

    async def health(self) -> dict[str, str]:
        return self.states


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ({"postgres": "ok"}, 200),
        ({"postgres": "ok", "parked": "ok (2 streams parked: python -m deploy parked)"}, 200),
        ({"postgres": "ok", "disk": "full: reading only until there is space"}, 503),
        ({"postgres": "okay-ish"}, 503),
    ],
)
async def test_what_is_well_but_worth_a_look_does_not_take_the_service_out(states, status):
    """A stream that waits for a person must not stop everybody else's requests."""
    app = FastAPI()
    app.include_router(operation_router([Healthy(**states)]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        answer = await client.get("/health/ready")
    assert answer.status_code == status
    assert answer.json()["checks"] == {f"intake.{name}": state for name, state in states.items()}
