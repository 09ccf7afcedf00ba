"""The lists and counts of the capa service, asked of Postgres."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest_asyncio

from services.capa.domain.effectiveness import Counts
from services.capa.readmodels import action_list, bad_items, capa_list, units_made
from services.capa.readmodels.action_list import ActionFilter, actions
from services.capa.readmodels.capa_list import CapaFilter, capas
from services.capa.readmodels.effectiveness_counts import counts
from shared.contracts.investigation.responsibility import LogPosition
from shared.kernel.testing import START, LogBook
from tests.integration.reading import fill, migrated
from tests.unit.capa import logs
from tests.unit.capa.capa import states as s

DAY = timedelta(days=1)
OTHER = UUID(int=9)


def own_log():
    """One CAPA with three actions, and a newer one without any."""
    other = [replace(event, capa_id=OTHER) for event in s.opened()]
    book = LogBook("capa").add(f"capa-{s.ID}", *s.opened(), *s.done(1), s.verified(1))
    late = {"kind": "containment", "root_cause_id": None, "risk": "在库品"}
    book.add(f"capa-{s.ID}", s.planned(2, owner="li", due_date=date(2026, 7, 1), **late), s.planned(3))
    return book.add(f"capa-{OTHER}", replace(other[0], capa_no="A2026-0002"), other[1], at=START + DAY).events


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reader(database):
    intake = LogBook("intake").add("c-1", logs.registered(logs.item(1), logs.item(2, production_date=None)))
    found = LogBook("investigation").add("f-1", logs.volumes((s.CUT_IN - DAY, 7), (s.CUT_IN, 100), (s.LAST_DAY, 50)))
    found.add("i-1", logs.verified(item_no=1))
    async with migrated(await database("capa")) as pool:
        models = (capa_list.MODEL, action_list.MODEL, units_made.MODEL, bad_items.MODEL)
        await fill(pool, models, {"capa": own_log(), "intake": intake.events, "investigation": found.events})
        yield pool


async def numbers(reader, tenant="t1", **asked):
    return [row["capa_no"] for row in await capas(reader, tenant, CapaFilter(**asked), sort="capa_no")]


async def test_the_list_with_what_is_due_next(reader):
    newest, older = await capas(reader, "t1", CapaFilter())
    assert (newest["capa_no"], newest["next_due"], newest["actions"]) == ("A2026-0002", None, 0)
    assert (older["capa_no"], older["next_due"], older["actions_open"]) == ("A2026-0001", s.DUE, 2)
    assert older["products"] == ["P-1"]


async def test_filters(reader):
    both = ["A2026-0001", "A2026-0002"]
    assert await numbers(reader, status="open", product="P-1", defect_code="D-7") == both
    assert await numbers(reader, investigation_id=s.INVESTIGATION, effectiveness="none") == both
    assert await numbers(reader, status="closed") == []
    assert await numbers(reader, product="P-9") == []
    assert await numbers(reader, investigation_id=UUID(int=999)) == []
    assert await numbers(reader, tenant="t2") == []


async def test_pages_go_on_behind_the_last_row_in_each_order(reader):
    for sort in ("opened_at", "-opened_at", "capa_no", "-capa_no"):
        whole = [row["id"] for row in await capas(reader, "t1", CapaFilter(), sort=sort)]
        (first,) = await capas(reader, "t1", CapaFilter(), sort=sort, limit=1)
        after = (first[sort.removeprefix("-")], first["id"])
        rest = await capas(reader, "t1", CapaFilter(), sort=sort, after=after)
        assert [first["id"], *(row["id"] for row in rest)] == whole


async def test_actions_by_owner_and_due_date(reader):
    async def found(sort="due_date", after=None, limit=50, **asked):
        rows = await actions(reader, "t1", ActionFilter(**asked), sort=sort, after=after, limit=limit)
        return [(row["capa_no"], row["action_no"]) for row in rows]

    one, two, three = (("A2026-0001", n) for n in (1, 2, 3))
    assert await found() == [one, three, two]
    assert await found("-due_date") == [two, three, one]
    assert await found(owner="li") == [two]
    assert await found(open_only=True) == [three, two]
    assert await found(due_by=s.DUE, status="planned", department="production", capa_id=s.ID) == [three]
    assert await found(after=(s.DUE, s.ID, 1), limit=1) == [three]
    assert await actions(reader, "t2", ActionFilter()) == []


async def test_the_counts_of_a_window_and_where_they_were_counted(reader):
    counted, positions = await counts(reader, "t1", s.WINDOW)
    assert counted == Counts(
        window=s.WINDOW,
        units=150,
        confirmed_bad=Decimal(2),
        pending_bad=Decimal(0),
        bad_before=Decimal(0),
        bad_undated=Decimal(3),
    )
    assert positions == (LogPosition(service="intake", position=1), LogPosition(service="investigation", position=2))
    nothing, none = await counts(reader, "t2", s.WINDOW)
    assert (nothing.units, nothing.confirmed_bad, none) == (0, 0, ())
