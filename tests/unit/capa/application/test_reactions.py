"""What the investigation's events do to CAPAs, run against a store in memory."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest

from services.capa.application.handlers import CapaHandlers
from services.capa.application.reactions import rules
from shared.contracts.capa import capa as said
from shared.contracts.event import type_of
from shared.kernel.ids import derived_id
from shared.kernel.memory import MemoryNumbers, MemoryStore, OpenVault
from shared.kernel.ports import Claim
from shared.kernel.reacting import trigger
from shared.kernel.testing import START, LogBook
from tests.integration.said import said as tell
from tests.unit.capa import logs
from tests.unit.capa.application.known import FoldedItems
from tests.unit.capa.capa import states as s

OTHER = UUID(int=4)
OWN_CAPA = derived_id("capa", str(logs.CAUSE))


class Service:
    """The capa service's handlers, hearing the logs of intake, the investigation and their own."""

    def __init__(self):
        self.store = MemoryStore("capa")
        self.numbers = MemoryNumbers()
        self.handlers = CapaHandlers(self.store, OpenVault(), self.numbers)
        self.book = LogBook("investigation")
        self.intake = LogBook("intake")
        self.rules = rules(self.handlers, FoldedItems(self._told, self.recorded))

    async def hear(self, event):
        book = self.intake if type_of(type(event)).name.startswith("intake.") else self.book
        book.add(f"{book.service}-1", event)
        await self.deliver(book.events[-1])

    async def deliver(self, recorded):
        for rule in self.rules:
            if recorded.meta.type in rule.on:
                for target in await rule.targets(recorded):
                    await rule.run(trigger("capa", rule, target, recorded, START), target)

    async def recorded(self):
        return await self.store.read("t1", 0, 100)

    async def log(self):
        return [recorded.event for recorded in await self.recorded()]

    async def completed(self, made_from):
        """An action with its cut-in on that day, as people do it."""
        for event in s.done(made_from=made_from):
            await tell(self.store, "t1", "capa", OWN_CAPA, replace(event, capa_id=OWN_CAPA))
            await self.deliver((await self.recorded())[-1])

    async def _told(self):
        return [*self.intake.events, *self.book.events]

    async def state(self, capa_id=OWN_CAPA):
        return await self.handlers.capa("t1", capa_id)


@pytest.fixture
def service():
    return Service()


async def test_a_confirmed_cause_opens_a_capa_with_an_id_of_its_own_and_a_number(service):
    await service.hear(logs.cause_confirmed())
    opened, addressed = await service.log()
    assert isinstance(opened, said.CapaOpened)
    assert (opened.capa_id, opened.capa_no, opened.title) == (OWN_CAPA, "A2026-0001", "压机保压时间未受控")
    assert (addressed.root_cause_id, addressed.products, addressed.defect_codes) == (logs.CAUSE, ("P-1",), ("D-7",))


async def test_heard_again_it_changes_nothing(service):
    await service.hear(logs.cause_confirmed())
    for _ in range(3):
        await service.deliver(service.book.events[0])
    assert len(await service.log()) == 2


async def test_a_cause_joins_the_capa_it_names(service):
    await service.hear(logs.cause_confirmed())
    await service.hear(logs.cause_confirmed(OTHER, join_capa=OWN_CAPA))
    assert (await service.state()).standing_causes == [logs.CAUSE, OTHER]


async def test_a_cause_that_names_a_capa_nobody_knows_gets_its_own(service):
    await service.hear(logs.cause_confirmed(join_capa=UUID(int=999)))
    assert (await service.state()).standing_causes == [logs.CAUSE]


async def test_numbers_that_were_taken_are_passed_over(service):
    await service.hear(logs.cause_confirmed())
    service.numbers = service.handlers._numbers = MemoryNumbers()
    await service.hear(logs.cause_confirmed(OTHER))
    assert (await service.state(derived_id("capa", str(OTHER)))).capa_no == "A2026-0002"
    assert await service.store.holder("t1", Claim("capa_no", "A2026-0002")) is not None


