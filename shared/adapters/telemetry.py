"""OpenTelemetry traces, by its standard environment variables; off unless they ask, and then nearly free.

Asked for by OTEL_TRACES_EXPORTER=otlp, or by OTEL_EXPORTER_OTLP_ENDPOINT (…_TRACES_ENDPOINT); OTEL_SDK_DISABLED=true
and OTEL_TRACES_EXPORTER=none win. Propagation is W3C Trace Context (`traceparent`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_NOTHING: AbstractContextManager[None] = nullcontext()


class Telemetry:
    """The process's tracer, or None. `start` at the start of the process, `stop` when it ends (flushes)."""

    def __init__(self) -> None:
        self._provider: TracerProvider | None = None
        self._tracer: trace.Tracer | None = None

    @property
    def on(self) -> bool:
        return self._tracer is not None

    def start(self, service: str, exporter: SpanExporter | None = None) -> None:
        """Begin tracing where the environment asks for it, or to the exporter given (tests)."""
        if exporter is None:
            if not asked_for(os.environ):
                return
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - 30 ms, only when on
                OTLPSpanExporter,
            )

            exporter = OTLPSpanExporter()
        name = os.environ.get("OTEL_SERVICE_NAME") or f"suyuan-{service}"
        self._provider = TracerProvider(resource=Resource.create({"service.name": name}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("suyuan")

    def stop(self) -> None:
        if self._provider is not None:
            self._provider.shutdown()
        self._provider = self._tracer = None

    def span(self, name: str, parent: str | None, kind: SpanKind, attributes: Mapping[str, Any]) -> Any:
        if self._tracer is None:
            return _NOTHING
        return self._tracer.start_as_current_span(
            name, context=_context(parent) if parent else None, kind=kind, attributes=dict(attributes)
        )


TELEMETRY = Telemetry()


def asked_for(environment: Mapping[str, str]) -> bool:
    """Whether the standard variables ask for traces."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if exporter:
        return exporter == "otlp"
    return bool(environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))


def span(
    name: str, *, parent: str | None = None, kind: SpanKind = SpanKind.INTERNAL, **attributes: Any
) -> AbstractContextManager[Any]:
    """A span around a `with` block. `parent`: a traceparent from outside (an event's meta, a header)."""
    made: AbstractContextManager[Any] = TELEMETRY.span(name, parent, kind, attributes)
    return made


def traceparent() -> str | None:
    """The current span as a `traceparent` value, to be recorded in events and sent on; None while off."""
    if not TELEMETRY.on:
        return None
    current = trace.get_current_span().get_span_context()
    if not current.is_valid:
        return None
    return f"00-{current.trace_id:032x}-{current.span_id:016x}-{current.trace_flags:02x}"


def valid_traceparent(value: str) -> bool:
    match = _TRACEPARENT.fullmatch(value)
    return match is not None and match[1] != "0" * 32 and match[2] != "0" * 16


def _context(parent: str) -> Context | None:
    match = _TRACEPARENT.fullmatch(parent)
    if match is None:
        return None
    remote = SpanContext(
        int(match[1], 16), int(match[2], 16), is_remote=True, trace_flags=TraceFlags(int(match[3], 16))
    )
    return trace.set_span_in_context(NonRecordingSpan(remote))
