"""Four complaints, three causes, a CAPA: small enough that each figure is worked out by hand beside it.

received (Shanghai)     product     found        promised    stands on 10 March
A   5 Jan 09:00, phone  P-1         confirmed    25 Jan      closed on 15 Jan
B   1 Feb 01:00, email  P-2         no trouble   20 Feb      closed on 26 Feb, after 25 days
C  10 Feb 08:00, web    P-1, P-2    -            2 Mar       registered
D   8 Mar 08:00, own    P-1         -            -           received automatically, by a machine
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from shared.contracts.event import Event
from shared.contracts.intake.complaint import ComplaintItem, ComplaintRegistered
from tests.integration.app import Clockwork, RunningApp
from tests.integration.said import said
from tests.unit.analytics import story as s

A, B, C, D = (UUID(int=n) for n in (1, 2, 3, 4))
SECOND_CAUSE, THIRD_CAUSE = UUID(int=21), UUID(int=22)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
A_RECEIVED = datetime(2026, 1, 5, 1, tzinfo=UTC)
B_RECEIVED = datetime(2026, 1, 31, 17, tzinfo=UTC)
C_RECEIVED = datetime(2026, 2, 10, tzinfo=UTC)
D_RECEIVED = datetime(2026, 3, 8, tzinfo=UTC)
NOW = datetime(2026, 3, 10, tzinfo=UTC)
SUPPLIER = s.responsibility.Party(kind="supplier", code="S-07")


def registered(which: UUID, at: datetime, channel: str, items: list[ComplaintItem], due: datetime | None) -> Event:
    event: ComplaintRegistered = s.registered(which, tuple(items), promises=() if due is None else (s.promise(due),))
    return replace(event, channel=channel, received_at=at, aware_at=at)


def verified(which: UUID, outcome: str, product: str, defect: str) -> Event:
    return replace(s.verified(which, outcome, product), defect_codes=(defect,))


def cause(root: UUID, node: str, leg: str, product: str) -> Event:
    return replace(s.CAUSE_CONFIRMED, root_cause_id=root, node=node, leg=leg, products=(product,))


SHARES = (
    s.share(s.PRODUCTION, "primary", 70),
    s.share(s.QUALITY, "secondary", 30),
    s.share(s.QUALITY, "management", None),
)
OF_SUPPLIER = replace(s.confirmed(shares=(s.share(SUPPLIER),)), root_cause_id=SECOND_CAUSE, node="iqc", leg="escape")

TOLD: list[tuple[datetime, str, UUID, list[Event]]] = [
    (A_RECEIVED, "intake", A, [registered(A, A_RECEIVED, "phone", [s.item()], datetime(2026, 1, 25, 1, tzinfo=UTC))]),
    (A_RECEIVED + HOUR, "intake", A, [replace(s.acknowledged(), acknowledged_at=A_RECEIVED + HOUR)]),
    (A_RECEIVED + 2 * HOUR, "intake", A, [s.triaged()]),
    (A_RECEIVED + 3 * HOUR, "intake", A, [s.handed_over()]),
    (A_RECEIVED + 3 * HOUR, "investigation", s.INVESTIGATION, [s.OPENED, s.joined(A)]),
    (A_RECEIVED + DAY, "investigation", s.INVESTIGATION, [verified(A, "confirmed", "P-1", "D-8")]),
    (A_RECEIVED + 4 * DAY, "investigation", s.INVESTIGATION, [cause(s.CAUSE, "op-20", "occurrence", "P-1")]),
    (A_RECEIVED + 4 * DAY, "capa", s.CAPA, [s.CAPA_OPENED, s.CAUSE_ADDRESSED]),
    (A_RECEIVED + 4 * DAY, "investigation", s.INVESTIGATION, [cause(SECOND_CAUSE, "iqc", "escape", "P-1")]),
    (A_RECEIVED + 5 * DAY, "investigation", s.INVESTIGATION, [s.confirmed(shares=SHARES), OF_SUPPLIER]),
    (A_RECEIVED + 6 * DAY, "investigation", s.INVESTIGATION, [s.CONCLUDED]),
    (A_RECEIVED + 6 * DAY, "intake", A, [s.outcome_recorded()]),
    (A_RECEIVED + 7 * DAY, "intake", A, [s.offered()]),
    (A_RECEIVED + 8 * DAY, "intake", A, [s.ACCEPTED]),
    (
        A_RECEIVED + 10 * DAY,
        "intake",
        A,
        [
            replace(s.REMEDIED, completed_at=A_RECEIVED + 10 * DAY),
            replace(s.closed(), closed_at=A_RECEIVED + 10 * DAY),
        ],
    ),
    (
        B_RECEIVED,
        "intake",
        B,
        [registered(B, B_RECEIVED, "email", [s.item(product="P-2")], datetime(2026, 2, 20, tzinfo=UTC))],
    ),
    (B_RECEIVED + DAY, "intake", B, [s.triaged(B, severity="critical")]),
    (B_RECEIVED + 2 * DAY, "investigation", s.INVESTIGATION, [s.joined(B), verified(B, "ntf", "P-2", "D-7")]),
    (B_RECEIVED + 3 * DAY, "investigation", s.INVESTIGATION, [cause(THIRD_CAUSE, "op-20", "systemic", "P-2")]),
    (
        C_RECEIVED,
        "intake",
        C,
        [
            registered(
                C,
                C_RECEIVED,
                "web",
                [s.item(), s.item(2, product="P-2", defect_codes=("D-9",), quantity_affected=Decimal(5))],
                datetime(2026, 3, 2, tzinfo=UTC),
            )
        ],
    ),
    (
        C_RECEIVED + DAY,
        "investigation",
        s.INVESTIGATION,
        [replace(s.contested(SUPPLIER), root_cause_id=SECOND_CAUSE)],
    ),
    (
        B_RECEIVED + 25 * DAY,
        "intake",
        B,
        [replace(s.closed(), complaint_id=B, closed_at=B_RECEIVED + 25 * DAY)],
    ),
    (
        D_RECEIVED,
        "intake",
        D,
        [
            registered(D, D_RECEIVED, "internal", [s.item(defect_codes=())], None),
            replace(
                s.acknowledged(automatic=True, complaint_id=D),
                acknowledged_at=D_RECEIVED + HOUR / 2,
            ),
        ],
    ),
]
"""When, by which service, of which thing: in the order in which it was recorded."""

CATEGORY = {"intake": "complaint", "investigation": "investigation", "capa": "capa"}


async def tell(app: RunningApp, clock: Clockwork, tenant: str = "t1") -> str:
    """Say it all, each at its time; the vector that it came to. Afterwards it is 10 March."""
    heads: dict[str, int] = {}
    for at, service, which, events in TOLD:
        clock.now = at
        heads[service] = await said(app.elsewhere[service], tenant, CATEGORY[service], which, *events, at=at)
    clock.now = NOW
    return ",".join(f"{service}:{position}" for service, position in heads.items())