@pytest.mark.parametrize(
    ("end", "because"),
    [(logs.cause_withdrawn(), "root_cause_withdrawn"), (logs.capa_not_required(), "capa_not_required")],
)
async def test_a_cause_that_ends_is_released_where_it_was_addressed(service, end, because):
    await service.hear(logs.cause_confirmed(OTHER))
    joined = derived_id("capa", str(OTHER))
    await service.hear(logs.cause_confirmed(join_capa=joined))
    await service.hear(end)
    *_, released = await service.log()
    assert (released.capa_id, released.root_cause_id, released.because) == (joined, logs.CAUSE, because)
    assert (await service.state(joined)).standing_causes == [OTHER]


async def test_a_withdrawn_cause_nobody_addresses_leaves_nothing(service):
    await service.hear(logs.cause_withdrawn())
    assert await service.log() == []


async def test_a_cause_confirmed_again_comes_home(service):
    await service.hear(logs.cause_confirmed())
    await service.hear(logs.cause_withdrawn())
    await service.hear(logs.cause_confirmed(join_capa=UUID(int=999)))
    assert [type(event).__name__ for event in await service.log()] == [
        "CapaOpened",
        "CauseAddressed",
        "CauseReleased",
        "CapaClosed",
        "CapaReopened",
        "CauseAddressed",
    ]


DAY = timedelta(days=1)
STEPS = ("verified", "completed", "corrected")


@pytest.mark.parametrize("order", list(permutations(STEPS)), ids="-".join)
async def test_rule_18_a_recurrence_is_suspected_once_in_whatever_order_it_comes_to_be_known(service, order):
    """The item was said to be made the day before the cut-in; the correction says: on that day."""
    await service.hear(logs.cause_confirmed())
    await service.hear(logs.registered(logs.item(production_date=s.CUT_IN - DAY)))
    steps = {
        "verified": lambda: service.hear(logs.verified()),
        "completed": lambda: service.completed(s.CUT_IN),
        "corrected": lambda: service.hear(logs.corrected("items[1].production_date", f'"{s.CUT_IN}"')),
    }
    for step in order:
        assert "RecurrenceSuspected" not in {type(event).__name__ for event in await service.log()}
        await steps[step]()
    [found] = [event for event in await service.log() if isinstance(event, said.RecurrenceSuspected)]
    assert (found.capa_id, found.complaint_id, found.item_no) == (OWN_CAPA, logs.COMPLAINT, 1)
    assert (found.production_date, found.cut_in, found.root_causes) == (s.CUT_IN, s.CUT_IN, (logs.CAUSE,))


async def test_rule_18_heard_from_the_beginning_again_nothing_is_suspected_twice(service):
    await service.hear(logs.cause_confirmed())
    await service.completed(s.CUT_IN)
    await service.hear(logs.registered(logs.item(production_date=s.CUT_IN)))
    await service.hear(logs.verified())
    before = await service.log()
    for recorded in [*await service._told(), *await service.recorded()]:
        await service.deliver(recorded)
    assert await service.log() == before
    assert isinstance(before[-1], said.RecurrenceSuspected)


async def test_rule_18_a_cut_in_that_moves_earlier_brings_in_what_was_made_since(service):
    """Two measures: the later one's cut-in counts, until it is cancelled."""
    await service.hear(logs.cause_confirmed())
    await service.completed(s.CUT_IN)
    for event in s.done(2, s.CUT_IN + 30 * DAY):
        await tell(service.store, "t1", "capa", OWN_CAPA, replace(event, capa_id=OWN_CAPA))
    await service.hear(logs.registered(logs.item(production_date=s.CUT_IN + DAY)))
    await service.hear(logs.verified())
    assert (await service.state()).suspicions == {}
    await tell(service.store, "t1", "capa", OWN_CAPA, replace(s.cancelled(2), capa_id=OWN_CAPA))
    await service.deliver((await service.recorded())[-1])
    assert (await service.state()).unreviewed == [(logs.COMPLAINT, 1)]
