"""Every Prometheus metric, named once. Labels never hold a tenant's own words, only names that code knows."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

REGISTRY = CollectorRegistry(auto_describe=True)

_FAST = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

HTTP_REQUESTS = Histogram(
    "suyuan_http_request_seconds",
    "Requests by method, route template and status",
    ("method", "route", "status"),
    buckets=_FAST,
    registry=REGISTRY,
)
APPEND_SECONDS = Histogram(
    "suyuan_append_seconds", "One batch's append, by service", ("service",), buckets=_FAST, registry=REGISTRY
)
APPEND_BATCH = Histogram(
    "suyuan_append_batch_commands",
    "Commands in one group-commit batch",
    ("service",),
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
    registry=REGISTRY,
)
PROJECTION_LAG = Gauge(
    "suyuan_projection_lag_events",
    "Events a consumer still has to apply, all tenants together",
    ("consumer", "source"),
    registry=REGISTRY,
)
PARKED_STREAMS = Gauge(
    "suyuan_parked_streams", "Streams that a consumer could not apply", ("consumer",), registry=REGISTRY
)
RELAY_LAG = Gauge(
    "suyuan_relay_lag",
    "What is not on Kafka yet: events, and seconds that the oldest has waited",
    ("service", "unit"),
    registry=REGISTRY,
)
PUBLISHED = Counter("suyuan_published_events", "Events that Kafka has acknowledged", ("service",), registry=REGISTRY)
EXPORTED = Counter(
    "suyuan_exported_events", "Events acknowledged on tenants' export topics", ("service",), registry=REGISTRY
)
FOREIGN_RECORDS = Counter(
    "suyuan_foreign_records", "Records of a topic that are no events, passed over", ("topic",), registry=REGISTRY
)
INBOUND = Counter(
    "suyuan_inbound_messages",
    "Messages of other systems dealt with: accepted, repeated, rejected",
    ("kind", "outcome"),
    registry=REGISTRY,
)
REACTIONS = Counter("suyuan_reactions", "Reactions dealt with, by outcome", ("reaction", "outcome"), registry=REGISTRY)
TIMERS_FIRED = Counter("suyuan_timers_fired", "Due times that came", ("timer",), registry=REGISTRY)


def exposition() -> bytes:
    """The registry in Prometheus text format 0.0.4."""
    return generate_latest(REGISTRY)
