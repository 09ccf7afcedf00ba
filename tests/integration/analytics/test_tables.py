"""Facts from the tables are the facts folded from the logs; each query is run on Postgres."""

import pytest_asyncio

from services.analytics.domain.slices import Slice
from services.analytics.readmodels import as_of
from services.analytics.readmodels.capa_facts import capas
from services.analytics.readmodels.cases import cases
from services.analytics.readmodels.cause_facts import causes
from services.analytics.readmodels.investigation_facts import investigations
from services.analytics.readmodels.responsibility_facts import shares
from shared.kernel.testing import START, LogBook
from tests.integration.reading import fill, migrated
from tests.unit.analytics import story as s

ALL = Slice()


def told():
    """The story, and a second confirmation that one party has appealed against."""
    logs = s.logs()
    more = LogBook("investigation")
    more.events = list(logs["investigation"])
    two = s.confirmed(2, shares=(s.share(percent=60), s.share(s.QUALITY, "secondary", 40)))
    more.add("late-1", two, s.contested(s.QUALITY, proposal_no=2), at=START + 7 * s.DAY)
    return logs | {"investigation": more.events}


LOGS = told()
FOLDED = as_of.facts_of(LOGS)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def reader(database):
    async with migrated(await database("analytics")) as pool:
        await fill(pool, as_of.MODELS, LOGS)
        yield pool


async def test_the_tables_say_what_the_fold_of_the_logs_says(reader):
    put = await cases(reader, "t1", ALL)
    assert (put.cases, put.items) == (FOLDED.cases, FOLDED.items)
    assert await causes(reader, "t1", ALL) == FOLDED.causes
    assert await shares(reader, "t1", ALL) == FOLDED.shares
    assert await capas(reader, "t1", ALL) == FOLDED.capas
    assert await investigations(reader, "t1", ALL) == FOLDED.investigations
    assert len(put.cases) == len(FOLDED.shares) == 2


async def test_a_slice_of_the_tables_is_the_slice_of_the_facts(reader):
    for asked in (
        Slice(product="P-1"),
        Slice(product="P-9"),
        Slice(since=START),
        Slice(until=START),
        Slice(since=START + 4 * s.DAY, until=START + 8 * s.DAY),
    ):
        known = as_of.in_slice(FOLDED, asked)
        assert (await cases(reader, "t1", asked)).cases == known.cases
        assert await causes(reader, "t1", asked) == known.causes
        assert await shares(reader, "t1", asked) == known.shares
        assert await capas(reader, "t1", asked) == known.capas
        assert await investigations(reader, "t1", asked) == known.investigations
    due = Slice(since=s.PROMISED, until=s.PROMISED + s.DAY)
    assert (await cases(reader, "t1", due, "promised_at")).cases == as_of.due_in(FOLDED, due)


async def test_a_foreign_tenant_sees_nothing(reader):
    assert (await cases(reader, "t2", ALL)).cases == []
    assert await causes(reader, "t2", ALL) == await shares(reader, "t2", ALL) == await capas(reader, "t2", ALL) == []
    assert await investigations(reader, "t2", ALL) == []
