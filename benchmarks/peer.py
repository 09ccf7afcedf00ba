"""The peer: `eventsourcing` 9.5 on Postgres, with its database functions on, as its documentation sets it up."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier

from benchmarks.commands import AT, EVENT, TERMS
from deploy.embedded.postgres import ConnectArgs
from shared.kernel.ids import new_id

THREADS = 8
PAGE = 1000


class Complaint(Aggregate):
    """The same content as our ResolutionOffered, in the peer's words."""

    @event("Registered")
    def __init__(self) -> None:
        self.offers = 0

    @event("Offered")
    def offer(
        self,
        resolution_no: int,
        resolution: str,  # noqa: ARG002 - in the event, not in the state; so are the rest
        terms: str,  # noqa: ARG002 - the signature is the peer's
        respond_by: datetime,  # noqa: ARG002 - the signature is the peer's
        policy: str,  # noqa: ARG002 - the signature is the peer's
        policy_version: int,  # noqa: ARG002 - the signature is the peer's
    ) -> None:
        self.offers = resolution_no


class Complaints(Application[UUID]):
    pass


def environment(dsn: ConnectArgs) -> dict[str, str]:
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_HOST": dsn["host"],
        "POSTGRES_PORT": str(dsn["port"]),
        "POSTGRES_DBNAME": dsn["database"],
        "POSTGRES_USER": dsn["user"],
        "POSTGRES_PASSWORD": "unused",
        "POSTGRES_POOL_SIZE": str(THREADS),
        "POSTGRES_ENABLE_DB_FUNCTIONS": "yes",
    }


def appends(application: Complaints, seconds: float) -> float:
    """Events a second: 8 threads, each storing one prepared event after the other in a stream of its own."""
    end = time.perf_counter() + seconds

    def work(_: int) -> int:
        done = 0
        while time.perf_counter() < end:
            stored = StoredEvent(new_id(), 1, EVENT.type, EVENT.meta + EVENT.data)
            application.recorder.insert_events([stored])
            done += 1
        return done

    start = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        total = sum(threads.map(work, range(THREADS)))
    return total / (time.perf_counter() - start)


def fill(application: Complaints, events: int, streams: int = 100) -> None:
    """Stored as the application would: mapped domain events, many at once, as that is quicker to set up."""
    each = events // streams
    for _ in range(streams):
        complaint = Complaint()
        for number in range(1, each):
            complaint.offer(number, "replace", TERMS, AT, "silence", 2)
        application.save(complaint)


def replayed(application: Complaints) -> float:
    """Events a second selected as notifications and decoded to domain events."""
    start, after, done = time.perf_counter(), 0, 0
    while page := application.recorder.select_notifications(after + 1, PAGE):
        for notification in page:
            application.mapper.to_domain_event(notification)
        after = page[-1].id
        done += len(page)
    return done / (time.perf_counter() - start)


class Offers(PostgresTrackingRecorder):
    """A materialised view as the peer's documentation writes one: the row and the tracking in one transaction."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.check_identifier_length("bench_offers")
        table = {"schema": Identifier(self.datastore.schema), "table": Identifier("bench_offers")}
        self.sql_create_statements.append(
            SQL(
                "create table if not exists {schema}.{table} (stream uuid primary key, terms text, sum integer,"
                " respond_by timestamptz)"
            ).format(**table)
        )
        self._upsert = SQL(
            "insert into {schema}.{table} as o values (%s, %s, %s, %s) on conflict (stream)"
            " do update set terms = excluded.terms, sum = o.sum + excluded.sum, respond_by = excluded.respond_by"
        ).format(**table)

    def note(self, tracking: Tracking, stream: UUID, terms: str | None, number: int, respond_by: datetime) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._upsert, (stream, terms, number, respond_by), prepare=True)


class OffersProjection(Projection[Offers]):
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        number = getattr(domain_event, "resolution_no", 0)
        terms = getattr(domain_event, "terms", None)
        self.view.note(tracking, domain_event.originator_id, terms, number, domain_event.timestamp)


def projected(dsn: ConnectArgs, last: int) -> float:
    """Events a second from the runner's start until its view has tracked the last notification."""
    start = time.perf_counter()
    with ProjectionRunner(
        application_class=Complaints, projection_class=OffersProjection, view_class=Offers, env=environment(dsn)
    ) as runner:
        runner.wait(last, timeout=600)
        return last / (time.perf_counter() - start)
