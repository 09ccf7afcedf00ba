from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from services.investigation.application import reactions
from services.investigation.readmodels import cited_evidence
from shared.contracts.intake.complaint import ComplaintHandedOver
from shared.contracts.investigation.facts import FactsSuperseded, Superseded
from shared.kernel.reacting import trigger
from shared.kernel.readmodel import project
from shared.kernel.testing import LogBook
from tests.unit.investigation.application.sights import Given
from tests.unit.investigation.case import states as s

INSPECTED = s.record(
    "final_inspection", 7, lot="L-1", report="F", characteristic="length", result="pass", value=Decimal(1)
)


class Folded:
    """Who cites a fact, as the read model's fold of the log says."""

    def __init__(self, given: Given) -> None:
        self._given = given

    async def investigations(self, tenant, facts, not_before):
        assert not_before >= 1
        events = await self._given.store.read(tenant, 0, 100)
        rows = project(cited_evidence.MODEL, events)
        return sorted({key[2] for key in rows if key[:2] in facts})


async def react(given: Given, name: str, recorded) -> list[str]:
    (rule,) = [one for one in reactions.rules(given.handlers, Folded(given)) if one.name == name]
    targets = await rule.targets(recorded)
    for target in targets:
        await rule.run(trigger("investigation", rule, target, recorded, s.NOW), target)
    return targets


def handed(mode="open", complaint=s.COMPLAINT):
    joined = s.joined(complaint)
    event = ComplaintHandedOver(
        complaint_id=complaint,
        complaint_no=joined.complaint_no,
        investigation_id=s.CASE,
        mode=mode,
        items=joined.items,
        received_at=joined.received_at,
        aware_at=joined.aware_at,
        severity=joined.severity,
        scope="lot",
        harm=joined.harm,
        account=joined.account,
        region=joined.region,
    )
    return LogBook("intake").add(f"complaint-{complaint}", event).events[-1]


RECEIVES = "investigation_receives_complaint"


async def test_a_hand_over_opens_and_another_joins_each_once_however_often_it_comes():
    given = Given()
    joining = LogBook("intake").add("complaint-0", handed().event, handed("join", s.OTHER_COMPLAINT).event).events[1]
    for recorded in (handed(), handed(), joining, joining):
        await react(given, RECEIVES, recorded)
    assert await given.events() == ["InvestigationOpened", "ComplaintJoined", "ComplaintJoined"]
    assert (await given.handlers.state("t1", s.CASE)).complaints[s.OTHER_COMPLAINT] == s.joined(s.OTHER_COMPLAINT)


async def test_a_hand_over_to_a_concluded_investigation_is_refused_and_recorded():
    given = Given()
    await react(given, RECEIVES, handed())
    await given.handlers.conclude(given.context(), s.CASE, s.conclude("undetermined"))
    recorded = LogBook("intake").add("complaint-0", handed().event, handed("join", s.OTHER_COMPLAINT).event).events[1]
    await react(given, RECEIVES, recorded)
    assert len(await given.events()) == 3
    done = await given.store.reacted("t1", f"{RECEIVES}:{s.CASE}", [recorded.meta.event_id])
    assert done == {recorded.meta.event_id}
    outcomes = given.store._tenant("t1").reactions
    assert outcomes[f"{RECEIVES}:{s.CASE}", recorded.meta.event_id] == "refused: already-concluded"


async def cleared() -> Given:
    given = Given(INSPECTED)
    await react(given, RECEIVES, handed())
    await given.handlers.examine_node(given.context(), s.CASE, "final_inspection", "L-1")
    command = s.clear(node="final_inspection", evidence=(INSPECTED.evidence,))
    await given.handlers.clear_node(given.context(), s.CASE, command)
    return given


def superseding(row: int):
    event = FactsSuperseded(
        batch_id=s.CORRECTING,
        part=1,
        superseded=(
            Superseded(
                kind="final_inspection",
                natural_key="F|length",
                old_batch=s.BATCH,
                old_row=row,
                old_sha256=f"{row:064x}",
                new_row=1,
                new_sha256="c" * 64,
            ),
        ),
    )
    return LogBook("investigation").add(f"facts-{UUID(int=8)}", event).events[-1]


async def test_rule_08_superseding_a_fact_that_a_case_cites_reopens_the_node():
    given = await cleared()
    assert await react(given, "investigation_reopens_nodes", superseding(8)) == []
    assert await react(given, "investigation_reopens_nodes", superseding(7)) == [str(s.CASE)]
    assert (await given.events())[-2:] == ["NodeCleared", "NodeReopened"]
    state = await given.handlers.state("t1", s.CASE)
    assert state.nodes["final_inspection"].corrections[0][1].batch == s.CORRECTING


async def test_rule_08_an_examination_that_crossed_with_a_correction_is_looked_at_again():
    given = Given(INSPECTED)
    await react(given, RECEIVES, handed())
    await given.handlers.examine_node(given.context(), s.CASE, "final_inspection", "L-1")
    examination = (await given.store.read("t1", 0, 100))[-1]
    given.facts.corrected[s.BATCH, 7] = s.fact(1, s.CORRECTING)
    await react(given, "investigation_looks_again", examination)
    assert (await given.events())[-2:] == ["NodeExamined", "NodeReopened"]


async def test_rule_08_a_clearing_that_crossed_with_its_correction_is_looked_at_again():
    given = await cleared()
    clearing = (await given.store.read("t1", 0, 100))[-1]
    await react(given, "investigation_looks_again", clearing)
    assert (await given.events())[-1] == "NodeCleared"
    given = await cleared()
    clearing = (await given.store.read("t1", 0, 100))[-1]
    given.facts.corrected[s.BATCH, 7] = s.fact(1, s.CORRECTING)
    await react(given, "investigation_looks_again", clearing)
    assert (await given.events())[-1] == "NodeReopened"
