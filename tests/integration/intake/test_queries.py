"""The lists of intake, asked of Postgres."""

from dataclasses import replace
from uuid import UUID

import pytest_asyncio

from services.intake.readmodels import complaint_list, due_times, subject_complaints
from services.intake.readmodels.complaint_list import ComplaintFilter, complaints
from shared.kernel.testing import LogBook
from tests.integration.reading import fill, migrated
from tests.unit.intake import states as s

OTHER, THIRD = UUID(int=21), UUID(int=22)


def log():
    """One closed complaint, one safety case, one just registered."""
    book = LogBook("intake").add(f"complaint-{s.ID}", *s.closed())
    later = s.RECEIVED + s.DAY
    other = s.register(
        complaint_id=OTHER,
        complaint_no="C2026-000002",
        channel="email",
        received_at=later,
        aware_at=later,
        now=later,
        items=(s.item(1, defect_codes=("D-8",)), s.item(2)),
    )
    triage = s.triage(at=later, rule=s.SAFETY)
    book.add(f"complaint-{OTHER}", *[_of(event, OTHER) for event in s.after(other, triage)])
    third = s.register(complaint_id=THIRD, complaint_no="C2026-000003", customer=_customer(), now=later)
    return book.add(f"complaint-{THIRD}", *s.after(third)).events


def _of(event, id_):
    return replace(event, complaint_id=id_)


def _customer():
    return replace(s.register().customer, account="K-2", region="华南")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reader(database):
    async with migrated(await database("intake")) as pool:
        models = (complaint_list.MODEL, due_times.MODEL, subject_complaints.MODEL)
        await fill(pool, models, {"intake": log()})
        yield pool


async def numbers(reader, sort="complaint_no", tenant="t1", now=s.NOW, **asked):
    rows = await complaints(reader, tenant, ComplaintFilter(now=now, **asked), sort=sort)
    return [int(row["complaint_no"][-1]) for row in rows]


async def test_every_filter(reader):
    assert await numbers(reader) == [1, 2, 3]
    assert await numbers(reader, status="closed") == [1]
    assert await numbers(reader, severity="safety") == [2]
    assert await numbers(reader, channel="email") == [2]
    assert await numbers(reader, product="P-2") == [2]
    assert await numbers(reader, lot="L-1") == [1, 2, 3]
    assert await numbers(reader, defect_code="D-8") == [2]
    assert await numbers(reader, account="K-2", region="华南") == [3]
    assert await numbers(reader, received_from=s.RECEIVED + s.DAY) == [2]
    assert await numbers(reader, received_to=s.RECEIVED + s.DAY) == [1, 3]
    assert await numbers(reader, complaint_no="C2026-000003") == [3]
    assert await numbers(reader, tenant="t2") == []


async def test_overdue_is_asked_at_a_moment(reader):
    assert await numbers(reader, overdue=True) == []
    assert await numbers(reader, overdue=True, now=s.RECEIVED + s.DAY + 5 * s.HOUR) == [2, 3]
    assert await numbers(reader, overdue=False, now=s.RECEIVED + s.DAY + 5 * s.HOUR) == [1]


async def test_every_order(reader):
    assert await numbers(reader, "-severity") == [2, 1, 3]
    assert await numbers(reader, "severity") == [3, 1, 2]
    assert await numbers(reader, "due_at") == [3, 2, 1]
    assert await numbers(reader, "-complaint_no") == [3, 2, 1]
    assert (await numbers(reader, "-received_at"))[0] == 2


async def test_pages_go_on_behind_the_last_row_in_each_order(reader):
    asked = ComplaintFilter(now=s.NOW)
    for by in ("received_at", "complaint_no", "severity", "due_at"):
        for sort in (by, f"-{by}"):
            whole = [row["id"] for row in await complaints(reader, "t1", asked, sort=sort)]
            found, after = [], None
            while page := await complaints(reader, "t1", asked, sort=sort, after=after, limit=1):
                found.append(page[0]["id"])
                after = (page[0]["sort_value"], page[0]["id"])
            assert found == whole
            assert len(found) == 3


async def test_what_is_due_next(reader):
    rows = await complaints(reader, "t1", ComplaintFilter(now=s.NOW), sort="complaint_no")
    assert [(row["next_clock"], row["next_due_at"]) for row in rows] == [
        (None, None),
        ("first_response", s.RECEIVED + s.DAY + 4 * s.HOUR),
        ("acknowledgement", s.RECEIVED + s.DAY),
    ]
